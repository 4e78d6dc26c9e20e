//! The codec alone: packets come, each after a byte that tells its length and one that tells its
//! version (bit 0) and sender (bit 1), and go back decoded and encoded, until a zero.

use core::ptr::addr_of_mut;

use crate::PolledClock;
use embedded_io::{Read, Write};
use firmware::uart::Uart;
use mqtt_proto::{DecodeOptions, Packet, Role, Version};
use transport_embedded::Clock;

static mut INPUT: [u8; 256] = [0; 256];
static mut OUTPUT: [u8; 256] = [0; 256];

#[inline(never)]
pub fn run(clock: &PolledClock) -> bool {
    // SAFETY: the only reference to each, for this runs once and there is one thread.
    let (buffer, output) = unsafe { (&mut *addr_of_mut!(INPUT), &mut *addr_of_mut!(OUTPUT)) };
    loop {
        let mut head = [0; 2];
        receive(&mut head[..1]);
        if head[0] == 0 || clock.now().as_millis() == u64::MAX {
            return true;
        }
        receive(&mut head[1..]);
        let Some(input) = buffer.get_mut(..usize::from(head[0])) else {
            return false;
        };
        receive(input);
        let version = if head[1] & 1 == 0 {
            Version::V3_1_1
        } else {
            Version::V5
        };
        let sender = if head[1] & 2 == 0 {
            Role::Client
        } else {
            Role::Server
        };
        let mut input = &*input;
        let Ok(Some(packet)) = &Packet::decode(&DecodeOptions::new(version, sender), &mut input)
        else {
            return false;
        };
        let Ok(length) = packet.encode(version, output) else {
            return false;
        };
        let Ok(_) = Uart.write(output.get(..length).unwrap_or_default());
    }
}

fn receive(buffer: &mut [u8]) {
    for byte in buffer {
        let Ok(_) = Uart.read(core::slice::from_mut(byte));
    }
}
