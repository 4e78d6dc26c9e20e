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
#[cfg(feature = "size-everything")]
#[path = "size/everything.rs"]
mod work;
#[cfg(not(any(
    feature = "size-client",
    feature = "size-codec",
    feature = "size-everything"
)))]
#[path = "size/nothing.rs"]
mod work;

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::task::Poll;

use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_rt::entry;
use firmware::{semihosting, stack};
use mqtt_session::Instant;
use transport_embedded::{Clock, Timer};

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    // If nobody looked at what is said, all panics would be the same function, and those that the
    // compiler puts behind the end of an async function could not be told from others.
    #[cfg(feature = "size-everything")]
    core::hint::black_box(info);
    #[cfg(not(feature = "size-everything"))]
    let _ = info;
    semihosting::exit(false)
}

#[entry]
fn main() -> ! {
    let Some(core) = cortex_m::Peripherals::take() else {
        semihosting::exit(false);
    };
    let success = work::run(&PolledClock::start(core.SYST));
    semihosting::number(stack::used());
    semihosting::exit(success)
}

/// Counts milliseconds when it is asked, and so misses some: no interrupt may come upon the stack
/// that is measured.
pub struct PolledClock {
    systick: RefCell<SYST>,
    millis: Cell<u64>,
}

impl PolledClock {
    fn start(mut systick: SYST) -> Self {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(12_500 - 1);
        systick.clear_current();
        systick.enable_counter();
        Self {
            systick: RefCell::new(systick),
            millis: Cell::new(0),
        }
    }
}

impl Clock for PolledClock {
    fn now(&self) -> Instant {
        if self
            .systick
            .try_borrow_mut()
            .is_ok_and(|mut systick| systick.has_wrapped())
        {
            self.millis.set(self.millis.get().wrapping_add(1));
        }
        Instant::from_millis(self.millis.get())
    }
}

impl Timer for PolledClock {
    fn wait_until(&self, deadline: Instant) -> impl Future<Output = ()> {
        poll_fn(move |_| {
            if self.now() < deadline {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    }
}
