use core::num::NonZeroU16;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use mqtt_proto::{
    Ack, Delivery, Property, QoS, ReasonCode, Sequence, SubscriptionIdentifier,
    SubscriptionOptions, TopicFilter, TopicName, Version,
};
use mqtt_session::{
    AckToken, Heap, Instant, Limits, Payload, Publish, PublishError, Receiver, Reception, Sender,
    Violation,
};

use super::ConnectionId;
use super::message::{Message, Will};
use super::output::Output;

/// Encoded bytes that may wait for a Client before more messages are taken from its queue.
const OUTPUT_MAXIMUM: usize = 16 * 1024;

/// A Client's session as the Server keeps it (section 4.1): on the same flows as the Client's own.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) connection: Option<ConnectionId>,
    /// Seconds that it outlives a connection; `u32::MAX`: for ever.
    pub(crate) expiry: u32,
    /// When it ends, unless the Client comes back.
    pub(crate) ends: Option<Instant>,
    /// The will of the connection that was lost, and when it is published.
    pub(crate) will: Option<(Instant, Will)>,
    pub(crate) subscriptions: BTreeMap<String, Subscribed>,
    pub(crate) version: Version,
    /// What the sender has not got yet. It encodes what it gets, so it gets a message when there is
    /// room for it on its way: for this connection, with the lifetime that is left.
    queue: VecDeque<Outgoing>,
    sender: Sender<Heap>,
    receiver: Receiver<Heap>,
    receive_maximum: usize,
}

/// How a filter is subscribed to.
#[derive(Clone, Debug)]
pub(crate) struct Subscribed {
    pub(crate) options: SubscriptionOptions,
    pub(crate) identifier: Option<SubscriptionIdentifier>,
}

/// A message on its way to one Client.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) message: Arc<Message>,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) identifiers: Vec<SubscriptionIdentifier>,
}

impl Session {
    pub(crate) fn new(version: Version) -> Self {
        Self {
            connection: None,
            expiry: 0,
            ends: None,
            will: None,
            subscriptions: BTreeMap::new(),
            version,
            queue: VecDeque::new(),
            sender: Sender::new(version, usize::MAX),
            // Each message is acknowledged when it is forwarded, which decides the reason code.
            receiver: Receiver::new(version, true),
            receive_maximum: 0,
        }
    }

    /// A connection begins on which the Client takes what `limits` say, and this side
    /// `receive_maximum` messages at once.
    pub(crate) fn open(&mut self, limits: Limits, receive_maximum: NonZeroU16) {
        self.receive_maximum = limits.receive_maximum.get().into();
        self.sender.open();
        self.sender.start(limits);
        self.receiver.open(receive_maximum.get());
    }

    /// The connection is over.
    pub(crate) fn close(&mut self) {
        self.connection = None;
        self.sender.close();
        self.receiver.close();
    }

    /// The subscriptions that a message published to `topic` is for.
    pub(crate) fn matching<'s>(
        &'s self,
        topic: TopicName<'s>,
    ) -> impl Iterator<Item = (TopicFilter<'s>, &'s Subscribed)> {
        self.subscriptions
            .iter()
            .filter_map(move |(filter, subscribed)| {
                let filter = TopicFilter::new(filter).ok()?;
                filter.matches(topic).then_some((filter, subscribed))
            })
    }

    /// When it ends or publishes its will.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let will = self.will.as_ref().map(|(due, _)| *due);
        self.ends.into_iter().chain(will).min()
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len() + self.sender.pending()
    }

    /// `false`: there is no room for it.
    pub(crate) fn enqueue(&mut self, now: Instant, maximum: usize, outgoing: Outgoing) -> bool {
        if self.queue.len() >= maximum {
            self.queue
                .retain(|waiting| !waiting.message.is_expired(now));
        }
        let has_room = self.queue.len() < maximum;
        if has_room {
            self.queue.push_back(outgoing);
        }
        has_room
    }

    /// Encodes what is due into `output`.
    pub(crate) fn transmit(&mut self, now: Instant, output: &mut Output) {
        while output.len() < OUTPUT_MAXIMUM || self.sender.is_mid_packet() {
            self.feed(now);
            let (sender, receiver) = (&mut self.sender, &mut self.receiver);
            let maximum_packet_size = output.maximum_packet_size;
            let len = output.extend(|buf| {
                // An acknowledgement may overtake messages, but not part one.
                let acks = if sender.is_mid_packet() {
                    0
                } else {
                    receiver.poll_transmit(maximum_packet_size, buf)
                };
                if acks > 0 {
                    acks
                } else {
                    sender.poll_transmit(now, buf)
                }
            });
            // None of its outcomes concerns anyone here.
            while self.sender.poll_completed().is_some() {}
            if len == 0 {
                break;
            }
        }
    }

    /// Gives the sender messages from the queue, as long as they can leave at once [MQTT-3.3.4-9].
    fn feed(&mut self, now: Instant) {
        while let Some(next) = self.queue.front() {
            let leaves =
                next.qos == QoS::AtMostOnce || self.sender.pending() < self.receive_maximum;
            if self.connection.is_none() || !leaves || self.sender.outbox_len() > OUTPUT_MAXIMUM {
                return;
            }
            // [MQTT-3.3.2-5]
            if !next.message.is_expired(now) {
                let published = next.publish(now, self.version, &mut self.sender);
                if let Err(PublishError::TooManyInFlight | PublishError::OutboxFull) = published {
                    return;
                }
                // Any other error: the Client cannot take it, which counts as sent [MQTT-3.1.2-25].
            }
            self.queue.pop_front();
        }
    }

    /// Whether no packet may be taken before what is due has been encoded.
    pub(crate) fn is_blocked(&self) -> bool {
        self.sender.is_blocked() || self.receiver.is_blocked()
    }

    /// What to acknowledge a new message with; `None`: it was received before, and is not to be
    /// forwarded again [MQTT-4.3.3-10].
    pub(crate) fn receive(&mut self, delivery: Delivery) -> Result<Option<AckToken>, ReasonCode> {
        match self.receiver.handle_publish(delivery, 0) {
            Ok(Reception::Deliver(token)) => Ok(token),
            Ok(Reception::Duplicate) => Ok(None),
            Err(violation) => Err(violation.reason_code()),
        }
    }

    pub(crate) fn acknowledge(&mut self, token: AckToken, reason: ReasonCode) {
        let reason = if self.version == Version::V5 {
            reason
        } else {
            ReasonCode::Success
        };
        let acknowledged = self.receiver.acknowledge(token, reason);
        debug_assert_eq!(acknowledged, Ok(()), "the message has just been received");
    }

    pub(crate) fn handle_pubrel(&mut self, ack: &Ack<'_>) -> Result<(), ReasonCode> {
        let handled = self.receiver.handle_pubrel(ack.packet_id);
        handled.map(drop).map_err(Violation::reason_code)
    }

    pub(crate) fn handle_puback(&mut self, ack: &Ack<'_>) -> Result<(), ReasonCode> {
        let handled = self.sender.handle_puback(ack.packet_id);
        handled.map(drop).map_err(Violation::reason_code)
    }

    pub(crate) fn handle_pubrec(&mut self, ack: &Ack<'_>) -> Result<(), ReasonCode> {
        let handled = self.sender.handle_pubrec(ack.packet_id, ack.reason);
        handled.map(drop).map_err(Violation::reason_code)
    }

    pub(crate) fn handle_pubcomp(&mut self, ack: &Ack<'_>) -> Result<(), ReasonCode> {
        let handled = self.sender.handle_pubcomp(ack.packet_id, ack.reason);
        handled.map(drop).map_err(Violation::reason_code)
    }
}

impl Outgoing {
    fn publish(
        &self,
        now: Instant,
        version: Version,
        sender: &mut Sender<Heap>,
    ) -> Result<(), PublishError> {
        let mut properties = Vec::new();
        if version == Version::V5 {
            properties = self.message.properties(now);
            properties.extend(
                self.identifiers
                    .iter()
                    .copied()
                    .map(Property::SubscriptionIdentifier),
            );
        }
        let publish = Publish {
            topic: &self.message.topic,
            payload: Payload::Bytes(&self.message.payload),
            qos: self.qos,
            retain: self.retain,
            properties: Sequence::new(&properties),
        };
        sender.publish(now, &publish).map(drop)
    }
}
