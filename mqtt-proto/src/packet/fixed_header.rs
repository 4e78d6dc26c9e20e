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

/// Who may send a packet type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Client,
    Server,
    Both,
    /// The Server only in 5.0.
    ClientOrBothIn5,
    /// Both, but not in 3.1.1.
    BothIn5,
}

impl PacketType {
    /// The table of packet types (sections 2.1.2 and 2.1.3): who sends it, and the lower four
    /// bits of its first byte, which are reserved in all but PUBLISH.
    const fn rule(value: u8) -> Option<(Self, From, u8)> {
        Some(match value {
            1 => (Self::Connect, From::Client, 0),
            2 => (Self::ConnAck, From::Server, 0),
            3 => (Self::Publish, From::Both, 0),
            4 => (Self::PubAck, From::Both, 0),
            5 => (Self::PubRec, From::Both, 0),
            // [MQTT-3.6.1-1]
            6 => (Self::PubRel, From::Both, 2),
            7 => (Self::PubComp, From::Both, 0),
            // [MQTT-3.8.1-1]
            8 => (Self::Subscribe, From::Client, 2),
            9 => (Self::SubAck, From::Server, 0),
            // [MQTT-3.10.1-1]
            10 => (Self::Unsubscribe, From::Client, 2),
            11 => (Self::UnsubAck, From::Server, 0),
            12 => (Self::PingReq, From::Client, 0),
            13 => (Self::PingResp, From::Server, 0),
            // [MQTT-3.14.1-1]
            14 => (Self::Disconnect, From::ClientOrBothIn5, 0),
            // [MQTT-3.15.1-1]
            15 => (Self::Auth, From::BothIn5, 0),
            _ => return None,
        })
    }

    /// The type of a number from the wire; `None` for 0, and above 15.
    pub(crate) const fn from_u8(value: u8) -> Option<Self> {
        match Self::rule(value) {
            Some((packet_type, _, _)) => Some(packet_type),
            None => None,
        }
    }

    /// The first byte of the packet, but for the flags of a PUBLISH.
    pub(crate) const fn first_byte(self) -> u8 {
        let high = (self as u8) << 4;
        match Self::rule(self as u8) {
            Some((_, _, flags)) => high | flags,
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
        let at = |offset: usize| offset.saturating_add(1);
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
                if header.packet_len() > u64::from(options.maximum_packet_size) {
                    return Err(DecodeError {
                        kind: DecodeErrorKind::PacketTooLarge,
                        offset: 1,
                    });
                }
                Ok(Some(header))
            }
        }
    }

    /// The size of the whole packet.
    pub(crate) const fn packet_len(&self) -> u64 {
        (self.remaining as u64).saturating_add(self.len as u64)
    }

    fn first(options: &DecodeOptions, byte: u8) -> Result<(PacketType, u8), DecodeErrorKind> {
        let (value, flags) = (byte >> 4, byte & 0x0F);
        // Most packets are this one, which both ends may send in both versions.
        if value == PacketType::Publish as u8 {
            return match flags {
                // [MQTT-3.3.1-4]
                0b0110 | 0b0111 | 0b1110 | 0b1111 => Err(DecodeErrorKind::InvalidQoS),
                // [MQTT-3.3.1-2]
                0b1000 | 0b1001 => Err(DecodeErrorKind::DupAtQoS0),
                _ => Ok((PacketType::Publish, flags)),
            };
        }
        let v5 = options.version == Version::V5;
        let Some((packet_type, from, expected)) =
            PacketType::rule(value).filter(|&(_, from, _)| v5 || from != From::BothIn5)
        else {
            return Err(DecodeErrorKind::UnknownPacketType(value));
        };
        let other_side = match from {
            From::Client => options.sender == Role::Server,
            From::Server => options.sender == Role::Client,
            From::Both | From::BothIn5 => false,
            From::ClientOrBothIn5 => options.sender == Role::Server && !v5,
        };
        if other_side {
            return Err(DecodeErrorKind::PacketOfOtherSide(packet_type));
        }
        // [MQTT-2.1.3-1] [MQTT3-2.2.2-1] [MQTT3-2.2.2-2]
        if flags != expected {
            return Err(DecodeErrorKind::ReservedFlags(packet_type));
        }
        Ok((packet_type, flags))
    }
}
