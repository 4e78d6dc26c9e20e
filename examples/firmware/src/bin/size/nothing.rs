//! Without MQTT: what comes goes back, until a zero.

use crate::PolledClock;
use embedded_io::{Read, Write};
use firmware::uart::Uart;
use transport_embedded::Clock;

#[inline(never)]
pub fn run(clock: &PolledClock) -> bool {
    let mut byte = [0];
    loop {
        let Ok(_) = Uart.read(&mut byte);
        if byte == [0] || clock.now().as_millis() == u64::MAX {
            return true;
        }
        let Ok(_) = Uart.write(&byte);
    }
}
