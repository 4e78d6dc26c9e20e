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
