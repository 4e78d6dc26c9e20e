//! A world of its own: a broker, clients, the links between them, and time that only it moves.

mod client;
mod link;
mod rng;
mod witness;

use mqtt_proto::{Properties, QoS, Sequence, Subscription, TopicFilter};
use mqtt_session::{
    Duration, Heap, Instant, Publish, PublishError, Session, Storage, SubscribeError, Token,
};

pub use client::{Client, ClientOptions, Delivered, Outcome};
use link::{Link, Parcel};
use rng::Rng;

use crate::{Broker, BrokerOptions};

/// What the links of a [`World`] do to the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The longest that a piece is under way.
    pub delay: Duration,
    /// The largest piece, in bytes, in which what was written arrives.
    pub split: usize,
    /// How many of a million arriving pieces cut their link instead, wherever they end. Of what is
    /// under way in either direction a random part still arrives, and each end learns of the cut
    /// at a time of its own.
    pub cut: u32,
    /// The longest that a client waits before it connects again.
    pub reconnect: Duration,
}

impl Faults {
    /// A perfect network: everything arrives at once and whole.
    pub const NONE: Self = Self {
        delay: Duration::ZERO,
        split: usize::MAX,
        cut: 0,
        reconnect: Duration::from_millis(100),
    };

    /// Small pieces that take up to 50 ms, and now and then a cut.
    pub const ROUGH: Self = Self {
        delay: Duration::from_millis(50),
        split: 24,
        cut: 10_000,
        reconnect: Duration::from_secs(1),
    };
}

/// Which client of a [`World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(usize);

/// Clients and a [`Broker`], joined by links that split, delay and cut what is written; all of
/// it in virtual time and from one seed, so that a run can be had again.
///
/// A witness reads along on every connection and panics where a rule is broken that can be seen
/// from the bytes: more in flight than the other side takes, acknowledgements out of order,
/// silence longer than the Keep Alive, a packet after DISCONNECT, bytes that are not MQTT. So does
/// the record of operations where one ends twice.
///
/// Write the seed into the message of every assertion: it is all that is needed to see it fail again.
///
/// ```
/// use mqtt_proto::{Properties, QoS, Version};
/// use mqtt_session::{Duration, Heap, Payload, Publish};
/// use mqtt_testkit::{BrokerOptions, ClientOptions, Faults, World};
///
/// for seed in 0..20 {
///     let mut world: World<Heap> = World::new(seed, Faults::ROUGH, BrokerOptions::default());
///     let sensor = world.add(ClientOptions::new(Version::V5, "sensor"));
///     let screen = world.add(ClientOptions::new(Version::V3_1_1, "screen"));
///     world.subscribe(screen, "temperature", QoS::ExactlyOnce).unwrap();
///     assert!(world.settle(Duration::from_secs(3600)), "seed {seed}");
///
///     let reading = Publish {
///         topic: "temperature",
///         payload: Payload::Bytes(b"21.5"),
///         qos: QoS::ExactlyOnce,
///         retain: false,
///         properties: Properties::EMPTY,
///     };
///     world.publish(sensor, &reading).unwrap();
///     assert!(world.settle(Duration::from_secs(3600)), "seed {seed}");
///     let delivered = world.client(screen).delivered();
///     assert_eq!(delivered.len(), 1, "seed {seed}: however often the links were cut");
/// }
/// ```
#[derive(Debug)]
pub struct World<S: Storage = Heap> {
    now: Instant,
    rng: Rng,
    faults: Faults,
    broker: Broker,
    clients: Vec<Client<S>>,
    /// Links that their client has left, and from which the broker has not got everything.
    left: Vec<Link>,
}

/// Getters.
impl<S: Storage> World<S> {
    /// A world in which nobody is yet.
    #[must_use]
    pub fn new(seed: u64, faults: Faults, options: BrokerOptions) -> Self {
        Self {
            now: Instant::from_millis(0),
            rng: Rng::new(seed),
            faults,
            broker: Broker::new(options),
            clients: Vec::new(),
            left: Vec::new(),
        }
    }

    /// The time in this world.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The broker.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// A client.
    #[must_use]
    pub fn client(&self, id: ClientId) -> &Client<S> {
        &self.clients[id.0]
    }

    /// Whether every client is connected, has nothing under way and no operation that has not ended, and
    /// the broker has nothing for it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.left.is_empty()
            && self
                .clients
                .iter()
                .all(|client| client.is_settled(&self.broker))
    }
}

/// Commands.
impl<S: Storage> World<S> {
    /// Adds a client, which connects as soon as time moves.
    pub fn add(&mut self, options: ClientOptions) -> ClientId {
        self.clients.push(Client::new(self.now, options));
        ClientId(self.clients.len() - 1)
    }

    /// Publishes a message.
    ///
    /// # Errors
    /// Those of the session's `publish`.
    pub fn publish(&mut self, id: ClientId, publish: &Publish<'_>) -> Result<Token, PublishError> {
        let now = self.now;
        self.command(id, |session| session.publish(now, publish))
    }

    /// Publishes a message whose payload the session asks for: `publish.payload` must be
    /// [`Payload::Streamed`](mqtt_session::Payload::Streamed) with the length of `payload`.
    ///
    /// # Errors
    /// Those of the session's `publish`.
    pub fn publish_streamed(
        &mut self,
        id: ClientId,
        publish: &Publish<'_>,
        payload: Vec<u8>,
    ) -> Result<Token, PublishError> {
        let now = self.now;
        let client = &mut self.clients[id.0];
        let token = client.command(|session| session.publish(now, publish))?;
        client.stream(token, payload);
        self.pay(id);
        Ok(token)
    }

    /// Subscribes to one filter.
    ///
    /// # Errors
    /// Those of the session's `subscribe`.
    ///
    /// # Panics
    /// If the filter is not one.
    pub fn subscribe(
        &mut self,
        id: ClientId,
        filter: &str,
        qos: QoS,
    ) -> Result<Token, SubscribeError> {
        let filter = TopicFilter::new(filter).expect("a topic filter");
        let subscriptions = [Subscription::new(filter, qos)];
        self.command(id, |session| {
            session.subscribe(Sequence::new(&subscriptions), Properties::EMPTY)
        })
    }

    /// Unsubscribes from one filter.
    ///
    /// # Errors
    /// Those of the session's `unsubscribe`.
    ///
    /// # Panics
    /// If the filter is not one.
    pub fn unsubscribe(&mut self, id: ClientId, filter: &str) -> Result<Token, SubscribeError> {
        let filters = [TopicFilter::new(filter).expect("a topic filter")];
        self.command(id, |session| {
            session.unsubscribe(Sequence::new(&filters), Properties::EMPTY)
        })
    }

    /// Gives a client's session a command that begins an operation, and pays what it then owes.
    ///
    /// # Errors
    /// Those of the command.
    pub fn command<E>(
        &mut self,
        id: ClientId,
        command: impl FnOnce(&mut Session<S>) -> Result<Token, E>,
    ) -> Result<Token, E> {
        let token = self.clients[id.0].command(command)?;
        self.pay(id);
        Ok(token)
    }

    /// Does something else to a client's session, and pays what it then owes.
    pub fn with_session<R>(&mut self, id: ClientId, body: impl FnOnce(&mut Session<S>) -> R) -> R {
        let result = body(self.clients[id.0].session_mut());
        self.pay(id);
        result
    }

    /// Does something to the broker.
    pub fn with_broker<R>(&mut self, body: impl FnOnce(&mut Broker, Instant) -> R) -> R {
        let result = body(&mut self.broker, self.now);
        self.serve();
        result
    }

    /// Cuts a client's link now, if it has one.
    pub fn cut(&mut self, id: ClientId) {
        let Self {
            now,
            faults,
            rng,
            clients,
            ..
        } = self;
        if let Some(link) = clients[id.0].link_mut() {
            link.cut(*now, faults, rng);
        }
    }

    /// Crashes the broker and starts it again: with what it persists, or, with `forgetful`, with
    /// no session and no retained message. Every link is cut.
    pub fn restart_broker(&mut self, forgetful: bool) {
        self.broker.restart(self.now);
        if forgetful {
            self.broker.forget();
        }
        for index in 0..self.clients.len() {
            self.cut(ClientId(index));
        }
    }

    /// From now on the links do this.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Lets time pass.
    pub fn run_for(&mut self, length: Duration) {
        let end = self.now + length;
        while let Some(due) = self.next().filter(|due| *due <= end) {
            self.step(due);
        }
        self.now = end;
    }

    /// Lets time pass until everything is settled, or, with `false`, for `limit`.
    #[must_use]
    pub fn settle(&mut self, limit: Duration) -> bool {
        let end = self.now + limit;
        while !self.is_settled() {
            match self.next() {
                Some(due) if due <= end => self.step(due),
                _ => return false,
            }
        }
        true
    }
}

/// One moment after the other.
impl<S: Storage> World<S> {
    /// When something happens next.
    fn next(&self) -> Option<Instant> {
        let clients = self.clients.iter().filter_map(Client::next);
        let left = self.left.iter().filter_map(|link| link.to_broker.next());
        clients.chain(left).chain(self.broker.poll_timeout()).min()
    }

    fn step(&mut self, due: Instant) {
        self.now = self.now.max(due);
        self.broker.handle_timeout(self.now);
        for index in 0..self.clients.len() {
            self.carry(ClientId(index));
            self.pay(ClientId(index));
        }
        self.carry_left();
        self.serve();
    }

    /// Brings what has arrived on a client's link to its ends.
    fn carry(&mut self, id: ClientId) {
        let Self {
            now,
            faults,
            rng,
            broker,
            clients,
            left,
        } = self;
        let (now, client) = (*now, &mut clients[id.0]);
        while let Some(link) = client.link_mut() {
            if link.next().is_some_and(|due| due <= now) && rng.chance(faults.cut) {
                link.cut(now, faults, rng);
            }
            let connection = link.id;
            let to_broker = link.to_broker.take(now);
            let to_client = link.to_client.take(now);
            let is_idle = to_broker.is_none() && to_client.is_none();
            if let Some(parcel) = to_broker {
                arrive(broker, now, connection, &parcel);
            }
            match to_client {
                Some(Parcel::Bytes(bytes)) => client.receive(now, &bytes, faults, rng),
                Some(Parcel::Closed) => left.extend(client.closed(now, faults, rng)),
                None => {}
            }
            if is_idle {
                break;
            }
        }
    }

    fn carry_left(&mut self) {
        let Self {
            now, broker, left, ..
        } = self;
        left.retain_mut(|link| {
            while let Some(parcel) = link.to_broker.take(*now) {
                arrive(broker, *now, link.id, &parcel);
            }
            link.to_broker.next().is_some()
        });
    }

    /// A client does what is due, and its session is paid.
    fn pay(&mut self, id: ClientId) {
        let Self {
            now,
            faults,
            rng,
            broker,
            clients,
            left,
        } = self;
        let (now, client) = (*now, &mut clients[id.0]);
        client.pay(now, faults, rng);
        if client.is_over() {
            left.extend(client.closed(now, faults, rng));
        }
        if client.is_due(now) {
            client.connect(now, Link::new(broker.open(now)), faults, rng);
        }
    }

    /// The broker's debts.
    fn serve(&mut self) {
        let Self {
            now,
            faults,
            rng,
            broker,
            clients,
            left,
        } = self;
        let mut buf = [0; 512];
        let links = clients.iter_mut().filter_map(Client::link_mut);
        let mut links: Vec<&mut Link> = links.chain(left.iter_mut()).collect();
        for link in &mut links {
            loop {
                let size = rng.size(buf.len());
                let len = broker.poll_transmit(*now, link.id, &mut buf[..size]);
                if len == 0 {
                    break;
                }
                link.to_client.send(*now, &buf[..len], faults, rng);
            }
        }
        while let Some(id) = broker.poll_close() {
            if let Some(link) = links.iter_mut().find(|link| link.id == id) {
                link.to_client.close(*now, faults, rng);
            }
            broker.handle_close(*now, id);
        }
    }
}

fn arrive(broker: &mut Broker, now: Instant, id: crate::ConnectionId, parcel: &Parcel) {
    match parcel {
        Parcel::Bytes(bytes) => broker.handle_input(now, id, bytes),
        Parcel::Closed => broker.handle_close(now, id),
    }
}
