//! Worlds so small that every state of them can be visited: whatever the order of events, and
//! wherever the connection is cut, nothing is lost, nothing comes twice at QoS 2, and all ends.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU16;

use mqtt_proto::{
    ConnAck, Connect, DecodeOptions, Item, Packet, PacketReader, Properties, Property, QoS,
    ReasonCode, Role, Version,
};
use mqtt_session::{
    Completion, Config, Event, Inline, Instant, Limits, Progress, Publish, Receiver, Reception,
    Sender, Session, Token,
};

const NOW: Instant = Instant::from_millis(0);
const QOS_1: QoS = QoS::AtLeastOnce;
const QOS_2: QoS = QoS::ExactlyOnce;

type Small = Inline<32, 2, 2>;

/// What one side publishes, and what became of it. A message has its index as payload.
#[derive(Clone, Debug, Hash)]
struct Messages {
    qos: &'static [QoS],
    tokens: Vec<Token>,
    /// How often each was delivered.
    delivered: [u8; 2],
    /// How often its sender was told that it is over.
    published: [u8; 2],
    /// How often it was told that the Server does not take it any more.
    unsendable: [u8; 2],
}

impl Messages {
    fn new(qos: &'static [QoS], mut publish: impl FnMut(&Publish<'_>) -> Token) -> Self {
        let tokens = (0..qos.len()).map(|index| {
            let payload = [u8::try_from(index).unwrap()];
            publish(&Publish::new("t", &payload).qos(qos[index]))
        });
        Self {
            qos,
            tokens: tokens.collect(),
            delivered: [0; 2],
            published: [0; 2],
            unsendable: [0; 2],
        }
    }

    fn is_delivered(&mut self, payload: &[u8]) {
        self.delivered[usize::from(payload[0])] += 1;
    }

    fn index_of(&self, token: Token) -> usize {
        self.tokens.iter().position(|it| *it == token).unwrap()
    }

    fn is_published(&mut self, token: Token) {
        self.published[self.index_of(token)] += 1;
    }

    fn is_unsendable(&mut self, token: Token) {
        self.unsendable[self.index_of(token)] += 1;
    }

    fn check(&self) {
        for (index, qos) in self.qos.iter().enumerate() {
            let (delivered, published) = (self.delivered[index], self.published[index]);
            assert!(delivered <= 1 || *qos == QOS_1, "came twice: {self:?}");
            assert!(published <= delivered.min(1), "told wrongly: {self:?}");
            let unsendable = self.unsendable[index];
            assert!(published + unsendable <= 1, "told twice: {self:?}");
            assert!(unsendable == 0 || *qos == QOS_2, "given up: {self:?}");
        }
    }

    fn are_over(&self) -> bool {
        (0..self.qos.len()).all(|index| self.published[index] + self.unsendable[index] == 1)
    }
}

/// A session, a Server made of the role-blind flows, and what is under way between them.
#[derive(Clone, Debug, Hash)]
struct World {
    client: Session<Small>,
    sender: Sender<Small>,
    receiver: Receiver<Small>,
    server_has_session: bool,
    /// Of both sides.
    receive_maximum: NonZeroU16,
    /// Whether the Server takes no QoS 2 on every second connection.
    is_fickle: bool,
    of_client: Messages,
    of_server: Messages,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    cuts: u8,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    ClientTransmits,
    ServerTransmits,
    /// One packet comes.
    ClientReceives,
    ServerReceives,
    /// What is under way is lost, and the client connects again.
    Cut,
}

const STEPS: [Step; 5] = [
    Step::ClientTransmits,
    Step::ServerTransmits,
    Step::ClientReceives,
    Step::ServerReceives,
    Step::Cut,
];

impl World {
    fn new(
        version: Version,
        receive_maximum: u16,
        of_client: &'static [QoS],
        of_server: &'static [QoS],
    ) -> Self {
        let receive_maximum = NonZeroU16::new(receive_maximum).unwrap();
        let mut config = Config::new(version);
        // In 3.1.1 a Server cannot say it.
        config.maximum_in_flight = receive_maximum;
        let mut client = Session::new(config);
        let mut sender = Sender::new(version, usize::MAX);
        let of_client = Messages::new(of_client, |it| client.publish(NOW, it).unwrap());
        let of_server = Messages::new(of_server, |it| sender.publish(NOW, it).unwrap());
        let mut world = Self {
            client,
            sender,
            receiver: Receiver::new(version, false),
            server_has_session: false,
            receive_maximum,
            is_fickle: false,
            of_client,
            of_server,
            to_server: Vec::new(),
            to_client: Vec::new(),
            cuts: 0,
        };
        world.connects();
        world
    }

    fn takes(&mut self, step: Step) {
        // Room for one packet of these worlds, or for two acknowledgements.
        let mut buf = [0; 9];
        match step {
            Step::ClientTransmits => {
                let len = self.client.poll_transmit(NOW, &mut buf);
                self.to_server.extend(&buf[..len]);
            }
            Step::ServerTransmits => {
                let len = self.server_transmits(&mut buf);
                self.to_client.extend(&buf[..len]);
            }
            Step::ClientReceives => self.client_receives(),
            Step::ServerReceives => self.server_receives(),
            Step::Cut => {
                self.cuts += 1;
                self.to_server.clear();
                self.to_client.clear();
                self.client.handle_close(NOW);
                self.sender.close();
                self.receiver.close();
                self.connects();
            }
        }
        while let Some((token, completion)) = self.client.poll_completed() {
            let reason = ReasonCode::QoSNotSupported;
            assert_eq!(completion, Completion::Unsendable(reason));
            self.of_client.is_unsendable(token);
        }
        self.of_client.check();
        self.of_server.check();
    }

    fn connects(&mut self) {
        let version = self.client.version();
        let properties = [Property::ReceiveMaximum(self.receive_maximum)];
        let mut connect = Connect::new(version, "c");
        connect.clean_start = false;
        connect.keep_alive = 0;
        if version == Version::V5 {
            connect.properties = Properties::new(&properties);
        }
        let mut buf = [0; 32];
        let opened = self.client.connect(NOW, &connect, &mut buf, &mut []);
        let (len, _) = opened.unwrap();
        self.to_server.extend(&buf[..len]);
    }

    fn client_receives(&mut self) {
        let Some(packet) = first_packet(&self.to_client) else {
            return;
        };
        // Packets come whole here, and between two of them a reader holds nothing.
        let options = DecodeOptions::new(self.client.version(), Role::Server);
        let mut scratch = [0; 64];
        let mut reader = PacketReader::new(options, &mut scratch);
        let mut input = &packet[..];
        match self.client.handle_input(NOW, &mut reader, &mut input) {
            Progress::Event(Event::Message(it)) => self.of_server.is_delivered(it.payload),
            Progress::Event(Event::Published(it)) => {
                assert_eq!(it.reason, ReasonCode::Success);
                self.of_client.is_published(it.token);
            }
            Progress::Event(Event::Connected(_) | Event::Handled(_)) => {}
            Progress::Blocked => return,
            other => panic!("{other:?}"),
        }
        self.to_client.drain(..packet.len());
    }

    fn server_receives(&mut self) {
        let is_blocked = self.receiver.is_blocked() || self.sender.is_blocked();
        let Some(packet) = first_packet(&self.to_server).filter(|_| !is_blocked) else {
            return;
        };
        self.to_server.drain(..packet.len());
        let options = DecodeOptions::new(self.client.version(), Role::Client);
        let mut scratch = [0; 64];
        let mut reader = PacketReader::new(options, &mut scratch);
        let over = match reader.read(&mut &packet[..]).unwrap().unwrap() {
            Item::Message { head, payload, .. } => {
                let reception = self.receiver.handle_publish(head.delivery, 0).unwrap();
                if let Reception::Deliver(_) = reception {
                    self.of_client.is_delivered(payload);
                }
                None
            }
            Item::Packet(Packet::Connect(connect)) => {
                self.server_accepts(&connect);
                None
            }
            Item::Packet(Packet::PubAck(ack)) => self.sender.handle_puback(ack.packet_id).unwrap(),
            Item::Packet(Packet::PubRec(ack)) => self
                .sender
                .handle_pubrec(ack.packet_id, ack.reason)
                .unwrap(),
            Item::Packet(Packet::PubComp(ack)) => self
                .sender
                .handle_pubcomp(ack.packet_id, ack.reason)
                .unwrap(),
            Item::Packet(Packet::PubRel(ack)) => {
                self.receiver.handle_pubrel(ack.packet_id).unwrap();
                None
            }
            other => panic!("{other:?}"),
        };
        if let Some(token) = over {
            self.of_server.is_published(token);
        }
    }

    fn server_accepts(&mut self, connect: &Connect<'_>) {
        self.sender.open();
        self.receiver.open(self.receive_maximum.get());
        let mut limits = Limits::of_client(connect);
        limits.receive_maximum = self.receive_maximum;
        self.sender.start(limits);
        let mut properties = vec![Property::ReceiveMaximum(self.receive_maximum)];
        if self.is_fickle && self.cuts % 2 == 1 {
            properties.push(Property::MaximumQoS(QOS_1));
        }
        let mut connack = ConnAck {
            session_present: self.server_has_session,
            reason: ReasonCode::Success,
            properties: Properties::EMPTY,
        };
        if connect.version == Version::V5 {
            connack.properties = Properties::new(&properties);
        }
        if !self.server_has_session {
            // Of this world the Server's messages are part from the beginning.
            self.receiver.session_lost();
        }
        self.server_has_session = true;
        let mut buf = [0; 16];
        let packet = Packet::ConnAck(connack);
        let len = packet.encode(connect.version, &mut buf).unwrap();
        self.to_client.extend(&buf[..len]);
    }

    fn server_transmits(&mut self, buf: &mut [u8]) -> usize {
        if !self.sender.is_mid_packet() {
            let len = self.receiver.poll_transmit(u32::MAX, buf);
            if len > 0 {
                return len;
            }
        }
        self.sender.poll_transmit(NOW, buf)
    }

    fn is_done(&self) -> bool {
        let pending = self.client.pending() + self.sender.pending();
        let tracked = self.receiver.len();
        let messages = self.of_client.are_over() && self.of_server.are_over();
        messages && pending + tracked == 0
    }

    /// As in other model checkers, 64 bits stand for the whole of a state.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// The packet in front, if it has come whole. No packet of these worlds is longer than 127 bytes.
fn first_packet(bytes: &[u8]) -> Option<Vec<u8>> {
    let len = 2 + usize::from(*bytes.get(1)?);
    bytes.get(..len).map(<[u8]>::to_vec)
}

/// A state on the way from the first one.
struct Visit {
    world: World,
    fingerprint: u64,
    untried: std::slice::Iter<'static, Step>,
    /// Whether anything but a cut changes it.
    goes_on: bool,
}

impl Visit {
    fn new(world: World, fingerprint: u64) -> Self {
        Self {
            world,
            fingerprint,
            untried: STEPS.iter(),
            goes_on: false,
        }
    }
}

/// Visits every state that can be reached with so many cuts, and counts them. Nothing stands still
/// that is not over, and no way leads back to where it was: so every run ends well.
fn search(first: World, most_cuts: u8) -> usize {
    let mut is_on_the_way: BTreeMap<u64, bool> = BTreeMap::new();
    let fingerprint = first.fingerprint();
    is_on_the_way.insert(fingerprint, true);
    let mut way = vec![Visit::new(first, fingerprint)];
    while let Some(visit) = way.last_mut() {
        let Some(&step) = visit.untried.next() else {
            assert!(visit.goes_on || visit.world.is_done(), "{:#?}", visit.world);
            is_on_the_way.insert(visit.fingerprint, false);
            way.pop();
            continue;
        };
        if step == Step::Cut && visit.world.cuts == most_cuts {
            continue;
        }
        let mut world = visit.world.clone();
        world.takes(step);
        let fingerprint = world.fingerprint();
        if fingerprint == visit.fingerprint {
            continue;
        }
        visit.goes_on |= step != Step::Cut;
        match is_on_the_way.get(&fingerprint) {
            Some(true) => panic!("round and round: {world:#?}"),
            Some(false) => {}
            None => {
                is_on_the_way.insert(fingerprint, true);
                way.push(Visit::new(world, fingerprint));
            }
        }
    }
    is_on_the_way.len()
}

const SCRIPTS: [&[QoS]; 3] = [&[QOS_2, QOS_1], &[QOS_1, QOS_2], &[QOS_2, QOS_2]];

fn in_each_world(search: impl Fn(Version, u16) -> usize) {
    for version in [Version::V3_1_1, Version::V5] {
        for receive_maximum in [1, 2] {
            // With fewer, most of what can happen did not.
            assert!(search(version, receive_maximum) > 150);
        }
    }
}

/// [MQTT-4.3.2-1], [MQTT-4.3.3-1], [MQTT-4.4.0-1]
#[test]
fn every_way_to_send_ends_well() {
    for qos in SCRIPTS {
        in_each_world(|version, maximum| search(World::new(version, maximum, qos, &[]), 3));
    }
}

/// [MQTT-4.3.2-4], [MQTT-4.3.3-8], [MQTT-4.3.3-10]
#[test]
fn every_way_to_receive_ends_well() {
    for qos in SCRIPTS {
        in_each_world(|version, maximum| search(World::new(version, maximum, &[], qos), 3));
    }
}

/// A QoS 2 message that the Server does not take any more gives back its packet identifier on both
/// sides, and is not sent again.
#[test]
fn every_way_to_give_up_ends_well() {
    for qos in SCRIPTS {
        for receive_maximum in [1, 2] {
            let mut world = World::new(Version::V5, receive_maximum, qos, &[]);
            world.is_fickle = true;
            assert!(search(world, 3) > 150);
        }
    }
}

#[test]
fn every_way_to_do_both_ends_well() {
    in_each_world(|version, maximum| {
        let world = World::new(version, maximum, SCRIPTS[0], SCRIPTS[1]);
        // With more in flight a second cut means tens of thousands of states.
        search(world, if maximum == 1 { 2 } else { 1 })
    });
}
