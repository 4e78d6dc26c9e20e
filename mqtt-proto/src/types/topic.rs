use core::fmt;

use crate::wire::string;

/// What a topic is published to: not empty, no wildcards, no U+0000, at most 65,535 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TopicName<'a>(&'a str);

/// What is subscribed to: a topic name in which `+` may stand for a level and a final `#` for the rest.
///
/// `$share/{ShareName}/{filter}` is a Shared Subscription in both versions: 3.1.1 does not
/// define them, but the servers that speak it do, and a filter that 5.0 refuses is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TopicFilter<'a>(&'a str);

/// What is wrong with a topic name or topic filter, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TopicError {
    /// What is wrong.
    pub kind: TopicErrorKind,
    /// The byte in the string where it is wrong.
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
    /// A `$share` filter without a valid share name or without a filter after it [MQTT-4.8.2-1], [MQTT-4.8.2-2].
    Share,
}

impl<'a> TopicName<'a> {
    /// Checks the name.
    pub fn new(name: &'a str) -> Result<Self, TopicError> {
        check_len(name)?;
        // [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT-4.7.3-2]
        if string::may_have_nul_or_wildcard(name.as_bytes()) {
            check_name(name)?;
        }
        Ok(Self(name))
    }

    /// A name that has been checked before.
    pub(crate) const fn from_checked(name: &'a str) -> Self {
        Self(name)
    }

    /// The string.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// What a Shared Subscription starts with.
const SHARE: &str = "$share/";

impl<'a> TopicFilter<'a> {
    /// A filter that has been checked before.
    pub(crate) const fn from_checked(filter: &'a str) -> Self {
        Self(filter)
    }

    /// Checks the filter.
    pub fn new(filter: &'a str) -> Result<Self, TopicError> {
        check_len(filter)?;
        let bytes = filter.as_bytes();
        if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
            return Err(TopicError {
                kind: TopicErrorKind::Nul,
                offset,
            });
        }
        if filter.starts_with(SHARE) {
            // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
            let valid = split_share(filter).is_some_and(|(name, matched)| {
                !name.is_empty() && !matched.is_empty() && !name.bytes().any(is_wildcard)
            });
            if !valid {
                return Err(TopicError {
                    kind: TopicErrorKind::Share,
                    offset: SHARE.len(),
                });
            }
        }
        // With its ShareName free of wildcards, a shared filter's levels are checked like any other's.
        let mut level_start = true;
        let mut rest = bytes.iter().enumerate().peekable();
        while let Some((offset, &byte)) = rest.next() {
            let next = rest.peek().map(|&(_, &byte)| byte);
            match byte {
                // [MQTT-4.7.1-2]
                b'+' if !level_start || next.is_some_and(|next| next != b'/') => {
                    return Err(TopicError {
                        kind: TopicErrorKind::PlusNotAlone,
                        offset,
                    });
                }
                // [MQTT-4.7.1-1]
                b'#' if !level_start || next.is_some() => {
                    return Err(TopicError {
                        kind: TopicErrorKind::HashNotLast,
                        offset,
                    });
                }
                _ => level_start = byte == b'/',
            }
        }
        Ok(Self(filter))
    }

    /// The string, with its `$share` prefix if it has one.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The ShareName of a `$share/{ShareName}/{filter}`.
    #[must_use]
    pub fn share_name(self) -> Option<&'a str> {
        self.split_share().map(|(name, _)| name)
    }

    /// The part that topic names are matched against: what follows the ShareName, or all of it.
    #[must_use]
    pub fn matched_part(self) -> &'a str {
        self.split_share().map_or(self.0, |(_, matched)| matched)
    }

    /// Whether it contains `+` or `#`.
    #[must_use]
    pub fn has_wildcard(self) -> bool {
        self.0.bytes().any(is_wildcard)
    }

    /// Whether a message published to `name` is for this filter (section 4.7); a
    /// `$share` filter is matched by the part after its ShareName.
    #[must_use]
    pub fn matches(self, name: TopicName<'_>) -> bool {
        let filter = self.matched_part();
        let name = name.as_str();
        // [MQTT-4.7.2-1]
        if name.starts_with('$') && filter.starts_with(['+', '#']) {
            return false;
        }
        // Character by character, nothing normalized [MQTT-4.7.3-4].
        let mut names = name.split('/');
        for level in filter.split('/') {
            if level == "#" {
                // The rest, and the parent level too, where no name is left.
                return true;
            }
            match names.next() {
                Some(name) if level == "+" || level == name => {}
                _ => return false,
            }
        }
        names.next().is_none()
    }

    fn split_share(self) -> Option<(&'a str, &'a str)> {
        split_share(self.0)
    }
}

const fn is_wildcard(byte: u8) -> bool {
    matches!(byte, b'+' | b'#')
}

/// The ShareName and what follows it; byte by byte, since `str::split_once` is large.
fn split_share(filter: &str) -> Option<(&str, &str)> {
    let rest = filter.strip_prefix(SHARE)?;
    let slash = rest.bytes().position(|byte| byte == b'/')?;
    Some((rest.get(..slash)?, rest.get(slash.checked_add(1)?..)?))
}

/// The closer look, which few names ask for.
#[cold]
fn check_name(name: &str) -> Result<(), TopicError> {
    for (offset, byte) in name.bytes().enumerate() {
        let kind = match byte {
            0 => TopicErrorKind::Nul,
            b'+' | b'#' => TopicErrorKind::WildcardInName,
            _ => continue,
        };
        return Err(TopicError { kind, offset });
    }
    Ok(())
}

fn check_len(topic: &str) -> Result<(), TopicError> {
    // [MQTT-4.7.3-1]
    if topic.is_empty() {
        return Err(TopicError {
            kind: TopicErrorKind::Empty,
            offset: 0,
        });
    }
    // [MQTT-4.7.3-3]
    if topic.len() > string::MAX_LEN {
        return Err(TopicError {
            kind: TopicErrorKind::TooLong,
            offset: string::MAX_LEN,
        });
    }
    Ok(())
}

impl fmt::Display for TopicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for TopicFilter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
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
            Self::Share => "has no share name, or no filter after it",
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
