//! A session under test, with the Server's part written by hand: tests read as packet traces.
//!
//! Packets are written in one line each: `PUBACK 1`, `PUBREC 1 97` (a reason code in hexadecimal),
//! `PUBLISH 1 q1 dup a/b=hello`, `PUBLISH q0 a/b=hello`, `SUBACK 1 00 01`, `CONNACK`,
//! `CONNACK present`, `CONNACK 87`, `PINGRESP`, `DISCONNECT 8B`.

use mqtt_proto::{
    Ack, ConnAck, Connect, DecodeOptions, Delivery, Disconnect, Packet, PacketId, PacketReader,
    Properties, Property, Publish as PublishPacket, PublishHead, QoS, ReasonCode, Role, Sequence,
    SubAck, Subscription, TopicFilter, TopicName, Version,
};
use mqtt_session::{
    Config, Disconnected, Event, Heap, Instant, Progress, Publish, PublishError, Session, Storage,
    Token,
};

pub(crate) const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];

pub(crate) struct Trace<S: Storage = Heap> {
    pub(crate) session: Session<S>,
    pub(crate) now: Instant,
    /// Of the connections that are opened from now on, in seconds.
    pub(crate) keep_alive: u16,
    reader: Option<PacketReader<'static>>,
}

impl Trace<Heap> {
    pub(crate) fn v5() -> Self {
        Self::new(Config::new(Version::V5))
    }

    /// Connected, with a fresh Session.
    pub(crate) fn connected(version: Version) -> Self {
        let mut trace = Self::new(Config::new(version));
        trace.opens();
        trace.gets("CONNACK", "connected");
        trace
    }

    pub(crate) fn manual(version: Version) -> Self {
        let mut config = Config::new(version);
        config.manual_ack = true;
        let mut trace = Self::new(config);
        trace.opens();
        trace.gets("CONNACK", "connected");
        trace
    }
}

impl<S: Storage> Trace<S> {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            session: Session::new(config),
            now: Instant::from_millis(1_000_000),
            keep_alive: 60,
            reader: None,
        }
    }

    fn version(&self) -> Version {
        self.session.version()
    }

    /// Time passes.
    pub(crate) fn after(&mut self, millis: u64) {
        self.now = Instant::from_millis(self.now.as_millis() + millis);
    }

    /// Opens a connection that resumes, if the Server will.
    pub(crate) fn opens(&mut self) {
        let connect = self.connect();
        self.opens_with(&connect);
    }

    pub(crate) fn connect(&self) -> Connect<'static> {
        let mut connect = Connect::new(self.version(), "client");
        connect.clean_start = false;
        connect.keep_alive = self.keep_alive;
        connect
    }

    /// Opens a connection to a Server that may have no more than so many messages in flight.
    pub(crate) fn opens_for(&mut self, receive_maximum: usize) {
        let receive_maximum = u16::try_from(receive_maximum).unwrap();
        let properties = [Property::ReceiveMaximum(
            receive_maximum.try_into().unwrap(),
        )];
        let mut connect = self.connect();
        if connect.version == Version::V5 {
            connect.properties = Properties::new(&properties);
        }
        self.opens_with(&connect);
    }

    pub(crate) fn opens_with(&mut self, connect: &Connect<'_>) {
        self.opens_with_scratch(connect, 256);
    }

    pub(crate) fn opens_with_scratch(&mut self, connect: &Connect<'_>, scratch: usize) {
        let mut transmit = [0; 256];
        let scratch = vec![0; scratch].leak();
        let opened = self
            .session
            .connect(self.now, connect, &mut transmit, scratch);
        let (len, reader) = opened.unwrap();
        let sent = show(self.version(), Role::Client, &transmit[..len]);
        assert_eq!(sent, ["CONNECT"]);
        self.reader = Some(reader);
    }

    /// The connection is lost and opened again; CONNACK is still to come.
    pub(crate) fn reopens(&mut self) {
        self.closes("disconnected Closed");
        self.opens();
    }

    pub(crate) fn closes(&mut self, event: &str) {
        let closed = self.session.handle_close(self.now);
        assert_eq!(
            closed.map_or(String::new(), |event| describe(&event)),
            event
        );
        self.reader = None;
    }

    #[track_caller]
    pub(crate) fn publishes(&mut self, qos: u8, topic: &str, payload: &str) -> Token {
        self.try_publish(qos, topic, payload).unwrap()
    }

    pub(crate) fn try_publish(
        &mut self,
        qos: u8,
        topic: &str,
        payload: &str,
    ) -> Result<Token, PublishError> {
        let qos = QoS::from_u8(qos).unwrap();
        let publish = Publish::new(topic, payload.as_bytes()).qos(qos);
        self.session.publish(self.now, &publish)
    }

    #[track_caller]
    pub(crate) fn subscribes(&mut self, filters: &[&str]) -> Token {
        let subscription = |filter: &&'static str| {
            Subscription::new(TopicFilter::new(filter).unwrap(), QoS::ExactlyOnce)
        };
        let filters: Vec<&'static str> = filters
            .iter()
            .map(|filter| &*String::from(*filter).leak())
            .collect();
        let subscriptions: Vec<_> = filters.iter().map(subscription).collect();
        let subscriptions = Sequence::new(&subscriptions);
        self.session
            .subscribe(subscriptions, Properties::EMPTY)
            .unwrap()
    }

    #[track_caller]
    pub(crate) fn unsubscribes(&mut self, filters: &[&str]) -> Token {
        let filters: Vec<_> = filters
            .iter()
            .map(|filter| TopicFilter::new(filter).unwrap())
            .collect();
        let filters = Sequence::new(&filters);
        self.session
            .unsubscribe(filters, Properties::EMPTY)
            .unwrap()
    }

    /// Everything that is due leaves, and it is this.
    #[track_caller]
    pub(crate) fn sends(&mut self, packets: &[&str]) {
        let bytes = self.transmits();
        assert_eq!(show(self.version(), Role::Client, &bytes), packets);
    }

    pub(crate) fn transmits(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut buf = [0; 64];
        loop {
            let len = self.session.poll_transmit(self.now, &mut buf);
            if len == 0 {
                return bytes;
            }
            bytes.extend_from_slice(&buf[..len]);
        }
    }

    /// Packets of the Server come, and these events with them (those that are only `Handled` left out).
    #[track_caller]
    pub(crate) fn gets(&mut self, packets: &str, events: &str) {
        let bytes = packets_of(self.version(), packets);
        self.gets_bytes(&bytes, events);
    }

    #[track_caller]
    pub(crate) fn gets_bytes(&mut self, bytes: &[u8], events: &str) {
        let (seen, rest) = self.takes(bytes);
        assert_eq!(seen.join("; "), events);
        assert_eq!(rest, 0, "not all was taken");
    }

    /// What happens, and how many bytes stay because the session is blocked.
    pub(crate) fn takes(&mut self, mut bytes: &[u8]) -> (Vec<String>, usize) {
        let mut events = Vec::new();
        let reader = self.reader.as_mut().unwrap();
        loop {
            match self.session.handle_input(self.now, reader, &mut bytes) {
                Progress::Event(Event::Handled(_)) => {}
                Progress::Event(event) => events.push(describe(&event)),
                Progress::NeedInput => {
                    assert!(bytes.is_empty());
                    return (events, 0);
                }
                Progress::Blocked => return (events, bytes.len()),
            }
        }
    }

    /// Bytes of the Server come, all of which can be taken.
    pub(crate) fn each_event(&mut self, mut bytes: &[u8], mut handle: impl FnMut(&Event<'_>)) {
        let reader = self.reader.as_mut().unwrap();
        while let Progress::Event(event) = self.session.handle_input(self.now, reader, &mut bytes) {
            handle(&event);
        }
        assert!(bytes.is_empty());
    }

    /// The session and the reader of its connection, to be driven by hand.
    pub(crate) fn parts(&mut self) -> (&mut Session<S>, &mut PacketReader<'static>, Instant) {
        (&mut self.session, self.reader.as_mut().unwrap(), self.now)
    }

    /// Everything that the clock brings.
    #[track_caller]
    pub(crate) fn ticks(&mut self, events: &str) {
        let mut seen = Vec::new();
        while let Some(event) = self.session.handle_timeout(self.now) {
            seen.push(describe(&event));
        }
        assert_eq!(seen.join("; "), events);
    }

    /// Every operation that ended without a packet.
    #[track_caller]
    pub(crate) fn completes(&mut self, completions: &[(Token, mqtt_session::Completion)]) {
        let mut seen = Vec::new();
        while let Some(completion) = self.session.poll_completed() {
            seen.push(completion);
        }
        assert_eq!(seen, completions);
    }
}

/// The CONNACK of a Server with these limits.
pub(crate) fn connack(session_present: bool, properties: &[Property<'_>]) -> Vec<u8> {
    let connack = ConnAck {
        session_present,
        reason: ReasonCode::Success,
        properties: Properties::new(properties),
    };
    encode(Version::V5, &Packet::ConnAck(connack))
}

pub(crate) fn encode(version: Version, packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len(version).unwrap()];
    packet.encode(version, &mut bytes).unwrap();
    bytes
}

/// The packets of a Server, from their lines separated by `;`.
pub(crate) fn packets_of(version: Version, lines: &str) -> Vec<u8> {
    lines
        .split(';')
        .flat_map(|line| packet_of(version, line.trim()))
        .collect()
}

fn packet_of(version: Version, line: &str) -> Vec<u8> {
    let mut words = line.split(' ');
    let kind = words.next().unwrap();
    let words: Vec<&str> = words.collect();
    let id = || PacketId::new(words[0].parse().unwrap()).unwrap();
    let code = |word: &&str| ReasonCode::from_u8(u8::from_str_radix(word, 16).unwrap()).unwrap();
    let ack = || Ack::new(id(), words.get(1).map_or(ReasonCode::Success, code));
    let codes: Vec<ReasonCode> = match kind {
        "SUBACK" | "UNSUBACK" => words.iter().skip(1).map(code).collect(),
        _ => Vec::new(),
    };
    let suback = || SubAck {
        packet_id: id(),
        properties: Properties::EMPTY,
        reasons: Sequence::new(&codes),
    };
    let packet = match kind {
        "CONNACK" => Packet::ConnAck(ConnAck {
            session_present: words.first() == Some(&"present"),
            reason: words
                .iter()
                .find(|word| **word != "present")
                .map_or(ReasonCode::Success, code),
            properties: Properties::EMPTY,
        }),
        "PUBLISH" => return publish_of(version, &words),
        "PUBACK" => Packet::PubAck(ack()),
        "PUBREC" => Packet::PubRec(ack()),
        "PUBREL" => Packet::PubRel(ack()),
        "PUBCOMP" => Packet::PubComp(ack()),
        "SUBACK" => Packet::SubAck(suback()),
        "UNSUBACK" => Packet::UnsubAck(suback()),
        "PINGRESP" => Packet::PingResp,
        "DISCONNECT" => Packet::Disconnect(Disconnect {
            reason: code(&words[0]),
            properties: Properties::EMPTY,
        }),
        other => panic!("no packet: {other}"),
    };
    encode(version, &packet)
}

fn publish_of(version: Version, words: &[&str]) -> Vec<u8> {
    let (topic, payload) = words.last().unwrap().split_once('=').unwrap();
    let packet_id = || PacketId::new(words[0].parse().unwrap()).unwrap();
    let dup = words.contains(&"dup");
    let delivery = if words.contains(&"q1") {
        Delivery::AtLeastOnce {
            packet_id: packet_id(),
            dup,
        }
    } else if words.contains(&"q2") {
        Delivery::ExactlyOnce {
            packet_id: packet_id(),
            dup,
        }
    } else {
        Delivery::AtMostOnce
    };
    let head = PublishHead {
        delivery,
        retain: words.contains(&"retain"),
        topic: Some(TopicName::new(topic).unwrap()),
        properties: Properties::EMPTY,
    };
    let payload = payload.as_bytes();
    encode(version, &Packet::Publish(PublishPacket { head, payload }))
}

/// Packets as lines.
pub(crate) fn show(version: Version, sender: Role, mut bytes: &[u8]) -> Vec<String> {
    let mut options = DecodeOptions::new(version, sender);
    options.topic_alias_maximum = u16::MAX;
    let mut lines = Vec::new();
    while let Some(packet) = Packet::decode(&options, &mut bytes).expect("a packet") {
        lines.push(line_of(&packet));
    }
    assert!(bytes.is_empty(), "half a packet: {bytes:02x?}");
    lines
}

fn line_of(packet: &Packet<'_>) -> String {
    let ack = |name: &str, ack: &Ack<'_>| match ack.reason {
        ReasonCode::Success => format!("{name} {}", ack.packet_id.get()),
        reason => format!("{name} {} {:02X}", ack.packet_id.get(), reason.as_u8()),
    };
    match packet {
        Packet::Connect(_) => "CONNECT".into(),
        Packet::Publish(publish) => {
            let delivery = publish.head.delivery;
            let id = delivery
                .packet_id()
                .map_or(String::new(), |id| format!("{} ", id.get()));
            let dup = if delivery.dup() { "dup " } else { "" };
            let topic = publish.head.topic.map_or("", |topic| topic.as_str());
            let alias = publish.head.properties.topic_alias();
            let alias = alias.map_or(String::new(), |alias| format!("@{alias}"));
            let payload = String::from_utf8_lossy(publish.payload);
            let qos = delivery.qos();
            format!("PUBLISH {id}q{qos} {dup}{topic}{alias}={payload}")
        }
        Packet::PubAck(it) => ack("PUBACK", it),
        Packet::PubRec(it) => ack("PUBREC", it),
        Packet::PubRel(it) => ack("PUBREL", it),
        Packet::PubComp(it) => ack("PUBCOMP", it),
        Packet::Subscribe(it) => {
            let filters: Vec<_> = it
                .subscriptions
                .iter()
                .map(|it| it.filter.as_str())
                .collect();
            format!("SUBSCRIBE {} {}", it.packet_id.get(), filters.join(","))
        }
        Packet::Unsubscribe(it) => {
            let filters: Vec<_> = it.filters.iter().map(TopicFilter::as_str).collect();
            format!("UNSUBSCRIBE {} {}", it.packet_id.get(), filters.join(","))
        }
        Packet::PingReq => "PINGREQ".into(),
        Packet::Disconnect(it) => match it.properties.session_expiry_interval() {
            Some(seconds) => format!("DISCONNECT {:02X} expiry={seconds}", it.reason.as_u8()),
            None => format!("DISCONNECT {:02X}", it.reason.as_u8()),
        },
        Packet::Auth(it) => format!("AUTH {:02X}", it.reason.as_u8()),
        other => panic!("no packet of a Client: {other:?}"),
    }
}

/// An event as a line.
pub(crate) fn describe(event: &Event<'_>) -> String {
    let more = |remaining| match remaining {
        0 => String::new(),
        remaining => format!(" +{remaining}"),
    };
    match event {
        Event::Connected(connack) if connack.session_present => "connected present".into(),
        Event::Connected(_) => "connected".into(),
        Event::Message(message) => format!(
            "message q{} {}{}={}{}",
            message.qos,
            if message.dup { "dup " } else { "" },
            message.topic,
            String::from_utf8_lossy(message.payload),
            more(message.remaining)
        ),
        Event::Payload(chunk) => format!(
            "payload {}{}",
            String::from_utf8_lossy(chunk.payload),
            more(chunk.remaining)
        ),
        Event::Oversized(delivery) => format!("oversized q{}", delivery.qos()),
        Event::Published(published) => {
            format!(
                "published {:?} {:02X}",
                published.token,
                published.reason.as_u8()
            )
        }
        Event::Subscribed(it) => {
            let codes: Vec<_> = it
                .reasons
                .iter()
                .map(|code| format!("{:02X}", code.as_u8()))
                .collect();
            format!("subscribed {:?} {}", it.token, codes.join(" "))
        }
        Event::Unsubscribed(it) => format!("unsubscribed {:?}", it.token),
        Event::Authenticated(auth) => format!("auth {:02X}", auth.reason.as_u8()),
        Event::Disconnected(Disconnected::Refused(connack)) => {
            format!("disconnected refused {:02X}", connack.reason.as_u8())
        }
        Event::Disconnected(Disconnected::Server(disconnect)) => {
            format!("disconnected server {:02X}", disconnect.reason.as_u8())
        }
        Event::Disconnected(Disconnected::Malformed(error)) => {
            format!("disconnected malformed {:?}", error.kind)
        }
        Event::Disconnected(why) => format!("disconnected {why:?}"),
        Event::ReconnectDue => "reconnect".into(),
        Event::Handled(kind) => format!("handled {kind:?}"),
    }
}
