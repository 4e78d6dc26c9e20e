extern crate std;

mod plain;
mod refusals;

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

/// [MQTT-3.1.3-1]
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
