use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;

use core::num::NonZeroU16;

use bytes::Bytes;
use mqtt_proto::PacketId;

use super::{AliasTable, ReceiveTable, SendTable, Storage, sealed};
use crate::Token;
use crate::session_state::{Entry, Received};

/// Tables that grow on the heap: as many operations as there are packet identifiers, and
/// as many bytes as [`Config::maximum_outbox`](crate::Config::maximum_outbox) allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Heap;

impl sealed::Sealed for Heap {}

impl Storage for Heap {
    type Send = HeapSend;
    type Receive = HeapReceive;
    type Aliases = HeapAliases;
}

/// One allocation a packet, shared by clones of the session.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeapSend {
    slots: VecDeque<(Entry, Bytes)>,
    packet_ids: BTreeMap<PacketId, Token>,
    outbox_len: usize,
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

    fn get_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.slots.get_mut(index).map(|(entry, _)| entry)
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
        self.slots.push_back((entry, packet.into()));
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

    fn remove(&mut self, index: usize) {
        self.free(index);
        self.forget_id(index);
        self.slots.remove(index);
    }

    fn shift(&mut self, from: usize, to: usize) {
        // Where nothing moves, as in the usual order of acknowledgements, it must cost nothing.
        if from != to
            && let Some(slot) = self.slots.remove(from)
        {
            self.slots.insert(to.min(self.slots.len()), slot);
        }
    }

    fn sort(&mut self) {
        let slots = self.slots.make_contiguous();
        slots.sort_by_key(|(entry, _)| entry.section());
    }

    fn token_of(&self, packet_id: PacketId) -> Option<Token> {
        self.packet_ids.get(&packet_id).copied()
    }
}

#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeapReceive {
    received: VecDeque<Received>,
    /// The tokens, by which the entries are in order.
    tokens: BTreeMap<PacketId, u64>,
}

impl ReceiveTable for HeapReceive {
    fn len(&self) -> usize {
        self.received.len()
    }

    fn capacity(&self) -> u16 {
        u16::MAX
    }

    fn get(&self, index: usize) -> Option<&Received> {
        self.received.get(index)
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut Received> {
        self.received.get_mut(index)
    }

    fn find(&self, packet_id: PacketId) -> Option<usize> {
        let token = self.tokens.get(&packet_id)?;
        let found = self.received.binary_search_by_key(token, |it| it.token);
        found.ok()
    }

    fn push(&mut self, received: Received) {
        self.tokens.insert(received.packet_id, received.token);
        self.received.push_back(received);
    }

    fn remove(&mut self, index: usize) {
        if let Some(received) = self.received.remove(index) {
            self.tokens.remove(&received.packet_id);
        }
    }

    fn retain(&mut self, keep: impl FnMut(&mut Received) -> bool) {
        self.received.retain_mut(keep);
        let token = |received: &Received| (received.packet_id, received.token);
        self.tokens = self.received.iter().map(token).collect();
    }
}

#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeapAliases {
    aliases: BTreeMap<Box<str>, NonZeroU16>,
}

impl AliasTable for HeapAliases {
    fn get(&self, topic: &str) -> Option<NonZeroU16> {
        self.aliases.get(topic).copied()
    }

    fn next(&self) -> Option<NonZeroU16> {
        let used = u16::try_from(self.aliases.len()).ok()?;
        NonZeroU16::MIN.checked_add(used)
    }

    fn add(&mut self, topic: &str, alias: NonZeroU16) {
        self.aliases.insert(topic.into(), alias);
    }
}
