//! A Server that checks what it gets and has the right answer to it.

use std::collections::{BTreeSet, VecDeque};

use mqtt_proto::{
    Ack, ConnAck, DecodeOptions, Delivery, Packet, PacketId, Properties, Property, Publish,
    PublishHead, QoS, ReasonCode, Role, Sequence, SubAck, TopicName, Version,
};

/// What it tells a client of 5.0.
const RECEIVE_MAXIMUM: u16 = 2;

pub(super) struct Server {
    version: Version,
    /// What came and is not whole yet.
    received: Vec<u8>,
    answers: VecDeque<Vec<u8>>,
    /// QoS 1 and 2 messages of the client that are not over, in this connection.
    in_flight: BTreeSet<PacketId>,
    /// Whether it has kept to the rules, so that the client can be held to them.
    correct: bool,
    next_id: PacketId,
}

impl Server {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            received: Vec::new(),
            answers: VecDeque::new(),
            in_flight: BTreeSet::new(),
            correct: true,
            next_id: PacketId::MIN,
        }
    }

    /// A new connection.
    pub(super) fn connect(&mut self) {
        *self = Self {
            next_id: self.next_id,
            ..Self::new(self.version)
        };
    }

    /// From here on the client may be misled.
    pub(super) fn break_rules(&mut self) {
        self.correct = false;
    }

    /// Bytes of the client: a stream of whole, valid packets.
    pub(super) fn received(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        let received = std::mem::take(&mut self.received);
        let mut input = received.as_slice();
        let options = DecodeOptions::new(self.version, Role::Client);
        loop {
            match Packet::decode(&options, &mut input) {
                Ok(Some(packet)) => self.packet(&packet),
                Ok(None) => break,
                Err(error) => panic!("the session sent {input:02x?}: {error}"),
            }
        }
        self.received = input.to_vec();
    }

    /// The answer to the oldest packet; empty if there is none.
    pub(super) fn answer(&mut self) -> Vec<u8> {
        let answer = self.answers.pop_front().unwrap_or_default();
        let options = DecodeOptions::new(self.version, Role::Server);
        if let Ok(Some(Packet::PubAck(ack) | Packet::PubComp(ack))) =
            Packet::decode(&options, &mut &answer[..])
        {
            self.in_flight.remove(&ack.packet_id);
        }
        answer
    }

    /// A message for the client.
    pub(super) fn message(&mut self, qos: QoS, size: usize) -> Vec<u8> {
        self.next_id = self.next_id.next();
        let (packet_id, dup) = (self.next_id, false);
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
        };
        let topic = TopicName::new("to/client").ok();
        let head = PublishHead {
            delivery,
            retain: false,
            topic,
            properties: Properties::EMPTY,
        };
        self.encode(&Packet::Publish(Publish {
            head,
            payload: &vec![b'y'; size],
        }))
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        let limit = [Property::ReceiveMaximum(
            RECEIVE_MAXIMUM.try_into().expect("not 0"),
        )];
        let reasons = |count| vec![ReasonCode::GrantedQoS1; count];
        let answer = match *packet {
            Packet::Connect(connect) => {
                let properties = match connect.version {
                    Version::V3_1_1 => Properties::EMPTY,
                    Version::V5 => Sequence::new(&limit),
                };
                let session_present = !connect.clean_start;
                self.encode(&Packet::ConnAck(ConnAck {
                    session_present,
                    reason: ReasonCode::Success,
                    properties,
                }))
            }
            Packet::Publish(publish) => match publish.head.delivery {
                Delivery::AtMostOnce => return,
                Delivery::AtLeastOnce { packet_id, .. } => {
                    self.begins(packet_id);
                    self.encode(&Packet::PubAck(Ack::new(packet_id, ReasonCode::Success)))
                }
                Delivery::ExactlyOnce { packet_id, .. } => {
                    self.begins(packet_id);
                    self.encode(&Packet::PubRec(Ack::new(packet_id, ReasonCode::Success)))
                }
            },
            Packet::PubRec(ack) => self.encode(&Packet::PubRel(Ack::new(
                ack.packet_id,
                ReasonCode::Success,
            ))),
            Packet::PubRel(ack) => self.encode(&Packet::PubComp(Ack::new(
                ack.packet_id,
                ReasonCode::Success,
            ))),
            Packet::Subscribe(subscribe) => {
                let reasons = reasons(subscribe.subscriptions.iter().count());
                let reasons = Sequence::new(&reasons);
                let (packet_id, properties) = (subscribe.packet_id, Properties::EMPTY);
                self.encode(&Packet::SubAck(SubAck {
                    packet_id,
                    properties,
                    reasons,
                }))
            }
            Packet::Unsubscribe(unsubscribe) => {
                let reasons = match self.version {
                    Version::V3_1_1 => Vec::new(),
                    Version::V5 => vec![ReasonCode::Success; unsubscribe.filters.iter().count()],
                };
                let reasons = Sequence::new(&reasons);
                let (packet_id, properties) = (unsubscribe.packet_id, Properties::EMPTY);
                self.encode(&Packet::UnsubAck(SubAck {
                    packet_id,
                    properties,
                    reasons,
                }))
            }
            Packet::PingReq => self.encode(&Packet::PingResp),
            Packet::PubAck(_) | Packet::PubComp(_) | Packet::Disconnect(_) | Packet::Auth(_) => {
                return;
            }
            Packet::ConnAck(_) | Packet::SubAck(_) | Packet::UnsubAck(_) | Packet::PingResp => {
                panic!("{packet:?} is for Servers alone")
            }
        };
        self.answers.push_back(answer);
    }

    fn begins(&mut self, packet_id: PacketId) {
        let new = self.in_flight.insert(packet_id);
        if self.correct {
            // [MQTT-2.2.1-3]
            assert!(new, "{packet_id:?} is in use");
            // [MQTT-3.3.4-7]
            let within = self.version == Version::V3_1_1
                || self.in_flight.len() <= usize::from(RECEIVE_MAXIMUM);
            assert!(within, "more than the Receive Maximum in flight");
        }
    }

    fn encode(&self, packet: &Packet<'_>) -> Vec<u8> {
        let mut bytes = vec![0; packet.encoded_len(self.version).expect("it is valid")];
        packet
            .encode(self.version, &mut bytes)
            .expect("it has room");
        bytes
    }
}
