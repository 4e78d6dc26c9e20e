use mqtt_proto::{DecodeOptions, Packet, Version};

/// Encoded packets on their way to one Client.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) version: Version,
    /// The largest packet that the Client takes.
    pub(crate) maximum_packet_size: u32,
    bytes: Vec<u8>,
    /// Bytes at the front that were taken already.
    taken: usize,
}

impl Output {
    pub(crate) fn new(version: Version) -> Self {
        Self {
            version,
            maximum_packet_size: DecodeOptions::MAXIMUM_PACKET_SIZE,
            bytes: Vec::new(),
            taken: 0,
        }
    }

    /// Encodes a packet behind what waits. `false`: the Client cannot take it, for its size
    /// [MQTT-3.1.2-24] or its version.
    pub(crate) fn push(&mut self, packet: &Packet<'_>) -> bool {
        let Ok(len) = packet.encoded_len(self.version) else {
            return false;
        };
        if !u32::try_from(len).is_ok_and(|len| len <= self.maximum_packet_size) {
            return false;
        }
        let start = self.bytes.len();
        self.bytes.resize(start + len, 0);
        let written = packet
            .encode(self.version, &mut self.bytes[start..])
            .unwrap_or(0);
        self.bytes.truncate(start + written);
        written > 0
    }

    /// Lets `write` write behind what waits, and returns what it returns: how many bytes it wrote.
    pub(crate) fn extend(&mut self, write: impl FnOnce(&mut [u8]) -> usize) -> usize {
        let start = self.bytes.len();
        self.bytes.resize(start + 1024, 0);
        let written = write(&mut self.bytes[start..]);
        self.bytes.truncate(start + written);
        written
    }

    /// Moves the first bytes to the front of `buf` and returns how many.
    pub(crate) fn take(&mut self, buf: &mut [u8]) -> usize {
        let len = self.len().min(buf.len());
        buf[..len].copy_from_slice(&self.bytes[self.taken..self.taken + len]);
        self.taken += len;
        // Seldom enough that a large message does not cost a move of its rest for each piece.
        if self.taken * 2 >= self.bytes.len() {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        len
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }
}
