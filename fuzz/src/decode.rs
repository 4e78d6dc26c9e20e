//! Any bytes are a packet, the beginning of one, or refused.

use mqtt_proto::Packet;

/// The bytes are one or more packets.
pub fn check(data: &[u8]) {
    for options in crate::every_options() {
        let mut input = data;
        loop {
            let before = input;
            match Packet::decode(&options, &mut input) {
                Ok(Some(_)) => assert!(input.len() < before.len(), "a packet of no bytes"),
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
