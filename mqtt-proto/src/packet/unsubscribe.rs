use crate::allowed::{Place, Senders};
use crate::sequence::Wired;
use crate::wire::{Reader, Writer};
use crate::{
    DecodeErrorKind, Element, EncodeError, PacketId, PacketType, Properties, Sequence, TopicFilter,
    Version, property,
};

/// An UNSUBSCRIBE packet (section 3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unsubscribe<'a> {
    /// The packet identifier that UNSUBACK will carry.
    pub packet_id: PacketId,
    /// User Properties.
    pub properties: Properties<'a>,
    /// At least one.
    pub filters: Sequence<'a, TopicFilter<'a>>,
}

const PLACE: Place = Place::of(PacketType::Unsubscribe);

impl<'a> Unsubscribe<'a> {
    pub(super) fn decode(reader: &mut Reader<'a>, version: Version, senders: Senders) -> Self {
        let packet_id = reader.packet_id();
        let properties = property::decode(reader, version, PLACE, senders);
        let filters = Sequence::from_wire(reader.rest());
        // [MQTT-3.10.3-2] [MQTT3-3.10.3-2]
        if reader.is_empty() {
            reader.fail(DecodeErrorKind::EmptyPayload, reader.offset());
        }
        while !reader.is_empty() {
            // [MQTT-3.10.3-1]
            reader.topic_filter();
        }
        Self {
            packet_id,
            properties,
            filters,
        }
    }

    pub(super) fn check(&self, version: Version) -> Result<(), EncodeError> {
        if self.filters.is_empty() {
            return Err(EncodeError::EmptyPayload);
        }
        property::check(self.properties, version, PLACE, &mut { Senders::ANY })
    }

    pub(super) fn write(&self, version: Version, out: &mut Writer<'_>) {
        out.u16(self.packet_id.get());
        property::write(self.properties, version, out);
        self.filters.write(out);
    }
}

impl<'a> Element<'a> for TopicFilter<'a> {}

impl<'a> Wired<'a> for TopicFilter<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(reader.topic_filter())
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.string(self.as_str());
    }
}
