//! Fast ways for the packets that come most, as they are most, where flash is not dear.
//!
//! With no call to make and no error to tell, all is in registers. `None` tells nothing: it is then for
//! the way for all packets to say what it is.

mod connect;
mod publish;

pub(crate) use publish::PlainPublish;

use super::{Ack, Packet, SubAck};
use crate::wire::u16;
use crate::{DecodeOptions, PacketId, PacketType, Properties, ReasonCode, Role, Sequence, Version};

const PUBACK: u8 = PacketType::PubAck.first_byte();
const PUBREC: u8 = PacketType::PubRec.first_byte();
const PUBREL: u8 = PacketType::PubRel.first_byte();
const PUBCOMP: u8 = PacketType::PubComp.first_byte();
const SUBACK: u8 = PacketType::SubAck.first_byte();
const PINGREQ: u8 = PacketType::PingReq.first_byte();
const PINGRESP: u8 = PacketType::PingResp.first_byte();

impl<'a> Packet<'a> {
    /// Takes an acknowledgement of a packet identifier alone, or a ping.
    #[inline(always)]
    pub(crate) fn decode_plain(
        options: &DecodeOptions,
        input: &'a [u8],
    ) -> Option<(Self, &'a [u8])> {
        // The larger of the two; below that nothing is worth a fast path.
        if options.maximum_packet_size < 4 {
            return None;
        }
        if let Some(ack) = Ack::decode_plain(input) {
            return Some(ack);
        }
        match (input, options.sender) {
            (&[PINGREQ, 0, ref rest @ ..], Role::Client) => Some((Self::PingReq, rest)),
            (&[PINGRESP, 0, ref rest @ ..], Role::Server) => Some((Self::PingResp, rest)),
            _ => None,
        }
    }
}

impl Packet<'_> {
    /// Writes an acknowledgement of a packet identifier alone.
    #[inline(always)]
    pub(super) fn encode_plain(&self, buf: &mut [u8]) -> Option<usize> {
        let (first, ack) = match self {
            Self::PubAck(ack) => (PUBACK, ack),
            Self::PubRec(ack) => (PUBREC, ack),
            Self::PubRel(ack) => (PUBREL, ack),
            Self::PubComp(ack) => (PUBCOMP, ack),
            _ => return None,
        };
        if ack.reason != ReasonCode::Success || !ack.properties.is_empty() {
            return None;
        }
        let [high, low] = ack.packet_id.get().to_be_bytes();
        let bytes = [first, 2, high, low];
        *buf.first_chunk_mut()? = bytes;
        Some(bytes.len())
    }
}

impl<'a> Ack<'a> {
    /// Takes an acknowledgement of a packet identifier alone.
    #[inline(always)]
    fn decode_plain(input: &'a [u8]) -> Option<(Packet<'a>, &'a [u8])> {
        let &[first, 2, high, low, ref rest @ ..] = input else {
            return None;
        };
        let packet_id = PacketId::new(u16::from_be_bytes([high, low]))?;
        let ack = Self::new(packet_id, ReasonCode::Success);
        let packet = match first {
            PUBACK => Packet::PubAck(ack),
            PUBREC => Packet::PubRec(ack),
            PUBREL => Packet::PubRel(ack),
            PUBCOMP => Packet::PubComp(ack),
            _ => return None,
        };
        Some((packet, rest))
    }
}

impl<'a> SubAck<'a> {
    /// Whether a SUBACK comes.
    #[inline(always)]
    pub(super) const fn comes(input: &[u8]) -> bool {
        matches!(input, [SUBACK, ..])
    }

    /// Takes a SUBACK without properties, with reason codes that both versions have.
    #[inline(always)]
    pub(super) fn decode_plain(
        options: &DecodeOptions,
        input: &'a [u8],
    ) -> Option<(Self, &'a [u8])> {
        // A packet identifier and at least one reason code.
        let &[SUBACK, len @ 3..0x80, ref rest @ ..] = input else {
            return None;
        };
        if u32::from(len).wrapping_add(2) > options.maximum_packet_size
            || options.sender != Role::Server
        {
            return None;
        }
        let (mut reasons, rest) = rest.split_at_checked(len.into())?;
        let packet_id = PacketId::new(u16(&mut reasons)?)?;
        if options.version == Version::V5 {
            let (0, after) = reasons.split_first()? else {
                return None;
            };
            reasons = after;
        }
        reasons.first()?;
        for reason in reasons {
            let (0..=2 | 0x80) = reason else {
                return None;
            };
        }
        let ack = Self {
            packet_id,
            properties: Properties::EMPTY,
            reasons: Sequence::from_wire(reasons),
        };
        Some((ack, rest))
    }
}
