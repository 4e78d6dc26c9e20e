use crate::{Duration, Instant, Reconnect};

/// When to connect again. Pure: its randomness comes from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Backoff {
    phase: Phase,
    /// The last delay, before a part was taken off; zero: none since a Server accepted.
    full: Duration,
    random: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// The application ended the connection itself.
    Off,
    /// A connection is up, or the application is opening one.
    Trying,
    Waiting(Instant),
}

impl Backoff {
    pub(crate) fn new(policy: Option<&Reconnect>) -> Self {
        let seed = policy.map_or(0, |policy| policy.seed);
        Self {
            phase: Phase::Trying,
            full: Duration::ZERO,
            // A xorshift stays at zero for ever.
            random: if seed == 0 { 0x9E37_79B9 } else { seed },
        }
    }

    /// `connect` was called.
    pub(crate) fn connecting(&mut self) {
        self.phase = Phase::Trying;
    }

    /// The Server accepted.
    pub(crate) fn connected(&mut self) {
        self.full = Duration::ZERO;
    }

    /// The application ended the connection.
    pub(crate) fn stop(&mut self) {
        self.phase = Phase::Off;
    }

    /// The connection was lost or could not be opened. Said again, it changes nothing.
    pub(crate) fn lost(&mut self, now: Instant, policy: Option<&Reconnect>) {
        if let (Phase::Trying, Some(policy)) = (&self.phase, policy) {
            let delay = self.delay(policy);
            self.phase = Phase::Waiting(now.saturating_add(delay));
        }
    }

    /// When [`due`](Self::due) is to be called.
    pub(crate) fn next_attempt(&self) -> Instant {
        match self.phase {
            Phase::Waiting(until) => until,
            Phase::Off | Phase::Trying => Instant::NEVER,
        }
    }

    /// It is time.
    pub(crate) fn due(&mut self) {
        self.phase = Phase::Trying;
    }

    fn delay(&mut self, policy: &Reconnect) -> Duration {
        let maximum = policy.maximum.as_millis();
        let full = match self.full.as_millis() {
            0 => policy.minimum.as_millis().min(maximum),
            last if last > maximum >> 1 => maximum,
            last => last << 1,
        };
        self.full = Duration::from_millis(full);
        // The upper half of the product is the random number scaled to 0..=half; a division of
        // 64 bits would cost a microcontroller 400 bytes.
        let half = u32::try_from(full >> 1).unwrap_or(u32::MAX);
        let choices = u64::from(half).saturating_add(1);
        let off = u64::from(self.next_random()).saturating_mul(choices) >> 32;
        Duration::from_millis(full.saturating_sub(off))
    }

    /// Marsaglia's xorshift.
    fn next_random(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const POLICY: Reconnect = Reconnect {
        minimum: Duration::from_millis(1000),
        maximum: Duration::from_millis(60_000),
        seed: 7,
    };

    fn delays(policy: &Reconnect, count: usize) -> Vec<u64> {
        let mut backoff = Backoff::new(Some(policy));
        let mut delays = Vec::new();
        for _ in 0..count {
            backoff.lost(Instant::from_millis(0), Some(policy));
            delays.push(backoff.next_attempt().as_millis());
            backoff.due();
        }
        delays
    }

    #[test]
    fn each_delay_is_between_half_of_the_doubled_one_and_all_of_it() {
        for (attempt, delay) in delays(&POLICY, 100).into_iter().enumerate() {
            let full = 1000_u64.checked_shl(attempt as u32).unwrap_or(u64::MAX);
            let full = if attempt > 6 {
                60_000
            } else {
                full.min(60_000)
            };
            assert!((full / 2..=full).contains(&delay), "{attempt}: {delay}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let other = Reconnect { seed: 8, ..POLICY };
        assert_eq!(delays(&POLICY, 10), delays(&POLICY, 10));
        assert_ne!(delays(&POLICY, 10), delays(&other, 10));
        let zero = Reconnect { seed: 0, ..POLICY };
        assert_ne!(delays(&zero, 10)[8], delays(&zero, 10)[9]);
    }

    #[test]
    fn success_begins_anew_and_a_request_ends_it() {
        let mut backoff = Backoff::new(Some(&POLICY));
        for _ in 0..9 {
            backoff.lost(Instant::from_millis(0), Some(&POLICY));
            backoff.due();
        }
        backoff.connected();
        backoff.lost(Instant::from_millis(0), Some(&POLICY));
        let first = backoff.next_attempt();
        assert!(first.as_millis() <= 1000);
        backoff.lost(Instant::from_millis(500), Some(&POLICY));
        assert_eq!(backoff.next_attempt(), first, "said again");
        backoff.stop();
        backoff.lost(Instant::from_millis(0), Some(&POLICY));
        assert_eq!(backoff.next_attempt(), Instant::NEVER);
    }
}
