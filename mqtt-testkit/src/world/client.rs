use core::num::{NonZeroU16, NonZeroU32};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use mqtt_proto::{Connect, PacketReader, Properties, Property, QoS, ReasonCode, Version};
use mqtt_session::{
    AckToken, Completion, Config, Disconnected, Duration, Event, Instant, Message, Progress,
    Session, State, Storage, Token,
};

use super::Faults;
use super::link::Link;
use super::rng::Rng;
use super::witness::Witness;
use crate::Broker;

/// What a client of a [`World`](super::World) is, and how it connects.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Its Client Identifier.
    pub client_id: String,
    /// Its session's configuration. Without a `reconnect` the world connects it again, after at
    /// most [`Faults::reconnect`].
    pub config: Config,
    /// Clean Start in 5.0, Clean Session in 3.1.1. Default: `false`.
    pub clean_start: bool,
    /// Seconds that the session outlives a connection (5.0). Default: for ever.
    pub session_expiry: u32,
    /// Seconds. Default: 60.
    pub keep_alive: u16,
    /// QoS 1 and QoS 2 messages taken at once (5.0); no more than the storage can track. Default: not announced.
    pub receive_maximum: Option<NonZeroU16>,
    /// The largest packet taken, in bytes (5.0). Default: not announced.
    pub maximum_packet_size: Option<NonZeroU32>,
    /// The reader's scratch, in bytes. Default: 1024.
    pub scratch: usize,
    /// With `config.manual_ack`: the longest time until a message is acknowledged. Default: 1 s.
    pub acknowledge_within: Duration,
}

impl ClientOptions {
    /// A client whose session lasts.
    #[must_use]
    pub fn new(version: Version, client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            config: Config::new(version),
            clean_start: false,
            session_expiry: u32::MAX,
            keep_alive: 60,
            receive_maximum: None,
            maximum_packet_size: None,
            scratch: 1024,
            acknowledge_within: Duration::from_secs(1),
        }
    }
}

/// A message that a client was given whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// When its last byte came.
    pub at: Instant,
    /// What it was published to.
    pub topic: String,
    /// All of its payload.
    pub payload: Vec<u8>,
    /// The QoS it came with.
    pub qos: QoS,
    /// Whether it may have come before.
    pub dup: bool,
    /// Whether it was retained.
    pub retain: bool,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A publish was answered.
    Published(ReasonCode),
    /// A SUBSCRIBE was answered.
    Subscribed(Vec<ReasonCode>),
    /// An UNSUBSCRIBE was answered.
    Unsubscribed(Vec<ReasonCode>),
    /// It ended without a packet.
    Completed(Completion),
}

/// A client of a [`World`](super::World), and all that it has seen.
#[derive(Debug)]
pub struct Client<S: Storage> {
    options: ClientOptions,
    session: Session<S>,
    open: Option<Open>,
    connect_at: Option<Instant>,
    record: Record,
}

/// What it has of the Network Connection.
#[derive(Debug)]
struct Open {
    link: Link,
    reader: PacketReader<'static>,
    witness: Witness,
    /// What came and could not be taken yet.
    inbox: Vec<u8>,
}

/// A message that the application has yet to acknowledge.
#[derive(Debug)]
struct DueAck {
    at: Instant,
    token: AckToken,
    /// How often the client had connected when the message came.
    connection: usize,
}

#[derive(Debug, Default)]
struct Record {
    delivered: Vec<Delivered>,
    outcomes: BTreeMap<Token, Option<Outcome>>,
    connected: Vec<bool>,
    disconnected: Vec<String>,
    oversized: usize,
    /// A message whose payload is still coming, and how to acknowledge it.
    partial: Option<(Delivered, Option<AckToken>)>,
    acknowledge: Vec<DueAck>,
    streams: BTreeMap<Token, Vec<u8>>,
}

/// What it has seen.
impl<S: Storage> Client<S> {
    /// Its session.
    #[must_use]
    pub fn session(&self) -> &Session<S> {
        &self.session
    }

    /// The messages that it was given whole, in order.
    #[must_use]
    pub fn delivered(&self) -> &[Delivered] {
        &self.record.delivered
    }

    /// How an operation ended; `None` while it has not.
    #[must_use]
    pub fn outcome(&self, token: Token) -> Option<&Outcome> {
        self.record.outcomes.get(&token)?.as_ref()
    }

    /// The operations that have not ended.
    pub fn unsettled(&self) -> impl Iterator<Item = Token> {
        let outcomes = self.record.outcomes.iter();
        outcomes
            .filter(|(_, outcome)| outcome.is_none())
            .map(|(token, _)| *token)
    }

    /// Each time that it was let in: whether the Server had its session.
    #[must_use]
    pub fn connected(&self) -> &[bool] {
        &self.record.connected
    }

    /// Each time that a connection was over: why.
    #[must_use]
    pub fn disconnected(&self) -> &[String] {
        &self.record.disconnected
    }

    /// Messages that did not fit the scratch.
    #[must_use]
    pub fn oversized(&self) -> usize {
        self.record.oversized
    }
}

/// What the world does with it.
impl<S: Storage> Client<S> {
    pub(super) fn new(now: Instant, options: ClientOptions) -> Self {
        Self {
            session: Session::new(options.config.clone()),
            options,
            open: None,
            connect_at: Some(now),
            record: Record::default(),
        }
    }

    /// Runs a command on the session, and keeps account of the operation that it begins.
    pub(super) fn command<E>(
        &mut self,
        command: impl FnOnce(&mut Session<S>) -> Result<Token, E>,
    ) -> Result<Token, E> {
        let token = command(&mut self.session)?;
        let before = self.record.outcomes.insert(token, None);
        assert_eq!(before, None, "{token:?} was given out twice");
        Ok(token)
    }

    pub(super) fn session_mut(&mut self) -> &mut Session<S> {
        &mut self.session
    }

    pub(super) fn stream(&mut self, token: Token, payload: Vec<u8>) {
        self.record.streams.insert(token, payload);
    }

    pub(super) fn link_mut(&mut self) -> Option<&mut Link> {
        self.open.as_mut().map(|open| &mut open.link)
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.connect_at.is_some_and(|due| due <= now) && self.open.is_none()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        let connect = self.connect_at.filter(|_| self.open.is_none());
        let acknowledge = self.record.acknowledge.iter().map(|ack| ack.at).min();
        let link = self.open.as_ref().and_then(|open| open.link.next());
        [connect, acknowledge, link, self.session.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Opens a Network Connection over a link.
    pub(super) fn connect(&mut self, now: Instant, link: Link, faults: &Faults, rng: &mut Rng) {
        let options = &self.options;
        let version = self.session.version();
        let mut properties = Vec::new();
        if version == Version::V5 {
            properties.push(Property::SessionExpiryInterval(options.session_expiry));
            properties.extend(options.receive_maximum.map(Property::ReceiveMaximum));
            properties.extend(options.maximum_packet_size.map(Property::MaximumPacketSize));
        }
        let connect = Connect {
            clean_start: options.clean_start,
            keep_alive: options.keep_alive,
            properties: Properties::from(properties.as_slice()),
            ..Connect::new(version, &options.client_id)
        };
        let mut transmit = [0; 256];
        let scratch = take_scratch(options.scratch);
        let (len, reader) = match self.session.connect(now, &connect, &mut transmit, scratch) {
            Ok(connected) => connected,
            Err(error) => panic!("{} cannot connect: {error}", options.client_id),
        };
        let witness = Witness::new(now, version);
        let mut open = Open {
            link,
            reader,
            witness,
            inbox: Vec::new(),
        };
        open.write(now, &transmit[..len], faults, rng);
        self.open = Some(open);
        self.connect_at = None;
        self.pay(now, faults, rng);
    }

    /// Bytes came.
    pub(super) fn receive(&mut self, now: Instant, bytes: &[u8], faults: &Faults, rng: &mut Rng) {
        if let Some(open) = &mut self.open {
            open.witness.client_read(now, bytes);
            open.inbox.extend_from_slice(bytes);
        }
        self.read(now, faults, rng);
    }

    /// The stream from the broker has ended.
    pub(super) fn closed(&mut self, now: Instant, faults: &Faults, rng: &mut Rng) -> Option<Link> {
        if let Some(event) = self.session.handle_close(now) {
            self.record.event(now, &event, &self.options, rng);
        }
        self.settle();
        self.record.partial = None;
        let Open {
            mut link, reader, ..
        } = self.open.take()?;
        give_scratch(reader.into_scratch());
        link.to_broker.close(now, faults, rng);
        if self.options.config.reconnect.is_none() {
            let wait = Duration::from_millis(rng.up_to(faults.reconnect.as_millis()));
            self.connect_at = Some(now + wait);
        }
        Some(link)
    }

    /// Time has passed, or a command was given.
    pub(super) fn pay(&mut self, now: Instant, faults: &Faults, rng: &mut Rng) {
        while self.session.poll_timeout().is_some_and(|due| due <= now) {
            match self.session.handle_timeout(now) {
                Some(Event::ReconnectDue) => self.connect_at = Some(now),
                Some(event) => self.record.event(now, &event, &self.options, rng),
                None => break,
            }
        }
        self.acknowledge(now);
        self.read(now, faults, rng);
    }

    pub(super) fn is_settled(&self, broker: &Broker) -> bool {
        let is_idle = |open: &Open| open.inbox.is_empty() && open.link.next().is_none();
        self.session.state() == State::Connected
            && self.open.as_ref().is_some_and(is_idle)
            && self.record.acknowledge.is_empty()
            && self.unsettled().next().is_none()
            && broker.queued(&self.options.client_id) == 0
    }

    fn acknowledge(&mut self, now: Instant) {
        let session = &mut self.session;
        let connection = self.record.connected.len();
        self.record.acknowledge.retain(|ack| {
            if ack.at <= now {
                let acknowledged = session.acknowledge(ack.token, ReasonCode::Success);
                // A QoS 2 message stays the same over connections. A QoS 1 message comes again.
                let is_old = ack.connection < connection || session.state() != State::Connected;
                assert!(
                    acknowledged.is_ok() || is_old,
                    "not acknowledged: {acknowledged:?}"
                );
            }
            ack.at > now
        });
    }

    /// Whether its session wants the link closed.
    pub(super) fn is_over(&self) -> bool {
        self.open.is_some()
            && matches!(
                self.session.state(),
                State::Disconnecting | State::Disconnected
            )
    }

    /// Gives the session what has come, as far as it takes it, and the link what the session owes.
    fn read(&mut self, now: Instant, faults: &Faults, rng: &mut Rng) {
        self.write(now, faults, rng);
        let bytes = self
            .open
            .as_mut()
            .map(|open| core::mem::take(&mut open.inbox));
        let bytes = bytes.unwrap_or_default();
        let mut input = bytes.as_slice();
        let mut is_blocked = false;
        while let Some(open) = &mut self.open {
            match self.session.handle_input(now, &mut open.reader, &mut input) {
                Progress::Event(event) => {
                    self.record.event(now, &event, &self.options, rng);
                    is_blocked = false;
                }
                Progress::Blocked if !is_blocked => is_blocked = true,
                Progress::Blocked | Progress::NeedInput => break,
            }
            // Debts are paid late at times, so that what can pile up does.
            if is_blocked || rng.chance(500_000) {
                self.write(now, faults, rng);
            }
        }
        if let Some(open) = &mut self.open {
            open.inbox = input.to_vec();
            self.session.set_reading(now, open.inbox.is_empty());
        }
        self.write(now, faults, rng);
    }

    fn write(&mut self, now: Instant, faults: &Faults, rng: &mut Rng) {
        let mut buf = [0; 256];
        while let Some(open) = &mut self.open {
            let size = rng.size(buf.len()).max(8);
            let len = self.session.poll_transmit(now, &mut buf[..size]);
            if len > 0 {
                open.write(now, &buf[..len], faults, rng);
            } else if let Some(due) = self.session.poll_payload() {
                let stream = self
                    .record
                    .streams
                    .get(&due.token)
                    .map_or(&[][..], Vec::as_slice);
                let offset = usize::try_from(due.offset).unwrap_or(usize::MAX);
                let remaining = usize::try_from(due.remaining).unwrap_or(usize::MAX);
                let size = rng.size(remaining.min(buf.len()));
                open.write(now, &stream[offset..offset + size], faults, rng);
                self.session
                    .payload_sent(now, u32::try_from(size).unwrap_or(u32::MAX));
            } else {
                break;
            }
        }
        self.settle();
    }

    fn settle(&mut self) {
        while let Some((token, completion)) = self.session.poll_completed() {
            self.record.outcome(token, Outcome::Completed(completion));
        }
    }
}

impl Open {
    fn write(&mut self, now: Instant, bytes: &[u8], faults: &Faults, rng: &mut Rng) {
        self.witness.client_wrote(now, bytes);
        self.link.to_broker.send(now, bytes, faults, rng);
    }
}

impl Record {
    fn event(&mut self, now: Instant, event: &Event<'_>, options: &ClientOptions, rng: &mut Rng) {
        match event {
            Event::Connected(connack) => self.connected.push(connack.session_present),
            Event::Message(message) => {
                assert!(
                    self.partial.is_none(),
                    "a message begins before the last one ended"
                );
                self.partial = Some((Delivered::begin(message), message.ack));
                self.complete(now, message.remaining, options, rng);
            }
            Event::Payload(chunk) => {
                let Some((message, _)) = &mut self.partial else {
                    panic!("a payload without its message")
                };
                message.payload.extend_from_slice(chunk.payload);
                self.complete(now, chunk.remaining, options, rng);
            }
            Event::Oversized(_) => self.oversized += 1,
            Event::Published(published) => {
                self.outcome(published.token, Outcome::Published(published.reason));
            }
            Event::Subscribed(subscribed) => {
                let reasons = subscribed.reasons.iter().collect();
                self.outcome(subscribed.token, Outcome::Subscribed(reasons));
            }
            Event::Unsubscribed(unsubscribed) => {
                let reasons = unsubscribed.reasons.iter().collect();
                self.outcome(unsubscribed.token, Outcome::Unsubscribed(reasons));
            }
            Event::Disconnected(disconnected) => {
                self.disconnected.push(reason(disconnected));
            }
            Event::Authenticated(_) | Event::Handled(_) | Event::ReconnectDue => {}
        }
    }

    fn complete(&mut self, now: Instant, remaining: u32, options: &ClientOptions, rng: &mut Rng) {
        if remaining == 0
            && let Some((message, ack)) = self.partial.take()
        {
            self.delivered.push(Delivered { at: now, ..message });
            if let Some(ack) = ack {
                let wait = Duration::from_millis(rng.up_to(options.acknowledge_within.as_millis()));
                let connection = self.connected.len();
                self.acknowledge.push(DueAck {
                    at: now + wait,
                    token: ack,
                    connection,
                });
            }
        }
    }

    /// Every operation ends once.
    fn outcome(&mut self, token: Token, outcome: Outcome) {
        match self.outcomes.get_mut(&token) {
            Some(slot @ None) => *slot = Some(outcome),
            Some(Some(before)) => panic!("{token:?} ended twice: {before:?}, then {outcome:?}"),
            None => panic!("{token:?} was never given out: {outcome:?}"),
        }
        self.streams.remove(&token);
    }
}

impl Delivered {
    fn begin(message: &Message<'_>) -> Self {
        Self {
            at: Instant::default(),
            topic: message.topic.as_str().to_owned(),
            payload: message.payload.to_vec(),
            qos: message.qos,
            dup: message.dup,
            retain: message.retain,
        }
    }
}

fn reason(disconnected: &Disconnected<'_>) -> String {
    match disconnected {
        Disconnected::Requested => "requested".to_owned(),
        Disconnected::Refused(connack) => format!("refused: {}", connack.reason),
        Disconnected::Server(disconnect) => format!("server: {}", disconnect.reason),
        Disconnected::Malformed(error) => format!("malformed: {error}"),
        Disconnected::Violation(violation) => format!("violation: {violation:?}"),
        Disconnected::Timeout(timeout) => format!("timeout: {timeout:?}"),
        Disconnected::Closed => "closed".to_owned(),
    }
}

impl<S: Storage> Drop for Client<S> {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            give_scratch(open.reader.into_scratch());
        }
    }
}

/// Scratches not in use. A reader borrows its scratch, and no struct can hold both: so a scratch
/// lives for ever, and goes from one connection to the next.
static SCRATCHES: Mutex<Vec<&'static mut [u8]>> = Mutex::new(Vec::new());

fn take_scratch(len: usize) -> &'static mut [u8] {
    let mut scratches = SCRATCHES.lock().unwrap_or_else(PoisonError::into_inner);
    match scratches.iter().position(|scratch| scratch.len() == len) {
        Some(index) => scratches.swap_remove(index),
        None => Box::leak(vec![0; len].into_boxed_slice()),
    }
}

fn give_scratch(scratch: &'static mut [u8]) {
    SCRATCHES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(scratch);
}
