use super::entry::Entry;
use crate::Instant;
use crate::storage::SendTable;

/// What follows from the entries and would be slow to count each time: the table keeps it
/// where it changes them, nobody else writes it, and a test counts again after each step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Quota {
    /// QoS 1 and 2 PUBLISH handed out on this connection, without PUBACK or PUBREC.
    pub(super) sent: u32,
    /// Packets that no quota delays and that wait to be handed out.
    pub(super) controls: u32,
}

impl Quota {
    pub(super) fn add(&mut self, entry: &Entry) {
        let (sent, controls) = Self::of(entry);
        self.sent = self.sent.saturating_add(sent);
        self.controls = self.controls.saturating_add(controls);
    }

    pub(super) fn subtract(&mut self, entry: &Entry) {
        let (sent, controls) = Self::of(entry);
        self.sent = self.sent.saturating_sub(sent);
        self.controls = self.controls.saturating_sub(controls);
    }

    pub(super) fn count(entries: &impl SendTable) -> Self {
        let mut quota = Self::default();
        for entry in (0..entries.len()).filter_map(|index| entries.get(index)) {
            quota.add(entry);
        }
        quota
    }

    fn of(entry: &Entry) -> (u32, u32) {
        let control = entry.kind.is_control() && entry.is_unsent();
        (entry.counts_as_sent().into(), control.into())
    }
}

/// When the first of the entries expires.
pub(super) fn next_expiry(entries: &impl SendTable) -> Option<Instant> {
    let entries = (0..entries.len()).filter_map(|index| entries.get(index));
    entries.filter_map(Entry::expiry).min()
}
