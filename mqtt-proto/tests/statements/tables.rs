//! The tables: packet types, reason codes and properties, as the specification prints them.

use mqtt_proto::DecodeErrorKind as E;
use mqtt_proto::Role::{Client, Server};
use mqtt_proto::Version::{V3_1_1, V5};
use mqtt_proto::{PacketType, PropertyId, ReasonCode};

use super::{refusal, refused};

#[test]
fn first_bytes() {
    // Every first byte, against the tables 2.1 and 2.2 as the specifications print them.
    let expected = |byte: u8, version, sender| {
        let flags = byte & 0x0F;
        match byte >> 4 {
            1 | 12 => flags == 0 && sender == Client,
            2 | 9 | 11 | 13 => flags == 0 && sender == Server,
            3 => !matches!(flags, 0b0110 | 0b0111 | 0b1110 | 0b1111 | 0b1000 | 0b1001),
            4 | 5 | 7 => flags == 0,
            6 => flags == 2,
            8 | 10 => flags == 2 && sender == Client,
            14 => flags == 0 && (sender == Client || version == V5),
            15 => flags == 0 && version == V5,
            _ => false,
        }
    };
    for version in [V3_1_1, V5] {
        for sender in [Client, Server] {
            for byte in 0..=u8::MAX {
                let error = refusal(version, sender, &[byte]);
                assert_eq!(
                    error.is_none(),
                    expected(byte, version, sender),
                    "{byte:02x} {version} {sender:?}"
                );
                assert!(error.is_none_or(|error| error.offset == 0));
            }
        }
    }
}

#[test]
fn numbers_of_packet_types_and_properties() {
    let types = (0..=u8::MAX).filter_map(|number| Some((number, PacketType::from_u8(number)?)));
    assert!(types.eq((1..=15).zip([
        PacketType::Connect,
        PacketType::ConnAck,
        PacketType::Publish,
        PacketType::PubAck,
        PacketType::PubRec,
        PacketType::PubRel,
        PacketType::PubComp,
        PacketType::Subscribe,
        PacketType::SubAck,
        PacketType::Unsubscribe,
        PacketType::UnsubAck,
        PacketType::PingReq,
        PacketType::PingResp,
        PacketType::Disconnect,
        PacketType::Auth,
    ])));
    let known = (0..1_000).filter_map(PropertyId::from_u32);
    assert!(known.eq(PropertyId::ALL.iter().copied()));
    for &id in PropertyId::ALL {
        assert_eq!(PropertyId::from_u32(id as u32), Some(id));
        assert_eq!(PropertyId::from_u32(id as u32 | 0x100), None);
    }
}

#[test]
fn names_of_reason_codes() {
    // As section 2.4 prints them.
    let names = [
        (0x00, "Success"),
        (0x01, "Granted QoS 1"),
        (0x02, "Granted QoS 2"),
        (0x04, "Disconnect with Will Message"),
        (0x10, "No matching subscribers"),
        (0x11, "No subscription existed"),
        (0x18, "Continue authentication"),
        (0x19, "Re-authenticate"),
        (0x80, "Unspecified error"),
        (0x81, "Malformed Packet"),
        (0x82, "Protocol Error"),
        (0x83, "Implementation specific error"),
        (0x84, "Unsupported Protocol Version"),
        (0x85, "Client Identifier not valid"),
        (0x86, "Bad User Name or Password"),
        (0x87, "Not authorized"),
        (0x88, "Server unavailable"),
        (0x89, "Server busy"),
        (0x8A, "Banned"),
        (0x8B, "Server shutting down"),
        (0x8C, "Bad authentication method"),
        (0x8D, "Keep Alive timeout"),
        (0x8E, "Session taken over"),
        (0x8F, "Topic Filter invalid"),
        (0x90, "Topic Name invalid"),
        (0x91, "Packet Identifier in use"),
        (0x92, "Packet Identifier not found"),
        (0x93, "Receive Maximum exceeded"),
        (0x94, "Topic Alias invalid"),
        (0x95, "Packet too large"),
        (0x96, "Message rate too high"),
        (0x97, "Quota exceeded"),
        (0x98, "Administrative action"),
        (0x99, "Payload format invalid"),
        (0x9A, "Retain not supported"),
        (0x9B, "QoS not supported"),
        (0x9C, "Use another server"),
        (0x9D, "Server moved"),
        (0x9E, "Shared Subscriptions not supported"),
        (0x9F, "Connection rate exceeded"),
        (0xA0, "Maximum connect time"),
        (0xA1, "Subscription Identifiers not supported"),
        (0xA2, "Wildcard Subscriptions not supported"),
    ];
    for (number, name) in names {
        let reason = ReasonCode::from_u8(number).unwrap();
        assert_eq!((reason.as_u8(), reason.name()), (number, name));
        // The variant is the name in one word, in which the first letter of each is a capital.
        let words = name.split([' ', '-']).map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        });
        let variant = words.collect::<String>();
        assert_eq!(format!("{reason:?}"), variant);
    }
    assert_eq!(ReasonCode::ALL.len(), names.len());
}

/// [MQTT-3.2.2-8], [MQTT-3.4.2-1], [MQTT-3.5.2-1], [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-3.9.3-2], [MQTT-3.11.3-2], [MQTT-3.14.2-1], [MQTT-3.8.4-7]
#[test]
fn reason_codes_by_packet() {
    // As the tables in the sections of each packet list them, by who sends them.
    let connack: &[u8] = &[
        0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95,
        0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
    ];
    let puback_client: &[u8] = &[0x00, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    let puback_server: &[u8] = &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    let pubrel: &[u8] = &[0x00, 0x92];
    let suback: &[u8] = &[
        0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2,
    ];
    let unsuback: &[u8] = &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];
    let disconnect_client: &[u8] = &[
        0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
    ];
    let disconnect_server: &[u8] = &[
        0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94,
        0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
    ];
    for (first, before, after, client, server) in [
        (0x20, &[0][..], &[0][..], &[][..], connack),
        (0x40, &[0, 1], &[], puback_client, puback_server),
        (0x50, &[0, 1], &[], puback_client, puback_server),
        (0x62, &[0, 1], &[], pubrel, pubrel),
        (0x70, &[0, 1], &[], pubrel, pubrel),
        (0x90, &[0, 1, 0], &[], &[], suback),
        (0xB0, &[0, 1, 0], &[], &[], unsuback),
        (0xE0, &[], &[], disconnect_client, disconnect_server),
        (0xF0, &[], &[3, 0x15, 0, 0], &[0x18, 0x19], &[0x00, 0x18]),
    ] {
        for reason in 0..=u8::MAX {
            let len = u8::try_from(before.len() + 1 + after.len()).unwrap();
            let bytes = [&[first, len], before, &[reason], after].concat();
            for (sender, list) in [(Client, client), (Server, server)] {
                let taken = refusal(V5, sender, &bytes).is_none();
                assert_eq!(
                    taken,
                    list.contains(&reason),
                    "{first:02x} {reason:02x} {sender:?}"
                );
            }
        }
    }
}

/// Table 3.1 of 3.1.1, and its section 3.9.3.
#[test]
fn return_codes_of_3_1_1() {
    for code in 0..=u8::MAX {
        let taken = |bytes: &[u8]| refusal(V3_1_1, Server, bytes).is_none();
        assert_eq!(taken(&[0x20, 2, 0, code]), code <= 5, "{code:02x}");
        let granted = matches!(code, 0 | 1 | 2 | 0x80);
        assert_eq!(taken(&[0x90, 3, 0, 1, code]), granted, "{code:02x}");
    }
}

/// A packet with properties, up to and after them; the Will's are those of type 0.
fn wrap(place: u8, properties: &[u8]) -> Vec<u8> {
    let (before, after): (&[u8], &[u8]) = match place {
        0 => (b"\0\x04MQTT\x05\x06\0\0\0\0\0", b"\0\x01t\0\0"),
        1 => (b"\0\x04MQTT\x05\x02\0\0", b"\0\0"),
        2 => (b"\0\0", b""),
        3 => (b"\0\x01t", b""),
        4..=7 => (b"\0\x01\0", b""),
        8 => (b"\0\x01", b"\0\x01a\0"),
        9 | 11 => (b"\0\x01", b"\0"),
        10 => (b"\0\x01", b"\0\x01a"),
        14 => (b"\0", b""),
        _ => (b"\x18", b""),
    };
    let flags = if matches!(place, 6 | 8 | 10) { 2 } else { 0 };
    let len = before.len() + 1 + properties.len() + after.len();
    let header = [(place.max(1) << 4) | flags, u8::try_from(len).unwrap()];
    [
        &header,
        before,
        &[u8::try_from(properties.len()).unwrap()],
        properties,
        after,
    ]
    .concat()
}

/// The values that the section of each property leaves it.
#[test]
fn property_values() {
    let value = |id: u8, value: &[u8]| {
        let place = match id {
            0x01 | 0x23 => 3,
            0x0B => 8,
            0x17 | 0x19 | 0x21 | 0x27 => 1,
            _ => 2,
        };
        let sender = if place == 2 { Server } else { Client };
        let bytes = wrap(place, &[&[id], value].concat());
        refusal(V5, sender, &bytes).map(|error| error.kind)
    };
    for (id, property) in [
        (0x01, PropertyId::PayloadFormatIndicator),
        (0x17, PropertyId::RequestProblemInformation),
        (0x19, PropertyId::RequestResponseInformation),
        (0x24, PropertyId::MaximumQoS),
        (0x25, PropertyId::RetainAvailable),
        (0x28, PropertyId::WildcardSubscriptionAvailable),
        (0x29, PropertyId::SubscriptionIdentifierAvailable),
        (0x2A, PropertyId::SharedSubscriptionAvailable),
    ] {
        for byte in 0..=u8::MAX {
            // A Maximum QoS of 2 is said by leaving it out.
            let expected = (byte > 1).then_some(E::PropertyValue(property));
            assert_eq!(value(id, &[byte]), expected, "{property:?} {byte}");
        }
    }
    for (id, zero, least, most) in [
        (
            0x21,
            Some(E::PropertyValue(PropertyId::ReceiveMaximum)),
            &[0, 1][..],
            &[0xFF, 0xFF][..],
        ),
        (0x23, Some(E::TopicAliasInvalid(0)), &[0, 1], &[0, 10]),
        (0x22, None, &[0, 1], &[0xFF, 0xFF]),
        (0x13, None, &[0, 1], &[0xFF, 0xFF]),
        (
            0x27,
            Some(E::PropertyValue(PropertyId::MaximumPacketSize)),
            &[0, 0, 0, 1],
            &[0xFF; 4],
        ),
        (0x11, None, &[0, 0, 0, 1], &[0xFF; 4]),
        (
            0x0B,
            Some(E::PropertyValue(PropertyId::SubscriptionIdentifier)),
            &[1],
            &[0xFF, 0xFF, 0xFF, 0x7F],
        ),
    ] {
        assert_eq!(value(id, &vec![0; least.len()]), zero, "{id:02x}");
        assert_eq!(value(id, least), None, "{id:02x}");
        assert_eq!(value(id, most), None, "{id:02x}");
    }
}

#[test]
fn properties_by_packet() {
    use PacketType as P;
    // Table 2-4, with a value of each; types by number, 0 for the Will, and who sends where it is one side alone.
    type Row = (u8, &'static [u8], &'static [u8], &'static [u8]);
    let table: &[Row] = &[
        (0x01, &[1], &[0, 3], &[3]),
        (0x02, &[0; 4], &[0, 3], &[3]),
        (0x03, &[0; 2], &[0, 3], &[3]),
        (0x08, &[0, 1, b'r'], &[0, 3], &[3]),
        (0x09, &[0; 2], &[0, 3], &[3]),
        (0x0B, &[1], &[8], &[3]),
        (0x11, &[0; 4], &[1, 14], &[2]),
        (0x12, &[0; 2], &[], &[2]),
        (0x13, &[0; 2], &[], &[2]),
        (0x15, &[0; 2], &[1, 15], &[2, 15]),
        (0x16, &[0, 0, 0x15, 0, 0], &[1, 15], &[2, 15]),
        (0x17, &[1], &[1], &[]),
        (0x18, &[0; 4], &[0], &[]),
        (0x19, &[1], &[1], &[]),
        (0x1A, &[0; 2], &[], &[2]),
        (0x1C, &[0; 2], &[], &[2, 14]),
        (
            0x1F,
            &[0; 2],
            &[4, 5, 6, 7, 14, 15],
            &[2, 4, 5, 6, 7, 9, 11, 14, 15],
        ),
        (0x21, &[0, 1], &[1], &[2]),
        (0x22, &[0; 2], &[1], &[2]),
        (0x23, &[0, 1], &[3], &[3]),
        (0x24, &[0], &[], &[2]),
        (0x25, &[0], &[], &[2]),
        (
            0x26,
            &[0; 4],
            &[0, 1, 3, 4, 5, 6, 7, 8, 10, 14, 15],
            &[2, 3, 4, 5, 6, 7, 9, 11, 14, 15],
        ),
        (0x27, &[0, 0, 0, 1], &[1], &[2]),
        (0x28, &[0], &[], &[2]),
        (0x29, &[0], &[], &[2]),
        (0x2A, &[0], &[], &[2]),
    ];
    assert_eq!(table.len(), PropertyId::ALL.len());
    for (&(id, value, client, server), &property) in table.iter().zip(PropertyId::ALL) {
        assert_eq!(property as u8, id);
        for place in (0..12).chain([14, 15]) {
            // An AUTH has its method besides.
            let method: &[u8] = if place == 15 && !matches!(id, 0x15 | 0x16) {
                &[0x15, 0, 0]
            } else {
                &[]
            };
            let one = [&[id], value].concat();
            for (sender, list) in [(Client, client), (Server, server)] {
                if matches!(place, 0 | 1 | 8 | 10) && sender == Server
                    || matches!(place, 2 | 9 | 11) && sender == Client
                {
                    continue;
                }
                let error = refusal(V5, sender, &wrap(place, &[method, &one].concat()));
                if list.contains(&place) {
                    assert_eq!(error, None, "{property:?} in {place} from {sender:?}");
                    let twice = refusal(V5, sender, &wrap(place, &[method, &one, &one].concat()));
                    let many = id == 0x26 || (id == 0x0B && place == 3);
                    assert_eq!(
                        twice.is_none(),
                        many,
                        "twice {property:?} in {place} from {sender:?}"
                    );
                } else {
                    let kind = error.expect("not to be there").kind;
                    let elsewhere = if sender == Client { server } else { client };
                    let of_other_side = elsewhere.contains(&place);
                    let expected = if of_other_side {
                        E::PropertyOfOtherSide(property)
                    } else {
                        E::PropertyNotAllowed(property)
                    };
                    assert_eq!(kind, expected, "{property:?} in {place} from {sender:?}");
                }
            }
        }
    }
    for id in 0..=u8::MAX {
        if !PropertyId::ALL.iter().any(|&known| known as u8 == id) && id < 0x80 {
            let bytes = wrap(P::Publish as u8, &[id, 0, 0, 0]);
            refused(
                "section 2.2.2.2",
                V5,
                Client,
                &bytes,
                E::UnknownProperty(id.into()),
                6,
            );
        }
    }
}
