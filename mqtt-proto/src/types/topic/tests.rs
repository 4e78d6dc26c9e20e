use super::*;

fn filter_error(filter: &str) -> Option<(TopicErrorKind, usize)> {
    TopicFilter::new(filter)
        .err()
        .map(|error| (error.kind, error.offset))
}

#[test]
fn names() {
    for name in ["a", "/", "a/b", "$SYS/x", " ", "\u{FEFF}"] {
        assert_eq!(TopicName::new(name).map(TopicName::as_str), Ok(name));
    }
    let kind = |name| {
        TopicName::new(name)
            .map_err(|error| (error.kind, error.offset))
            .map(|_| ())
    };
    assert_eq!(kind(""), Err((TopicErrorKind::Empty, 0)));
    assert_eq!(kind("a/+"), Err((TopicErrorKind::WildcardInName, 2)));
    assert_eq!(kind("a#"), Err((TopicErrorKind::WildcardInName, 1)));
    assert_eq!(kind("a\0"), Err((TopicErrorKind::Nul, 1)));
}

#[test]
fn filters() {
    for filter in [
        "#",
        "+",
        "a/#",
        "a/+/b",
        "+/+",
        "/+",
        "a",
        "$share/g/a/+/#",
        "$share/g//",
        "$share",
        "$shared/+",
    ] {
        assert_eq!(filter_error(filter), None, "{filter}");
    }
    assert_eq!(filter_error(""), Some((TopicErrorKind::Empty, 0)));
    assert_eq!(filter_error("a+"), Some((TopicErrorKind::PlusNotAlone, 1)));
    assert_eq!(filter_error("+a"), Some((TopicErrorKind::PlusNotAlone, 0)));
    assert_eq!(
        filter_error("a/#/b"),
        Some((TopicErrorKind::HashNotLast, 2))
    );
    assert_eq!(filter_error("a#"), Some((TopicErrorKind::HashNotLast, 1)));
    assert_eq!(filter_error("##"), Some((TopicErrorKind::HashNotLast, 0)));
    assert_eq!(filter_error("a\0b"), Some((TopicErrorKind::Nul, 1)));
}

#[test]
fn share_names() {
    // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
    for (filter, kind, offset) in [
        ("$share/", TopicErrorKind::EmptyShareName, 7),
        ("$share//", TopicErrorKind::EmptyShareName, 7),
        ("$share//a", TopicErrorKind::EmptyShareName, 7),
        ("$share/g", TopicErrorKind::Share, 8),
        ("$share/group/", TopicErrorKind::Share, 13),
        ("$share/+/a", TopicErrorKind::Share, 7),
        ("$share/gr+p/t", TopicErrorKind::PlusNotAlone, 9),
        ("$share/g#/a", TopicErrorKind::HashNotLast, 8),
        ("$share/g#", TopicErrorKind::Share, 9),
        ("$share/#", TopicErrorKind::Share, 7),
        ("$share/+", TopicErrorKind::Share, 7),
        ("$share//+a", TopicErrorKind::EmptyShareName, 7),
        ("$share/#/a", TopicErrorKind::HashNotLast, 7),
        ("$share///a", TopicErrorKind::EmptyShareName, 7),
        ("$share/g/a#", TopicErrorKind::HashNotLast, 10),
    ] {
        assert_eq!(filter_error(filter), Some((kind, offset)), "{filter}");
    }
    let filter = TopicFilter::new("$share/group/a/+").unwrap();
    assert_eq!(filter.share_name(), Some("group"));
    assert_eq!(filter.matched_part(), "a/+");
    assert!(filter.has_wildcard());
    assert!(filter.matches(TopicName::new("a/b").unwrap()));
    assert!(!filter.matches(TopicName::new("$share/group/a/b").unwrap()));
}

/// Whatever is in its place, a ShareName is judged as the specification has it.
#[test]
fn every_short_share() {
    extern crate std;
    use std::vec::Vec;
    let mut rests = std::vec![std::string::String::new()];
    for at in 0..1365 {
        let rest = rests[at].clone();
        if rest.len() < 5 {
            rests.extend(["a", "/", "+", "#"].map(|next| std::format!("{rest}{next}")));
        }
        let levels: Vec<&str> = rest.split('/').collect();
        let are_right = levels
            .iter()
            .enumerate()
            .all(|(index, level)| match *level {
                "+" => true,
                "#" => index + 1 == levels.len(),
                level => !level.contains(['+', '#']),
            });
        let is_share =
            !matches!(levels[0], "" | "+" | "#") && levels.len() > 1 && levels[1..] != [""];
        let filter = std::format!("$share/{rest}");
        let in_3_1_1 = TopicFilter::from_wire(filter.as_bytes(), Version::V3_1_1);
        assert_eq!(in_3_1_1.is_ok(), are_right, "{filter}");
        let in_5 = TopicFilter::from_wire(filter.as_bytes(), Version::V5);
        assert_eq!(in_5.is_ok(), are_right && is_share, "{filter}");
        assert_eq!(TopicFilter::new(&filter).is_ok(), in_5.is_ok(), "{filter}");
        if let Ok(taken) = in_3_1_1 {
            assert_eq!(
                taken.share_name(),
                is_share.then_some(levels[0]),
                "{filter}"
            );
            assert_eq!(taken.is_ill_formed_share(), !is_share, "{filter}");
        }
    }
    assert_eq!(rests.len(), 1365);
}

#[test]
fn too_long_for_its_length() {
    // [MQTT-4.7.3-3]
    extern crate std;
    let long = std::string::String::from_utf8(std::vec![b'a'; 65_536]).unwrap();
    assert_eq!(
        TopicName::new(&long).unwrap_err().kind,
        TopicErrorKind::TooLong
    );
    assert_eq!(
        TopicFilter::new(&long).unwrap_err().kind,
        TopicErrorKind::TooLong
    );
    assert!(TopicName::new(&long[1..]).is_ok());
}

#[test]
fn dollar_topics_are_not_for_leading_wildcards() {
    // [MQTT-4.7.2-1]
    let matches = |filter, name| {
        TopicFilter::new(filter)
            .unwrap()
            .matches(TopicName::new(name).unwrap())
    };
    assert!(!matches("#", "$SYS"));
    assert!(!matches("+/monitor/Clients", "$SYS/monitor/Clients"));
    assert!(matches("$SYS/#", "$SYS/monitor"));
    assert!(matches("$SYS/+", "$SYS/monitor"));
    assert!(!matches("$share/g/#", "$SYS/monitor"));
}

/// [MQTT-4.7.3-4]
#[test]
fn topics_are_matched_as_they_are_written() {
    extern crate std;
    // Both cases of a letter; `é` in one character and in two; a ligature, and what it stands for.
    let words = [
        "a", "A", "\u{E9}", "e\u{301}", "E\u{301}", "\u{FB01}", "fi", "a ", "a.",
    ];
    for word in words {
        for other in words {
            for (before, after) in [("", ""), ("b/", ""), ("", "/b")] {
                let filter = std::format!("{before}{word}{after}");
                let name = std::format!("{before}{other}{after}");
                let filter = TopicFilter::new(&filter).unwrap();
                let name = TopicName::new(&name).unwrap();
                assert_eq!(filter.matches(name), word == other, "{filter} {name}");
            }
        }
    }
}

#[test]
fn names_of_every_length_are_searched_to_the_end() {
    extern crate std;
    for len in 1..40 {
        let good = std::string::String::from_utf8(std::vec![b'a'; len]).unwrap();
        assert!(TopicName::new(&good).is_ok());
        for at in 0..len {
            for (bad, kind) in [
                ("\0", TopicErrorKind::Nul),
                ("+", TopicErrorKind::WildcardInName),
                ("#", TopicErrorKind::WildcardInName),
            ] {
                let mut name = good.clone();
                name.replace_range(at..at + 1, bad);
                assert_eq!(TopicName::new(&name), Err(TopicError { kind, offset: at }));
            }
            // What is near to them in the byte, or in the next one, is no wildcard.
            for near in [
                "\"", "$", "*", ",", "\u{1}", "é", "\u{AB}", "\u{A3}", "\u{80}",
            ] {
                let mut name = good.clone();
                name.replace_range(at..at + 1, near);
                assert!(TopicName::new(&name).is_ok(), "{name}");
            }
        }
    }
}
