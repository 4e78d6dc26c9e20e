//! Any bytes are a packet, the beginning of one, or refused where they are wrong; leniency takes
//! what is taken without, and limits refuse what is beyond them and nothing else.

use mqtt_proto::{DecodeError, DecodeErrorKind, DecodeOptions, Packet};

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
                    check_limits(&options, &packet, &before[..before.len() - input.len()]);
                }
                Ok(None) => {
                    assert_eq!(input, before, "an incomplete packet was taken");
                    break;
                }
                Err(error) => {
                    assert_eq!(input, before, "a malformed packet was taken");
                    crate::offsets::check(&options, error, before);
                    assert!(error.reason_code().is_error());
                    let statement = error.statement(&options, before);
                    assert!(statement.is_none_or(|id| id.starts_with("MQTT")));
                    let rule = statement.or(error.section(&options, before));
                    assert!(rule.is_some(), "{error}");
                    break;
                }
            }
        }
    }
}

/// The packet, which takes those bytes, is taken with limits that it just meets, and not with lower ones.
fn check_limits(options: &DecodeOptions, packet: &Packet<'_>, bytes: &[u8]) {
    let alias = match packet {
        Packet::Publish(publish) => publish.head.properties.topic_alias(),
        _ => None,
    };
    let mut exact = *options;
    exact.maximum_packet_size = bytes.len() as u32;
    exact.topic_alias_maximum = alias.map_or(0, |alias| alias.get());
    assert_eq!(Packet::decode(&exact, &mut { bytes }), Ok(Some(*packet)));

    let mut smaller = exact;
    smaller.maximum_packet_size = exact.maximum_packet_size - 1;
    let too_large = DecodeError {
        kind: DecodeErrorKind::PacketTooLarge,
        offset: 1,
    };
    assert_eq!(Packet::decode(&smaller, &mut { bytes }), Err(too_large));

    if let Some(alias) = alias {
        let mut fewer = exact;
        fewer.topic_alias_maximum = alias.get() - 1;
        let refused = Packet::decode(&fewer, &mut { bytes }).map_err(|error| error.kind);
        let invalid = DecodeErrorKind::TopicAliasInvalid(alias.get());
        assert_eq!(refused, Err(invalid));
    }
}
