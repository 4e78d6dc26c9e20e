use core::ops::{Add, Sub};

/// A moment: milliseconds since an epoch of the caller's.
///
/// The session never asks for the time; every call that depends on it is told.
/// A moment earlier than one already told is taken as that one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Duration(u64);

impl Instant {
    /// Of a deadline that there is not. One that saturates at the end of time does not come either.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// Of a deadline: whether it has come.
    pub(crate) fn has_come(self, now: Self) -> bool {
        self <= now && self != Self::NEVER
    }

    /// Of a deadline: as it is told.
    pub(crate) fn deadline(self) -> Option<Self> {
        (self != Self::NEVER).then_some(self)
    }

    /// The moment `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// So much later; saturates at the end of time.
    #[must_use]
    pub const fn saturating_add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(length.0))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// So many seconds; saturates.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// The length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time.
    fn add(self, length: Duration) -> Self {
        self.saturating_add(length)
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

impl From<core::time::Duration> for Duration {
    /// Rounds up to the next millisecond; saturates.
    fn from(length: core::time::Duration) -> Self {
        let nanos = length.subsec_nanos();
        let millis = length.as_secs().saturating_mul(1000);
        Self(millis.saturating_add(u64::from(nanos.div_ceil(1_000_000))))
    }
}

impl From<Duration> for core::time::Duration {
    fn from(length: Duration) -> Self {
        Self::from_millis(length.0)
    }
}
