//! The driver over a wire in memory, step by step: what it reads, what it writes, and with how
//! many calls.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mqtt_proto::{
    Ack, ConnAck, DecodeOptions, Delivery, Packet, PacketId, Properties, Publish, PublishHead, QoS,
    ReasonCode, Role, TopicName, Version,
};
use smol::channel;
use smol::future::poll_once;
use smol::io::{AsyncRead, AsyncWrite};

use super::Driver;
use crate::command::{Command, Operation, PublishOutcome, Reserved};
use crate::completion::Promise;
use crate::dispatch::Job;
use crate::engine::Engine;
use crate::route::{Routes, Sink};
use crate::shared::Shared;
use crate::tcp::Transport;
use crate::{ConnectError, ConnectPhase, Filter, Message, Options, PublishError};

const VERSION: Version = Version::V5;

/// Both directions of a connection.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// To the client, not read yet.
    input: VecDeque<u8>,
    /// From the client, one for each write.
    writes: Vec<Vec<u8>>,
    reader: Option<Waker>,
}

impl Wire {
    fn send(&self, packets: &[Packet<'_>]) {
        let mut state = self.0.lock().expect("not poisoned");
        for packet in packets {
            let mut bytes = vec![0; packet.encoded_len(VERSION).expect("encodable")];
            packet.encode(VERSION, &mut bytes).expect("it fits");
            state.input.extend(bytes);
        }
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    fn unread(&self) -> usize {
        self.0.lock().expect("not poisoned").input.len()
    }

    /// The writes since the last call, each with its packets counted.
    fn writes(&self) -> Vec<usize> {
        let writes = std::mem::take(&mut self.0.lock().expect("not poisoned").writes);
        let options = DecodeOptions::new(VERSION, Role::Client);
        writes
            .iter()
            .map(|bytes| {
                let mut rest = &bytes[..];
                let mut count = 0;
                while let Ok(Some(_)) = Packet::decode(&options, &mut rest) {
                    count += 1;
                }
                count
            })
            .collect()
    }
}

impl Transport for Wire {
    type Stream = Self;

    async fn open(&self) -> Result<Self, ConnectError> {
        Ok(self.clone())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().expect("not poisoned");
        if state.input.is_empty() {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let size = buffer.len().min(state.input.len());
        for (to, from) in buffer.iter_mut().zip(state.input.drain(..size)) {
            *to = from;
        }
        Poll::Ready(Ok(size))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0
            .lock()
            .expect("not poisoned")
            .writes
            .push(bytes.to_vec());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A driver's world.
struct World {
    engine: Engine,
    receiver: channel::Receiver<Command>,
    commands: channel::Sender<Command>,
    shared: Arc<Shared>,
    wire: Wire,
    _jobs: channel::Receiver<Job>,
}

fn world() -> World {
    world_with(
        Options::new("nowhere", 1)
            .version(VERSION)
            .client_id("test"),
    )
}

fn world_with(options: Options) -> World {
    let (commands, receiver) = channel::unbounded();
    let (jobs, jobs_receiver) = channel::unbounded();
    let shared = Arc::new(Shared::new(commands.clone(), options.maximum_outbox));
    let routes = Routes::new(None, options.maximum_inbox, commands.clone());
    World {
        engine: Engine::new(options, Arc::clone(&shared), routes, jobs),
        receiver,
        commands,
        shared,
        wire: Wire::default(),
        _jobs: jobs_receiver,
    }
}

fn connack() -> Packet<'static> {
    Packet::ConnAck(ConnAck {
        session_present: false,
        reason: ReasonCode::Success,
        properties: Properties::EMPTY,
    })
}

fn publish(packet_id: Option<u16>, payload: &[u8]) -> Packet<'_> {
    let packet_id = packet_id.and_then(PacketId::new);
    Packet::Publish(Publish {
        head: PublishHead {
            delivery: packet_id.map_or(Delivery::AtMostOnce, |packet_id| Delivery::AtLeastOnce {
                packet_id,
                dup: false,
            }),
            retain: false,
            topic: Some(TopicName::new("t").expect("a valid name")),
            properties: Properties::EMPTY,
        },
        payload,
    })
}

/// Lets the driver do all that it can do now.
async fn step(run: &mut Pin<&mut impl Future<Output = ()>>) {
    assert!(poll_once(run.as_mut()).await.is_none(), "the driver ended");
}

/// Publishes that were waiting leave with one write a buffer, and so do acknowledgements.
#[test]
fn writes_are_gathered() {
    let world = world();
    let mut outcomes = Vec::new();
    for _ in 0..1000 {
        let message = Message::new("topic", vec![b'x'; 20]).qos(QoS::AtLeastOnce);
        let (promise, cell) = Promise::new(&world.shared);
        let room = Reserved {
            size: 0,
            shared: Arc::clone(&world.shared),
        };
        let outcome = PublishOutcome { promise, room };
        let operation = Operation::Publish { message, outcome };
        world
            .commands
            .try_send(Command::Operation(operation))
            .expect("it is open");
        outcomes.push(cell);
    }
    let wire = world.wire.clone();
    let mut run = pin!(Driver::new(world.engine, world.receiver).run(wire.clone(), true));
    smol::block_on(async {
        step(&mut run).await;
        assert_eq!(wire.writes(), [1], "CONNECT");
        wire.send(&[connack()]);
        step(&mut run).await;
        assert_eq!(wire.writes(), [1000]);
        let acks: Vec<_> = (1..=1000)
            .filter_map(PacketId::new)
            .map(|packet_id| Packet::PubAck(Ack::new(packet_id, ReasonCode::Success)))
            .collect();
        wire.send(&acks);
        step(&mut run).await;
        for outcome in &outcomes {
            assert_eq!(outcome.get(), Some(Ok(ReasonCode::Success)));
        }
        // Nobody subscribed: all are acknowledged at once.
        let messages: Vec<_> = (1..=500).map(|n| publish(Some(n), b"x")).collect();
        wire.send(&messages);
        step(&mut run).await;
        assert_eq!(wire.writes(), [500]);
    });
}

/// What a consumer does not take stays where it is: beyond its capacity and one buffer, with the server.
#[test]
fn a_slow_consumer_holds_back_the_server() {
    let mut world = world();
    let (sink, deliveries) = Sink::queue(10, world.commands.clone());
    let filters = vec![Filter::new("t", QoS::AtMostOnce)];
    world
        .engine
        .routes
        .add(filters, crate::Properties::new(), sink);
    let wire = world.wire.clone();
    let mut run = pin!(Driver::new(world.engine, world.receiver).run(wire.clone(), true));
    let payloads: Vec<String> = (0..3000).map(|n| format!("{n:060}")).collect();
    smol::block_on(async {
        step(&mut run).await;
        wire.send(&[connack()]);
        let messages: Vec<_> = payloads
            .iter()
            .map(|payload| publish(None, payload.as_bytes()))
            .collect();
        wire.send(&messages);
        let sent = wire.unread();
        step(&mut run).await;
        assert_eq!(deliveries.len(), 10);
        assert_eq!(sent - wire.unread(), 64 << 10);
        for payload in &payloads {
            let delivery = deliveries.try_recv().expect("the next one is there");
            assert_eq!(delivery.take().payload, payload.as_bytes());
            step(&mut run).await;
            assert!(deliveries.len() <= 10);
        }
        assert_eq!(wire.unread(), 0);
    });
}

/// While somebody waits for an outcome, the driver reads on: the answer may be behind.
#[test]
fn a_slow_consumer_that_waits_holds_back_nothing() {
    let mut world = world();
    let (sink, deliveries) = Sink::queue(10, world.commands.clone());
    let filters = vec![Filter::new("t", QoS::AtMostOnce)];
    world
        .engine
        .routes
        .add(filters, crate::Properties::new(), sink);
    let shared = Arc::clone(&world.shared);
    let wire = world.wire.clone();
    let mut run = pin!(Driver::new(world.engine, world.receiver).run(wire.clone(), true));
    smol::block_on(async {
        step(&mut run).await;
        wire.send(&[connack()]);
        let messages: Vec<_> = (0..20).map(|_| publish(None, b"")).collect();
        wire.send(&messages);
        step(&mut run).await;
        assert_eq!(deliveries.len(), 10);
        let want = shared.wanted.want();
        step(&mut run).await;
        assert_eq!(deliveries.len(), 10);
        assert_eq!(shared.counters.read().overflowed, 10);
        // QoS 1 is not lost.
        wire.send(&[publish(Some(1), b"")]);
        step(&mut run).await;
        assert_eq!(deliveries.len(), 11);
        drop(want);
    });
}

/// To have asked for an outcome, or to have waited for it in vain, is not to wait for it.
#[test]
fn only_who_waits_now_makes_it_read_on() {
    let mut world = world();
    let (sink, deliveries) = Sink::queue(10, world.commands.clone());
    let filters = vec![Filter::new("t", QoS::AtMostOnce)];
    world
        .engine
        .routes
        .add(filters, crate::Properties::new(), sink);
    let (_promise, cell) = Promise::<_, PublishError>::new(&world.shared);
    let (shared, wire) = (Arc::clone(&world.shared), world.wire.clone());
    let mut run = pin!(Driver::new(world.engine, world.receiver).run(wire.clone(), true));
    smol::block_on(async {
        step(&mut run).await;
        assert_eq!(cell.get(), None::<Result<(), _>>);
        assert_eq!(cell.wait_timeout(Duration::from_nanos(1)), None);
        wire.send(&[connack()]);
        let messages: Vec<_> = (0..20).map(|_| publish(None, b"")).collect();
        wire.send(&messages);
        step(&mut run).await;
        for _ in 0..20 {
            deliveries.try_recv().expect("none was dropped");
            step(&mut run).await;
        }
        assert_eq!(shared.counters.read().overflowed, 0);
    });
}

/// Whoever waits, what is held for consumers has its bound in bytes.
#[test]
fn the_inbox_is_bounded_though_somebody_waits() {
    // Each takes 1 for the topic, 743 for the payload, and 256.
    let payload = [b'x'; 743];
    let mut world = world_with(
        Options::new("nowhere", 1)
            .version(VERSION)
            .client_id("test")
            .maximum_inbox(20_000),
    );
    let (sink, deliveries) = Sink::queue(10, world.commands.clone());
    let filters = vec![Filter::new("t", QoS::AtMostOnce)];
    world
        .engine
        .routes
        .add(filters, crate::Properties::new(), sink);
    let shared = Arc::clone(&world.shared);
    let wire = world.wire.clone();
    let mut run = pin!(Driver::new(world.engine, world.receiver).run(wire.clone(), true));
    smol::block_on(async {
        step(&mut run).await;
        let _want = shared.wanted.want();
        wire.send(&[connack()]);
        let messages: Vec<_> = (1..=500).map(|n| publish(Some(n), &payload)).collect();
        wire.send(&messages);
        let sent = wire.unread();
        step(&mut run).await;
        assert_eq!(deliveries.len(), 20);
        assert_eq!(sent - wire.unread(), 64 << 10);
        for _ in 0..500 {
            assert!(deliveries.len() <= 20);
            drop(deliveries.try_recv().expect("the next one is there"));
            step(&mut run).await;
        }
        assert_eq!(wire.unread(), 0);
    });
}

/// The transport is open at once; then the server says nothing.
#[test]
fn no_connack_in_time() {
    let short = Duration::from_millis(1);
    let world = world_with(Options::new("nowhere", 1).connect_timeout(short));
    let driver = Driver::new(world.engine, world.receiver);
    smol::block_on(driver.run(world.wire, true));
    match world.shared.link.wait(None) {
        Err(ConnectError::Timeout { phase, after }) => {
            assert_eq!((phase, after), (ConnectPhase::ConnAck, short));
        }
        other => panic!("{other:?}"),
    }
}
