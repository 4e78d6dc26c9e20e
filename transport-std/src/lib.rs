//! An MQTT client for computers.
#![forbid(unsafe_code)]

mod client;
mod clock;
mod command;
mod completion;
mod connected;
mod connection;
mod dispatch;
mod driver;
mod engine;
mod error;
mod finish;
mod handle;
mod inbound;
mod message;
mod options;
mod property;
mod route;
mod shared;
mod subscribe;
mod subscription;
mod tap;
mod tcp;
mod url;

pub use bytes::Bytes;
pub use client::Client;
pub use connected::Connected;
pub use error::{
    ConnectError, ConnectPhase, ConnectionLost, DisconnectError, OptionsError, PublishError,
    RecvError, Refusal, SubscribeError, UnsubscribeError,
};
pub use handle::{Handle, PublishHandle, UnsubscribeHandle};
pub use message::Message;
pub use mqtt_proto::{
    DecodeError, EncodeError, PacketId, PropertyId, QoS, ReasonCode, RetainHandling,
    SubscriptionIdentifier, SubscriptionOptions, TopicError, TopicErrorKind, Version,
};
pub use mqtt_session::{Limits, Timeout, Violation};
pub use options::{Options, Reconnect};
pub use property::{Properties, Property};
pub use shared::Statistics;
pub use subscribe::{Filter, Subscribe};
pub use subscription::{CallbackSubscription, Iter, Subscribing, Subscription};
pub use tap::Wire;
pub use url::UrlError;
