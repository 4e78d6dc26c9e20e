//! What an encoder does before it writes: it checks a packet, and counts what it takes.

use super::reason;
use crate::allowed::{Place, Senders};
use crate::property::{self, Census};
use crate::wire::varint;
use crate::{EncodeError, PacketType, Properties, ReasonCode, Version};

/// What a packet that has been checked takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// All that follows the fixed header.
    pub(super) body: usize,
    /// The properties without their length.
    pub(super) properties: usize,
    /// The properties of the Will without their length.
    pub(super) will_properties: usize,
}

impl Size {
    /// The whole packet, but for a payload that is not counted in the body and follows by other means.
    #[inline]
    pub(super) const fn without_payload(&self, payload_len: usize) -> Result<usize, EncodeError> {
        let remaining = self.body.saturating_add(payload_len);
        if remaining > varint::MAX as usize {
            return Err(EncodeError::PacketTooLarge);
        }
        // The body is smaller than that.
        Ok(self
            .body
            .wrapping_add(1)
            .wrapping_add(varint::len(remaining)))
    }
}

/// Checks the parts of one packet in order, and counts them.
///
/// The first error stays, as in a [`Reader`](crate::wire::Reader), and
/// [`finish`](Self::finish) tells it.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) version: Version,
    senders: Senders,
    size: Size,
    error: Option<EncodeError>,
}

impl Check {
    #[inline(always)]
    pub(super) const fn new(version: Version) -> Self {
        Self {
            version,
            senders: Senders::ANY,
            size: Size {
                body: 0,
                properties: 0,
                will_properties: 0,
            },
            error: None,
        }
    }

    #[inline(always)]
    pub(super) const fn finish(&self) -> Result<Size, EncodeError> {
        match self.error {
            None => Ok(self.size),
            Some(error) => Err(error),
        }
    }

    /// Notes an error, unless there was one before.
    #[cold]
    #[inline(never)]
    pub(super) fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    /// Counts `len` bytes. Saturated, the sum is larger than any packet may be, which is refused.
    pub(super) const fn count(&mut self, len: usize) {
        self.size.body = self.size.body.saturating_add(len);
    }

    /// Counts bytes of which it is known that they are right, and their length.
    pub(super) const fn checked(&mut self, bytes: &[u8]) {
        self.count(bytes.len().saturating_add(2));
    }

    pub(super) fn binary(&mut self, bytes: &[u8]) {
        if let Err(error) = property::check_binary(bytes) {
            self.fail(error);
        }
        self.checked(bytes);
    }

    pub(super) fn string(&mut self, string: &str) {
        if let Err(error) = property::check_string(string.as_bytes()) {
            self.fail(error);
        }
        self.checked(string.as_bytes());
    }

    /// Checks a reason code; it is not counted, since some packets leave it out.
    pub(super) fn reason(&mut self, reason: ReasonCode, packet: PacketType) {
        if let Err(error) = reason::check(reason, packet, self.version, &mut self.senders) {
            self.fail(error);
        }
    }

    /// Checks the properties and counts them with their length; which there are.
    pub(super) fn properties(&mut self, properties: Properties<'_>, place: Place) -> Census {
        let mut census = Census::new(place, self.senders);
        match property::check(properties, self.version, &mut census) {
            Ok(len) => {
                if place == Place::WILL {
                    self.size.will_properties = len;
                } else {
                    self.size.properties = len;
                }
                self.count(property::encoded_len(len, self.version));
            }
            Err(error) => self.fail(error),
        }
        self.senders = census.senders;
        census
    }
}
