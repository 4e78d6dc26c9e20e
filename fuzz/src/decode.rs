//! Any bytes are a packet, the beginning of one, or refused; what is a packet survives a round trip.

use mqtt_proto::{DecodeOptions, Packet};

/// The bytes are one or more packets.
pub fn check(data: &[u8]) {
    for options in crate::every_options() {
        let mut input = data;
        loop {
            let before = input;
            match Packet::decode(&options, &mut input) {
                Ok(Some(packet)) => {
                    assert!(input.len() < before.len(), "a packet of no bytes");
                    round_trip(&options, &packet);
                }
                Ok(None) => {
                    assert_eq!(input, before, "an incomplete packet was taken");
                    break;
                }
                Err(error) => {
                    assert_eq!(input, before, "a malformed packet was taken");
                    assert!(error.offset <= before.len(), "{error} is beyond the input");
                    assert!(error.reason_code().is_error());
                    break;
                }
            }
        }
    }
}

/// What was decoded can be encoded, and is the same when it is decoded again.
fn round_trip(options: &DecodeOptions, packet: &Packet<'_>) {
    let size = packet
        .encoded_len(options.version)
        .expect("what was decoded can be encoded");
    let mut buf = vec![0; size];
    assert_eq!(packet.encode(options.version, &mut buf), Ok(size));
    let mut input = buf.as_slice();
    assert_eq!(Packet::decode(options, &mut input), Ok(Some(*packet)));
    assert!(input.is_empty(), "bytes are left over");
    // The encoding is canonical.
    let mut again = vec![0; size];
    assert_eq!(packet.encode(options.version, &mut again), Ok(size));
    assert_eq!(buf, again);
}
