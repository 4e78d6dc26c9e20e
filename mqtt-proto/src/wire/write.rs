use super::HAS_FAST_PATHS;
use crate::EncodeError;

/// Takes the fields of a packet one after another.
pub(crate) trait Output {
    /// Notes an error, where errors are of interest.
    fn fail(&mut self, _: EncodeError) {}

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
            if bytes.len() > 32
                || !(copy_ends::<16>(to, bytes)
                    || copy_ends::<8>(to, bytes)
                    || copy_ends::<4>(to, bytes)
                    || copy_ends::<2>(to, bytes)
                    || copy_ends::<1>(to, bytes)
                    || bytes.is_empty())
            {
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

/// Writes a part only: what follows the first `skip` bytes, as much as there is room for.
#[derive(Debug, Default)]
pub(crate) struct PartWriter<'b> {
    skip: usize,
    room: &'b mut [u8],
}

impl<'b> PartWriter<'b> {
    pub(crate) const fn new(skip: usize, room: &'b mut [u8]) -> Self {
        Self { skip, room }
    }

    /// The bytes of the buffer that are still free.
    pub(crate) const fn free(&self) -> usize {
        self.room.len()
    }
}

impl Output for PartWriter<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let skipped = self.skip.min(bytes.len());
        self.skip = self.skip.saturating_sub(skipped);
        let bytes = bytes.get(skipped..).unwrap_or_default();
        let len = bytes.len().min(self.room.len());
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
