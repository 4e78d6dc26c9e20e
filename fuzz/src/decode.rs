//! Any bytes are a packet, the beginning of one, or refused; leniency takes what is taken without.

use mqtt_proto::{Packet, Version};

/// The bytes are one or more packets.
pub fn check(data: &[u8]) {
    for options in crate::every_options() {
        let mut lenient = options;
        lenient.leniency.reason_codes = true;
        lenient.leniency.return_codes = true;
        let mut input = data;
        loop {
            let before = input;
            let leniently = Packet::decode(&lenient, &mut { before });
            match Packet::decode(&options, &mut input) {
                Ok(Some(packet)) => {
                    assert!(input.len() < before.len(), "a packet of no bytes");
                    assert_eq!(leniently, Ok(Some(packet)));
                }
                Ok(None) => {
                    assert_eq!(input, before, "an incomplete packet was taken");
                    break;
                }
                Err(error) => {
                    assert_eq!(input, before, "a malformed packet was taken");
                    assert!(error.offset <= before.len(), "{error} is beyond the input");
                    assert!(error.reason_code().is_error());
                    let statement = error.statement(&options, before);
                    assert!(statement.is_none_or(|id| id.starts_with("MQTT")));
                    // 3.1.1 knows no Shared Subscriptions, and so says nothing of wrong ones.
                    let rule = statement.or(error.section(&options, before));
                    assert!(
                        rule.is_some() || options.version == Version::V3_1_1,
                        "{error}"
                    );
                    break;
                }
            }
        }
    }
}
