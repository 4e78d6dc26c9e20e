//! The MQTT session.
#![no_std]
#![forbid(unsafe_code)]
