use core::num::{NonZeroU16, NonZeroU32};
use std::collections::BTreeMap;

use mqtt_proto::QoS;
use mqtt_session::Duration;

/// How a [`Broker`](crate::Broker) behaves. The default is generous: it lets everyone in and
/// supports everything, so that a stingy server is made by changing what a test is about.
///
/// ```
/// use mqtt_proto::QoS;
/// use mqtt_testkit::{Broker, BrokerOptions};
///
/// let stingy = BrokerOptions { maximum_qos: QoS::AtLeastOnce, retain_available: false, ..BrokerOptions::default() };
/// let broker = Broker::new(stingy);
/// # drop(broker);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerOptions {
    /// User names and their passwords. Empty, the default: everyone is let in.
    pub credentials: BTreeMap<String, Vec<u8>>,
    /// Topic filters that no Client may publish to; a subscription to one of them, or to a
    /// topic within one of them, is refused too. Default: none.
    pub forbidden: Vec<String>,
    /// The highest QoS that is taken. Default: 2.
    pub maximum_qos: QoS,
    /// QoS 1 and QoS 2 messages that are taken at once from a Client of 5.0. Default: 65,535, which is not announced.
    pub receive_maximum: NonZeroU16,
    /// QoS 1 and QoS 2 messages that are sent at once to a Client that does not say how many it
    /// takes, as none of 3.1.1 can. Default: 20, as with other brokers.
    pub in_flight_maximum: NonZeroU16,
    /// The largest packet taken, in bytes. `None`, the default: as large as MQTT allows.
    pub maximum_packet_size: Option<NonZeroU32>,
    /// The highest Topic Alias taken. Default: 16.
    pub topic_alias_maximum: u16,
    /// Whether messages may be retained. Default: `true`.
    pub retain_available: bool,
    /// Whether filters may have wildcards. Default: `true`.
    pub wildcard_subscription_available: bool,
    /// Whether subscriptions may have identifiers. Default: `true`.
    pub subscription_identifier_available: bool,
    /// Whether subscriptions may be shared. Default: `true`.
    pub shared_subscription_available: bool,
    /// The Keep Alive, in seconds, that every Client of 5.0 must use. `None`, the default: its own.
    pub server_keep_alive: Option<u16>,
    /// The longest Session Expiry Interval granted, in seconds. `None`, the default: any.
    pub session_expiry_maximum: Option<u32>,
    /// How long the CONNECT of an opened connection may take. Default: 10 s.
    pub connect_timeout: Duration,
    /// Messages that are kept for one Client that is away or slow; what comes after them is
    /// dropped and counted by [`Broker::dropped`](crate::Broker::dropped). Default: 10,000.
    pub queue_maximum: usize,
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self {
            credentials: BTreeMap::new(),
            forbidden: Vec::new(),
            maximum_qos: QoS::ExactlyOnce,
            receive_maximum: NonZeroU16::MAX,
            in_flight_maximum: const { NonZeroU16::new(20).unwrap() },
            maximum_packet_size: None,
            topic_alias_maximum: 16,
            retain_available: true,
            wildcard_subscription_available: true,
            subscription_identifier_available: true,
            shared_subscription_available: true,
            server_keep_alive: None,
            session_expiry_maximum: None,
            connect_timeout: Duration::from_secs(10),
            queue_maximum: 10_000,
        }
    }
}
