use super::{Fields, reason};
use crate::allowed::Place;
use crate::sequence::Wired;
use crate::wire::{Output, Reader};
use crate::{
    Element, EncodeError, Packet, PacketId, PacketType, Properties, ReasonCode, Sequence, Version,
    property,
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
    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let packet = reader.packet;
        let packet_id = reader.packet_id();
        let properties = property::decode(reader, Place::of(packet));
        let mut reasons = Sequence::EMPTY;
        if has_reasons(packet, reader.version) {
            reasons = Sequence::from_wire(reader.rest());
            reader.expect_payload();
            while !reader.is_empty() {
                // [MQTT-3.8.4-7]
                reason::decode(reader);
            }
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
        fields.list(self.reasons, |fields, reason| {
            fields.check_reason(reason);
            fields.u8(reason.as_u8());
        });
    }
}

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
