//! Programs that show MQTT at work.

/// The programs in the README compile, and those that need no server run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
