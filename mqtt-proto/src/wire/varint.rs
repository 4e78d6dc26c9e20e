//! Variable Byte Integers (section 1.5.5).

use nom::IResult;

use super::HAS_FAST_PATHS;
use crate::DecodeErrorKind;

/// The largest value that four bytes hold.
pub(crate) const MAX: u32 = 268_435_455;

/// The value at the front of `bytes` and how many bytes it takes; `None` when more are needed to know.
/// An error comes with the index of the byte that is wrong.
#[inline(always)]
pub(crate) fn decode(bytes: &[u8]) -> Result<Option<(u32, usize)>, (DecodeErrorKind, usize)> {
    // As most are.
    if HAS_FAST_PATHS && let [first @ ..0x80, ..] = *bytes {
        return Ok(Some((first.into(), 1)));
    }
    decode_any(bytes)
}

#[inline]
fn decode_any(bytes: &[u8]) -> Result<Option<(u32, usize)>, (DecodeErrorKind, usize)> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7F).wrapping_shl(at.wrapping_mul(7) as u32);
        if byte < 0x80 {
            // [MQTT-1.5.5-1] A last byte of 0 adds nothing to the value.
            if byte == 0 && at > 0 {
                return Err((DecodeErrorKind::NonMinimalVariableByteInteger, at));
            }
            return Ok(Some((value, at.wrapping_add(1))));
        }
    }
    if bytes.len() < 4 {
        return Ok(None);
    }
    Err((DecodeErrorKind::MalformedVariableByteInteger, 3))
}

/// [`decode`] as a parser of nom's.
pub(crate) fn parse(input: &[u8]) -> IResult<&[u8], u32, ()> {
    match decode(input) {
        Ok(Some((value, len))) => Ok((input.get(len..).unwrap_or_default(), value)),
        _ => Err(nom::Err::Error(())),
    }
}

/// How many bytes the value takes; 4 also for what is too large, which is refused elsewhere.
pub(crate) const fn len(value: usize) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_each_length() {
        for (bytes, value) in [
            (&[0x00][..], 0),
            (&[0x7F], 127),
            (&[0x80, 0x01], 128),
            (&[0xFF, 0x7F], 16_383),
            (&[0x80, 0x80, 0x01], 16_384),
            (&[0xFF, 0xFF, 0x7F], 2_097_151),
            (&[0x80, 0x80, 0x80, 0x01], 2_097_152),
            (&[0xFF, 0xFF, 0xFF, 0x7F], MAX),
        ] {
            assert_eq!(decode(bytes), Ok(Some((value, bytes.len()))));
            assert_eq!(len(value as usize), bytes.len());
            for cut in 0..bytes.len() {
                assert_eq!(decode(&bytes[..cut]), Ok(None));
            }
        }
    }

    #[test]
    fn non_minimal_is_refused() {
        // [MQTT-1.5.5-1]
        let kind = DecodeErrorKind::NonMinimalVariableByteInteger;
        assert_eq!(decode(&[0x80, 0x00]), Err((kind, 1)));
        assert_eq!(decode(&[0xFF, 0x80, 0x00]), Err((kind, 2)));
        assert_eq!(decode(&[0x80, 0x80, 0x80, 0x00]), Err((kind, 3)));
    }

    #[test]
    fn five_bytes_are_refused_at_the_fourth() {
        let kind = DecodeErrorKind::MalformedVariableByteInteger;
        assert_eq!(decode(&[0xFF, 0xFF, 0xFF, 0xFF]), Err((kind, 3)));
        assert_eq!(decode(&[0x80, 0x80, 0x80, 0x80, 0x01]), Err((kind, 3)));
    }
}
