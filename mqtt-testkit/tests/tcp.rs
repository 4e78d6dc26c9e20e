//! The broker behind a real listener.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use mqtt_proto::{
    ConnAck, Connect, DecodeOptions, Delivery, Packet, PacketId, Properties, Publish, PublishHead,
    QoS, ReasonCode, Role, Sequence, SubAck, Subscribe, Subscription, TopicFilter, TopicName,
    Version,
};
use mqtt_session::Duration;
use mqtt_testkit::{BrokerOptions, TcpBroker};

const VERSION: Version = Version::V3_1_1;

struct Client {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Client {
    fn open(broker: &TcpBroker) -> Self {
        Self {
            stream: TcpStream::connect(broker.addr()).unwrap(),
            input: Vec::new(),
        }
    }

    fn connect(broker: &TcpBroker, client_id: &str) -> Self {
        let mut client = Self::open(broker);
        client.send(&Packet::Connect(Connect::new(VERSION, client_id)));
        client.expect(&Packet::ConnAck(ConnAck {
            session_present: false,
            reason: ReasonCode::Success,
            properties: Properties::EMPTY,
        }));
        client
    }

    fn subscribe(&mut self, filter: &str) {
        let packet_id = PacketId::MIN;
        let subscription = Subscription::new(TopicFilter::new(filter).unwrap(), QoS::AtMostOnce);
        self.send(&Packet::Subscribe(Subscribe {
            packet_id,
            properties: Properties::EMPTY,
            subscriptions: Sequence::new(&[subscription]),
        }));
        self.expect(&Packet::SubAck(SubAck {
            packet_id,
            properties: Properties::EMPTY,
            reasons: Sequence::new(&[ReasonCode::Success]),
        }));
    }

    fn send(&mut self, packet: &Packet<'_>) {
        let mut buf = vec![0; packet.encoded_len(VERSION).unwrap()];
        packet.encode(VERSION, &mut buf).unwrap();
        self.stream.write_all(&buf).unwrap();
    }

    /// Waits for a packet.
    #[track_caller]
    fn expect(&mut self, packet: &Packet<'_>) {
        let mut buf = [0; 4096];
        loop {
            let mut rest = self.input.as_slice();
            let options = DecodeOptions::new(VERSION, Role::Server);
            if let Some(received) = Packet::decode(&options, &mut rest).unwrap() {
                assert_eq!(received, *packet);
                self.input = rest.to_vec();
                return;
            }
            let len = self.stream.read(&mut buf).unwrap();
            assert_ne!(len, 0, "closed before {packet:?}");
            self.input.extend_from_slice(&buf[..len]);
        }
    }

    /// Waits for the end of the stream.
    fn expect_closed(mut self) {
        assert_eq!(self.input, []);
        match self.stream.read(&mut [0; 64]) {
            Ok(0) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            other => panic!("{other:?}"),
        }
    }
}

fn publish<'a>(topic: &'a str, payload: &'a [u8], retain: bool) -> Packet<'a> {
    let head = PublishHead {
        delivery: Delivery::AtMostOnce,
        retain,
        topic: Some(TopicName::new(topic).unwrap()),
        properties: Properties::EMPTY,
    };
    Packet::Publish(Publish { head, payload })
}

#[test]
fn messages_pass_from_one_client_to_another() {
    let broker = TcpBroker::start().unwrap();
    assert_eq!(broker.url(), format!("mqtt://{}", broker.addr()));
    let mut a = Client::connect(&broker, "a");
    let mut b = Client::connect(&broker, "b");
    b.subscribe("t");
    let large = vec![7; 1 << 20];
    a.send(&publish("t", b"hello", false));
    a.send(&publish("t", &large, false));
    b.expect(&publish("t", b"hello", false));
    b.expect(&publish("t", &large, false));
    let connected = broker.with(|broker, _| broker.connected().count());
    assert_eq!(connected, 2);
}

#[test]
fn dropping_it_ends_every_connection() {
    let broker = TcpBroker::start().unwrap();
    let idle = Client::open(&broker);
    let connected = Client::connect(&broker, "a");
    drop(broker);
    idle.expect_closed();
    connected.expect_closed();
}

#[test]
fn a_cut_lets_clients_come_back() {
    let broker = TcpBroker::start().unwrap();
    let client = Client::connect(&broker, "a");
    broker.cut();
    client.expect_closed();
    Client::connect(&broker, "a");
}

#[test]
fn it_can_go_on_after_a_stop() {
    let broker = TcpBroker::start().unwrap();
    let mut a = Client::connect(&broker, "a");
    a.send(&publish("t", b"kept", true));
    a.send(&Packet::PingReq);
    a.expect(&Packet::PingResp);
    let broker = TcpBroker::resume_on("127.0.0.1:0", broker.stop()).unwrap();
    let mut b = Client::connect(&broker, "b");
    b.subscribe("t");
    b.expect(&publish("t", b"kept", true));
}

#[test]
fn time_passes_for_it() {
    let options = BrokerOptions {
        connect_timeout: Duration::from_millis(10),
        ..BrokerOptions::default()
    };
    let broker = TcpBroker::start_on("127.0.0.1:0", options).unwrap();
    Client::open(&broker).expect_closed();
}

#[test]
fn who_is_refused_is_told_before_the_end() {
    let mut options = BrokerOptions::default();
    options
        .credentials
        .insert("ann".to_owned(), b"secret".to_vec());
    let broker = TcpBroker::start_on("127.0.0.1:0", options).unwrap();
    let mut client = Client::open(&broker);
    client.send(&Packet::Connect(Connect::new(VERSION, "a")));
    client.expect(&Packet::ConnAck(ConnAck {
        session_present: false,
        reason: ReasonCode::BadUserNameOrPassword,
        properties: Properties::EMPTY,
    }));
    client.expect_closed();
}
