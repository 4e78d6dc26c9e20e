use crate::{Properties, QoS, TopicName, Version};

/// A CONNECT packet (section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    /// The version asked for.
    pub version: Version,
    /// Clean Start in 5.0, Clean Session in 3.1.1.
    pub clean_start: bool,
    /// Seconds; 0 turns it off.
    pub keep_alive: u16,
    /// May be empty: the Server then assigns one (in 3.1.1 only with `clean_start`).
    pub client_id: &'a str,
    /// What the Server publishes if the connection is lost.
    pub will: Option<Will<'a>>,
    /// The user name.
    pub username: Option<&'a str>,
    /// The password; in 3.1.1 only with a user name [MQTT3-3.1.2-22].
    pub password: Option<&'a [u8]>,
    /// Session Expiry Interval, Receive Maximum and more.
    pub properties: Properties<'a>,
}

impl<'a> Connect<'a> {
    /// A clean start without credentials or will, with a keep-alive of 60 seconds.
    #[must_use]
    pub const fn new(version: Version, client_id: &'a str) -> Self {
        Self {
            version,
            clean_start: true,
            keep_alive: 60,
            client_id,
            will: None,
            username: None,
            password: None,
            properties: Properties::EMPTY,
        }
    }
}

/// The Will Message (section 3.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// Where it is published.
    pub topic: TopicName<'a>,
    /// At most 65,535 bytes.
    pub payload: &'a [u8],
    /// The QoS it is published with.
    pub qos: QoS,
    /// Whether it is published as a retained message.
    pub retain: bool,
    /// Will Delay Interval and the properties of the message.
    pub properties: Properties<'a>,
}
