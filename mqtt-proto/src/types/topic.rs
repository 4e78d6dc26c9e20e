use core::fmt;

use crate::Version;
use crate::wire::HAS_FAST_PATHS;
use crate::wire::string::{self, Fault};

/// What a topic is published to: not empty, no wildcards, no U+0000, at most 65,535 bytes.
///
/// It is kept as bytes that have been checked: comparing and matching need no more, and
/// [`as_str`](Self::as_str) goes over them once again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName<'a>(&'a [u8]);

/// What is subscribed to: a topic name in which `+` may stand for a level and a final `#` for the rest.
///
/// `$share/{ShareName}/{filter}` is a Shared Subscription in both versions: 3.1.1 does not
/// define them, but the servers that speak it do. What begins so and is none [MQTT-4.8.2-1],
/// [MQTT-4.8.2-2] is no filter of 5.0, and [`new`](Self::new) refuses it; from a packet of 3.1.1,
/// which knows of no such rule, it is taken as a filter like any other.
///
/// It is kept as bytes that have been checked, like a [`TopicName`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicFilter<'a>(&'a [u8]);

/// What is wrong with a topic name or topic filter, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TopicError {
    /// What is wrong.
    pub kind: TopicErrorKind,
    /// The byte in the string where it is wrong; its end, where something is missing.
    pub offset: usize,
}

/// The kinds of [`TopicError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TopicErrorKind {
    /// Empty [MQTT-4.7.3-1].
    Empty,
    /// Longer than 65,535 bytes [MQTT-4.7.3-3].
    TooLong,
    /// Contains U+0000 [MQTT-4.7.3-2].
    Nul,
    /// A wildcard in a topic name [MQTT-3.3.2-2].
    WildcardInName,
    /// A `+` that does not fill its level [MQTT-4.7.1-2].
    PlusNotAlone,
    /// A `#` that does not fill its level or is not last [MQTT-4.7.1-1].
    HashNotLast,
    /// A `$share` filter with an empty ShareName [MQTT-4.8.2-1].
    EmptyShareName,
    /// A `$share` filter with a wildcard in its ShareName, or without a filter after it [MQTT-4.8.2-2].
    Share,
}

/// What both have: a form as bytes and as a string.
macro_rules! checked_bytes {
    ($name:ident) => {
        impl<'a> $name<'a> {
            /// One that has been checked before.
            pub(crate) const fn from_checked(bytes: &'a [u8]) -> Self {
                Self(bytes)
            }

            /// The bytes, which are UTF-8.
            #[must_use]
            pub const fn as_bytes(self) -> &'a [u8] {
                self.0
            }

            /// The string. Without unsafe code there is no way to it but to check the bytes
            /// once more; where they will do, [`as_bytes`](Self::as_bytes) costs nothing.
            #[must_use]
            pub const fn as_str(self) -> &'a str {
                to_str(self.0)
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name))
                    .field(&self.as_str())
                    .finish()
            }
        }

        #[cfg(feature = "defmt")]
        impl defmt::Format for $name<'_> {
            fn format(&self, f: defmt::Formatter<'_>) {
                defmt::write!(f, "{}({})", stringify!($name), self.as_str());
            }
        }
    };
}

checked_bytes!(TopicName);
checked_bytes!(TopicFilter);

impl<'a> TopicName<'a> {
    /// Checks the name.
    ///
    /// # Errors
    /// It is empty or too long, or contains U+0000 or a wildcard: the first of these, and where.
    #[inline]
    pub fn new(name: &'a str) -> Result<Self, TopicError> {
        let bytes = name.as_bytes();
        if !string::is_plain_name(bytes) {
            check_len(bytes)?;
            check_name(bytes)?;
        }
        Ok(Self(bytes))
    }

    /// Checks one of a packet's.
    #[inline]
    pub(crate) fn from_wire(bytes: &'a [u8]) -> Result<Self, Fault> {
        if !is_plain(bytes) {
            Self::look_closer(bytes)?;
        }
        Ok(Self(bytes))
    }

    #[inline(never)]
    fn look_closer(bytes: &[u8]) -> Result<(), Fault> {
        string::utf8(bytes).map_err(Fault::invalid_utf8)?;
        Ok(check_name(bytes)?)
    }

    /// That of a packet if it is of ASCII, as nearly all are; others may be right as well.
    #[inline(always)]
    pub(crate) fn plain(bytes: &'a [u8]) -> Option<Self> {
        string::is_plain_name(bytes).then_some(Self(bytes))
    }

    /// The same without a call, for names of a usual length.
    #[inline(always)]
    pub(crate) fn usual(bytes: &'a [u8]) -> Option<Self> {
        string::is_usual_name(bytes).then_some(Self(bytes))
    }
}

/// What a Shared Subscription starts with.
const SHARE: &[u8] = b"$share/";

impl<'a> TopicFilter<'a> {
    /// Checks the filter.
    ///
    /// # Errors
    /// It is empty or too long, contains U+0000, has no ShareName or no filter after it where it
    /// begins with `$share/`, or has a wildcard where none may be: the first of these, and where.
    pub fn new(filter: &'a str) -> Result<Self, TopicError> {
        let bytes = filter.as_bytes();
        check_len(bytes)?;
        check_filter(bytes, Version::V5)?;
        Ok(Self(bytes))
    }

    /// Checks one of a packet's.
    #[inline]
    pub(crate) fn from_wire(bytes: &'a [u8], version: Version) -> Result<Self, Fault> {
        if !is_plain(bytes) || is_shared(bytes) {
            Self::look_closer(bytes, version)?;
        }
        Ok(Self(bytes))
    }

    #[inline(never)]
    fn look_closer(bytes: &[u8], version: Version) -> Result<(), Fault> {
        string::utf8(bytes).map_err(Fault::invalid_utf8)?;
        Ok(check_filter(bytes, version)?)
    }

    /// The ShareName of a `$share/{ShareName}/{filter}`.
    #[must_use]
    pub fn share_name(self) -> Option<&'a str> {
        split_share(self.0).map(|(name, _)| to_str(name))
    }

    /// Whether it is a Shared Subscription's, given that it is one of 5.0.
    pub(crate) fn is_shared(self) -> bool {
        is_shared(self.0)
    }

    /// Whether it came in 3.1.1 and is none of 5.0.
    pub(crate) fn is_ill_formed_share(self) -> bool {
        is_ill_formed_share(self.0)
    }

    /// The part that topic names are matched against: what follows the ShareName, or all of it.
    #[must_use]
    pub fn matched_part(self) -> &'a str {
        to_str(self.matched_bytes())
    }

    fn matched_bytes(self) -> &'a [u8] {
        split_share(self.0).map_or(self.0, |(_, matched)| matched)
    }

    /// Whether it contains `+` or `#`.
    #[must_use]
    pub fn has_wildcard(self) -> bool {
        self.0.iter().any(is_wildcard)
    }

    /// Whether a message published to `name` is for this filter (section 4.7); a
    /// `$share` filter is matched by the part after its ShareName.
    #[must_use]
    pub fn matches(self, name: TopicName<'_>) -> bool {
        let filter = self.matched_bytes();
        // [MQTT-4.7.2-1]
        if name.0.starts_with(b"$") && filter.first().is_some_and(is_wildcard) {
            return false;
        }
        // Byte by byte, nothing normalized [MQTT-4.7.3-4].
        let mut names = levels(name.0);
        for level in levels(filter) {
            if level == b"#" {
                // The rest, and the parent level too, where no name is left.
                return true;
            }
            match names.next() {
                Some(name) if level == b"+" || level == name => {}
                _ => return false,
            }
        }
        names.next().is_none()
    }
}

/// A string that has been checked to be one.
const fn to_str(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(string) => string,
        Err(_) => "",
    }
}

fn levels(topic: &[u8]) -> impl Iterator<Item = &[u8]> {
    topic.split(|&byte| byte == b'/')
}

const fn is_wildcard(byte: &u8) -> bool {
    matches!(byte, b'+' | b'#')
}

/// Whether it is right, seen at a glance; of others this says nothing.
#[inline(always)]
fn is_plain(topic: &[u8]) -> bool {
    HAS_FAST_PATHS && !topic.is_empty() && string::is_plain(topic)
}

fn is_shared(filter: &[u8]) -> bool {
    filter.starts_with(SHARE)
}

/// The ShareName of a Shared Subscription and what follows it.
fn split_share(filter: &[u8]) -> Option<(&[u8], &[u8])> {
    if is_ill_formed_share(filter) {
        return None;
    }
    // Without `strip_prefix`, whose check a small build repeats, with a panic.
    let rest = filter.get(SHARE.len()..).filter(|_| is_shared(filter))?;
    let slash = rest.iter().position(|&byte| byte == b'/')?;
    let (name, matched) = rest.split_at_checked(slash)?;
    Some((name, matched.get(1..)?))
}

/// Whether a filter begins like a Shared Subscription's and is none: it has no ShareName
/// [MQTT-4.8.2-1], a wildcard in its place, or no filter after it [MQTT-4.8.2-2].
fn is_ill_formed_share(filter: &[u8]) -> bool {
    is_shared(filter)
        && match filter.get(SHARE.len()..) {
            // Wherever else a wildcard is in a ShareName, it does not fill its level.
            Some([first, middle @ .., _]) if !matches!(first, b'/' | b'+') => {
                middle.iter().all(|&byte| byte != b'/')
            }
            _ => true,
        }
}

fn check_name(name: &[u8]) -> Result<(), TopicError> {
    check_not_empty(name)?;
    // [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT-4.7.3-2]
    for (offset, byte) in name.iter().enumerate() {
        let kind = match byte {
            0 => TopicErrorKind::Nul,
            b'+' | b'#' => TopicErrorKind::WildcardInName,
            _ => continue,
        };
        return Err(TopicError { kind, offset });
    }
    Ok(())
}

fn check_filter(filter: &[u8], version: Version) -> Result<(), TopicError> {
    check_not_empty(filter)?;
    let error = |kind, offset| Err(TopicError { kind, offset });
    if let Some(offset) = string::nul(filter) {
        return error(TopicErrorKind::Nul, offset);
    }
    if version == Version::V5 && is_ill_formed_share(filter) {
        return match filter.get(SHARE.len()) {
            // [MQTT-4.8.2-1]
            None | Some(b'/') => error(TopicErrorKind::EmptyShareName, SHARE.len()),
            // [MQTT-4.8.2-2]
            Some(b'+' | b'#') => error(TopicErrorKind::Share, SHARE.len()),
            Some(_) => error(TopicErrorKind::Share, filter.len()),
        };
    }
    let mut before = b'/';
    let mut rest = filter;
    let mut offset: usize = 0;
    while let Some((&byte, after)) = rest.split_first() {
        let next = after.first();
        match byte {
            // [MQTT-4.7.1-2]
            b'+' if before != b'/' || next.is_some_and(|&next| next != b'/') => {
                return error(TopicErrorKind::PlusNotAlone, offset);
            }
            // [MQTT-4.7.1-1]
            b'#' if before != b'/' || next.is_some() => {
                return error(TopicErrorKind::HashNotLast, offset);
            }
            _ => before = byte,
        }
        rest = after;
        offset = offset.wrapping_add(1);
    }
    Ok(())
}

/// On the wire a length cannot tell of more.
fn check_len(topic: &[u8]) -> Result<(), TopicError> {
    // [MQTT-4.7.3-3]
    if topic.len() > string::MAX_LEN {
        return Err(TopicError {
            kind: TopicErrorKind::TooLong,
            offset: string::MAX_LEN,
        });
    }
    Ok(())
}

fn check_not_empty(topic: &[u8]) -> Result<(), TopicError> {
    // [MQTT-4.7.3-1]
    if topic.is_empty() {
        return Err(TopicError {
            kind: TopicErrorKind::Empty,
            offset: 0,
        });
    }
    Ok(())
}

impl fmt::Display for TopicErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::TooLong => "is longer than 65,535 bytes",
            Self::Nul => "contains U+0000",
            Self::WildcardInName => "has a wildcard in a name",
            Self::PlusNotAlone => "has a '+' that does not fill its level",
            Self::HashNotLast => "has a '#' that is not alone in the last level",
            Self::EmptyShareName => "has an empty share name",
            Self::Share => "has a wildcard in its share name, or no filter after it",
        })
    }
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "topic {} (at byte {})", self.kind, self.offset)
    }
}

impl core::error::Error for TopicError {}

#[cfg(test)]
mod tests;
