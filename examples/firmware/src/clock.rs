//! Milliseconds since reset, counted by SysTick.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::task::Poll;

use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_rt::exception;
use mqtt_session::Instant;
use transport_embedded::{Clock, Timer};

/// The reset value of RCC divides the 200 MHz PLL by 16.
const CORE_CLOCK_HZ: u32 = 12_500_000;

static MILLIS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// The clock that SysTick drives.
#[derive(Clone, Copy, Debug)]
pub struct SysTickClock;

impl SysTickClock {
    /// Starts the clock.
    pub fn start(mut systick: SYST) -> Self {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(CORE_CLOCK_HZ / 1000 - 1);
        systick.clear_current();
        systick.enable_counter();
        systick.enable_interrupt();
        Self
    }
}

impl Clock for SysTickClock {
    fn now(&self) -> Instant {
        Instant::from_millis(interrupt::free(|section| MILLIS.borrow(section).get()))
    }
}

impl Timer for SysTickClock {
    /// The executor polls after each tick, so that there is nothing to register.
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

#[exception]
fn SysTick() {
    interrupt::free(|section| {
        let millis = MILLIS.borrow(section);
        millis.set(millis.get().wrapping_add(1));
    });
}
