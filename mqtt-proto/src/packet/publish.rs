use super::Fields;
use super::fields::{packet_len, properties_len};
use crate::allowed::{Place, Senders};
use crate::property::Census;
use crate::wire::{HAS_FAST_PATHS, Output, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, PacketId, PacketType, Properties, PropertyId, QoS, TopicName,
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

impl Publish<'_> {
    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        let head = &self.head;
        fields.checked(head.topic.map_or(&[], TopicName::as_bytes));
        if let Some(packet_id) = head.delivery.packet_id() {
            fields.u16(packet_id.get());
        }
        let census = fields.properties(head.properties, PLACE);
        // Section 3.3.2.1
        if head.topic.is_none() && !census.has(PropertyId::TopicAlias) {
            fields.fail(EncodeError::MissingTopic);
        }
        fields.bytes(self.payload);
    }
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
    /// Writes to the front of `buf` all of a PUBLISH that comes before its payload, and returns its
    /// size in bytes. The payload, of `payload_len` bytes, follows by other means: it is counted in
    /// the Remaining Length, but not in the size returned, and takes no room in `buf`.
    ///
    /// ```
    /// use mqtt_proto::{Delivery, Properties, PublishHead, TopicName, Version};
    ///
    /// let head = PublishHead {
    ///     delivery: Delivery::AtMostOnce,
    ///     retain: false,
    ///     topic: Some(TopicName::new("firmware")?),
    ///     properties: Properties::EMPTY,
    /// };
    /// let mut buf = [0; 64];
    /// let len = head.encode(Version::V5, 1_000_000, &mut buf)?;
    /// assert_eq!(&buf[..len], b"\x30\xCB\x84\x3D\0\x08firmware\0");
    /// // Now a million bytes are due.
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Packet::encode`](crate::Packet::encode); what is
    /// [`needed`](EncodeError::BufferTooSmall) does not count the payload.
    #[inline(always)] // A fast path and a call.
    pub fn encode(
        &self,
        version: Version,
        payload_len: usize,
        buf: &mut [u8],
    ) -> Result<usize, EncodeError> {
        self.encode_before(version, payload_len, &[], buf)
    }

    /// Writes the head, and of the payload what is at hand.
    #[inline(always)]
    pub(super) fn encode_before(
        &self,
        version: Version,
        payload_len: usize,
        payload: &[u8],
        buf: &mut [u8],
    ) -> Result<usize, EncodeError> {
        if HAS_FAST_PATHS {
            if let Some(len) = self.encode_plain::<false>(version, payload_len, payload, buf) {
                return Ok(len);
            }
            // With its address given away here alone, a head made for this call is not put into memory before.
            let head = *self;
            return head.encode_less_plain(version, payload_len, payload, buf);
        }
        self.encode_any(version, payload_len, payload, buf)
    }

    #[inline(never)]
    fn encode_less_plain(
        &self,
        version: Version,
        payload_len: usize,
        payload: &[u8],
        buf: &mut [u8],
    ) -> Result<usize, EncodeError> {
        match self.encode_plain::<true>(version, payload_len, payload, buf) {
            Some(len) => Ok(len),
            None => self.encode_any(version, payload_len, payload, buf),
        }
    }

    pub(super) fn encode_any(
        &self,
        version: Version,
        payload_len: usize,
        payload: &[u8],
        buf: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let size = self.check(version)?;
        let needed = size
            .without_payload(payload_len)?
            .saturating_add(payload.len());
        let room = buf
            .get_mut(..needed)
            .ok_or(EncodeError::BufferTooSmall { needed })?;
        let mut out = Writer::new(room);
        out.u8(self.first_byte());
        out.varint(size.body.saturating_add(payload_len));
        self.write(&size, version, &mut out);
        if !payload.is_empty() {
            out.bytes(payload);
        }
        Ok(needed)
    }

    /// The bytes that [`encode`](Self::encode) would write; the payload is not among them.
    ///
    /// # Errors
    /// Those of [`encode`](Self::encode), but for that of the buffer.
    pub fn encoded_len(&self, version: Version, payload_len: usize) -> Result<usize, EncodeError> {
        self.check(version)?.without_payload(payload_len)
    }

    /// Reads the head from the front of what follows the fixed header; the payload need not be there.
    /// With it comes the Topic Alias, or 0.
    #[inline]
    pub(crate) fn decode(reader: &mut Reader<'a>, flags: u8) -> (Self, u16) {
        let start = reader.offset();
        let topic = reader.topic_name_of_publish();
        let mut delivery = Delivery::AtMostOnce;
        // [MQTT-2.2.1-2]
        if flags & 0b0110 != 0 {
            let packet_id = reader.packet_id();
            let dup = flags & 0b1000 != 0;
            delivery = if flags & 0b0010 != 0 {
                Delivery::AtLeastOnce { packet_id, dup }
            } else {
                Delivery::ExactlyOnce { packet_id, dup }
            };
        }
        let (properties, census) = property::decode_counted(reader, PLACE);
        let alias = census.topic_alias;
        // Section 3.3.2.1
        if alias == 0 && topic.is_none() {
            reader.fail_at(start, DecodeErrorKind::MissingTopic);
        }
        let head = Self {
            delivery,
            retain: flags & 1 != 0,
            topic,
            properties,
        };
        (head, alias)
    }

    pub(super) fn first_byte(&self) -> u8 {
        PacketType::Publish.first_byte()
            | u8::from(self.delivery.dup()) << 3
            | self.delivery.qos().as_u8() << 1
            | u8::from(self.retain)
    }

    #[inline]
    pub(super) fn check(&self, version: Version) -> Result<Size, EncodeError> {
        let (mut len, mut has_alias) = (0, false);
        if !self.properties.is_empty() {
            let mut census = Census::new(PLACE, Senders::ANY);
            len = properties_len(self.properties, PacketType::Publish, version, &mut census)?;
            has_alias = census.has(PropertyId::TopicAlias);
        }
        // Section 3.3.2.1
        let topic = match self.topic {
            Some(topic) => topic.as_bytes(),
            None if has_alias => &[],
            None => return Err(EncodeError::MissingTopic),
        };
        let packet_id: usize = match self.delivery {
            Delivery::AtMostOnce => 0,
            _ => 2,
        };
        // A topic name has no more than 65,535 bytes.
        let before = topic.len().wrapping_add(2).wrapping_add(packet_id);
        Ok(Size {
            body: before.saturating_add(property::encoded_len(len, version)),
            properties: len,
        })
    }

    #[inline]
    pub(super) fn write(&self, size: &Size, version: Version, out: &mut impl Output) {
        out.binary(self.topic.map_or(&[], TopicName::as_bytes));
        if let Some(packet_id) = self.delivery.packet_id() {
            out.u16(packet_id.get());
        }
        property::write(self.properties, size.properties, version, out);
    }
}

/// What a head that has been checked takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// All that follows the fixed header, but for the payload.
    body: usize,
    /// The properties without their length.
    properties: usize,
}

impl Size {
    /// The whole packet, but for the payload.
    #[inline]
    const fn without_payload(&self, payload_len: usize) -> Result<usize, EncodeError> {
        packet_len(self.body.saturating_add(payload_len), payload_len)
    }
}

pub(crate) const PLACE: Place = Place::of(PacketType::Publish);
