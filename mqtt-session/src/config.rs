use core::num::NonZeroU16;

use mqtt_proto::{Leniency, Version};

use crate::Duration;

/// What a session is told once. What belongs to one Network Connection (client
/// identifier, keep-alive, will, limits) is said to `connect`, in the CONNECT itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// The version that every Network Connection of this session speaks.
    pub version: Version,
    /// How long after `connect` the CONNACK may take. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long after a PINGREQ the PINGRESP may take. Default: 10 s.
    pub ping_timeout: Duration,
    /// Whether the application acknowledges each QoS 1 and QoS 2 message itself, with
    /// `acknowledge`; otherwise it is acknowledged once its last payload chunk was
    /// handed over. Default: `false`.
    pub manual_ack: bool,
    /// The most bytes that the outbox may hold, whatever the storage could. Default: no limit.
    pub maximum_outbox: usize,
    /// The most QoS 1 and 2 publishes in flight at once, whatever the Server allows.
    /// Default: 65,535.
    ///
    /// For 3.1.1, in which a Server cannot say what it allows: mosquitto, by default, takes 20 of
    /// QoS 2 and then closes the connection.
    pub maximum_in_flight: NonZeroU16,
    /// The most Topic Aliases that the session gives out on one connection, whatever the Server
    /// allows (5.0). Default: 0, none.
    ///
    /// A QoS 0 message without properties then names its topic once, and after that by a number of
    /// two bytes; the first topics of a connection get one. `Heap` keeps a copy of each; `Inline`
    /// has no room for any.
    pub maximum_topic_aliases: u16,
    /// What is taken from a Server against the specification. Default: nothing.
    pub leniency: Leniency,
    /// When to connect again after a loss; `None`: never. Default: `None`.
    pub reconnect: Option<Reconnect>,
}

impl Config {
    /// The defaults for `version`.
    #[must_use]
    pub const fn new(version: Version) -> Self {
        Self {
            version,
            connect_timeout: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(10),
            manual_ack: false,
            maximum_outbox: usize::MAX,
            maximum_in_flight: NonZeroU16::MAX,
            maximum_topic_aliases: 0,
            leniency: Leniency::STRICT,
            reconnect: None,
        }
    }
}

/// The delay before the n-th attempt to reconnect: doubled each time between
/// `minimum` and `maximum`, of which a random half is taken off so that a thousand
/// clients do not return as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reconnect {
    /// The delay before the first attempt.
    pub minimum: Duration,
    /// The longest delay.
    pub maximum: Duration,
    /// Seed of the jitter: differs from device to device.
    pub seed: u32,
}
