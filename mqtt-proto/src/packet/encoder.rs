use super::Packet;
use crate::wire::PartWriter;
use crate::{EncodeError, Version};

/// Encodes a packet into buffers of any size, one after another.
///
/// Each piece costs a walk over all of the packet's fields, which are checked anew; what was
/// written before is passed over. So a packet with large strings or many properties is best
/// encoded in few pieces: the time for all of it grows with its size times their number.
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
        let room = buf.len();
        let out = PartWriter::new(self.written, buf);
        let mut fields = self.packet.header(self.body, self.version, out);
        self.packet.body(&mut fields);
        let len = room.saturating_sub(fields.into_output().free());
        self.written = self.written.saturating_add(len);
        len
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
