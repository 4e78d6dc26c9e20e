//! Topic filters and names, against oracles that follow sections 4.7 and 4.8.2 word by word.

use mqtt_proto::{TopicFilter, TopicName, Version};

/// The bytes are a filter, a line feed, and a name.
pub fn check(data: &[u8]) {
    let mut parts = data.splitn(2, |&byte| byte == b'\n');
    let mut part = || core::str::from_utf8(parts.next().unwrap_or_default());
    let (Ok(filter), Ok(name)) = (part(), part()) else {
        return;
    };
    assert_eq!(TopicName::new(name).is_ok(), is_name(name), "{name:?}");
    assert_eq!(
        TopicFilter::new(filter).is_ok(),
        is_filter(filter, Version::V5),
        "{filter:?}"
    );
    if let Err(error) = TopicFilter::new(filter) {
        assert!(error.offset <= filter.len());
    }
    let (Ok(filter), Ok(name)) = (TopicFilter::new(filter), TopicName::new(name)) else {
        return;
    };
    let expected = is_match(
        shared(filter.as_str()).map_or(filter.as_str(), |(_, rest)| rest),
        name.as_str(),
    );
    assert_eq!(filter.matches(name), expected, "{filter} {name}");
    assert_eq!(
        filter.share_name(),
        shared(filter.as_str()).map(|(share, _)| share)
    );
    assert_eq!(filter.has_wildcard(), filter.as_str().contains(['+', '#']));
    // A name is a filter of itself, unless it looks like a share.
    if let Ok(filter) = TopicFilter::new(name.as_str())
        && filter.share_name().is_none()
    {
        assert!(filter.matches(name));
    }
}

/// At least one character, no U+0000, no wildcards, at most 65,535 bytes.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 65_535 && !name.contains(['\0', '+', '#'])
}

/// Levels, or in 5.0 a share of them.
pub(crate) fn is_filter(filter: &str, version: Version) -> bool {
    if filter.len() > 65_535 || filter.contains('\0') {
        return false;
    }
    if version == Version::V5 && filter.starts_with("$share/") {
        return shared(filter).is_some_and(|(share, rest)| {
            !share.is_empty() && !share.contains(['+', '#']) && is_levels(rest)
        });
    }
    is_levels(filter)
}

/// Wildcards fill a level, and `#` the last.
fn is_levels(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    let (last, others) = levels.split_last().expect("there is a level");
    let good = |level: &&str| *level == "+" || !level.contains(['+', '#']);
    !filter.is_empty() && others.iter().all(good) && (*last == "#" || good(last))
}

/// The share's name and the filter after it.
fn shared(filter: &str) -> Option<(&str, &str)> {
    filter.strip_prefix("$share/")?.split_once('/')
}

/// Whether the name is among those that the filter stands for: all expansions are tried.
fn is_match(filter: &str, name: &str) -> bool {
    // [MQTT-4.7.2-1]
    if name.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')) {
        return false;
    }
    // "sport/#" also matches the singular "sport", since # includes the parent level.
    if let Some(parent) = filter.strip_suffix("/#")
        && is_expansion(parent.as_bytes(), name.as_bytes())
    {
        return true;
    }
    is_expansion(filter.as_bytes(), name.as_bytes())
}

/// `#` stands for any characters, `+` for any but the separator, the rest for itself.
fn is_expansion(filter: &[u8], name: &[u8]) -> bool {
    // Which prefixes of the name the filter so far stands for.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for &byte in filter {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            let extends = at > 0
                && match byte {
                    b'#' => next[at - 1],
                    b'+' => next[at - 1] && name[at - 1] != b'/',
                    _ => reached[at - 1] && name[at - 1] == byte,
                };
            let stays = matches!(byte, b'#' | b'+') && reached[at];
            next[at] = extends || stays;
        }
        reached = next;
    }
    reached[name.len()]
}
