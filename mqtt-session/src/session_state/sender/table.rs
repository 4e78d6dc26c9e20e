use core::cmp::Ordering;

use mqtt_proto::{PacketId, ReasonCode};

use crate::session_state::entry::{Entry, EntryState, Section};
use crate::session_state::quota::Quota;
use crate::storage::SendTable;
use crate::{Completion, Instant, Token};

/// The operations in order, in three sections.
///
/// ```text
///    0        ended             released                            len
///    ├──────────┼──────────┬───────┼──────────────┬──────────────────┤
///    │  Ended   │ PubRel-  │ PubRel│ sent PUBLISH,│ waiting, in the  │
///    │          │ Sent     │ Due   │ SUBSCRIBE, ..│ order of publish │
///    ├──────────┼──────────┴───────┼──────────────┴──────────────────┤
///               in the order of PUBREC            next
/// ```
///
/// The bounds, the two cursors and the quota follow from the entries. They are kept here, and
/// here alone, so that a hundred thousand operations do not mean as many walks over the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Table<T> {
    slots: T,
    ended: usize,
    released: usize,
    /// All released entries before this one are `PubRelSent`.
    next_release: usize,
    /// All entries of the rest before this one are `Sent`.
    next: usize,
    quota: Quota,
    /// Not later than the first expiry.
    expiry: Instant,
}

impl<T: SendTable> Default for Table<T> {
    fn default() -> Self {
        Self {
            slots: T::default(),
            ended: 0,
            released: 0,
            next_release: 0,
            next: 0,
            quota: Quota::default(),
            expiry: Instant::NEVER,
        }
    }
}

/// Getters.
impl<T: SendTable> Table<T> {
    pub(super) fn slots(&self) -> &T {
        &self.slots
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.slots.get(index)
    }

    /// Operations that have not ended.
    pub(super) fn pending(&self) -> usize {
        self.slots.len().saturating_sub(self.ended)
    }

    /// QoS 1 and 2 PUBLISH whose last acknowledgement has not come [MQTT-3.3.4-7]. A message is
    /// among them until PUBCOMP, not only until PUBREC.
    pub(super) fn in_flight(&self) -> usize {
        let released = self.released.saturating_sub(self.ended);
        released.saturating_add(usize::try_from(self.quota.sent).unwrap_or(usize::MAX))
    }

    /// When `expire` is to be called, or earlier.
    pub(super) fn expiry(&self) -> Instant {
        self.expiry
    }

    /// The entry that has the packet identifier.
    pub(super) fn find(&self, packet_id: PacketId) -> Option<usize> {
        self.position(self.slots.token_of(packet_id)?)
    }

    /// The entry of a token that has not ended.
    pub(super) fn position(&self, token: Token) -> Option<usize> {
        let is_it = |&index: &usize| self.token_at(index) == Some(token);
        // Acknowledgements come in order, so among the released it is the first, as a rule.
        let in_rest = self.position_in_rest(token);
        in_rest.or_else(|| (self.ended..self.released).find(is_it))
    }

    /// The entry of a token that was not released: in the rest, tokens ascend.
    pub(super) fn position_in_rest(&self, token: Token) -> Option<usize> {
        let (mut low, mut high) = (self.released, self.slots.len());
        // What is being handed out is at the cursor, as a rule.
        if self.token_at(self.next) == Some(token) {
            return Some(self.next);
        }
        while low < high {
            let middle = low.midpoint(high);
            match self.token_at(middle)?.cmp(&token) {
                Ordering::Less => low = middle.saturating_add(1),
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The first PUBREL that is due.
    pub(super) fn pubrel_due(&mut self) -> Option<(usize, PacketId)> {
        while self.next_release < self.released {
            let entry = self.slots.get(self.next_release)?;
            if entry.state == EntryState::PubRelDue {
                return Some((self.next_release, entry.packet_id?));
            }
            self.next_release = self.next_release.saturating_add(1);
        }
        None
    }

    /// The first entry that waits to be handed out.
    pub(super) fn unsent(&mut self) -> Option<usize> {
        loop {
            if self.slots.get(self.next)?.is_unsent() {
                return Some(self.next);
            }
            self.next = self.next.saturating_add(1);
        }
    }

    /// The first waiting entry from `from` on that no quota delays and that `allowed` allows.
    pub(super) fn unsent_control(
        &self,
        from: usize,
        allowed: impl Fn(&Entry) -> bool,
    ) -> Option<usize> {
        if self.quota.controls == 0 {
            return None;
        }
        let waits = |entry: &Entry| entry.kind.is_control() && entry.is_unsent();
        let fits = |&index: &usize| self.get(index).is_some_and(|it| waits(it) && allowed(it));
        (from..self.slots.len()).find(fits)
    }
}

/// Changes.
impl<T: SendTable> Table<T> {
    pub(super) fn push(&mut self, entry: Entry, len: usize, write: impl FnOnce(&mut [u8])) {
        let copy = entry.clone();
        self.slots.push(entry, len, write);
        self.quota.add(&copy);
        self.expiry = self.expiry.min(copy.expiry());
    }

    pub(super) fn set_state(&mut self, index: usize, state: EntryState) {
        if let Some(entry) = self.slots.get_mut(index) {
            self.quota.subtract(entry);
            entry.state = state;
            self.quota.add(entry);
        }
        if state == EntryState::PubRelDue {
            // Also where PUBREC comes again for one whose PUBREL was sent.
            self.next_release = self.next_release.min(index);
        }
    }

    /// The first byte of the packet leaves: the message does not expire any more.
    pub(super) fn begin(&mut self, index: usize) {
        if let Some(entry) = self.slots.get_mut(index) {
            entry.never_expires();
        }
    }

    /// PUBREC has come: the packet is freed, and PUBREL leaves after those before it [MQTT-4.6.0-4].
    pub(super) fn release(&mut self, index: usize) {
        self.slots.free(index);
        if index < self.released {
            return self.set_state(index, EntryState::PubRelDue);
        }
        self.set_state(index, EntryState::PubRelDue);
        self.slots.shift(index, self.released);
        if index >= self.next {
            self.next = self.next.saturating_add(1);
        }
        self.released = self.released.saturating_add(1);
    }

    /// A QoS 2 message that the other side may have is not sent again: its packet is freed, but
    /// not its identifier, which PUBREL is to free on the other side first.
    pub(super) fn give_up(&mut self, index: usize, reason: ReasonCode) {
        if let Some(entry) = self.slots.get_mut(index) {
            entry.give_up(reason);
        }
        self.release(index);
    }

    /// Ends an operation that no packet ends: it waits for `take_ended`.
    pub(super) fn end(&mut self, index: usize, completion: Completion) {
        self.slots.free(index);
        self.slots.forget_id(index);
        self.set_state(index, EntryState::Ended(completion));
        self.slots.shift(index, self.ended);
        for bound in [&mut self.released, &mut self.next_release, &mut self.next] {
            if index >= *bound {
                *bound = bound.saturating_add(1);
            }
        }
        self.ended = self.ended.saturating_add(1);
    }

    /// Removes an operation that a packet ended.
    pub(super) fn remove(&mut self, index: usize) -> Option<Token> {
        let entry = self.slots.get(index)?;
        let token = entry.token;
        self.quota.subtract(entry);
        self.slots.remove(index);
        let bounds = [
            &mut self.ended,
            &mut self.released,
            &mut self.next_release,
            &mut self.next,
        ];
        for bound in bounds {
            if index < *bound {
                *bound = bound.saturating_sub(1);
            }
        }
        Some(token)
    }

    pub(super) fn take_ended(&mut self) -> Option<(Token, Completion)> {
        let entry = self.slots.get(0)?;
        let EntryState::Ended(completion) = entry.state else {
            return None;
        };
        Some((self.remove(0)?, completion))
    }

    /// Gives every entry that has not ended its new state, in one pass.
    pub(super) fn update(&mut self, new: &dyn Fn(&Entry) -> EntryState) {
        for index in self.ended..self.slots.len() {
            let Some(state) = self.slots.get(index).map(new) else {
                break;
            };
            if matches!(state, EntryState::Ended(_)) {
                self.slots.free(index);
                self.slots.forget_id(index);
            }
            if let Some(entry) = self.slots.get_mut(index) {
                entry.state = state;
            }
        }
        self.slots.sort();
        self.derive();
    }

    /// Derives from the entries what follows from them.
    fn derive(&mut self) {
        (self.ended, self.released) = (0, 0);
        self.quota = Quota::default();
        self.expiry = Instant::NEVER;
        for index in 0..self.slots.len() {
            let Some(entry) = self.slots.get(index) else {
                break;
            };
            let after = index.saturating_add(1);
            match entry.section() {
                Section::Ended => (self.ended, self.released) = (after, after),
                Section::Released => self.released = after,
                Section::Rest => {}
            }
            self.quota.add(entry);
            self.expiry = self.expiry.min(entry.expiry());
        }
        self.next_release = self.ended;
        self.next = self.released;
    }

    fn token_at(&self, index: usize) -> Option<Token> {
        self.get(index).map(|entry| entry.token)
    }

    /// Panics unless what is kept is what can be derived.
    #[cfg(test)]
    pub(super) fn check(&self)
    where
        T: core::fmt::Debug + Clone,
    {
        let slots = &self.slots;
        let entries = || (0..slots.len()).filter_map(|index| slots.get(index));
        let sections: std::vec::Vec<Section> = entries().map(Entry::section).collect();
        assert!(sections.is_sorted(), "{self:?}");
        let count = |section| sections.iter().filter(|it| **it == section).count();
        assert_eq!(self.ended, count(Section::Ended), "{self:?}");
        assert_eq!(
            self.released,
            self.ended + count(Section::Released),
            "{self:?}"
        );
        let mut quota = Quota::default();
        entries().for_each(|entry| quota.add(entry));
        assert_eq!(self.quota, quota, "{self:?}");
        let is = |index: usize, state| slots.get(index).is_some_and(|it| it.state == state);
        assert!((self.ended..=self.released).contains(&self.next_release));
        assert!((self.ended..self.next_release).all(|index| is(index, EntryState::PubRelSent)));
        assert!((self.released..=slots.len()).contains(&self.next));
        assert!((self.released..self.next).all(|index| is(index, EntryState::Sent)));
        let first = entries().map(Entry::expiry).min().unwrap_or(Instant::NEVER);
        assert!(self.expiry <= first);
        let lens: usize = entries().map(|entry| entry.len as usize).sum();
        assert_eq!(lens, slots.outbox_len());
        for (index, entry) in entries().enumerate() {
            assert_eq!(slots.bytes(index).len(), entry.len as usize);
            let empty = sections[index] != Section::Rest;
            assert_eq!(entry.len == 0, empty);
            let has_id = |id| self.find(id) == Some(index);
            assert!(entry.packet_id.is_none_or(has_id));
        }
        for entry in entries().skip(self.ended) {
            assert!(self.position(entry.token).is_some());
        }
        let tokens: std::vec::Vec<Token> = entries().map(|entry| entry.token).collect();
        assert!(tokens[self.released..].is_sorted());
    }
}
