//! The fast ways come to the same as the way for all packets.

use std::vec;

use super::*;

/// The fast paths come to what the way for all packets comes to, whatever the bytes.
#[test]
fn fast_paths_change_nothing() {
    let packets: &[&[u8]] = &[
        b"\x30\x0E\0\x0Asome/topicxy",
        b"\x30\x0E\0\x0Asome/topic\0x",
        b"\x32\x0F\0\x09some/here\0\x07\0x",
        b"\x34\x10\0\x09some/here\0\x07\0xy",
        b"\x30\x1A\0\x14some/where/not/short\0xyz",
        b"\x30\xA9\x00\0\x25some/where/that/has/more/than/32/bytes\0x",
        b"\x40\x02\0\x07",
        b"\x90\x05\0\x07\0\x01\x02",
        b"\x90\x04\x07\0\0\x80",
        b"\x62\x02\x01\0",
        b"\xC0\0\xD0\0",
        b"\xD0\0\xC0\0",
    ];
    for version in [Version::V3_1_1, Version::V5] {
        for sender in [Role::Client, Role::Server] {
            for maximum_packet_size in [1, 2, 3, 4, 15, 16, 17, 1000] {
                let options = DecodeOptions {
                    maximum_packet_size,
                    ..DecodeOptions::new(version, sender)
                };
                let same = |bytes: &[u8]| {
                    let (mut fast, mut all) = (bytes, bytes);
                    assert_eq!(
                        Packet::decode(&options, &mut fast),
                        Packet::decode_any(&options, decoder::of(sender), &mut all),
                        "{bytes:?}"
                    );
                    assert_eq!(fast, all);
                };
                for packet in packets {
                    for at in 0..packet.len() {
                        same(&packet[..at]);
                        for byte in 0..=u8::MAX {
                            let mut bytes = packet.to_vec();
                            bytes[at] = byte;
                            same(&bytes);
                        }
                    }
                }
            }
        }
    }
}

/// The same of encoding, whatever the buffer.
#[test]
fn fast_paths_write_the_same() {
    let names = "long/".repeat(13_107);
    let alias = [Property::TopicAlias(3.try_into().unwrap())];
    let same = |head: PublishHead<'_>, version, payload_len: usize, payload: &[u8]| {
        let needed = match head.encode_any(version, payload_len, payload, &mut []) {
            Err(EncodeError::BufferTooSmall { needed }) => needed,
            Err(_) => 8,
            Ok(_) => unreachable!("no packet is empty"),
        };
        for len in [0, 1, 4, 5, 6, needed - 1, needed, needed + 9] {
            let (mut fast, mut all) = (vec![0xA5; len], vec![0xA5; len]);
            assert_eq!(
                head.encode_before(version, payload_len, payload, &mut fast),
                head.encode_any(version, payload_len, payload, &mut all),
                "{head:?} {version:?} {payload_len} {len}"
            );
            assert_eq!(fast, all, "{head:?} {version:?} {payload_len} {len}");
        }
    };
    let (packet_id, dup) = (PacketId::new(0x1234).unwrap(), true);
    for version in [Version::V3_1_1, Version::V5] {
        for delivery in [
            Delivery::AtMostOnce,
            Delivery::AtLeastOnce { packet_id, dup },
            Delivery::ExactlyOnce { packet_id, dup },
        ] {
            for topic_len in [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 120, 65_535] {
                for properties in [Properties::EMPTY, Properties::from(&alias)] {
                    let head = PublishHead {
                        delivery,
                        retain: topic_len % 2 == 0,
                        topic: TopicName::new(&names[..topic_len]).ok(),
                        properties,
                    };
                    for payload_len in [0, 1, 64, 100, 127, 128, 16_360, 16_384, 2_097_152] {
                        same(head, version, payload_len, &[]);
                    }
                    for payload_len in [268_369_900, 268_435_400, 268_435_456, usize::MAX] {
                        same(head, version, payload_len, &[]);
                    }
                    for payload in [&b"x"[..], &[0x42; 64], &[0x42; 200]] {
                        same(head, version, payload.len(), payload);
                    }
                }
            }
        }
    }
}
