//! What a UTF-8 Encoded String may contain (section 1.5.4).

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

/// Whether all bytes are of ASCII, none of them U+0000, `+` or `#`.
///
/// Nearly all strings are so, and are then valid as strings and, when not empty, as topic
/// names. Of others this says nothing.
#[inline(never)]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    all(bytes, is_plain_byte, word_is_plain)
}

/// Whether U+0000 is in a string.
#[inline(always)]
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    // A byte that is not 0 may look as if it were, but only beside one that is.
    let zeros = |word: u64| word.wrapping_sub(LOWS) & !word;
    if !HAS_FAST_PATHS || bytes.len() < 4 {
        return !bytes.iter().all(|&byte| byte != 0);
    }
    // Two parts that may share some bytes are the whole.
    if bytes.len() < 8 {
        let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
            return true;
        };
        let half = |bytes: [u8; 4]| u64::from(u32::from_ne_bytes(bytes));
        return zeros(half(*first) << 32 | half(*last)) & HIGHS != 0;
    }
    if bytes.len() < 16 {
        let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
            return true;
        };
        let word = |bytes: [u8; 8]| zeros(u64::from_ne_bytes(bytes));
        return (word(*first) | word(*last)) & HIGHS != 0;
    }
    let not_nul = |block| all_of_block(block, |&byte| byte != 0);
    if let Some((first, last)) = ends::<16>(bytes) {
        return !(not_nul(first) & not_nul(last));
    }
    is_long_with_nul(bytes)
}

#[inline(never)]
fn is_long_with_nul(bytes: &[u8]) -> bool {
    !all(bytes, |&byte| byte != 0, |_| false)
}

/// Whether all bytes are right, told of one or, where that is faster, of more at once.
#[inline(always)]
fn all(bytes: &[u8], byte: impl Fn(&u8) -> bool, word: impl Fn(u64) -> bool) -> bool {
    if HAS_FAST_PATHS && bytes.len() >= 4 {
        // Two parts that may share some bytes are the whole.
        if let Some(last) = bytes.last_chunk::<16>() {
            let (blocks, _) = bytes.as_chunks::<16>();
            for block in blocks {
                if !all_of_block(block, &byte) {
                    return false;
                }
            }
            return all_of_block(last, byte);
        }
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            return word(u64::from_ne_bytes(*first)) & word(u64::from_ne_bytes(*last));
        }
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            let half = |bytes| u64::from(u32::from_ne_bytes(bytes));
            return word(half(*first) << 32 | half(*last));
        }
    }
    bytes.iter().all(byte)
}

/// Whether the bytes are plain, and neither too few nor too many for a topic name: then they are one.
#[inline(always)]
pub(crate) fn is_plain_name(bytes: &[u8]) -> bool {
    HAS_FAST_PATHS && is_usual_name(bytes) || is_plain_name_of_any_len(bytes)
}

#[cold] // So that what is held in registers is moved out of them only for this.
#[inline(never)]
fn is_plain_name_of_any_len(bytes: &[u8]) -> bool {
    (1..=MAX_LEN).contains(&bytes.len()) && is_plain(bytes)
}

/// Whether the bytes are a plain topic name of 8 to 64 bytes, as most are: without a call, and within the
/// registers for vectors, so that nothing has to be moved out of others.
#[inline(always)]
pub(crate) fn is_usual_name(bytes: &[u8]) -> bool {
    if let Some(is_plain) = ends_are_plain::<16>(bytes) {
        return is_plain;
    }
    if let Some(is_plain) = ends_are_plain::<8>(bytes) {
        return is_plain;
    }
    halves_are_plain(bytes)
}

/// [`ends_are_plain`] of 32 to 64 bytes, in blocks that fit into a register.
#[inline(always)]
fn halves_are_plain(bytes: &[u8]) -> bool {
    ends::<32>(bytes).is_some_and(|(first, last)| {
        ends_are_plain::<16>(first) == Some(true) && ends_are_plain::<16>(last) == Some(true)
    })
}

#[inline(always)]
fn ends_are_plain<const N: usize>(bytes: &[u8]) -> Option<bool> {
    let (first, last) = ends::<N>(bytes)?;
    Some(all_of_block(first, is_plain_byte) & all_of_block(last, is_plain_byte))
}

/// The first and the last N of N to 2 N bytes: two parts, which may share some, of the whole.
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    if bytes.len() > N.wrapping_mul(2) {
        return None;
    }
    Some((bytes.first_chunk()?, bytes.last_chunk()?))
}

/// Looks at all bytes at once, in a register: for that nothing may stop at the first that is wrong.
#[inline(always)]
fn all_of_block<const N: usize>(block: &[u8; N], byte: impl Fn(&u8) -> bool) -> bool {
    block.iter().fold(true, |right, next| right & byte(next))
}

#[inline(always)]
const fn word_is_plain(word: u64) -> bool {
    const LOWS: u64 = u64::from_ne_bytes([0x7F; 8]);
    const BETWEENS: u64 = u64::from_ne_bytes([BETWEEN; 8]);
    const PLUSES: u64 = u64::from_ne_bytes([b'+'; 8]);
    // In bytes below 0x80 the sum has the high bit unless they are 0, and carries nothing.
    let not_nul = word.wrapping_add(LOWS);
    let not_wildcard = ((word | BETWEENS) ^ PLUSES).wrapping_add(LOWS);
    not_nul & not_wildcard & !word & HIGHS == HIGHS
}

#[inline(always)]
const fn is_plain_byte(&byte: &u8) -> bool {
    byte.cast_signed() > 0 && byte | BETWEEN != b'+'
}

const LOWS: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

/// `+` and `#` differ in this bit alone.
const BETWEEN: u8 = b'+' ^ b'#';

/// The bytes that the string at the front of `field` takes, with its length, if it is right.
#[inline(always)]
pub(crate) fn field(field: &[u8]) -> Option<usize> {
    let len = usize::from(u16(&mut { field })?);
    let end = len.wrapping_add(2);
    if is_short_and_plain(field, len) || is_right(field) {
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

/// Whether the string has no more than two words, and at least one to the end of the packet, and is of ASCII.
#[inline(always)]
fn is_short_and_plain(field: &[u8], len: usize) -> bool {
    const WORD: usize = size_of::<u64>();
    let Some(&[_, _, ref first @ ..]) = field.first_chunk::<{ WORD + 2 }>() else {
        return false;
    };
    let first = odd(*first);
    if len <= WORD {
        // What follows the string is moved out.
        let beyond = 64_usize.wrapping_sub(len.wrapping_mul(8)) as u32;
        return first.wrapping_shl(beyond) & HIGHS == 0;
    }
    if len > 2 * WORD {
        return false;
    }
    match field
        .get(..len.wrapping_add(2))
        .and_then(<[u8]>::last_chunk)
    {
        Some(&last) => (first | odd(last)) & HIGHS == 0,
        None => false,
    }
}

#[cold] // So that what is held in registers is moved out of them only for this.
#[inline(never)]
fn is_right(mut field: &[u8]) -> bool {
    let is_plain = |&byte: &u8| byte.cast_signed() > 0;
    binary(&mut field).is_some_and(|string| {
        all(string, is_plain, |word| {
            odd(word.to_le_bytes()) & HIGHS == 0
        }) || checked(string).is_ok()
    })
}

/// Has the high bits of bytes that are U+0000 or not of ASCII. The lowest is right; it may carry into
/// those above, but not into those below.
#[inline(always)]
const fn odd(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    word.wrapping_sub(LOWS) | word
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn plain_is_told_at_each_place_of_each_length() {
        for len in 0..80 {
            let plain = std::vec![b'a'; len];
            assert!(is_plain(&plain));
            assert_eq!(is_plain_name(&plain), len > 0);
            assert_eq!(is_usual_name(&plain), (8..=64).contains(&len));
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut bytes = plain.clone();
                    bytes[at] = byte;
                    let expected = !matches!(byte, 0 | b'+' | b'#' | 0x80..);
                    assert_eq!(is_plain(&bytes), expected, "{byte} at {at} of {len}");
                    assert_eq!(is_plain_name(&bytes), expected, "{byte} at {at} of {len}");
                    let expected = expected && (8..=64).contains(&len);
                    assert_eq!(is_usual_name(&bytes), expected, "{byte} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn nul_is_found_at_each_place_of_each_length() {
        for len in 0..40 {
            let mut bytes = std::vec![1; len];
            assert!(!has_nul(&bytes));
            for at in 0..len {
                bytes[at] = 0;
                assert!(has_nul(&bytes), "at {at} of {len}");
                bytes[at] = 0x80;
                assert!(!has_nul(&bytes), "at {at} of {len}");
            }
        }
    }

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
