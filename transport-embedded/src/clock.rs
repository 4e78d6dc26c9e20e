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
        embassy_time::Timer::at(at_or_after(deadline))
    }
}

/// The first tick at which [`Clock::now`] has reached `deadline`. `Instant::from_millis` would round
/// down, to one before it.
#[cfg(feature = "embassy-time")]
fn at_or_after(deadline: Instant) -> embassy_time::Instant {
    let since_boot = embassy_time::Duration::from_millis(deadline.as_millis());
    embassy_time::Instant::from_ticks(since_boot.as_ticks())
}

#[cfg(all(test, feature = "embassy-time"))]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_not_ready_before_its_deadline() {
        for millis in (0..2000).chain([u64::from(u32::MAX), 1 << 40]) {
            let woken = at_or_after(Instant::from_millis(millis));
            assert_eq!(woken.as_millis(), millis);
            let before = woken.as_ticks().checked_sub(1);
            let before = before.map(|ticks| embassy_time::Instant::from_ticks(ticks).as_millis());
            assert!(before.is_none_or(|before| before < millis));
        }
    }
}
