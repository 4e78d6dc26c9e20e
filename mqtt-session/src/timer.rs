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
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    first: Option<(Instant, Timer)>,
}

impl Timers {
    /// Adds a deadline, if there is one.
    pub(crate) fn with(self, timer: Timer, deadline: Option<Instant>) -> Self {
        match (self.first, deadline) {
            (Some((first, _)), Some(deadline)) if first <= deadline => self,
            (_, Some(deadline)) => Self {
                first: Some((deadline, timer)),
            },
            (_, None) => self,
        }
    }

    /// The first deadline; of equal ones that which was added first.
    pub(crate) fn first(&self) -> Option<(Instant, Timer)> {
        self.first
    }
}
