//! An MQTT client for firmware.
#![no_std]
#![forbid(unsafe_code)]

mod asynchronous;
mod blocking;
mod buffers;
mod client;
mod clock;
mod commands;
mod connection;
mod link;
mod step;

pub use buffers::{Buffers, Resources};
pub use client::Client;
#[cfg(feature = "embassy-time")]
pub use clock::EmbassyClock;
pub use clock::{Clock, Timer};
pub use commands::Commands;
pub use connection::Connection;
pub use step::Step;
