//! What `cargo xtask size` measures: the same firmware without MQTT and with more and more of it.
//! All talk over UART0 and print how much of the stack was used.
#![no_std]
#![no_main]

#[cfg(feature = "size-client")]
#[path = "size/client.rs"]
mod work;
#[cfg(feature = "size-codec")]
#[path = "size/codec.rs"]
mod work;
#[cfg(not(any(feature = "size-client", feature = "size-codec")))]
#[path = "size/nothing.rs"]
mod work;

use cortex_m_rt::entry;
use firmware::clock::SysTickClock;
use firmware::{semihosting, stack};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::exit(false)
}

#[entry]
fn main() -> ! {
    let Some(core) = cortex_m::Peripherals::take() else {
        semihosting::exit(false);
    };
    let success = work::run(SysTickClock::start(core.SYST));
    semihosting::number(stack::used());
    semihosting::exit(success)
}
