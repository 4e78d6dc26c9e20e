//! Each statement by the packets that break it, one a line.

use mqtt_proto::DecodeErrorKind as E;
use mqtt_proto::Role::{Client, Server};
use mqtt_proto::TopicErrorKind as T;
use mqtt_proto::Version::{V3_1_1, V5};
use mqtt_proto::{
    DecodeError, EncodeError, Packet, PacketEncoder, PacketType, PropertyId, QoS, ReasonCode,
    SubscriptionOptions, TopicFilter, TopicName,
};

use super::{accepted, refusal, refused};

#[test]
#[rustfmt::skip]
fn strings() {
    let subscribe = |filter: &[u8]| {
        let len = u8::try_from(filter.len()).unwrap();
        [&[0x82, len + 6, 0, 1, 0, 0, len], filter, &[0]].concat()
    };
    for (bytes, at) in [
        (&b"a\xED\xA0\x80"[..], 1),
        (b"\xC0\x80", 0),
        (b"ab\xFF", 2),
        (b"a\xE2\x82", 1),
    ] {
        refused("[MQTT-1.5.4-1] [MQTT3-1.5.3-1]", V5, Client, &subscribe(bytes), E::InvalidUtf8, 7 + at);
    }
    refused("[MQTT-1.5.4-2] [MQTT3-1.5.3-2]", V5, Client, &subscribe(b"a\0"), E::NulInString, 8);
    let bytes = subscribe(b"\xEF\xBB\xBFa");
    let Packet::Subscribe(packet) = accepted("[MQTT-1.5.4-3]", V5, Client, &bytes) else {
        panic!()
    };
    assert_eq!(
        packet.subscriptions.iter().next().unwrap().filter.as_str(),
        "\u{FEFF}a"
    );
    let bytes = b"\x10\x16\0\x04MQTT\x04\x82\0\0\0\x04\xEF\xBB\xBFc\0\x04u\xEF\xBB\xBF";
    let Packet::Connect(packet) = accepted("[MQTT-1.5.4-3]", V5, Client, bytes) else {
        panic!()
    };
    assert_eq!((packet.client_id, packet.username), ("\u{FEFF}c", Some("u\u{FEFF}")));
    // In a User Property's name, then in its value.
    let bytes = [0x40, 11, 0, 1, 0, 7, 0x26, 0, 1, 0, 0, 1, b'a'];
    refused("[MQTT-1.5.7-1]", V5, Client, &bytes, E::NulInString, 9);
    let bytes = [0x40, 11, 0, 1, 0, 7, 0x26, 0, 1, b'a', 0, 1, 0xFF];
    refused("[MQTT-1.5.7-1]", V5, Client, &bytes, E::InvalidUtf8, 12);
}

#[test]
#[rustfmt::skip]
fn variable_byte_integers() {
    let too_long = E::MalformedVariableByteInteger;
    refused("section 1.5.5", V5, Client, &[0x30, 0xFF, 0xFF, 0xFF, 0xFF], too_long, 4);
    let minimal = E::NonMinimalVariableByteInteger;
    refused("[MQTT-1.5.5-1]", V5, Client, &[0xC0, 0x80, 0x00], minimal, 2);
    refused("[MQTT-1.5.5-1]", V5, Client, &[0x40, 5, 0, 1, 0, 0x80, 0x00], minimal, 6);
    refused("[MQTT-1.5.5-1]", V5, Server, &[0x30, 8, 0, 1, b't', 4, 0x8B, 0, 0, 1], minimal, 7);
}

#[test]
#[rustfmt::skip]
fn fixed_headers() {
    refused("[MQTT-2.1.3-1] [MQTT3-2.2.2-2]", V5, Client, &[0xC1], E::ReservedFlags(PacketType::PingReq), 0);
    refused("[MQTT-3.6.1-1]", V5, Client, &[0x60], E::ReservedFlags(PacketType::PubRel), 0);
    refused("[MQTT-3.8.1-1]", V5, Client, &[0x80], E::ReservedFlags(PacketType::Subscribe), 0);
    refused("[MQTT-3.10.1-1]", V5, Client, &[0xA0], E::ReservedFlags(PacketType::Unsubscribe), 0);
    refused("[MQTT-3.14.1-1]", V5, Client, &[0xE1], E::ReservedFlags(PacketType::Disconnect), 0);
    refused("[MQTT-3.15.1-1]", V5, Client, &[0xF1], E::ReservedFlags(PacketType::Auth), 0);
    refused("[MQTT-3.3.1-4] [MQTT3-3.3.1-4]", V5, Client, &[0x36], E::InvalidQoS, 0);
    refused("[MQTT-3.3.1-2] [MQTT3-3.3.1-2]", V5, Client, &[0x38], E::DupAtQoS0, 0);
    refused("section 2.1.2", V3_1_1, Client, &[0xF0], E::UnknownPacketType(15), 0);
    refused("section 2.1.2", V5, Client, &[0x00], E::UnknownPacketType(0), 0);
    refused("section 2.1.2", V3_1_1, Server, &[0xE0], E::PacketOfOtherSide(PacketType::Disconnect), 0);
    refused("section 3.12", V5, Client, &[0xC0, 1, 0], E::TrailingBytes, 2);
}

#[test]
#[rustfmt::skip]
fn packet_identifiers() {
    for first in [0x32, 0x34] {
        refused("[MQTT-2.2.1-3]", V5, Client, &[first, 6, 0, 1, b't', 0, 0, 0], E::PacketIdZero, 5);
    }
    refused("[MQTT3-2.3.1-1]", V3_1_1, Client, &[0x32, 5, 0, 1, b't', 0, 0], E::PacketIdZero, 5);
    for first in [0x40, 0x50, 0x62, 0x70] {
        refused("[MQTT-2.2.1-5]", V5, Client, &[first, 2, 0, 0], E::PacketIdZero, 2);
    }
    refused("[MQTT-2.2.1-3]", V5, Client, &[0x82, 7, 0, 0, 0, 0, 1, b'a', 0], E::PacketIdZero, 2);
    refused("[MQTT-2.2.1-3]", V5, Client, &[0xA2, 6, 0, 0, 0, 0, 1, b'a'], E::PacketIdZero, 2);
    refused("[MQTT-2.2.1-6]", V5, Server, &[0x90, 4, 0, 0, 0, 0], E::PacketIdZero, 2);
    // MQTT-2.2.1-2: at QoS 0 there is none, and what would be one is the payload.
    let Packet::Publish(publish) =
        accepted("[MQTT-2.2.1-2]", V3_1_1, Client, &[0x30, 5, 0, 1, b't', 0, 0])
    else {
        panic!()
    };
    assert_eq!(publish.payload, [0, 0]);
}

/// A CONNECT of the version with flags, and what follows the keep-alive.
fn connect(level: u8, flags: u8, rest: &[u8]) -> Vec<u8> {
    let len = u8::try_from(rest.len() + 10).unwrap();
    [
        &[0x10, len, 0, 4, b'M', b'Q', b'T', b'T', level, flags, 0, 60],
        rest,
    ]
    .concat()
}

#[test]
#[rustfmt::skip]
fn connects() {
    let name = [0x10, 12, 0, 4, b'M', b'Q', b'T', b't', 4, 2, 0, 60, 0, 0];
    refused("[MQTT-3.1.2-1]", V5, Client, &name, E::InvalidProtocolName, 7);
    for (name, offset) in [(&b"\0\0"[..], 4), (b"\0\x03MQT", 7), (b"\0\x05MQTTX", 8), (b"\0\x04NQTT", 4)] {
        let bytes = [&[0x10, 8 + u8::try_from(name.len()).unwrap()], name, &[4, 2, 0, 60, 0, 0, 0, 0]].concat();
        refused("[MQTT-3.1.2-1]", V5, Client, &bytes, E::InvalidProtocolName, offset);
    }
    for level in [0, 3, 6, 0x84] {
        let bytes = connect(level, 2, &[0, 0]);
        refused("[MQTT-3.1.2-2] [MQTT3-3.1.2-2]", V5, Client, &bytes, E::UnsupportedProtocolVersion(level), 8);
    }
    for level in [0, 4, 5, 6] {
        let name = [b"\x10\x0E\0\x06MQIsdp", &[level][..], b"\x02\0\x3C\0\0"].concat();
        refused("[MQTT-3.1.2-1]", V5, Client, &name, E::InvalidProtocolName, 6);
    }
    let v3_1 = b"\x10\x0E\0\x06MQIsdp\x03\x02\0\x3C\0\0";
    refused("[MQTT-3.1.2-2]", V5, Client, v3_1, E::UnsupportedProtocolVersion(3), 10);
    refused("[MQTT-3.1.2-3]", V5, Client, &connect(4, 3, &[0, 0]), E::ReservedConnectFlag, 9);
    for flags in [0x08, 0x10, 0x18, 0x20] {
        let bytes = connect(4, 2 | flags, &[0, 0]);
        refused("[MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT3-3.1.2-11]", V5, Client, &bytes, E::WillFlagsWithoutWill, 9);
    }
    let will = [0, 0, 0, 1, b't', 0, 0];
    refused("[MQTT-3.1.2-12] [MQTT3-3.1.2-14]", V5, Client, &connect(4, 0x1E, &will), E::InvalidQoS, 9);
    for flags in [0x06, 0x0E, 0x16, 0x36] {
        let bytes = connect(4, flags, &will);
        let Packet::Connect(packet) = accepted("[MQTT-3.1.2-12]", V5, Client, &bytes) else {
            panic!()
        };
        assert!(packet.will.is_some());
    }
    refused("[MQTT-3.1.2-9]", V5, Client, &connect(4, 6, &will[..5]), E::Truncated, 17);
    refused("[MQTT-3.1.2-9]", V5, Client, &connect(4, 6, &will[..2]), E::Truncated, 14);
    refused("[MQTT-3.1.2-16]", V5, Client, &connect(4, 2, &[0, 0, 0, 1, b'u']), E::TrailingBytes, 14);
    refused("[MQTT-3.1.2-18]", V5, Client, &connect(4, 0x82, &[0, 0, 0, 0, 0, 1, b'p']), E::TrailingBytes, 16);
    refused("[MQTT-3.1.2-17]", V5, Client, &connect(4, 0x82, &[0, 0]), E::Truncated, 14);
    refused("[MQTT-3.1.2-19]", V5, Client, &connect(4, 0xC2, &[0, 0, 0, 1, b'u']), E::Truncated, 17);
    refused("[MQTT3-3.1.2-22]", V5, Client, &connect(4, 0x42, &[0, 0, 0, 0]), E::PasswordWithoutUserName, 9);
    accepted("section 3.1.2.9: 5.0 has a password without user name", V5, Client, &connect(5, 0x42, &[0, 0, 0, 0, 0]));
    refused("[MQTT-3.1.3-3]", V5, Client, &connect(4, 2, &[]), E::Truncated, 12);
    refused("[MQTT-3.1.3-4]", V5, Client, &connect(4, 2, &[0, 1, 0xFF]), E::InvalidUtf8, 14);
    refused("[MQTT3-3.1.3-7] [MQTT3-3.1.3-8]", V5, Client, &connect(4, 0, &[0, 0]), E::EmptyClientId, 12);
    accepted("[MQTT-3.1.3-6]", V3_1_1, Client, &connect(5, 0, &[0, 0, 0]));
    refused("[MQTT-3.1.3-11]", V5, Client, &connect(4, 6, &[0, 0, 0, 1, 0xFF, 0, 0]), E::InvalidUtf8, 16);
    let wildcard = E::TopicName(T::WildcardInName);
    refused("[MQTT-4.7.0-1]", V5, Client, &connect(4, 6, &[0, 0, 0, 1, b'#', 0, 0]), wildcard, 16);
    refused("[MQTT-3.1.3-12]", V5, Client, &connect(4, 0x82, &[0, 0, 0, 1, 0xFF]), E::InvalidUtf8, 16);
    let data = connect(5, 2, &[3, 0x16, 0, 0, 0, 0]);
    refused("section 3.1.2.11.10", V5, Client, &data, E::AuthenticationDataWithoutMethod, 16);
    for (id, value) in [(0x17, 2), (0x19, 2)] {
        let bytes = connect(5, 2, &[2, id, value, 0, 0]);
        let id = if id == 0x17 {
            PropertyId::RequestProblemInformation
        } else {
            PropertyId::RequestResponseInformation
        };
        refused("sections 3.1.2.11.6, 3.1.2.11.7", V5, Client, &bytes, E::PropertyValue(id), 14);
    }
    let zero = connect(5, 2, &[3, 0x21, 0, 0, 0, 0]);
    refused("section 3.1.2.11.3", V5, Client, &zero, E::PropertyValue(PropertyId::ReceiveMaximum), 14);
    let zero = connect(5, 2, &[5, 0x27, 0, 0, 0, 0, 0, 0]);
    refused("section 3.1.2.11.4", V5, Client, &zero, E::PropertyValue(PropertyId::MaximumPacketSize), 14);
}

#[test]
#[rustfmt::skip]
fn connacks() {
    refused("[MQTT-3.2.2-1]", V5, Server, &[0x20, 3, 2, 0, 0], E::ReservedConnAckFlags, 2);
    refused("[MQTT-3.2.2-6]", V5, Server, &[0x20, 3, 1, 0x87, 0], E::SessionPresentWithError, 2);
    refused("[MQTT3-3.2.2-4]", V3_1_1, Server, &[0x20, 2, 1, 5], E::SessionPresentWithError, 2);
    refused("[MQTT-3.2.2-8]", V5, Server, &[0x20, 3, 0, 0x8F, 0], E::InvalidReasonCode(0x8F), 3);
    refused("table 3.1 of 3.1.1", V3_1_1, Server, &[0x20, 2, 0, 6], E::InvalidReasonCode(6), 3);
    refused("[MQTT-2.2.2-1]", V5, Server, &[0x20, 2, 0, 0], E::Truncated, 4);
    refused("section 3.2.2", V5, Server, &[0x20, 2, 0, 1], E::ConnAckOf3_1_1(1), 3);
    let qos_2 = [0x20, 5, 0, 0, 2, 0x24, 2];
    refused("section 3.2.2.3.4", V5, Server, &qos_2, E::PropertyValue(PropertyId::MaximumQoS), 6);
    let reasons: Vec<_> = (0..6)
        .map(
            |code| match accepted("table 3.1 of 3.1.1", V3_1_1, Server, &[0x20, 2, 0, code]) {
                Packet::ConnAck(connack) => connack.reason.as_u8(),
                other => panic!("{other:?}"),
            },
        )
        .collect();
    assert_eq!(reasons, [0x00, 0x84, 0x85, 0x88, 0x86, 0x87]);
}

#[test]
#[rustfmt::skip]
fn publishes() {
    let name = |byte| [0x30, 4, 0, 1, byte, 0];
    refused("[MQTT-3.3.2-1]", V5, Client, &name(0xFF), E::InvalidUtf8, 4);
    for wildcard in [b'+', b'#'] {
        refused("[MQTT-3.3.2-2]", V5, Client, &name(wildcard), E::TopicName(T::WildcardInName), 4);
    }
    refused("[MQTT-4.7.3-2]", V5, Client, &name(0), E::NulInString, 4);
    refused("[MQTT-4.7.3-1]", V3_1_1, Client, &[0x30, 2, 0, 0], E::TopicName(T::Empty), 4);
    refused("section 3.3.2.1", V5, Client, &[0x30, 3, 0, 0, 0], E::MissingTopic, 2);
    refused("[MQTT-2.2.2-1]", V5, Client, &[0x30, 3, 0, 1, b't'], E::Truncated, 5);
    let alias = |alias| [0x30, 7, 0, 1, b't', 3, 0x23, 0, alias];
    refused("[MQTT-3.3.2-8]", V5, Client, &alias(0), E::TopicAliasInvalid(0), 7);
    refused("[MQTT-3.3.2-9] [MQTT-3.3.2-11]", V5, Client, &alias(11), E::TopicAliasInvalid(11), 7);
    accepted("[MQTT-3.3.2-10] [MQTT-3.3.2-12]", V5, Client, &alias(10));
    let response = [0x30, 8, 0, 1, b't', 4, 0x08, 0, 1, b'#'];
    refused("[MQTT-3.3.2-14]", V5, Client, &response, E::TopicName(T::WildcardInName), 9);
    let response = [0x30, 8, 0, 1, b't', 4, 0x08, 0, 1, 0xFF];
    refused("[MQTT-3.3.2-13]", V5, Client, &response, E::InvalidUtf8, 9);
    let content = [0x30, 8, 0, 1, b't', 4, 0x03, 0, 1, 0xFF];
    refused("[MQTT-3.3.2-19]", V5, Client, &content, E::InvalidUtf8, 9);
    let subscription = [0x30, 6, 0, 1, b't', 2, 0x0B, 1];
    let other_side = E::PropertyOfOtherSide(PropertyId::SubscriptionIdentifier);
    refused("[MQTT-3.3.4-6]", V5, Client, &subscription, other_side, 6);
    let two = [0x30, 8, 0, 1, b't', 4, 0x0B, 1, 0x0B, 2];
    let Packet::Publish(publish) = accepted("[MQTT-3.3.4-4]", V5, Server, &two) else {
        panic!()
    };
    assert_eq!(
        publish.head.properties.subscription_identifiers().count(),
        2
    );
    let zero = [0x30, 6, 0, 1, b't', 2, 0x0B, 0];
    refused("section 3.3.2.3.8", V5, Server, &zero, E::PropertyValue(PropertyId::SubscriptionIdentifier), 7);
    let format = [0x30, 6, 0, 1, b't', 2, 0x01, 2];
    refused("section 3.3.2.3.2", V5, Client, &format, E::PropertyValue(PropertyId::PayloadFormatIndicator), 7);
    refused("section 3.3.2.1", V5, Client, &[0x30, 4, 0, 9, b't', 0], E::Truncated, 2);
}

#[test]
#[rustfmt::skip]
fn subscribes() {
    let subscribe = |filter: &[u8], options| {
        let len = u8::try_from(filter.len()).unwrap();
        [&[0x82, len + 6, 0, 1, 0, 0, len], filter, &[options]].concat()
    };
    refused("[MQTT-3.8.3-1]", V5, Client, &subscribe(b"\xFF", 0), E::InvalidUtf8, 7);
    refused("[MQTT-3.8.3-2]", V5, Client, &[0x82, 3, 0, 1, 0], E::EmptyPayload, 5);
    refused("[MQTT3-3.8.3-3]", V3_1_1, Client, &[0x82, 2, 0, 1], E::EmptyPayload, 4);
    refused("[MQTT-3.8.3-4]", V5, Client, &subscribe(b"$share/g/a", 4), E::NoLocalOnShared, 17);
    for reserved in [0x40, 0x80] {
        refused("[MQTT-3.8.3-5]", V5, Client, &subscribe(b"a", reserved), E::ReservedSubscriptionOptions, 8);
    }
    for reserved in [0x04, 0x08, 0x10, 0x20, 0x40, 0x80] {
        let bytes = [0x82, 6, 0, 1, 0, 1, b'a', reserved];
        refused("[MQTT3-3-8.3-4]", V3_1_1, Client, &bytes, E::ReservedSubscriptionOptions, 7);
    }
    refused("section 3.8.3.1", V5, Client, &subscribe(b"a", 3), E::InvalidMaximumQoS, 8);
    refused("section 3.8.3.1", V5, Client, &subscribe(b"a", 0x30), E::InvalidRetainHandling, 8);
    refused("[MQTT-4.7.1-1]", V5, Client, &subscribe(b"#/a", 0), E::TopicFilter(T::HashNotLast), 7);
    refused("[MQTT-4.7.1-2]", V5, Client, &subscribe(b"a+", 0), E::TopicFilter(T::PlusNotAlone), 8);
    refused("[MQTT-4.7.3-1]", V5, Client, &subscribe(b"", 0), E::TopicFilter(T::Empty), 7);
    refused("[MQTT-4.8.2-1]", V5, Client, &subscribe(b"$share//a", 0), E::TopicFilter(T::EmptyShareName), 14);
    for (filter, offset) in [(&b"$share/g"[..], 15), (b"$share/g/", 16), (b"$share/+/a", 14), (b"$share/+", 14), (b"$share/#", 14)] {
        refused("[MQTT-4.8.2-2]", V5, Client, &subscribe(filter, 0), E::TopicFilter(T::Share), offset);
    }
    let twice = [0x82, 11, 0, 1, 4, 0x0B, 1, 0x0B, 2, 0, 1, b'a', 0];
    refused("section 3.8.2.1.2", V5, Client, &twice, E::PropertyRepeated(PropertyId::SubscriptionIdentifier), 7);
    refused("[MQTT-3.10.3-1]", V5, Client, &[0xA2, 6, 0, 1, 0, 0, 1, 0xFF], E::InvalidUtf8, 7);
    refused("[MQTT-3.10.3-2]", V5, Client, &[0xA2, 3, 0, 1, 0], E::EmptyPayload, 5);
    refused("[MQTT3-3.10.3-2]", V3_1_1, Client, &[0xA2, 2, 0, 1], E::EmptyPayload, 4);
}

#[test]
#[rustfmt::skip]
fn acknowledgements_of_subscriptions() {
    refused("[MQTT-3.9.3-2]", V5, Server, &[0x90, 4, 0, 1, 0, 0x03], E::InvalidReasonCode(3), 5);
    for code in [0x03, 0x7F, 0x87] {
        refused("[MQTT3-3.9.3-2]", V3_1_1, Server, &[0x90, 3, 0, 1, code], E::InvalidReasonCode(code), 4);
    }
    accepted("[MQTT3-3.9.3-2]", V3_1_1, Server, &[0x90, 6, 0, 1, 0, 1, 2, 0x80]);
    refused("[MQTT-3.8.4-6]", V5, Server, &[0x90, 3, 0, 1, 0], E::EmptyPayload, 5);
    refused("[MQTT-3.11.3-2]", V5, Server, &[0xB0, 4, 0, 1, 0, 0x01], E::InvalidReasonCode(1), 5);
    refused("section 3.11 of 3.1.1", V3_1_1, Server, &[0xB0, 3, 0, 1, 0], E::TrailingBytes, 4);
}

#[test]
#[rustfmt::skip]
fn ends_and_authentication() {
    let expiry = [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 1];
    accepted("section 3.14.2.2.2", V5, Client, &expiry);
    refused("[MQTT-3.14.2-2]", V5, Server, &expiry, E::PropertyOfOtherSide(PropertyId::SessionExpiryInterval), 4);
    let reference = [0xE0, 5, 0x9C, 3, 0x1C, 0, 0];
    accepted("section 3.14.2.2.5", V5, Server, &reference);
    refused("[MQTT-3.14.2-1]", V5, Client, &reference, E::InvalidReasonCode(0x9C), 2);
    refused("section 3.14 of 3.1.1", V3_1_1, Client, &[0xE0, 1, 0], E::TrailingBytes, 2);
    refused("section 3.4 of 3.1.1", V3_1_1, Client, &[0x40, 3, 0, 1, 0], E::TrailingBytes, 4);
    let auth = |reason| [0xF0, 5, reason, 3, 0x15, 0, 0];
    for (reason, client, server) in [
        (0x00, false, true),
        (0x18, true, true),
        (0x19, true, false),
        (0x87, false, false),
    ] {
        assert_eq!(
            refusal(V5, Client, &auth(reason)).is_none(),
            client,
            "[MQTT-3.15.2-1] {reason:02x}"
        );
        assert_eq!(
            refusal(V5, Server, &auth(reason)).is_none(),
            server,
            "[MQTT-3.15.2-1] {reason:02x}"
        );
    }
    let missing = E::MissingAuthenticationMethod;
    refused("section 3.15.2.2.2", V5, Server, &[0xF0, 2, 0x18, 0], missing, 4);
    let reason_string = b"\xF0\x08\x18\x06\x1F\0\x03abc";
    refused("section 3.15.2.2.2", V5, Server, reason_string, missing, 10);
    refused("section 3.15.2.2.2, against 3.15.2.1", V5, Server, &[0xF0, 0], missing, 2);
}

#[test]
#[rustfmt::skip]
fn shared_filters_are_parsed_in_3_1_1_too() {
    // A decision of ours: 3.1.1 knows no Shared Subscriptions, its servers do.
    let bytes = b"\x82\x0F\0\x01\0\x0A$share/g/a\x01";
    let Packet::Subscribe(subscribe) = accepted("section 4.8.2", V3_1_1, Client, bytes) else {
        panic!()
    };
    let subscription = subscribe.subscriptions.iter().next().unwrap();
    assert_eq!(subscription.filter, TopicFilter::new("$share/g/a").unwrap());
    assert_eq!(
        subscription.options,
        SubscriptionOptions {
            maximum_qos: QoS::AtLeastOnce,
            ..Default::default()
        }
    );
}

/// [MQTT-4.8.2-1] and [MQTT-4.8.2-2] are 5.0's alone: in 3.1.1 these are filters like any others.
#[test]
fn what_is_no_share_in_5_is_a_filter_of_3_1_1() {
    for (filter, matching) in [
        ("$share/", "$share/"),
        ("$share//a", "$share//a"),
        ("$share//", "$share//"),
        ("$share/g", "$share/g"),
        ("$share/g/", "$share/g/"),
        ("$share/+/a", "$share/g/a"),
        ("$share/+", "$share/g"),
        ("$share/#", "$share/g/a"),
    ] {
        let len = u8::try_from(filter.len()).unwrap();
        let subscribe = [&[0x82, len + 5, 0, 1, 0, len], filter.as_bytes(), &[1]].concat();
        let unsubscribe = [&[0xA2, len + 4, 0, 1, 0, len], filter.as_bytes()].concat();
        for bytes in [subscribe, unsubscribe] {
            let packet = accepted(filter, V3_1_1, Client, &bytes);
            let taken = match packet {
                Packet::Subscribe(packet) => packet.subscriptions.iter().next().unwrap().filter,
                Packet::Unsubscribe(packet) => packet.filters.iter().next().unwrap(),
                other => panic!("{other:?}"),
            };
            assert_eq!(taken.as_str(), filter);
            assert_eq!((taken.share_name(), taken.matched_part()), (None, filter));
            assert!(taken.matches(TopicName::new(matching).unwrap()), "{filter}");
            assert!(!taken.matches(TopicName::new("a").unwrap()), "{filter}");
            let mut buf = [0; 32];
            assert_eq!(packet.encode(V3_1_1, &mut buf), Ok(bytes.len()));
            assert_eq!(buf[..bytes.len()], bytes);
            let error = EncodeError::IllFormedShare;
            assert_eq!(packet.encode(V5, &mut buf), Err(error));
            assert_eq!(packet.encoded_len(V5), Err(error));
            assert_eq!(PacketEncoder::new(&packet, V5).err(), Some(error));
        }
        assert!(TopicFilter::new(filter).is_err(), "{filter}");
    }
    // Its levels are as in any other.
    for (filter, kind, at) in [
        ("$share/g#/a", T::HashNotLast, 8),
        ("$share/#/a", T::HashNotLast, 7),
        ("$share//+a", T::PlusNotAlone, 8),
    ] {
        let len = u8::try_from(filter.len()).unwrap();
        let bytes = [&[0xA2, len + 4, 0, 1, 0, len], filter.as_bytes()].concat();
        refused(filter, V3_1_1, Client, &bytes, E::TopicFilter(kind), 6 + at);
    }
}

#[test]
#[rustfmt::skip]
fn errors_have_the_reason_codes_of_section_4_13() {
    for (kind, reason) in [
        (E::Truncated, ReasonCode::MalformedPacket),
        // Section 1.2: what can be parsed and contains what is not allowed is a Protocol Error.
        (E::InvalidReasonCode(1), ReasonCode::ProtocolError),
        (E::WillFlagsWithoutWill, ReasonCode::ProtocolError),
        (E::InvalidMaximumQoS, ReasonCode::ProtocolError),
        // Sections 3.1.2.6 and 3.3.1.2, 3.1.2.3, 3.8.3.1 and 2.2.2.2 say otherwise of these.
        (E::InvalidQoS, ReasonCode::MalformedPacket),
        (E::ReservedConnectFlag, ReasonCode::MalformedPacket),
        (
            E::ReservedSubscriptionOptions,
            ReasonCode::MalformedPacket,
        ),
        (
            E::PropertyNotAllowed(PropertyId::ReasonString),
            ReasonCode::MalformedPacket,
        ),
        (
            E::PropertyRepeated(PropertyId::ReasonString),
            ReasonCode::ProtocolError,
        ),
        (
            E::UnsupportedProtocolVersion(3),
            ReasonCode::UnsupportedProtocolVersion,
        ),
        (E::EmptyClientId, ReasonCode::ClientIdentifierNotValid),
        // Sections 3.9.3 and 3.14.2.1: 0x8F and 0x90 are for what is correctly formed.
        (E::TopicFilter(T::HashNotLast), ReasonCode::MalformedPacket),
        (E::TopicFilter(T::Share), ReasonCode::MalformedPacket),
        (E::TopicName(T::WildcardInName), ReasonCode::MalformedPacket),
        (E::TopicName(T::Empty), ReasonCode::MalformedPacket),
        // By the words of sections 3.3.2.1 and 3.8.3.1.
        (E::MissingTopic, ReasonCode::ProtocolError),
        (E::NoLocalOnShared, ReasonCode::ProtocolError),
        (E::TopicAliasInvalid(0), ReasonCode::TopicAliasInvalid),
        (E::PacketTooLarge, ReasonCode::PacketTooLarge),
    ] {
        assert_eq!(kind.reason_code(), reason);
    }
    let error = DecodeError {
        kind: E::TopicName(T::WildcardInName),
        offset: 4,
    };
    assert_eq!(
        error.to_string(),
        "topic name: has a wildcard in a name (at byte 4 of the packet)"
    );
}
