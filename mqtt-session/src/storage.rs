use core::fmt::Debug;
use core::hash::Hash;

/// Where a session keeps its tables: [`Inline`] or [`Heap`]. Sealed.
pub trait Storage: Clone + Debug + Default + PartialEq + Eq + Hash {
    // to be designed
}

/// Tables of fixed capacity inside the session itself, for firmware: `OUTBOX` bytes of encoded
/// packets, `SEND` operations in flight, `RECEIVE` incoming QoS 1 and 2 messages at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Inline<const OUTBOX: usize, const SEND: usize, const RECEIVE: usize>;

/// Tables that grow on the heap.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Heap;

impl<const OUTBOX: usize, const SEND: usize, const RECEIVE: usize> Storage
    for Inline<OUTBOX, SEND, RECEIVE>
{
}

#[cfg(feature = "alloc")]
impl Storage for Heap {}
