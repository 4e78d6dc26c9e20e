use mqtt_proto::{Packet, Version};

/// The caller's buffer while packets are written to it.
pub(crate) struct Out<'b> {
    buf: &'b mut [u8],
    len: usize,
}

impl<'b> Out<'b> {
    pub(crate) fn new(buf: &'b mut [u8]) -> Self {
        Self { buf, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len >= self.buf.len()
    }

    /// Writes a small packet whole; `false` where there is no room for it.
    pub(crate) fn packet(&mut self, version: Version, packet: &Packet<'_>) -> bool {
        let Some(tail) = self.buf.get_mut(self.len..) else {
            return false;
        };
        let Ok(written) = packet.encode(version, tail) else {
            return false;
        };
        self.len = self.len.saturating_add(written);
        true
    }

    /// Copies what fits of `bytes`, with `flags` set in the first of them, and says how many it were.
    pub(crate) fn bytes(&mut self, bytes: &[u8], flags: u8) -> usize {
        let tail = self.buf.get_mut(self.len..).unwrap_or_default();
        let count = tail.len().min(bytes.len());
        // `copy_from_slice` has a panic in it that not every optimisation takes out.
        for (to, &byte) in tail.iter_mut().zip(bytes) {
            *to = byte;
        }
        if let (Some(first), true) = (tail.first_mut(), count > 0) {
            *first |= flags;
        }
        self.len = self.len.saturating_add(count);
        count
    }
}
