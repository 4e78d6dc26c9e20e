use core::cell::Cell;

use heapless::Vec;

use super::{ReceiveTable, SendTable, Storage, sealed};
use crate::Token;
use crate::session_state::{Entry, Received};

/// Tables of fixed capacity inside the session itself, for firmware: `OUTBOX` bytes of encoded
/// packets, `SEND` operations in flight, `RECEIVE` incoming QoS 1 and 2 messages at once.
///
/// An operation costs 24 bytes, a received message 16, beside the bytes of the outbox.
///
/// A received QoS 2 message keeps its place until its PUBCOMP is out, across connections too. Where a
/// new message finds no place the connection ends with
/// [`ReceiveMaximumExceeded`](crate::Violation::ReceiveMaximumExceeded), and nothing is lost: on the
/// next one the Server ends what it had begun first, and
/// [`Progress::Blocked`](crate::Progress::Blocked) makes room for what it then sends.
///
/// In 5.0 `RECEIVE` must be at least 1: with 0 no Receive Maximum can be announced, and
/// [`connect`](crate::Session::connect) fails each time. In 3.1.1, which has no Receive Maximum,
/// it must be as much as the Server keeps in flight (mosquitto: 20): more QoS 2 messages at once
/// than `RECEIVE` end the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Inline<const OUTBOX: usize, const SEND: usize, const RECEIVE: usize>;

impl<const OUTBOX: usize, const SEND: usize, const RECEIVE: usize> sealed::Sealed
    for Inline<OUTBOX, SEND, RECEIVE>
{
}

impl<const OUTBOX: usize, const SEND: usize, const RECEIVE: usize> Storage
    for Inline<OUTBOX, SEND, RECEIVE>
{
    type Send = InlineSend<OUTBOX, SEND>;
    type Receive = InlineReceive<RECEIVE>;
    type Aliases = ();
}

/// The packets lie in `outbox` one behind the other, in the order of their entries.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct InlineSend<const OUTBOX: usize, const SEND: usize> {
    entries: Vec<Entry, SEND>,
    outbox: Vec<u8, OUTBOX>,
}

impl<const OUTBOX: usize, const SEND: usize> InlineSend<OUTBOX, SEND> {
    fn offset(&self, index: usize) -> usize {
        let before = self.entries.iter().take(index);
        before.fold(0, |offset, entry| offset.wrapping_add(size(entry.len)))
    }
}

impl<const OUTBOX: usize, const SEND: usize> SendTable for InlineSend<OUTBOX, SEND> {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_full(&self) -> bool {
        self.entries.is_full()
    }

    fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    fn bytes(&self, index: usize) -> &[u8] {
        let len = self.entries.get(index).map_or(0, |entry| size(entry.len));
        let packet = self.outbox.get(self.offset(index)..);
        packet.and_then(|tail| tail.get(..len)).unwrap_or_default()
    }

    fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    fn outbox_capacity(&self) -> usize {
        OUTBOX
    }

    fn push(&mut self, mut entry: Entry, len: usize, write: impl FnOnce(&mut [u8])) {
        let start = self.outbox.len();
        let _ = self.outbox.resize_default(start.wrapping_add(len));
        write(self.outbox.get_mut(start..).unwrap_or_default());
        entry.len = u32::try_from(len).unwrap_or(u32::MAX);
        let _ = self.entries.push(entry);
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(index) {
            change(entry);
        }
    }

    fn free(&mut self, index: usize) {
        let start = self.offset(index);
        let Some(entry) = self.entries.get_mut(index) else {
            return;
        };
        let end = start.wrapping_add(size(entry.len));
        entry.len = 0;
        // Not `copy_within`, nor below `Vec::remove`: their `memmove` alone is 650 bytes of flash.
        let cells = Cell::from_mut(self.outbox.as_mut_slice()).as_slice_of_cells();
        let gap = cells.get(start..).unwrap_or_default();
        let behind = cells.get(end..).unwrap_or_default();
        for (to, from) in gap.iter().zip(behind) {
            to.set(from.get());
        }
        let len = start.wrapping_add(behind.len());
        self.outbox.truncate(len);
    }

    fn forget_id(&mut self, index: usize) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.packet_id = None;
        }
    }

    fn remove(&mut self, index: usize) -> Option<Token> {
        self.free(index);
        remove(&mut self.entries, index).map(|entry| entry.token)
    }

    fn shift(&mut self, from: usize, to: usize) {
        // `rotate_right` has a panic in it that not every optimisation takes out.
        if let Some([front @ .., moved]) = self.entries.get_mut(to..=from) {
            for entry in front {
                core::mem::swap(entry, moved);
            }
        }
    }
}

#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct InlineReceive<const RECEIVE: usize> {
    received: Vec<Received, RECEIVE>,
}

impl<const RECEIVE: usize> ReceiveTable for InlineReceive<RECEIVE> {
    fn len(&self) -> usize {
        self.received.len()
    }

    fn capacity(&self) -> u16 {
        u16::try_from(RECEIVE).unwrap_or(u16::MAX)
    }

    fn get(&self, index: usize) -> Option<&Received> {
        self.received.get(index)
    }

    fn iter(&self) -> impl Iterator<Item = &Received> {
        self.received.iter()
    }

    fn push(&mut self, received: Received) {
        let _ = self.received.push(received);
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Received)) {
        if let Some(received) = self.received.get_mut(index) {
            change(received);
        }
    }

    fn remove(&mut self, index: usize) {
        remove(&mut self.received, index);
    }
}

fn remove<T, const N: usize>(entries: &mut Vec<T, N>, index: usize) -> Option<T> {
    let (removed, rest) = entries.get_mut(index..)?.split_first_mut()?;
    for entry in rest.iter_mut().rev() {
        core::mem::swap(entry, removed);
    }
    entries.pop()
}

fn size(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
