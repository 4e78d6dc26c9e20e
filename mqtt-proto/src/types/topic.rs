use core::fmt;

/// What a topic is published to: not empty, no wildcards, no U+0000, at most 65,535 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName<'a>(&'a str);

/// What is subscribed to: a topic name in which `+` may stand for a level and a final `#` for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicFilter<'a>(&'a str);

/// What is wrong with a topic name or topic filter, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopicError {
    /// What is wrong.
    pub kind: TopicErrorKind,
    /// The byte in the string where it is wrong.
    pub offset: usize,
}

/// The kinds of [`TopicError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        let _ = name;
        todo!()
    }

    /// The string.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> TopicFilter<'a> {
    /// Checks the filter.
    pub fn new(filter: &'a str) -> Result<Self, TopicError> {
        let _ = filter;
        todo!()
    }

    /// The string, with its `$share` prefix if it has one.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The ShareName of a `$share/{ShareName}/{filter}`.
    #[must_use]
    pub fn share_name(self) -> Option<&'a str> {
        todo!()
    }

    /// The part that topic names are matched against: what follows the ShareName, or all of it.
    #[must_use]
    pub fn matched_part(self) -> &'a str {
        todo!()
    }

    /// Whether it contains `+` or `#`.
    #[must_use]
    pub fn has_wildcard(self) -> bool {
        todo!()
    }

    /// Whether a message published to `name` is for this filter (section 4.7); a
    /// `$share` filter is matched by the part after its ShareName.
    #[must_use]
    pub fn matches(self, name: TopicName<'_>) -> bool {
        let _ = name;
        todo!()
    }
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

impl fmt::Display for TopicError {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl core::error::Error for TopicError {}
