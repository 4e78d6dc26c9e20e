//! An MQTT client for firmware.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod asynchronous;
mod blocking;
mod buffers;
mod client;
mod clock;
mod commands;
mod connection;
mod link;
mod step;
#[cfg(test)]
mod tests;

pub use buffers::{Buffers, Resources};
pub use client::Client;
#[cfg(feature = "embassy-time")]
pub use clock::EmbassyClock;
pub use clock::{Clock, Timer};
pub use commands::Commands;
pub use connection::Connection;
pub use step::Step;
