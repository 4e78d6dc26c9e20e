use super::HAS_FAST_PATHS;
use crate::EncodeError;

/// Takes the fields of a packet one after another.
pub(crate) trait Output {
    /// Whether all that comes has been checked before.
    const IS_CHECKED: bool = false;

    /// Notes an error, where errors are of interest.
    fn fail(&mut self, _: EncodeError) {}

    /// Tells that a list comes next, and asks what of it is wanted.
    fn enter(&mut self) -> Entry {
        Entry::Start
    }

    /// Tells that the element comes next that is so far inside the list, and asks whether it is wanted.
    fn go_on(&mut self, _inside: usize) -> bool {
        true
    }

    fn bytes(&mut self, bytes: &[u8]);

    fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    fn varint(&mut self, mut value: usize) {
        while value > 0x7F {
            self.u8(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.u8(value.to_le_bytes()[0]);
    }

    /// A value of at most 65,535 bytes, its length first.
    fn binary(&mut self, bytes: &[u8]) {
        let [.., high, low] = bytes.len().to_be_bytes();
        self.bytes(&[high, low]);
        self.bytes(bytes);
    }

    /// A string's bytes, with their length.
    fn text(&mut self, string: &[u8]) {
        self.binary(string);
    }
}

/// Writes into a buffer that has been seen to be large enough; what does not fit is left out.
#[derive(Debug, Default)]
pub(crate) struct Writer<'b> {
    room: &'b mut [u8],
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(room: &'b mut [u8]) -> Self {
        Self { room }
    }

    /// As [`bytes`](Output::bytes), without a call where they are as few as most strings have.
    #[inline(always)]
    pub(crate) fn short(&mut self, bytes: &[u8]) {
        let room = core::mem::take(&mut self.room);
        if let Some((to, room)) = room.split_at_mut_checked(bytes.len()) {
            self.room = room;
            let copied = if bytes.len() < 16 {
                copy_ends::<8>(to, bytes)
                    || copy_ends::<4>(to, bytes)
                    || copy_ends::<2>(to, bytes)
                    || copy_ends::<1>(to, bytes)
                    || bytes.is_empty()
            } else {
                bytes.len() <= 32 && copy_ends::<16>(to, bytes)
            };
            if !copied {
                copy(to, bytes);
            }
        }
    }
}

impl Output for Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let room = core::mem::take(&mut self.room);
        if let Some((to, room)) = room.split_at_mut_checked(bytes.len()) {
            copy(to, bytes);
            self.room = room;
        }
    }

    #[inline]
    fn binary(&mut self, bytes: &[u8]) {
        self.u16(bytes.len() as u16);
        if HAS_FAST_PATHS {
            self.short(bytes);
        } else {
            self.bytes(bytes);
        }
    }
}

#[inline(always)]
fn copy(to: &mut [u8], bytes: &[u8]) {
    // `copy_from_slice` has a panic in it that not every optimisation takes out.
    for (to, &byte) in to.iter_mut().zip(bytes) {
        *to = byte;
    }
}

/// Copies the first and the last `N` bytes: of `N` to `2 * N`, two parts, which may share some, of
/// the whole. `false` where there are fewer.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
        return false;
    };
    if let Some(to) = to.first_chunk_mut() {
        *to = *first;
    }
    if let Some(to) = to.last_chunk_mut() {
        *to = *last;
    }
    true
}

/// What of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// All of it, with what comes before its first element.
    Start,
    /// What follows so many elements or, of a list from the wire, so many bytes.
    Inside(usize),
    Nowhere,
}

/// Writes a part only: from a place in the packet on, as much as there is room for.
///
/// Whatever comes before costs no more than to pass over it, and of a list nothing but the element
/// at the mark.
#[derive(Debug)]
pub(crate) struct PartWriter<'b> {
    /// Where in the packet the next byte stands that is taken. In a list that is passed over it stays
    /// behind, and is put right where the list with the mark is entered.
    at: usize,
    /// Where in the packet the room begins.
    next: usize,
    room: &'b mut [u8],
    /// How many lists there were.
    lists: u8,
    mark: Mark,
}

/// The start of an element of a list, to go on from: all before it has been written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    /// Which of the packet's lists it is in, from 1 on; 0 as long as no list has been reached.
    list: u8,
    /// As in [`Entry::Inside`].
    inside: usize,
    /// Where in the packet it stands.
    at: usize,
}

impl<'b> PartWriter<'b> {
    /// Writes what follows the first `next` bytes, of which the mark is one or their end.
    pub(crate) const fn new(next: usize, mark: Mark, room: &'b mut [u8]) -> Self {
        Self {
            at: 0,
            next,
            room,
            lists: 0,
            mark,
        }
    }

    /// Where in the packet the next part begins, and a mark for it.
    pub(crate) const fn end(&self) -> (usize, Mark) {
        (self.next, self.mark)
    }
}

impl Output for PartWriter<'_> {
    const IS_CHECKED: bool = true;

    fn enter(&mut self) -> Entry {
        self.lists = self.lists.wrapping_add(1);
        if self.room.is_empty() || self.lists < self.mark.list {
            return Entry::Nowhere;
        }
        if self.lists > self.mark.list {
            return Entry::Start;
        }
        self.at = self.mark.at;
        Entry::Inside(self.mark.inside)
    }

    fn go_on(&mut self, inside: usize) -> bool {
        // Not where what comes before it is yet to be written.
        if self.at <= self.next {
            self.mark = Mark {
                list: self.lists,
                inside,
                at: self.at,
            };
        }
        !self.room.is_empty()
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let skipped = self.next.saturating_sub(self.at);
        self.at = self.at.saturating_add(bytes.len());
        let bytes = bytes.get(skipped..).unwrap_or_default();
        let len = bytes.len().min(self.room.len());
        self.next = self.next.saturating_add(len);
        Writer::new(self.room).bytes(bytes.get(..len).unwrap_or_default());
        self.room = core::mem::take(&mut self.room)
            .get_mut(len..)
            .unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;

    use super::*;

    #[test]
    fn short_and_long_are_written_whole() {
        for len in 0..70_u8 {
            let bytes: vec::Vec<u8> = (1..=len).collect();
            let mut room = vec![0; bytes.len() + 3];
            let mut out = Writer::new(&mut room);
            out.short(&bytes);
            out.u8(0xA5);
            assert_eq!(room[..bytes.len()], bytes);
            assert_eq!(room[bytes.len()..], [0xA5, 0, 0]);
        }
    }
}
