//! For tests and tryouts.
#![forbid(unsafe_code)]
mod broker;
mod tcp;
pub use broker::{Broker, BrokerOptions, ConnectionId};
pub use tcp::TcpBroker;
