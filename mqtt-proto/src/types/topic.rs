use core::fmt;

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
/// define them, but the servers that speak it do, and a filter that 5.0 refuses is refused.
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
    ($name:ident, $check:path, $special:expr) => {
        impl<'a> $name<'a> {
            /// One that has been checked before.
            pub(crate) const fn from_checked(bytes: &'a [u8]) -> Self {
                Self(bytes)
            }

            /// Checks one of a packet's.
            #[inline]
            pub(crate) fn from_wire(bytes: &'a [u8]) -> Result<Self, Fault> {
                if !HAS_FAST_PATHS
                    || bytes.is_empty()
                    || !string::is_plain(bytes)
                    || $special(bytes)
                {
                    Self::look_closer(bytes)?;
                }
                Ok(Self(bytes))
            }

            #[inline(never)]
            fn look_closer(bytes: &[u8]) -> Result<(), Fault> {
                string::utf8(bytes).map_err(Fault::invalid_utf8)?;
                Ok($check(bytes)?)
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

checked_bytes!(TopicName, check_name, |_| false);
checked_bytes!(TopicFilter, check_filter, is_shared);

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
        check_filter(bytes)?;
        Ok(Self(bytes))
    }

    /// The ShareName of a `$share/{ShareName}/{filter}`.
    #[must_use]
    pub fn share_name(self) -> Option<&'a str> {
        split_share(self.0).map(|(name, _)| to_str(name))
    }

    /// Whether it is a Shared Subscription's.
    pub(crate) fn is_shared(self) -> bool {
        is_shared(self.0)
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

fn is_shared(filter: &[u8]) -> bool {
    filter.starts_with(SHARE)
}

/// The ShareName and what follows it.
fn split_share(filter: &[u8]) -> Option<(&[u8], &[u8])> {
    // Without `strip_prefix`, whose check a small build repeats, with a panic.
    let rest = filter.get(SHARE.len()..).filter(|_| is_shared(filter))?;
    let slash = rest.iter().position(|&byte| byte == b'/')?;
    let (name, matched) = rest.split_at_checked(slash)?;
    Some((name, matched.get(1..)?))
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

fn check_filter(filter: &[u8]) -> Result<(), TopicError> {
    check_not_empty(filter)?;
    let error = |kind, offset| Err(TopicError { kind, offset });
    if let Some(offset) = string::nul(filter) {
        return error(TopicErrorKind::Nul, offset);
    }
    // Where the ShareName ends, if there is one, up to which there may be no wildcard.
    let mut name_end = 0;
    if is_shared(filter) {
        let name = filter.iter().skip(SHARE.len());
        let name_len = name.take_while(|&&byte| byte != b'/').count();
        // [MQTT-4.8.2-1]
        if name_len == 0 {
            return error(TopicErrorKind::EmptyShareName, SHARE.len());
        }
        name_end = SHARE.len().wrapping_add(name_len);
        // [MQTT-4.8.2-2]
        if filter.len().wrapping_sub(name_end) < 2 {
            return error(TopicErrorKind::Share, filter.len());
        }
    }
    // The levels after the ShareName are checked like any others.
    let mut before = b'/';
    let mut rest = filter;
    let mut offset: usize = 0;
    while let Some((&byte, after)) = rest.split_first() {
        let next = after.first();
        match byte {
            // [MQTT-4.8.2-2]
            b'+' | b'#' if offset < name_end => return error(TopicErrorKind::Share, offset),
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
