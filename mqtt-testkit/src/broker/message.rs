use mqtt_proto::{Properties, Property, PublishHead, QoS, TopicName};
use mqtt_session::{Duration, Instant};

/// An Application Message that the broker owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// The Client Identifier it came from.
    pub(crate) publisher: String,
    expires: Option<Instant>,
    payload_format_indicator: Option<bool>,
    content_type: Option<String>,
    response_topic: Option<String>,
    correlation_data: Option<Vec<u8>>,
    user_properties: Vec<(String, String)>,
}

impl Message {
    /// The message of a PUBLISH whose topic name, after aliases, is `topic`.
    pub(crate) fn from_publish(
        now: Instant,
        publisher: &str,
        topic: &str,
        head: &PublishHead<'_>,
        payload: &[u8],
    ) -> Self {
        let mut message = Self::new(now, publisher, topic, payload, head.properties);
        message.qos = head.delivery.qos();
        message.retain = head.retain;
        message
    }

    fn new(
        now: Instant,
        publisher: &str,
        topic: &str,
        payload: &[u8],
        properties: Properties<'_>,
    ) -> Self {
        Self {
            topic: topic.to_owned(),
            payload: payload.to_vec(),
            qos: QoS::AtMostOnce,
            retain: false,
            publisher: publisher.to_owned(),
            expires: properties
                .message_expiry_interval()
                .map(|seconds| now + Duration::from_secs(u64::from(seconds))),
            payload_format_indicator: properties.payload_format_indicator(),
            content_type: properties.content_type().map(str::to_owned),
            response_topic: properties
                .response_topic()
                .map(|topic| topic.as_str().to_owned()),
            correlation_data: properties.correlation_data().map(<[u8]>::to_vec),
            user_properties: properties
                .user_properties()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// Whether its Message Expiry Interval has passed [MQTT-3.3.2-5].
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// What is forwarded with it: unaltered [MQTT-3.3.2-4], [MQTT-3.3.2-15], [MQTT-3.3.2-16],
    /// [MQTT-3.3.2-17], [MQTT-3.3.2-20], but for the lifetime, of which the time spent
    /// here is taken off [MQTT-3.3.2-6].
    pub(crate) fn properties(&self, now: Instant) -> Vec<Property<'_>> {
        let mut properties = Vec::new();
        properties.extend(
            self.payload_format_indicator
                .map(Property::PayloadFormatIndicator),
        );
        properties.extend(self.expires.map(|expires| {
            let seconds = expires.saturating_since(now).as_millis().div_ceil(1000);
            Property::MessageExpiryInterval(u32::try_from(seconds).unwrap_or(u32::MAX))
        }));
        properties.extend(self.content_type.as_deref().map(Property::ContentType));
        properties.extend(
            self.response_topic
                .as_deref()
                .and_then(|topic| TopicName::new(topic).ok())
                .map(Property::ResponseTopic),
        );
        properties.extend(
            self.correlation_data
                .as_deref()
                .map(Property::CorrelationData),
        );
        properties.extend(
            self.user_properties
                .iter()
                .map(|(name, value)| Property::UserProperty(name, value)),
        );
        properties
    }
}

/// A Will Message that is not published yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Will {
    /// How long after the loss of the connection it is published.
    pub(crate) delay: Duration,
    message: Message,
    lifetime: Option<Duration>,
}

impl Will {
    pub(crate) fn new(client_id: &str, will: &mqtt_proto::Will<'_>) -> Self {
        let properties = will.properties;
        let mut message = Message::new(
            Instant::default(),
            client_id,
            will.topic.as_str(),
            will.payload,
            properties,
        );
        message.qos = will.qos;
        message.retain = will.retain;
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        Self {
            delay: properties
                .will_delay_interval()
                .map_or(Duration::ZERO, seconds),
            message,
            lifetime: properties.message_expiry_interval().map(seconds),
        }
    }

    /// The message as published at `now`, from when on its lifetime counts.
    pub(crate) fn publish(self, now: Instant) -> Message {
        Message {
            expires: self.lifetime.map(|lifetime| now + lifetime),
            ..self.message
        }
    }
}
