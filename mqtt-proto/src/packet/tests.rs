extern crate std;

mod refusals;

use std::vec;

use super::*;
use crate::{PacketId, Properties, Property, QoS, ReasonCode, Sequence, TopicFilter, TopicName};

const ID: PacketId = PacketId::MIN;

/// Encodes, decodes, and compares both with what they should be.
fn round_trip(packet: Packet<'_>, version: Version, sender: Role, bytes: &[u8]) {
    let mut buf = [0; 256];
    let len = packet.encode(version, &mut buf).unwrap();
    assert_eq!(&buf[..len], bytes);
    assert_eq!(packet.encoded_len(version), Ok(len));
    let mut input = &buf[..len];
    let options = DecodeOptions {
        topic_alias_maximum: u16::MAX,
        ..DecodeOptions::new(version, sender)
    };
    assert_eq!(Packet::decode(&options, &mut input), Ok(Some(packet)));
    assert!(input.is_empty());
    for cut in 0..len {
        let mut input = &buf[..cut];
        assert_eq!(Packet::decode(&options, &mut input), Ok(None));
        assert_eq!(input.len(), cut);
    }
}

#[test]
fn connect_v3() {
    let mut connect = Connect::new(Version::V3_1_1, "zen");
    connect.keep_alive = 10;
    connect.username = Some("u");
    connect.password = Some(b"p");
    connect.will = Some(Will {
        topic: TopicName::new("t").unwrap(),
        payload: b"w",
        qos: QoS::ExactlyOnce,
        retain: true,
        properties: Properties::EMPTY,
    });
    round_trip(
        Packet::Connect(connect),
        Version::V3_1_1,
        Role::Client,
        b"\x10\x1B\0\x04MQTT\x04\xF6\0\x0A\0\x03zen\0\x01t\0\x01w\0\x01u\0\x01p",
    );
}

#[test]
fn publish_v5() {
    let properties = [
        Property::UserProperty("a", "b"),
        Property::TopicAlias(3.try_into().unwrap()),
    ];
    let publish = Publish {
        head: PublishHead {
            delivery: Delivery::AtLeastOnce {
                packet_id: ID,
                dup: true,
            },
            retain: true,
            topic: None,
            properties: Properties::from(&properties),
        },
        payload: b"hi",
    };
    let bytes = b"\x3B\x11\0\0\0\x01\x0A\x26\0\x01a\0\x01b\x23\0\x03hi";
    round_trip(Packet::Publish(publish), Version::V5, Role::Client, bytes);
    let mut head = [0; 32];
    let len = publish.head.encode(Version::V5, 2, &mut head).unwrap();
    assert_eq!(&head[..len], &bytes[..bytes.len() - 2]);
    assert_eq!(publish.head.encoded_len(Version::V5, 2), Ok(len));
}

#[test]
fn short_forms_v5() {
    let (client, server) = (Role::Client, Role::Server);
    round_trip(
        Packet::PubAck(Ack::new(ID, ReasonCode::Success)),
        Version::V5,
        client,
        &[0x40, 2, 0, 1],
    );
    let ack = Ack::new(ID, ReasonCode::NoMatchingSubscribers);
    round_trip(
        Packet::PubRec(ack),
        Version::V5,
        server,
        &[0x50, 3, 0, 1, 0x10],
    );
    let properties = [Property::ReasonString("x")];
    let ack = Ack {
        packet_id: ID,
        reason: ReasonCode::Success,
        properties: Sequence::from(&properties),
    };
    round_trip(
        Packet::PubRel(ack),
        Version::V5,
        client,
        &[0x62, 8, 0, 1, 0, 4, 0x1F, 0, 1, b'x'],
    );
    let disconnect = Disconnect {
        reason: ReasonCode::Success,
        properties: Properties::EMPTY,
    };
    round_trip(
        Packet::Disconnect(disconnect),
        Version::V5,
        client,
        &[0xE0, 0],
    );
    let disconnect = Disconnect {
        reason: ReasonCode::ServerBusy,
        ..disconnect
    };
    round_trip(
        Packet::Disconnect(disconnect),
        Version::V5,
        server,
        &[0xE0, 1, 0x89],
    );
}

#[test]
fn subscriptions() {
    let mut subscription = Subscription::new(TopicFilter::new("a/#").unwrap(), QoS::AtLeastOnce);
    subscription.options.retain_handling = RetainHandling::DoNotSend;
    subscription.options.no_local = true;
    let list = [subscription];
    let subscribe = Subscribe {
        packet_id: ID,
        properties: Properties::EMPTY,
        subscriptions: Sequence::from(&list),
    };
    let bytes = b"\x82\x09\0\x01\0\0\x03a/#\x25";
    round_trip(
        Packet::Subscribe(subscribe),
        Version::V5,
        Role::Client,
        bytes,
    );
    assert_eq!(
        Packet::Subscribe(subscribe).encoded_len(Version::V3_1_1),
        Err(EncodeError::NotInVersion)
    );
    let suback = SubAck {
        packet_id: ID,
        properties: Properties::EMPTY,
        reasons: Sequence::EMPTY,
    };
    round_trip(
        Packet::UnsubAck(suback),
        Version::V3_1_1,
        Role::Server,
        &[0xB0, 2, 0, 1],
    );
    assert_eq!(
        Packet::SubAck(suback).encoded_len(Version::V3_1_1),
        Err(EncodeError::EmptyPayload)
    );
}

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
