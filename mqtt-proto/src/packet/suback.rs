use super::reason;
use crate::allowed::{Place, Senders};
use crate::sequence::Wired;
use crate::wire::{Reader, Writer};
use crate::{
    DecodeErrorKind, Element, EncodeError, PacketId, PacketType, Properties, ReasonCode, Sequence,
    Version, property,
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
    pub(super) fn decode(
        reader: &mut Reader<'a>,
        packet: PacketType,
        version: Version,
        senders: Senders,
    ) -> Self {
        let packet_id = reader.packet_id();
        let properties = property::decode(reader, version, Place::of(packet), senders);
        let mut reasons = Sequence::EMPTY;
        if has_reasons(packet, version) {
            reasons = Sequence::from_wire(reader.rest());
            if reader.is_empty() {
                reader.fail(DecodeErrorKind::EmptyPayload, reader.offset());
            }
            while !reader.is_empty() {
                reason::decode(reader, packet, version, senders);
            }
        }
        Self {
            packet_id,
            properties,
            reasons,
        }
    }

    pub(super) fn check(&self, packet: PacketType, version: Version) -> Result<(), EncodeError> {
        let mut senders = Senders::ANY;
        property::check(self.properties, version, Place::of(packet), &mut senders)?;
        match (has_reasons(packet, version), self.reasons.is_empty()) {
            (true, true) => return Err(EncodeError::EmptyPayload),
            (false, false) => return Err(EncodeError::NotInVersion),
            _ => {}
        }
        self.reasons
            .iter()
            .try_for_each(|reason| reason::check(reason, packet, version, &mut senders))
    }

    pub(super) fn write(&self, version: Version, out: &mut Writer<'_>) {
        out.u16(self.packet_id.get());
        property::write(self.properties, version, out);
        self.reasons.write(out);
    }
}

/// An UNSUBACK of 3.1.1 has no payload (its section 3.11.3).
fn has_reasons(packet: PacketType, version: Version) -> bool {
    packet == PacketType::SubAck || version == Version::V5
}

impl Element<'_> for ReasonCode {}

impl<'a> Wired<'a> for ReasonCode {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Self::from_u8(reader.u8())
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.u8(self.as_u8());
    }
}
