//! The MQTT session as a deterministic state machine, for 3.1.1 and 5.0: bytes and time in; bytes,
//! events and deadlines out.
//!
//! A [`Session`] is a Client's end of MQTT without socket, clock, thread or allocator. It does the
//! QoS handshakes both ways, keeps the connection alive, obeys the Server's limits, and carries on
//! where it was when a connection is lost. Whoever drives it moves the bytes and tells the time: the
//! crates `transport-std` and `transport-embedded` do, and so can any loop of your own:
//!
//! ```text
//!              commands: connect publish subscribe unsubscribe acknowledge disconnect
//!                                     │
//!  socket ── bytes ──> handle_input ──┤                   ┌── events (borrow the input, never the session)
//!  clock ─── now ────> handle_timeout ┤──  Session<S>  ───┼── poll_transmit(now, &mut [u8]) -> usize
//!  socket closed ────> handle_close ──┘                   ├── poll_timeout() -> Option<Instant>
//!                                                         └── poll_completed() -> Option<(Token, Completion)>
//! ```
//!
//! There are four kinds of method: getters; commands, which are plain verbs; `handle_*`, something
//! happened; `poll_*`, take what the session owes you. One rule of order: after any change, pay the
//! debts, that is, call `poll_transmit` until it gives 0 (and `poll_payload` if you stream payloads),
//! `poll_completed` until it gives `None`, and wait no longer than `poll_timeout` says. Extra calls
//! are harmless.
//!
//! # A whole conversation
//! The Server is played from a script here; a transport would read from its socket.
//! ```
//! use mqtt_proto::{Connect, QoS, Version};
//! use mqtt_session::{Config, Event, Inline, Instant, Progress, Publish, Session};
//!
//! // Room for 512 bytes of packets in 4 operations, and 4 incoming messages; no heap.
//! let mut session: Session<Inline<512, 4, 4>> = Session::new(Config::new(Version::V3_1_1));
//! let now = Instant::from_millis(0);
//! let mut transmit = [0; 64];
//! let mut scratch = [0; 256];
//!
//! // A transport was opened: CONNECT goes first.
//! let connect = Connect::new(Version::V3_1_1, "kitchen");
//! let (len, mut reader) = session.connect(now, &connect, &mut transmit, &mut scratch)?;
//! assert_eq!(transmit[..len], *b"\x10\x13\0\x04MQTT\x04\x02\0\x3C\0\x07kitchen");
//!
//! // Published at once, sent after CONNACK.
//! let token = session.publish(now, &Publish::new("tea", b"ready").qos(QoS::AtLeastOnce))?;
//! assert_eq!(session.poll_transmit(now, &mut transmit), 0);
//!
//! // The Server: CONNACK, a message at QoS 1, and the PUBACK of ours.
//! let script: &[u8] = b"\x20\x02\0\0\x32\x0C\0\x04door\0\x07bell\x40\x02\0\x01";
//! let mut input = &script[..4];
//! let progress = session.handle_input(now, &mut reader, &mut input);
//! assert!(matches!(progress, Progress::Event(Event::Connected(_))));
//! let len = session.poll_transmit(now, &mut transmit);
//! assert_eq!(transmit[..len], *b"\x32\x0C\0\x03tea\0\x01ready");
//!
//! let mut input = &script[4..];
//! let mut seen = 0;
//! while let Progress::Event(event) = session.handle_input(now, &mut reader, &mut input) {
//!     match event {
//!         Event::Message(message) => {
//!             assert_eq!((message.topic.as_str(), message.payload), ("door", &b"bell"[..]));
//!             seen += 1;
//!         }
//!         Event::Published(published) => {
//!             assert_eq!(published.token, token);
//!             seen += 1;
//!         }
//!         other => unreachable!("{other:?}"),
//!     }
//! }
//! assert!(seen == 2 && input.is_empty());
//!
//! // The message is acknowledged, and in 60 seconds of silence a PINGREQ will be due.
//! let len = session.poll_transmit(now, &mut transmit);
//! assert_eq!(transmit[..len], *b"\x40\x02\0\x07");
//! assert_eq!(session.poll_timeout(), Some(Instant::from_millis(60_000)));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What to know
//! - **Storage.** [`Inline`] keeps all tables inside the session and needs no allocator; [`Heap`]
//!   grows. Every limit refuses with a typed error before it is reached.
//! - **Payloads have no size limit.** An incoming one arrives as [`Event::Message`] and then
//!   [`Event::Payload`]s, in whatever pieces the transport reads; an outgoing one can be
//!   [`Payload::Streamed`].
//! - **Nothing ends silently.** Each accepted operation ends in exactly one event
//!   ([`Event::Published`], [`Event::Subscribed`], [`Event::Unsubscribed`]) or one [`Completion`].
//! - **What the Server does wrong** is an [`Event::Disconnected`]; `poll_transmit` then still gives
//!   the DISCONNECT that 5.0 asks for. What the application does wrong is an `Err`, after which the
//!   session is as it was.
//! - **Determinism.** The same calls give the same bytes; a session is `Clone`, `Eq` and `Hash`, so a
//!   test can fork it and compare.
//! - **The Server's side.** [`Sender`] and [`Receiver`] are the two flows of section 4.3 of the
//!   specification, blind to the role: a broker can be built of them.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod config;
mod connection;
mod error;
mod event;
#[cfg(feature = "defmt")]
mod format;
mod publish;
mod reconnect;
mod session;
mod session_state;
mod storage;
mod time;

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
