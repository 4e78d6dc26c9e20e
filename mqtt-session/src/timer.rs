use crate::Instant;

/// Everything that a session can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// CONNACK is missing.
    ConnAck,
    /// PINGREQ becomes due.
    Ping,
    /// PINGRESP is missing.
    PingResp,
    /// A message expires before it was sent.
    Expiry,
    /// The next attempt to connect.
    Reconnect,
}

/// The deadlines of a session, put together from where they belong. None is stored here, so
/// none can be left over.
#[derive(Clone, Debug)]
pub(crate) struct Timers {
    pub(crate) first: Instant,
    pub(crate) timer: Timer,
}

impl Timers {
    pub(crate) fn new(timer: Timer, first: Instant) -> Self {
        Self { first, timer }
    }

    /// Adds a deadline; of equal ones the one that was added first counts.
    pub(crate) fn with(self, timer: Timer, deadline: Instant) -> Self {
        if deadline < self.first {
            Self::new(timer, deadline)
        } else {
            self
        }
    }
}
