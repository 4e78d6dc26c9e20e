//! A fast way over a caller's properties that are right, where flash is not dear.

use super::Properties;
use super::table::{Census, Row};
use super::value::Value;
use crate::Version;
use crate::sequence::Repr;
use crate::wire::{string, varint};

/// Admits the caller's properties, if they are right, and counts their bytes without their length.
/// `None` tells nothing: it is then for [`check`](super::check) to say what is wrong.
pub(crate) fn len(
    properties: Properties<'_>,
    version: Version,
    census: &mut Census,
) -> Option<usize> {
    let (Repr::Slice(list), Version::V5) = (properties.repr(), version) else {
        return None;
    };
    let mut so_far = *census;
    let mut len = 0_usize;
    for property in list {
        let id = property.id() as u32;
        so_far.admit(id, Row::of(id)).ok()?;
        let value = match property.to_value() {
            Value::Byte(0..=1) => 1,
            Value::Byte(_) => return None,
            Value::TwoBytes(_) => 2,
            Value::FourBytes(_) => 4,
            Value::VariableByteInteger(number) => varint::len(number as usize),
            Value::Binary(bytes) => binary_len(bytes)?,
            Value::Text(string) => text_len(string)?,
            Value::TextPair(name, value) => text_len(name)?.wrapping_add(text_len(value)?),
        };
        len = len.checked_add(value)?.checked_add(1)?;
    }
    if so_far.lacks_method() {
        return None;
    }
    *census = so_far;
    Some(len)
}

#[inline(always)]
fn binary_len(bytes: &[u8]) -> Option<usize> {
    (bytes.len() <= string::MAX_LEN).then_some(bytes.len().wrapping_add(2))
}

#[inline(always)]
fn text_len(string: &[u8]) -> Option<usize> {
    if string::has_nul(string) {
        return None;
    }
    binary_len(string)
}
