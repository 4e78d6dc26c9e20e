//! The properties of a packet, to and from the wire: a length and so many bytes of them.

use super::table::{Census, Refusal, Row, Wire};
use super::value::Value;
use super::{Properties, Property, PropertyId};
use crate::allowed::{Place, Senders};
use crate::sequence::Wired;
use crate::wire::{Reader, Writer, string};
use crate::{DecodeErrorKind, Element, EncodeError, Sequence, Version};

/// Reads the properties that `senders` may send at `place`; nothing in 3.1.1, which has none.
#[inline]
pub(crate) fn decode<'a>(
    reader: &mut Reader<'a>,
    version: Version,
    place: Place,
    senders: Senders,
) -> Properties<'a> {
    if version == Version::V3_1_1 {
        return Properties::EMPTY;
    }
    // [MQTT-2.2.2-1] Where there are none the length is there all the same.
    match reader.varint() {
        0 => Properties::EMPTY,
        len => decode_some(reader, len, place, senders),
    }
}

/// Out of line, since most packets have no properties.
#[inline(never)]
fn decode_some<'a>(
    reader: &mut Reader<'a>,
    len: u32,
    place: Place,
    senders: Senders,
) -> Properties<'a> {
    let mut section = reader.section(usize::try_from(len).unwrap_or(usize::MAX));
    let (start, bytes) = (section.offset(), section.rest());
    let mut census = Census::new(place, senders);
    while !section.is_empty() {
        let property_start = section.offset();
        let Some(row) = read_row(&mut section) else {
            break;
        };
        if let Err(refusal) = census.admit(row) {
            let kind = match refusal {
                Refusal::NotAllowed => DecodeErrorKind::PropertyNotAllowed(row.id),
                Refusal::WrongSender => DecodeErrorKind::PropertyOfOtherSide(row.id),
                Refusal::Repeated => DecodeErrorKind::PropertyRepeated(row.id),
            };
            section.fail(kind, property_start);
        }
        Value::read(row, &mut section);
    }
    if census.lacks_method() {
        section.fail(DecodeErrorKind::AuthenticationDataWithoutMethod, start);
    }
    if let Err(error) = section.checked(()) {
        reader.fail_with(error);
    }
    Sequence::from_wire(bytes)
}

/// Reads an identifier: a Variable Byte Integer, though none of today's takes more than one byte.
fn read_row(reader: &mut Reader<'_>) -> Option<&'static Row> {
    let start = reader.offset();
    let id = reader.varint();
    let row = row(id);
    if row.is_none() {
        reader.fail(DecodeErrorKind::UnknownProperty(id), start);
    }
    row
}

/// What the table says of a property.
pub(crate) fn row(id: u32) -> Option<&'static Row> {
    u8::try_from(id).ok().and_then(PropertyId::row_of)
}

/// Whether the properties may be at `place`; `senders` are narrowed to those who may send them there.
pub(crate) fn check(
    properties: Properties<'_>,
    version: Version,
    place: Place,
    senders: &mut Senders,
) -> Result<(), EncodeError> {
    if properties.is_empty() {
        return Ok(());
    }
    if version == Version::V3_1_1 {
        return Err(EncodeError::NotInVersion);
    }
    let mut census = Census::new(place, *senders);
    for property in properties {
        let id = property.id();
        let Some(row) = PropertyId::row_of(id as u8) else {
            return Err(EncodeError::PropertyNotAllowed(id));
        };
        census.admit(row).map_err(|refusal| match refusal {
            Refusal::NotAllowed => EncodeError::PropertyNotAllowed(id),
            Refusal::WrongSender => EncodeError::NobodyMaySend,
            Refusal::Repeated => EncodeError::PropertyRepeated(id),
        })?;
        match property.to_value() {
            Value::Number(number) if row.holds(number) => {}
            Value::Number(_) => return Err(EncodeError::PropertyValue(id)),
            Value::Text(text) => check_string(text)?,
            Value::Topic(_) => {}
            Value::Binary(bytes) => check_binary(bytes)?,
            Value::Pair(name, value) => {
                check_string(name)?;
                check_string(value)?;
            }
        }
    }
    if census.lacks_method() {
        return Err(EncodeError::AuthenticationDataWithoutMethod);
    }
    *senders = census.senders;
    Ok(())
}

/// Writes the properties with their length; nothing in 3.1.1.
pub(crate) fn write(properties: Properties<'_>, version: Version, out: &mut Writer<'_>) {
    if version == Version::V3_1_1 {
        return;
    }
    let mut count = Writer::counting();
    properties.write(&mut count);
    // Larger than four bytes can tell is larger than a packet may be, which is checked.
    out.varint(u32::try_from(count.len()).unwrap_or(u32::MAX));
    properties.write(out);
}

pub(crate) fn check_string(string: &str) -> Result<(), EncodeError> {
    check_binary(string.as_bytes())?;
    // [MQTT-1.5.4-2]
    if string.as_bytes().contains(&0) {
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

impl<'a> Properties<'a> {
    /// The first property with the identifier; of those before it no value is looked at.
    pub(crate) fn find(self, id: PropertyId) -> Option<Property<'a>> {
        let Some(bytes) = self.as_wire() else {
            return self.iter().find(|property| property.id() == id);
        };
        let mut reader = Reader::new(bytes, 0);
        while !reader.is_empty() {
            let row = read_row(&mut reader)?;
            if row.id == id {
                return Property::from_value(id, Value::read(row, &mut reader));
            }
            Value::skip(row.wire, &mut reader);
        }
        None
    }
}

impl<'a> Element<'a> for Property<'a> {}

impl<'a> Wired<'a> for Property<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let row = read_row(reader)?;
        Self::from_value(row.id, Value::read(row, reader))
    }

    fn write(&self, out: &mut Writer<'_>) {
        let id = self.id();
        let wire = PropertyId::row_of(id as u8).map_or(Wire::Byte, |row| row.wire);
        out.u8(id as u8);
        self.to_value().write(wire, out);
    }
}
