use core::fmt::Debug;
use core::hash::Hash;
use core::mem;
use core::num::NonZeroU16;

use mqtt_proto::PacketId;

use crate::session_state::{Entry, EntryState, Received, ReceivedState, Section};
use crate::{Completion, Instant, Token};

mod inline;
pub use inline::Inline;

#[cfg(feature = "alloc")]
mod heap;
#[cfg(feature = "alloc")]
pub use heap::Heap;

/// Where a session keeps its tables: [`Inline`] or [`Heap`]. Sealed.
pub trait Storage: Clone + Debug + Default + PartialEq + Eq + Hash + sealed::Sealed {
    /// The operations, and the outbox with their packets.
    #[doc(hidden)]
    type Send: SendTable;
    /// The received QoS 1 and 2 messages.
    #[doc(hidden)]
    type Receive: ReceiveTable;
    /// The Topic Aliases that were given out on a connection.
    #[doc(hidden)]
    type Aliases: AliasTable;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// Entries in order, each with the bytes of its packet, in three sections.
///
/// ```text
///    0        ended()           released()                          len()
///    ├──────────┼──────────┬───────┼──────────────┬──────────────────┤
///    │  Ended   │ PubRel-  │ PubRel│ sent PUBLISH,│ waiting, in the  │
///    │          │ Sent     │ Due   │ SUBSCRIBE, ..│ order of publish │
///    ├──────────┼──────────┴───────┼──────────────┴──────────────────┤
///               in the order of PUBREC
/// ```
///
/// What follows from the entries is looked for among them, which is the least code. A table of a
/// hundred thousand keeps it instead.
#[doc(hidden)]
pub trait SendTable: Clone + Debug + Default + PartialEq + Eq + Hash {
    fn len(&self) -> usize;
    fn is_full(&self) -> bool;
    fn get(&self, index: usize) -> Option<&Entry>;
    fn iter(&self) -> impl Iterator<Item = &Entry>;
    /// The packet of an entry; empty once it was freed.
    fn bytes(&self, index: usize) -> &[u8];
    /// The bytes of all packets.
    fn outbox_len(&self) -> usize;
    fn outbox_capacity(&self) -> usize;
    /// Appends an entry whose packet of `len` bytes `write` writes. There is room: the caller asked.
    fn push(&mut self, entry: Entry, len: usize, write: impl FnOnce(&mut [u8]));
    /// Changes an entry, but for its token, identifier and bytes.
    fn change(&mut self, index: usize, change: impl FnOnce(&mut Entry));
    /// Drops the bytes of an entry.
    fn free(&mut self, index: usize);
    /// Gives an entry's packet identifier back.
    fn forget_id(&mut self, index: usize);
    /// Removes an entry and its packet, and says whose they were.
    fn remove(&mut self, index: usize) -> Option<Token>;
    /// Moves an entry without bytes, which waits for nothing, toward the front.
    fn shift(&mut self, from: usize, to: usize);

    /// How many have ended.
    fn ended(&self) -> usize {
        let ended = |entry: &&Entry| entry.section() == Section::Ended;
        self.iter().filter(ended).count()
    }

    /// How many have ended or were released.
    fn released(&self) -> usize {
        let released = |entry: &&Entry| entry.section() != Section::Rest;
        self.iter().filter(released).count()
    }

    /// QoS 1 and 2 PUBLISH whose last acknowledgement has not come [MQTT-3.3.4-7]. A message is
    /// among them until PUBCOMP, not only until PUBREC.
    fn in_flight(&self) -> usize {
        let in_flight =
            |entry: &&Entry| entry.section() == Section::Released || entry.counts_as_sent();
        self.iter().filter(in_flight).count()
    }

    /// Whether a packet that no quota delays can be waiting.
    fn has_controls(&self) -> bool {
        true
    }

    /// The first expiry, or an earlier moment.
    fn expiry(&self) -> Instant {
        let expiries = self.iter().map(Entry::expiry);
        expiries.fold(Instant::NEVER, Instant::min)
    }

    /// The first entry that waits to be handed out.
    fn unsent(&mut self) -> Option<usize> {
        self.iter().position(Entry::is_unsent)
    }

    /// The first entry whose PUBREL is due.
    fn pubrel_due(&mut self) -> Option<usize> {
        let due = |entry: &Entry| entry.state == EntryState::PubRelDue;
        self.iter().position(due)
    }

    /// The entry that has the packet identifier.
    fn find(&self, packet_id: PacketId) -> Option<usize> {
        let is_it = |entry: &Entry| entry.packet_id == Some(packet_id);
        self.iter().position(is_it)
    }

    /// Whether an entry has the packet identifier.
    fn has_id(&self, packet_id: PacketId) -> bool {
        self.find(packet_id).is_some()
    }

    /// The entry that has the token.
    fn position(&self, token: Token) -> Option<usize> {
        self.iter().position(|entry| entry.token == token)
    }

    /// Ends an operation that no packet ends: it waits to be taken.
    fn end(&mut self, index: usize, completion: Completion) {
        let ended = self.ended();
        self.free(index);
        self.forget_id(index);
        self.change(index, |entry| entry.state = EntryState::Ended(completion));
        self.shift(index, ended);
    }

    /// Gives every entry that has not ended its new state; none is released by it.
    fn update(&mut self, new: &dyn Fn(&Entry) -> EntryState) {
        for index in self.ended()..self.len() {
            match self.get(index).map(new) {
                Some(EntryState::Ended(completion)) => self.end(index, completion),
                Some(state) => self.change(index, |entry| entry.state = state),
                None => {}
            }
        }
    }
}

/// Topics and their aliases.
#[doc(hidden)]
pub trait AliasTable: Clone + Debug + Default + PartialEq + Eq + Hash {
    fn get(&self, topic: &str) -> Option<NonZeroU16>;
    /// The alias for the next new topic; `None` where there is no room.
    fn next(&self) -> Option<NonZeroU16>;
    fn add(&mut self, topic: &str, alias: NonZeroU16);
}

/// No room.
impl AliasTable for () {
    fn get(&self, _topic: &str) -> Option<NonZeroU16> {
        None
    }

    fn next(&self) -> Option<NonZeroU16> {
        None
    }

    fn add(&mut self, _topic: &str, _alias: NonZeroU16) {}
}

/// Received QoS 1 and 2 messages in order.
///
/// What follows from them is looked for among them, which is the least code. A table of tens of
/// thousands keeps it instead.
#[doc(hidden)]
pub trait ReceiveTable: Clone + Debug + Default + PartialEq + Eq + Hash {
    fn len(&self) -> usize;
    /// At most 65,535: there are no more packet identifiers.
    fn capacity(&self) -> u16;
    fn get(&self, index: usize) -> Option<&Received>;
    fn iter(&self) -> impl Iterator<Item = &Received>;
    /// Appends; there is room: the caller asked.
    fn push(&mut self, received: Received);
    /// Changes an entry, but for its token and identifier.
    fn change(&mut self, index: usize, change: impl FnOnce(&mut Received));
    fn remove(&mut self, index: usize);

    /// The entry that has the packet identifier.
    fn find(&self, packet_id: PacketId) -> Option<usize> {
        let is_it = |received: &Received| received.packet_id == packet_id;
        self.iter().position(is_it)
    }

    /// The entry that has the token.
    fn position(&self, token: u64) -> Option<usize> {
        self.iter().position(|received| received.token == token)
    }

    /// Messages that count in the other side's send quota.
    fn counted(&self) -> usize {
        self.iter().filter(|received| received.counted).count()
    }

    /// Whether there is a message that the application or `poll_transmit` can do something about.
    fn is_unpaid(&self) -> bool {
        self.iter().any(Received::is_unpaid)
    }

    /// The first message whose acknowledgement may leave: PUBACK and PUBREC not before those of
    /// their QoS that came earlier [MQTT-4.6.0-2], [MQTT-4.6.0-3]. The one that is `coming` again
    /// waits, since to its sender an acknowledgement before the last byte answers nothing.
    fn next_due(&mut self, coming: Option<PacketId>) -> Option<usize> {
        let (mut puback, mut pubrec) = (false, false);
        self.iter().position(|received| {
            if received.state == ReceivedState::CompDue {
                return true;
            }
            let earlier = if !received.exactly_once {
                &mut puback
            } else if received.is_for_pubrec() {
                &mut pubrec
            } else {
                return false;
            };
            !mem::replace(earlier, true) && received.may_leave(coming)
        })
    }

    /// Changes all entries and keeps those that are to be kept.
    fn retain(&mut self, keep: impl Fn(&mut Received) -> bool) {
        for index in (0..self.len()).rev() {
            let mut kept = true;
            self.change(index, |received| kept = keep(received));
            if !kept {
                self.remove(index);
            }
        }
    }
}
