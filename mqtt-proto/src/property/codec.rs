//! The properties of a packet, to and from the wire: a length and so many bytes of them.

use super::table::{Census, Form, Refusal, Row};
use super::value::Value;
use super::{Properties, Property, PropertyId, plain};
use crate::allowed::{Place, Senders};
use crate::sequence::{Repr, Wired};
use crate::wire::{HAS_FAST_PATHS, Output, Reader, binary, string, varint};
use crate::{DecodeErrorKind, Element, EncodeError, Sequence, Version};

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
    if HAS_FAST_PATHS && let Some((bytes, after)) = plain::take(reader.rest(), census) {
        reader.advance_to(after);
        return bytes;
    }
    // [MQTT-2.2.2-1] Where there are none the length is there all the same.
    let len = usize::try_from(reader.varint()).unwrap_or(usize::MAX);
    let start = reader.offset();
    let (bytes, after) = reader.enter(len);
    while !reader.is_empty() {
        // A Variable Byte Integer, though none of today's takes more than one byte.
        let id = reader.varint();
        let row = Row::of(id);
        let refusal = match census.admit(id, row) {
            Ok(()) if check_value(reader, row, census) => continue,
            Ok(()) => None,
            Err(refusal) => Some(refusal),
        };
        let kind = match (PropertyId::from_u32(id), refusal) {
            (None, _) => DecodeErrorKind::UnknownProperty(id),
            (Some(id), Some(Refusal::NotAllowed)) => DecodeErrorKind::PropertyNotAllowed(id),
            (Some(id), Some(Refusal::WrongSender)) => DecodeErrorKind::PropertyOfOtherSide(id),
            (Some(id), Some(Refusal::Repeated)) => DecodeErrorKind::PropertyRepeated(id),
            // [MQTT-3.3.2-8], with a reason code of its own.
            (Some(PropertyId::TopicAlias), None) => DecodeErrorKind::TopicAliasInvalid(0),
            (Some(id), None) => DecodeErrorKind::PropertyValue(id),
        };
        reader.refuse(kind);
    }
    if census.lacks_method() {
        reader.fail_at(start, DecodeErrorKind::AuthenticationDataWithoutMethod);
    }
    reader.leave(after);
    bytes
}

/// Reads a value, and checks it; `false` for a number that is out of range.
#[inline(always)]
fn check_value(reader: &mut Reader<'_>, row: Row, census: &mut Census) -> bool {
    match row.form() {
        Some(Form::ZeroOrOne) => return reader.u8() <= 1,
        Some(Form::TwoBytes) => _ = reader.u16(),
        Some(Form::TwoBytesNotZero) => {
            return reader.u16() != 0;
        }
        Some(Form::TopicAlias) => {
            census.topic_alias = reader.u16();
            return census.topic_alias != 0;
        }
        Some(Form::FourBytes) => _ = reader.u32(),
        Some(Form::FourBytesNotZero) => return reader.u32() != 0,
        Some(Form::VariableNotZero) => return reader.varint() != 0,
        Some(Form::Text) => _ = reader.text(),
        // [MQTT-1.5.7-1] Both strings of a pair are checked as one alone is.
        Some(Form::TextPair) => _ = (reader.text(), reader.text()),
        Some(Form::TopicName) => _ = reader.topic_name(),
        Some(Form::Binary) | None => _ = reader.binary(),
    }
    true
}

/// Whether the properties may be where the census is taken, and how many bytes they take
/// without their length.
pub(crate) fn check(
    properties: Properties<'_>,
    version: Version,
    census: &mut Census,
) -> Result<usize, EncodeError> {
    if properties.is_empty() {
        return Ok(0);
    }
    if version == Version::V3_1_1 {
        return Err(EncodeError::NotInVersion);
    }
    let mut meter = Meter::default();
    match properties.repr() {
        Repr::Slice(list) => {
            for property in list {
                let id = property.id();
                meter.admit(id, census);
                let value = property.to_value();
                // All others are kept in range by their types.
                if let Value::Byte(2..) = value {
                    meter.fail(EncodeError::PropertyValue(id));
                }
                value.write(id, &mut meter);
            }
        }
        Repr::Wire(mut rest) => {
            meter.bytes(rest);
            while let Some(id) = skip(&mut rest) {
                meter.admit(id, census);
            }
        }
    }
    if census.lacks_method() {
        meter.fail(EncodeError::AuthenticationDataWithoutMethod);
    }
    match meter.error {
        None => Ok(usize::try_from(meter.len).unwrap_or(usize::MAX)),
        Some(error) => Err(error),
    }
}

/// Checks what it takes, and counts it. The first error stays.
#[derive(Default)]
struct Meter {
    len: u64,
    error: Option<EncodeError>,
}

impl Meter {
    #[cold]
    #[inline(never)]
    fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    fn admit(&mut self, id: PropertyId, census: &mut Census) {
        if let Err(refusal) = census.admit(id as u32, Row::of(id as u32)) {
            self.fail(match refusal {
                Refusal::NotAllowed => EncodeError::PropertyNotAllowed(id),
                Refusal::WrongSender => EncodeError::NobodyMaySend,
                Refusal::Repeated => EncodeError::PropertyRepeated(id),
            });
        }
    }
}

impl Output for Meter {
    fn bytes(&mut self, bytes: &[u8]) {
        // More than 64 bits can count would not find room in memory.
        self.len = self.len.wrapping_add(bytes.len() as u64);
    }

    fn binary(&mut self, bytes: &[u8]) {
        if let Err(error) = check_binary(bytes) {
            self.fail(error);
        }
        self.len = self.len.wrapping_add(bytes.len() as u64).wrapping_add(2);
    }

    fn text(&mut self, string: &[u8]) {
        if let Err(error) = check_string(string) {
            self.fail(error);
        }
        self.len = self.len.wrapping_add(string.len() as u64).wrapping_add(2);
    }
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
        Repr::Slice(list) => {
            for property in list {
                property.to_value().write(property.id(), &mut out);
            }
        }
        Repr::Wire(bytes) => out.bytes(bytes),
    }
    out
}

pub(crate) fn check_string(string: &[u8]) -> Result<(), EncodeError> {
    check_binary(string)?;
    // [MQTT-1.5.4-2]
    if string::has_nul(string) {
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

/// Moves past a property that has been validated, and tells which it is.
fn skip(rest: &mut &[u8]) -> Option<PropertyId> {
    let (&byte, after) = rest.split_first()?;
    let id = PropertyId::from_u32(byte.into())?;
    *rest = after;
    let width = match Row::of(byte.into()).form()? {
        Form::ZeroOrOne => 1,
        Form::TwoBytes | Form::TwoBytesNotZero | Form::TopicAlias => 2,
        Form::FourBytes | Form::FourBytesNotZero => 4,
        Form::VariableNotZero => varint::decode(rest).ok()??.1,
        form => {
            binary(rest)?;
            if form == Form::TextPair {
                binary(rest)?;
            }
            0
        }
    };
    *rest = rest.get(width..)?;
    Some(id)
}

/// Where a property was found.
pub(super) enum Found<'a> {
    Listed(Property<'a>),
    /// Its value, and what follows.
    OnWire(&'a [u8]),
}

impl<'a> Properties<'a> {
    /// The first property with the identifier.
    pub(super) fn find(self, id: PropertyId) -> Option<Found<'a>> {
        match self.repr() {
            Repr::Slice(list) => {
                let found = list.iter().find(|property| property.id() == id);
                found.copied().map(Found::Listed)
            }
            Repr::Wire(mut rest) => loop {
                let from = rest;
                if skip(&mut rest)? == id {
                    return from.get(1..).map(Found::OnWire);
                }
            },
        }
    }
}

impl<'a> Element<'a> for Property<'a> {}

impl<'a> Wired<'a> for Property<'a> {
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let (after, property) = Self::parse(rest).ok()?;
        *rest = after;
        Some(property)
    }
}
