use mqtt_proto::{Properties, Property, PropertyId, QoS};

/// A message to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Publish<'a> {
    /// Where to.
    pub topic: &'a str,
    /// The payload.
    pub payload: Payload<'a>,
    /// The level of assurance.
    pub qos: QoS,
    /// Whether the Server is to keep it for later subscribers.
    pub retain: bool,
    /// The properties of the message (5.0).
    ///
    /// A Message Expiry Interval counts from `publish`: a message that was not handed out when it
    /// has passed ends as [`Completion::Expired`](crate::Completion::Expired). The interval is sent
    /// as it was given, however long the message waited.
    pub properties: Properties<'a>,
}

impl<'a> Publish<'a> {
    /// A message of QoS 0 that is not retained and has no properties.
    #[must_use]
    pub const fn new(topic: &'a str, payload: &'a [u8]) -> Self {
        Self {
            topic,
            payload: Payload::Bytes(payload),
            qos: QoS::AtMostOnce,
            retain: false,
            properties: Properties::EMPTY,
        }
    }

    /// The same message at `qos`.
    #[must_use]
    pub const fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// The same message, retained or not.
    #[must_use]
    pub const fn retain(mut self, retain: bool) -> Self {
        self.retain = retain;
        self
    }

    /// The property that a Client's application may not set.
    pub(crate) fn forbidden_property(&self) -> Option<PropertyId> {
        self.properties.iter().find_map(|property| match property {
            // It would be another topic's on the next connection. So no limit of the Server's is
            // exceeded either [MQTT-3.2.2-17], [MQTT-3.2.2-18].
            Property::TopicAlias(_) => Some(PropertyId::TopicAlias),
            // [MQTT-3.3.4-6]
            Property::SubscriptionIdentifier(_) => Some(PropertyId::SubscriptionIdentifier),
            _ => None,
        })
    }
}

/// The payload of a message to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Payload<'a> {
    /// The bytes; copied into the outbox.
    Bytes(&'a [u8]),
    /// So many bytes, for which the session asks with `poll_payload` when it can send them, and
    /// from the start again when it must resend them.
    Streamed(u32),
}

impl Payload<'_> {
    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Streamed(len) => usize::try_from(*len).unwrap_or(usize::MAX),
        }
    }

    /// Whether it has no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
