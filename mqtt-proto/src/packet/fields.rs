//! How an encoder goes over the fields of a packet: once to check and count them, once to write them.

use super::reason;
use crate::allowed::{Place, Senders};
use crate::property::{self, Census};
use crate::wire::{Entry, HAS_FAST_PATHS, Output, Writer, string, varint};
use crate::{
    Element, EncodeError, PacketType, Properties, ReasonCode, Sequence, TopicFilter, Version,
};

/// The whole packet, of which `body` bytes follow the fixed header; of these, `elsewhere` bytes are
/// left to other means and not counted.
#[inline]
pub(super) const fn packet_len(body: usize, elsewhere: usize) -> Result<usize, EncodeError> {
    if body > varint::MAX as usize {
        return Err(EncodeError::PacketTooLarge);
    }
    // What is left to other means is part of the body, which is smaller than that.
    Ok(body
        .wrapping_sub(elsewhere)
        .wrapping_add(1)
        .wrapping_add(varint::len(body)))
}

/// Takes the fields of one packet in order, checks, counts and writes them.
///
/// The same walk over the fields does all of it, so that what is checked and counted is what is
/// written. The first error stays, as in a [`Reader`](crate::wire::Reader).
#[derive(Debug)]
pub(super) struct Fields<O> {
    pub(super) packet: PacketType,
    pub(super) version: Version,
    senders: Senders,
    /// The bytes of the fields. Saturated, the sum is larger than any packet may be, which is refused.
    pub(super) len: usize,
    error: Option<EncodeError>,
    out: O,
}

impl Fields<Writer<'_>> {
    /// Checks and counts, but has nowhere to write to.
    #[inline(always)]
    pub(super) fn count(packet: PacketType, version: Version) -> Self {
        Self::new(packet, version, Writer::default())
    }
}

impl<O: Output> Fields<O> {
    #[inline(always)]
    pub(super) const fn new(packet: PacketType, version: Version, out: O) -> Self {
        Self {
            packet,
            version,
            senders: Senders::ANY,
            len: 0,
            error: None,
            out,
        }
    }

    /// The whole packet, unless something is wrong.
    pub(super) const fn packet_len(&self) -> Result<usize, EncodeError> {
        match self.error {
            None => packet_len(self.len, 0),
            Some(error) => Err(error),
        }
    }

    pub(super) fn into_output(self) -> O {
        self.out
    }

    pub(super) fn string(&mut self, string: &str) {
        self.text(string.as_bytes());
    }

    /// Takes bytes of which it is known that they are right, and their length before them.
    pub(super) fn checked(&mut self, bytes: &[u8]) {
        self.len = self.len.saturating_add(bytes.len()).saturating_add(2);
        self.out.binary(bytes);
    }

    /// Takes a topic filter, which may have come in the other version.
    #[inline(always)]
    pub(super) fn topic_filter(&mut self, filter: TopicFilter<'_>) {
        if !O::IS_CHECKED && self.version == Version::V5 && filter.is_ill_formed_share() {
            self.fail(EncodeError::IllFormedShare);
        }
        self.checked(filter.as_bytes());
    }

    /// Checks a reason code, which is then written in one form or another, or left out.
    pub(super) fn check_reason(&mut self, reason: ReasonCode) {
        if O::IS_CHECKED {
            return;
        }
        if let Err(error) = reason::check(reason, self.packet, self.version, &mut self.senders) {
            self.fail(error);
        }
    }

    /// Takes the properties with their length, and tells which there are.
    pub(super) fn properties(&mut self, properties: Properties<'_>, place: Place) -> Census {
        let mut census = Census::new(place, self.senders);
        match self.enter() {
            Entry::Start => {
                match properties_len(properties, self.packet, self.version, &mut census) {
                    Ok(len) => property::write(properties, len, self.version, self),
                    Err(error) => self.fail(error),
                }
            }
            Entry::Inside(from) => property::write_from(properties, from, self),
            Entry::Nowhere => {}
        }
        self.senders = self.senders.and(census.senders());
        census
    }

    /// Takes the elements of a list, as `take` takes one.
    pub(super) fn list<'a, T: Element<'a>>(
        &mut self,
        list: Sequence<'a, T>,
        take: impl Fn(&mut Self, T),
    ) {
        let from = match self.enter() {
            Entry::Start => 0,
            Entry::Inside(from) => from,
            Entry::Nowhere => return,
        };
        let mut elements = list.iter_from(from);
        while self.go_on(elements.passed(&list))
            && let Some(element) = elements.next()
        {
            take(self, element);
        }
    }
}

/// Checks properties, and counts their bytes without their length.
pub(super) fn properties_len(
    properties: Properties<'_>,
    packet: PacketType,
    version: Version,
    census: &mut Census,
) -> Result<usize, EncodeError> {
    if HAS_FAST_PATHS && let Some(len) = property::plain_len(properties, version, census) {
        return Ok(len);
    }
    // By the code that writes them too.
    let mut counted = Fields::count(packet, version);
    property::check(properties, version, census, &mut counted);
    counted.error.map_or(Ok(counted.len), Err)
}

impl<O: Output> Output for Fields<O> {
    const IS_CHECKED: bool = O::IS_CHECKED;

    /// Notes an error, unless there was one before.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    fn enter(&mut self) -> Entry {
        self.out.enter()
    }

    fn go_on(&mut self, inside: usize) -> bool {
        self.out.go_on(inside)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.len = self.len.saturating_add(bytes.len());
        self.out.bytes(bytes);
    }

    #[inline]
    fn binary(&mut self, bytes: &[u8]) {
        if bytes.len() > string::MAX_LEN {
            self.fail(EncodeError::StringTooLong);
        }
        self.checked(bytes);
    }

    #[inline]
    fn text(&mut self, string: &[u8]) {
        self.binary(string);
        // [MQTT-1.5.4-2]
        if !O::IS_CHECKED && string::has_nul(string) {
            self.fail(EncodeError::NulInString);
        }
    }
}
