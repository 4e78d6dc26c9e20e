use crate::Token;
use crate::session_state::{Entry, Received};
use core::fmt::Debug;
use core::hash::Hash;
use core::num::NonZeroU16;
use mqtt_proto::PacketId;

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

/// Entries in order, each with the bytes of its packet.
#[doc(hidden)]
pub trait SendTable: Clone + Debug + Default + PartialEq + Eq + Hash {
    fn len(&self) -> usize;
    fn is_full(&self) -> bool;
    fn get(&self, index: usize) -> Option<&Entry>;
    fn get_mut(&mut self, index: usize) -> Option<&mut Entry>;
    /// The packet of an entry; empty once it was freed.
    fn bytes(&self, index: usize) -> &[u8];
    /// The bytes of all packets.
    fn outbox_len(&self) -> usize;
    fn outbox_capacity(&self) -> usize;
    /// Appends an entry whose packet of `len` bytes `write` writes. There is room: the caller asked.
    fn push(&mut self, entry: Entry, len: usize, write: impl FnOnce(&mut [u8]));
    /// Drops the bytes of an entry.
    fn free(&mut self, index: usize);
    /// Gives an entry's packet identifier back.
    fn forget_id(&mut self, index: usize);
    fn remove(&mut self, index: usize);
    /// Moves an entry without bytes toward the front.
    fn shift(&mut self, from: usize, to: usize);
    /// Orders the entries by section, within a section as they were. Those that move have no bytes.
    fn sort(&mut self);
    /// The token of the entry that has the packet identifier.
    fn token_of(&self, packet_id: PacketId) -> Option<Token>;
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
#[doc(hidden)]
pub trait ReceiveTable: Clone + Debug + Default + PartialEq + Eq + Hash {
    fn len(&self) -> usize;
    /// At most 65,535: there are no more packet identifiers.
    fn capacity(&self) -> u16;
    fn get(&self, index: usize) -> Option<&Received>;
    fn get_mut(&mut self, index: usize) -> Option<&mut Received>;
    fn find(&self, packet_id: PacketId) -> Option<usize>;
    /// Appends; there is room: the caller asked.
    fn push(&mut self, received: Received);
    fn remove(&mut self, index: usize);
    fn retain(&mut self, keep: impl FnMut(&mut Received) -> bool);
}
