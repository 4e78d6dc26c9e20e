//! What the driver decides: which operation belongs to which handle, and which message to whom.
//! No I/O and no waiting.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use mqtt_proto::{
    EncodeError, Packet, PacketReader, PropertyId, QoS, ReasonCode, Sequence, Subscription,
    TopicFilter,
};
use mqtt_session::{
    Completion, Duration, Event, Heap, Instant, Payload, Publish, Published, Session, Subscribed,
    Timeout, Token,
};
use smol::channel::Sender;

use crate::command::{Command, Operation, PublishOutcome};
use crate::completion::Promise;
use crate::connection::Output;
use crate::dispatch::Job;
use crate::inbound::{Arrived, Inbound};
use crate::options::{Hook, Options};
use crate::route::Routes;
use crate::shared::{Counters, LinkState, Shared};
use crate::{
    ConnectError, ConnectPhase, Connected, ConnectionLost, DisconnectError, Filter, Message,
    OptionsError, PublishError, Refusal, Subscribe, SubscribeError, UnsubscribeError,
};

/// How a Network Connection ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By our own DISCONNECT.
    Requested,
    /// By a CONNACK that refuses.
    Refused(Refusal),
    /// In any other way.
    Lost(ConnectionLost),
}

/// An operation that the session has and that is not over.
enum Pending {
    Publish(PublishOutcome),
    Subscribe {
        route: u64,
        promise: Promise<Vec<QoS>, SubscribeError>,
    },
    Unsubscribe {
        filters: Vec<String>,
        promise: Promise<(), UnsubscribeError>,
    },
    Restore {
        route: u64,
    },
    CleanUp,
}

/// A `disconnect` that waits for what is in flight.
struct Closing {
    deadline: Instant,
    promise: Promise<(), DisconnectError>,
}

pub(crate) struct Engine {
    pub(crate) session: Session<Heap>,
    pub(crate) options: Options,
    pub(crate) shared: Arc<Shared>,
    pub(crate) routes: Routes,
    jobs: Sender<Job>,
    pending: BTreeMap<Token, Pending>,
    /// What the session has no room for until something else is over; in order.
    stalled: VecDeque<Operation>,
    /// QoS 0 publishes that lie in a buffer which is not written yet.
    unwritten: Vec<PublishOutcome>,
    closing: Option<Closing>,
    /// The attempts since the start or the last loss.
    pub(crate) attempt: u32,
    reading: bool,
}

/// What it is told.
impl Engine {
    pub(crate) fn new(
        options: Options,
        shared: Arc<Shared>,
        routes: Routes,
        jobs: Sender<Job>,
    ) -> Self {
        Self {
            session: Session::new(options.config()),
            options,
            shared,
            routes,
            jobs,
            pending: BTreeMap::new(),
            stalled: VecDeque::new(),
            unwritten: Vec::new(),
            closing: None,
            attempt: 0,
            reading: true,
        }
    }

    pub(crate) fn command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Wake => {}
            Command::Acknowledge(token) => self.acknowledge(token),
            // Dropped, it says that the client is closed.
            Command::Operation(_) if self.closing.is_some() => {}
            Command::Operation(operation) => {
                self.stalled.push_back(operation);
                self.retry(now);
            }
            Command::Close { drain, promise } => {
                if self.closing.is_none() {
                    self.closing = Some(Closing {
                        deadline: now + Duration::from(drain),
                        promise,
                    });
                }
            }
        }
    }

    /// Gives the session what it had no room for.
    pub(crate) fn retry(&mut self, now: Instant) {
        while let Some(operation) = self.stalled.pop_front() {
            if let Some(operation) = self.submit(now, operation) {
                self.stalled.push_front(operation);
                return;
            }
        }
    }

    /// Gives the operation back if the session has no room for it now.
    fn submit(&mut self, now: Instant, operation: Operation) -> Option<Operation> {
        match operation {
            Operation::Publish { message, outcome } => self.publish(now, message, outcome),
            Operation::Subscribe {
                subscribe,
                sink,
                promise,
            } => {
                let result = self.send_subscribe(&subscribe.filters, &subscribe.properties);
                match result {
                    Ok(token) => {
                        let route = self
                            .routes
                            .add(subscribe.filters, subscribe.properties, sink);
                        self.pending
                            .insert(token, Pending::Subscribe { route, promise });
                    }
                    Err(SubscribeError::Full) => {
                        return Some(Operation::Subscribe {
                            subscribe,
                            sink,
                            promise,
                        });
                    }
                    Err(error) => promise.give(Err(error)),
                }
                None
            }
            Operation::Unsubscribe { filters, promise } => {
                match self.send_unsubscribe(&filters) {
                    Ok(token) => {
                        self.pending
                            .insert(token, Pending::Unsubscribe { filters, promise });
                    }
                    Err(UnsubscribeError::Full) => {
                        return Some(Operation::Unsubscribe { filters, promise });
                    }
                    Err(error) => promise.give(Err(error)),
                }
                None
            }
            Operation::Restore { route: id } => {
                let route = self.routes.get_mut(id)?;
                let Subscribe {
                    filters,
                    properties,
                } = Subscribe {
                    filters: route.filters.clone(),
                    properties: route.properties.clone(),
                };
                match self.send_subscribe(&filters, &properties) {
                    Ok(token) => {
                        self.pending.insert(token, Pending::Restore { route: id });
                    }
                    Err(SubscribeError::Full) => return Some(Operation::Restore { route: id }),
                    Err(error) => self.not_restored(id, error),
                }
                None
            }
            Operation::CleanUp { filters } => {
                match self.send_unsubscribe(&filters) {
                    Ok(token) => {
                        self.pending.insert(token, Pending::CleanUp);
                    }
                    Err(UnsubscribeError::Full) => return Some(Operation::CleanUp { filters }),
                    Err(error) => {
                        tracing::warn!(%error, "subscriptions that nobody wants are left")
                    }
                }
                None
            }
        }
    }

    fn publish(
        &mut self,
        now: Instant,
        message: Message,
        outcome: PublishOutcome,
    ) -> Option<Operation> {
        use mqtt_session::PublishError as E;
        let properties = match message.properties.borrow() {
            Ok(properties) => properties,
            Err(error) => {
                outcome
                    .promise
                    .give(Err(PublishError::ResponseTopic(error)));
                return None;
            }
        };
        let result = self.session.publish(
            now,
            &Publish {
                topic: &message.topic,
                payload: Payload::Bytes(&message.payload),
                qos: message.qos,
                retain: message.retain,
                properties: Sequence::new(&properties),
            },
        );
        let error = match result {
            Ok(token) => {
                self.pending.insert(token, Pending::Publish(outcome));
                return None;
            }
            Err(E::TooManyInFlight | E::OutboxFull) => {
                drop(properties);
                return Some(Operation::Publish { message, outcome });
            }
            Err(E::Topic(error)) => PublishError::Topic(error),
            Err(E::Encode(error)) => PublishError::Encode(error),
            Err(E::Property(id)) => PublishError::Property(id),
            Err(E::NotSupported(reason)) => PublishError::NotSupported(reason),
            Err(E::NotConnected) => PublishError::NotConnected,
            Err(_) => PublishError::TooLarge {
                size: message.size(),
                limit: self.options.maximum_outbox,
            },
        };
        outcome.promise.give(Err(error));
        None
    }

    fn send_subscribe(
        &mut self,
        filters: &[Filter],
        properties: &crate::Properties,
    ) -> Result<Token, SubscribeError> {
        use mqtt_session::SubscribeError as E;
        let mut subscriptions = Vec::with_capacity(filters.len());
        for Filter { filter, options } in filters {
            let checked = TopicFilter::new(filter).map_err(|error| SubscribeError::Filter {
                filter: filter.clone(),
                error,
            })?;
            subscriptions.push(Subscription {
                filter: checked,
                options: *options,
            });
        }
        // All that can be wrong with a property by itself is a Response Topic, valid or not no property of SUBSCRIBE.
        let not_allowed = EncodeError::PropertyNotAllowed(PropertyId::ResponseTopic);
        let properties = properties
            .borrow()
            .map_err(|_| SubscribeError::Encode(not_allowed))?;
        self.session
            .subscribe(Sequence::new(&subscriptions), Sequence::new(&properties))
            .map_err(|error| match error {
                E::NoFilters => SubscribeError::NoFilters,
                E::Encode(error) => SubscribeError::Encode(error),
                E::TooManyInFlight | E::OutboxFull => SubscribeError::Full,
                E::NotSupported(reason) => SubscribeError::NotSupported(reason),
                _ => SubscribeError::TooLarge,
            })
    }

    fn send_unsubscribe(&mut self, filters: &[String]) -> Result<Token, UnsubscribeError> {
        use mqtt_session::SubscribeError as E;
        let mut checked = Vec::with_capacity(filters.len());
        for filter in filters {
            checked.push(
                TopicFilter::new(filter).map_err(|error| UnsubscribeError::Filter {
                    filter: filter.clone(),
                    error,
                })?,
            );
        }
        self.session
            .unsubscribe(Sequence::new(&checked), Sequence::EMPTY)
            .map_err(|error| match error {
                E::NoFilters => UnsubscribeError::NoFilters,
                E::Encode(error) => UnsubscribeError::Encode(error),
                E::TooManyInFlight | E::OutboxFull => UnsubscribeError::Full,
                _ => UnsubscribeError::TooLarge,
            })
    }

    fn acknowledge(&mut self, token: mqtt_session::AckToken) {
        // Unknown is what belongs to a connection that is over: the Server sends it again.
        if let Err(error) = self.session.acknowledge(token, ReasonCode::Success) {
            tracing::debug!(?error, "acknowledgement not sent");
        }
    }
}

/// What happened.
impl Engine {
    pub(crate) fn event(&mut self, event: Event<'_>, inbound: &mut Inbound) -> Option<Ended> {
        match event {
            Event::Connected(connack) => self.connected(&connack),
            Event::Message(message) => {
                let arrived = inbound.message(&message);
                self.arrived(arrived);
            }
            Event::Payload(chunk) => {
                let arrived = inbound.payload(&chunk);
                self.arrived(arrived);
            }
            Event::Oversized(_) => self.oversized(),
            Event::Published(published) => self.published(&published),
            Event::Subscribed(subscribed) => self.subscribed(&subscribed),
            Event::Unsubscribed(unsubscribed) => self.unsubscribed(&unsubscribed),
            // No authentication method was offered, so the session lets no AUTH through; and a
            // connection is there.
            Event::Authenticated(_) | Event::ReconnectDue => {}
            Event::Disconnected(disconnected) => return Some(disconnected.into()),
        }
        None
    }

    fn connected(&mut self, connack: &mqtt_proto::ConnAck<'_>) {
        let properties = crate::Properties::from(connack.properties);
        if let Some(assigned) = properties.assigned_client_identifier() {
            self.options.client_id = assigned.to_owned();
        }
        let connected = Connected {
            session_present: connack.session_present,
            attempt: self.attempt,
            client_id: self.options.client_id.clone(),
            limits: self.session.limits(),
            properties,
        };
        tracing::info!(
            session_present = connected.session_present,
            client_id = connected.client_id,
            "connected"
        );
        self.attempt = 0;
        self.shared
            .link
            .set(LinkState::Connected(connected.clone()));
        self.hook(self.options.hooks.connect.clone(), connected);
        if !connack.session_present {
            let restore = self.routes.granted();
            self.stalled.extend(
                restore
                    .into_iter()
                    .map(|route| Operation::Restore { route }),
            );
        }
    }

    fn arrived(&mut self, arrived: Arrived) {
        match arrived {
            Arrived::Partly => {}
            Arrived::Oversized(ack) => {
                self.oversized();
                if let Some(token) = ack {
                    self.acknowledge(token);
                }
            }
            Arrived::Whole(message, ack) => self.deliver(message, ack),
        }
    }

    fn deliver(&mut self, message: Message, ack: Option<mqtt_session::AckToken>) {
        let delivered = self.routes.deliver(message, ack);
        for _ in 0..delivered.overflowed {
            Counters::add(&self.shared.counters.overflowed);
            tracing::warn!(
                "a message of QoS 0 was dropped: its subscription is full, and an answer is waited for"
            );
        }
        if delivered.given == 0 && delivered.overflowed == 0 {
            Counters::add(&self.shared.counters.unhandled);
            tracing::warn!("a message matched no subscription, and there is no default handler");
        }
    }

    fn oversized(&self) {
        Counters::add(&self.shared.counters.oversized);
        tracing::warn!(
            limit = self.options.maximum_packet_size,
            "a message was larger than allowed"
        );
    }

    fn published(&mut self, published: &Published<'_>) {
        let Some(Pending::Publish(outcome)) = self.pending.remove(&published.token) else {
            return;
        };
        let reason = published.reason;
        outcome.promise.give(if reason.is_error() {
            Err(PublishError::Refused {
                reason,
                reason_string: published.properties.reason_string().map(str::to_owned),
            })
        } else {
            Ok(reason)
        });
    }

    fn subscribed(&mut self, subscribed: &Subscribed<'_>) {
        let (id, promise) = match self.pending.remove(&subscribed.token) {
            Some(Pending::Subscribe { route, promise }) => (route, Some(promise)),
            Some(Pending::Restore { route }) => (route, None),
            _ => return,
        };
        let Some(route) = self.routes.get_mut(id) else {
            return;
        };
        let outcomes = route.filters.iter().zip(subscribed.reasons);
        let refused =
            outcomes
                .clone()
                .find(|(_, reason)| reason.is_error())
                .map(|(filter, reason)| SubscribeError::Refused {
                    filter: filter.filter.clone(),
                    reason,
                    reason_string: subscribed.properties.reason_string().map(str::to_owned),
                });
        let granted: Vec<_> = outcomes
            .filter(|(_, reason)| !reason.is_error())
            .map(|(filter, reason)| (filter.clone(), qos(reason)))
            .collect();
        match (refused, promise) {
            (None, promise) => {
                route.granted = true;
                let abandoned = route.sink.is_abandoned();
                if let Some(promise) = promise {
                    promise.give(Ok(granted.iter().map(|(_, qos)| *qos).collect()));
                }
                if abandoned {
                    self.routes.remove(id);
                }
            }
            // All or nothing: what was granted beside the refusal is given back.
            (Some(error), Some(promise)) => {
                self.routes.remove(id);
                let mut filters: Vec<_> = granted
                    .into_iter()
                    .map(|(filter, _)| filter.filter)
                    .collect();
                filters.retain(|filter| !self.routes.has_filter(filter));
                if !filters.is_empty() {
                    self.stalled.push_back(Operation::CleanUp { filters });
                }
                promise.give(Err(error));
            }
            // What is left of a restored subscription is worth having.
            (Some(error), None) => {
                route.filters = granted.into_iter().map(|(filter, _)| filter).collect();
                self.not_restored(id, error);
            }
        }
    }

    fn not_restored(&mut self, id: u64, error: SubscribeError) {
        tracing::warn!(%error, "a subscription could not be restored");
        if self.routes.get_mut(id).is_some_and(|route| {
            route.filters.is_empty() || !matches!(error, SubscribeError::Refused { .. })
        }) {
            self.routes.remove(id);
        }
        self.hook(self.options.hooks.resubscribe_failed.clone(), error);
    }

    fn unsubscribed(&mut self, unsubscribed: &Subscribed<'_>) {
        let Some(Pending::Unsubscribe { filters, promise }) =
            self.pending.remove(&unsubscribed.token)
        else {
            return;
        };
        // 3.1.1 has no reasons: all are successes.
        let mut reasons = unsubscribed.reasons.iter();
        let mut outcome = Ok(());
        for filter in filters {
            let reason = reasons.next().unwrap_or(ReasonCode::Success);
            if !reason.is_error() {
                self.routes.remove_filter(&filter);
            } else if outcome.is_ok() {
                outcome = Err(UnsubscribeError::Refused {
                    filter,
                    reason,
                    reason_string: unsubscribed.properties.reason_string().map(str::to_owned),
                });
            }
        }
        promise.give(outcome);
    }

    /// Takes what ended without a packet that says so.
    pub(crate) fn completions(&mut self) {
        while let Some((token, completion)) = self.session.poll_completed() {
            match self.pending.remove(&token) {
                Some(Pending::Publish(outcome)) => match completion {
                    Completion::Sent => self.unwritten.push(outcome),
                    Completion::Taken => outcome.promise.give(Ok(ReasonCode::Success)),
                    Completion::Expired => outcome.promise.give(Err(PublishError::Expired)),
                    Completion::Discarded => outcome.promise.give(Err(PublishError::Discarded)),
                    Completion::Unsendable(reason) => outcome
                        .promise
                        .give(Err(PublishError::NotSupported(reason))),
                },
                Some(Pending::Subscribe { route, promise }) => {
                    self.routes.remove(route);
                    promise.give(Err(not_subscribed(completion)));
                }
                Some(Pending::Unsubscribe { promise, .. }) => {
                    promise.give(Err(UnsubscribeError::Discarded))
                }
                Some(Pending::Restore { route }) => {
                    self.not_restored(route, not_subscribed(completion))
                }
                Some(Pending::CleanUp) | None => {}
            }
        }
    }

    /// Whatever `poll_transmit` gave so far has been written.
    pub(crate) fn written(&mut self) {
        for outcome in self.unwritten.drain(..) {
            outcome.promise.give(Ok(ReasonCode::Success));
        }
    }

    /// The connection is over. Gives the error, unless it was asked for.
    pub(crate) fn ended(&mut self, told: bool, ended: Ended) -> Option<ConnectError> {
        for outcome in self.unwritten.drain(..) {
            outcome.promise.give(Err(PublishError::Discarded));
        }
        let error = match ended {
            Ended::Requested => return None,
            Ended::Refused(refusal) => ConnectError::Refused(refusal),
            Ended::Lost(ConnectionLost::Timeout(Timeout::ConnAck)) => ConnectError::Timeout {
                phase: ConnectPhase::ConnAck,
                after: self.options.connect_timeout,
            },
            Ended::Lost(lost) if self.shared.link.is_connected() => {
                tracing::warn!(reason = %lost, "connection lost");
                let error = ConnectError::Lost(lost.clone());
                self.shared
                    .link
                    .set(LinkState::Connecting(Some(error.clone())));
                self.hook(self.options.hooks.connection_lost.clone(), lost);
                return Some(error);
            }
            Ended::Lost(lost) => ConnectError::Lost(lost),
        };
        self.not_connected(told, error.clone());
        Some(error)
    }

    /// An attempt to connect failed. `told`: the user is waiting for it and gets the error.
    pub(crate) fn not_connected(&self, told: bool, error: ConnectError) {
        tracing::warn!(%error, attempt = self.attempt, "not connected");
        if !told {
            self.hook(self.options.hooks.connect_failed.clone(), error.clone());
        }
        self.shared.link.set(LinkState::Connecting(Some(error)));
    }

    pub(crate) fn reconnecting(&self) {
        tracing::info!(attempt = self.attempt, "reconnecting");
        self.hook(self.options.hooks.reconnecting.clone(), self.attempt);
    }

    fn hook<T: Send + 'static>(&self, hook: Option<Hook<T>>, value: T) {
        if let Some(hook) = hook {
            // The thread outlives the driver.
            let _ = self
                .jobs
                .try_send(Job::Hook(Box::new(move || hook(&value))));
        }
    }
}

/// What is to be done next.
impl Engine {
    /// Begins a Network Connection: CONNECT goes to `output`.
    pub(crate) fn connect<'c>(
        &mut self,
        now: Instant,
        first: bool,
        output: &mut Output,
        scratch: &'c mut [u8],
    ) -> Result<PacketReader<'c>, OptionsError> {
        let session = &mut self.session;
        self.options.with_connect(first, |connect| {
            let size = Packet::Connect(*connect).encoded_len(connect.version)?;
            let (size, reader) = match session.connect(now, connect, output.room(size), scratch) {
                Ok(begun) => begun,
                Err(mqtt_session::ConnectError::Encode(error)) => return Err(error.into()),
                Err(error) => return Err(OptionsError::Session(error)),
            };
            output.extend(size);
            Ok(reader)
        })?
    }

    /// Whether to read from the transport. Not where a consumer has all it may have; but where
    /// an answer is waited for it may be the consumer that waits, and the answer is behind.
    pub(crate) fn is_reading(&mut self, now: Instant) -> bool {
        let reading = self.closing.is_some() || self.shared.wanted.any() || !self.routes.any_full();
        if reading != self.reading {
            self.reading = reading;
            self.session.set_reading(now, reading);
        }
        reading
    }

    /// When something is to be done though nothing happens.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let closing = self.closing.as_ref().map(|closing| closing.deadline);
        closing.into_iter().chain(self.session.poll_timeout()).min()
    }

    /// Whether the user wants an end and all is done, or the time for it has passed.
    pub(crate) fn is_closing(&self, now: Instant) -> bool {
        self.closing.is_some() && (self.in_flight() == 0 || self.is_overdue(now))
    }

    /// Whether the time for draining has passed.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        self.closing
            .as_ref()
            .is_some_and(|closing| closing.deadline <= now)
    }

    /// Operations that are not over.
    fn in_flight(&self) -> usize {
        self.pending.len() + self.stalled.len() + self.unwritten.len()
    }

    /// The end. Every handle that is left learns of it when `self` is dropped.
    pub(crate) fn close(mut self, error: Option<ConnectError>) {
        self.shared.room.close();
        self.shared.link.close(error);
        let pending = self.in_flight();
        if pending > 0 {
            tracing::warn!(pending, "closed before all operations were over");
        }
        let closing = self.closing.take();
        drop(self);
        if let Some(closing) = closing {
            closing.promise.give(match pending {
                0 => Ok(()),
                pending => Err(DisconnectError::NotDrained { pending }),
            });
        }
    }
}

fn qos(reason: ReasonCode) -> QoS {
    match reason {
        ReasonCode::GrantedQoS1 => QoS::AtLeastOnce,
        ReasonCode::GrantedQoS2 => QoS::ExactlyOnce,
        _ => QoS::AtMostOnce,
    }
}

fn not_subscribed(completion: Completion) -> SubscribeError {
    match completion {
        Completion::Unsendable(reason) => SubscribeError::NotSupported(reason),
        _ => SubscribeError::Discarded,
    }
}

impl From<mqtt_session::Disconnected<'_>> for Ended {
    fn from(disconnected: mqtt_session::Disconnected<'_>) -> Self {
        use mqtt_session::Disconnected as D;
        Self::Lost(match disconnected {
            D::Requested => return Self::Requested,
            D::Refused(connack) => {
                return Self::Refused(Refusal {
                    reason: connack.reason,
                    properties: connack.properties.into(),
                });
            }
            D::Server(disconnect) => ConnectionLost::Server {
                reason: disconnect.reason,
                properties: disconnect.properties.into(),
            },
            D::Malformed(error) => ConnectionLost::Malformed(error),
            D::Violation(violation) => ConnectionLost::Violation(violation),
            D::Timeout(timeout) => ConnectionLost::Timeout(timeout),
            D::Closed => ConnectionLost::Closed,
        })
    }
}
