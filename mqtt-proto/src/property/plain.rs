//! A fast way over properties that are right, where flash is not dear.
//!
//! Without an error to tell and a position to keep, all is in registers.

use super::table::{Census, Form, Row};
use crate::TopicName;
use crate::wire::{binary, string, u16, varint};

/// Takes properties that are right, with their length; with them come what follows them. `None`
/// tells nothing: it is then for [`decode`](super::decode) to say what is wrong.
#[inline(always)]
pub(super) fn take<'a>(input: &'a [u8], census: &mut Census) -> Option<(&'a [u8], &'a [u8])> {
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
