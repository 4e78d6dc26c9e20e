use super::{Fields, reason};
use crate::allowed::Place;
use crate::sequence::Wired;
use crate::wire::{Output, Reader, u16};
use crate::{
    DecodeErrorKind, DecodeOptions, Element, EncodeError, Packet, PacketId, PacketType, Properties,
    ReasonCode, Role, Sequence, Version, property,
};

/// What SUBACK and UNSUBACK carry (sections 3.9 and 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SubAck<'a> {
    /// The packet identifier of the SUBSCRIBE or UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// Reason String and User Properties.
    pub properties: Properties<'a>,
    /// One for each filter, in order; none in an UNSUBACK of 3.1.1.
    pub reasons: Sequence<'a, ReasonCode>,
}

impl<'a> SubAck<'a> {
    /// Takes a SUBACK that is as most are: short, without properties, and with reason codes that
    /// both versions have. `None` tells nothing: it is then for [`decode`](Self::decode) to say what it is.
    #[inline(always)]
    pub(super) fn decode_plain(
        options: &DecodeOptions,
        input: &'a [u8],
    ) -> Option<(Self, &'a [u8])> {
        let &[SUBACK, len @ ..0x80, ref rest @ ..] = input else {
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

    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let packet = reader.packet;
        let packet_id = reader.packet_id();
        let properties = property::decode(reader, Place::of(packet));
        let mut reasons = Sequence::EMPTY;
        if has_reasons(packet, reader.version) {
            reader.expect_payload();
            let start = reader.offset();
            let bytes = reader.take_rest();
            let allowed = reason::set(reader);
            for (at, &byte) in bytes.iter().enumerate() {
                if !allowed.has(byte) {
                    reader.fail_at(
                        start.wrapping_add(at),
                        DecodeErrorKind::InvalidReasonCode(byte),
                    );
                    break;
                }
            }
            reasons = Sequence::from_wire(bytes);
        }
        let ack = Self {
            packet_id,
            properties,
            reasons,
        };
        match packet {
            PacketType::SubAck => Packet::SubAck(ack),
            _ => Packet::UnsubAck(ack),
        }
    }

    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        fields.u16(self.packet_id.get());
        fields.properties(self.properties, Place::of(fields.packet));
        match (
            has_reasons(fields.packet, fields.version),
            self.reasons.is_empty(),
        ) {
            (true, true) => fields.fail(EncodeError::EmptyPayload),
            (false, false) => fields.fail(EncodeError::NotInVersion),
            _ => {}
        }
        for reason in self.reasons {
            fields.check_reason(reason);
            fields.u8(reason.as_u8());
        }
    }
}

const SUBACK: u8 = PacketType::SubAck.first_byte();

/// An UNSUBACK of 3.1.1 has no payload (its section 3.11.3).
fn has_reasons(packet: PacketType, version: Version) -> bool {
    packet == PacketType::SubAck || version == Version::V5
}

impl Element<'_> for ReasonCode {}

impl<'a> Wired<'a> for ReasonCode {
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        Self::from_u8(byte)
    }
}
