//! A fast way over received properties that are right, where flash is not dear.
//!
//! Without an error to tell and a position to keep, all is in registers. `None` tells nothing: it is
//! then for [`decode`](super::decode) to say what is wrong.

use core::num::NonZeroU64;

use super::Open;
use super::table::{Form, form};
use crate::wire::{binary, string, u16, varint};
use crate::{PropertyId, TopicName};

/// Properties that are right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    /// Them, without their length.
    pub(crate) properties: &'a [u8],
    /// What follows them.
    pub(crate) after: &'a [u8],
    /// What may still come.
    pub(crate) open: Open,
    /// 0 where there is none.
    pub(crate) topic_alias: u16,
}

/// Takes properties, with their length, that may be where they are and have right values.
#[inline(always)]
pub(crate) fn take(input: &[u8], open: Open) -> Option<Taken<'_>> {
    let (len, len_len) = varint::decode(input).ok()??;
    let start = input.get(len_len..)?;
    let len = usize::try_from(len).ok()?;
    let (properties, after) = start.split_at_checked(len)?;
    let (ids, topic_alias) = walk(start, len, open)?;
    Some(Taken {
        properties,
        after,
        open: open.with(ids),
        topic_alias,
    })
}

/// Takes a Topic Alias that comes alone, as most do: with nothing to walk over.
#[inline(always)]
pub(crate) fn take_alias(input: &[u8]) -> Option<(&[u8], u16, &[u8])> {
    const TOPIC_ALIAS: u8 = PropertyId::TopicAlias as u8;
    let &[3, TOPIC_ALIAS, high, low, ref after @ ..] = input else {
        return None;
    };
    let alias = u16::from_be_bytes([high, low]);
    (alias != 0).then_some((input.get(1..4)?, alias, after))
}

/// Walks over the properties in the first `end` of the bytes; the identifiers of those that may still
/// come, and the Topic Alias, in registers.
///
/// With what follows them at hand, most strings can be looked at by whole words. What goes beyond their
/// end is seen there.
#[inline(never)]
fn walk(bytes: &[u8], end: usize, mut open: Open) -> Option<(NonZeroU64, u16)> {
    let mut topic_alias = 0;
    let mut at = 0_usize;
    if end > bytes.len() {
        return None;
    }
    while at < end {
        let id = *bytes.get(at)?;
        at = at.wrapping_add(1);
        open.admit(id)?;
        // Not taken where it is not looked at.
        let value = || bytes.get(at..);
        at = at.wrapping_add(match form(id)? {
            Form::TextPair => {
                open.reopen();
                let value = value()?;
                let name = string::field(value)?;
                name.wrapping_add(string::field(value.get(name..)?)?)
            }
            Form::Text => string::field(value()?)?,
            Form::TopicName => {
                let name = binary(&mut value()?)?;
                TopicName::plain(name)?;
                name.len().wrapping_add(2)
            }
            Form::Binary => usize::from(u16(&mut value()?)?).wrapping_add(2),
            Form::ZeroOrOne => {
                let 0..=1 = bytes.get(at)? else {
                    return None;
                };
                1
            }
            Form::TwoBytes => 2,
            Form::TwoBytesNotZero => {
                u16(&mut value()?).filter(|&number| number != 0)?;
                2
            }
            Form::TopicAlias => {
                topic_alias = u16(&mut value()?).filter(|&number| number != 0)?;
                2
            }
            Form::FourBytes => 4,
            Form::FourBytesNotZero => {
                value()?.first_chunk().filter(|&&number| number != [0; 4])?;
                4
            }
            Form::VariableNotZero => {
                open.reopen();
                let (1.., len) = varint::decode(value()?).ok()?? else {
                    return None;
                };
                len
            }
        });
    }
    if at != end {
        return None;
    }
    Some((open.ids()?, topic_alias))
}
