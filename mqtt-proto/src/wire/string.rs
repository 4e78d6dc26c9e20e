//! What a UTF-8 Encoded String may contain (section 1.5.4).

use crate::DecodeErrorKind;

/// The longest string or binary value that a two byte length can tell.
pub(crate) const MAX_LEN: usize = 65_535;

/// The string, or what is wrong at which of its bytes.
///
/// Control characters and non-characters are taken: refusing them is optional in both
/// versions, and a broker that forwards them would otherwise lose us the connection.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, (DecodeErrorKind, usize)> {
    // [MQTT-1.5.4-1] [MQTT3-1.5.3-1]; U+FEFF is kept as it is [MQTT-1.5.4-3].
    let string = utf8(bytes)?;
    // [MQTT-1.5.4-2] [MQTT3-1.5.3-2]
    match bytes.iter().position(|&byte| byte == 0) {
        None => Ok(string),
        Some(at) => Err((DecodeErrorKind::NulInString, at)),
    }
}

/// As [`decode`], without the search for U+0000: topics look for it on their own.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, (DecodeErrorKind, usize)> {
    core::str::from_utf8(bytes).map_err(|error| (DecodeErrorKind::InvalidUtf8, error.valid_up_to()))
}

/// Whether there may be U+0000 or a wildcard among the bytes, a word at a time.
/// `false` is certain, `true` is not and asks for a closer look.
pub(crate) fn may_have_nul_or_wildcard(bytes: &[u8]) -> bool {
    let mut words = bytes.chunks_exact(WORD);
    let found = words
        .by_ref()
        .any(|word| word_has_nul_or_wildcard(word.try_into().unwrap_or_default()));
    // What is left is looked at together with bytes seen before, unless all is shorter than a word.
    found
        || !words.remainder().is_empty()
            && match bytes.last_chunk() {
                Some(&word) => word_has_nul_or_wildcard(word),
                None => bytes.iter().any(|byte| matches!(byte, 0 | b'+' | b'#')),
            }
}

const WORD: usize = size_of::<usize>();

const fn word_has_nul_or_wildcard(word: [u8; WORD]) -> bool {
    const ONES: usize = usize::from_ne_bytes([0x01; WORD]);
    const HIGHS: usize = usize::from_ne_bytes([0x80; WORD]);
    /// `+` and `#` differ in this bit alone.
    const BETWEEN: usize = usize::from_ne_bytes([b'+' ^ b'#'; WORD]);
    const PLUS: usize = usize::from_ne_bytes([b'+'; WORD]);
    let word = usize::from_ne_bytes(word);
    let wildcard = (word | BETWEEN) ^ PLUS;
    // A byte of 0 borrows, one of 0x80 and above is left out.
    (word.wrapping_sub(ONES) & !word | wildcard.wrapping_sub(ONES) & !wildcard) & HIGHS != 0
}
