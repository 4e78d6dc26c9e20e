/// The DUP flag of a PUBLISH.
pub(super) const DUP: u8 = 0b1000;

/// The bytes that a packet of the outbox has on the wire: more than the outbox holds where
/// the payload is streamed. `None` for what the session did not write itself.
pub(super) fn wire_len(packet: &[u8]) -> Option<u32> {
    let mut remaining = 0_u32;
    let mut shift = 0_u32;
    let mut header = 1_u32;
    for byte in packet.iter().skip(1).take(4) {
        header = header.saturating_add(1);
        remaining |= u32::from(byte & 0x7F).checked_shl(shift)?;
        shift = shift.saturating_add(7);
        if byte & 0x80 == 0 {
            return Some(header.saturating_add(remaining));
        }
    }
    None
}

/// Whether a PUBLISH is to be retained.
pub(super) fn retain(packet: &[u8]) -> bool {
    packet.first().is_some_and(|byte| byte & 1 != 0)
}
