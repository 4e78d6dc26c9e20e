//! A fast way over a caller's properties that are right, where flash is not dear.

use super::table::bit;
use super::value::{Value, Visit};
use super::{Census, Properties};
use crate::sequence::Repr;
use crate::wire::{Output, Writer, string, varint};
use crate::{Property, PropertyId, Version};

/// Admits the caller's properties, if they are right, and counts their bytes without their length.
/// `None` tells nothing: it is then for [`check`](super::check) to say what is wrong.
#[inline(always)] // The place is mostly known, and its masks with it.
pub(crate) fn len(
    properties: Properties<'_>,
    version: Version,
    census: &mut Census,
) -> Option<usize> {
    let (Repr::Slice(list), Version::V5) = (properties.repr(), version) else {
        return None;
    };
    let (mut seen, mut again, mut len) = (0, 0, 0_usize);
    for property in list {
        // What comes most and may come again.
        let property_len = if let Property::UserProperty(name, value) = property {
            seen |= const { bit(PropertyId::UserProperty as u32) };
            pair_len(name.as_bytes(), value.as_bytes())
        } else {
            let bit = bit(property.id() as u32);
            again |= seen & bit;
            seen |= bit;
            property.visit(Len)
        };
        len = len.saturating_add(property_len);
    }
    let mut so_far = *census;
    so_far.admit_all(seen, again)?;
    if len == usize::MAX || so_far.lacks_method() {
        return None;
    }
    *census = so_far;
    Some(len)
}

/// Tells the bytes of a property, if its value is right, or else more than there can be.
struct Len;

impl Visit for Len {
    type Output = usize;

    #[inline(always)]
    fn take(self, value: Value<'_>) -> usize {
        match value {
            Value::Byte(0..=1) => 2,
            Value::Byte(_) => usize::MAX,
            Value::TwoBytes(_) => 3,
            Value::FourBytes(_) => 5,
            Value::VariableByteInteger(number) => varint::len(number as usize).wrapping_add(1),
            Value::Binary(bytes) if bytes.len() > string::MAX_LEN => usize::MAX,
            Value::Binary(bytes) => bytes.len().wrapping_add(3),
            Value::Text(string) => {
                if string.len() > string::MAX_LEN || string::has_nul(string) {
                    return usize::MAX;
                }
                string.len().wrapping_add(3)
            }
            Value::TextPair(name, value) => pair_len(name, value),
        }
    }
}

#[inline(always)]
fn pair_len(name: &[u8], value: &[u8]) -> usize {
    // No bit beyond those of the largest length.
    if name.len() | value.len() > string::MAX_LEN || string::has_nul(name) || string::has_nul(value)
    {
        return usize::MAX;
    }
    name.len().wrapping_add(value.len()).wrapping_add(5)
}

/// Writes the caller's properties that have been checked, without their length.
#[inline(always)]
pub(crate) fn write(properties: Properties<'_>, mut out: Writer<'_>) {
    if let Repr::Slice(list) = properties.repr() {
        for property in list {
            if let Property::UserProperty(name, value) = property {
                out.u8(PropertyId::UserProperty as u8);
                out.binary(name.as_bytes());
                out.binary(value.as_bytes());
            } else {
                out = property.visit(Write(property.id(), out));
            }
        }
    }
}

/// Writes a property of an identifier, and gives the writer back: so it stays in registers.
struct Write<'b>(PropertyId, Writer<'b>);

impl<'b> Visit for Write<'b> {
    type Output = Writer<'b>;

    #[inline(always)]
    fn take(self, value: Value<'_>) -> Writer<'b> {
        let Self(id, mut out) = self;
        match value {
            Value::Byte(number) => out.bytes(&[id as u8, number]),
            Value::TwoBytes(number) => {
                let [a, b] = number.to_be_bytes();
                out.bytes(&[id as u8, a, b]);
            }
            Value::FourBytes(number) => {
                let [a, b, c, d] = number.to_be_bytes();
                out.bytes(&[id as u8, a, b, c, d]);
            }
            value => value.write(id, &mut out),
        }
        out
    }
}
