use core::num::NonZeroU16;

use mqtt_proto::{ConnAck, Connect, DecodeOptions, Properties, Property, QoS};

/// What the other side of this Network Connection allows: the properties of its CONNACK
/// (or, to a Server, of its CONNECT) with their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// QoS 1 and 2 publishes in flight at once.
    pub receive_maximum: NonZeroU16,
    /// Bytes in a packet.
    pub maximum_packet_size: u32,
    /// The highest QoS.
    pub maximum_qos: QoS,
    /// Whether messages can be retained.
    pub retain_available: bool,
    /// Whether filters may have wildcards.
    pub wildcard_subscription_available: bool,
    /// Whether subscriptions may have identifiers.
    pub subscription_identifier_available: bool,
    /// Whether subscriptions can be shared.
    pub shared_subscription_available: bool,
    /// The highest topic alias.
    pub topic_alias_maximum: u16,
    /// The Keep Alive in force, in seconds; 0: none.
    pub keep_alive: u16,
}

impl Limits {
    /// What the specification presumes of a side that says nothing, with no Keep Alive.
    pub const DEFAULT: Self = Self {
        receive_maximum: NonZeroU16::MAX,
        maximum_packet_size: DecodeOptions::MAXIMUM_PACKET_SIZE,
        maximum_qos: QoS::ExactlyOnce,
        retain_available: true,
        wildcard_subscription_available: true,
        subscription_identifier_available: true,
        shared_subscription_available: true,
        topic_alias_maximum: 0,
        keep_alive: 0,
    };

    /// What a Server allows a Client that asked for `keep_alive` seconds.
    #[must_use]
    pub fn of_server(connack: &ConnAck<'_>, keep_alive: u16) -> Self {
        Self {
            keep_alive,
            ..Self::DEFAULT
        }
        .with(connack.properties)
    }

    /// What a Client allows a Server.
    #[must_use]
    pub fn of_client(connect: &Connect<'_>) -> Self {
        Self {
            keep_alive: connect.keep_alive,
            ..Self::DEFAULT
        }
        .with(connect.properties)
    }

    fn with(mut self, properties: Properties<'_>) -> Self {
        for property in properties {
            match property {
                Property::ReceiveMaximum(maximum) => self.receive_maximum = maximum,
                Property::MaximumPacketSize(size) => self.maximum_packet_size = size.get(),
                Property::MaximumQoS(qos) => self.maximum_qos = qos,
                Property::RetainAvailable(it) => self.retain_available = it,
                Property::WildcardSubscriptionAvailable(it) => {
                    self.wildcard_subscription_available = it;
                }
                Property::SubscriptionIdentifierAvailable(it) => {
                    self.subscription_identifier_available = it;
                }
                Property::SharedSubscriptionAvailable(it) => {
                    self.shared_subscription_available = it;
                }
                Property::TopicAliasMaximum(maximum) => self.topic_alias_maximum = maximum,
                // [MQTT-3.1.2-21], [MQTT-3.2.2-21]
                Property::ServerKeepAlive(seconds) => self.keep_alive = seconds,
                _ => {}
            }
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
