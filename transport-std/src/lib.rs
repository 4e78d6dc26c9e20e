//! A blocking MQTT client for computers, for MQTT 3.1.1 and 5.0, over TCP.
//!
//! ```
//! use transport_std::{Client, Message, Options, QoS};
//!
//! # let broker = mqtt_testkit::TcpBroker::start()?;
//! # let url = broker.url();
//! // "mqtt://user:password@host:port"
//! let client = Client::connect(Options::from_url(&url)?.client_id("greenhouse"))?;
//!
//! let levels = client.subscribe(("tank/+/level", QoS::AtLeastOnce))?;
//! let handle = client.publish(Message::new("tank/1/level", "73").qos(QoS::AtLeastOnce))?;
//! handle.wait()?; // the Server has it
//!
//! let message = levels.recv()?;
//! assert_eq!(message.topic, "tank/1/level");
//! assert_eq!(message.payload, "73");
//!
//! client.disconnect()?; // after what is in flight
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Outcomes
//!
//! Whatever the caller asks for ends in a result that says what became of it: nothing is dropped
//! in silence, and nothing is promised that is not known. What can be told at once (a wildcard in
//! a topic name, a filter such as `a/#/b`) is the error of the call; all else is that of the
//! [`Handle`], which survives reconnects.
//!
//! | publish | is over when |
//! | --- | --- |
//! | QoS 0 | it was written to the transport; an error while there is no connection |
//! | QoS 1, QoS 2 | the Server has it; kept across connections until then |
//!
//! When the Server lost the Session, QoS 1 is sent again, QoS 2 that was sent fails with
//! [`PublishError::Discarded`] (it might arrive twice), and subscriptions are made again. What was
//! published before the client is connected again goes first: where it matches a subscription of
//! the same client it does not come back, since the Server has that only after it.
//!
//! # Threads
//!
//! ```text
//!  any thread ── publish, subscribe ──> I/O thread <── bytes ──> Server
//!             <── messages, outcomes ──     │
//!                                           └── messages, hooks ──> callback thread
//! ```
//!
//! The I/O thread runs none of the user's code, so that the connection lives whatever that does.
//! Callbacks and hooks have a thread of their own and run there one at a time, in order; they may
//! block, publish, subscribe, and wait for the outcome:
//!
//! ```
//! use transport_std::{Client, Message, Options, QoS};
//!
//! # let broker = mqtt_testkit::TcpBroker::start()?;
//! # let url = broker.url();
//! let client = Client::connect(Options::from_url(&url)?)?;
//! let answers = client.subscribe(("answer", QoS::AtLeastOnce))?;
//!
//! let inside = client.clone();
//! client.subscribe_with(("question", QoS::AtLeastOnce), move |question| {
//!     let answer = Message::new("answer", question.payload).qos(QoS::AtLeastOnce);
//!     let published = inside.publish(answer).and_then(|handle| handle.wait());
//!     published.expect("the Server takes the answer");
//! })?;
//!
//! client.publish(Message::new("question", "6 * 7"))?;
//! assert_eq!(answers.recv()?.payload, "6 * 7");
//! client.disconnect()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Memory is bounded in both directions. A message is acknowledged when its consumer has it: when
//! it is taken from a [`Subscription`], or when the callback has returned. A consumer that has
//! [`Options::inbound_capacity`] messages waiting holds back the Server, not memory: the client
//! stops reading, and its pings go on. Outgoing messages share [`Options::maximum_outbox`] bytes;
//! [`Client::publish`] waits for room, [`Client::try_publish`] does not.
//!
//! While somebody is waiting for the outcome of an operation, the client reads on: the answer may
//! be behind the messages. What all consumers together may have waiting then is bounded in bytes,
//! by [`Options::maximum_inbox`]: beyond it the client reads for nobody. See [`Subscription`] and
//! [`Handle::wait`].
//!
//! What the Server takes at most, a Server of 5.0 says, and a larger message fails at once. One of
//! 3.1.1 can only close the connection, as often as the message is sent: such a message of QoS 1
//! or 2 never ends, and holds up what comes after it. Where such a limit is known, say it with
//! [`Options::maximum_outgoing_packet_size`]: then a larger message is an error of the call.
//! [`Options::on_connection_lost`] tells of each loss, and the log how many in a row the oldest
//! publish has outlived.
//!
//! All subscriptions share one connection: where messages wait unacknowledged for one consumer,
//! the Server may hold back those of another.
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
mod inbox;
mod message;
mod options;
mod packet_limit;
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
    DecodeError, EncodeError, Leniency, PacketId, PropertyId, QoS, ReasonCode, RetainHandling,
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
