//! The topic names behind inbound Topic Aliases, kept at the end of the reader's scratch.

use crate::TopicName;
use crate::wire::{Output, Writer};

/// How much of the end of a buffer is taken by records. They are added towards the front:
///
/// ```text
/// | free ...  | topic 2 | length | alias | topic 1 | length | alias |
///                         2 bytes  2 bytes                  end of the buffer
/// ```
///
/// They are of one Network Connection, as the reader is [MQTT-3.3.2-7].
#[derive(Clone, Copy, Debug)]
pub(super) struct Aliases {
    used: usize,
}

/// The bytes that a record takes beyond its topic name.
const OVERHEAD: usize = 4;

impl Aliases {
    pub(super) const EMPTY: Self = Self { used: 0 };

    /// The bytes at the end of the buffer that are taken.
    pub(super) const fn used(self) -> usize {
        self.used
    }

    /// Lets the alias stand for the topic from now on; `false` when there is no room for it in `room`.
    #[must_use]
    pub(super) fn record(&mut self, room: &mut [u8], alias: u16, topic: &[u8]) -> bool {
        let old = self.find(room, alias);
        if old.is_some_and(|(_, old)| old == topic) {
            return true;
        }
        let (old_end, old_len) =
            old.map_or((0, 0), |(end, old)| (end, old.len().wrapping_add(OVERHEAD)));
        let needed = topic.len().wrapping_add(OVERHEAD);
        let used = self.used.wrapping_sub(old_len).wrapping_add(needed);
        if used > room.len() {
            return false;
        }
        // What lies before the old record moves over it.
        let first = room.len().wrapping_sub(self.used);
        let old_start = old_end.wrapping_sub(old_len);
        for at in (first..old_start).rev() {
            if let Some(&byte) = room.get(at)
                && let Some(to) = room.get_mut(at.wrapping_add(old_len))
            {
                *to = byte;
            }
        }
        let start = room.len().wrapping_sub(used);
        let mut out = Writer::new(room.get_mut(start..).unwrap_or_default());
        out.bytes(topic);
        out.u16(u16::try_from(topic.len()).unwrap_or(u16::MAX));
        out.u16(alias);
        self.used = used;
        true
    }

    /// The topic that the alias stands for.
    pub(super) fn topic(self, room: &[u8], alias: u16) -> Option<TopicName<'_>> {
        let (_, topic) = self.find(room, alias)?;
        Some(TopicName::from_checked(topic))
    }

    /// The end of the record in `room`, and its topic.
    fn find(self, room: &[u8], alias: u16) -> Option<(usize, &[u8])> {
        let first = room.len().wrapping_sub(self.used);
        let mut rest = room.get(first..)?;
        loop {
            let end = first.wrapping_add(rest.len());
            let (before, &[len_high, len_low, alias_high, alias_low]) = rest.split_last_chunk()?;
            let len = usize::from(u16::from_be_bytes([len_high, len_low]));
            let (before, topic) = before.split_at_checked(before.len().checked_sub(len)?)?;
            if u16::from_be_bytes([alias_high, alias_low]) == alias {
                return Some((end, topic));
            }
            rest = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_replaced_and_refused() {
        let mut room = [0; 20];
        let mut aliases = Aliases::EMPTY;
        let topic = |aliases: Aliases, room: &[u8], alias| {
            aliases.topic(room, alias).map(|t| t.as_str().len())
        };
        assert!(aliases.topic(&room, 1).is_none());
        assert!(aliases.record(&mut room, 1, b"a"));
        assert!(aliases.record(&mut room, 2, b"bb"));
        assert!(aliases.record(&mut room, 3, b"ccc"));
        assert_eq!(aliases.used(), 18);
        assert_eq!(
            [1, 2, 3, 4].map(|alias| topic(aliases, &room, alias)),
            [Some(1), Some(2), Some(3), None]
        );
        // The same again takes nothing more, another in its place only the difference.
        assert!(aliases.record(&mut room, 2, b"bb"));
        assert_eq!(aliases.used(), 18);
        assert!(!aliases.record(&mut room, 4, b""));
        assert!(!aliases.record(&mut room, 1, b"aaaa"));
        assert_eq!(
            [1, 2, 3].map(|alias| topic(aliases, &room, alias)),
            [Some(1), Some(2), Some(3)]
        );
        assert!(aliases.record(&mut room, 2, b"BBBB"));
        assert_eq!(aliases.used(), 20);
        assert_eq!(
            [1, 2, 3].map(|alias| topic(aliases, &room, alias)),
            [Some(1), Some(4), Some(3)]
        );
        assert_eq!(aliases.topic(&room, 2).map(TopicName::as_str), Some("BBBB"));
        assert_eq!(aliases.topic(&room, 3).map(TopicName::as_str), Some("ccc"));
    }
}
