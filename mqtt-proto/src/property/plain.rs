//! A fast way over properties that are right, where flash is not dear.
//!
//! Without an error to tell and a position to keep, all is in registers.

use super::Properties;
use super::table::{Census, Form, Row};
use super::value::Value;
use crate::sequence::Repr;
use crate::wire::{binary, string, u16, varint};
use crate::{TopicName, Version};

/// Takes properties that are right, with their length; with them come what follows them. `None`
/// tells nothing: it is then for [`decode`](super::decode) to say what is wrong.
#[inline(always)]
pub(crate) fn take<'a>(
    input: &'a [u8],
    topic_alias_maximum: u16,
    census: &mut Census,
) -> Option<(&'a [u8], &'a [u8])> {
    let (len, len_len) = varint::decode(input).ok()??;
    let (properties, after) = input
        .get(len_len..)?
        .split_at_checked(usize::try_from(len).ok()?)?;
    let mut so_far = *census;
    let mut rest = properties;
    while let Some((&id, value)) = rest.split_first() {
        let row = Row::of(id.into());
        so_far.admit(id.into(), row).ok()?;
        rest = pass(value, row, &mut so_far)?;
    }
    if so_far.topic_alias > topic_alias_maximum {
        return None;
    }
    if so_far.lacks_method() {
        return None;
    }
    *census = so_far;
    Some((properties, after))
}

/// Passes over a value; what follows it.
#[inline(always)]
fn pass<'a>(mut rest: &'a [u8], row: Row, census: &mut Census) -> Option<&'a [u8]> {
    match row.form()? {
        Form::TextPair => text(&mut rest).and_then(|()| text(&mut rest))?,
        Form::Text => text(&mut rest)?,
        Form::TopicName => _ = TopicName::from_wire(binary(&mut rest)?).ok()?,
        Form::Binary => _ = binary(&mut rest)?,
        Form::ZeroOrOne => {
            let (0..=1, after) = rest.split_first()? else {
                return None;
            };
            rest = after;
        }
        Form::TwoBytes => _ = u16(&mut rest)?,
        Form::TwoBytesNotZero => {
            if u16(&mut rest)? == 0 {
                return None;
            }
        }
        Form::TopicAlias => {
            census.topic_alias = u16(&mut rest)?;
            if census.topic_alias == 0 {
                return None;
            }
        }
        Form::FourBytes => (_, rest) = rest.split_first_chunk::<4>()?,
        Form::FourBytesNotZero => {
            let (number, after) = rest.split_first_chunk::<4>()?;
            if *number == [0; 4] {
                return None;
            }
            rest = after;
        }
        Form::VariableNotZero => {
            let (1.., len) = varint::decode(rest).ok()?? else {
                return None;
            };
            rest = rest.get(len..)?;
        }
    }
    Some(rest)
}

/// Passes over a string.
#[inline(always)]
fn text(rest: &mut &[u8]) -> Option<()> {
    let start = rest.get(2..)?;
    let text = binary(rest)?;
    if string::starts_plain(start, text.len()) {
        return Some(());
    }
    string::check(text).ok()
}

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
