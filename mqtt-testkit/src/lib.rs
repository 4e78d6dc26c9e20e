//! What tests and tryouts stand on: an MQTT broker in memory, and a world of virtual time.
//!
//! **This is for tests.** The [`Broker`] follows the specification, keeps nothing on disk, has no
//! access rules to speak of, no TLS, and looks at every session for every message. One outgrows
//! it into mosquitto, EMQX or any other broker by changing one URL: nothing else in a client
//! knows which broker it talks to.
//!
//! | for | take |
//! |---|---|
//! | trying a client out, testing one over a socket | [`TcpBroker`]: a URL to connect to |
//! | testing against the server's side byte by byte | [`Broker`]: no I/O, no clock |
//! | testing what happens when networks fail | [`World`]: seeded, in virtual time |
//!
//! # Growing out of it
//! ```
//! use mqtt_testkit::TcpBroker;
//!
//! # fn main() -> std::io::Result<()> {
//! let broker = TcpBroker::start()?;
//! let url = std::env::var("MQTT_URL").unwrap_or_else(|_| broker.url());
//! // Hand `url` to your client; with MQTT_URL=mqtt://your.broker:1883 it talks to that one.
//! assert!(url.starts_with("mqtt"));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod broker;
mod tcp;
mod world;

pub use broker::{Broker, BrokerOptions, ConnectionId};
pub use tcp::TcpBroker;
pub use world::{Client, ClientId, ClientOptions, Delivered, Faults, Outcome, World};
