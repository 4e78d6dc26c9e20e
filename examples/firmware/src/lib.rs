//! The board: a Stellaris LM3S6965 (Cortex-M3, 256 KiB of flash, 64 KiB of RAM) as QEMU emulates it.
#![no_std]

pub mod clock;
pub mod ethernet;
pub mod executor;
pub mod net;
pub mod semihosting;
pub mod stack;
pub mod uart;
