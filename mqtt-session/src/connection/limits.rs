use core::num::{NonZeroU16, NonZeroU32};

use mqtt_proto::{ConnAck, Connect, DecodeOptions, QoS};

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
        let properties = connack.properties;
        let presumed = Self::DEFAULT;
        let is_available = |property: Option<bool>| property.unwrap_or(true);
        Self {
            receive_maximum: properties.receive_maximum().unwrap_or(NonZeroU16::MAX),
            maximum_packet_size: properties
                .maximum_packet_size()
                .map_or(presumed.maximum_packet_size, NonZeroU32::get),
            maximum_qos: properties.maximum_qos().unwrap_or(presumed.maximum_qos),
            retain_available: is_available(properties.retain_available()),
            wildcard_subscription_available: is_available(
                properties.wildcard_subscription_available(),
            ),
            subscription_identifier_available: is_available(
                properties.subscription_identifier_available(),
            ),
            shared_subscription_available: is_available(properties.shared_subscription_available()),
            topic_alias_maximum: properties.topic_alias_maximum().unwrap_or(0),
            // [MQTT-3.1.2-21], [MQTT-3.2.2-21]
            keep_alive: properties.server_keep_alive().unwrap_or(keep_alive),
        }
    }

    /// What a Client allows a Server.
    #[must_use]
    pub fn of_client(connect: &Connect<'_>) -> Self {
        let properties = connect.properties;
        Self {
            receive_maximum: properties.receive_maximum().unwrap_or(NonZeroU16::MAX),
            maximum_packet_size: properties
                .maximum_packet_size()
                .map_or(Self::DEFAULT.maximum_packet_size, NonZeroU32::get),
            topic_alias_maximum: properties.topic_alias_maximum().unwrap_or(0),
            keep_alive: connect.keep_alive,
            ..Self::DEFAULT
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
