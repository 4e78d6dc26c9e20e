use core::future::Future;

use mqtt_session::Instant;

/// Tells the time to the session.
pub trait Clock {
    /// Milliseconds since a moment of the clock's choice. Never goes back, and does not
    /// wrap: extend a hardware counter of 32 bits.
    fn now(&self) -> Instant;
}

/// Wakes the asynchronous driver.
pub trait Timer: Clock {
    /// Is ready once [`now`](Clock::now) has reached `deadline`, at once if it has already.
    /// May be dropped at any time.
    fn wait_until(&self, deadline: Instant) -> impl Future<Output = ()>;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Instant {
        (**self).now()
    }
}

impl<C: Timer + ?Sized> Timer for &C {
    fn wait_until(&self, deadline: Instant) -> impl Future<Output = ()> {
        (**self).wait_until(deadline)
    }
}

/// The clock and timer of `embassy-time`.
#[cfg(feature = "embassy-time")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EmbassyClock;

#[cfg(feature = "embassy-time")]
impl Clock for EmbassyClock {
    fn now(&self) -> Instant {
        Instant::from_millis(embassy_time::Instant::now().as_millis())
    }
}

#[cfg(feature = "embassy-time")]
impl Timer for EmbassyClock {
    fn wait_until(&self, deadline: Instant) -> impl Future<Output = ()> {
        embassy_time::Timer::at(embassy_time::Instant::from_millis(deadline.as_millis()))
    }
}
