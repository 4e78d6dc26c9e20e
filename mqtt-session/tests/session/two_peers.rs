//! A session and a Server made of the role-blind flows, over a link that splits and cuts.

use std::collections::VecDeque;

use mqtt_proto::{
    ConnAck, Connect, DecodeOptions, Item, Packet, PacketReader, Properties, Property, QoS,
    ReasonCode, Role, Version,
};
use mqtt_session::{
    Config, Event, Heap, Inline, Instant, Limits, Progress, Publish, Receiver, Reception, Sender,
    Session,
};
use proptest::prelude::*;

const NOW: Instant = Instant::from_millis(0);

/// What was delivered on one side: each message once for each time.
#[derive(Default)]
struct Inbox {
    messages: Vec<String>,
    coming: String,
}

impl Inbox {
    fn take(&mut self, payload: &[u8], first: bool, remaining: u32) {
        if first {
            self.coming.clear();
        }
        self.coming += core::str::from_utf8(payload).unwrap();
        if remaining == 0 {
            self.messages.push(core::mem::take(&mut self.coming));
        }
    }

    /// QoS 2 exactly once and in order; QoS 1 at least once, in order at first sight.
    fn check(&self, sent: u32) {
        for qos in [1, 2] {
            let expected: Vec<String> = (0..sent).filter(|n| qos_of(*n) == qos).map(text).collect();
            let mut seen: Vec<String> = Vec::new();
            for message in &self.messages {
                if expected.contains(message) && (qos == 2 || !seen.contains(message)) {
                    seen.push(message.clone());
                }
            }
            assert_eq!(seen, expected, "QoS {qos}");
        }
    }
}

fn qos_of(n: u32) -> u8 {
    if n.is_multiple_of(3) { 1 } else { 2 }
}

fn text(n: u32) -> String {
    format!("{n}{}", "-".repeat(n as usize % 40))
}

struct World {
    version: Version,
    client: Session<Inline<4096, 16, 4>>,
    client_reader: PacketReader<'static>,
    client_inbox: Inbox,
    published: Vec<mqtt_session::Token>,
    server: Server,
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    sent_by_client: u32,
    sent_by_server: u32,
}

struct Server {
    version: Version,
    sender: Sender<Heap>,
    receiver: Receiver<Heap>,
    reader: PacketReader<'static>,
    inbox: Inbox,
    has_session: bool,
}

impl Server {
    fn new(version: Version) -> Self {
        Self {
            version,
            sender: Sender::new(version, 1 << 20),
            receiver: Receiver::new(version, false),
            reader: Self::reader(version),
            inbox: Inbox::default(),
            has_session: false,
        }
    }

    fn reader(version: Version) -> PacketReader<'static> {
        PacketReader::new(
            DecodeOptions::new(version, Role::Client),
            vec![0; 256].leak(),
        )
    }

    fn takes(&mut self, mut bytes: &[u8], out: &mut VecDeque<u8>) {
        loop {
            if self.receiver.is_blocked() || self.sender.is_blocked() {
                self.transmits(out);
            }
            let Some(item) = self.reader.read(&mut bytes).unwrap() else {
                return;
            };
            match item {
                Item::Message {
                    head,
                    payload,
                    remaining,
                } => {
                    match self
                        .receiver
                        .handle_publish(head.delivery, remaining)
                        .unwrap()
                    {
                        Reception::Deliver(_) => self.inbox.take(payload, true, remaining),
                        Reception::Duplicate => {}
                    }
                }
                Item::Payload { payload, remaining } => {
                    if self.receiver.handle_payload(remaining) {
                        self.inbox.take(payload, false, remaining);
                    }
                }
                Item::Packet(Packet::Connect(connect)) => {
                    self.sender.open();
                    self.receiver.open(u16::MAX);
                    let session_present = self.has_session;
                    if !session_present {
                        self.sender.session_lost();
                        self.receiver.session_lost();
                    }
                    self.has_session = true;
                    let mut limits = Limits::of_client(&connect);
                    if self.version == Version::V3_1_1 {
                        // What a Server of 3.1.1 keeps in flight is its own affair.
                        limits.receive_maximum = 4.try_into().unwrap();
                    }
                    self.sender.start(limits);
                    let connack = ConnAck {
                        session_present,
                        reason: ReasonCode::Success,
                        properties: Properties::EMPTY,
                    };
                    let mut buf = [0; 16];
                    let len = Packet::ConnAck(connack)
                        .encode(self.version, &mut buf)
                        .unwrap();
                    out.extend(&buf[..len]);
                }
                Item::Packet(Packet::PubAck(ack)) => {
                    self.sender.handle_puback(ack.packet_id).unwrap();
                }
                Item::Packet(Packet::PubRec(ack)) => {
                    self.sender
                        .handle_pubrec(ack.packet_id, ack.reason)
                        .unwrap();
                }
                Item::Packet(Packet::PubRel(ack)) => {
                    self.receiver.handle_pubrel(ack.packet_id).unwrap();
                }
                Item::Packet(Packet::PubComp(ack)) => {
                    self.sender
                        .handle_pubcomp(ack.packet_id, ack.reason)
                        .unwrap();
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn transmits(&mut self, out: &mut VecDeque<u8>) {
        let mut buf = [0; 32];
        loop {
            let mut len = if self.sender.is_mid_packet() {
                0
            } else {
                self.receiver.poll_transmit(u32::MAX, &mut buf)
            };
            if len == 0 {
                len = self.sender.poll_transmit(NOW, &mut buf);
            }
            if len == 0 {
                return;
            }
            out.extend(&buf[..len]);
        }
    }
}

impl World {
    fn new(version: Version) -> Self {
        let mut world = Self {
            version,
            client: Session::new(Config::new(version)),
            client_reader: Server::reader(version),
            client_inbox: Inbox::default(),
            published: Vec::new(),
            server: Server::new(version),
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            sent_by_client: 0,
            sent_by_server: 0,
        };
        world.connects();
        world
    }

    fn connects(&mut self) {
        let properties = [Property::ReceiveMaximum(4.try_into().unwrap())];
        let mut connect = Connect::new(self.version, "c");
        connect.clean_start = false;
        if self.version == Version::V5 {
            connect.properties = Properties::new(&properties);
        }
        let mut buf = [0; 64];
        let scratch = vec![0; 64].leak();
        let (len, reader) = self
            .client
            .connect(NOW, &connect, &mut buf, scratch)
            .unwrap();
        self.client_reader = reader;
        self.server.reader = Server::reader(self.version);
        self.to_server.extend(&buf[..len]);
    }

    fn cuts(&mut self) {
        self.to_server.clear();
        self.to_client.clear();
        self.client.handle_close(NOW);
        self.server.sender.close();
        self.server.receiver.close();
        self.connects();
    }

    fn client_publishes(&mut self) {
        let n = self.sent_by_client;
        let payload = text(n);
        let publish = Publish::new("t", payload.as_bytes()).qos(QoS::from_u8(qos_of(n)).unwrap());
        let before = self.client.clone();
        match self.client.publish(NOW, &publish) {
            Ok(_) => self.sent_by_client += 1,
            Err(_) => assert_eq!(self.client, before),
        }
    }

    fn server_publishes(&mut self) {
        let n = self.sent_by_server;
        let payload = text(n);
        let publish = Publish::new("t", payload.as_bytes()).qos(QoS::from_u8(qos_of(n)).unwrap());
        self.server.sender.publish(NOW, &publish).unwrap();
        self.sent_by_server += 1;
    }

    fn client_takes(&mut self, count: usize) {
        let bytes: Vec<u8> = self
            .to_client
            .drain(..count.min(self.to_client.len()))
            .collect();
        let mut input = &bytes[..];
        loop {
            match self
                .client
                .handle_input(NOW, &mut self.client_reader, &mut input)
            {
                Progress::Event(Event::Message(message)) => {
                    self.client_inbox
                        .take(message.payload, true, message.remaining);
                }
                Progress::Event(Event::Payload(chunk)) => {
                    self.client_inbox
                        .take(chunk.payload, false, chunk.remaining);
                }
                Progress::Event(Event::Published(published)) => {
                    assert!(!published.reason.is_error());
                    assert!(!self.published.contains(&published.token));
                    self.published.push(published.token);
                }
                Progress::Event(Event::Disconnected(why)) => panic!("{why:?}"),
                Progress::Event(_) => {}
                Progress::NeedInput => return,
                Progress::Blocked => self.client_transmits(9),
            }
        }
    }

    fn client_transmits(&mut self, size: usize) {
        let mut buf = vec![0; size];
        loop {
            let len = self.client.poll_transmit(NOW, &mut buf);
            if len == 0 {
                return;
            }
            self.to_server.extend(&buf[..len]);
        }
    }

    fn acts(&mut self, choice: u16) {
        let count = usize::from(choice >> 3) % 40;
        match choice % 8 {
            0 => self.client_publishes(),
            1 => self.server_publishes(),
            2 => self.client_transmits(8 + count),
            3 => self.server.transmits(&mut self.to_client),
            4 | 5 => {
                let count = count.min(self.to_server.len());
                let bytes: Vec<u8> = self.to_server.drain(..count).collect();
                self.server.takes(&bytes, &mut self.to_client);
            }
            6 => self.client_takes(count),
            _ if count < 8 => self.cuts(),
            _ => self.client_takes(count * 4),
        }
    }

    fn settles(&mut self) {
        for _ in 0..1000 {
            self.client_transmits(50);
            let bytes: Vec<u8> = self.to_server.drain(..).collect();
            self.server.takes(&bytes, &mut self.to_client);
            self.server.transmits(&mut self.to_client);
            self.client_takes(usize::MAX);
            let idle = self.to_client.is_empty() && self.to_server.is_empty();
            if idle && self.client.pending() == 0 && self.server.sender.pending() == 0 {
                break;
            }
        }
        self.client_transmits(50);
        assert_eq!((self.client.pending(), self.client.outbox_len()), (0, 0));
        assert_eq!(
            (
                self.server.sender.pending(),
                self.server.sender.outbox_len()
            ),
            (0, 0)
        );
        assert_eq!(self.client.poll_completed(), None);
        assert_eq!(self.published.len(), self.sent_by_client as usize);
        self.client_inbox.check(self.sent_by_server);
        self.server.inbox.check(self.sent_by_client);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Nothing is lost at QoS 1 and 2, nothing comes twice at QoS 2, all comes in order, wherever the
    /// connection is cut.
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(
        version in prop_oneof![Just(Version::V3_1_1), Just(Version::V5)],
        choices in proptest::collection::vec(any::<u16>(), 0..600),
    ) {
        let mut world = World::new(version);
        for choice in choices {
            world.acts(choice);
        }
        world.settles();
    }
}
