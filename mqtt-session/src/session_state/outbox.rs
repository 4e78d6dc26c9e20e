/// The DUP flag of a PUBLISH.
pub(super) const DUP: u8 = 0b1000;

/// The bytes that a packet of the outbox has on the wire: more than the outbox holds where
/// the payload is streamed. `None` for what the session did not write itself.
pub(super) fn wire_len(packet: &[u8]) -> Option<u32> {
    let [_, rest @ ..] = packet else {
        return None;
    };
    let mut remaining = 0;
    // The session has written no more than four bytes.
    for (at, byte) in (0..).zip(rest) {
        remaining |= u32::from(byte & 0x7F).wrapping_shl(7_u32.wrapping_mul(at));
        if *byte < 0x80 {
            return Some(at.wrapping_add(2).wrapping_add(remaining));
        }
    }
    None
}

/// Whether a PUBLISH is to be retained.
pub(super) fn retain(packet: &[u8]) -> bool {
    packet.first().is_some_and(|byte| byte & 1 != 0)
}
