//! What holds for any sequence of calls.

use mqtt_proto::{
    Connect, DecodeOptions, Packet, PacketReader, Properties, Property, QoS, ReasonCode, Role,
    Sequence, Subscription, TopicFilter, Version,
};
use mqtt_session::{
    AckToken, Config, Duration, Event, Heap, Inline, Instant, Payload, Progress, Publish,
    Reconnect, Session, State, Storage, Token,
};
use proptest::prelude::*;

use crate::trace::{describe, encode, packets_of};

#[derive(Clone, Debug)]
enum Op {
    Publish {
        qos: u8,
        len: usize,
        retain: bool,
        expiry: Option<u32>,
        streamed: bool,
    },
    Subscribe(&'static str),
    Unsubscribe,
    Acknowledge(usize, ReasonCode),
    Disconnect(ReasonCode),
    Open {
        clean_start: bool,
        keep_alive: u16,
    },
    Close,
    Wait(u64),
    Reading(bool),
    /// The Server's bytes; `#` stands for a packet identifier. Most of them are wrong.
    Server(&'static str, u16),
    /// The connection is lost and another accepted.
    Reconnect {
        session_present: bool,
    },
    /// The Server answers one of the packets that it got.
    Answer(usize),
    /// The Server publishes.
    Deliver(&'static str, u16),
    Limits {
        receive_maximum: u16,
        maximum_qos: bool,
    },
    Transmit,
}

fn op() -> impl Strategy<Value = Op> {
    let server = proptest::sample::select(vec![
        "CONNACK",
        "CONNACK present",
        "CONNACK",
        "CONNACK present",
        "PUBACK #",
        "PUBACK #",
        "PUBREC #",
        "PUBREC #",
        "PUBREC # 97",
        "PUBCOMP #",
        "PUBCOMP #",
        "SUBACK # 00",
        "UNSUBACK # 00",
        "PUBREL #",
        "PUBREL #",
        "PUBLISH q0 a=hello",
        "PUBLISH # q1 a=hello",
        "PUBLISH # q1 dup a=hello",
        "PUBLISH # q2 a=hello",
        "PUBLISH # q2 dup a=hello",
        "PINGRESP",
        "DISCONNECT 8B",
    ]);
    let deliver = proptest::sample::select(vec![
        "PUBLISH q0 a=hello",
        "PUBLISH # q1 a=hello",
        "PUBLISH # q2 a=hello",
        "PUBLISH # q2 dup a=hello",
        "PINGRESP",
    ]);
    let reason = proptest::sample::select(vec![
        ReasonCode::Success,
        ReasonCode::QuotaExceeded,
        ReasonCode::GrantedQoS2,
        ReasonCode::UnspecifiedError,
    ]);
    prop_oneof![
        6 => (0..3_u8, 0..60_usize, any::<bool>(), proptest::option::of(0..20_u32), any::<bool>())
            .prop_map(|(qos, len, retain, expiry, streamed)| {
                Op::Publish { qos, len, retain, expiry, streamed }
            }),
        2 => proptest::sample::select(vec!["a", "+", "$share/g/a"]).prop_map(Op::Subscribe),
        1 => Just(Op::Unsubscribe),
        2 => (0..6_usize, reason.clone()).prop_map(|(index, reason)| Op::Acknowledge(index, reason)),
        1 => prop_oneof![reason.prop_map(Op::Disconnect), Just(Op::Close)],
        1 => (any::<bool>(), 0..30_u16)
            .prop_map(|(clean_start, keep_alive)| Op::Open { clean_start, keep_alive }),
        2 => (0..20_000_u64).prop_map(Op::Wait),
        1 => any::<bool>().prop_map(Op::Reading),
        1 => (server, 1..7_u16).prop_map(|(line, id)| Op::Server(line, id)),
        3 => any::<bool>().prop_map(|session_present| Op::Reconnect { session_present }),
        12 => (0..8_usize).prop_map(Op::Answer),
        6 => (deliver, 1..60_u16).prop_map(|(line, id)| Op::Deliver(line, id)),
        3 => (1..4_u16, any::<bool>())
            .prop_map(|(receive_maximum, maximum_qos)| Op::Limits { receive_maximum, maximum_qos }),
        6 => Just(Op::Transmit),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(new, manual_ack, reconnect)| {
        let mut config = Config::new(if new { Version::V5 } else { Version::V3_1_1 });
        config.manual_ack = manual_ack;
        config.maximum_outbox = 200;
        config.reconnect = reconnect.then_some(Reconnect {
            minimum: Duration::from_secs(1),
            maximum: Duration::from_secs(10),
            seed: 3,
        });
        config
    })
}

/// A session with all that came out of it.
struct Run<S: Storage> {
    session: Session<S>,
    reader: Option<PacketReader<'static>>,
    now: Instant,
    /// Sizes of the buffers for `poll_transmit`, and of the pieces of input.
    pieces: Vec<usize>,
    sent: Vec<u8>,
    events: Vec<String>,
    acks: Vec<AckToken>,
    accepted: Vec<Token>,
    ended: Vec<Token>,
    /// The bytes of `sent` that the Server has understood, and what it can answer.
    understood: usize,
    answers: Vec<String>,
}

impl<S: Storage> Run<S> {
    fn new(config: Config, pieces: &[usize]) -> Self {
        Self {
            session: Session::new(config),
            reader: None,
            now: Instant::from_millis(0),
            pieces: pieces.to_vec(),
            sent: Vec::new(),
            events: Vec::new(),
            acks: Vec::new(),
            accepted: Vec::new(),
            ended: Vec::new(),
            understood: 0,
            answers: Vec::new(),
        }
    }

    /// An `Err` leaves the session as it was, bit for bit.
    fn commands<T, E>(
        &mut self,
        command: impl FnOnce(&mut Session<S>, Instant) -> Result<T, E>,
    ) -> Option<T> {
        let before = self.session.clone();
        let result = command(&mut self.session, self.now);
        if result.is_err() {
            assert_eq!(self.session, before);
        }
        result.ok()
    }

    fn applies(&mut self, op: &Op) {
        match op {
            Op::Publish {
                qos,
                len,
                retain,
                expiry,
                streamed,
            } => {
                let payload = vec![b'x'; *len];
                let expiry = expiry.map(Property::MessageExpiryInterval);
                let mut publish = Publish::new("a", &payload)
                    .qos(QoS::from_u8(*qos).unwrap())
                    .retain(*retain);
                publish.properties = Properties::new(expiry.as_slice());
                if *streamed {
                    publish.payload = Payload::Streamed(*len as u32);
                }
                let token = self.commands(|session, now| session.publish(now, &publish));
                self.accepted.extend(token);
            }
            Op::Subscribe(filter) => {
                let filter = TopicFilter::new(filter).unwrap();
                let filters = [Subscription::new(filter, QoS::AtLeastOnce)];
                let token = self.commands(|session, _| {
                    session.subscribe(Sequence::new(&filters), Properties::EMPTY)
                });
                self.accepted.extend(token);
            }
            Op::Unsubscribe => {
                let filters = [TopicFilter::new("a").unwrap()];
                let token = self.commands(|session, _| {
                    session.unsubscribe(Sequence::new(&filters), Properties::EMPTY)
                });
                self.accepted.extend(token);
            }
            Op::Acknowledge(index, reason) => {
                if let Some(ack) = self.acks.iter().rev().nth(*index).copied() {
                    self.commands(|session, _| session.acknowledge(ack, *reason));
                }
            }
            Op::Disconnect(reason) => {
                self.commands(|session, now| session.disconnect(now, *reason, None));
            }
            Op::Open {
                clean_start,
                keep_alive,
            } => {
                let mut connect = Connect::new(self.session.version(), "c");
                connect.clean_start = *clean_start;
                connect.keep_alive = *keep_alive;
                let maximum = [Property::ReceiveMaximum(4.try_into().unwrap())];
                if connect.version == Version::V5 {
                    connect.properties = Properties::new(&maximum);
                }
                let mut buf = [0; 64];
                let scratch = vec![0; 128].leak();
                let opened =
                    self.commands(|session, now| session.connect(now, &connect, &mut buf, scratch));
                if let Some((len, reader)) = opened {
                    self.sent.extend_from_slice(&buf[..len]);
                    self.understood = self.sent.len();
                    self.answers.clear();
                    self.reader = Some(reader);
                }
            }
            Op::Reconnect { session_present } => {
                self.applies(&Op::Close);
                self.applies(&Op::Open {
                    clean_start: false,
                    keep_alive: 5,
                });
                let connack = if *session_present {
                    "CONNACK present"
                } else {
                    "CONNACK"
                };
                self.takes(&packets_of(self.session.version(), connack));
            }
            Op::Answer(index) => {
                self.understands();
                if !self.answers.is_empty() {
                    let line = self.answers.remove(index % self.answers.len());
                    self.takes(&packets_of(self.session.version(), &line));
                }
            }
            Op::Deliver(line, id) => {
                if self.session.state() == State::Connected {
                    let line = line.replace('#', &id.to_string());
                    self.takes(&packets_of(self.session.version(), &line));
                }
            }
            Op::Close => {
                let event = self.session.handle_close(self.now);
                self.events.extend(event.map(|event| describe(&event)));
            }
            Op::Wait(millis) => {
                self.now = Instant::from_millis(self.now.as_millis() + millis);
                while let Some(event) = self.session.handle_timeout(self.now) {
                    self.events.push(describe(&event));
                }
                assert!(
                    self.session
                        .poll_timeout()
                        .is_none_or(|deadline| deadline > self.now)
                );
            }
            Op::Reading(reading) => self.session.set_reading(self.now, *reading),
            Op::Server(line, id) => {
                let line = line.replace('#', &id.to_string());
                let version = self.session.version();
                if version == Version::V3_1_1 && (line.contains(" 97") || line.contains("DISC")) {
                    return;
                }
                let old_unsuback = version == Version::V3_1_1 && line.starts_with("UNSUBACK");
                let line = if old_unsuback {
                    line.trim_end_matches(" 00")
                } else {
                    &line
                };
                self.takes(&packets_of(version, line));
            }
            Op::Limits {
                receive_maximum,
                maximum_qos,
            } => {
                let mut limits = vec![Property::ReceiveMaximum(
                    (*receive_maximum).try_into().unwrap(),
                )];
                if *maximum_qos {
                    limits.push(Property::MaximumQoS(QoS::AtLeastOnce));
                }
                let connack = mqtt_proto::ConnAck {
                    session_present: true,
                    reason: ReasonCode::Success,
                    properties: Properties::new(&limits),
                };
                if self.session.version() == Version::V5 {
                    self.takes(&encode(Version::V5, &Packet::ConnAck(connack)));
                }
            }
            Op::Transmit => self.transmits(),
        }
        while let Some((token, completion)) = self.session.poll_completed() {
            self.ended.push(token);
            self.events.push(format!("{token:?} {completion:?}"));
        }
        let pending = self
            .accepted
            .iter()
            .filter(|token| self.session.is_pending(**token));
        assert_eq!(pending.count(), self.session.pending());
        assert!(self.session.outbox_len() <= 200);
        let mut ended = self.ended.clone();
        ended.dedup();
        ended.sort_unstable();
        ended.dedup();
        assert_eq!(ended.len(), self.ended.len(), "each ends once");
        assert_eq!(
            ended.len() + self.session.pending(),
            self.accepted.len(),
            "none is lost"
        );
    }

    fn takes(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        for turn in 0.. {
            let size = self.pieces[turn % self.pieces.len()].min(bytes.len());
            let (mut input, rest) = bytes.split_at(size);
            bytes = rest;
            let Some(mut reader) = self.reader.take() else {
                return;
            };
            let mut blocked = 0;
            loop {
                match self.session.handle_input(self.now, &mut reader, &mut input) {
                    Progress::Event(event) => {
                        // Nothing changes before the debts are paid.
                        match event {
                            Event::Message(message) => self.acks.extend(message.ack),
                            Event::Published(it) => self.ended.push(it.token),
                            Event::Subscribed(it) | Event::Unsubscribed(it) => {
                                self.ended.push(it.token);
                            }
                            _ => {}
                        }
                        self.notes(&event);
                    }
                    Progress::Blocked if blocked == 0 => {
                        self.transmits();
                        blocked += 1;
                    }
                    // Blocked again: it waits for the application, and the rest is as good as not read.
                    Progress::NeedInput | Progress::Blocked => break,
                }
            }
            self.reader = Some(reader);
            if bytes.is_empty() {
                return;
            }
        }
    }

    /// Reads what was sent, as the Server would.
    fn understands(&mut self) {
        let version = self.session.version();
        let mut bytes = &self.sent[self.understood..];
        let options = DecodeOptions::new(version, Role::Client);
        while let Some(packet) = Packet::decode(&options, &mut bytes).unwrap() {
            let answer = match packet {
                Packet::Publish(it) => {
                    it.head
                        .delivery
                        .packet_id()
                        .map(|id| match it.head.delivery.qos() {
                            QoS::ExactlyOnce => format!("PUBREC {}", id.get()),
                            _ => format!("PUBACK {}", id.get()),
                        })
                }
                Packet::PubRel(it) => Some(format!("PUBCOMP {}", it.packet_id.get())),
                Packet::PubRec(it) => Some(format!("PUBREL {}", it.packet_id.get())),
                Packet::Subscribe(it) => Some(format!("SUBACK {} 00", it.packet_id.get())),
                Packet::Unsubscribe(it) if version == Version::V5 => {
                    Some(format!("UNSUBACK {} 00", it.packet_id.get()))
                }
                Packet::Unsubscribe(it) => Some(format!("UNSUBACK {}", it.packet_id.get())),
                _ => None,
            };
            self.answers.extend(answer);
        }
        self.understood = self.sent.len() - bytes.len();
    }

    /// Pieces of a payload are put together, so that runs can be compared.
    fn notes(&mut self, event: &Event<'_>) {
        match event {
            Event::Handled(_) => {}
            Event::Message(message) => {
                self.events
                    .push(format!("message {:?} {}", message.ack, message.topic));
                self.events
                    .push(String::from_utf8_lossy(message.payload).into_owned());
            }
            Event::Payload(chunk) => {
                let text = String::from_utf8_lossy(chunk.payload);
                self.events.last_mut().unwrap().push_str(&text);
            }
            event => self.events.push(describe(event)),
        }
    }

    fn transmits(&mut self) {
        for turn in 0.. {
            if let Some(due) = self.session.poll_payload() {
                let size = (self.pieces[turn % self.pieces.len()] as u32).min(due.remaining);
                assert_eq!(self.session.poll_transmit(self.now, &mut [0; 99]), 0);
                self.session.payload_sent(self.now, size);
                self.sent.extend(vec![b'x'; size as usize]);
                continue;
            }
            let mut buf = vec![0; self.pieces[turn % self.pieces.len()].max(8)];
            let len = self.session.poll_transmit(self.now, &mut buf);
            self.sent.extend_from_slice(&buf[..len]);
            if len == 0 && self.session.poll_payload().is_none() {
                return;
            }
        }
    }
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1..40_usize, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Every operation ends exactly once, an `Err` changes nothing, and neither the size of the
    /// buffers, nor that of the reads, nor the storage makes a difference.
    #[test]
    fn buffers_and_storage_make_no_difference(
        config in config(),
        ops in proptest::collection::vec(op(), 0..80),
        pieces in pieces(),
    ) {
        let mut whole: Run<Heap> = Run::new(config.clone(), &[1 << 16]);
        let mut split: Run<Heap> = Run::new(config.clone(), &pieces);
        let mut inline: Run<Inline<200, 64, 64>> = Run::new(config, &[1 << 16]);
        for op in &ops {
            whole.applies(op);
            split.applies(op);
            inline.applies(op);
            prop_assert_eq!(&whole.sent, &split.sent);
            prop_assert_eq!(&whole.events, &split.events);
            prop_assert_eq!(&whole.session, &split.session);
            if whole.session.version() == Version::V5 {
                prop_assert_eq!(&whole.sent, &inline.sent);
                prop_assert_eq!(&whole.events, &inline.events);
            }
        }
    }

    /// No bytes make it panic.
    #[test]
    fn any_bytes_are_survived(
        config in config(),
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8),
    ) {
        let mut run: Run<Inline<200, 4, 4>> = Run::new(config, &[7, 1]);
        run.applies(&Op::Open { clean_start: false, keep_alive: 9 });
        run.takes(&packets_of(run.session.version(), "CONNACK"));
        for chunk in chunks {
            run.takes(&chunk);
            run.transmits();
        }
    }
}
