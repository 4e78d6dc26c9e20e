use super::{Fields, reason};
use crate::allowed::Place;
use crate::wire::{Output, Reader};
use crate::{Packet, PacketId, PacketType, Properties, ReasonCode, Version, property};

/// What PUBACK, PUBREC, PUBREL and PUBCOMP carry (sections 3.4 to 3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ack<'a> {
    /// The packet identifier of the PUBLISH.
    pub packet_id: PacketId,
    /// The result; always [`ReasonCode::Success`] in 3.1.1.
    pub reason: ReasonCode,
    /// Reason String and User Properties.
    pub properties: Properties<'a>,
}

impl<'a> Ack<'a> {
    /// An acknowledgement with nothing to add.
    #[must_use]
    pub const fn new(packet_id: PacketId, reason: ReasonCode) -> Self {
        Self {
            packet_id,
            reason,
            properties: Properties::EMPTY,
        }
    }

    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let packet_id = reader.packet_id();
        let (reason, properties) = read_reason(reader);
        let ack = Self {
            packet_id,
            reason,
            properties,
        };
        match reader.packet {
            PacketType::PubAck => Packet::PubAck(ack),
            PacketType::PubRec => Packet::PubRec(ack),
            PacketType::PubRel => Packet::PubRel(ack),
            _ => Packet::PubComp(ack),
        }
    }

    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        fields.u16(self.packet_id.get());
        encode_reason(self.reason, self.properties, fields);
    }
}

/// Reads a reason code and properties of which either may be left out at the end (sections
/// 3.4.2.1, 3.14.2.1 and others): it then means Success, without properties.
pub(super) fn read_reason<'a>(reader: &mut Reader<'a>) -> (ReasonCode, Properties<'a>) {
    if reader.version == Version::V3_1_1 || reader.is_empty() {
        return (ReasonCode::Success, Properties::EMPTY);
    }
    let reason = reason::decode(reader);
    if reader.is_empty() {
        return (reason, Properties::EMPTY);
    }
    (reason, property::decode(reader, Place::of(reader.packet)))
}

/// Takes a reason code and properties in their shortest form: neither when there is nothing to say,
/// the reason code alone when there are no properties.
pub(super) fn encode_reason(
    reason: ReasonCode,
    properties: Properties<'_>,
    fields: &mut Fields<impl Output>,
) {
    fields.check_reason(reason);
    let bare = properties.is_empty();
    if bare && (fields.version == Version::V3_1_1 || reason == ReasonCode::Success) {
        return;
    }
    fields.u8(reason.as_u8());
    if !bare {
        fields.properties(properties, Place::of(fields.packet));
    }
}
