//! An MQTT client for firmware.
#![no_std]
#![forbid(unsafe_code)]
