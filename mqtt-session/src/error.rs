use core::fmt;

use mqtt_proto::{EncodeError, PropertyId, ReasonCode, TopicError};

/// Why `connect` was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectError {
    /// There is a Network Connection already.
    NotDisconnected,
    /// The CONNECT names another version than the session's.
    Version,
    /// The CONNECT announces (in 5.0, by leaving Receive Maximum out, 65,535) more than the storage can track.
    ReceiveMaximum {
        /// What the storage can track.
        capacity: u16,
    },
    /// The CONNECT cannot be encoded, or not into the transmit buffer.
    Encode(EncodeError),
}

/// Why `publish` was refused. Nothing of it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[non_exhaustive]
pub enum DisconnectError {
    /// There is no Network Connection.
    NotConnected,
    /// The reason code is not one that a Client may send.
    Reason(ReasonCode),
}

/// Why `auth` was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthError {
    /// There is no Network Connection.
    NotConnected,
    /// Not encodable; 3.1.1 has no AUTH.
    Encode(EncodeError),
    /// The outbox has no room for it now.
    OutboxFull,
}

macro_rules! error_display {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fmt_todo!();
        }

        impl core::error::Error for $type {}
    )*};
}
macro_rules! fmt_todo {
    () => {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{self:?}")
        }
    };
}
use fmt_todo;
error_display!(
    ConnectError,
    PublishError,
    SubscribeError,
    AcknowledgeError,
    DisconnectError,
    AuthError
);
