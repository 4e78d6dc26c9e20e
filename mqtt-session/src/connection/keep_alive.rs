use crate::{Duration, Instant};

/// The Keep Alive of one Network Connection (section 3.1.2.10).
///
/// A PINGREQ is due when nothing was sent for the Keep Alive [MQTT-3.1.2-20], and also when nothing
/// was received for so long, which is how a half-open link is noticed. If then nothing comes for
/// the ping timeout, the connection is dead. Bytes that arrive postpone that end, and so do those
/// that leave while the PINGREQ waits behind them: a large payload on a slow link, in either
/// direction, must not be taken for silence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeepAlive {
    /// Seconds; zero: none.
    interval: u16,
    last_sent: Instant,
    last_received: Instant,
    /// Whether a PINGREQ is to be handed out.
    due: bool,
    /// Whether a PINGRESP is missing.
    unanswered: bool,
    /// Since when it is missing: when the first PINGREQ without one was handed out; else since
    /// when a PINGREQ is due.
    since: Instant,
    /// Whether the transport is being read.
    reading: bool,
}

impl KeepAlive {
    /// None, until CONNACK says what is in force.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            interval: 0,
            last_sent: now,
            last_received: now,
            due: false,
            unanswered: false,
            since: now,
            reading: true,
        }
    }

    pub(crate) fn start(&mut self, seconds: u16) {
        self.interval = seconds;
    }

    pub(crate) fn sent(&mut self, now: Instant) {
        self.last_sent = now;
    }

    pub(crate) fn received(&mut self, now: Instant) {
        self.last_received = now;
    }

    pub(crate) fn answered(&mut self) {
        self.unanswered = false;
    }

    pub(crate) fn set_reading(&mut self, now: Instant, reading: bool) {
        if reading && !self.reading {
            self.last_received = now;
        }
        self.reading = reading;
    }

    /// When [`ping`](Self::ping) is to be called.
    pub(crate) fn next_ping(&self) -> Instant {
        if self.interval == 0 || self.due {
            return Instant::NEVER;
        }
        let quiet_since = if !self.unanswered && self.reading {
            self.last_sent.min(self.last_received)
        } else {
            self.last_sent
        };
        quiet_since.saturating_add(Duration::from_secs(self.interval.into()))
    }

    pub(crate) fn ping(&mut self, now: Instant) {
        self.due = true;
        if !self.unanswered {
            self.since = now;
        }
    }

    pub(crate) fn is_ping_due(&self) -> bool {
        self.due
    }

    pub(crate) fn pinged(&mut self, now: Instant) {
        self.due = false;
        if !self.unanswered {
            self.unanswered = true;
            self.since = now;
        }
    }

    /// When the connection is dead, unless something comes.
    pub(crate) fn next_death(&self, timeout: Duration) -> Instant {
        let since = match (self.unanswered, self.due) {
            (true, _) => self.since,
            (false, true) => self.since.max(self.last_sent),
            (false, false) => return Instant::NEVER,
        };
        if !self.reading {
            return Instant::NEVER;
        }
        since.max(self.last_received).saturating_add(timeout)
    }
}
