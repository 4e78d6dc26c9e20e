//! An MQTT client for computers.
#![forbid(unsafe_code)]
