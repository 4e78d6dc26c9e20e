use super::Fields;
use crate::allowed::Place;
use crate::sequence::Wired;
use crate::wire::{Output, Reader, binary};
use crate::{
    Element, EncodeError, Packet, PacketId, PacketType, Properties, Sequence, TopicFilter, property,
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
    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let packet_id = reader.packet_id();
        let properties = property::decode(reader, PLACE);
        let filters = Sequence::from_wire(reader.rest());
        // [MQTT-3.10.3-2] [MQTT3-3.10.3-2]
        reader.expect_payload();
        while !reader.is_empty() {
            // [MQTT-3.10.3-1]
            reader.topic_filter();
        }
        Packet::Unsubscribe(Self {
            packet_id,
            properties,
            filters,
        })
    }

    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        fields.u16(self.packet_id.get());
        if self.filters.is_empty() {
            fields.fail(EncodeError::EmptyPayload);
        }
        fields.properties(self.properties, PLACE);
        fields.list(self.filters, |fields, filter| fields.topic_filter(filter));
    }
}

impl<'a> Element<'a> for TopicFilter<'a> {}

impl<'a> Wired<'a> for TopicFilter<'a> {
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        binary(rest).map(Self::from_checked)
    }
}
