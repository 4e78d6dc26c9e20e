//! The broker by packet traces: who sends what, who gets what.

mod connecting;
mod delivery;
mod limits;
mod retained;
mod sessions;
mod subscriptions;
mod wills;

use std::collections::BTreeMap;

use mqtt_proto::{
    Ack, ConnAck, Connect, DecodeOptions, Delivery, Disconnect, Packet, PacketId, Properties,
    Property, Publish, PublishHead, QoS, ReasonCode, Role, Sequence, SubAck, Subscribe,
    Subscription, TopicFilter, TopicName, Unsubscribe, Version,
};
use mqtt_session::{Duration, Instant};

use super::{Broker, BrokerOptions, ConnectionId};

/// A broker and the clients that talk to it, by the names that the test gives them.
struct Trace {
    broker: Broker,
    now: Instant,
    peers: BTreeMap<&'static str, Peer>,
}

struct Peer {
    id: ConnectionId,
    version: Version,
    input: Vec<u8>,
    closed: bool,
}

impl Trace {
    fn new(options: BrokerOptions) -> Self {
        Self {
            broker: Broker::new(options),
            now: Instant::default(),
            peers: BTreeMap::new(),
        }
    }

    fn generous() -> Self {
        Self::new(BrokerOptions::default())
    }

    /// Opens a connection, under a name that may have been another's before.
    fn open(&mut self, name: &'static str, version: Version) {
        let id = self.broker.open(self.now);
        self.peers.insert(
            name,
            Peer {
                id,
                version,
                input: Vec::new(),
                closed: false,
            },
        );
    }

    /// Opens a connection and sends CONNECT on it.
    fn dial(&mut self, name: &'static str, connect: &Connect<'_>) {
        self.open(name, connect.version);
        self.send(name, &Packet::Connect(*connect));
    }

    /// Connects with the name as client identifier, and expects to be let in to a new session.
    fn connect(&mut self, name: &'static str, version: Version) {
        self.connect_as(name, &Connect::new(version, name), false);
    }

    fn connect_as(&mut self, name: &'static str, connect: &Connect<'_>, session_present: bool) {
        self.dial(name, connect);
        let packet = self.receive(name).expect("a CONNACK");
        let Packet::ConnAck(connack) = packet.packet() else {
            panic!("{packet:?}")
        };
        assert_eq!(
            (connack.reason, connack.session_present),
            (ReasonCode::Success, session_present)
        );
    }

    fn send(&mut self, name: &'static str, packet: &Packet<'_>) {
        let version = self.peers[name].version;
        let mut buf = vec![0; packet.encoded_len(version).unwrap()];
        packet.encode(version, &mut buf).unwrap();
        self.send_bytes(name, &buf);
    }

    fn send_bytes(&mut self, name: &'static str, bytes: &[u8]) {
        self.broker
            .handle_input(self.now, self.peers[name].id, bytes);
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.broker.handle_timeout(self.now);
    }

    /// The transport is gone without a DISCONNECT.
    fn cut(&mut self, name: &'static str) {
        self.broker.handle_close(self.now, self.peers[name].id);
    }

    fn receive(&mut self, name: &'static str) -> Option<Received> {
        let peer = self.peers.get_mut(name).unwrap();
        let mut buf = [0; 7];
        loop {
            let len = self.broker.poll_transmit(self.now, peer.id, &mut buf);
            if len == 0 {
                break;
            }
            peer.input.extend_from_slice(&buf[..len]);
        }
        let mut options = DecodeOptions::new(peer.version, Role::Server);
        options.topic_alias_maximum = u16::MAX;
        let mut rest = peer.input.as_slice();
        Packet::decode(&options, &mut rest).unwrap()?;
        let len = peer.input.len() - rest.len();
        Some(Received {
            options,
            bytes: peer.input.drain(..len).collect(),
        })
    }

    #[track_caller]
    fn expect(&mut self, name: &'static str, packet: &Packet<'_>) {
        let received = self.receive(name);
        assert_eq!(
            received.as_ref().map(Received::packet).as_ref(),
            Some(packet)
        );
    }

    #[track_caller]
    fn expect_nothing(&mut self, name: &'static str) {
        let received = self.receive(name);
        assert_eq!(received.as_ref().map(Received::packet), None);
    }

    #[track_caller]
    fn expect_closed(&mut self, name: &'static str) {
        self.expect_nothing(name);
        while let Some(id) = self.broker.poll_close() {
            for peer in self.peers.values_mut().filter(|peer| peer.id == id) {
                peer.closed = true;
            }
            self.broker.handle_close(self.now, id);
        }
        assert!(self.peers[name].closed, "{name} is still open");
    }

    /// The connection is still served.
    #[track_caller]
    fn expect_open(&mut self, name: &'static str) {
        self.send(name, &Packet::PingReq);
        self.expect(name, &Packet::PingResp);
    }

    #[track_caller]
    fn subscribe(&mut self, name: &'static str, filter: &str, qos: QoS) {
        self.subscribe_with(
            name,
            Subscription::new(TopicFilter::new(filter).unwrap(), qos),
            &[],
        );
    }

    #[track_caller]
    fn subscribe_with(
        &mut self,
        name: &'static str,
        subscription: Subscription<'_>,
        properties: &[Property<'_>],
    ) {
        self.send(name, &subscribe(1, &[subscription], properties));
        let granted = match subscription.options.maximum_qos {
            QoS::AtMostOnce => ReasonCode::Success,
            QoS::AtLeastOnce => ReasonCode::GrantedQoS1,
            QoS::ExactlyOnce => ReasonCode::GrantedQoS2,
        };
        self.expect(name, &suback(1, &[granted]));
    }
}

#[derive(Debug)]
struct Received {
    options: DecodeOptions,
    bytes: Vec<u8>,
}

impl Received {
    fn packet(&self) -> Packet<'_> {
        Packet::decode(&self.options, &mut self.bytes.as_slice())
            .unwrap()
            .unwrap()
    }
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

fn at_least_once(packet_id: u16) -> Delivery {
    Delivery::AtLeastOnce {
        packet_id: id(packet_id),
        dup: false,
    }
}

fn exactly_once(packet_id: u16) -> Delivery {
    Delivery::ExactlyOnce {
        packet_id: id(packet_id),
        dup: false,
    }
}

/// The same delivery, again.
fn again(delivery: Delivery) -> Delivery {
    match delivery {
        Delivery::AtMostOnce => delivery,
        Delivery::AtLeastOnce { packet_id, .. } => Delivery::AtLeastOnce {
            packet_id,
            dup: true,
        },
        Delivery::ExactlyOnce { packet_id, .. } => Delivery::ExactlyOnce {
            packet_id,
            dup: true,
        },
    }
}

fn publish<'a>(delivery: Delivery, topic: &'a str, payload: &'a str) -> Packet<'a> {
    publish_with(delivery, false, topic, payload, &[])
}

fn publish_retained<'a>(delivery: Delivery, topic: &'a str, payload: &'a str) -> Packet<'a> {
    publish_with(delivery, true, topic, payload, &[])
}

fn publish_with<'a>(
    delivery: Delivery,
    retain: bool,
    topic: &'a str,
    payload: &'a str,
    properties: &'a [Property<'a>],
) -> Packet<'a> {
    let topic = Some(TopicName::new(topic).unwrap());
    let head = PublishHead {
        delivery,
        retain,
        topic,
        properties: Sequence::new(properties),
    };
    Packet::Publish(Publish {
        head,
        payload: payload.as_bytes(),
    })
}

fn puback(packet_id: u16) -> Packet<'static> {
    Packet::PubAck(Ack::new(id(packet_id), ReasonCode::Success))
}

fn pubrec(packet_id: u16) -> Packet<'static> {
    Packet::PubRec(Ack::new(id(packet_id), ReasonCode::Success))
}

fn pubrel(packet_id: u16) -> Packet<'static> {
    Packet::PubRel(Ack::new(id(packet_id), ReasonCode::Success))
}

fn pubcomp(packet_id: u16) -> Packet<'static> {
    Packet::PubComp(Ack::new(id(packet_id), ReasonCode::Success))
}

fn subscribe<'a>(
    packet_id: u16,
    subscriptions: &'a [Subscription<'a>],
    properties: &'a [Property<'a>],
) -> Packet<'a> {
    Packet::Subscribe(Subscribe {
        packet_id: id(packet_id),
        properties: Sequence::new(properties),
        subscriptions: Sequence::new(subscriptions),
    })
}

fn suback(packet_id: u16, reasons: &[ReasonCode]) -> Packet<'_> {
    Packet::SubAck(SubAck {
        packet_id: id(packet_id),
        properties: Properties::EMPTY,
        reasons: Sequence::new(reasons),
    })
}

fn unsubscribe<'a>(packet_id: u16, filters: &'a [TopicFilter<'a>]) -> Packet<'a> {
    Packet::Unsubscribe(Unsubscribe {
        packet_id: id(packet_id),
        properties: Properties::EMPTY,
        filters: Sequence::new(filters),
    })
}

fn unsuback(packet_id: u16, reasons: &[ReasonCode]) -> Packet<'_> {
    Packet::UnsubAck(SubAck {
        packet_id: id(packet_id),
        properties: Properties::EMPTY,
        reasons: Sequence::new(reasons),
    })
}

fn disconnect(reason: ReasonCode) -> Packet<'static> {
    Packet::Disconnect(Disconnect {
        reason,
        properties: Properties::EMPTY,
    })
}

fn refused(reason: ReasonCode) -> Packet<'static> {
    Packet::ConnAck(ConnAck {
        session_present: false,
        reason,
        properties: Properties::EMPTY,
    })
}

/// A CONNECT of a session that is kept: in 5.0 for an hour after the connection.
fn persistent<'a>(version: Version, client_id: &'a str) -> Connect<'a> {
    let mut connect = Connect {
        clean_start: false,
        ..Connect::new(version, client_id)
    };
    if version == Version::V5 {
        connect.properties = Sequence::new(&[Property::SessionExpiryInterval(3600)]);
    }
    connect
}

const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];
