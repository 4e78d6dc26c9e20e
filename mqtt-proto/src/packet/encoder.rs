use super::Packet;
use crate::wire::{Mark, Output, PartWriter};
use crate::{EncodeError, Version};

/// Encodes a packet into buffers of any size, one after another.
///
/// The packet is checked at the start, and each piece goes on where the last one ended: the time
/// for all of them is linear in the size of the packet and their number.
///
/// ```
/// use mqtt_proto::{Ack, Packet, PacketEncoder, PacketId, ReasonCode, Version};
///
/// let packet = Packet::PubAck(Ack::new(PacketId::MIN, ReasonCode::QuotaExceeded));
/// let mut encoder = PacketEncoder::new(&packet, Version::V5)?;
/// assert_eq!(encoder.remaining(), 5);
/// let mut buf = [0; 3];
/// assert_eq!((encoder.encode(&mut buf), buf), (3, [0x40, 3, 0]));
/// assert_eq!((encoder.encode(&mut buf), &buf[..2]), (2, &[1, 0x97][..]));
/// assert_eq!(encoder.remaining(), 0);
/// # Ok::<(), mqtt_proto::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PacketEncoder<'a> {
    packet: &'a Packet<'a>,
    version: Version,
    /// The bytes after the fixed header.
    body: usize,
    /// The bytes of the whole packet.
    len: usize,
    written: usize,
    mark: Mark,
}

impl<'a> PacketEncoder<'a> {
    /// Checks the packet.
    ///
    /// # Errors
    /// Those of [`Packet::encode`], but for that of the buffer.
    pub fn new(packet: &'a Packet<'a>, version: Version) -> Result<Self, EncodeError> {
        let counted = packet.count(version);
        Ok(Self {
            packet,
            version,
            body: counted.len,
            len: counted.packet_len()?,
            written: 0,
            mark: Mark::default(),
        })
    }

    /// The bytes that are still to be written.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.len.saturating_sub(self.written)
    }

    /// Writes the next bytes to the front of `buf`, which is filled unless fewer remain, and
    /// returns how many.
    pub fn encode(&mut self, buf: &mut [u8]) -> usize {
        let out = self.walk(PartWriter::new(self.written, self.mark, buf));
        let before = self.written;
        (self.written, self.mark) = out.end();
        self.written.saturating_sub(before)
    }

    /// Has `out` take the packet, as far as it wants to.
    fn walk<O: Output>(&self, out: O) -> O {
        let mut fields = self.packet.header(self.body, self.version, out);
        self.packet.body(&mut fields);
        fields.into_output()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for PacketEncoder<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "PacketEncoder {{ packet: {}, version: {}, len: {}, written: {} }}",
            self.packet,
            self.version,
            self.len,
            self.written
        );
    }
}

#[cfg(test)]
mod tests;
