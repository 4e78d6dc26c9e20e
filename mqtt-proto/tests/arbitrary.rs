//! What is drawn from bytes is valid, and is everything.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use mqtt_proto::arbitrary::{AnyPacket, Arena, Draw, packet_types};
use mqtt_proto::{
    Packet, PacketType, Properties, Property, PropertyId, Publish, ReasonCode, Role, Version,
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
    // A Remaining Length of three bytes.
    let large = u32::try_from(sizes.filter(|&size| size > 0x3FFF).count()).unwrap();
    assert!((1..SEEDS / 20).contains(&large), "{large}");

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
