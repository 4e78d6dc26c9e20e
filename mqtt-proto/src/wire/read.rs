use nom::IResult;

use super::string::{self, Fault, FaultKind};
use super::{HAS_FAST_PATHS, varint};
use crate::{
    DecodeError, DecodeErrorKind, DecodeOptions, Leniency, PacketId, PacketType, Role,
    TopicErrorKind, TopicFilter, TopicName, Version,
};

/// Takes a two byte integer from the front of `rest`; nothing when it is not there.
#[inline(always)]
pub(crate) fn u16(rest: &mut &[u8]) -> Option<u16> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u16::from_be_bytes(*bytes))
}

/// Takes bytes after their two byte length from the front of `rest`; nothing when they are not there.
#[inline(always)]
pub(crate) fn binary<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, after) = rest.split_first_chunk()?;
    let (bytes, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    *rest = after;
    Some(bytes)
}

/// A parser of nom's for the bytes of an integer. Those of nom itself, and its `length_data`, keep
/// a panic in firmware that `opt-level = "z"` does not prove away; its combinators do not.
pub(crate) fn integer<const N: usize>(input: &[u8]) -> IResult<&[u8], [u8; N], ()> {
    let (bytes, rest) = input.split_first_chunk().ok_or(nom::Err::Error(()))?;
    Ok((rest, *bytes))
}

/// [`binary`] as a parser of nom's.
pub(crate) fn field(mut input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    let bytes = binary(&mut input).ok_or(nom::Err::Error(()))?;
    Ok((input, bytes))
}

/// Reads the fields of one packet in order, and knows where in the packet it is.
///
/// The first error stays: what is read after it is a value without meaning, and in the
/// end [`finish`](Self::finish) tells. So a packet's fields are read one after another
/// without a way out at each, which takes half the code.
///
/// A field that does not fit is an error at the field's first byte, whatever
/// follows, so that the error is the same when less of the packet is at hand.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    /// Of which packet the fields are, in which version, sent by whom: what is right depends on it.
    pub(crate) packet: PacketType,
    pub(crate) version: Version,
    pub(crate) sender: Role,
    pub(crate) leniency: Leniency,
    pub(crate) topic_alias_maximum: u16,
    rest: &'a [u8],
    /// The offset in the packet of the end of `rest`.
    end: usize,
    /// The offset in the packet of the field that was read last.
    field: usize,
    error: Option<DecodeError>,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, the first of which is at `offset` in its packet.
    #[inline(always)]
    pub(crate) const fn new(
        bytes: &'a [u8],
        offset: usize,
        packet: PacketType,
        options: &DecodeOptions,
    ) -> Self {
        Self {
            packet,
            version: options.version,
            sender: options.sender,
            leniency: options.leniency,
            topic_alias_maximum: options.topic_alias_maximum,
            rest: bytes,
            end: offset.wrapping_add(bytes.len()),
            field: offset,
            error: None,
        }
    }

    /// Where in the packet the next byte is.
    pub(crate) const fn offset(&self) -> usize {
        self.end.wrapping_sub(self.rest.len())
    }

    /// Where in the packet a byte is of the string or binary value that was read last.
    pub(crate) const fn in_string(&self, at: usize) -> usize {
        self.field.wrapping_add(2).wrapping_add(at)
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whatever the packet is, something has to follow.
    pub(crate) fn expect_payload(&mut self) {
        if self.is_empty() {
            self.fail_at(self.offset(), DecodeErrorKind::EmptyPayload);
        }
    }

    /// Takes all that is left.
    pub(crate) fn take_rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Whether all has been read; after an error it has.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Notes an error, unless there was one before.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail_at(&mut self, offset: usize, kind: DecodeErrorKind) {
        self.error.get_or_insert(DecodeError { kind, offset });
        self.rest = &[];
    }

    /// Notes an error at the first byte of the field that was read last.
    #[cold]
    #[inline(never)]
    pub(crate) fn refuse(&mut self, kind: DecodeErrorKind) {
        self.fail_at(self.field, kind);
    }

    /// Notes an error in the string that was read last, which may be a topic name or topic filter.
    #[cold]
    #[inline(never)]
    fn refuse_string(
        &mut self,
        Fault { kind, offset }: Fault,
        topic: fn(TopicErrorKind) -> DecodeErrorKind,
    ) {
        let kind = match kind {
            FaultKind::InvalidUtf8 => DecodeErrorKind::InvalidUtf8,
            FaultKind::Topic(TopicErrorKind::Nul) => DecodeErrorKind::NulInString,
            FaultKind::Topic(kind) => topic(kind),
        };
        self.fail_at(self.in_string(offset), kind);
    }

    pub(crate) const fn error(&self) -> Option<DecodeError> {
        self.error
    }

    /// The first error; bytes that are left are one.
    #[inline(never)]
    pub(crate) fn finish(&mut self) -> Option<DecodeError> {
        if !self.is_empty() {
            self.fail_at(self.offset(), DecodeErrorKind::TrailingBytes);
        }
        self.error
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.number(1) as u8
    }

    pub(crate) fn u16(&mut self) -> u16 {
        self.number(2) as u16
    }

    /// An integer of `len` bytes, at most four.
    pub(crate) fn number(&mut self, len: usize) -> u32 {
        let bytes = self.bytes(len).iter();
        bytes.fold(0, |number, &byte| number << 8 | u32::from(byte))
    }

    pub(crate) fn varint(&mut self) -> u32 {
        self.field = self.offset();
        match varint::decode(self.rest) {
            Ok(Some((value, len))) => {
                self.rest = self.rest.get(len..).unwrap_or_default();
                value
            }
            Ok(None) => self.truncated(0),
            Err((kind, at)) => {
                self.fail_at(self.field.wrapping_add(at), kind);
                0
            }
        }
    }

    /// The next `len` bytes.
    pub(crate) fn bytes(&mut self, len: usize) -> &'a [u8] {
        self.field = self.offset();
        let (bytes, rest) = self
            .rest
            .split_at_checked(len)
            .unwrap_or_else(|| self.truncated(Default::default()));
        self.rest = rest;
        bytes
    }

    /// Goes on at `rest`, the end of what is left.
    pub(crate) const fn advance_to(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// Has the next `len` bytes alone to read, up to [`leave`](Self::leave); with them come those that
    /// are put aside for it.
    pub(crate) fn enter(&mut self, len: usize) -> (&'a [u8], &'a [u8]) {
        let bytes = self.bytes(len);
        let after = core::mem::replace(&mut self.rest, bytes);
        self.end = self.end.wrapping_sub(after.len());
        (bytes, after)
    }

    /// Goes on with what was put aside, unless there was an error.
    pub(crate) const fn leave(&mut self, after: &'a [u8]) {
        if self.error.is_none() {
            self.end = self.end.wrapping_add(after.len());
            self.rest = after;
        }
    }

    pub(crate) fn binary(&mut self) -> &'a [u8] {
        self.field = self.offset();
        binary(&mut self.rest).unwrap_or_else(|| self.truncated(&[]))
    }

    pub(crate) fn string(&mut self) -> &'a str {
        let bytes = self.binary();
        self.checked(bytes)
    }

    /// The bytes of a string, which has been checked.
    pub(crate) fn text(&mut self) -> &'a [u8] {
        let bytes = self.binary();
        if !(HAS_FAST_PATHS && string::is_plain(bytes)) {
            self.checked(bytes);
        }
        bytes
    }

    fn checked(&mut self, bytes: &'a [u8]) -> &'a str {
        string::checked(bytes).unwrap_or_else(|fault| {
            self.refuse_string(fault, DecodeErrorKind::TopicName);
            ""
        })
    }

    pub(crate) fn packet_id(&mut self) -> PacketId {
        // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT3-2.3.1-1]
        PacketId::new(self.u16()).unwrap_or_else(|| {
            self.refuse(DecodeErrorKind::PacketIdZero);
            PacketId::MIN
        })
    }

    pub(crate) fn topic_name(&mut self) -> TopicName<'a> {
        let name = self.binary();
        self.check_name(name)
    }

    /// That of a PUBLISH: in 5.0 it may be empty, where a Topic Alias stands for it, which is told
    /// from what is not a name.
    pub(crate) fn topic_name_of_publish(&mut self) -> Option<TopicName<'a>> {
        let name = self.binary();
        if self.version == Version::V5 && name.is_empty() {
            return None;
        }
        // [MQTT-3.3.2-1]
        Some(self.check_name(name))
    }

    fn check_name(&mut self, name: &'a [u8]) -> TopicName<'a> {
        TopicName::from_wire(name).unwrap_or_else(|fault| {
            self.refuse_string(fault, DecodeErrorKind::TopicName);
            TopicName::from_checked(&[])
        })
    }

    pub(crate) fn topic_filter(&mut self) -> TopicFilter<'a> {
        TopicFilter::from_wire(self.binary(), self.version).unwrap_or_else(|fault| {
            self.refuse_string(fault, DecodeErrorKind::TopicFilter);
            TopicFilter::from_checked(&[])
        })
    }

    #[cold]
    fn truncated<T>(&mut self, instead: T) -> T {
        self.refuse(DecodeErrorKind::Truncated);
        instead
    }
}
