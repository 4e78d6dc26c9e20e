//! The topic names behind inbound Topic Aliases, kept at the end of the reader's scratch.

use crate::TopicName;
use crate::wire::{Output, Writer};

/// How much of the end of a buffer is taken: by records, added towards the front, and by the root
/// of a tree of them.
///
/// ```text
/// | free ...  | room | topic 2 | header 2 | room | topic 1 | header 1 | root |
///                                14 bytes                    14 bytes   4 bytes, at the end
///
/// header      | link 0  | link 1  | alias   | length of the topic | the same with the room before it |
///               4 bytes   4 bytes   2 bytes   2 bytes               2 bytes
/// ```
///
/// The root is a link as well. A link tells the place of a header, or 0: there is none. Places are
/// counted from the buffer's end, since it starts elsewhere for each packet.
///
/// Of the records below another those with link 0 have a 0 as the next bit of their alias, those
/// with link 1 a 1, from the lowest bit on. So none is further down than an alias has bits, in
/// whatever order they came, and nothing has ever to be balanced.
///
/// A topic takes the room of the one that it replaces; one that is too long for it gets a record of
/// its own, with twice that room, in the same place of the tree. The record before is lost. So
/// nothing ever moves, and all the room that an alias lost is less than twice what it has.
///
/// They are of one Network Connection, as the reader is [MQTT-3.3.2-7].
#[derive(Clone, Copy, Debug)]
pub(super) struct Aliases {
    used: usize,
}

const LINK: usize = 4;
/// The place of the root, and what it takes.
const ROOT: usize = LINK;
/// The bytes that a record takes beyond its topic and its room.
const HEADER: usize = 2 * LINK + 6;

impl Aliases {
    pub(super) const EMPTY: Self = Self { used: 0 };

    /// The bytes at the end of the buffer that are taken.
    pub(super) const fn used(self) -> usize {
        self.used
    }

    /// Lets the alias stand for the topic from now on; `false`, with nothing changed, when there is
    /// no room for it in `room`.
    #[must_use]
    pub(super) fn record(&mut self, room: &mut [u8], alias: u16, topic: &[u8]) -> bool {
        let (slot, old) = self.find(room, alias);
        let (mut place, links, mut topic_room) = match old {
            Some(old) => (old.place, old.links(), old.topic_room()),
            None => Default::default(),
        };
        let topic_len = topic.len() as u16;
        if old.is_none() || topic_len > topic_room {
            topic_room = topic_room.saturating_mul(2).max(topic_len);
            place = self.used.max(ROOT).wrapping_add(HEADER);
            let used = place.wrapping_add(topic_room.into());
            // What has no link in so many bits has no room either.
            if used > room.len().min(u32::MAX as usize) {
                return false;
            }
            self.used = used;
        }
        from(room, slot).u32(place as u32);
        let mut out = from(room, place.wrapping_add(topic.len()));
        out.bytes(topic);
        out.bytes(&links);
        out.u16(alias);
        out.u16(topic_len);
        out.u16(topic_room);
        true
    }

    /// The topic that the alias stands for.
    pub(super) fn topic(self, room: &[u8], alias: u16) -> Option<TopicName<'_>> {
        let (_, record) = self.find(room, alias);
        Some(TopicName::from_checked(record?.topic()?))
    }

    /// The alias's record; before it the place of the link that leads there, or is to lead there.
    fn find(self, room: &[u8], alias: u16) -> (usize, Option<Record<'_>>) {
        let mut slot = ROOT;
        let mut bits = alias;
        while self.used > 0
            && let Some(record) = Record::linked(room, slot)
        {
            if record.alias() == alias {
                return (slot, Some(record));
            }
            slot = record.place;
            if bits & 1 != 0 {
                slot = slot.wrapping_sub(LINK);
            }
            bits >>= 1;
        }
        (slot, None)
    }
}

/// A topic with its header; of what is not asked for nothing is read.
#[derive(Clone, Copy, Debug)]
struct Record<'r> {
    place: usize,
    before: &'r [u8],
    header: &'r [u8; HEADER],
}

impl<'r> Record<'r> {
    /// The one to which a link leads.
    #[inline(always)]
    fn linked(room: &'r [u8], slot: usize) -> Option<Self> {
        let (_, link) = split(room, slot)?;
        let place = usize::try_from(u32::from_be_bytes(*link.first_chunk()?)).ok()?;
        let (before, header) = split(room, place)?;
        let header = header.first_chunk()?;
        Some(Self {
            place,
            before,
            header,
        })
    }

    fn links(self) -> [u8; 2 * LINK] {
        let [links @ .., _, _, _, _, _, _] = *self.header;
        links
    }

    fn alias(self) -> u16 {
        let [.., a, b, _, _, _, _] = *self.header;
        u16::from_be_bytes([a, b])
    }

    fn topic(self) -> Option<&'r [u8]> {
        let [.., a, b, _, _] = *self.header;
        let (_, topic) = split(self.before, u16::from_be_bytes([a, b]).into())?;
        Some(topic)
    }

    fn topic_room(self) -> u16 {
        let [.., a, b] = *self.header;
        u16::from_be_bytes([a, b])
    }
}

/// What is before a place, and what is from there on.
fn split(room: &[u8], place: usize) -> Option<(&[u8], &[u8])> {
    room.split_at_checked(room.len().wrapping_sub(place))
}

/// What writes from a place on.
fn from(room: &mut [u8], place: usize) -> Writer<'_> {
    let start = room.len().wrapping_sub(place);
    Writer::new(room.get_mut(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests;
