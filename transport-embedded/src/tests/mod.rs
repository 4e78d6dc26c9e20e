mod connection;
mod conversation;
mod world;

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;
use std::{format, string::String, vec};

use embedded_io::ErrorKind;
use mqtt_proto::{
    Connect, Delivery, Packet, PacketId, Properties, Property, PublishHead, QoS, ReasonCode,
    Subscription, TopicFilter, TopicName, Version,
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
            Self::Poll => loop {
                match link.poll() {
                    Poll::Pending if world.is_stalled() => {}
                    polled => return polled.map(told),
                }
            },
            Self::BlockingNext => loop {
                match link.blocking_next() {
                    Poll::Pending if world.is_stalled() => {}
                    polled => return polled.map(told),
                }
            },
        }
    }

    fn send(self, link: &mut Link<'_>, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let world = link.commands.clock.clone();
        match self {
            Self::Next => {
                let mut send = pin!(link.send_payload(bytes));
                loop {
                    match poll(send.as_mut()) {
                        Poll::Ready(result) => return result,
                        Poll::Pending => assert!(world.is_stalled(), "waits for nothing"),
                    }
                }
            }
            Self::NextDropped => loop {
                match poll(pin!(link.send_payload(bytes))) {
                    Poll::Ready(result) => return result,
                    Poll::Pending => assert!(world.is_stalled(), "waits for nothing"),
                }
            },
            Self::Poll | Self::BlockingNext => link.blocking_send_payload(bytes),
        }
    }
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
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

fn subscribe(link: &mut Link<'_>, filter: &str, qos: QoS) {
    let filter = [Subscription::new(TopicFilter::new(filter).unwrap(), qos)];
    link.commands()
        .subscribe((&filter).into(), Properties::EMPTY)
        .unwrap();
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

/// The CONNECT of another client and `count` messages of its to the topic `a`.
fn messages(version: Version, count: u16, qos: QoS, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 64 + usize::from(count) * (payload.len() + 16)];
    let mut len = Packet::Connect(Connect::new(version, "other"))
        .encode(version, &mut bytes)
        .unwrap();
    for id in 1..=count {
        let packet_id = PacketId::new(id).unwrap();
        let dup = false;
        let head = PublishHead {
            delivery: match qos {
                QoS::AtMostOnce => Delivery::AtMostOnce,
                QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
                QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
            },
            retain: false,
            topic: Some(TopicName::new("a").unwrap()),
            properties: Properties::EMPTY,
        };
        len += Packet::Publish(mqtt_proto::Publish { head, payload })
            .encode(version, &mut bytes[len..])
            .unwrap();
    }
    bytes.truncate(len);
    bytes
}
