use crate::allowed::{Place, Senders};
use crate::sequence::Wired;
use crate::wire::{Reader, Writer};
use crate::{
    DecodeError, DecodeErrorKind, Element, EncodeError, PacketId, PacketType, Properties, Sequence,
    TopicFilter, Version, property,
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
    pub(super) fn decode(
        reader: &mut Reader<'a>,
        version: Version,
        senders: Senders,
    ) -> Result<Self, DecodeError> {
        let packet_id = reader.packet_id()?;
        let properties = property::decode(reader, version, PLACE, senders)?;
        let filters = Sequence::from_wire(reader.rest());
        // [MQTT-3.10.3-2] [MQTT3-3.10.3-2]
        if reader.is_empty() {
            return Err(reader.error(DecodeErrorKind::EmptyPayload));
        }
        while !reader.is_empty() {
            // [MQTT-3.10.3-1]
            reader.topic_filter()?;
        }
        Ok(Self {
            packet_id,
            properties,
            filters,
        })
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
        reader.topic_filter().ok()
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.string(self.as_str());
    }
}
