/// Writes fields one after another, and counts them.
///
/// What does not fit is counted only: so a packet's size is what writing it into no
/// room at all comes to, and there is one description of a packet's form, not two.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    buf: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(buf: &'b mut [u8]) -> Self {
        Self { buf, len: 0 }
    }

    /// Counts only.
    pub(crate) const fn counting() -> Self {
        Self {
            buf: &mut [],
            len: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        // Saturated, the sum is larger than any packet may be, which is refused.
        let end = self.len.saturating_add(bytes.len());
        if let Some(to) = self.buf.get_mut(self.len..end) {
            // `copy_from_slice` has a panic in it that not every optimisation takes out.
            for (to, &byte) in to.iter_mut().zip(bytes) {
                *to = byte;
            }
        }
        self.len = end;
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn varint(&mut self, mut value: u32) {
        loop {
            let byte = value.to_le_bytes()[0] & 0x7F;
            value >>= 7;
            if value == 0 {
                return self.u8(byte);
            }
            self.u8(byte | 0x80);
        }
    }

    /// A value of at most 65,535 bytes, its length first.
    pub(crate) fn binary(&mut self, bytes: &[u8]) {
        self.u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        self.bytes(bytes);
    }

    pub(crate) fn string(&mut self, string: &str) {
        self.binary(string.as_bytes());
    }
}
