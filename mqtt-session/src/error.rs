use core::fmt;

use mqtt_proto::{EncodeError, PropertyId, ReasonCode, TopicError};

/// Why `connect` was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectError {
    /// There is a Network Connection already.
    NotDisconnected,
    /// The CONNECT names another version than the session's.
    Version,
    /// The CONNECT announces (in 5.0, by leaving Receive Maximum out, 65,535) more than the storage can
    /// track. 0 cannot be announced: a storage that tracks nothing cannot connect in 5.0.
    ReceiveMaximum {
        /// What the storage can track.
        capacity: u16,
    },
    /// The CONNECT cannot be encoded, or not into the transmit buffer.
    Encode(EncodeError),
}

/// Why `publish` was refused. Nothing of it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PublishError {
    /// The topic name is not valid.
    Topic(TopicError),
    /// Not encodable.
    Encode(EncodeError),
    /// The property is not the application's to set here: Topic Alias, Subscription Identifier.
    Property(PropertyId),
    /// As many operations are in flight as the storage can track: try again after one has ended.
    TooManyInFlight,
    /// The outbox has no room for it now: try again after one has ended.
    OutboxFull,
    /// Larger than the outbox could ever hold: stream the payload.
    TooLargeForOutbox,
    /// The Server does not take it: too large, its QoS too high, or retained.
    NotSupported(ReasonCode),
    /// QoS 0 is not kept while there is no connection.
    NotConnected,
}

/// Why `subscribe` or `unsubscribe` was refused. Nothing of it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SubscribeError {
    /// No filter was given.
    NoFilters,
    /// Not encodable.
    Encode(EncodeError),
    /// As many operations are in flight as the storage can track: try again after one has ended.
    TooManyInFlight,
    /// The outbox has no room for it now: try again after one has ended.
    OutboxFull,
    /// Larger than the outbox could ever hold.
    TooLargeForOutbox,
    /// The Server does not take it: wildcards, shared subscriptions or subscription identifiers.
    NotSupported(ReasonCode),
}

/// Why `acknowledge` did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AcknowledgeError {
    /// Acknowledged before, or of a connection that is over: the Server sends the message again.
    Unknown,
    /// The last of its payload has not come yet.
    Incomplete,
    /// The reason code is not one of PUBACK and PUBREC.
    Reason(ReasonCode),
}

/// Why `disconnect` was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DisconnectError {
    /// There is no Network Connection.
    NotConnected,
    /// The reason code is not one that a Client may send.
    Reason(ReasonCode),
    /// 3.1.1 has no Session Expiry Interval; in 5.0 it cannot be set where CONNECT left it at zero,
    /// or where the Server takes no packet of 9 bytes.
    SessionExpiryInterval,
}

/// Why `auth` was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AuthError {
    /// There is no Network Connection.
    NotConnected,
    /// CONNECT named no Authentication Method [MQTT-4.12.0-7], which in 3.1.1 it never does.
    NoMethod,
    /// CONNECT named another Authentication Method [MQTT-4.12.0-5].
    OtherMethod,
    /// The reason code is not one that a Client may send, or not before CONNACK.
    Reason(ReasonCode),
    /// Not encodable.
    Encode(EncodeError),
    /// The outbox has no room for it now.
    OutboxFull,
    /// The Server does not take it: too large.
    NotSupported(ReasonCode),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDisconnected => f.write_str("there is a network connection already"),
            Self::Version => f.write_str("CONNECT names another version than the session's"),
            Self::ReceiveMaximum { capacity } => write!(
                f,
                "the storage tracks {capacity} incoming messages: announce a Receive Maximum of at most that"
            ),
            Self::Encode(error) => write!(f, "CONNECT cannot be encoded: {error}"),
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(error) => write!(f, "{error}"),
            Self::Encode(error) => write!(f, "PUBLISH cannot be encoded: {error}"),
            Self::Property(id) => write!(f, "{id:?} is not the application's to set in PUBLISH"),
            Self::TooManyInFlight => f.write_str(TOO_MANY),
            Self::OutboxFull => f.write_str(FULL),
            Self::TooLargeForOutbox => {
                f.write_str("larger than the outbox could ever hold: stream the payload")
            }
            Self::NotSupported(reason) => write!(f, "the server does not take it: {reason}"),
            Self::NotConnected => f.write_str("QoS 0 is not kept while there is no connection"),
        }
    }
}

impl fmt::Display for SubscribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFilters => f.write_str("no topic filter was given"),
            Self::Encode(error) => write!(f, "cannot be encoded: {error}"),
            Self::TooManyInFlight => f.write_str(TOO_MANY),
            Self::OutboxFull => f.write_str(FULL),
            Self::TooLargeForOutbox => f.write_str("larger than the outbox could ever hold"),
            Self::NotSupported(reason) => write!(f, "the server does not take it: {reason}"),
        }
    }
}

impl fmt::Display for AcknowledgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("acknowledged before, or of a connection that is over"),
            Self::Incomplete => f.write_str("the last of its payload has not come yet"),
            Self::Reason(reason) => write!(f, "PUBACK and PUBREC cannot say: {reason}"),
        }
    }
}

impl fmt::Display for DisconnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str("there is no network connection"),
            Self::Reason(reason) => write!(f, "a client's DISCONNECT cannot say: {reason}"),
            Self::SessionExpiryInterval => {
                f.write_str("the Session Expiry Interval cannot be set in this DISCONNECT")
            }
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str("there is no network connection"),
            Self::NoMethod => f.write_str("CONNECT named no authentication method"),
            Self::OtherMethod => f.write_str("CONNECT named another authentication method"),
            Self::Reason(reason) => write!(f, "a client's AUTH cannot say now: {reason}"),
            Self::Encode(error) => write!(f, "AUTH cannot be encoded: {error}"),
            Self::OutboxFull => f.write_str(FULL),
            Self::NotSupported(reason) => write!(f, "the server does not take it: {reason}"),
        }
    }
}

const TOO_MANY: &str = "too many operations in flight: try again after one has ended";
const FULL: &str = "no room in the outbox: try again after an operation has ended";

impl core::error::Error for ConnectError {}
impl core::error::Error for PublishError {}
impl core::error::Error for SubscribeError {}
impl core::error::Error for AcknowledgeError {}
impl core::error::Error for DisconnectError {}
impl core::error::Error for AuthError {}
