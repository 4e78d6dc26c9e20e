use super::{string, varint};
use crate::{DecodeError, DecodeErrorKind, PacketId, TopicErrorKind, TopicFilter, TopicName};

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
    rest: &'a [u8],
    /// The offset in the packet of the end of `rest`.
    end: usize,
    error: Option<DecodeError>,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, the first of which is at `offset` in its packet.
    pub(crate) const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self {
            rest: bytes,
            end: offset.saturating_add(bytes.len()),
            error: None,
        }
    }

    /// Where in the packet the next byte is.
    pub(crate) const fn offset(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether all has been read; after an error it has.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Notes an error, unless there was one before.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&mut self, kind: DecodeErrorKind, offset: usize) {
        self.fail_with(DecodeError { kind, offset });
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn fail_with(&mut self, error: DecodeError) {
        self.error.get_or_insert(error);
        self.rest = &[];
    }

    /// The value that was read, if there was no error.
    pub(crate) fn checked<T>(&self, value: T) -> Result<T, DecodeError> {
        match self.error {
            None => Ok(value),
            Some(error) => Err(error),
        }
    }

    /// As [`checked`](Self::checked), and nothing may be left.
    pub(crate) fn finish<T>(mut self, value: T) -> Result<T, DecodeError> {
        if !self.is_empty() {
            self.fail(DecodeErrorKind::TrailingBytes, self.offset());
        }
        self.checked(value)
    }

    pub(crate) fn u8(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    pub(crate) fn varint(&mut self) -> u32 {
        match varint::decode(self.rest) {
            Ok(Some((value, len))) => {
                self.rest = self.rest.get(len..).unwrap_or_default();
                return value;
            }
            Ok(None) => self.truncated(),
            Err((kind, at)) => self.fail(kind, self.offset().saturating_add(at)),
        }
        0
    }

    /// A reader of the next `len` bytes alone.
    pub(crate) fn section(&mut self, len: usize) -> Self {
        let start = self.offset();
        Self::new(self.take(self.rest, len), start)
    }

    pub(crate) fn binary(&mut self) -> &'a [u8] {
        let Some((len, rest)) = self.rest.split_first_chunk() else {
            self.truncated();
            return &[];
        };
        self.take(rest, u16::from_be_bytes(*len).into())
    }

    pub(crate) fn string(&mut self) -> &'a str {
        let start = self.offset();
        let bytes = self.binary();
        string::decode(bytes).unwrap_or_else(|(kind, at)| {
            self.fail(kind, in_string(start, at));
            ""
        })
    }

    pub(crate) fn packet_id(&mut self) -> PacketId {
        let start = self.offset();
        // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT3-2.3.1-1]
        PacketId::new(self.u16()).unwrap_or_else(|| {
            self.fail(DecodeErrorKind::PacketIdZero, start);
            PacketId::MIN
        })
    }

    #[inline]
    pub(crate) fn topic_name(&mut self) -> TopicName<'a> {
        let start = self.offset();
        let name = self.utf8();
        TopicName::new(name).unwrap_or_else(|error| {
            let kind = match error.kind {
                TopicErrorKind::Nul => DecodeErrorKind::NulInString,
                kind => DecodeErrorKind::TopicName(kind),
            };
            self.fail(kind, in_string(start, error.offset));
            TopicName::from_checked("")
        })
    }

    pub(crate) fn topic_filter(&mut self) -> TopicFilter<'a> {
        let start = self.offset();
        let filter = self.utf8();
        TopicFilter::new(filter).unwrap_or_else(|error| {
            let kind = match error.kind {
                TopicErrorKind::Nul => DecodeErrorKind::NulInString,
                kind => DecodeErrorKind::TopicFilter(kind),
            };
            self.fail(kind, in_string(start, error.offset));
            TopicFilter::from_checked("")
        })
    }

    /// A string in which U+0000 has not been looked for.
    fn utf8(&mut self) -> &'a str {
        let start = self.offset();
        let bytes = self.binary();
        string::utf8(bytes).unwrap_or_else(|(kind, at)| {
            self.fail(kind, in_string(start, at));
            ""
        })
    }

    /// `len` bytes of `from`, which is the rest or a part of it; then comes what follows them.
    fn take(&mut self, from: &'a [u8], len: usize) -> &'a [u8] {
        let Some((bytes, rest)) = from.split_at_checked(len) else {
            self.truncated();
            return &[];
        };
        self.rest = rest;
        bytes
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            self.truncated();
            return [0; N];
        };
        self.rest = rest;
        *bytes
    }

    #[cold]
    #[inline(never)]
    fn truncated(&mut self) {
        self.fail(DecodeErrorKind::Truncated, self.offset());
    }
}

/// The offset of a byte in the string that starts, with its two byte length, at `start`.
const fn in_string(start: usize, at: usize) -> usize {
    start.saturating_add(2).saturating_add(at)
}
