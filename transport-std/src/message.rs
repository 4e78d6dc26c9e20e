use bytes::Bytes;
use mqtt_proto::{PacketId, QoS};

use crate::{Properties, Property};

/// An Application Message, to be published or received.
///
/// ```
/// use transport_std::{Message, Property, QoS};
///
/// let message = Message::new("plant/1/level", "73")
///     .qos(QoS::AtLeastOnce)
///     .retain(true)
///     .property(Property::MessageExpiryInterval(60)); // 5.0
/// assert_eq!(&message.payload[..], b"73");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What it is published to: a topic name, without wildcards.
    pub topic: String,
    /// The payload.
    pub payload: Bytes,
    /// The level of assurance; of a received message the one that it was sent to us with.
    pub qos: QoS,
    /// To publish: whether the Server is to keep it for later subscribers; an empty payload
    /// clears what it kept. Received: whether it was kept.
    pub retain: bool,
    /// Received at QoS 1 or 2: whether the Server may have sent it before. Of no effect when published.
    pub dup: bool,
    /// Received at QoS 1 or 2: the packet identifier that it came with, for logs. Of no effect
    /// when published.
    pub packet_id: Option<PacketId>,
    /// The properties; empty in 3.1.1.
    pub properties: Properties,
}

impl Message {
    /// A message of QoS 0, not retained, without properties.
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            ..Self::default()
        }
    }

    /// Sets the QoS.
    #[must_use]
    pub fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// Sets whether the Server is to keep it.
    #[must_use]
    pub fn retain(mut self, retain: bool) -> Self {
        self.retain = retain;
        self
    }

    /// Adds a property (5.0).
    #[must_use]
    pub fn property(mut self, property: Property) -> Self {
        self.properties.push(property);
        self
    }

    /// The bytes it takes of the room for outgoing messages: those of topic, payload and
    /// properties, and 32 for what is kept about it.
    pub(crate) fn size(&self) -> usize {
        32 + self.topic.len() + self.payload.len() + self.properties.size()
    }
}
