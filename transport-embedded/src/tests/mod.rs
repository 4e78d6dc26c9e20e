mod world;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;
use std::{format, string::String, vec};

use embedded_io::ErrorKind;
use mqtt_proto::{
    Connect, Packet, Properties, Property, QoS, ReasonCode, Subscription, TopicFilter, Version,
};
use mqtt_session::{
    Completion, Config, Disconnected, Duration, Event, Inline, Message, Payload, PayloadDue,
    Publish, Reconnect, Session, State, Timeout,
};
use world::{Transport, World};

use crate::{Client, Commands, Connection, Resources, Step};

type Tables = Inline<1024, 8, 4>;
type Link<'a> = Connection<'a, Tables, World, Transport>;
type Told<'a> = Result<Option<(Step<'a>, Commands<'a, Tables, World>)>, ErrorKind>;

const STREAMED: u32 = 3000;

/// How a connection is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driver {
    /// A future is polled until it is ready.
    Next,
    /// A future is dropped whenever it is pending.
    NextDropped,
    Poll,
    BlockingNext,
}

const DRIVERS: [Driver; 4] = [
    Driver::Next,
    Driver::NextDropped,
    Driver::Poll,
    Driver::BlockingNext,
];

impl Driver {
    /// One step; `Pending` where nothing comes without time passing.
    fn step<R>(self, link: &mut Link<'_>, told: impl FnOnce(Told<'_>) -> R) -> Poll<R> {
        let world = link.commands.clock.clone();
        match self {
            Self::Next => {
                let mut next = pin!(link.next());
                loop {
                    match poll(next.as_mut()) {
                        Poll::Pending if world.is_stalled() => {}
                        polled => return polled.map(told),
                    }
                }
            }
            Self::NextDropped => loop {
                match poll(pin!(link.next())) {
                    Poll::Ready(result) => return Poll::Ready(told(result)),
                    Poll::Pending if world.is_stalled() => {}
                    Poll::Pending => return Poll::Pending,
                }
            },
            Self::Poll => link.poll().map(told),
            Self::BlockingNext => link.blocking_next().map(told),
        }
    }

    fn send(self, link: &mut Link<'_>, bytes: &[u8]) -> Result<usize, ErrorKind> {
        match self {
            Self::Next => {
                let mut send = pin!(link.send_payload(bytes));
                loop {
                    if let Poll::Ready(result) = poll(send.as_mut()) {
                        return result;
                    }
                }
            }
            Self::NextDropped => loop {
                if let Poll::Ready(result) = poll(pin!(link.send_payload(bytes))) {
                    return result;
                }
            },
            Self::Poll | Self::BlockingNext => link.blocking_send_payload(bytes),
        }
    }
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// What one conversation comes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Log {
    messages: Vec<(String, Vec<u8>)>,
    outcomes: Vec<String>,
    payload: Vec<u8>,
    topic: String,
}

impl Log {
    fn event(&mut self, event: &Event<'_>, commands: &mut Commands<'_, Tables, World>) {
        match event {
            Event::Connected(_) => {
                let filter = TopicFilter::new("in/#").unwrap();
                let subscription = [Subscription::new(filter, QoS::ExactlyOnce)];
                commands
                    .subscribe((&subscription).into(), Properties::EMPTY)
                    .unwrap();
            }
            Event::Subscribed(_) => {
                for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let payload = [qos as u8; 40];
                    let message = publish("in/short", Payload::Bytes(&payload), qos);
                    commands.publish(&message).unwrap();
                }
                let message = publish("in/long", Payload::Streamed(STREAMED), QoS::ExactlyOnce);
                commands.publish(&message).unwrap();
            }
            Event::Message(message) => {
                self.topic = String::from(message.topic.as_str());
                self.payload.clear();
                if message.topic.as_str() == "in/short" && message.qos == QoS::AtLeastOnce {
                    // What is held is published: it borrows the buffers, not the session.
                    let echo = publish(
                        "in/echo",
                        Payload::Bytes(message.topic.as_str().as_bytes()),
                        QoS::AtLeastOnce,
                    );
                    commands.publish(&echo).unwrap();
                }
                self.piece(message.payload, message.remaining);
            }
            Event::Payload(chunk) => self.piece(chunk.payload, chunk.remaining),
            Event::Published(published) => self.outcomes.push(format!("{:?}", published.reason)),
            Event::Disconnected(why) => self.outcomes.push(format!("{why:?}")),
            _ => {}
        }
        // Three short ones, one long, the echo; four acknowledgements and one that was sent.
        if self.messages.len() == 5 && self.outcomes.len() == 5 {
            commands.disconnect(ReasonCode::Success, None).unwrap();
        }
    }

    fn piece(&mut self, payload: &[u8], remaining: u32) {
        self.payload.extend_from_slice(payload);
        if remaining == 0 {
            let payload = std::mem::take(&mut self.payload);
            self.messages
                .push((std::mem::take(&mut self.topic), payload));
        }
    }

    fn sorted(mut self) -> Self {
        // Echoes and acknowledgements come as the pieces have it.
        self.messages.sort();
        self.outcomes.sort();
        self
    }
}

fn streamed(offset: u32) -> u8 {
    offset.to_le_bytes()[0] ^ offset.to_le_bytes()[1]
}

/// A whole conversation: every QoS, payloads larger than the buffers both ways.
fn converse(world: &World, driver: Driver) -> Log {
    let mut session = Session::<Tables>::new(Config::new(Version::V5));
    let mut resources = Resources::<64, 64, 80>::new();
    let mut client = Client::new(&mut session, world.clone(), resources.buffers());
    let mut link = client.connect(world.open(), &connect()).unwrap();
    let mut log = Log::default();
    for _ in 0..100_000 {
        let told = driver.step(&mut link, |told| -> Option<Option<PayloadDue>> {
            let (step, mut commands) = told.unwrap()?;
            match step {
                Step::Event(event) => log.event(&event, &mut commands),
                Step::Completed(_, completion) => log.outcomes.push(format!("{completion:?}")),
                Step::PayloadDue(due) => return Some(Some(due)),
                Step::Again => {}
            }
            Some(None)
        });
        match told {
            Poll::Ready(Some(None)) => {}
            Poll::Ready(Some(Some(due))) => {
                let chunk: Vec<u8> = (due.offset..STREAMED).map(streamed).take(50).collect();
                let sent = driver.send(&mut link, &chunk).unwrap();
                assert!(sent <= chunk.len());
            }
            Poll::Ready(None) => return log.sorted(),
            Poll::Pending => panic!("{driver:?} waits for nothing; so far {log:?}"),
        }
    }
    panic!("{driver:?} does not end");
}

fn connect() -> Connect<'static> {
    const PROPERTIES: &[Property<'_>] = &[
        Property::ReceiveMaximum(core::num::NonZeroU16::new(4).unwrap()),
        Property::SessionExpiryInterval(600),
    ];
    let mut connect = Connect::new(Version::V5, "device");
    connect.clean_start = false;
    connect.keep_alive = 10;
    connect.properties = PROPERTIES.into();
    connect
}

fn publish<'a>(topic: &'a str, payload: Payload<'a>, qos: QoS) -> Publish<'a> {
    Publish {
        topic,
        payload,
        qos,
        retain: false,
        properties: Properties::EMPTY,
    }
}

#[test]
fn every_chunking_and_every_drop_come_to_the_same() {
    let expected = Log {
        messages: vec![
            (String::from("in/echo"), b"in/short".to_vec()),
            (
                String::from("in/long"),
                (0..STREAMED).map(streamed).collect(),
            ),
            (String::from("in/short"), vec![0; 40]),
            (String::from("in/short"), vec![1; 40]),
            (String::from("in/short"), vec![2; 40]),
        ],
        outcomes: vec![
            String::from("Requested"),
            String::from("Sent"),
            String::from("Success"),
            String::from("Success"),
            String::from("Success"),
            String::from("Success"),
        ],
        payload: vec![],
        topic: String::new(),
    };
    for chunk in (1..=20).chain([40, 63, 64, 65, 80, 1000]) {
        for driver in DRIVERS {
            assert_eq!(
                converse(&World::new(chunk), driver),
                expected,
                "{chunk} {driver:?}"
            );
            let world = World::new(chunk).stalling();
            assert_eq!(
                converse(&world, driver),
                expected,
                "{chunk} {driver:?}, stalling"
            );
        }
    }
}

/// A connection with its CONNACK, for the tests of what happens then.
fn connected(driver: Driver, link: &mut Link<'_>) {
    for _ in 0..100 {
        let done = driver.step(link, |told| {
            matches!(told, Ok(Some((Step::Event(Event::Connected(_)), _))))
        });
        if done == Poll::Ready(true) {
            return;
        }
    }
    panic!("not connected");
}

/// Runs until nothing comes any more, and says what came.
fn settle(driver: Driver, link: &mut Link<'_>) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let told = driver.step(link, |told| match told {
            Ok(Some((Step::Event(event), _))) => Some(match event {
                Event::Disconnected(why) => format!("{why:?}"),
                Event::Handled(kind) => format!("{kind:?}"),
                Event::Published(published) => format!("{:?}", published.reason),
                Event::Message(Message { payload, .. }) => format!("message {}", payload.len()),
                other => format!("{other:?}"),
            }),
            Ok(Some((Step::Completed(_, completion), _))) => Some(format!("{completion:?}")),
            Ok(Some((Step::Again | Step::PayloadDue(_), _))) => Some(String::new()),
            Ok(None) => None,
            Err(error) => panic!("{error:?}"),
        });
        match told {
            Poll::Ready(Some(event)) if event.is_empty() => {}
            Poll::Ready(Some(event)) => seen.push(event),
            Poll::Ready(None) => {
                seen.push(String::from("over"));
                return seen;
            }
            Poll::Pending => return seen,
        }
    }
}

/// What a test begins with: a client, of which the session is to be seen afterwards.
fn with_client(config: &Config, test: impl Fn(Driver, &World, &mut Client<'_, Tables, World>)) {
    for driver in DRIVERS {
        let world = World::new(1000);
        let mut session = Session::<Tables>::new(config.clone());
        let mut resources = Resources::<256, 128, 128>::new();
        let mut client = Client::new(&mut session, world.clone(), resources.buffers());
        test(driver, &world, &mut client);
    }
}

fn reconnecting() -> Config {
    let mut config = Config::new(Version::V5);
    config.reconnect = Some(Reconnect {
        minimum: Duration::from_secs(1),
        maximum: Duration::from_secs(8),
        seed: 7,
    });
    config
}

#[test]
fn the_connection_is_kept_alive() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        // [MQTT-3.1.2-22] The Server closes after one and a half times the Keep Alive.
        for _ in 0..5 {
            world.advance(10_000);
            assert_eq!(settle(driver, &mut link), ["PingResp"], "{driver:?}");
        }
        assert!(world.is_connected("device"));
    });
}

#[test]
fn an_answer_that_waits_in_the_transport_is_not_missed() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        // The Server's PINGRESP is there, but the application has other things to do until after
        // it was due.
        world.hold(true);
        world.advance(10_000);
        assert!(settle(driver, &mut link).is_empty());
        world.hold(false);
        world.advance(14_000);
        let seen = settle(driver, &mut link);
        assert!(
            !seen.iter().any(|event| event.contains("Timeout")),
            "{driver:?}: {seen:?}"
        );
        assert!(
            seen.contains(&String::from("PingResp")),
            "{driver:?}: {seen:?}"
        );
    });
}

#[test]
fn a_dead_link_is_noticed() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.silence();
        world.advance(10_000);
        assert!(settle(driver, &mut link).is_empty());
        world.advance(9_999);
        assert!(settle(driver, &mut link).is_empty());
        world.advance(1);
        assert_eq!(
            settle(driver, &mut link),
            [
                format!("{:?}", Disconnected::Timeout(Timeout::PingResp)),
                String::from("over")
            ]
        );
    });
}

#[test]
fn a_lost_connection_is_resumed() {
    with_client(&reconnecting(), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.silence();
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtLeastOnce);
        link.commands().publish(&message).unwrap();
        assert!(settle(driver, &mut link).is_empty());
        world.close();
        assert_eq!(settle(driver, &mut link), ["Closed", "over"]);
        drop(link);

        // Published while there is no connection.
        client.commands().publish(&message).unwrap();
        assert_eq!(client.poll().map(|(step, _)| step), None);
        client.connect_failed();
        assert!(poll(pin!(client.next())).is_pending());
        world.advance(8_000);
        let due = Some(Step::Event(Event::ReconnectDue));
        assert_eq!(client.poll().map(|(step, _)| step), due);

        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        assert_eq!(settle(driver, &mut link), ["NoMatchingSubscribers"; 2]);
    });
}

#[test]
fn reconnect_due_waits_for_the_backoff() {
    with_client(&reconnecting(), |_, world, client| {
        drop(client.connect(world.open(), &connect()).unwrap());
        let mut due = pin!(client.reconnect_due());
        assert!(poll(due.as_mut()).is_pending());
        world.advance(8_000);
        assert_eq!(poll(due.as_mut()), Poll::Ready(true));
    });
    with_client(&Config::new(Version::V5), |_, world, client| {
        drop(client.connect(world.open(), &connect()).unwrap());
        // Nobody asked for it.
        assert_eq!(poll(pin!(client.reconnect_due())), Poll::Ready(false));
    });
}

#[test]
fn a_dropped_connection_is_closed() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        drop(link);
        assert_eq!(client.commands().session().state(), State::Disconnected);
        assert!(client.connect(world.open(), &connect()).is_ok());
    });
}

#[test]
fn the_error_of_the_transport_ends_the_connection() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.break_transport();
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtMostOnce);
        link.commands().publish(&message).unwrap();
        let mut seen = Vec::new();
        while let Poll::Ready(Some(told)) = driver.step(&mut link, |told| match told {
            Ok(Some((step, _))) => Some(Ok(format!("{step:?}"))),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }) {
            seen.push(told);
        }
        assert!(
            seen.contains(&Err(ErrorKind::ConnectionReset)),
            "{driver:?}: {seen:?}"
        );
        assert_eq!(link.commands().session().state(), State::Disconnected);
    });
}

#[test]
fn what_a_lost_transport_did_not_take_is_not_offered_to_it_again() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        // The CONNECT is still to be written.
        world.close();
        link.commands()
            .disconnect(ReasonCode::Success, None)
            .unwrap();
        world.break_transport();
        let failed = driver.step(&mut link, |told| {
            matches!(told, Err(ErrorKind::ConnectionReset))
        });
        assert_eq!(failed, Poll::Ready(true));
        assert_eq!(settle(driver, &mut link), ["over"]);
    });
}

#[test]
fn a_flush_that_takes_long_does_not_hold_up_what_has_come() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        world.do_not_acknowledge();
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtLeastOnce);
        link.commands().publish(&message).unwrap();
        assert_eq!(settle(driver, &mut link), ["NoMatchingSubscribers"]);
    });
}

#[test]
fn a_dead_link_does_not_hold_up_the_disconnect() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        if matches!(driver, Driver::Poll | Driver::BlockingNext) {
            // A blocking write takes as long as it takes.
            return;
        }
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        world.fill();
        link.commands()
            .disconnect(ReasonCode::Success, None)
            .unwrap();
        assert!(settle(driver, &mut link).is_empty());
        world.advance(10_000);
        assert_eq!(settle(driver, &mut link), ["Requested", "over"]);
    });
}

#[test]
fn an_outcome_that_comes_with_the_end_is_not_lost() {
    with_client(&Config::new(Version::V5), |driver, world, client| {
        let mut link = client.connect(world.open(), &connect()).unwrap();
        connected(driver, &mut link);
        settle(driver, &mut link);
        let message = publish("a", Payload::Bytes(b"x"), QoS::AtMostOnce);
        let token = link.commands().publish(&message).unwrap();
        drop(link);
        let lost = Some(Step::Completed(token, Completion::Discarded));
        assert_eq!(client.poll().map(|(step, _)| step), lost);
    });
}

#[test]
fn without_receive_maximum_nothing_is_read_until_the_application_acknowledges() {
    let mut config = Config::new(Version::V3_1_1);
    config.manual_ack = true;
    with_client(&config, |driver, world, client| {
        let mut link = client
            .connect(world.open(), &Connect::new(Version::V3_1_1, "device"))
            .unwrap();
        connected(driver, &mut link);
        let filter = [Subscription::new(
            TopicFilter::new("a").unwrap(),
            QoS::AtLeastOnce,
        )];
        link.commands()
            .subscribe((&filter).into(), Properties::EMPTY)
            .unwrap();
        settle(driver, &mut link);
        world.inject(&six_messages());

        let mut acks = Vec::new();
        while let Poll::Ready(ack) = driver.step(&mut link, |told| match told {
            Ok(Some((Step::Event(Event::Message(message)), _))) => message.ack,
            _ => None,
        }) {
            acks.extend(ack);
        }
        // As many as the session can track.
        assert_eq!(acks.len(), 4, "{driver:?}");
        for ack in acks {
            link.commands()
                .acknowledge(ack, ReasonCode::Success)
                .unwrap();
        }
        assert_eq!(settle(driver, &mut link), ["message 1", "message 1"]);
    });
}

/// Another client's CONNECT and six messages at QoS 1.
fn six_messages() -> Vec<u8> {
    let version = Version::V3_1_1;
    let mut bytes = vec![0; 512];
    let mut len = Packet::Connect(Connect::new(version, "other"))
        .encode(version, &mut bytes)
        .unwrap();
    for id in 1..=6 {
        let head = mqtt_proto::PublishHead {
            delivery: mqtt_proto::Delivery::AtLeastOnce {
                packet_id: mqtt_proto::PacketId::new(id).unwrap(),
                dup: false,
            },
            retain: false,
            topic: Some(mqtt_proto::TopicName::new("a").unwrap()),
            properties: Properties::EMPTY,
        };
        let packet = Packet::Publish(mqtt_proto::Publish {
            head,
            payload: b"x",
        });
        len += packet.encode(version, &mut bytes[len..]).unwrap();
    }
    bytes.truncate(len);
    bytes
}

/// A client has a name that a `static` and a task can have.
#[test]
fn a_client_can_be_static() {
    static SESSION: std::sync::Mutex<Option<Session<Tables>>> = std::sync::Mutex::new(None);
    fn task(_: Client<'static, Tables, Fixed>) {}

    struct Fixed;
    impl crate::Clock for Fixed {
        fn now(&self) -> mqtt_session::Instant {
            mqtt_session::Instant::from_millis(0)
        }
    }
    *SESSION.lock().unwrap() = Some(Session::new(Config::new(Version::V5)));
    let session = std::boxed::Box::leak(std::boxed::Box::new(
        SESSION.lock().unwrap().take().unwrap(),
    ));
    let resources = std::boxed::Box::leak(std::boxed::Box::new(Resources::<64, 64, 64>::new()));
    task(Client::new(session, Fixed, resources.buffers()));
}
