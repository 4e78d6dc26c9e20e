use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mqtt_proto::{DecodeError, EncodeError, PropertyId, ReasonCode, TopicError};
use mqtt_session::{Timeout, Violation};

use crate::Properties;
use crate::packet_limit::Exceeded;

/// Why no connection came about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// An option that no Server could be asked for: a fault of the caller's.
    Options(OptionsError),
    /// The host's name was not resolved.
    Resolve {
        /// The host, as the options have it.
        host: String,
        /// What the resolver said.
        source: Arc<io::Error>,
    },
    /// No address of the host accepted a connection.
    Unreachable {
        /// The host, as the options have it.
        host: String,
        /// What became of each address, in the order in which they were tried.
        attempts: Vec<(SocketAddr, Arc<io::Error>)>,
    },
    /// The Server did not answer within the connect timeout.
    Timeout {
        /// What it did not do in time.
        phase: ConnectPhase,
        /// The connect timeout.
        after: Duration,
    },
    /// The Server answered with a CONNACK that refuses.
    Refused(Refusal),
    /// The connection was lost, or what the Server sent was not MQTT, before it accepted.
    Lost(ConnectionLost),
    /// No attempt has ended yet (`wait_connected` only).
    Pending,
    /// `disconnect` was called meanwhile, or the client is over.
    Closed,
    /// The operating system has no thread to spare.
    Thread(Arc<io::Error>),
}

/// The two things that the connect timeout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectPhase {
    /// Resolving the host's name and opening the transport.
    Transport,
    /// The Server's answer to CONNECT.
    ConnAck,
}

/// A CONNACK that refuses the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why; the return codes of 3.1.1 are mapped to the reason codes that say the same.
    pub reason: ReasonCode,
    /// Reason String, Server Reference and more (5.0).
    pub properties: Properties,
}

impl Refusal {
    /// Whether user name, password or what they give rights to is the trouble: trying again with the same will not help.
    #[must_use]
    pub fn is_credentials(&self) -> bool {
        matches!(
            self.reason,
            ReasonCode::BadUserNameOrPassword
                | ReasonCode::NotAuthorized
                | ReasonCode::BadAuthenticationMethod
        )
    }
}

/// What is wrong with the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionsError {
    /// The will's topic, or its Response Topic.
    WillTopic(TopicError),
    /// The CONNECT cannot be encoded, or not in this version.
    Encode(EncodeError),
    /// An empty client identifier needs a clean start in 3.1.1 [MQTT3-3.1.3-7].
    ClientIdNeeded,
    /// The option cannot be 0.
    Zero(&'static str),
    /// The CONNECT is larger than [`Options::maximum_outgoing_packet_size`](crate::Options::maximum_outgoing_packet_size).
    PacketTooLarge {
        /// The bytes of the packet.
        size: usize,
        /// The most that may be sent.
        limit: u32,
    },
    /// The session cannot be so.
    Session(mqtt_session::ConnectError),
}

impl From<Exceeded> for OptionsError {
    fn from(Exceeded { size, limit }: Exceeded) -> Self {
        Self::PacketTooLarge { size, limit }
    }
}

impl From<Exceeded> for PublishError {
    fn from(Exceeded { size, limit }: Exceeded) -> Self {
        Self::PacketTooLarge { size, limit }
    }
}

impl From<Exceeded> for SubscribeError {
    fn from(Exceeded { size, limit }: Exceeded) -> Self {
        Self::PacketTooLarge { size, limit }
    }
}

impl From<Exceeded> for UnsubscribeError {
    fn from(Exceeded { size, limit }: Exceeded) -> Self {
        Self::PacketTooLarge { size, limit }
    }
}

impl From<EncodeError> for OptionsError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

/// Why a connection that stood is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionLost {
    /// The Server sent DISCONNECT (5.0).
    Server {
        /// Why.
        reason: ReasonCode,
        /// Reason String, Server Reference and more.
        properties: Properties,
    },
    /// The Server sent bytes that are not MQTT.
    Malformed(DecodeError),
    /// The Server sent a packet that the protocol does not allow there.
    Violation(Violation),
    /// The Server did not answer in time.
    Timeout(Timeout),
    /// The transport failed.
    Io(Arc<io::Error>),
    /// The Server closed the transport without a word.
    Closed,
}

/// Why a message was not published, or cannot be told to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The topic name is not valid; says which byte.
    Topic(TopicError),
    /// The Response Topic is not valid; says which byte.
    ResponseTopic(TopicError),
    /// Not encodable.
    Encode(EncodeError),
    /// The property is not the application's to set.
    Property(PropertyId),
    /// Larger than all the room there is for outgoing messages.
    TooLarge {
        /// The bytes that it takes.
        size: usize,
        /// [`Options::maximum_outbox`](crate::Options::maximum_outbox).
        limit: usize,
    },
    /// The packet is larger than [`Options::maximum_outgoing_packet_size`](crate::Options::maximum_outgoing_packet_size).
    PacketTooLarge {
        /// The bytes of the packet.
        size: usize,
        /// The most that may be sent.
        limit: u32,
    },
    /// There is no room now (`try_publish` only).
    Full,
    /// The Server that is connected does not take it: too large, its QoS too high, or retained.
    NotSupported(ReasonCode),
    /// QoS 0 is not kept while there is no connection.
    NotConnected,
    /// The Server refused it.
    Refused {
        /// Why.
        reason: ReasonCode,
        /// Why, for people.
        reason_string: Option<String>,
    },
    /// Its Message Expiry Interval passed before it could be sent.
    Expired,
    /// The Session or, at QoS 0, the connection was lost: it cannot be told whether it arrived.
    Discarded,
    /// The client was closed before the outcome was known.
    Closed,
}

/// Why a subscription did not come about. Nothing of it is left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscribeError {
    /// No filter was given.
    NoFilters,
    /// A filter is not valid; says which byte.
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it, and where.
        error: TopicError,
    },
    /// Not encodable.
    Encode(EncodeError),
    /// The request is larger than the session could keep.
    TooLarge,
    /// The packet is larger than [`Options::maximum_outgoing_packet_size`](crate::Options::maximum_outgoing_packet_size).
    PacketTooLarge {
        /// The bytes of the packet.
        size: usize,
        /// The most that may be sent.
        limit: u32,
    },
    /// There is no room for it now.
    Full,
    /// The Server that is connected has no such subscriptions: wildcards, shared, or identifiers.
    NotSupported(ReasonCode),
    /// The Server refused a filter.
    Refused {
        /// The first filter that it refused.
        filter: String,
        /// Why.
        reason: ReasonCode,
        /// Why, for people.
        reason_string: Option<String>,
    },
    /// The Server did not answer in the time given (`Subscribing::wait_timeout` only).
    Timeout,
    /// The Session was lost: it cannot be told what became of it.
    Discarded,
    /// The client is closed.
    Closed,
}

/// Why filters could not be unsubscribed from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsubscribeError {
    /// No filter was given.
    NoFilters,
    /// A filter is not valid; says which byte.
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it, and where.
        error: TopicError,
    },
    /// Not encodable.
    Encode(EncodeError),
    /// The request is larger than the session could keep.
    TooLarge,
    /// The packet is larger than [`Options::maximum_outgoing_packet_size`](crate::Options::maximum_outgoing_packet_size).
    PacketTooLarge {
        /// The bytes of the packet.
        size: usize,
        /// The most that may be sent.
        limit: u32,
    },
    /// There is no room for it now.
    Full,
    /// The Server refused a filter: its subscription is still there.
    Refused {
        /// The first filter that it refused.
        filter: String,
        /// Why.
        reason: ReasonCode,
        /// Why, for people.
        reason_string: Option<String>,
    },
    /// The Session was lost: it cannot be told what became of it.
    Discarded,
    /// The client is closed.
    Closed,
}

/// What `disconnect` has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectError {
    /// The time for draining passed, or there was no connection to drain over. The client is
    /// closed all the same, and the handles of what is left say [`Closed`](PublishError::Closed).
    NotDrained {
        /// Operations that were not over.
        pending: usize,
    },
    /// The client was closed before.
    Closed,
}

/// Why no message was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// None is there, or none came in the time given.
    Empty,
    /// None will come: unsubscribed, or the client is closed.
    Closed,
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Options(error) => Some(error),
            Self::Resolve { source, .. } | Self::Thread(source) => Some(&**source),
            Self::Lost(error) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for OptionsError {}
impl std::error::Error for ConnectionLost {}
impl std::error::Error for PublishError {}
impl std::error::Error for SubscribeError {}
impl std::error::Error for UnsubscribeError {}
impl std::error::Error for DisconnectError {}
impl std::error::Error for RecvError {}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(error) => write!(f, "{error}"),
            Self::Resolve { host, source } => write!(f, "cannot resolve {host}: {source}"),
            Self::Unreachable { host, attempts } => {
                write!(f, "cannot connect to {host}")?;
                for (address, error) in attempts {
                    write!(f, "; {address}: {error}")?;
                }
                Ok(())
            }
            Self::Timeout { phase, after } => match phase {
                ConnectPhase::Transport => write!(f, "the host did not answer within {after:?}"),
                ConnectPhase::ConnAck => write!(f, "no CONNACK within {after:?}"),
            },
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::Lost(error) => write!(f, "before the Server accepted: {error}"),
            Self::Pending => f.write_str("no attempt to connect has ended yet"),
            Self::Closed => f.write_str("the client is closed"),
            Self::Thread(error) => write!(f, "cannot start a thread: {error}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Server refused the connection: {}", self.reason)?;
        reason_string(f, self.properties.reason_string())
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WillTopic(error) => write!(f, "the will's topic: {error}"),
            Self::Encode(error) => write!(f, "the options do not make a CONNECT: {error}"),
            Self::ClientIdNeeded => {
                f.write_str("without a clean start, 3.1.1 needs a client identifier")
            }
            Self::PacketTooLarge { size, limit } => packet_too_large(f, *size, *limit),
            Self::Zero(option) => write!(f, "{option} cannot be 0"),
            Self::Session(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server { reason, properties } => {
                write!(f, "the Server disconnected: {reason}")?;
                reason_string(f, properties.reason_string())
            }
            Self::Malformed(error) => write!(f, "the Server sent what is not MQTT: {error}"),
            Self::Violation(violation) => {
                write!(f, "the Server broke the protocol: {violation}")
            }
            Self::Timeout(Timeout::ConnAck) => f.write_str("no CONNACK came in time"),
            Self::Timeout(Timeout::PingResp) => f.write_str("no PINGRESP came in time"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Closed => f.write_str("the Server closed the connection"),
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(error) => write!(f, "topic name: {error}"),
            Self::ResponseTopic(error) => write!(f, "response topic: {error}"),
            Self::Encode(error) => write!(f, "{error}"),
            Self::Property(id) => write!(f, "the property {id:?} cannot be set in a publish"),
            Self::TooLarge { size, limit } => write!(
                f,
                "the message takes {size} bytes, more than the {limit} for outgoing messages"
            ),
            Self::PacketTooLarge { size, limit } => packet_too_large(f, *size, *limit),
            Self::Full => f.write_str("no room for outgoing messages"),
            Self::NotSupported(reason) => write!(f, "the Server does not take it: {reason}"),
            Self::NotConnected => f.write_str("QoS 0, and there is no connection"),
            Self::Refused {
                reason,
                reason_string: text,
            } => {
                write!(f, "the Server refused the message: {reason}")?;
                reason_string(f, text.as_deref())
            }
            Self::Expired => f.write_str("the message expired before it could be sent"),
            Self::Discarded => f.write_str("the message was in flight when the session was lost"),
            Self::Closed => f.write_str("the client is closed"),
        }
    }
}

impl fmt::Display for SubscribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFilters => f.write_str("no topic filter given"),
            Self::Filter { filter, error } => write!(f, "topic filter {filter:?}: {error}"),
            Self::Encode(error) => write!(f, "{error}"),
            Self::TooLarge => f.write_str("more filters than the session can keep"),
            Self::PacketTooLarge { size, limit } => packet_too_large(f, *size, *limit),
            Self::Full => f.write_str("no room for another operation"),
            Self::NotSupported(reason) => write!(f, "the Server does not take it: {reason}"),
            Self::Refused {
                filter,
                reason,
                reason_string: text,
            } => {
                write!(f, "the Server refused {filter:?}: {reason}")?;
                reason_string(f, text.as_deref())
            }
            Self::Timeout => f.write_str("no SUBACK came in time"),
            Self::Discarded => f.write_str("the session was lost before the Server answered"),
            Self::Closed => f.write_str("the client is closed"),
        }
    }
}

impl fmt::Display for UnsubscribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFilters => f.write_str("no topic filter given"),
            Self::Filter { filter, error } => write!(f, "topic filter {filter:?}: {error}"),
            Self::Encode(error) => write!(f, "{error}"),
            Self::TooLarge => f.write_str("more filters than the session can keep"),
            Self::PacketTooLarge { size, limit } => packet_too_large(f, *size, *limit),
            Self::Full => f.write_str("no room for another operation"),
            Self::Refused {
                filter,
                reason,
                reason_string: text,
            } => {
                write!(f, "the Server did not unsubscribe {filter:?}: {reason}")?;
                reason_string(f, text.as_deref())
            }
            Self::Discarded => f.write_str("the session was lost before the Server answered"),
            Self::Closed => f.write_str("the client is closed"),
        }
    }
}

impl fmt::Display for DisconnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDrained { pending } => {
                write!(f, "closed with {pending} operations not over")
            }
            Self::Closed => f.write_str("the client is closed"),
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no message",
            Self::Closed => "no message will come",
        })
    }
}

/// The Server's own words, where it has some.
fn reason_string(f: &mut fmt::Formatter<'_>, text: Option<&str>) -> fmt::Result {
    match text {
        Some(text) => write!(f, " ({text})"),
        None => Ok(()),
    }
}

fn packet_too_large(f: &mut fmt::Formatter<'_>, size: usize, limit: u32) -> fmt::Result {
    write!(
        f,
        "the packet has {size} bytes, more than the {limit} that may be sent"
    )
}
