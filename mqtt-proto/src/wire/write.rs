use super::string::ends;
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

/// Writes nothing.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl Output for Nowhere {
    #[inline(always)]
    fn bytes(&mut self, _: &[u8]) {}
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

    /// As [`bytes`](Output::bytes), without a call where they are as many as most topic names have.
    #[inline(always)]
    pub(crate) fn name(&mut self, bytes: &[u8]) {
        let Some((first, last)) = ends(bytes) else {
            return self.bytes(bytes);
        };
        let room = core::mem::take(&mut self.room);
        if let Some((to, room)) = room.split_at_mut_checked(bytes.len()) {
            if let Some(to) = to.first_chunk_mut() {
                *to = *first;
            }
            if let Some(to) = to.last_chunk_mut() {
                *to = *last;
            }
            self.room = room;
        }
    }
}

impl Output for Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let room = core::mem::take(&mut self.room);
        if let Some((to, room)) = room.split_at_mut_checked(bytes.len()) {
            // `copy_from_slice` has a panic in it that not every optimisation takes out.
            for (to, &byte) in to.iter_mut().zip(bytes) {
                *to = byte;
            }
            self.room = room;
        }
    }
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
