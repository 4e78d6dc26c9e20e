use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use mqtt_proto::{
    Ack, ConnAck, DecodeOptions, Delivery, Packet, PacketId, Properties, Publish, PublishHead, QoS,
    ReasonCode, Role, Sequence, SubAck, TopicName, Version,
};

use crate::PATIENCE;

/// A server that does what the test says, step by step.
pub(crate) struct Server {
    listener: TcpListener,
    version: Version,
}

/// One connection of it.
pub(crate) struct Peer {
    stream: TcpStream,
    version: Version,
    input: Vec<u8>,
}

impl Server {
    pub(crate) fn new(version: Version) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        Self { listener, version }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().expect("it is bound").port()
    }

    /// The next connection, nothing read yet.
    pub(crate) fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().expect("a client comes");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a valid timeout");
        stream.set_nodelay(true).expect("TCP has it");
        Peer {
            stream,
            version: self.version,
            input: Vec::new(),
        }
    }

    /// The next connection, CONNECT taken and accepted.
    pub(crate) fn accept_mqtt(&self, session_present: bool) -> Peer {
        let mut peer = self.accept();
        peer.receive(|packet| assert!(matches!(packet, Packet::Connect(_)), "{packet:?}"));
        peer.accept(session_present);
        peer
    }
}

impl Peer {
    pub(crate) fn accept(&mut self, session_present: bool) {
        self.connack(session_present, ReasonCode::Success, Properties::EMPTY);
    }

    pub(crate) fn connack(
        &mut self,
        session_present: bool,
        reason: ReasonCode,
        properties: Properties<'_>,
    ) {
        self.send(&Packet::ConnAck(ConnAck {
            session_present,
            reason,
            properties,
        }));
    }

    /// Takes the next packet but for PINGREQ, which is answered.
    pub(crate) fn receive<R>(&mut self, with: impl FnOnce(Packet<'_>) -> R) -> R {
        let options = DecodeOptions::new(self.version, Role::Client);
        loop {
            let mut rest = &self.input[..];
            let before = rest.len();
            match Packet::decode(&options, &mut rest).expect("the client sends MQTT") {
                Some(Packet::PingReq) => {
                    let taken = before - rest.len();
                    self.input.drain(..taken);
                    self.send(&Packet::PingResp);
                }
                Some(packet) => {
                    let result = with(packet);
                    let taken = before - rest.len();
                    self.input.drain(..taken);
                    return result;
                }
                None => {
                    let mut buffer = [0; 4096];
                    let size = self.stream.read(&mut buffer).expect("the client sends");
                    assert!(size > 0, "the client closed");
                    self.input.extend_from_slice(&buffer[..size]);
                }
            }
        }
    }

    /// Takes the next packet even if it is a PINGREQ: it has to be one.
    pub(crate) fn receive_ping(&mut self) {
        let mut bytes = [0; 2];
        self.stream
            .read_exact(&mut bytes)
            .expect("the client pings");
        assert_eq!(bytes, [0xC0, 0]);
        self.send(&Packet::PingResp);
    }

    /// The client has to be done and gone.
    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.stream
            .read_to_end(&mut rest)
            .expect("the client closes");
        assert_eq!((&self.input[..], &rest[..]), (&[][..], &[][..]));
    }

    pub(crate) fn receive_publish(&mut self) -> (Option<PacketId>, bool, String) {
        self.receive(|packet| match packet {
            Packet::Publish(publish) => (
                publish.head.delivery.packet_id(),
                publish.head.delivery.dup(),
                String::from_utf8(publish.payload.to_vec()).expect("text"),
            ),
            packet => panic!("not a PUBLISH: {packet:?}"),
        })
    }

    pub(crate) fn receive_subscribe(&mut self) -> PacketId {
        self.receive(|packet| match packet {
            Packet::Subscribe(subscribe) => subscribe.packet_id,
            packet => panic!("not a SUBSCRIBE: {packet:?}"),
        })
    }

    pub(crate) fn suback(&mut self, packet_id: PacketId, reasons: &[ReasonCode]) {
        self.send(&Packet::SubAck(SubAck {
            packet_id,
            properties: Properties::EMPTY,
            reasons: Sequence::new(reasons),
        }));
    }

    pub(crate) fn receive_unsubscribe(&mut self) -> PacketId {
        self.receive(|packet| match packet {
            Packet::Unsubscribe(unsubscribe) => unsubscribe.packet_id,
            packet => panic!("not an UNSUBSCRIBE: {packet:?}"),
        })
    }

    pub(crate) fn unsuback(&mut self, packet_id: PacketId, reasons: &[ReasonCode]) {
        self.send(&Packet::UnsubAck(SubAck {
            packet_id,
            properties: Properties::EMPTY,
            reasons: Sequence::new(reasons),
        }));
    }

    pub(crate) fn puback(&mut self, packet_id: PacketId) {
        self.send(&Packet::PubAck(Ack::new(packet_id, ReasonCode::Success)));
    }

    /// Publishes at QoS 0, or at QoS 1 with this packet identifier.
    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8], packet_id: Option<u16>) {
        let bytes = self.publish_bytes(topic, payload, packet_id, QoS::AtLeastOnce, false);
        self.send_bytes(&bytes);
    }

    pub(crate) fn publish_bytes(
        &self,
        topic: &str,
        payload: &[u8],
        packet_id: Option<u16>,
        qos: QoS,
        dup: bool,
    ) -> Vec<u8> {
        let packet_id = packet_id.and_then(PacketId::new);
        self.encode(&Packet::Publish(Publish {
            head: PublishHead {
                delivery: match (packet_id, qos) {
                    (None, _) => Delivery::AtMostOnce,
                    (Some(packet_id), QoS::ExactlyOnce) => Delivery::ExactlyOnce { packet_id, dup },
                    (Some(packet_id), _) => Delivery::AtLeastOnce { packet_id, dup },
                },
                retain: false,
                topic: Some(TopicName::new(topic).expect("a valid name")),
                properties: Properties::EMPTY,
            },
            payload,
        }))
    }

    pub(crate) fn send(&mut self, packet: &Packet<'_>) {
        let bytes = self.encode(packet);
        self.send_bytes(&bytes);
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the client is there");
    }

    fn encode(&self, packet: &Packet<'_>) -> Vec<u8> {
        let size = packet.encoded_len(self.version).expect("encodable");
        let mut bytes = vec![0; size];
        packet.encode(self.version, &mut bytes).expect("it fits");
        bytes
    }
}
