//! The MQTT session as a deterministic state machine.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod config;
mod error;
mod event;
mod session;
mod storage;
mod time;

pub use config::{Config, Reconnect};
pub use error::{
    AcknowledgeError, AuthError, ConnectError, DisconnectError, PublishError, SubscribeError,
};
pub use event::{
    AckToken, Completion, Disconnected, Event, Message, PayloadChunk, PayloadDue, Progress,
    Published, Subscribed, Timeout, Token, Violation,
};
pub use session::{Limits, Payload, Publish, Session, State};
#[cfg(feature = "alloc")]
pub use storage::Heap;
pub use storage::{Inline, Storage};
pub use time::{Duration, Instant};
