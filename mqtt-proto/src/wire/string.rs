//! What a UTF-8 Encoded String may contain (section 1.5.4).

use crate::DecodeErrorKind;

/// The longest string or binary value that a two byte length can tell.
pub(crate) const MAX_LEN: usize = 65_535;

/// What is wrong with a string, at which of its bytes.
///
/// Control characters and non-characters are taken: refusing them is optional in both
/// versions, and a broker that forwards them would otherwise lose us the connection.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Result<(), (DecodeErrorKind, usize)> {
    if is_plain(bytes) {
        return Ok(());
    }
    look_closer(bytes)
}

#[inline(never)]
fn look_closer(bytes: &[u8]) -> Result<(), (DecodeErrorKind, usize)> {
    // [MQTT-1.5.4-1] [MQTT3-1.5.3-1]; U+FEFF is kept as it is [MQTT-1.5.4-3].
    utf8(bytes)?;
    // [MQTT-1.5.4-2] [MQTT3-1.5.3-2]
    match nul(bytes) {
        None => Ok(()),
        Some(at) => Err((DecodeErrorKind::NulInString, at)),
    }
}

/// The string, or where it is not UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, (DecodeErrorKind, usize)> {
    core::str::from_utf8(bytes).map_err(|error| (DecodeErrorKind::InvalidUtf8, error.valid_up_to()))
}

/// Where U+0000 is.
pub(crate) fn nul(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == 0)
}

/// Whether all bytes are of ASCII, none of them U+0000, `+` or `#`.
///
/// Nearly all strings are so, and are then valid as strings and, when not empty, as topic
/// names. Of others this says nothing.
#[inline(never)]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    if bytes.len() >= WORD {
        return words_are_plain(bytes);
    }
    // Two halves that may share some bytes make a word too.
    if WORD > HALF
        && let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk())
    {
        let halves: [[u8; HALF]; 2] = [*first, *last];
        let mut word = [b' '; WORD];
        for (to, &byte) in word.iter_mut().zip(halves.as_flattened()) {
            *to = byte;
        }
        return word_is_plain(word);
    }
    bytes
        .iter()
        .all(|byte| !matches!(byte, 0 | b'+' | b'#' | 0x80..))
}

/// As [`is_plain`], a word at a time; `false` for what is shorter than a word.
#[inline(always)]
pub(crate) fn words_are_plain(bytes: &[u8]) -> bool {
    let Some(&last) = bytes.last_chunk() else {
        return false;
    };
    let mut rest = bytes;
    while let Some((&word, after)) = rest.split_first_chunk() {
        if !word_is_plain(word) {
            return false;
        }
        rest = after;
    }
    // What it shares with the word before is looked at twice.
    word_is_plain(last)
}

const WORD: usize = size_of::<usize>();
const HALF: usize = 4;

#[inline(always)]
const fn word_is_plain(word: [u8; WORD]) -> bool {
    const HIGHS: usize = usize::from_ne_bytes([0x80; WORD]);
    const LOWS: usize = usize::from_ne_bytes([0x7F; WORD]);
    /// `+` and `#` differ in this bit alone.
    const BETWEEN: usize = usize::from_ne_bytes([b'+' ^ b'#'; WORD]);
    const PLUS: usize = usize::from_ne_bytes([b'+'; WORD]);
    let word = usize::from_ne_bytes(word);
    // In bytes below 0x80 the sum has the high bit unless they are 0, and carries nothing.
    let not_nul = word.wrapping_add(LOWS);
    let not_wildcard = ((word | BETWEEN) ^ PLUS).wrapping_add(LOWS);
    not_nul & not_wildcard & !word & HIGHS == HIGHS
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn plain_is_told_at_each_place_of_each_length() {
        for len in 0..40 {
            let plain = std::vec![b'a'; len];
            assert!(is_plain(&plain));
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    let mut bytes = plain.clone();
                    bytes[at] = byte;
                    let expected = !matches!(byte, 0 | b'+' | b'#' | 0x80..);
                    assert_eq!(is_plain(&bytes), expected, "{byte} at {at} of {len}");
                }
            }
        }
    }
}
