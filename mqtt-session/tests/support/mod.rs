//! A session and a server that the test plays, packet by packet.

use mqtt_proto::{
    Ack, ConnAck, Connect, DecodeOptions, Delivery, Packet, PacketId, PacketReader, PacketType,
    Properties, Property, Publish as PublishPacket, PublishHead, QoS, ReasonCode, Role, Sequence,
    TopicName, Version,
};
use mqtt_session::{
    Completion, Config, Disconnected, Duration, Event, Instant, Payload, Progress, Publish,
    PublishError, Session, State, Storage, Token,
};

/// Receive Maximum that every connection announces: what the smallest storage can track.
pub(crate) const RECEIVE_MAXIMUM: u16 = 4;

pub(crate) const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];

/// What a session told, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Connected {
        session_present: bool,
    },
    Message {
        topic: String,
        payload: Vec<u8>,
        remaining: u32,
        dup: bool,
    },
    Payload {
        payload: Vec<u8>,
        remaining: u32,
    },
    Oversized(QoS),
    Published(Token, ReasonCode),
    Subscribed(Token, Vec<ReasonCode>),
    Unsubscribed(Token, Vec<ReasonCode>),
    Authenticated,
    Handled(PacketType),
    Disconnected(String),
    ReconnectDue,
}

pub(crate) struct Trace<S: Storage> {
    pub(crate) session: Session<S>,
    pub(crate) now: Instant,
    pub(crate) keep_alive: u16,
    /// What the client wrote and the test has not looked at.
    written: Vec<u8>,
    reader: Option<PacketReader<'static>>,
}

impl<S: Storage> Trace<S> {
    pub(crate) fn new(version: Version) -> Self {
        Self::with(Config::new(version))
    }

    pub(crate) fn with(config: Config) -> Self {
        let session = Session::new(config);
        Self {
            session,
            now: Instant::default(),
            keep_alive: 60,
            written: Vec::new(),
            reader: None,
        }
    }

    pub(crate) fn version(&self) -> Version {
        self.session.version()
    }

    /// Sends CONNECT, for a session that lasts, and looks no further at it.
    pub(crate) fn dial(&mut self) {
        let version = self.version();
        let properties = [
            Property::SessionExpiryInterval(3600),
            Property::ReceiveMaximum(RECEIVE_MAXIMUM.try_into().unwrap()),
        ];
        let mut connect = Connect::new(version, "client");
        connect.clean_start = false;
        connect.keep_alive = self.keep_alive;
        if version == Version::V5 {
            connect.properties = Sequence::new(&properties);
        }
        let mut transmit = [0; 128];
        // A test ends before a few hundred bytes matter.
        let scratch = Box::leak(Box::new([0; 256]));
        let (len, reader) = self
            .session
            .connect(self.now, &connect, &mut transmit, scratch)
            .unwrap();
        assert!(matches!(
            self.decode(&transmit[..len]),
            Some((Packet::Connect(_), _))
        ));
        self.reader = Some(reader);
        self.written.clear();
        self.pay();
    }

    /// Connects; the server answers with these properties.
    pub(crate) fn connect_with(&mut self, session_present: bool, properties: &[Property<'_>]) {
        self.dial();
        let properties = Sequence::new(properties);
        let connack = ConnAck {
            session_present,
            reason: ReasonCode::Success,
            properties,
        };
        let seen = self.receive(&Packet::ConnAck(connack));
        assert_eq!(seen, [Seen::Connected { session_present }]);
    }

    pub(crate) fn connect(&mut self, session_present: bool) {
        self.connect_with(session_present, &[]);
    }

    /// The transport is gone.
    pub(crate) fn cut(&mut self) -> Option<String> {
        let event = self.session.handle_close(self.now);
        let seen = event.map(|event| match see(&event) {
            Seen::Disconnected(why) => why,
            other => panic!("{other:?}"),
        });
        self.reader = None;
        self.written.clear();
        assert_eq!(self.session.state(), State::Disconnected);
        seen
    }

    pub(crate) fn receive(&mut self, packet: &Packet<'_>) -> Vec<Seen> {
        let bytes = encode(self.version(), packet);
        self.receive_bytes(&bytes)
    }

    pub(crate) fn receive_bytes(&mut self, bytes: &[u8]) -> Vec<Seen> {
        let mut seen = Vec::new();
        let mut input = bytes;
        let mut was_blocked = false;
        loop {
            let reader = self.reader.as_mut().expect("a connection");
            match self.session.handle_input(self.now, reader, &mut input) {
                Progress::Event(event) => {
                    seen.push(see(&event));
                    was_blocked = false;
                }
                Progress::NeedInput => break,
                Progress::Blocked => {
                    assert!(!was_blocked, "blocked although every debt is paid");
                    was_blocked = true;
                    self.pay();
                }
            }
        }
        self.pay();
        seen
    }

    /// Time passes in one step.
    pub(crate) fn wait(&mut self, length: Duration) -> Vec<Seen> {
        self.now = self.now + length;
        let mut seen = Vec::new();
        while let Some(event) = self.session.handle_timeout(self.now) {
            seen.push(see(&event));
        }
        self.pay();
        seen
    }

    pub(crate) fn publish(
        &mut self,
        qos: QoS,
        topic: &str,
        payload: &str,
    ) -> Result<Token, PublishError> {
        let publish = Publish {
            topic,
            payload: Payload::Bytes(payload.as_bytes()),
            qos,
            retain: false,
            properties: Properties::EMPTY,
        };
        let token = self.session.publish(self.now, &publish);
        self.pay();
        token
    }

    /// The next packet that the client wrote.
    #[track_caller]
    pub(crate) fn expect_sent(&mut self, packet: &Packet<'_>) {
        let written = std::mem::take(&mut self.written);
        let sent = self.decode(&written);
        assert_eq!(sent.map(|(sent, _)| sent), Some(*packet));
        self.written = sent.map(|(_, rest)| rest.to_vec()).unwrap_or_default();
    }

    #[track_caller]
    pub(crate) fn expect_nothing_sent(&mut self) {
        let written = std::mem::take(&mut self.written);
        assert_eq!(self.decode(&written), None);
        assert_eq!(written, []);
    }

    /// What ended without a packet.
    pub(crate) fn completed(&mut self) -> Vec<(Token, Completion)> {
        std::iter::from_fn(|| self.session.poll_completed()).collect()
    }

    pub(crate) fn pay(&mut self) {
        let mut buf = [0; 64];
        loop {
            let len = self.session.poll_transmit(self.now, &mut buf);
            if len == 0 {
                break;
            }
            self.written.extend_from_slice(&buf[..len]);
        }
    }

    fn decode<'b>(&self, bytes: &'b [u8]) -> Option<(Packet<'b>, &'b [u8])> {
        let mut rest = bytes;
        let options = DecodeOptions::new(self.version(), Role::Client);
        Packet::decode(&options, &mut rest)
            .unwrap()
            .map(|packet| (packet, rest))
    }
}

pub(crate) fn encode(version: Version, packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = vec![0; packet.encoded_len(version).unwrap()];
    packet.encode(version, &mut bytes).unwrap();
    bytes
}

fn see(event: &Event<'_>) -> Seen {
    match event {
        Event::Connected(connack) => Seen::Connected {
            session_present: connack.session_present,
        },
        Event::Message(message) => Seen::Message {
            topic: message.topic.as_str().to_owned(),
            payload: message.payload.to_vec(),
            remaining: message.remaining,
            dup: message.dup,
        },
        Event::Payload(chunk) => Seen::Payload {
            payload: chunk.payload.to_vec(),
            remaining: chunk.remaining,
        },
        Event::Oversized(delivery) => Seen::Oversized(delivery.qos()),
        Event::Published(it) => Seen::Published(it.token, it.reason),
        Event::Subscribed(it) => Seen::Subscribed(it.token, it.reasons.iter().collect()),
        Event::Unsubscribed(it) => Seen::Unsubscribed(it.token, it.reasons.iter().collect()),
        Event::Authenticated(_) => Seen::Authenticated,
        Event::Handled(packet) => Seen::Handled(*packet),
        Event::Disconnected(why) => Seen::Disconnected(match why {
            Disconnected::Requested => "requested".to_owned(),
            Disconnected::Refused(connack) => format!("refused: {:?}", connack.reason),
            Disconnected::Server(disconnect) => format!("server: {:?}", disconnect.reason),
            Disconnected::Malformed(error) => format!("malformed: {:?}", error.kind),
            Disconnected::Violation(violation) => format!("violation: {violation:?}"),
            Disconnected::Timeout(timeout) => format!("timeout: {timeout:?}"),
            Disconnected::Closed => "closed".to_owned(),
        }),
        Event::ReconnectDue => Seen::ReconnectDue,
    }
}

pub(crate) fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

pub(crate) fn at_least_once(packet_id: u16) -> Delivery {
    Delivery::AtLeastOnce {
        packet_id: id(packet_id),
        dup: false,
    }
}

pub(crate) fn exactly_once(packet_id: u16) -> Delivery {
    Delivery::ExactlyOnce {
        packet_id: id(packet_id),
        dup: false,
    }
}

/// The same delivery, again.
pub(crate) fn again(delivery: Delivery) -> Delivery {
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

pub(crate) fn publish<'a>(delivery: Delivery, topic: &'a str, payload: &'a str) -> Packet<'a> {
    let topic = Some(TopicName::new(topic).unwrap());
    let head = PublishHead {
        delivery,
        retain: false,
        topic,
        properties: Properties::EMPTY,
    };
    Packet::Publish(PublishPacket {
        head,
        payload: payload.as_bytes(),
    })
}

pub(crate) fn message(topic: &str, payload: &str) -> Seen {
    Seen::Message {
        topic: topic.to_owned(),
        payload: payload.as_bytes().to_vec(),
        remaining: 0,
        dup: false,
    }
}

pub(crate) fn puback(packet_id: u16) -> Packet<'static> {
    Packet::PubAck(Ack::new(id(packet_id), ReasonCode::Success))
}

pub(crate) fn pubrec(packet_id: u16) -> Packet<'static> {
    Packet::PubRec(Ack::new(id(packet_id), ReasonCode::Success))
}

pub(crate) fn pubrel(packet_id: u16) -> Packet<'static> {
    Packet::PubRel(Ack::new(id(packet_id), ReasonCode::Success))
}

pub(crate) fn pubcomp(packet_id: u16) -> Packet<'static> {
    Packet::PubComp(Ack::new(id(packet_id), ReasonCode::Success))
}
