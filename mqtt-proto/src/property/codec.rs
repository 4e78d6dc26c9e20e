//! The properties of a packet, to and from the wire: a length and so many bytes of them.

use super::table::{Census, Range, Refusal, Row, Wire};
use super::value::Value;
use super::{Properties, Property, PropertyId};
use crate::allowed::{Place, Senders};
use crate::sequence::{Repr, Wired};
use crate::wire::{Output, Reader, binary, in_string, string, varint};
use crate::{
    DecodeError, DecodeErrorKind, Element, EncodeError, Sequence, SequenceIter, TopicName, Version,
};

/// Reads the properties that the sender may send at `place`; nothing in 3.1.1, which has none.
#[inline(always)]
pub(crate) fn decode<'a>(reader: &mut Reader<'a>, place: Place) -> Properties<'a> {
    /// In registers, while a sequence would go through memory.
    #[inline(never)]
    fn bytes<'a>(reader: &mut Reader<'a>, place: Place) -> &'a [u8] {
        let mut census = Census::new(place, Senders::only(reader.sender));
        take(reader, &mut census)
    }
    Sequence::from_wire(bytes(reader, place))
}

/// Reads properties as [`decode`] does, and tells which there were.
#[inline(always)]
pub(crate) fn decode_counted<'a>(
    reader: &mut Reader<'a>,
    place: Place,
) -> (Properties<'a>, Census) {
    let mut census = Census::new(place, Senders::only(reader.sender));
    (Sequence::from_wire(take(reader, &mut census)), census)
}

#[inline(never)]
fn take<'a>(reader: &mut Reader<'a>, census: &mut Census) -> &'a [u8] {
    if reader.version == Version::V3_1_1 {
        return &[];
    }
    // [MQTT-2.2.2-1] Where there are none the length is there all the same.
    let len = usize::try_from(reader.varint()).unwrap_or(usize::MAX);
    let bytes = reader.bytes(len);
    if !bytes.is_empty()
        && let Err(DecodeError { kind, offset }) = validate(bytes, reader.offset(), census)
    {
        reader.fail(kind, offset);
    }
    bytes
}

/// Checks properties of which the last ends at the offset `end` in its packet.
fn validate(bytes: &[u8], end: usize, census: &mut Census) -> Result<(), DecodeError> {
    let mut rest = bytes;
    let offset = |rest: &[u8]| end.saturating_sub(rest.len());
    let error = |kind, rest| {
        let offset = offset(rest);
        Err(DecodeError { kind, offset })
    };
    while let Some((&id, after)) = rest.split_first() {
        let Some(row) = PropertyId::row_of(id) else {
            let (kind, at) = unknown(rest);
            return Err(DecodeError {
                kind,
                offset: offset(rest).saturating_add(at),
            });
        };
        if let Err(refusal) = census.admit(row) {
            let kind = match refusal {
                Refusal::NotAllowed => DecodeErrorKind::PropertyNotAllowed(row.id),
                Refusal::WrongSender => DecodeErrorKind::PropertyOfOtherSide(row.id),
                Refusal::Repeated => DecodeErrorKind::PropertyRepeated(row.id),
            };
            return error(kind, rest);
        }
        rest = after;
        // [MQTT-1.5.7-1] Both strings of a pair are checked as one alone is.
        let texts = match row.wire {
            Wire::TextPair => 2,
            Wire::Text => 1,
            _ => 0,
        };
        for _ in 0..texts {
            let start = rest;
            let Some(text) = binary(&mut rest) else {
                return error(DecodeErrorKind::Truncated, start);
            };
            let checked = match row.range {
                Range::Topic => TopicName::from_wire(text).map(drop),
                _ => string::check(text),
            };
            if let Err((kind, at)) = checked {
                return Err(DecodeError {
                    kind,
                    offset: in_string(offset(start), at),
                });
            }
        }
        if texts > 0 {
            continue;
        }
        match Value::take(row.wire, &mut rest) {
            Ok(Value::Number(number)) if !row.holds(number) => {
                let kind = match row.id {
                    // [MQTT-3.3.2-8], with a reason code of its own.
                    PropertyId::TopicAlias => DecodeErrorKind::TopicAliasInvalid(0),
                    id => DecodeErrorKind::PropertyValue(id),
                };
                return error(kind, after);
            }
            Ok(Value::Number(number)) if row.id == PropertyId::TopicAlias => {
                census.topic_alias = u16::try_from(number).unwrap_or_default();
            }
            Ok(_) => {}
            Err((kind, at)) => {
                return Err(DecodeError {
                    kind,
                    offset: offset(after).saturating_add(at),
                });
            }
        }
    }
    if census.lacks_method() {
        return error(DecodeErrorKind::AuthenticationDataWithoutMethod, bytes);
    }
    Ok(())
}

/// What is wrong with an identifier, which is a Variable Byte Integer, though none of today's
/// takes more than one byte.
#[cold]
fn unknown(rest: &[u8]) -> (DecodeErrorKind, usize) {
    match varint::decode(rest) {
        Ok(Some((id, _))) => (DecodeErrorKind::UnknownProperty(id), 0),
        Ok(None) => (DecodeErrorKind::Truncated, 0),
        Err(error) => error,
    }
}

/// Whether the properties may be where the census is taken, and how many bytes they take
/// without their length.
pub(crate) fn check(
    properties: Properties<'_>,
    version: Version,
    census: &mut Census,
) -> Result<usize, EncodeError> {
    let mut len: usize = 0;
    if properties.is_empty() {
        return Ok(len);
    }
    if version == Version::V3_1_1 {
        return Err(EncodeError::NotInVersion);
    }
    let mut rest = properties.iter();
    while let Some((row, value)) = rest.next_value() {
        let id = row.id;
        census.admit(row).map_err(|refusal| match refusal {
            Refusal::NotAllowed => EncodeError::PropertyNotAllowed(id),
            Refusal::WrongSender => EncodeError::NobodyMaySend,
            Refusal::Repeated => EncodeError::PropertyRepeated(id),
        })?;
        match value {
            Value::Number(number) if !row.holds(number) => {
                return Err(EncodeError::PropertyValue(id));
            }
            Value::Number(_) => {}
            // A topic name has been checked.
            Value::Bytes(bytes) if row.wire == Wire::Binary || row.range == Range::Topic => {
                check_binary(bytes)?;
            }
            Value::Bytes(bytes) => check_string(bytes)?,
            Value::Pair(name, value) => {
                check_string(name)?;
                check_string(value)?;
            }
        }
        len = len.saturating_add(value.len(row.wire)).saturating_add(1);
    }
    if census.lacks_method() {
        return Err(EncodeError::AuthenticationDataWithoutMethod);
    }
    Ok(len)
}

/// The bytes that properties of `len` bytes take with their length; none in 3.1.1.
pub(crate) const fn encoded_len(len: usize, version: Version) -> usize {
    match version {
        Version::V3_1_1 => 0,
        Version::V5 => varint::len(len).saturating_add(len),
    }
}

/// Writes the properties, which take `len` bytes, with their length; nothing in 3.1.1.
#[inline]
pub(crate) fn write<O: Output>(
    properties: Properties<'_>,
    len: usize,
    version: Version,
    out: &mut O,
) {
    match (version, len) {
        (Version::V3_1_1, _) => {}
        (Version::V5, 0) => out.u8(0),
        (Version::V5, _) => *out = write_some(properties, len, core::mem::take(out)),
    }
}

/// Out of line, since most packets have no properties; the output goes by value, so that it
/// can stay in registers where there are none.
#[inline(never)]
fn write_some<O: Output>(properties: Properties<'_>, len: usize, mut out: O) -> O {
    out.varint(len);
    match properties.repr() {
        Repr::Slice(properties) => properties
            .iter()
            .for_each(|property| property.write(&mut out)),
        Repr::Wire(bytes) => out.bytes(bytes),
    }
    out
}

pub(crate) fn check_string(string: &[u8]) -> Result<(), EncodeError> {
    check_binary(string)?;
    // [MQTT-1.5.4-2]
    if !string::is_plain(string) && string::nul(string).is_some() {
        Err(EncodeError::NulInString)
    } else {
        Ok(())
    }
}

pub(crate) const fn check_binary(bytes: &[u8]) -> Result<(), EncodeError> {
    if bytes.len() > string::MAX_LEN {
        Err(EncodeError::StringTooLong)
    } else {
        Ok(())
    }
}

/// Takes a property from validated bytes.
fn take_value<'a>(rest: &mut &'a [u8]) -> Option<(&'static Row, Value<'a>)> {
    let (&id, after) = rest.split_first()?;
    let row = PropertyId::row_of(id)?;
    *rest = after;
    let value = Value::take(row.wire, rest).ok()?;
    Some((row, value))
}

impl<'a> SequenceIter<'a, Property<'a>> {
    /// The next property in the form of the wire, which is made sooner than a [`Property`] is.
    fn next_value(&mut self) -> Option<(&'static Row, Value<'a>)> {
        match self.rest() {
            Repr::Slice(rest) => {
                let (first, after) = rest.split_first()?;
                *rest = after;
                Some((PropertyId::row_of(first.id() as u8)?, first.to_value()))
            }
            Repr::Wire(rest) => take_value(rest),
        }
    }
}

impl<'a> Properties<'a> {
    /// The first property with the identifier.
    pub(crate) fn find(self, id: PropertyId) -> Option<Property<'a>> {
        let mut rest = self.iter();
        while let Some((row, value)) = rest.next_value() {
            if row.id == id {
                return Property::from_value(id, value);
            }
        }
        None
    }
}

impl<'a> Element<'a> for Property<'a> {}

impl<'a> Wired<'a> for Property<'a> {
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let (row, value) = take_value(rest)?;
        Self::from_value(row.id, value)
    }
}

impl Property<'_> {
    fn write(&self, out: &mut impl Output) {
        let id = self.id();
        let wire = PropertyId::row_of(id as u8).map_or(Wire::Byte, |row| row.wire);
        out.u8(id as u8);
        self.to_value().write(wire, out);
    }
}
