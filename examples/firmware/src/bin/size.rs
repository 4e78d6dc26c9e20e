//! What `cargo xtask size` measures: the same firmware without MQTT and with more and more of it.
#![no_std]
#![no_main]

use cortex_m::singleton;
use cortex_m_rt::entry;
use embedded_io::{Read, Write};
use firmware::uart::Uart;
use firmware::{semihosting, stack};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::exit(false)
}

#[entry]
fn main() -> ! {
    let Some(buffer) = singleton!(: [u8; 256] = [0; 256]) else {
        semihosting::exit(false);
    };
    let success = work(buffer);
    semihosting::number(stack::used());
    semihosting::exit(success)
}

/// Without MQTT: what comes goes back.
#[cfg(not(any(feature = "size-codec")))]
#[inline(never)]
fn work(buffer: &mut [u8; 256]) -> bool {
    let Ok(count) = Uart.read(buffer);
    let Ok(_) = Uart.write(buffer.get(..count).unwrap_or_default());
    true
}

/// The codec alone: every packet that comes goes back, decoded and encoded, in the version that
/// the byte before it names.
#[cfg(feature = "size-codec")]
#[inline(never)]
fn work(buffer: &mut [u8; 256]) -> bool {
    use mqtt_proto::{DecodeOptions, Packet, Role, Version};

    let mut out = [0; 256];
    loop {
        let Ok(count) = Uart.read(buffer);
        let Some((&head, mut input)) = buffer.get(..count).and_then(<[u8]>::split_first) else {
            return true;
        };
        let version = if head & 1 == 0 {
            Version::V3_1_1
        } else {
            Version::V5
        };
        let sender = if head & 2 == 0 {
            Role::Client
        } else {
            Role::Server
        };
        match Packet::decode(&DecodeOptions::new(version, sender), &mut input) {
            Ok(Some(packet)) => match packet.encode(version, &mut out) {
                Ok(length) => {
                    let Ok(_) = Uart.write(out.get(..length).unwrap_or_default());
                }
                Err(_) => return false,
            },
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}
