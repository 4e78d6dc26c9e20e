//! Whatever clients send, the broker neither panics nor answers with what is not MQTT.

use mqtt_proto::{
    Connect, DecodeOptions, Delivery, Packet, PacketId, Properties, Property, Publish, PublishHead,
    QoS, Role, Sequence, Subscribe, Subscription, TopicFilter, TopicName, Version,
};
use mqtt_session::{Duration, Instant};
use mqtt_testkit::{Broker, BrokerOptions};
use proptest::collection::vec;
use proptest::prelude::*;

/// Good packets, whole or damaged, and noise.
fn bytes(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let good = prop_oneof![
        (any::<u8>(), any::<bool>()).prop_map(move |(name, clean_start)| {
            let name = format!("client-{}", name % 3);
            let connect = Connect {
                clean_start,
                ..Connect::new(version, &name)
            };
            encode(version, &Packet::Connect(connect))
        }),
        (0..3_u8, 1..4_u16, vec(any::<u8>(), 0..20), any::<bool>()).prop_map(
            move |(qos, packet_id, payload, retain)| {
                let packet_id = PacketId::new(packet_id).unwrap();
                let delivery = match qos {
                    0 => Delivery::AtMostOnce,
                    1 => Delivery::AtLeastOnce {
                        packet_id,
                        dup: false,
                    },
                    _ => Delivery::ExactlyOnce {
                        packet_id,
                        dup: true,
                    },
                };
                let alias = [Property::TopicAlias(u16::from(qos + 1).try_into().unwrap())];
                let properties = if version == Version::V5 {
                    Sequence::new(&alias)
                } else {
                    Properties::EMPTY
                };
                let topic = Some(TopicName::new("a/b").unwrap());
                let head = PublishHead {
                    delivery,
                    retain,
                    topic,
                    properties,
                };
                encode(
                    version,
                    &Packet::Publish(Publish {
                        head,
                        payload: &payload,
                    }),
                )
            }
        ),
        (0..4_usize, 0..3_u8).prop_map(move |(filter, qos)| {
            let filter = ["a/+", "#", "a/b", "$share/g/a/b"][filter];
            let filter = TopicFilter::new(filter).unwrap();
            let subscriptions = [Subscription::new(filter, QoS::from_u8(qos).unwrap())];
            let subscribe = Subscribe {
                packet_id: PacketId::MIN,
                properties: Properties::EMPTY,
                subscriptions: Sequence::new(&subscriptions),
            };
            encode(version, &Packet::Subscribe(subscribe))
        }),
        // PUBACK, PUBREC, PUBREL and PUBCOMP, and PINGREQ and DISCONNECT.
        (0..4_usize, 0..4_u8).prop_map(|(kind, id)| vec![[0x40, 0x50, 0x62, 0x70][kind], 2, 0, id]),
        Just(vec![0xC0, 0]),
        Just(vec![0xE0, 0]),
    ];
    let damaged = (good, any::<prop::sample::Index>(), any::<u8>(), 0..6_u8).prop_map(
        |(mut bytes, at, byte, damage)| {
            let at = at.index(bytes.len());
            match damage {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                _ => {}
            }
            bytes
        },
    );
    prop_oneof![9 => damaged, 1 => vec(any::<u8>(), 0..20)]
}

fn encode(version: Version, packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len(version).unwrap()];
    packet.encode(version, &mut bytes).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_comes_the_answers_are_mqtt(
        v5 in any::<bool>(),
        steps in vec((0..3_usize, bytes(Version::V5), bytes(Version::V3_1_1), 0..2000_u64), 0..40),
    ) {
        let version = if v5 { Version::V5 } else { Version::V3_1_1 };
        let mut now = Instant::default();
        let mut broker = Broker::new(BrokerOptions::default());
        let connect = |name: &str| encode(version, &Packet::Connect(Connect::new(version, name)));
        let open = |broker: &mut Broker, now, name: &str| {
            let id = broker.open(now);
            broker.handle_input(now, id, &connect(name));
            (id, Vec::new())
        };
        let names = ["client-0", "client-1", "client-2"];
        let mut clients = names.map(|name| open(&mut broker, now, name));
        for (client, new, old, millis) in steps {
            let bytes = if v5 { new } else { old };
            broker.handle_input(now, clients[client].0, &bytes);
            now = now + Duration::from_millis(millis);
            broker.handle_timeout(now);
            prop_assert!(broker.poll_timeout().is_none_or(|due| due > now));
            for (id, output) in &mut clients {
                let mut buf = [0; 100];
                loop {
                    let len = broker.poll_transmit(now, *id, &mut buf);
                    if len == 0 {
                        break;
                    }
                    output.extend_from_slice(&buf[..len]);
                }
                let options = DecodeOptions::new(version, Role::Server);
                let mut rest = output.as_slice();
                while let Some(packet) = Packet::decode(&options, &mut rest).unwrap() {
                    prop_assert!(!matches!(packet, Packet::Auth(_)));
                }
                prop_assert_eq!(rest, b"", "half a packet");
                output.clear();
            }
            while let Some(id) = broker.poll_close() {
                broker.handle_close(now, id);
                for (client, name) in clients.iter_mut().zip(names) {
                    if client.0 == id {
                        *client = open(&mut broker, now, name);
                    }
                }
            }
        }
    }
}
