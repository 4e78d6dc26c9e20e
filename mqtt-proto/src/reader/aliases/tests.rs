extern crate std;

use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn topic(aliases: Aliases, room: &[u8], alias: u16) -> Option<&[u8]> {
    aliases.topic(room, alias).map(TopicName::as_bytes)
}

#[test]
fn records_are_found_replaced_and_refused() {
    let mut room = [0; 70];
    let mut aliases = Aliases::EMPTY;
    let found = |aliases: Aliases, room: &[u8]| {
        [1, 2, 3, 4].map(|alias| topic(aliases, room, alias).map(<[u8]>::len))
    };
    assert_eq!(found(aliases, &room), [None; 4]);
    assert!(aliases.record(&mut room, 1, b"a"));
    assert!(aliases.record(&mut room, 2, b"bb"));
    assert!(aliases.record(&mut room, 3, b"ccc"));
    assert_eq!(aliases.used(), 52);
    let three = [Some(1), Some(2), Some(3), None];
    assert_eq!(found(aliases, &room), three);
    // What is no longer takes its place, what is longer twice as much as it had, if there is room.
    assert!(aliases.record(&mut room, 3, b"CC"));
    assert!(aliases.record(&mut room, 3, b"CCC"));
    assert_eq!(aliases.used(), 52);
    assert!(!aliases.record(&mut room, 4, b"ddddd"));
    assert!(!aliases.record(&mut room, 1, b"aaaaa"));
    assert!(!aliases.record(&mut room, 3, b"cccc"));
    assert_eq!(found(aliases, &room), three);
    assert!(aliases.record(&mut room, 2, b"BBB"));
    assert!(aliases.record(&mut room, 2, b"BBBB"));
    assert_eq!(aliases.used(), 70);
    assert_eq!(found(aliases, &room), [Some(1), Some(4), Some(3), None]);
    assert_eq!(topic(aliases, &room, 2), Some(&b"BBBB"[..]));
    assert_eq!(topic(aliases, &room, 3), Some(&b"CCC"[..]));
}

#[test]
fn the_longest_topic_takes_no_more_than_its_length() {
    let mut room = vec![0; 200_000];
    let mut aliases = Aliases::EMPTY;
    for len in [40_000, 65_535] {
        assert!(aliases.record(&mut room, 1, &vec![b'a'; len]));
        assert_eq!(topic(aliases, &room, 1).map(<[u8]>::len), Some(len));
    }
    assert_eq!(aliases.used(), ROOT + 2 * HEADER + 40_000 + 65_535);
}

/// What stands for what, with the room that it has, and what is taken in all.
#[derive(Debug, Default)]
struct Model {
    topics: BTreeMap<u16, (Vec<u8>, usize)>,
    used: usize,
}

impl Model {
    fn record(&mut self, room: usize, alias: u16, topic: &[u8]) -> bool {
        let had = self.topics.get(&alias).map(|&(_, has)| has);
        let has = match had {
            Some(has) if topic.len() <= has => has,
            _ => topic.len().max(2 * had.unwrap_or(0)),
        };
        let taken = if had == Some(has) { 0 } else { 14 + has };
        let used = self.used.max(4) + taken;
        if taken > 0 && used > room {
            return false;
        }
        self.used = used;
        self.topics.insert(alias, (topic.to_vec(), has));
        true
    }
}

/// How far the bits of an alias are moved, so that they differ in the first looked at, or the last.
const SPREAD: [u32; 4] = [0, 1, 4, 13];

proptest! {
    #[test]
    fn what_is_found_was_recorded_last(
        size in 0..400_usize,
        steps in prop::collection::vec((1..12_u16, 0..4_usize, 0..40_usize, 0..60_usize), 1..80),
    ) {
        // Whatever is there from before, nothing is found in it.
        let mut scratch = vec![0x01; size];
        let mut aliases = Aliases::EMPTY;
        let mut model = Model::default();
        for (index, (alias, by, len, head)) in steps.into_iter().enumerate() {
            let alias = alias.rotate_right(SPREAD[by]);
            let topic_name = vec![index as u8; len];
            let room = &mut scratch[head.min(size)..];
            // A head leaves what is taken alone.
            if room.len() < model.used {
                continue;
            }
            let is_taken = model.record(room.len(), alias, &topic_name);
            prop_assert_eq!(aliases.record(room, alias, &topic_name), is_taken);
            prop_assert_eq!(aliases.used(), model.used);
            for alias in (0..12_u16).flat_map(|alias| SPREAD.map(|by| alias.rotate_right(by))) {
                prop_assert_eq!(topic(aliases, room, alias), model.topics.get(&alias).map(|(topic, _)| &topic[..]));
            }
        }
    }
}

#[test]
fn no_way_is_longer_than_an_alias_has_bits() {
    let mut room = vec![0; ROOT + HEADER * 65_535];
    for step in [1_u16, 0xFFFF, 0x7A31, 0x8001] {
        let mut aliases = Aliases::EMPTY;
        let mut alias = 0_u16;
        for _ in 0..65_535 {
            alias = alias.wrapping_add(step);
            assert!(aliases.record(&mut room, alias, b""));
        }
        assert_eq!(aliases.used(), room.len());
        let mut ways = vec![(Record::linked(&room, ROOT).unwrap(), 1)];
        let mut found = 0;
        while let Some((record, len)) = ways.pop() {
            found += 1;
            assert!(len <= 17, "alias {}", record.alias());
            for link in [record.place, record.place - LINK] {
                ways.extend(Record::linked(&room, link).map(|record| (record, len + 1)));
            }
        }
        assert_eq!(found, 65_535);
    }
}
