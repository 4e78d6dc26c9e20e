//! What MQTT promises, over seeds: however the links split, delay and cut what is written.
//!
//! The witness of the world checks on every connection what can be seen from the bytes: Receive
//! Maximum in both directions, the order of acknowledgements, Keep Alive, nothing after DISCONNECT.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use mqtt_proto::{Properties, QoS, ReasonCode, Version};
use mqtt_session::{
    Config, Duration, Heap, Inline, Payload, Publish, PublishError, Reconnect, Storage, Token,
};
use mqtt_testkit::{BrokerOptions, ClientId, ClientOptions, Delivered, Faults, Outcome, World};

/// As small as firmware would have it.
type Small = Inline<512, 6, 4>;

const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// The test's own draws, apart from those of the world.
struct Draw(u64);

impl Draw {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % (most + 1)
    }

    fn flip(&mut self) -> bool {
        self.up_to(1) == 1
    }

    fn version(&mut self) -> Version {
        if self.flip() {
            Version::V5
        } else {
            Version::V3_1_1
        }
    }

    fn faults(&mut self) -> Faults {
        let split = 1 + self.up_to(40);
        Faults {
            delay: Duration::from_millis(self.up_to(100)),
            split: usize::try_from(split).unwrap(),
            // A few thousand bytes pass between two cuts: with less, nobody would get anywhere.
            cut: u32::try_from(self.up_to(split * 250)).unwrap(),
            reconnect: Duration::from_millis(self.up_to(500)),
        }
    }

    fn client(&mut self, client_id: &str) -> ClientOptions {
        let version = self.version();
        let mut options = ClientOptions::new(version, client_id);
        let reconnect = Reconnect {
            minimum: Duration::from_millis(100),
            maximum: Duration::from_secs(2),
            seed: u32::try_from(self.up_to(1000)).unwrap(),
        };
        options.config = Config {
            manual_ack: self.flip(),
            maximum_topic_aliases: 1,
            // Otherwise the world decides when to connect again.
            reconnect: self.flip().then_some(reconnect),
            ..Config::new(version)
        };
        options.acknowledge_within = Duration::from_millis(self.up_to(500));
        options.keep_alive = u16::try_from(5 + self.up_to(60)).unwrap();
        options.receive_maximum = NonZeroU16::new(u16::try_from(1 + self.up_to(3)).unwrap());
        options
    }

    fn broker(&mut self) -> BrokerOptions {
        let maximum = u16::try_from(1 + self.up_to(7)).unwrap();
        BrokerOptions {
            receive_maximum: maximum.try_into().unwrap(),
            // What the small storage tracks: a Client of 3.1.1 cannot say it.
            in_flight_maximum: 4.try_into().unwrap(),
            ..BrokerOptions::default()
        }
    }
}

/// A message that a test has published.
struct Sent {
    publisher: usize,
    qos: QoS,
    payload: Vec<u8>,
    token: Token,
}

struct Scenario<S: Storage> {
    seed: u64,
    draw: Draw,
    world: World<S>,
    clients: Vec<ClientId>,
    sent: Vec<Sent>,
}

impl<S: Storage> Scenario<S> {
    /// Three clients, each subscribed to everything.
    fn new(seed: u64) -> Self {
        let mut draw = Draw(seed);
        let mut world = World::new(seed, draw.faults(), draw.broker());
        let clients: Vec<ClientId> = ["a", "b", "c"]
            .map(|name| world.add(draw.client(name)))
            .into();
        for client in &clients {
            world.subscribe(*client, "t/#", QoS::ExactlyOnce).unwrap();
        }
        let mut scenario = Self {
            seed,
            draw,
            world,
            clients,
            sent: Vec::new(),
        };
        scenario.settle();
        scenario
    }

    fn settle(&mut self) {
        let settled = self.world.settle(Duration::from_secs(600));
        let clients = self.clients.iter().map(|client| self.world.client(*client));
        let unsettled: Vec<usize> = clients.map(|client| client.unsettled().count()).collect();
        let queued = ["a", "b", "c"].map(|name| self.world.broker().queued(name));
        assert!(
            settled,
            "seed {}: {unsettled:?} unsettled, {queued:?} queued",
            self.seed
        );
    }

    /// Publishes one message, waiting for room as an application would.
    fn publish(&mut self) {
        let publisher = usize::try_from(self.draw.up_to(2)).unwrap();
        let qos = QOS[usize::try_from(self.draw.up_to(2)).unwrap()];
        let mut payload = format!("{publisher} {} ", self.sent.len()).into_bytes();
        payload.resize(
            payload.len() + usize::try_from(self.draw.up_to(60)).unwrap(),
            b'.',
        );
        let streamed = self.draw.up_to(4) == 0;
        let len = u32::try_from(payload.len()).unwrap();
        let publish = Publish {
            topic: "t/1",
            payload: if streamed {
                Payload::Streamed(len)
            } else {
                Payload::Bytes(&payload)
            },
            qos,
            retain: false,
            properties: Properties::EMPTY,
        };
        let token = loop {
            let client = self.clients[publisher];
            let published = if streamed {
                self.world
                    .publish_streamed(client, &publish, payload.clone())
            } else {
                self.world.publish(client, &publish)
            };
            match published {
                Ok(token) => break token,
                Err(PublishError::NotConnected) if qos == QoS::AtMostOnce => return,
                Err(PublishError::TooManyInFlight | PublishError::OutboxFull) => {
                    self.world.run_for(Duration::from_millis(100));
                }
                Err(error) => panic!("seed {}: {error}", self.seed),
            }
        };
        self.sent.push(Sent {
            publisher,
            qos,
            payload,
            token,
        });
    }

    /// Publishes many, with pauses, of which some are long.
    fn publish_many(&mut self, count: usize) {
        for _ in 0..count {
            self.publish();
            let pause = if self.draw.up_to(9) == 0 { 20_000 } else { 50 };
            let pause = self.draw.up_to(pause);
            self.world.run_for(Duration::from_millis(pause));
        }
    }

    fn outcome(&self, sent: &Sent) -> &Outcome {
        let client = self.world.client(self.clients[sent.publisher]);
        client.outcome(sent.token).expect("settled")
    }

    /// Every message arrived as often as its QoS promises, in order.
    fn check_delivered(&self) {
        let seed = self.seed;
        for subscriber in &self.clients {
            let delivered = self.world.client(*subscriber).delivered();
            let mut counts: BTreeMap<&[u8], usize> = BTreeMap::new();
            for message in delivered {
                *counts.entry(&message.payload).or_default() += 1;
            }
            for sent in &self.sent {
                let count = counts.remove(sent.payload.as_slice()).unwrap_or(0);
                let promised = match sent.qos {
                    QoS::AtMostOnce => count <= 1,
                    QoS::AtLeastOnce => count >= 1,
                    QoS::ExactlyOnce => count == 1,
                };
                let payload = String::from_utf8_lossy(&sent.payload);
                assert!(
                    promised,
                    "seed {seed}: {payload} at QoS {} came {count} times",
                    sent.qos
                );
            }
            assert!(
                counts.is_empty(),
                "seed {seed}: nobody published {counts:?}"
            );
            for publisher in 0..self.clients.len() {
                for qos in QOS {
                    self.check_order(delivered, publisher, qos);
                }
            }
        }
    }

    /// [MQTT-4.6.0-6]: first deliveries come in the order of publishing.
    fn check_order(&self, delivered: &[Delivered], publisher: usize, qos: QoS) {
        let index = |payload: &[u8]| self.sent.iter().position(|sent| sent.payload == payload);
        let mut newest = None;
        for message in delivered.iter().filter(|message| message.qos == qos) {
            let index = index(&message.payload).unwrap();
            if self.sent[index].publisher == publisher {
                // One that is older than the newest must have come before: only QoS 1 repeats.
                let is_first = delivered.iter().find(|it| it.payload == message.payload);
                if is_first.is_some_and(|first| std::ptr::eq(first, message)) {
                    assert!(
                        newest < Some(index),
                        "seed {}: QoS {qos} out of order",
                        self.seed
                    );
                    newest = Some(index);
                }
            }
        }
    }

    /// Nothing but the links ended a connection: neither side had a reason to. The broker ends the
    /// old connection of a client that comes back before the broker has learned of the cut.
    fn check_connections(&self) {
        for reason in self.world.broker().refusals().keys() {
            assert_eq!(*reason, ReasonCode::SessionTakenOver, "seed {}", self.seed);
        }
        for client in &self.clients {
            for why in self.world.client(*client).disconnected() {
                let version = self.world.client(*client).session().version();
                assert_eq!(why, "closed", "seed {}, {version}", self.seed);
            }
        }
    }
}

fn promises_are_kept<S: Storage>(seeds: std::ops::Range<u64>) {
    let mut cuts = 0;
    for seed in seeds {
        let mut scenario: Scenario<S> = Scenario::new(seed);
        scenario.publish_many(24);
        scenario.settle();
        for sent in &scenario.sent {
            let outcome = scenario.outcome(sent);
            let expected = match (sent.qos, outcome) {
                (QoS::AtMostOnce, Outcome::Completed(_))
                | (_, Outcome::Published(ReasonCode::Success)) => true,
                // The answer to a PUBREL that was sent again because its PUBCOMP was lost.
                (QoS::ExactlyOnce, Outcome::Published(reason)) => {
                    *reason == ReasonCode::PacketIdentifierNotFound
                }
                _ => false,
            };
            assert!(
                expected,
                "seed {seed}: QoS {} ended as {outcome:?}",
                sent.qos
            );
        }
        scenario.check_delivered();
        scenario.check_connections();
        for client in &scenario.clients {
            let client = scenario.world.client(*client);
            assert!(
                client.connected()[1..].iter().all(|present| *present),
                "seed {seed}"
            );
            cuts += client.disconnected().len();
        }
    }
    // Otherwise the links were too kind for the test to mean much.
    assert!(cuts > 100, "{cuts} cuts");
}

#[test]
fn promises_are_kept_on_the_heap() {
    promises_are_kept::<Heap>(0..100);
}

#[test]
fn promises_are_kept_in_little_room() {
    promises_are_kept::<Small>(1000..1100);
}

/// `cargo test --test flows -- --ignored`
#[test]
#[ignore = "takes minutes in debug; CI's job worlds runs it in release"]
fn promises_are_kept_for_long() {
    promises_are_kept::<Heap>(100_000..102_000);
    promises_are_kept::<Small>(200_000..202_000);
}

/// The broker crashes too, and comes back with what it persists.
#[test]
fn promises_are_kept_when_the_broker_crashes() {
    for seed in 2000..2050 {
        let mut scenario: Scenario<Small> = Scenario::new(seed);
        for _ in 0..4 {
            scenario.publish_many(6);
            scenario.world.restart_broker(false);
        }
        scenario.settle();
        scenario.check_delivered();
        scenario.check_connections();
    }
}

/// A broker that forgets its sessions cannot keep its promises, but every operation still ends, and
/// what was to come once does not come twice.
#[test]
fn every_operation_ends_when_the_broker_forgets() {
    const LOSSES: usize = 3;
    let mut lost = 0;
    for seed in 3000..3050 {
        let mut scenario: Scenario<Small> = Scenario::new(seed);
        for _ in 0..LOSSES {
            scenario.publish_many(8);
            scenario.world.restart_broker(true);
            for client in scenario.clients.clone() {
                while scenario
                    .world
                    .subscribe(client, "t/#", QoS::ExactlyOnce)
                    .is_err()
                {
                    scenario.world.run_for(Duration::from_millis(100));
                }
            }
        }
        scenario.settle();
        scenario.check_connections();
        for sent in &scenario.sent {
            if let (QoS::ExactlyOnce, Outcome::Completed(_)) = (sent.qos, scenario.outcome(sent)) {
                lost += 1;
            }
            // A hole in the protocol: where the CONNACK that tells of the loss is lost itself, the next
            // one speaks of the Session that the lost one began, and nobody is the wiser.
            let publisher = scenario.world.client(scenario.clients[sent.publisher]);
            let told = publisher
                .connected()
                .iter()
                .filter(|present| !**present)
                .count();
            if told < 1 + LOSSES {
                continue;
            }
            for client in &scenario.clients {
                let delivered = scenario.world.client(*client).delivered();
                let count = delivered
                    .iter()
                    .filter(|it| it.payload == sent.payload)
                    .count();
                assert!(
                    count <= 1 || sent.qos == QoS::AtLeastOnce,
                    "seed {seed}: {count} times"
                );
            }
        }
    }
    assert!(lost > 0, "no session was lost at a bad moment");
}

/// [MQTT-3.1.2-20], [MQTT-3.1.2-22]: hours without a message, on a slow link.
#[test]
fn keep_alive_keeps_a_silent_connection() {
    for seed in 4000..4004 {
        let faults = Faults {
            delay: Duration::from_millis(500),
            cut: 0,
            ..Faults::ROUGH
        };
        let mut world: World<Small> = World::new(seed, faults, BrokerOptions::default());
        let clients = [Version::V3_1_1, Version::V5].map(|version| {
            let mut options = ClientOptions::new(version, &format!("{version}"));
            options.keep_alive = 5;
            options.receive_maximum = NonZeroU16::new(4);
            world.add(options)
        });
        world.run_for(Duration::from_secs(3600));
        for client in clients {
            let client = world.client(client);
            assert_eq!(client.disconnected(), [""; 0], "seed {seed}");
            assert_eq!(client.connected(), [false], "seed {seed}");
        }
    }
}

/// A server that is not there any more is noticed, and so is a client.
#[test]
fn both_sides_notice_that_the_other_is_gone() {
    let slow = Faults {
        delay: Duration::from_secs(3600),
        ..Faults::NONE
    };
    let mut world: World<Heap> = World::new(1, Faults::NONE, BrokerOptions::default());
    let mut options = ClientOptions::new(Version::V5, "a");
    options.keep_alive = 10;
    let client = world.add(options);
    assert!(world.settle(Duration::from_secs(1)));
    world.set_faults(slow);
    world.run_for(Duration::from_secs(30));
    assert_eq!(world.client(client).disconnected(), ["timeout: PingResp"]);
    assert_eq!(world.broker().connected().count(), 0);
}

#[test]
fn a_run_can_be_had_again() {
    let run = |seed| {
        let mut scenario: Scenario<Heap> = Scenario::new(seed);
        scenario.publish_many(20);
        scenario.settle();
        format!("{:?}", scenario.world)
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

/// A large payload passes through a small scratch and a small outbox.
#[test]
fn a_payload_has_no_limit() {
    for seed in 5000..5005 {
        let faults = Faults {
            split: 4096,
            cut: 2000,
            ..Faults::ROUGH
        };
        let mut world: World<Small> = World::new(seed, faults, BrokerOptions::default());
        let [a, b] = ["a", "b"].map(|name| {
            let mut options = ClientOptions::new(Version::V5, name);
            options.receive_maximum = NonZeroU16::new(4);
            options.scratch = 64;
            world.add(options)
        });
        world.subscribe(b, "t", QoS::ExactlyOnce).unwrap();
        assert!(world.settle(Duration::from_secs(3600)), "seed {seed}");
        let payload: Vec<u8> = (0..100_000_u32)
            .map(|index| index.to_le_bytes()[index as usize % 4])
            .collect();
        let publish = Publish {
            topic: "t",
            payload: Payload::Streamed(100_000),
            qos: QoS::ExactlyOnce,
            retain: false,
            properties: Properties::EMPTY,
        };
        world
            .publish_streamed(a, &publish, payload.clone())
            .unwrap();
        assert!(world.settle(Duration::from_secs(3600)), "seed {seed}");
        let delivered = world.client(b).delivered();
        assert_eq!(delivered.len(), 1, "seed {seed}");
        assert!(delivered[0].payload == payload, "seed {seed}");
    }
}

/// A Client of 3.1.1 cannot say how little it takes, but it gets everything in the end.
#[test]
fn a_small_client_of_3_1_1_gets_on_with_a_broker_that_sends_much() {
    for seed in 6000..6020 {
        let faults = Faults {
            split: 4096,
            cut: 0,
            ..Faults::ROUGH
        };
        let mut world: World<Small> = World::new(seed, faults, BrokerOptions::default());
        let [a, b] = ["a", "b"].map(|name| world.add(ClientOptions::new(Version::V3_1_1, name)));
        world.subscribe(b, "t", QoS::ExactlyOnce).unwrap();
        assert!(world.settle(Duration::from_secs(60)), "seed {seed}");
        world.cut(b);
        world.run_for(Duration::from_millis(60));
        for _ in 0..30 {
            let publish = Publish::new("t", b"x").qos(QoS::ExactlyOnce);
            while world.publish(a, &publish).is_err() {
                world.run_for(Duration::from_millis(10));
            }
        }
        let settled = world.settle(Duration::from_secs(600));
        let client = world.client(b);
        let count = client.delivered().len();
        assert!(
            settled,
            "seed {seed}: {count} came, {:?}",
            client.disconnected().len()
        );
        assert_eq!(count, 30, "seed {seed}");
    }
}
