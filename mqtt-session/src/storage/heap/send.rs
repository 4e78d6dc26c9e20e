use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;

use core::cmp::Ordering;

use bytes::Bytes;
use mqtt_proto::PacketId;

use crate::session_state::{Entry, EntryState, Section};
use crate::storage::SendTable;
use crate::{Instant, Token};

/// One allocation a packet, shared by clones of the session.
///
/// The counts and cursors follow from the entries. They are kept here, and here alone, so that a
/// hundred thousand operations do not mean as many walks over the table.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeapSend {
    slots: VecDeque<(Entry, Bytes)>,
    packet_ids: BTreeMap<PacketId, Token>,
    outbox_len: usize,
    count: Count,
    /// No entry before it waits to be handed out.
    unsent: usize,
    /// No PUBREL before it is due.
    pubrel_due: usize,
    /// Not later than the first expiry.
    expiry: Instant,
}

/// Of how many entries something is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Count {
    ended: usize,
    released: usize,
    /// QoS 1 and 2 PUBLISH handed out on this connection, without PUBACK or PUBREC.
    sent: usize,
    /// Packets that no quota delays and that wait to be handed out.
    controls: usize,
}

impl Default for HeapSend {
    fn default() -> Self {
        Self {
            slots: VecDeque::new(),
            packet_ids: BTreeMap::new(),
            outbox_len: 0,
            count: Count::default(),
            unsent: 0,
            pubrel_due: 0,
            expiry: Instant::NEVER,
        }
    }
}

impl HeapSend {
    fn token_at(&self, index: usize) -> Option<Token> {
        self.get(index).map(|entry| entry.token)
    }
}

impl SendTable for HeapSend {
    fn len(&self) -> usize {
        self.slots.len()
    }

    fn is_full(&self) -> bool {
        false
    }

    fn get(&self, index: usize) -> Option<&Entry> {
        self.slots.get(index).map(|(entry, _)| entry)
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().map(|(entry, _)| entry)
    }

    fn bytes(&self, index: usize) -> &[u8] {
        self.slots.get(index).map_or(&[], |(_, bytes)| bytes)
    }

    fn outbox_len(&self) -> usize {
        self.outbox_len
    }

    fn outbox_capacity(&self) -> usize {
        usize::MAX
    }

    fn push(&mut self, mut entry: Entry, len: usize, write: impl FnOnce(&mut [u8])) {
        let mut packet = vec![0; len];
        write(&mut packet);
        entry.len = u32::try_from(len).unwrap_or(u32::MAX);
        self.outbox_len = self.outbox_len.saturating_add(len);
        self.packet_ids
            .extend(entry.packet_id.map(|id| (id, entry.token)));
        self.count.change(&entry, 1);
        self.expiry = self.expiry.min(entry.expiry());
        self.slots.push_back((entry, packet.into()));
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Entry)) {
        let Some((entry, _)) = self.slots.get_mut(index) else {
            return;
        };
        self.count.change(entry, -1);
        change(entry);
        self.count.change(entry, 1);
        self.expiry = self.expiry.min(entry.expiry());
        if entry.is_unsent() {
            self.unsent = self.unsent.min(index);
        }
        if entry.state == EntryState::PubRelDue {
            self.pubrel_due = self.pubrel_due.min(index);
        }
    }

    fn free(&mut self, index: usize) {
        if let Some((entry, bytes)) = self.slots.get_mut(index) {
            self.outbox_len = self.outbox_len.saturating_sub(bytes.len());
            entry.len = 0;
            *bytes = Bytes::new();
        }
    }

    fn forget_id(&mut self, index: usize) {
        if let Some((entry, _)) = self.slots.get_mut(index)
            && let Some(packet_id) = entry.packet_id.take()
        {
            self.packet_ids.remove(&packet_id);
        }
    }

    fn remove(&mut self, index: usize) -> Option<Token> {
        self.free(index);
        self.forget_id(index);
        let (entry, _) = self.slots.remove(index)?;
        self.count.change(&entry, -1);
        for cursor in [&mut self.unsent, &mut self.pubrel_due] {
            if index < *cursor {
                *cursor = cursor.saturating_sub(1);
            }
        }
        Some(entry.token)
    }

    fn shift(&mut self, from: usize, to: usize) {
        // Where nothing moves, as in the usual order of acknowledgements, it must cost nothing.
        if from != to
            && let Some(slot) = self.slots.remove(from)
        {
            self.slots.insert(to.min(self.slots.len()), slot);
        }
        for cursor in [&mut self.unsent, &mut self.pubrel_due] {
            if to < *cursor && *cursor <= from {
                *cursor = cursor.saturating_add(1);
            }
        }
    }

    /// In one pass.
    fn update(&mut self, new: &dyn Fn(&Entry) -> EntryState) {
        for index in self.ended()..self.len() {
            let Some(state) = self.get(index).map(new) else {
                break;
            };
            if matches!(state, EntryState::Ended(_)) {
                self.free(index);
                self.forget_id(index);
            }
            self.change(index, |entry| entry.state = state);
        }
        let slots = self.slots.make_contiguous();
        slots.sort_by_key(|(entry, _)| entry.section());
        (self.unsent, self.pubrel_due) = (0, 0);
        let expiries = self.iter().map(Entry::expiry);
        self.expiry = expiries.fold(Instant::NEVER, Instant::min);
    }

    fn ended(&self) -> usize {
        self.count.ended
    }

    fn released(&self) -> usize {
        self.count.ended.saturating_add(self.count.released)
    }

    fn in_flight(&self) -> usize {
        self.count.released.saturating_add(self.count.sent)
    }

    fn has_controls(&self) -> bool {
        self.count.controls > 0
    }

    fn expiry(&self) -> Instant {
        self.expiry
    }

    fn unsent(&mut self) -> Option<usize> {
        self.unsent = self.unsent.max(self.released());
        while !self.get(self.unsent)?.is_unsent() {
            self.unsent = self.unsent.saturating_add(1);
        }
        Some(self.unsent)
    }

    fn pubrel_due(&mut self) -> Option<usize> {
        while self.pubrel_due < self.released() {
            if self.get(self.pubrel_due)?.state == EntryState::PubRelDue {
                return Some(self.pubrel_due);
            }
            self.pubrel_due = self.pubrel_due.saturating_add(1);
        }
        None
    }

    fn find(&self, packet_id: PacketId) -> Option<usize> {
        self.position(*self.packet_ids.get(&packet_id)?)
    }

    fn has_id(&self, packet_id: PacketId) -> bool {
        self.packet_ids.contains_key(&packet_id)
    }

    fn position(&self, token: Token) -> Option<usize> {
        // What is being handed out is at the cursor, as a rule.
        if self.token_at(self.unsent) == Some(token) {
            return Some(self.unsent);
        }
        // In the rest, tokens ascend.
        let (mut low, mut high) = (self.released(), self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.token_at(middle)?.cmp(&token) {
                Ordering::Less => low = middle.saturating_add(1),
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        // Acknowledgements come in order, so among the released it is the first, as a rule.
        let is_it = |&index: &usize| self.token_at(index) == Some(token);
        let in_released = (self.ended()..self.released()).find(is_it);
        in_released.or_else(|| (0..self.ended()).find(is_it))
    }
}

impl Count {
    fn change(&mut self, entry: &Entry, by: isize) {
        let change = |count: &mut usize| *count = count.saturating_add_signed(by);
        match entry.section() {
            Section::Ended => change(&mut self.ended),
            Section::Released => change(&mut self.released),
            Section::Rest => {}
        }
        if entry.counts_as_sent() {
            change(&mut self.sent);
        }
        if entry.is_waiting_control() {
            change(&mut self.controls);
        }
    }
}
