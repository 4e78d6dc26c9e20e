//! What a UTF-8 Encoded String may contain (section 1.5.4).

mod words;

pub(crate) use words::{has_nul, is_plain, is_plain_name, is_usual_name};

use super::{HAS_FAST_PATHS, binary, u16};
use crate::{TopicError, TopicErrorKind};

/// The longest string or binary value that a two byte length can tell.
pub(crate) const MAX_LEN: usize = 65_535;

/// What is wrong with a string: few enough bytes for registers, which a
/// [`DecodeErrorKind`](crate::DecodeErrorKind) is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// The byte in the string where it is wrong.
    pub(crate) offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    InvalidUtf8,
    /// U+0000, or what only a topic name or topic filter may not be.
    Topic(TopicErrorKind),
}

impl Fault {
    pub(crate) const fn invalid_utf8(offset: usize) -> Self {
        let kind = FaultKind::InvalidUtf8;
        Self { kind, offset }
    }
}

impl From<TopicError> for Fault {
    fn from(TopicError { kind, offset }: TopicError) -> Self {
        let kind = FaultKind::Topic(kind);
        Self { kind, offset }
    }
}

/// The string, or what is wrong with it.
///
/// Control characters and non-characters are taken: refusing them is optional in both
/// versions, and a broker that forwards them would otherwise lose us the connection.
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, Fault> {
    // [MQTT-1.5.4-1] [MQTT3-1.5.3-1]; U+FEFF is kept as it is [MQTT-1.5.4-3].
    let string = utf8(bytes).map_err(Fault::invalid_utf8)?;
    // [MQTT-1.5.4-2] [MQTT3-1.5.3-2]
    match nul(bytes) {
        None => Ok(string),
        Some(offset) => Err(Fault {
            kind: FaultKind::Topic(TopicErrorKind::Nul),
            offset,
        }),
    }
}

/// The string, or the offset where it is not UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, usize> {
    core::str::from_utf8(bytes).map_err(|error| error.valid_up_to())
}

/// Where U+0000 is.
pub(crate) fn nul(bytes: &[u8]) -> Option<usize> {
    if HAS_FAST_PATHS && !has_nul(bytes) {
        return None;
    }
    bytes.iter().position(|&byte| byte == 0)
}

/// The bytes that the string at the front of `field` takes, with its length, if it is right.
#[inline(always)]
pub(crate) fn field(field: &[u8]) -> Option<usize> {
    let len = usize::from(u16(&mut { field })?);
    let end = len.wrapping_add(2);
    if words::is_short_ascii(field, len) || is_right(field) {
        return Some(end);
    }
    None
}

/// Takes a string with its length from the front of `rest`, if it is right.
#[inline(always)]
pub(crate) fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let bytes = binary(rest)?;
    let string = core::str::from_utf8(bytes).ok()?;
    (!has_nul(bytes)).then_some(string)
}

#[cold] // So that what is held in registers is moved out of them only for this.
#[inline(never)]
fn is_right(mut field: &[u8]) -> bool {
    binary(&mut field).is_some_and(|string| words::is_ascii(string) || checked(string).is_ok())
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn what_follows_a_string_does_not_matter() {
        for len in 0..40_u8 {
            let end = usize::from(len) + 2;
            for follows in [&b"aaaaaaaa"[..], &[0; 8], &[0xFF; 8], &[], b"\0\0\0"] {
                let mut bytes = std::vec![0, len];
                bytes.resize(end, b'+');
                bytes.extend_from_slice(follows);
                assert_eq!(field(&bytes), Some(end));
                assert_eq!(field(&bytes[..end - 1]), None);
                for at in 2..end {
                    for byte in [0, 0x80, 0xFF] {
                        bytes[at] = byte;
                        assert_eq!(field(&bytes), None, "{byte} at {at} of {len}");
                    }
                    bytes[at] = b'+';
                }
                for at in 3..end {
                    bytes[at - 1..=at].copy_from_slice("é".as_bytes());
                    assert_eq!(field(&bytes), Some(end));
                    bytes[at - 1..=at].fill(b'+');
                }
            }
        }
    }
}
