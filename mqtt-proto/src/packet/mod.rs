//! The 15 control packets, both versions of each in one place.

mod ack;
mod auth;
mod connack;
mod connect;
pub(crate) mod decoder;
mod disconnect;
mod encoder;
mod fields;
mod fixed_header;
mod plain;
mod publish;
mod reason;
mod suback;
mod subscribe;
mod unsubscribe;

pub use ack::Ack;
pub use auth::Auth;
pub use connack::ConnAck;
pub use connect::{Connect, Will};
pub(crate) use decoder::Decoder;
pub use disconnect::Disconnect;
pub use encoder::PacketEncoder;
use fields::Fields;
pub(crate) use fixed_header::FixedHeader;
pub use fixed_header::PacketType;
pub(crate) use plain::PlainPublish;
pub(crate) use publish::PLACE as PUBLISH;
pub use publish::{Delivery, Publish, PublishHead};
#[cfg(feature = "arbitrary")]
pub(crate) use reason::check as check_reason;
pub use suback::SubAck;
pub use subscribe::{RetainHandling, Subscribe, Subscription, SubscriptionOptions};
pub use unsubscribe::Unsubscribe;

use crate::wire::{HAS_FAST_PATHS, Output, Reader, Writer};
use crate::{DecodeError, EncodeError, Leniency, QoS, Role, Version};

/// What a decoder needs to know of the Network Connection.
///
/// ```
/// use mqtt_proto::{DecodeOptions, Role, Version};
///
/// let mut options = DecodeOptions::new(Version::V5, Role::Server);
/// options.maximum_packet_size = 4_096;
/// options.topic_alias_maximum = 16;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct DecodeOptions {
    /// The version spoken. A CONNECT is decoded by the version that it names itself.
    pub version: Version,
    /// Who sent the packets. Where this is known when a program is built, the decoders of packets
    /// that only the other end sends are not linked.
    pub sender: Role,
    /// The largest packet taken, in bytes, fixed header and payload included; checked as soon as the
    /// Remaining Length is there, before anything after it is looked at.
    pub maximum_packet_size: u32,
    /// The highest Topic Alias taken in a PUBLISH; 0: none. A [`PacketReader`](crate::PacketReader)
    /// keeps their topic names in its scratch.
    pub topic_alias_maximum: u16,
    /// What is taken against the specification.
    pub leniency: Leniency,
}

impl DecodeOptions {
    /// The largest packet that MQTT can express: 5 bytes of header and 268,435,455 more.
    pub const MAXIMUM_PACKET_SIZE: u32 = 268_435_460;

    /// Options without limits of one's own: every packet size, no topic alias.
    #[must_use]
    pub const fn new(version: Version, sender: Role) -> Self {
        Self {
            version,
            sender,
            maximum_packet_size: Self::MAXIMUM_PACKET_SIZE,
            topic_alias_maximum: 0,
            leniency: Leniency::STRICT,
        }
    }
}

/// A control packet, borrowed from the bytes it was decoded from or from what the caller made it of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Packet<'a> {
    /// Connection request, Client to Server.
    Connect(Connect<'a>),
    /// Connect acknowledgement, Server to Client.
    ConnAck(ConnAck<'a>),
    /// An Application Message.
    Publish(Publish<'a>),
    /// Publish acknowledgement (QoS 1).
    PubAck(Ack<'a>),
    /// Publish received (QoS 2, part 1).
    PubRec(Ack<'a>),
    /// Publish release (QoS 2, part 2).
    PubRel(Ack<'a>),
    /// Publish complete (QoS 2, part 3).
    PubComp(Ack<'a>),
    /// Subscribe request, Client to Server.
    Subscribe(Subscribe<'a>),
    /// Subscribe acknowledgement, Server to Client.
    SubAck(SubAck<'a>),
    /// Unsubscribe request, Client to Server.
    Unsubscribe(Unsubscribe<'a>),
    /// Unsubscribe acknowledgement, Server to Client; without reason codes in 3.1.1.
    UnsubAck(SubAck<'a>),
    /// Ping request, Client to Server.
    PingReq,
    /// Ping response, Server to Client.
    PingResp,
    /// Disconnect notification; from the Client only in 3.1.1.
    Disconnect(Disconnect<'a>),
    /// Authentication exchange; not in 3.1.1.
    Auth(Auth<'a>),
}

impl<'a> Packet<'a> {
    /// Takes one packet from the front of `input`, which is advanced past it.
    ///
    /// `Ok(None)`: not yet whole; nothing was taken. A Topic Alias is checked against its maximum
    /// but not resolved: that is for [`PacketReader`](crate::PacketReader).
    ///
    /// # Errors
    /// What the specification forbids, or `options` do not take, with the byte of the packet where it
    /// is. Nothing was taken. What is wrong with the fixed header is told as soon as it is seen, the
    /// rest when the packet is whole.
    #[inline(always)] // Fast paths and a call: most programs have it in one place.
    pub fn decode(
        options: &DecodeOptions,
        input: &mut &'a [u8],
    ) -> Result<Option<Self>, DecodeError> {
        if HAS_FAST_PATHS {
            // One that is less plain is none of the others.
            if Publish::comes(input, QoS::AtMostOnce) {
                let taken = Publish::decode_plain(options, input, QoS::AtMostOnce, true, false);
                if let Some(taken) = taken {
                    *input = taken.rest;
                    return Ok(Some(Self::Publish(taken.publish)));
                }
            } else if SubAck::comes(input) {
                if let Some((suback, rest)) = SubAck::decode_plain(options, input) {
                    *input = rest;
                    return Ok(Some(Self::SubAck(suback)));
                }
            } else if let Some((packet, rest)) = Self::decode_plain(options, input) {
                *input = rest;
                return Ok(Some(packet));
            }
        }
        Self::decode_less_plain(options, decoder::of(options.sender), input)
    }

    #[inline(never)]
    fn decode_less_plain(
        options: &DecodeOptions,
        decoder: Decoder,
        input: &mut &'a [u8],
    ) -> Result<Option<Self>, DecodeError> {
        if HAS_FAST_PATHS {
            let taken = Publish::decode_plain(options, input, QoS::ExactlyOnce, true, true);
            if let Some(taken) = taken {
                *input = taken.rest;
                return Ok(Some(Self::Publish(taken.publish)));
            }
        }
        Self::decode_any(options, decoder, input)
    }

    #[inline(always)]
    fn decode_any(
        options: &DecodeOptions,
        decoder: Decoder,
        input: &mut &'a [u8],
    ) -> Result<Option<Self>, DecodeError> {
        let bytes = *input;
        let Some(header) = FixedHeader::decode(options, bytes)? else {
            return Ok(None);
        };
        let len = usize::try_from(header.packet_len()).unwrap_or(usize::MAX);
        let Some((packet, rest)) = bytes.split_at_checked(len) else {
            return Ok(None);
        };
        let body = packet.get(header.len..).unwrap_or_default();
        let mut reader = Reader::new(body, header.len, header.packet_type, options);
        let mut result;
        if header.packet_type == PacketType::Publish {
            let (head, _) = PublishHead::decode(&mut reader, header.flags);
            let payload = reader.take_rest();
            result = Ok(Some(Self::Publish(Publish { head, payload })));
        } else {
            result = Ok(Some(decoder(&mut reader)));
        }
        match reader.finish() {
            None => *input = rest,
            Some(error) => result = Err(error),
        }
        result
    }

    /// Writes the packet to the front of `buf` and returns its size in bytes.
    /// A CONNECT is encoded in the version that it names itself.
    ///
    /// Everything is checked before anything is written. What is encoded, [`decode`](Self::decode)
    /// takes from at least one of the two [`Role`]s, with
    /// [`topic_alias_maximum`](DecodeOptions::topic_alias_maximum) and
    /// [`maximum_packet_size`](DecodeOptions::maximum_packet_size) large enough.
    ///
    /// # Errors
    /// What the specification forbids; [`EncodeError::NotInVersion`] for what 3.1.1 has not; and, if
    /// nothing else is wrong, [`EncodeError::BufferTooSmall`]. Nothing was written.
    #[inline(always)] // A fast path and a call.
    pub fn encode(&self, version: Version, buf: &mut [u8]) -> Result<usize, EncodeError> {
        if HAS_FAST_PATHS {
            if let Self::Publish(Publish { head, payload }) = self {
                return head.encode_before(version, payload.len(), payload, buf);
            }
            if let Some(len) = self.encode_plain(buf) {
                return Ok(len);
            }
        }
        self.encode_any(version, buf)
    }

    fn encode_any(&self, version: Version, buf: &mut [u8]) -> Result<usize, EncodeError> {
        let mut fields = self.count(version);
        let needed = fields.packet_len()?;
        let room = buf
            .get_mut(..needed)
            .ok_or(EncodeError::BufferTooSmall { needed })?;
        fields = self.header(fields.len, version, Writer::new(room));
        self.body(&mut fields);
        Ok(needed)
    }

    /// The bytes that [`encode`](Self::encode) would write.
    ///
    /// # Errors
    /// Those of [`encode`](Self::encode), but for that of the buffer.
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        self.count(version).packet_len()
    }

    fn first_byte(&self) -> u8 {
        match self {
            Self::Publish(publish) => publish.head.first_byte(),
            _ => self.packet_type().first_byte(),
        }
    }

    /// Checks the packet, and counts what follows the fixed header.
    #[inline(always)]
    fn count<'b>(&self, version: Version) -> Fields<Writer<'b>> {
        let mut fields = Fields::count(self.packet_type(), version);
        self.body(&mut fields);
        fields
    }

    /// Writes the fixed header of a packet that has been checked and has this body; what takes its fields.
    #[inline(always)]
    fn header<O: Output>(&self, body: usize, version: Version, mut out: O) -> Fields<O> {
        out.u8(self.first_byte());
        out.varint(body);
        Fields::new(self.packet_type(), version, out)
    }

    /// What follows the fixed header.
    fn body(&self, fields: &mut Fields<impl Output>) {
        match self {
            Self::Connect(connect) => connect.encode(fields),
            Self::ConnAck(connack) => connack.encode(fields),
            Self::Publish(publish) => publish.encode(fields),
            Self::PubAck(ack) | Self::PubRec(ack) | Self::PubRel(ack) | Self::PubComp(ack) => {
                ack.encode(fields);
            }
            Self::Subscribe(subscribe) => subscribe.encode(fields),
            Self::SubAck(suback) | Self::UnsubAck(suback) => suback.encode(fields),
            Self::Unsubscribe(unsubscribe) => unsubscribe.encode(fields),
            Self::PingReq | Self::PingResp => {}
            Self::Disconnect(disconnect) => disconnect.encode(fields),
            Self::Auth(auth) => auth.encode(fields),
        }
    }

    /// Which packet it is.
    #[must_use]
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Connect(_) => PacketType::Connect,
            Self::ConnAck(_) => PacketType::ConnAck,
            Self::Publish(_) => PacketType::Publish,
            Self::PubAck(_) => PacketType::PubAck,
            Self::PubRec(_) => PacketType::PubRec,
            Self::PubRel(_) => PacketType::PubRel,
            Self::PubComp(_) => PacketType::PubComp,
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::SubAck(_) => PacketType::SubAck,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
            Self::UnsubAck(_) => PacketType::UnsubAck,
            Self::PingReq => PacketType::PingReq,
            Self::PingResp => PacketType::PingResp,
            Self::Disconnect(_) => PacketType::Disconnect,
            Self::Auth(_) => PacketType::Auth,
        }
    }
}

#[cfg(test)]
mod tests;
