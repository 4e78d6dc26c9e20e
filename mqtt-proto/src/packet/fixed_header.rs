use crate::wire::varint;
use crate::{DecodeError, DecodeErrorKind, DecodeOptions, Role, Version};

/// The 15 types of control packet (section 2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[expect(missing_docs, reason = "each is documented at its Packet")]
pub enum PacketType {
    Connect = 1,
    ConnAck = 2,
    Publish = 3,
    PubAck = 4,
    PubRec = 5,
    PubRel = 6,
    PubComp = 7,
    Subscribe = 8,
    SubAck = 9,
    Unsubscribe = 10,
    UnsubAck = 11,
    PingReq = 12,
    PingResp = 13,
    Disconnect = 14,
    Auth = 15,
}

/// What the specification says of a packet type.
#[derive(Clone, Copy)]
struct Rule {
    packet_type: PacketType,
    /// Who may send it: a bit for each sender in each version.
    from: u8,
    /// The lower four bits of its first byte, which are reserved in all but PUBLISH.
    flags: u8,
}

const CLIENT_3: u8 = 0b0001;
const CLIENT_5: u8 = 0b0010;
const SERVER_3: u8 = 0b0100;
const SERVER_5: u8 = 0b1000;
const CLIENT: u8 = CLIENT_3 | CLIENT_5;
const SERVER: u8 = SERVER_3 | SERVER_5;
const BOTH: u8 = CLIENT | SERVER;

/// The bit of a sender in a version.
#[inline(always)]
const fn from(sender: Role, version: Version) -> u8 {
    match (sender, version) {
        (Role::Client, Version::V3_1_1) => CLIENT_3,
        (Role::Client, Version::V5) => CLIENT_5,
        (Role::Server, Version::V3_1_1) => SERVER_3,
        (Role::Server, Version::V5) => SERVER_5,
    }
}

impl PacketType {
    /// The table of packet types (sections 2.1.2 and 2.1.3).
    const fn rule(value: u8) -> Option<Rule> {
        let (packet_type, from, flags) = match value {
            1 => (Self::Connect, CLIENT, 0),
            2 => (Self::ConnAck, SERVER, 0),
            3 => (Self::Publish, BOTH, 0),
            4 => (Self::PubAck, BOTH, 0),
            5 => (Self::PubRec, BOTH, 0),
            // [MQTT-3.6.1-1]
            6 => (Self::PubRel, BOTH, 2),
            7 => (Self::PubComp, BOTH, 0),
            // [MQTT-3.8.1-1]
            8 => (Self::Subscribe, CLIENT, 2),
            9 => (Self::SubAck, SERVER, 0),
            // [MQTT-3.10.1-1]
            10 => (Self::Unsubscribe, CLIENT, 2),
            11 => (Self::UnsubAck, SERVER, 0),
            12 => (Self::PingReq, CLIENT, 0),
            13 => (Self::PingResp, SERVER, 0),
            // [MQTT-3.14.1-1]
            14 => (Self::Disconnect, CLIENT | SERVER_5, 0),
            // [MQTT-3.15.1-1]
            15 => (Self::Auth, CLIENT_5 | SERVER_5, 0),
            _ => return None,
        };
        Some(Rule {
            packet_type,
            from,
            flags,
        })
    }

    /// The type of a number, as the upper four bits of a packet's first byte have it; `None` for 0,
    /// and above 15.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Self> {
        match Self::rule(value) {
            Some(rule) => Some(rule.packet_type),
            None => None,
        }
    }

    /// Whether it exists in the version, and this end may send it.
    #[cfg(feature = "arbitrary")]
    pub(crate) fn is_sent_by(self, sender: Role, version: Version) -> bool {
        Self::rule(self as u8).is_some_and(|rule| rule.from & from(sender, version) != 0)
    }

    /// The first byte of the packet, but for the flags of a PUBLISH.
    pub(crate) const fn first_byte(self) -> u8 {
        let high = (self as u8) << 4;
        match Self::rule(self as u8) {
            Some(rule) => high | rule.flags,
            None => high,
        }
    }
}

/// What every packet starts with (section 2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FixedHeader {
    pub(crate) packet_type: PacketType,
    pub(crate) flags: u8,
    /// The bytes of the fixed header itself: 2 to 5.
    pub(crate) len: usize,
    /// The Remaining Length: the bytes that follow.
    pub(crate) remaining: u32,
}

impl FixedHeader {
    /// Of a packet of which nothing has come, so that its end lies beyond all that could.
    pub(crate) const UNKNOWN: Self = Self {
        packet_type: PacketType::Publish,
        flags: 0,
        len: 0,
        remaining: u32::MAX,
    };

    /// Reads it from the front of `bytes`; `None` when it is not yet whole.
    /// What is wrong with the first byte is told without the others.
    #[inline(always)]
    pub(crate) fn decode(
        options: &DecodeOptions,
        bytes: &[u8],
    ) -> Result<Option<Self>, DecodeError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let (packet_type, flags) =
            Self::first(options, first).map_err(|kind| DecodeError { kind, offset: 0 })?;
        let at = |offset: usize| offset.wrapping_add(1);
        match varint::decode(rest) {
            Err((kind, offset)) => Err(DecodeError {
                kind,
                offset: at(offset),
            }),
            Ok(None) => Ok(None),
            Ok(Some((remaining, len))) => {
                let header = Self {
                    packet_type,
                    flags,
                    len: at(len),
                    remaining,
                };
                if header.packet_len() > options.maximum_packet_size {
                    return Err(DecodeError {
                        kind: DecodeErrorKind::PacketTooLarge,
                        offset: 1,
                    });
                }
                Ok(Some(header))
            }
        }
    }

    /// The size of the whole packet: at most [`DecodeOptions::MAXIMUM_PACKET_SIZE`].
    #[inline(always)]
    pub(crate) const fn packet_len(&self) -> u32 {
        self.remaining.wrapping_add(self.len as u32)
    }

    #[inline(always)]
    fn first(options: &DecodeOptions, byte: u8) -> Result<(PacketType, u8), DecodeErrorKind> {
        let (value, flags) = (byte >> 4, byte & 0x0F);
        // Most packets are this one, which both ends may send in both versions.
        if value == PacketType::Publish as u8 {
            // [MQTT-3.3.1-4]
            if flags & 0b0110 == 0b0110 {
                return Err(DecodeErrorKind::InvalidQoS);
            }
            // [MQTT-3.3.1-2]
            if flags & 0b1110 == 0b1000 {
                return Err(DecodeErrorKind::DupAtQoS0);
            }
            return Ok((PacketType::Publish, flags));
        }
        let by = from(options.sender, options.version);
        let Some(rule) = PacketType::rule(value).filter(|rule| rule.from & by != 0) else {
            return Err(Self::not_from(options, value));
        };
        // [MQTT-2.1.3-1] [MQTT3-2.2.2-1] [MQTT3-2.2.2-2]
        if flags != rule.flags {
            return Err(DecodeErrorKind::ReservedFlags(rule.packet_type));
        }
        Ok((rule.packet_type, flags))
    }

    /// What is wrong with a packet type that may not be sent.
    #[cold]
    fn not_from(options: &DecodeOptions, value: u8) -> DecodeErrorKind {
        let version = match options.version {
            Version::V3_1_1 => CLIENT_3 | SERVER_3,
            Version::V5 => CLIENT_5 | SERVER_5,
        };
        match PacketType::rule(value) {
            Some(rule) if rule.from & version != 0 => {
                DecodeErrorKind::PacketOfOtherSide(rule.packet_type)
            }
            _ => DecodeErrorKind::UnknownPacketType(value),
        }
    }
}
