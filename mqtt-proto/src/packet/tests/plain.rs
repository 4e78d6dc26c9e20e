//! The fast ways come to the same as the way for all packets, whatever the bytes and the buffer.

use std::vec;

use super::*;

/// Gives `check` the packet cut at each byte, and with each of its bytes as each other.
fn cut_and_changed(packet: &[u8], mut check: impl FnMut(&[u8])) {
    for at in 0..packet.len() {
        check(&packet[..at]);
        for byte in 0..=u8::MAX {
            let mut bytes = packet.to_vec();
            bytes[at] = byte;
            check(&bytes);
        }
    }
}

#[test]
fn packets_are_read_the_same() {
    let mut long = [b'x'; 150];
    long[..9].copy_from_slice(b"\x30\x93\x01\0\x10some");
    long[21] = 0;
    let packets: &[&[u8]] = &[
        &long,
        b"\x30\x0E\0\x0Asome/topicxy",
        b"\x30\x0E\0\x0Asome/topic\0x",
        b"\x32\x0F\0\x09some/here\0\x07\0x",
        b"\x34\x10\0\x09some/here\0\x07\0xy",
        b"\x30\x1A\0\x14some/where/not/short\0xyz",
        b"\x30\x2A\0\x26some/where/that/has/more/than/32/bytes\0x",
        b"\x30\x17\0\x04some\x0A\x02\0\0\x0E\x10\x23\0\x07\x01\x01payload",
        b"\x30\x07\0\0\x03\x23\0\x07x",
        b"\x32\x0A\0\0\0\x09\x05\x23\0\x07\x01\0",
        b"\x32\x16\0\x04some\0\x07\x0B\x26\0\x01k\0\x05valuex",
        b"\x35\x12\0\x04some\0\x07\x09\x0B\x07\x08\0\x04thenx",
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
                    topic_alias_maximum: 7,
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
                    cut_and_changed(packet, same);
                }
            }
        }
    }
}

#[test]
fn connects_are_read_the_same() {
    let packets: &[&[u8]] = &[
        b"\0\x04MQTT\x04\xF6\0\x0A\0\x03zen\0\x01t\0\x01w\0\x01u\0\x01p",
        b"\0\x04MQTT\x04\x02\0\x0A\0\0",
        b"\0\x04MQTT\x04\0\0\x0A\0\x12longer than a block",
        b"\0\x04MQTT\x05\xCE\0\x0A\x11\x15\0\x01m\x16\0\x01d\x21\0\x14\x26\0\x01k\0\0\
          \0\x04caf\xC3\xA9\x07\x01\x01\x18\0\0\0\x1E\0\x09some/here\0\x01w\0\x01u\0\x01p",
        b"\0\x04MQTT\x05\x02\0\x0A\0\0\0",
    ];
    let options = DecodeOptions::new(Version::V5, Role::Client);
    let same = |body: &[u8]| {
        let mut reader = Reader::new(body, 2, PacketType::Connect, &options);
        let connect = Connect::decode_any(&mut reader);
        let expected = reader.finish().is_none().then_some(connect);
        assert_eq!(
            Connect::decode_plain(body).map(Packet::Connect),
            expected,
            "{body:?}"
        );
    };
    let mut taken = 0;
    for packet in packets {
        cut_and_changed(packet, |bytes| {
            same(bytes);
            taken += usize::from(Connect::decode_plain(bytes).is_some());
        });
        same(&[packet, &b"\0"[..]].concat());
    }
    assert!(taken > 1000, "{taken}");
}

/// Encodes in two ways into buffers of many lengths.
fn write_the_same(
    fast: impl Fn(&mut [u8]) -> Result<usize, EncodeError>,
    all: impl Fn(&mut [u8]) -> Result<usize, EncodeError>,
) {
    let needed = match all(&mut []) {
        Err(EncodeError::BufferTooSmall { needed }) => needed,
        Err(_) => 8,
        Ok(_) => unreachable!("no packet is empty"),
    };
    for len in [0, 1, 4, 5, 6, needed - 1, needed, needed + 9] {
        let (mut by_fast, mut by_all) = (vec![0xA5; len], vec![0xA5; len]);
        assert_eq!(fast(&mut by_fast), all(&mut by_all), "into {len}");
        assert_eq!(by_fast, by_all, "into {len}");
    }
}

#[test]
fn acknowledgements_are_written_the_same() {
    let text = [Property::ReasonString("x")];
    for version in [Version::V3_1_1, Version::V5] {
        for reason in [ReasonCode::Success, ReasonCode::PacketIdentifierNotFound] {
            for properties in [Properties::EMPTY, Properties::from(&text)] {
                let ack = Ack {
                    properties,
                    ..Ack::new(PacketId::new(0x1234).unwrap(), reason)
                };
                for packet in [
                    Packet::PubAck(ack),
                    Packet::PubRec(ack),
                    Packet::PubRel(ack),
                    Packet::PubComp(ack),
                ] {
                    write_the_same(
                        |buf| packet.encode(version, buf),
                        |buf| packet.encode_any(version, buf),
                    );
                }
            }
        }
    }
}

#[test]
fn publishes_are_written_the_same() {
    let names = "long/".repeat(13_107);
    let alias = [Property::TopicAlias(3.try_into().unwrap())];
    let (packet_id, dup) = (PacketId::new(0x1234).unwrap(), true);
    let same = |version, head: PublishHead<'_>| {
        let lens = [
            0, 1, 64, 100, 127, 128, 16_360, 16_384, 2_097_120, 2_097_152, 67_108_863, 67_108_864,
        ];
        let too_long = [268_369_900, 268_435_400, 268_435_456, usize::MAX];
        for payload_len in lens.into_iter().chain(too_long) {
            write_the_same(
                |buf| head.encode(version, payload_len, buf),
                |buf| head.encode_any(version, payload_len, &[], buf),
            );
        }
        for payload in [&b""[..], b"x", &[0x42; 64], &[0x42; 200]] {
            let packet = Packet::Publish(Publish { head, payload });
            write_the_same(
                |buf| packet.encode(version, buf),
                |buf| packet.encode_any(version, buf),
            );
        }
    };
    for version in [Version::V3_1_1, Version::V5] {
        for delivery in [
            Delivery::AtMostOnce,
            Delivery::AtLeastOnce { packet_id, dup },
            Delivery::ExactlyOnce { packet_id, dup },
        ] {
            for topic_len in [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 120, 65_535] {
                for properties in [Properties::EMPTY, Properties::from(&alias)] {
                    same(
                        version,
                        PublishHead {
                            delivery,
                            retain: topic_len % 2 == 0,
                            topic: TopicName::new(&names[..topic_len]).ok(),
                            properties,
                        },
                    );
                }
            }
        }
    }
}
