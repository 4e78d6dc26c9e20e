//! The MQTT session as a deterministic state machine.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod config;
mod connection;
mod error;
mod event;
mod publish;
mod reconnect;
mod session;
mod session_state;
mod storage;
mod time;
mod timer;

pub use config::{Config, Reconnect};
pub use connection::{Limits, State};
pub use error::{
    AcknowledgeError, AuthError, ConnectError, DisconnectError, PublishError, SubscribeError,
};
pub use event::{
    AckToken, Completion, Disconnected, Event, Message, PayloadChunk, PayloadDue, Progress,
    Published, Subscribed, Timeout, Token, Violation,
};
pub use publish::{Payload, Publish};
pub use session::Session;
pub use session_state::{Receiver, Reception, Sender};
#[cfg(feature = "alloc")]
pub use storage::Heap;
pub use storage::{Inline, Storage};
pub use time::{Duration, Instant};
