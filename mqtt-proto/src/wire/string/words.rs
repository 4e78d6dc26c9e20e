//! What a string contains, told of many bytes at once.

use super::MAX_LEN;
use crate::wire::HAS_FAST_PATHS;

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
    // More than 32 bytes are looked at by blocks: nothing is asked of a word.
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

/// Whether all bytes are of ASCII, none of them U+0000. Of a string this is enough to be right.
#[inline(always)]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    let is_right = |&byte: &u8| byte.cast_signed() > 0;
    all(bytes, is_right, |word| odd(word) & HIGHS == 0)
}

/// Whether the string has no more than two words, and at least one to the end of the packet,
/// and is of ASCII without U+0000.
#[inline(always)]
pub(super) fn is_short_ascii(field: &[u8], len: usize) -> bool {
    const WORD: usize = size_of::<u64>();
    let Some(&[_, _, ref first @ ..]) = field.first_chunk::<{ WORD + 2 }>() else {
        return false;
    };
    let first = odd(u64::from_le_bytes(*first));
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
        Some(&last) => (first | odd(u64::from_le_bytes(last))) & HIGHS == 0,
        None => false,
    }
}

/// Has the high bits of bytes that are U+0000 or not of ASCII. The lowest is right; it may borrow
/// from those above, but not from those below.
#[inline(always)]
const fn odd(word: u64) -> u64 {
    word.wrapping_sub(LOWS) | word
}

const LOWS: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

/// `+` and `#` differ in this bit alone.
const BETWEEN: u8 = b'+' ^ b'#';

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
}
