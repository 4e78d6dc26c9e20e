//! What is drawn from bytes is valid, and is everything.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use mqtt_proto::arbitrary::{AnyPacket, Arena, Draw, packet_types};
use mqtt_proto::{Packet, PacketType, Properties, PropertyId, Publish, ReasonCode, Role, Version};

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
            for &packet in packet_types(version, sender) {
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
