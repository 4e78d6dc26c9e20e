//! Bounds-checked primitives over bytes: how MQTT writes numbers, strings and binary data (section 1.5).

mod read;
pub(crate) mod string;
pub(crate) mod varint;
mod write;

pub(crate) use read::{Reader, binary, field, integer, u16};
pub(crate) use write::{Entry, Mark, Output, PartWriter, Writer};

/// Whether the packets that come most are looked for before all others, by code of their own. Where
/// words are short, flash is dearer than time: without, the outcome is the same. Tests on a computer
/// go without by `--cfg mqtt_proto_small`, which is for nothing else.
pub(crate) const HAS_FAST_PATHS: bool = usize::BITS >= 64 && !cfg!(mqtt_proto_small);
