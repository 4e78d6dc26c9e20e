use super::entry::Entry;

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

    fn of(entry: &Entry) -> (u32, u32) {
        let control = entry.kind.is_control() && entry.is_unsent();
        (entry.counts_as_sent().into(), control.into())
    }
}
