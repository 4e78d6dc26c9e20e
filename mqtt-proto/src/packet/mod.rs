//! The 15 control packets, both versions of each in one place.

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod fixed_header;
mod publish;
mod reason;
mod suback;
mod subscribe;
mod unsubscribe;

pub use ack::Ack;
pub use auth::Auth;
pub use connack::ConnAck;
pub use connect::{Connect, Will};
pub use disconnect::Disconnect;
pub(crate) use fixed_header::FixedHeader;
pub use fixed_header::PacketType;
pub use publish::{Delivery, Publish, PublishHead};
#[cfg(feature = "arbitrary")]
pub(crate) use reason::check as check_reason;
pub use suback::SubAck;
pub use subscribe::{RetainHandling, Subscribe, Subscription, SubscriptionOptions};
pub use unsubscribe::Unsubscribe;

use crate::allowed::Senders;
use crate::wire::{Reader, Writer, varint};
use crate::{DecodeError, DecodeErrorKind, EncodeError, Role, Version};

/// What a decoder needs to know of the Network Connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DecodeOptions {
    /// The version spoken. A CONNECT is decoded by the version that it names itself.
    pub version: Version,
    /// Who sent the packets.
    pub sender: Role,
    /// The largest packet taken, in bytes, fixed header and payload included;
    /// checked before anything else of a packet is looked at.
    pub maximum_packet_size: u32,
    /// The highest Topic Alias taken in a PUBLISH; 0: none.
    pub topic_alias_maximum: u16,
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
    /// `Ok(None)`: not yet whole; nothing was taken. An error takes nothing either.
    /// What is wrong with the fixed header is told as soon as it is seen, the rest
    /// when the packet is whole. A Topic Alias is checked against its maximum but
    /// not resolved: that is for [`PacketReader`](crate::PacketReader).
    pub fn decode(
        options: &DecodeOptions,
        input: &mut &'a [u8],
    ) -> Result<Option<Self>, DecodeError> {
        let bytes = *input;
        let Some(header) = FixedHeader::decode(options, bytes)? else {
            return Ok(None);
        };
        let Ok(len) = usize::try_from(header.packet_len()) else {
            return Ok(None);
        };
        let Some((packet, rest)) = bytes.split_at_checked(len) else {
            return Ok(None);
        };
        let body = packet.get(header.len..).unwrap_or_default();
        let packet = if header.packet_type == PacketType::Publish {
            let mut reader = Reader::new(body, header.len);
            let head = PublishHead::decode(&mut reader, header.flags, options);
            let payload = reader.rest();
            reader.checked(Self::Publish(Publish { head, payload }))?
        } else {
            Self::decode_other(options, &header, body)?
        };
        *input = rest;
        Ok(Some(packet))
    }

    /// Decodes the whole of what follows the fixed header, of any packet but PUBLISH.
    pub(crate) fn decode_other(
        options: &DecodeOptions,
        header: &FixedHeader,
        body: &'a [u8],
    ) -> Result<Self, DecodeError> {
        let version = options.version;
        let senders = Senders::only(options.sender);
        let packet_type = header.packet_type;
        let mut reader = Reader::new(body, header.len);
        let from = &mut reader;
        let packet = match packet_type {
            PacketType::Connect => Self::Connect(Connect::decode(from)),
            PacketType::ConnAck => Self::ConnAck(ConnAck::decode(from, version, senders)),
            // The head of a PUBLISH is decoded apart, since its payload may come in pieces.
            PacketType::Publish => {
                from.fail(DecodeErrorKind::UnknownPacketType(3), 0);
                Self::PingReq
            }
            PacketType::PubAck => Self::PubAck(Ack::decode(from, packet_type, version, senders)),
            PacketType::PubRec => Self::PubRec(Ack::decode(from, packet_type, version, senders)),
            PacketType::PubRel => Self::PubRel(Ack::decode(from, packet_type, version, senders)),
            PacketType::PubComp => Self::PubComp(Ack::decode(from, packet_type, version, senders)),
            PacketType::Subscribe => Self::Subscribe(Subscribe::decode(from, version, senders)),
            PacketType::SubAck => Self::SubAck(SubAck::decode(from, packet_type, version, senders)),
            PacketType::Unsubscribe => {
                Self::Unsubscribe(Unsubscribe::decode(from, version, senders))
            }
            PacketType::UnsubAck => {
                Self::UnsubAck(SubAck::decode(from, packet_type, version, senders))
            }
            PacketType::PingReq => Self::PingReq,
            PacketType::PingResp => Self::PingResp,
            PacketType::Disconnect => Self::Disconnect(Disconnect::decode(from, version, senders)),
            PacketType::Auth => Self::Auth(Auth::decode(from, senders)),
        };
        reader.finish(packet)
    }

    /// Writes the packet to the front of `buf` and returns its size in bytes.
    /// A CONNECT is encoded in the version that it names itself.
    ///
    /// Everything is checked before anything is written. What is encoded, [`decode`](Self::decode)
    /// takes from at least one of the two [`Role`]s.
    pub fn encode(&self, version: Version, buf: &mut [u8]) -> Result<usize, EncodeError> {
        self.check(version)?;
        write_packet(self.first_byte(), 0, buf, |out| self.write(version, out))
    }

    /// The bytes that [`encode`](Self::encode) would write.
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        self.check(version)?;
        packet_len(0, |out| self.write(version, out)).map(|(len, _)| len)
    }

    fn first_byte(&self) -> u8 {
        match self {
            Self::Publish(publish) => publish.head.first_byte(),
            _ => self.packet_type().first_byte(),
        }
    }

    fn check(&self, version: Version) -> Result<(), EncodeError> {
        match self {
            Self::Connect(connect) => connect.check(),
            Self::ConnAck(connack) => connack.check(version),
            Self::Publish(publish) => publish.head.check(version),
            Self::PubAck(ack) | Self::PubRec(ack) | Self::PubRel(ack) | Self::PubComp(ack) => {
                ack.check(self.packet_type(), version)
            }
            Self::Subscribe(subscribe) => subscribe.check(version),
            Self::SubAck(suback) | Self::UnsubAck(suback) => {
                suback.check(self.packet_type(), version)
            }
            Self::Unsubscribe(unsubscribe) => unsubscribe.check(version),
            Self::PingReq | Self::PingResp => Ok(()),
            Self::Disconnect(disconnect) => disconnect.check(version),
            Self::Auth(auth) => auth.check(version),
        }
    }

    /// Writes what follows the fixed header.
    fn write(&self, version: Version, out: &mut Writer<'_>) {
        match self {
            Self::Connect(connect) => connect.write(out),
            Self::ConnAck(connack) => connack.write(version, out),
            Self::Publish(publish) => {
                publish.head.write(version, out);
                out.bytes(publish.payload);
            }
            Self::PubAck(ack) | Self::PubRec(ack) | Self::PubRel(ack) | Self::PubComp(ack) => {
                ack.write(version, out);
            }
            Self::Subscribe(subscribe) => subscribe.write(version, out),
            Self::SubAck(suback) | Self::UnsubAck(suback) => suback.write(version, out),
            Self::Unsubscribe(unsubscribe) => unsubscribe.write(version, out),
            Self::PingReq | Self::PingResp => {}
            Self::Disconnect(disconnect) => disconnect.write(version, out),
            Self::Auth(auth) => auth.write(version, out),
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

/// The size of a packet without its last `payload_len` bytes, which are not at hand, and its Remaining Length.
fn packet_len(
    payload_len: usize,
    body: impl Fn(&mut Writer<'_>),
) -> Result<(usize, u32), EncodeError> {
    let mut count = Writer::counting();
    body(&mut count);
    let remaining = count.len().saturating_add(payload_len);
    match u32::try_from(remaining) {
        Ok(value) if value <= varint::MAX => {
            let header = varint::len(remaining).saturating_add(1);
            Ok((count.len().saturating_add(header), value))
        }
        _ => Err(EncodeError::PacketTooLarge),
    }
}

/// Writes a packet that has been checked.
fn write_packet(
    first_byte: u8,
    payload_len: usize,
    buf: &mut [u8],
    body: impl Fn(&mut Writer<'_>),
) -> Result<usize, EncodeError> {
    let (needed, remaining) = packet_len(payload_len, &body)?;
    let buf = buf
        .get_mut(..needed)
        .ok_or(EncodeError::BufferTooSmall { needed })?;
    let mut out = Writer::new(buf);
    out.u8(first_byte);
    out.varint(remaining);
    body(&mut out);
    debug_assert_eq!(out.len(), needed);
    Ok(needed)
}

#[cfg(test)]
mod tests;
