//! What was decoded is encoded, and is the same when it is decoded again; the encoding is canonical.

use mqtt_proto::{DecodeOptions, Packet};

/// The bytes begin with a packet, or with more than one.
pub fn check(data: &[u8]) {
    for options in crate::every_options() {
        let mut input = data;
        while let Ok(Some(packet)) = Packet::decode(&options, &mut input) {
            round_trip(&options, &packet);
        }
    }
}

fn round_trip(options: &DecodeOptions, packet: &Packet<'_>) {
    let size = packet
        .encoded_len(options.version)
        .expect("what was decoded can be encoded");
    let mut buf = vec![0; size];
    assert_eq!(packet.encode(options.version, &mut buf), Ok(size));
    let mut input = buf.as_slice();
    let again = Packet::decode(options, &mut input);
    assert_eq!(again, Ok(Some(*packet)));
    assert!(input.is_empty(), "bytes are left over");
    if let Ok(Some(again)) = again {
        let mut canonical = vec![0; size];
        assert_eq!(again.encode(options.version, &mut canonical), Ok(size));
        assert_eq!(buf, canonical);
    }
}
