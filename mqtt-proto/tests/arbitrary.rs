//! What is drawn from bytes is valid, and is everything.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{Discriminant, discriminant};
use std::ops::RangeInclusive;

use arbitrary::{Arbitrary, Unstructured};
use mqtt_proto::arbitrary::{AnyPacket, Arena, Draw, packet_types};
use mqtt_proto::{
    Delivery, EncodeError, Packet, PacketType, Properties, Property, PropertyId, Publish,
    ReasonCode, Role, TopicFilter, Version,
};

/// Bytes without a pattern, the same each time.
fn bytes(seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..400)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        })
        .collect()
}

#[test]
fn what_is_as_large_as_can_be_is_drawn_too_but_seldom() {
    const SEEDS: u32 = 20_000;
    let sizes = (0..SEEDS).map(|seed| {
        let any = AnyPacket::arbitrary(&mut Unstructured::new(&bytes(seed))).unwrap();
        any.bytes().len()
    });
    // What the Remaining Lengths of one byte, of two and of three count, and somewhat more and less.
    let mut counts = BTreeMap::new();
    for size in sizes {
        *counts.entry(size).or_insert(0) += 1;
    }
    let count = |sizes: RangeInclusive<usize>| counts.range(sizes).map(|(_, n)| n).sum::<u32>();
    for (below, above) in [
        (120..=0x7F + 2, 0x80 + 3..=140),
        (0x3FC0..=0x3FFF + 3, 0x4000 + 4..=0x4040),
        (0x1F_FF80..=0x1F_FFFF + 4, 0x20_0000 + 5..=0x20_0080),
    ] {
        assert!(count(below.clone()) > 0, "{below:?}");
        assert!(count(above.clone()) > 0, "{above:?}");
    }
    let large = count(0x4000..=usize::MAX);
    assert!(large < SEEDS / 20, "{large}");

    let arena = Arena::new();
    let longest = |draw: fn(&mut Draw<'_, '_, '_>) -> usize| {
        let lengths = (0..SEEDS).map(|seed| {
            let bytes = bytes(seed);
            draw(&mut Draw::new(&mut Unstructured::new(&bytes), &arena))
        });
        lengths.max()
    };
    assert_eq!(longest(|draw| draw.string().unwrap().len()), Some(65_535));
    assert_eq!(longest(|draw| draw.binary().unwrap().len()), Some(65_535));
    assert_eq!(
        longest(|draw| draw.topic_name().unwrap().as_str().len()),
        Some(65_535)
    );
    let property = |draw: &mut Draw<'_, '_, '_>| {
        let property = draw.property(PropertyId::UserProperty);
        let Ok(Property::UserProperty(name, value)) = property else {
            panic!()
        };
        name.len().max(value.len())
    };
    assert_eq!(longest(property), Some(65_535));
}

#[test]
fn pings_have_no_properties() {
    let arena = Arena::new();
    let bytes = [0xFF; 64];
    for (packet, sender) in [
        (PacketType::PingReq, Role::Client),
        (PacketType::PingResp, Role::Server),
        // Nor what only the other end sends.
        (PacketType::Connect, Role::Server),
    ] {
        let mut source = Unstructured::new(&bytes);
        let properties = Draw::new(&mut source, &arena).properties(packet, Version::V5, sender);
        assert_eq!(properties, Ok(Properties::EMPTY), "{packet:?}");
    }
}

#[test]
#[should_panic(expected = "no Auth comes from a Client in V3_1_1")]
fn a_packet_that_is_not_sent_is_not_drawn() {
    let (mut source, arena) = (Unstructured::new(&[]), Arena::new());
    let _ =
        Draw::new(&mut source, &arena).packet_of(PacketType::Auth, Version::V3_1_1, Role::Client);
}

#[test]
#[should_panic(expected = "no Publish with a reason code comes from a Client in V5")]
fn a_reason_code_that_is_not_sent_is_not_drawn() {
    let (mut source, arena) = (Unstructured::new(&[]), Arena::new());
    let _ =
        Draw::new(&mut source, &arena).reason_code(PacketType::Publish, Version::V5, Role::Client);
}

#[test]
#[should_panic(expected = "no PingReq with a reason code")]
fn pings_have_no_reason_code() {
    let (mut source, arena) = (Unstructured::new(&[]), Arena::new());
    let _ =
        Draw::new(&mut source, &arena).reason_code(PacketType::PingReq, Version::V5, Role::Client);
}

#[test]
fn every_type_property_and_reason_code_is_drawn() {
    let mut types = BTreeSet::new();
    let mut properties = BTreeSet::new();
    let mut reasons = BTreeSet::new();
    for seed in 0..20_000 {
        let any = AnyPacket::arbitrary(&mut Unstructured::new(&bytes(seed))).unwrap();
        let packet = any.packet();
        types.insert((any.version(), any.sender(), packet.packet_type()));
        let (reason, list) = match packet {
            Packet::Connect(connect) => {
                let will = connect
                    .will
                    .map_or(Properties::EMPTY, |will| will.properties);
                properties.extend(will.iter().map(|property| property.id()));
                (None, connect.properties)
            }
            Packet::ConnAck(connack) => (Some(connack.reason), connack.properties),
            Packet::Publish(Publish { head, .. }) => (None, head.properties),
            Packet::PubAck(ack)
            | Packet::PubRec(ack)
            | Packet::PubRel(ack)
            | Packet::PubComp(ack) => (Some(ack.reason), ack.properties),
            Packet::Subscribe(subscribe) => (None, subscribe.properties),
            Packet::Unsubscribe(unsubscribe) => (None, unsubscribe.properties),
            Packet::SubAck(suback) | Packet::UnsubAck(suback) => {
                (suback.reasons.iter().next(), suback.properties)
            }
            Packet::Disconnect(disconnect) => (Some(disconnect.reason), disconnect.properties),
            Packet::Auth(auth) => (Some(auth.reason), auth.properties),
            Packet::PingReq | Packet::PingResp => (None, Properties::EMPTY),
        };
        reasons.extend(reason.map(ReasonCode::as_u8));
        properties.extend(list.iter().map(|property| property.id()));
    }
    // 3.1.1: ten of the Client's, nine of the Server's; 5.0: eleven of each.
    assert_eq!(types.len(), 10 + 9 + 11 + 11, "{types:?}");
    assert!(properties.iter().eq(PropertyId::ALL), "{properties:?}");
    assert!(
        reasons
            .iter()
            .copied()
            .eq(ReasonCode::ALL.iter().map(|reason| reason.as_u8()))
    );
}

/// What a packet has that another of its type has not, besides properties and reason codes.
fn features(packet: &Packet<'_>) -> Vec<String> {
    let delivery = |delivery: Delivery| format!("{:?}, DUP {}", delivery.qos(), delivery.dup());
    let count = |count: usize| format!("{} of them", if count > 3 { 4 } else { count });
    match packet {
        Packet::Publish(Publish { head, payload }) => vec![
            delivery(head.delivery),
            format!("retain {}", head.retain),
            format!("payload {}", !payload.is_empty()),
            format!(
                "name {}, alias {}",
                head.topic.is_some(),
                head.properties.topic_alias().is_some()
            ),
        ],
        Packet::Connect(connect) => {
            let mut features = vec![
                format!("clean start {}", connect.clean_start),
                format!(
                    "username {}, password {}",
                    connect.username.is_some(),
                    connect.password.is_some()
                ),
                format!("named {}", !connect.client_id.is_empty()),
            ];
            let will = connect
                .will
                .map(|w| format!("will {:?}, {}", w.qos, w.retain));
            features.push(will.unwrap_or_default());
            features
        }
        Packet::ConnAck(connack) => vec![format!("session {}", connack.session_present)],
        Packet::Subscribe(subscribe) => {
            let mut features = vec![count(subscribe.subscriptions.iter().count())];
            for subscription in subscribe.subscriptions {
                let options = subscription.options;
                features.push(format!("{:?}", options.maximum_qos));
                features.push(format!("{:?}", options.retain_handling));
                features.push(format!("no local {}", options.no_local));
                features.push(format!("as published {}", options.retain_as_published));
                features.extend(filter(subscription.filter));
            }
            features
        }
        Packet::Unsubscribe(unsubscribe) => {
            let mut features = vec![count(unsubscribe.filters.iter().count())];
            features.extend(unsubscribe.filters.iter().flat_map(filter));
            features
        }
        Packet::SubAck(suback) => vec![count(suback.reasons.iter().count())],
        _ => vec![],
    }
}

fn filter(filter: TopicFilter<'_>) -> [String; 2] {
    let last = filter.as_str().chars().last().filter(|&c| c == '#');
    [
        format!("shared {}", filter.share_name().is_some()),
        format!("wildcards {}, {last:?}", filter.has_wildcard()),
    ]
}

#[test]
fn every_feature_is_drawn() {
    let mut seen = BTreeMap::<_, BTreeSet<String>>::new();
    for seed in 0..20_000 {
        let any = AnyPacket::arbitrary(&mut Unstructured::new(&bytes(seed))).unwrap();
        let packet = any.packet();
        let of_type = (any.version(), packet.packet_type());
        seen.entry(of_type).or_default().extend(features(&packet));
    }
    let count = |version, packet| seen[&(version, packet)].len();
    for (packet, v3_1_1, v5) in [
        // QoS and DUP: 5; retain: 2; payload: 2; a name, an alias or both: 1, or 3.
        (PacketType::Publish, 5 + 2 + 2 + 1, 5 + 2 + 2 + 3),
        // Clean Start: 2; user name and password: 3, or 4; Client Identifier: 2; Will: none, or 6.
        (PacketType::Connect, 2 + 3 + 2 + 7, 2 + 4 + 2 + 7),
        (PacketType::ConnAck, 2, 2),
        // Count: 4; QoS: 3; of 5.0 the other options: 3 + 2 + 2 for 3; share: 2; wildcards: 3.
        (PacketType::Subscribe, 4 + 3 + 3 + 2 + 3, 4 + 3 + 7 + 2 + 3),
        (PacketType::Unsubscribe, 4 + 2 + 3, 4 + 2 + 3),
        (PacketType::SubAck, 4, 4),
    ] {
        let of = |version| &seen[&(version, packet)];
        assert_eq!(
            count(Version::V3_1_1, packet),
            v3_1_1,
            "{:?}",
            of(Version::V3_1_1)
        );
        assert_eq!(count(Version::V5, packet), v5, "{:?}", of(Version::V5));
    }
}

#[test]
fn what_is_wild_is_refused_for_every_reason() {
    let (mut reasons, arena) = (Vec::<Discriminant<EncodeError>>::new(), Arena::new());
    let mut encoded = 0;
    for seed in 0..20_000 {
        let bytes = bytes(seed);
        let mut source = Unstructured::new(&bytes);
        let packet = Draw::new(&mut source, &arena).wild_packet().unwrap();
        for version in [Version::V3_1_1, Version::V5] {
            match packet.encoded_len(version) {
                Ok(_) => encoded += 1,
                Err(error) => reasons.push(discriminant(&error)),
            }
        }
    }
    assert!(encoded > 1000, "{encoded}");
    let (id, reason) = (PropertyId::UserProperty, ReasonCode::Success);
    for error in [
        EncodeError::StringTooLong,
        EncodeError::NulInString,
        EncodeError::PropertyNotAllowed(id),
        EncodeError::PropertyRepeated(id),
        EncodeError::PropertyValue(id),
        EncodeError::ReasonCodeNotAllowed(reason),
        EncodeError::NobodyMaySend,
        EncodeError::NotInVersion,
        EncodeError::MissingTopic,
        EncodeError::PasswordWithoutUserName,
        EncodeError::EmptyClientId,
        EncodeError::SessionPresentWithError,
        EncodeError::AuthenticationDataWithoutMethod,
        EncodeError::MissingAuthenticationMethod,
        EncodeError::NoLocalOnShared,
        EncodeError::EmptyPayload,
    ] {
        assert!(reasons.contains(&discriminant(&error)), "{error:?}");
    }
}

#[test]
fn a_type_can_be_asked_for() {
    for version in [Version::V3_1_1, Version::V5] {
        for sender in [Role::Client, Role::Server] {
            for packet in packet_types(version, sender) {
                let bytes = bytes(u32::from(packet as u8));
                let mut source = Unstructured::new(&bytes);
                let any = AnyPacket::draw_of(&mut source, packet, version, sender).unwrap();
                assert_eq!(any.packet().packet_type(), packet);
                assert_eq!((any.version(), any.sender()), (version, sender));
            }
        }
    }
}

#[test]
fn no_bytes_are_enough() {
    let any = AnyPacket::arbitrary(&mut Unstructured::new(&[])).unwrap();
    assert_eq!(any.packet(), Packet::PingReq);
    let arena = Arena::new();
    for version in [Version::V3_1_1, Version::V5] {
        for packet in [
            PacketType::Connect,
            PacketType::Subscribe,
            PacketType::Publish,
        ] {
            let mut source = Unstructured::new(&[]);
            let packet = Draw::new(&mut source, &arena).packet_of(packet, version, Role::Client);
            assert!(packet.unwrap().encoded_len(version).is_ok());
        }
    }
}

/// The module hides the crate of its name from who takes all of this one.
mod all_of_the_crate {
    use mqtt_proto::*;

    #[test]
    fn what_is_drawn_from_can_be_named() {
        fn draw(source: &mut arbitrary::Unstructured<'_>) -> arbitrary::Result<Version> {
            arbitrary::Arbitrary::arbitrary(source)
        }
        assert_eq!(
            draw(&mut arbitrary::Unstructured::new(&[0])),
            Ok(Version::V5)
        );
    }
}
