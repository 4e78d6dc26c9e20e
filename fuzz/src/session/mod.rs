//! A session between an application and a Server that both do as the input says: commands, answers,
//! nonsense, silence, lost connections. What the session sends is always valid, an error of a
//! command changes nothing, and it never wants to be called for ever.

mod script;
mod server;

use mqtt_proto::{
    Connect, PacketReader, Properties, Property, QoS, ReasonCode, Sequence, Subscription,
    TopicFilter, Version,
};
use mqtt_session::{
    AckToken, Config, Duration, Event, Inline, Instant, Payload, Progress, Publish, Reconnect,
    Session, State,
};

use script::{Op, Script};
use server::Server;

/// Small, so that its limits are met.
type Subject = Session<Inline<160, 4, RECEIVE>>;
const RECEIVE: usize = 3;

/// Far more calls than any state of so small a session has reason to ask for.
const PATIENCE: usize = 10_000;

/// The input is a script; see [`script`].
pub fn check(data: &[u8]) {
    let mut script = Script::new(data);
    let flags = script.byte();
    let version = if flags & 1 == 0 {
        Version::V3_1_1
    } else {
        Version::V5
    };
    let mut config = Config::new(version);
    config.manual_ack = flags & 2 != 0;
    config.reconnect = (flags & 4 != 0).then_some(Reconnect {
        minimum: Duration::from_millis(100),
        maximum: Duration::from_millis(1000),
        seed: 7,
    });
    let mut world = World {
        session: Session::new(config),
        now: Instant::from_millis(0),
        transmit: usize::from(flags >> 3) + 8,
        acks: Vec::new(),
        server: Server::new(version),
    };
    let mut scratch = [0; 96];
    while !script.is_empty() {
        world.connection(&mut script, &mut scratch);
    }
}

struct World {
    session: Subject,
    now: Instant,
    /// The size of the buffer for `poll_transmit`.
    transmit: usize,
    /// Of received messages not acknowledged yet.
    acks: Vec<AckToken>,
    server: Server,
}

impl World {
    /// From one connection's beginning to its end.
    fn connection(&mut self, script: &mut Script<'_>, scratch: &mut [u8]) {
        let flags = script.byte();
        let properties = [Property::ReceiveMaximum(
            (RECEIVE as u16).try_into().expect("not 0"),
        )];
        let mut connect = Connect::new(self.session.version(), "fuzz");
        connect.clean_start = flags & 1 != 0;
        connect.keep_alive = u16::from(flags >> 1);
        if connect.version == Version::V5 {
            connect.properties = Sequence::new(&properties);
        }
        let mut transmit = [0; 128];
        let now = self.now;
        let (size, mut reader) = self
            .session
            .connect(now, &connect, &mut transmit, scratch)
            .expect("it is not connected");
        self.server.connect();
        self.server.received(&transmit[..size]);
        while self.session.state() != State::Disconnected {
            let Some(op) = script.op() else { return };
            self.step(op, &mut reader);
            self.settle();
        }
    }

    fn step(&mut self, op: Op<'_>, reader: &mut PacketReader<'_>) {
        let now = self.now;
        match op {
            Op::Wait(millis) => self.now = now + Duration::from_millis(millis),
            Op::Bytes(bytes) => {
                self.server.break_rules();
                self.input(bytes, reader);
            }
            Op::Answer { split } => {
                let answer = self.server.answer();
                let (head, rest) = answer.split_at(split.min(answer.len()));
                self.input(head, reader);
                self.settle();
                self.input(rest, reader);
            }
            Op::Skip => drop(self.server.answer()),
            Op::Message { qos, size } => {
                let message = self.server.message(qos, size);
                self.input(&message, reader);
            }
            Op::Publish {
                qos,
                retain,
                size,
                streamed,
            } => {
                let bytes = [b'x'; 255];
                let payload = if streamed {
                    Payload::Streamed(u32::from(size) * 64)
                } else {
                    Payload::Bytes(&bytes[..usize::from(size)])
                };
                let publish = Publish {
                    topic: "from/client",
                    payload,
                    qos,
                    retain,
                    properties: Properties::EMPTY,
                };
                self.command(|session| session.publish(now, &publish));
            }
            Op::PublishAnything(bytes) => {
                let topic = String::from_utf8_lossy(bytes);
                let publish = Publish::new(&topic, bytes).qos(QoS::AtLeastOnce);
                self.command(|session| session.publish(now, &publish));
            }
            Op::Subscribe(count) => {
                let filter = TopicFilter::new("to/+").expect("a filter");
                let filters = [Subscription::new(filter, QoS::ExactlyOnce); 4];
                let filters = &filters[..usize::from(count % 5)];
                self.command(|session| {
                    session.subscribe(Sequence::new(filters), Properties::EMPTY)
                });
            }
            Op::Unsubscribe(count) => {
                let filters = [TopicFilter::new("to/+").expect("a filter"); 4];
                let filters = &filters[..usize::from(count % 5)];
                self.command(|session| {
                    session.unsubscribe(Sequence::new(filters), Properties::EMPTY)
                });
            }
            Op::Acknowledge(choice) => {
                if !self.acks.is_empty() {
                    let ack = self.acks.swap_remove(usize::from(choice) % self.acks.len());
                    self.command(|session| session.acknowledge(ack, ReasonCode::Success));
                }
            }
            Op::Disconnect(reason) => {
                let reason = ReasonCode::from_u8(reason).unwrap_or(ReasonCode::Success);
                self.command(|session| session.disconnect(now, reason, None));
            }
            Op::Close => {
                let _ = self.session.handle_close(now);
            }
        }
    }

    /// An error of a command leaves the session as it was.
    fn command<T, E>(&mut self, command: impl FnOnce(&mut Subject) -> Result<T, E>) {
        let before = self.session.clone();
        if command(&mut self.session).is_err() {
            assert!(self.session == before, "an error changed the session");
        }
    }

    fn input(&mut self, mut input: &[u8], reader: &mut PacketReader<'_>) {
        let mut stuck = None;
        for _ in 0..PATIENCE {
            if matches!(
                self.session.state(),
                State::Disconnected | State::Disconnecting
            ) {
                return;
            }
            match self.session.handle_input(self.now, reader, &mut input) {
                Progress::Event(Event::Message(message)) => self.acks.extend(message.ack),
                Progress::Event(_) => {}
                Progress::NeedInput => {
                    assert!(input.is_empty(), "input is left over");
                    return;
                }
                Progress::Blocked if stuck == Some(input.len()) => {
                    // Acknowledged and paid, and still: a QoS 2 flow would have to end first, in 3.1.1,
                    // which has no Receive Maximum. The Server has gone too far.
                    assert_eq!(self.session.version(), Version::V3_1_1);
                    let _ = self.session.handle_close(self.now);
                    return;
                }
                Progress::Blocked => {
                    stuck = Some(input.len());
                    for ack in std::mem::take(&mut self.acks) {
                        self.command(|session| session.acknowledge(ack, ReasonCode::Success));
                    }
                    self.pay();
                }
            }
        }
        panic!("the input does not end");
    }

    /// Time passes for the session, and what it owes is paid.
    fn settle(&mut self) {
        for _ in 0..PATIENCE {
            self.pay();
            if self.session.handle_timeout(self.now).is_none() {
                self.pay();
                let next = self.session.poll_timeout();
                assert!(
                    next.is_none_or(|at| at > self.now),
                    "{next:?} is over at {:?}",
                    self.now
                );
                if self.session.state() == State::Disconnecting {
                    let _ = self.session.handle_close(self.now);
                }
                return;
            }
        }
        panic!("the timeouts do not end");
    }

    fn pay(&mut self) {
        let mut buf = [0; 64];
        for _ in 0..PATIENCE {
            if let Some(due) = self.session.poll_payload() {
                let count = due.remaining.min(buf.len() as u32);
                self.server.received(&buf[..count as usize]);
                self.session.payload_sent(self.now, count);
                continue;
            }
            let count = self
                .session
                .poll_transmit(self.now, &mut buf[..self.transmit]);
            if count == 0 {
                while self.session.poll_completed().is_some() {}
                return;
            }
            self.server.received(&buf[..count]);
        }
        panic!("the debts do not end");
    }
}
