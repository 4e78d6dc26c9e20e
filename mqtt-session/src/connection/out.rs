use mqtt_proto::{Ack, Packet, PacketId, PacketType, ReasonCode, Version};

/// The caller's buffer while packets are written to it.
pub(crate) struct Out<'b> {
    buf: &'b mut [u8],
    len: usize,
    /// What the other side takes [MQTT-3.1.2-24], [MQTT-3.2.2-15]. The sender has seen to it
    /// for what it hands out as bytes.
    maximum_packet_size: u32,
}

/// Fixed header, packet identifier, reason code.
const ACK_WITH_REASON: u32 = 2 + 2 + 1;

impl<'b> Out<'b> {
    pub(crate) fn new(buf: &'b mut [u8], maximum_packet_size: u32) -> Self {
        Self {
            buf,
            len: 0,
            maximum_packet_size,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len >= self.buf.len()
    }

    pub(crate) fn is_too_large(&self, len: usize) -> bool {
        u32::try_from(len).is_ok_and(|len| len > self.maximum_packet_size)
    }

    /// Writes an acknowledgement. Where it cannot carry a reason code, in 3.1.1 and where the other
    /// side takes nothing so long, it says Success, which ends the handshake as well.
    pub(crate) fn ack(
        &mut self,
        version: Version,
        kind: PacketType,
        packet_id: PacketId,
        reason: ReasonCode,
    ) -> bool {
        let says = version == Version::V5 && self.maximum_packet_size >= ACK_WITH_REASON;
        let reason = if says { reason } else { ReasonCode::Success };
        let ack = Ack::new(packet_id, reason);
        let packet = match kind {
            PacketType::PubAck => Packet::PubAck(ack),
            PacketType::PubRec => Packet::PubRec(ack),
            PacketType::PubRel => Packet::PubRel(ack),
            _ => Packet::PubComp(ack),
        };
        self.packet(version, &packet)
    }

    /// Writes a small packet whole, or leaves out what the other side does not take; `false` where
    /// there is no room for it.
    pub(crate) fn packet(&mut self, version: Version, packet: &Packet<'_>) -> bool {
        let Some(tail) = self.buf.get_mut(self.len..) else {
            return false;
        };
        let Ok(written) = packet.encode(version, tail) else {
            return false;
        };
        if !self.is_too_large(written) {
            self.len = self.len.wrapping_add(written);
        }
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
        self.len = self.len.wrapping_add(count);
        count
    }
}
