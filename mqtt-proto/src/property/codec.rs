//! The properties of a packet, to and from the wire: a length and so many bytes of them.

use super::census::{Census, Refusal};
use super::table::{Form, Row};
use super::value::Value;
use super::{Properties, Property, PropertyId, walk};
use crate::allowed::{Place, Senders};
use crate::sequence::{Repr, Wired};
use crate::wire::{HAS_FAST_PATHS, Output, Reader, binary, varint};
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
    if HAS_FAST_PATHS && let Some(bytes) = take_plain(reader, census) {
        return bytes;
    }
    take_any(reader, census)
}

/// Takes properties of 5.0 that are right.
#[inline(always)]
pub(super) fn take_plain<'a>(reader: &mut Reader<'a>, census: &mut Census) -> Option<&'a [u8]> {
    let open = census.open_to(reader.sender);
    let taken = walk::take(reader.rest(), open)?;
    let counted = census.with(open, taken.open, taken.topic_alias);
    if counted.topic_alias > reader.topic_alias_maximum || counted.lacks_method() {
        return None;
    }
    *census = counted;
    reader.advance_to(taken.after);
    Some(taken.properties)
}

/// Takes properties of 5.0, and tells what is wrong with them.
#[inline(always)]
pub(super) fn take_any<'a>(reader: &mut Reader<'a>, census: &mut Census) -> &'a [u8] {
    // [MQTT-2.2.2-1] Where there are none the length is there all the same.
    let len = usize::try_from(reader.varint()).unwrap_or(usize::MAX);
    let (bytes, after) = reader.enter(len);
    while !reader.is_empty() {
        take_one(reader, census);
    }
    if census.lacks_method() {
        // Where it could still have come.
        reader.fail_at(
            reader.offset(),
            DecodeErrorKind::AuthenticationDataWithoutMethod,
        );
    }
    reader.leave(after);
    bytes
}

/// Reads the property that comes next, and counts it in.
pub(crate) fn take_one(reader: &mut Reader<'_>, census: &mut Census) {
    // A Variable Byte Integer, though none of today's takes more than one byte.
    let id = reader.varint();
    let row = Row::of(id);
    let refusal = match census.admit(id, row) {
        Ok(()) if check_value(reader, row, census) => return,
        Ok(()) => None,
        Err(refusal) => Some(refusal),
    };
    let kind = match (PropertyId::from_u32(id), refusal) {
        (None, _) => DecodeErrorKind::UnknownProperty(id),
        (Some(id), Some(Refusal::NotAllowed)) => DecodeErrorKind::PropertyNotAllowed(id),
        (Some(id), Some(Refusal::WrongSender)) => DecodeErrorKind::PropertyOfOtherSide(id),
        (Some(id), Some(Refusal::Repeated)) => DecodeErrorKind::PropertyRepeated(id),
        // With a reason code of its own.
        (Some(PropertyId::TopicAlias), None) => {
            DecodeErrorKind::TopicAliasInvalid(census.topic_alias)
        }
        (Some(id), None) => DecodeErrorKind::PropertyValue(id),
    };
    reader.refuse(kind);
}

/// Reads a value, and checks it; `false` for a number that is out of range.
#[inline(always)]
fn check_value(reader: &mut Reader<'_>, row: Row, census: &mut Census) -> bool {
    match row.form() {
        Some(Form::Text) => _ = reader.text(),
        // [MQTT-1.5.7-1] Both strings of a pair are checked as one alone is.
        Some(Form::TextPair) => _ = (reader.text(), reader.text()),
        Some(Form::TopicName) => _ = reader.topic_name(),
        Some(Form::Binary) | None => _ = reader.binary(),
        Some(form) => return check_number(reader, form, census),
    }
    true
}

#[inline(always)]
fn check_number(reader: &mut Reader<'_>, form: Form, census: &mut Census) -> bool {
    let number = match form {
        Form::VariableNotZero => reader.varint(),
        _ => reader.number(form.width()),
    };
    match form {
        Form::TwoBytes | Form::FourBytes => true,
        Form::ZeroOrOne => number <= 1,
        Form::TopicAlias => {
            census.topic_alias = number as u16;
            // [MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.3.2-10] [MQTT-3.3.2-11]
            number != 0 && number <= reader.topic_alias_maximum.into()
        }
        _ => number != 0,
    }
}

/// Has `out` take the properties without their length, and tells it what is wrong with them or
/// where the census is taken.
pub(crate) fn check(
    properties: Properties<'_>,
    version: Version,
    census: &mut Census,
    out: &mut impl Output,
) {
    if properties.is_empty() {
        return;
    }
    if version == Version::V3_1_1 {
        return out.fail(EncodeError::NotInVersion);
    }
    match properties.repr() {
        Repr::Slice(list) => {
            for property in list {
                let id = property.id();
                admit(id, census, out);
                let value = property.to_value();
                // All others are kept in range by their types.
                if let Value::Byte(2..) = value {
                    out.fail(EncodeError::PropertyValue(id));
                }
                value.write(id, out);
            }
        }
        Repr::Wire(bytes) => {
            let mut rest = bytes;
            while let Some(id) = skip(&mut rest) {
                admit(id, census, out);
            }
            out.bytes(bytes);
        }
    }
    if census.lacks_method() {
        out.fail(EncodeError::AuthenticationDataWithoutMethod);
    }
}

fn admit(id: PropertyId, census: &mut Census, out: &mut impl Output) {
    if let Err(refusal) = census.admit(id as u32, Row::of(id as u32)) {
        out.fail(match refusal {
            Refusal::NotAllowed => EncodeError::PropertyNotAllowed(id),
            Refusal::WrongSender => EncodeError::NobodyMaySend,
            Refusal::Repeated => EncodeError::PropertyRepeated(id),
        });
    }
}

/// The bytes that properties of `len` bytes take with their length; none in 3.1.1.
pub(crate) const fn encoded_len(len: usize, version: Version) -> usize {
    match version {
        Version::V3_1_1 => 0,
        Version::V5 => varint::len(len).saturating_add(len),
    }
}

/// Writes properties that have been checked and take `len` bytes, with their length; nothing in 3.1.1.
pub(crate) fn write(
    properties: Properties<'_>,
    len: usize,
    version: Version,
    out: &mut impl Output,
) {
    if version == Version::V3_1_1 {
        return;
    }
    out.varint(len);
    write_from(properties, 0, out);
}

/// Writes properties that have been checked from the one on that is so far inside.
pub(crate) fn write_from(properties: Properties<'_>, from: usize, out: &mut impl Output) {
    match properties.repr() {
        Repr::Slice(list) => {
            let list = list.get(from..).unwrap_or_default();
            for (inside, property) in (from..).zip(list) {
                if !out.go_on(inside) {
                    return;
                }
                property.to_value().write(property.id(), out);
            }
        }
        // They are passed over in one step as well.
        Repr::Wire(bytes) => {
            if out.go_on(0) {
                out.bytes(bytes);
            }
        }
    }
}

/// Moves past a property that has been validated, and tells which it is.
fn skip(rest: &mut &[u8]) -> Option<PropertyId> {
    let (&byte, after) = rest.split_first()?;
    *rest = after;
    let form = Row::of(byte.into()).form()?;
    let (fields, width) = match form {
        // A byte below 0x80 is the last.
        Form::VariableNotZero => (
            0,
            after.iter().position(|&byte| byte < 0x80)?.wrapping_add(1),
        ),
        Form::Text | Form::TopicName | Form::Binary => (1, 0),
        Form::TextPair => (2, 0),
        _ => (0, form.width()),
    };
    for _ in 0..fields {
        binary(rest)?;
    }
    *rest = rest.get(width..)?;
    PropertyId::from_u32(byte.into())
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
    #[inline(always)] // A fast path and a call.
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        if HAS_FAST_PATHS && let Some(property) = take_user_property(rest) {
            return Some(property);
        }
        take_property(rest)
    }
}

/// Takes a User Property, which is what comes most where there are many.
#[inline(always)]
fn take_user_property<'a>(rest: &mut &'a [u8]) -> Option<Property<'a>> {
    const USER_PROPERTY: u8 = PropertyId::UserProperty as u8;
    let &[USER_PROPERTY, ref fields @ ..] = *rest else {
        return None;
    };
    let mut after = fields;
    let name = core::str::from_utf8(binary(&mut after)?).ok()?;
    let value = core::str::from_utf8(binary(&mut after)?).ok()?;
    *rest = after;
    Some(Property::UserProperty(name, value))
}

#[inline(never)]
fn take_property<'a>(rest: &mut &'a [u8]) -> Option<Property<'a>> {
    let (after, property) = Property::parse(rest).ok()?;
    *rest = after;
    Some(property)
}
