#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

pub mod embassy;
pub mod modem;
pub mod thermostat;
pub mod tls;
