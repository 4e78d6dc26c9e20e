mod receive;
mod send;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use core::num::NonZeroU16;

use super::{AliasTable, Storage, sealed};
use receive::HeapReceive;
use send::HeapSend;

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
