//! A witness that saw nothing wrong would prove nothing: each rule, broken.

use mqtt_proto::{
    Ack, ConnAck, Connect, Delivery, Disconnect, Packet, PacketId, Properties, Property, Publish,
    PublishHead, QoS, ReasonCode, Sequence, TopicName, Version,
};
use mqtt_session::{Duration, Instant};

use super::Witness;

const VERSION: Version = Version::V5;

enum Side {
    Client,
    Server,
}
use Side::{Client, Server};

/// A conversation after CONNECT and CONNACK, in each of which a Receive Maximum of 1 is announced.
fn talk(packets: &[(Side, u64, Packet<'_>)]) {
    let mut witness = Witness::new(Instant::default(), VERSION);
    let limits = [
        Property::ReceiveMaximum(1.try_into().unwrap()),
        Property::MaximumPacketSize(20.try_into().unwrap()),
    ];
    let limits = Sequence::new(&limits);
    let connect = Connect {
        keep_alive: 10,
        properties: limits,
        ..Connect::new(VERSION, "a")
    };
    witness.client_wrote(Instant::default(), &encode(&Packet::Connect(connect)));
    let connack = ConnAck {
        session_present: false,
        reason: ReasonCode::Success,
        properties: limits,
    };
    witness.client_read(Instant::default(), &encode(&Packet::ConnAck(connack)));
    for (side, seconds, packet) in packets {
        let now = Instant::default() + Duration::from_secs(*seconds);
        // Byte by byte: what straddles is judged all the same.
        for byte in encode(packet) {
            match side {
                Client => witness.client_wrote(now, &[byte]),
                Server => witness.client_read(now, &[byte]),
            }
        }
    }
}

fn encode(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len(VERSION).unwrap()];
    packet.encode(VERSION, &mut bytes).unwrap();
    bytes
}

fn publish(packet_id: u16, qos: QoS, payload: &[u8]) -> Packet<'_> {
    let packet_id = PacketId::new(packet_id).unwrap();
    let delivery = match qos {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce {
            packet_id,
            dup: false,
        },
        QoS::ExactlyOnce => Delivery::ExactlyOnce {
            packet_id,
            dup: false,
        },
    };
    let topic = Some(TopicName::new("t").unwrap());
    let head = PublishHead {
        delivery,
        retain: false,
        topic,
        properties: Properties::EMPTY,
    };
    Packet::Publish(Publish { head, payload })
}

fn ack(packet_id: u16) -> Ack<'static> {
    Ack::new(PacketId::new(packet_id).unwrap(), ReasonCode::Success)
}

#[test]
fn a_conversation_by_the_rules_is_let_pass() {
    talk(&[
        (Client, 1, publish(1, QoS::ExactlyOnce, b"x")),
        (Server, 2, publish(1, QoS::AtLeastOnce, b"x")),
        (Client, 3, Packet::PubAck(ack(1))),
        (Server, 3, Packet::PubRec(ack(1))),
        (Client, 3, Packet::PubRel(ack(1))),
        (Server, 3, Packet::PubComp(ack(1))),
        (Client, 13, publish(2, QoS::AtLeastOnce, b"x")),
        (Client, 23, Packet::PingReq),
        (
            Client,
            23,
            Packet::Disconnect(Disconnect {
                reason: ReasonCode::Success,
                properties: Properties::EMPTY,
            }),
        ),
    ]);
}

#[test]
#[should_panic = "[MQTT-3.3.4-7]"]
fn more_from_the_client_than_the_server_takes() {
    talk(&[
        (Client, 1, publish(1, QoS::ExactlyOnce, b"x")),
        (Server, 1, Packet::PubRec(ack(1))),
        (Client, 1, publish(2, QoS::AtLeastOnce, b"x")),
    ]);
}

#[test]
#[should_panic = "[MQTT-3.3.4-9]"]
fn more_from_the_server_than_the_client_takes() {
    talk(&[
        (Server, 1, publish(1, QoS::AtLeastOnce, b"x")),
        (Server, 1, publish(2, QoS::AtLeastOnce, b"x")),
    ]);
}

#[test]
#[should_panic = "[MQTT-2.2.1-4]"]
fn the_same_message_twice_on_one_connection() {
    talk(&[
        (Client, 1, publish(1, QoS::AtLeastOnce, b"x")),
        (Client, 1, publish(1, QoS::AtLeastOnce, b"x")),
    ]);
}

#[test]
#[should_panic = "[MQTT-4.6.0-2]"]
fn an_acknowledgement_of_nothing() {
    talk(&[(Client, 1, Packet::PubAck(ack(1)))]);
}

#[test]
#[should_panic = "[MQTT-4.6.0-3]"]
fn an_acknowledgement_before_the_last_byte() {
    let publish = encode(&publish(1, QoS::ExactlyOnce, b"x"));
    let mut witness = Witness::new(Instant::default(), VERSION);
    let connack = ConnAck {
        session_present: false,
        reason: ReasonCode::Success,
        properties: Properties::EMPTY,
    };
    witness.client_read(Instant::default(), &encode(&Packet::ConnAck(connack)));
    witness.client_read(Instant::default(), &publish[..publish.len() - 1]);
    witness.client_wrote(Instant::default(), &encode(&Packet::PubRec(ack(1))));
}

#[test]
#[should_panic = "[MQTT-3.1.2-20]"]
fn silence_longer_than_the_keep_alive() {
    talk(&[(Client, 11, Packet::PingReq)]);
}

#[test]
#[should_panic = "[MQTT-3.2.2-15]"]
fn a_packet_larger_than_the_server_takes() {
    talk(&[(
        Client,
        1,
        publish(1, QoS::AtMostOnce, b"more than twenty bytes"),
    )]);
}

#[test]
#[should_panic = "[MQTT-3.14.4-1]"]
fn a_packet_after_disconnect() {
    let disconnect = Disconnect {
        reason: ReasonCode::Success,
        properties: Properties::EMPTY,
    };
    talk(&[
        (Client, 1, Packet::Disconnect(disconnect)),
        (Client, 1, Packet::PingReq),
    ]);
}

#[test]
#[should_panic = "[MQTT-3.1.0-2]"]
fn a_second_connect() {
    talk(&[(Client, 1, Packet::Connect(Connect::new(VERSION, "a")))]);
}

#[test]
#[should_panic = "what is not MQTT"]
fn bytes_that_are_no_packet() {
    let mut witness = Witness::new(Instant::default(), VERSION);
    witness.client_wrote(Instant::default(), &[0x00, 0x00]);
}
