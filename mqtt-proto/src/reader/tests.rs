extern crate std;

use std::vec::Vec;

use super::*;
use crate::{ConnAck, PacketId, Properties, PropertyId, QoS, ReasonCode, Role, TopicName};

fn server() -> DecodeOptions {
    DecodeOptions {
        topic_alias_maximum: 4,
        ..DecodeOptions::new(Version::V5, Role::Server)
    }
}

/// What a reader makes of the pieces: each item's `Debug` form, at the last the error if there is one.
fn read_all<const SCRATCH: usize>(
    options: DecodeOptions,
    pieces: &[&[u8]],
) -> Vec<std::string::String> {
    let mut scratch = [0; SCRATCH];
    let mut reader = PacketReader::new(options, &mut scratch);
    let mut items = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            match reader.read(&mut input) {
                Ok(Some(item)) => items.push(std::format!("{item:?}")),
                Ok(None) => break assert!(input.is_empty()),
                Err(error) => {
                    assert_eq!(reader.read(&mut input), Err(error));
                    items.push(std::format!("{error}"));
                    return items;
                }
            }
        }
    }
    items
}

/// A PUBLISH of QoS 0 to `t`, with a Topic Alias.
const ALIAS_1_IS_T: &[u8] = &[0x30, 7, 0, 1, b't', 3, 0x23, 0, 1];
const ALIAS_1: &[u8] = &[0x30, 7, 0, 0, 3, 0x23, 0, 1, b'x'];

#[test]
fn whole_packets_are_not_copied() {
    let mut scratch = [0xA5; 8];
    let mut reader = PacketReader::new(server(), &mut scratch);
    let mut input: &[u8] = &[0x20, 3, 0, 0, 0, 0xD0, 0, 0x30, 4, 0, 1, b't', 0];
    let connack = ConnAck {
        session_present: false,
        reason: ReasonCode::Success,
        properties: Properties::EMPTY,
    };
    assert_eq!(
        reader.read(&mut input),
        Ok(Some(Item::Packet(Packet::ConnAck(connack))))
    );
    assert_eq!(
        reader.read(&mut input),
        Ok(Some(Item::Packet(Packet::PingResp)))
    );
    let head = PublishHead {
        delivery: Delivery::AtMostOnce,
        retain: false,
        topic: TopicName::new("t").ok(),
        properties: Properties::EMPTY,
    };
    assert_eq!(
        reader.read(&mut input),
        Ok(Some(Item::Message {
            head,
            payload: &[],
            remaining: 0
        }))
    );
    assert_eq!(reader.read(&mut input), Ok(None));
    assert_eq!(reader.into_scratch(), [0xA5; 8]);
}

#[test]
fn a_payload_comes_as_it_arrives() {
    let mut scratch = [0; 9];
    let mut reader = PacketReader::new(server(), &mut scratch);
    // 10 MiB through 9 bytes of scratch.
    let total: u32 = 10 * 1024 * 1024;
    let mut header: &[u8] = &[0x30, 0x84, 0x80, 0x80, 0x05, 0, 1];
    assert_eq!(reader.read(&mut header), Ok(None));
    let mut rest: &[u8] = b"t\0";
    let Ok(Some(Item::Message {
        payload: &[],
        remaining,
        ..
    })) = reader.read(&mut rest)
    else {
        panic!()
    };
    assert_eq!(remaining, total);
    let block = [7; 65_536];
    for left in (0..total / 65_536).rev() {
        let mut input = &block[..];
        let item = reader.read(&mut input);
        assert_eq!(
            item,
            Ok(Some(Item::Payload {
                payload: &block,
                remaining: left * 65_536
            }))
        );
    }
    let mut ping: &[u8] = &[0xD0, 0];
    assert_eq!(
        reader.read(&mut ping),
        Ok(Some(Item::Packet(Packet::PingResp)))
    );
}

#[test]
fn what_is_no_publish_must_fit() {
    let suback = [0x90, 8, 0, 1, 0, 0, 1, 2, 0, 1];
    for pieces in [&[&suback[..4], &suback[4..]][..], &[&suback[..]]] {
        assert_eq!(read_all::<10>(server(), pieces).len(), 1);
        let error = read_all::<9>(server(), pieces);
        assert!(error[0].contains("10 bytes of scratch"), "{error:?}");
        let error = read_all::<4>(server(), pieces);
        assert!(error[0].contains("5 bytes of scratch"), "{error:?}");
    }
    let error = DecodeErrorKind::ScratchTooSmall(10);
    assert_eq!(error.reason_code(), ReasonCode::PacketTooLarge);
}

#[test]
fn a_message_with_too_large_a_head_is_passed_over() {
    let mut publish = Vec::from([0x3C, 0, 0, 20]);
    publish.extend([b't'; 20]);
    publish.extend([0, 9, 0]);
    publish.extend(b"payload");
    publish[1] = u8::try_from(publish.len() - 2).unwrap();
    publish.extend([0xD0, 0]);
    let packet_id = PacketId::new(9).unwrap();
    let delivery = Delivery::ExactlyOnce {
        packet_id,
        dup: true,
    };
    let expected = [
        std::format!("{:?}", Item::Oversized { delivery }),
        std::format!("{:?}", Item::Packet(Packet::PingResp)),
    ];
    for topic_alias_maximum in [0, 4] {
        let options = DecodeOptions {
            topic_alias_maximum,
            ..server()
        };
        for cut in 4..27 {
            let pieces = [&publish[..cut], &publish[cut..]];
            assert_eq!(read_all::<16>(options, &pieces), expected, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = publish.chunks(1).collect();
        assert_eq!(read_all::<16>(options, &bytes), expected);
    }
}

#[test]
fn passing_over_does_not_lose_an_alias() {
    // The name of alias 1 is passed over: it may not stand for what it stood for before.
    let mut publish = Vec::from([0x30, 24, 0, 17]);
    publish.extend([b't'; 17]);
    publish.extend([4, 0x01, 0, 0x23, 0, 1]);
    publish[1] += 2;
    publish[21] = 5;
    let items = read_all::<12>(server(), &[&publish[..6], &publish[6..]]);
    assert_eq!(items.len(), 1);
    assert!(
        items[0].contains("no room in scratch for the topic name of topic alias 1"),
        "{items:?}"
    );
}

#[test]
fn aliases_are_resolved() {
    let stream = [
        ALIAS_1_IS_T,
        ALIAS_1,
        &[0x30, 7, 0, 1, b'u', 3, 0x23, 0, 1],
        ALIAS_1,
    ]
    .concat();
    for chunk in 1..stream.len() {
        let pieces: Vec<&[u8]> = stream.chunks(chunk).collect();
        let items = read_all::<32>(server(), &pieces);
        let heads: Vec<_> = items
            .iter()
            .filter(|item| item.starts_with("Message"))
            .collect();
        assert_eq!(heads.len(), 4, "{items:?}");
        for (head, topic) in heads.iter().zip(["t", "t", "u", "u"]) {
            assert!(
                head.contains(&std::format!("Some(TopicName({topic:?}))")),
                "{head}"
            );
        }
    }
}

#[test]
fn aliases_are_resolved_the_same_in_both_ways() {
    let mut long = Vec::from([0x30, 0x84, 0x01, 0, 0, 3, 0x23, 0, 2]);
    long.resize(3 + 132, b'x');
    let ends: [&[u8]; 4] = [
        // One that has no name, with a fixed header of 2 and of 3 bytes; a name that is too long.
        &[0x30, 6, 0, 0, 3, 0x23, 0, 3, 0xD0, 0],
        &[&long[..8], &[4], &long[9..]].concat(),
        b"\x30\x1E\0\x17more/than/there/is/room\x03\x23\0\x04x",
        // Not all of the payload.
        &[0x32, 20, 0, 0, 0, 7, 5, 0x23, 0, 2, 1, 1, 0x42],
    ];
    for end in ends {
        let stream = [
            &b"\x30\x0A\0\x04some\x03\x23\0\x01"[..],
            &[0x30, 7, 0, 0, 3, 0x23, 0, 1, b'x'],
            b"\x32\x14\0\x09some/here\0\x07\x05\x01\0\x23\0\x02x",
            &[0x35, 12, 0, 0, 0, 7, 5, 0x23, 0, 2, 1, 1, 0x42, 0x42],
            &long,
            b"\x30\x0D\0\x07another\x03\x23\0\x01",
            ALIAS_1,
            end,
        ]
        .concat();
        for cut in 0..stream.len() {
            let (first, rest) = stream.split_at(cut);
            both_ways::<96>(&[first, rest]);
        }
        // But for the payload.
        for at in (0..66).chain(190..stream.len()) {
            let mut stream = stream.clone();
            for byte in 0..=u8::MAX {
                stream[at] = byte;
                both_ways::<32>(&[&stream]);
                both_ways::<96>(&[&stream]);
            }
        }
    }
}

/// Reads the pieces as they come, and without the fast ways: it comes to the same, step by step.
fn both_ways<const SCRATCH: usize>(pieces: &[&[u8]]) {
    let (mut scratch, mut scratch_of_any) = ([0; SCRATCH], [0; SCRATCH]);
    let mut reader = PacketReader::new(server(), &mut scratch);
    let mut any = PacketReader::new(server(), &mut scratch_of_any);
    for piece in pieces {
        let (mut input, mut input_of_any) = (*piece, *piece);
        loop {
            let item = reader.read(&mut input);
            let expected = any.read_any(&mut input_of_any);
            assert_eq!(item, expected);
            assert_eq!(input, input_of_any);
            match item {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return assert_eq!(reader.read(&mut input), Err(error)),
            }
        }
    }
    assert_eq!(scratch, scratch_of_any);
}

#[test]
fn aliases_end_with_their_connection() {
    // [MQTT-3.3.2-7] The next connection has a reader of its own, over the same scratch.
    let mut scratch = [0; 32];
    let mut first = PacketReader::new(server(), &mut scratch);
    assert!(matches!(
        first.read(&mut &ALIAS_1_IS_T[..]),
        Ok(Some(Item::Message { .. }))
    ));
    let mut second = PacketReader::new(server(), &mut scratch);
    let error = second.read(&mut &ALIAS_1[..]).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::TopicAliasUnknown(1));
}

#[test]
fn aliases_that_are_wrong() {
    // Section 3.3.4; [MQTT-3.3.2-8]; [MQTT-3.3.2-11].
    let kind = |bytes: &[u8], scratch: usize| {
        let mut scratch = std::vec![0; scratch];
        let mut input = bytes;
        PacketReader::new(server(), &mut scratch)
            .read(&mut input)
            .unwrap_err()
            .kind
    };
    assert_eq!(kind(ALIAS_1, 16), DecodeErrorKind::TopicAliasUnknown(1));
    assert_eq!(kind(ALIAS_1, 16).reason_code(), ReasonCode::ProtocolError);
    for alias in [0, 5] {
        let error = kind(&[0x30, 7, 0, 1, b't', 3, 0x23, 0, alias], 16);
        assert_eq!(error, DecodeErrorKind::TopicAliasInvalid(alias.into()));
        assert_eq!(error.reason_code(), ReasonCode::TopicAliasInvalid);
    }
    assert_eq!(kind(ALIAS_1_IS_T, 27), DecodeErrorKind::TopicAliasNoRoom(1));
}

#[test]
fn a_connect_sets_the_version() {
    let mut scratch = [0; 32];
    let mut reader = PacketReader::new(DecodeOptions::new(Version::V5, Role::Client), &mut scratch);
    let mut input: &[u8] = b"\x10\x0C\0\x04MQTT\x04\x02\0\x3C\0\0\x30\x04\0\x01tx";
    assert!(matches!(
        reader.read(&mut input),
        Ok(Some(Item::Packet(Packet::Connect(_))))
    ));
    assert_eq!(reader.version(), Version::V3_1_1);
    let Ok(Some(Item::Message {
        head,
        payload: b"x",
        remaining: 0,
    })) = reader.read(&mut input)
    else {
        panic!()
    };
    assert_eq!(head.delivery.qos(), QoS::AtMostOnce);
}

#[test]
fn trap_a_five_byte_header_reserves_nothing() {
    // "a 5-byte header that makes the client reserve 256 MiB"
    let options = DecodeOptions {
        maximum_packet_size: 1024,
        ..server()
    };
    let mut scratch = [0; 5];
    let mut reader = PacketReader::new(options, &mut scratch);
    let mut input: &[u8] = &[0x30, 0xFF, 0xFF, 0xFF, 0x7F];
    let error = reader.read(&mut input).unwrap_err();
    assert_eq!(
        error,
        DecodeError {
            kind: DecodeErrorKind::PacketTooLarge,
            offset: 1
        }
    );
    assert_eq!(error.reason_code(), ReasonCode::PacketTooLarge);
}

#[test]
fn a_length_beyond_the_packet_is_told_at_once() {
    // Neither the payload nor more of the head is waited for.
    let told = |bytes: &[u8]| {
        let mut scratch = [0; 128];
        let mut input = bytes;
        PacketReader::new(server(), &mut scratch)
            .read(&mut input)
            .unwrap_err()
    };
    let truncated = |offset| DecodeError {
        kind: DecodeErrorKind::Truncated,
        offset,
    };
    assert_eq!(told(&[0x30, 100, 0, 99]), truncated(2));
    assert_eq!(told(&[0x30, 100, 0, 1, b't', 97]), truncated(6));
    let invalid = DecodeError {
        kind: DecodeErrorKind::NonMinimalVariableByteInteger,
        offset: 6,
    };
    assert_eq!(told(&[0x30, 100, 0, 1, b't', 0x80, 0]), invalid);
    assert_eq!(told(&[0x30, 100, 0, 1, b'#', 0]).offset, 4);
}

#[test]
fn what_is_passed_over_is_still_looked_at() {
    // A topic of 20 bytes that 16 bytes of scratch cannot take, at QoS 1.
    let publish = |packet_id: u8, properties: &[u8]| {
        let mut bytes = Vec::from([0x32, 0, 0, 20]);
        bytes.extend([b't'; 20]);
        bytes.extend([0, packet_id, u8::try_from(properties.len()).unwrap()]);
        bytes.extend(properties);
        bytes[1] = u8::try_from(bytes.len() - 2).unwrap();
        bytes
    };
    let read = |bytes: &[u8]| read_all::<16>(server(), &[&bytes[..8], &bytes[8..]]).remove(0);
    let all = b"\x01\x01\x02\0\0\0\x09\x03\0\x01a\x08\0\0\x09\0\x02bb\x0B\x80\x01\x26\0\x01k\0\x03vvv\x26\0\0\0\0";
    let packet_id = PacketId::new(7).unwrap();
    let delivery = Delivery::AtLeastOnce {
        packet_id,
        dup: false,
    };
    assert_eq!(
        read(&publish(7, all)),
        std::format!("{:?}", Item::Oversized { delivery })
    );
    assert_eq!(
        read(&publish(0, b"")),
        "packet identifier is 0 (at byte 24 of the packet)"
    );
    let unknown = "property 0x07 does not exist (at byte 32 of the packet)";
    assert_eq!(read(&publish(7, b"\x26\0\0\0\0\x07")), unknown);
    for cut in 1..all.len() {
        // A property that goes on beyond the properties.
        let cut = read(&publish(7, &all[..cut]));
        assert!(
            cut.starts_with("Oversized") || cut.starts_with("field does not fit"),
            "{cut}"
        );
    }
    assert!(read(&publish(7, b"\x23\0")).starts_with("field does not fit"));
    let alias = "topic alias 5 is out of range (at byte 28 of the packet)";
    assert_eq!(read(&publish(7, b"\x23\0\x05")), alias);
    for (once, id) in [
        (&b"\x01\x01"[..], PropertyId::PayloadFormatIndicator),
        (b"\x02\0\0\0\0", PropertyId::MessageExpiryInterval),
        (b"\x03\0\x01a", PropertyId::ContentType),
        (b"\x08\0\x01r", PropertyId::ResponseTopic),
        (b"\x09\0\x02bb", PropertyId::CorrelationData),
        (b"\x23\0\x01", PropertyId::TopicAlias),
    ] {
        let at = 27 + once.len();
        let twice = std::format!("property {id:?} is there twice (at byte {at} of the packet)");
        assert_eq!(read(&publish(7, &[once, once].concat())), twice);
        // Another between them.
        let at = at + 5;
        let twice = std::format!("property {id:?} is there twice (at byte {at} of the packet)");
        let between = [once, b"\x26\0\0\0\0", once].concat();
        assert_eq!(read(&publish(7, &between)), twice);
    }
    let many = read(&publish(7, b"\x0B\x01\x0B\x80\x01\x0B\x01"));
    assert!(many.starts_with("Oversized"), "{many}");
}

#[test]
fn the_largest_packet_is_taken() {
    let options = DecodeOptions {
        maximum_packet_size: 6,
        ..server()
    };
    assert!(read_all::<8>(options, &[&[0x30, 4, 0, 1, b't', 0]])[0].starts_with("Message"));
    assert!(read_all::<8>(options, &[&[0x30, 5]])[0].starts_with("packet is larger"));
}

#[test]
fn an_oversized_packet_that_ends_before_its_identifier_is_truncated() {
    let publish = b"\x34\x0B\0\x09aaaaaaaaa";
    for pieces in [&[&publish[..]][..], &[&publish[..6], &publish[6..]]] {
        for version in [Version::V3_1_1, Version::V5] {
            let options = DecodeOptions::new(version, Role::Server);
            assert_eq!(
                read_all::<7>(options, pieces),
                ["field does not fit into the packet (at byte 13 of the packet)"]
            );
        }
    }
}
