use nom::Parser;
use nom::bytes::complete::take;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16, be_u32};

use super::{string, varint};
use crate::{DecodeError, DecodeErrorKind, PacketId, TopicErrorKind, TopicFilter, TopicName};

/// Reads the fields of one packet in order, and knows where in the packet it is.
///
/// A field that does not fit is an error at the field's first byte, whatever
/// follows, so that the error is the same when less of the packet is at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// The offset in the packet of the end of `rest`.
    end: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, the first of which is at `offset` in its packet.
    pub(crate) const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self {
            rest: bytes,
            end: offset.saturating_add(bytes.len()),
        }
    }

    pub(crate) const fn offset(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) const fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            kind,
            offset: self.offset(),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.parse(be_u8)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.parse(be_u16)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.parse(be_u32)
    }

    pub(crate) fn varint(&mut self) -> Result<u32, DecodeError> {
        match varint::decode(self.rest) {
            Ok(Some((value, len))) => {
                self.rest = self.rest.get(len..).unwrap_or_default();
                Ok(value)
            }
            Ok(None) => Err(self.error(DecodeErrorKind::Truncated)),
            Err((kind, at)) => Err(DecodeError {
                kind,
                offset: self.offset().saturating_add(at),
            }),
        }
    }

    /// A reader of the next `len` bytes alone.
    pub(crate) fn section(&mut self, len: usize) -> Result<Self, DecodeError> {
        let start = self.offset();
        Ok(Self::new(self.parse(take(len))?, start))
    }

    pub(crate) fn binary(&mut self) -> Result<&'a [u8], DecodeError> {
        self.parse(length_data(be_u16))
    }

    pub(crate) fn string(&mut self) -> Result<&'a str, DecodeError> {
        let field = *self;
        string::decode(self.binary()?).map_err(|error| field.in_string(error))
    }

    pub(crate) fn packet_id(&mut self) -> Result<PacketId, DecodeError> {
        let field = *self;
        // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT3-2.3.1-1]
        PacketId::new(self.u16()?).ok_or_else(|| field.error(DecodeErrorKind::PacketIdZero))
    }

    #[inline(always)]
    pub(crate) fn topic_name(&mut self) -> Result<TopicName<'a>, DecodeError> {
        let field = *self;
        let bytes = self.binary()?;
        let string = string::utf8(bytes).map_err(|error| field.in_string(error))?;
        TopicName::new(string).map_err(|error| {
            field.in_string((
                topic_error(error.kind, DecodeErrorKind::TopicName),
                error.offset,
            ))
        })
    }

    pub(crate) fn topic_filter(&mut self) -> Result<TopicFilter<'a>, DecodeError> {
        let field = *self;
        let bytes = self.binary()?;
        let string = string::utf8(bytes).map_err(|error| field.in_string(error))?;
        TopicFilter::new(string).map_err(|error| {
            field.in_string((
                topic_error(error.kind, DecodeErrorKind::TopicFilter),
                error.offset,
            ))
        })
    }

    fn parse<T>(
        &mut self,
        mut parser: impl Parser<&'a [u8], Output = T, Error = ()>,
    ) -> Result<T, DecodeError> {
        match parser.parse(self.rest) {
            Ok((rest, value)) => {
                self.rest = rest;
                Ok(value)
            }
            Err(_) => Err(self.error(DecodeErrorKind::Truncated)),
        }
    }

    /// An error in the string that starts here with its two byte length.
    fn in_string(&self, (kind, at): (DecodeErrorKind, usize)) -> DecodeError {
        DecodeError {
            kind,
            offset: self.offset().saturating_add(2).saturating_add(at),
        }
    }
}

/// U+0000 makes any string malformed, a topic or not.
fn topic_error(
    kind: TopicErrorKind,
    other: fn(TopicErrorKind) -> DecodeErrorKind,
) -> DecodeErrorKind {
    match kind {
        TopicErrorKind::Nul => DecodeErrorKind::NulInString,
        kind => other(kind),
    }
}
