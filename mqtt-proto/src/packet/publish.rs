use super::write_packet;
use crate::allowed::{Place, Senders};
use crate::wire::{Reader, Writer};
use crate::{
    DecodeErrorKind, DecodeOptions, EncodeError, PacketId, PacketType, Properties, QoS, TopicName,
    Version, property,
};

/// A PUBLISH packet (section 3.3), payload and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Publish<'a> {
    /// What comes before the payload.
    pub head: PublishHead<'a>,
    /// The Application Message's payload.
    pub payload: &'a [u8],
}

/// What a PUBLISH packet says before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PublishHead<'a> {
    /// The QoS, with what belongs to it.
    pub delivery: Delivery,
    /// Whether the message is to be retained, or was.
    pub retain: bool,
    /// `None` where a Topic Alias stands alone for it (5.0 only).
    pub topic: Option<TopicName<'a>>,
    /// The properties of the message.
    pub properties: Properties<'a>,
}

/// A QoS with what a PUBLISH of that QoS has: at QoS 0 neither packet identifier nor DUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Delivery {
    /// QoS 0.
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce {
        /// The packet identifier that PUBACK will carry.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
    /// QoS 2.
    ExactlyOnce {
        /// The packet identifier that PUBREC will carry.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
}

impl Delivery {
    /// The QoS alone.
    #[must_use]
    pub const fn qos(self) -> QoS {
        match self {
            Self::AtMostOnce => QoS::AtMostOnce,
            Self::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Self::ExactlyOnce { .. } => QoS::ExactlyOnce,
        }
    }

    /// The packet identifier; `None` at QoS 0.
    #[must_use]
    pub const fn packet_id(self) -> Option<PacketId> {
        match self {
            Self::AtMostOnce => None,
            Self::AtLeastOnce { packet_id, .. } | Self::ExactlyOnce { packet_id, .. } => {
                Some(packet_id)
            }
        }
    }

    /// The DUP flag.
    #[must_use]
    pub const fn dup(self) -> bool {
        match self {
            Self::AtMostOnce => false,
            Self::AtLeastOnce { dup, .. } | Self::ExactlyOnce { dup, .. } => dup,
        }
    }
}

impl<'a> PublishHead<'a> {
    /// Writes the head of a PUBLISH whose payload of `payload_len` bytes follows by other means.
    pub fn encode(
        &self,
        version: Version,
        payload_len: usize,
        buf: &mut [u8],
    ) -> Result<usize, EncodeError> {
        self.check(version)?;
        write_packet(self.first_byte(), payload_len, buf, |out| {
            self.write(version, out);
        })
    }

    /// The bytes that [`encode`](Self::encode) would write; the payload is not among them.
    pub fn encoded_len(&self, version: Version, payload_len: usize) -> Result<usize, EncodeError> {
        self.check(version)?;
        super::packet_len(payload_len, |out| self.write(version, out)).map(|(len, _)| len)
    }

    /// Reads the variable header, which need not be followed by the payload.
    ///
    /// Inlined: it is where a program spends its time, and each has it in one place.
    #[inline(always)]
    pub(crate) fn decode(reader: &mut Reader<'a>, flags: u8, options: &DecodeOptions) -> Self {
        let start = reader.offset();
        // An empty name is told from one that is not a name: a Topic Alias may stand for it.
        let bare = options.version == Version::V5 && reader.rest().starts_with(&[0, 0]);
        let topic = if bare {
            reader.u16();
            None
        } else {
            // [MQTT-3.3.2-1]
            Some(reader.topic_name())
        };
        let dup = flags & 0b1000 != 0;
        let delivery = match flags & 0b0110 {
            // [MQTT-2.2.1-2]
            0b0000 => Delivery::AtMostOnce,
            0b0010 => Delivery::AtLeastOnce {
                packet_id: reader.packet_id(),
                dup,
            },
            _ => Delivery::ExactlyOnce {
                packet_id: reader.packet_id(),
                dup,
            },
        };
        let properties_start = reader.offset();
        let properties = property::decode(
            reader,
            options.version,
            PLACE,
            Senders::only(options.sender),
        );
        if bare || !properties.is_empty() {
            match properties.topic_alias() {
                // [MQTT-3.3.2-9] [MQTT-3.3.2-11]
                Some(alias) if alias.get() > options.topic_alias_maximum => {
                    reader.fail(
                        DecodeErrorKind::TopicAliasInvalid(alias.get()),
                        properties_start,
                    );
                }
                None if bare => reader.fail(DecodeErrorKind::MissingTopic, start),
                _ => {}
            }
        }
        Self {
            delivery,
            retain: flags & 1 != 0,
            topic,
            properties,
        }
    }

    pub(super) fn first_byte(&self) -> u8 {
        PacketType::Publish.first_byte()
            | u8::from(self.delivery.dup()) << 3
            | self.delivery.qos().as_u8() << 1
            | u8::from(self.retain)
    }

    pub(super) fn check(&self, version: Version) -> Result<(), EncodeError> {
        property::check(self.properties, version, PLACE, &mut { Senders::ANY })?;
        // Section 3.3.2.1
        if self.topic.is_none() && self.properties.topic_alias().is_none() {
            return Err(EncodeError::MissingTopic);
        }
        Ok(())
    }

    pub(super) fn write(&self, version: Version, out: &mut Writer<'_>) {
        out.string(self.topic.map_or("", TopicName::as_str));
        if let Some(packet_id) = self.delivery.packet_id() {
            out.u16(packet_id.get());
        }
        property::write(self.properties, version, out);
    }
}

const PLACE: Place = Place::of(PacketType::Publish);
