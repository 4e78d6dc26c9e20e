use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use mqtt_proto::{
    Ack, Delivery, Packet, PacketId, Property, Publish, PublishHead, QoS, ReasonCode, Sequence,
    SubscriptionIdentifier, SubscriptionOptions, TopicFilter, TopicName, Version,
};
use mqtt_session::Instant;

use super::ConnectionId;
use super::message::{Message, Will};
use super::output::Output;

/// A Client's session as the Server keeps it (section 4.1).
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) connection: Option<ConnectionId>,
    /// Seconds that it outlives a connection; `u32::MAX`: for ever.
    pub(crate) expiry: u32,
    /// When it ends, unless the Client comes back.
    pub(crate) ends: Option<Instant>,
    /// The will of the connection that was lost, and when it is published.
    pub(crate) will: Option<(Instant, Will)>,
    pub(crate) subscriptions: BTreeMap<String, Subscribed>,
    queue: VecDeque<Outgoing>,
    in_flight: VecDeque<InFlight>,
    last_packet_id: Option<PacketId>,
    received: BTreeSet<PacketId>,
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

#[derive(Clone, Debug)]
struct InFlight {
    packet_id: PacketId,
    outgoing: Outgoing,
    /// Whether PUBREC has come, so that PUBREL is what is sent.
    released: bool,
    /// Whether it was sent on this connection.
    sent: bool,
    /// Whether it was sent on any.
    dup: bool,
}

impl Session {
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
        self.queue.len() + self.in_flight.len()
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

    /// The session goes on with a new connection, on which everything is to be sent again [MQTT-4.4.0-1].
    pub(crate) fn resume(&mut self) {
        for in_flight in &mut self.in_flight {
            in_flight.sent = false;
        }
    }

    /// Encodes the next packet into `output`; `false`: there is none, or it must wait until fewer
    /// than `window` are in flight.
    pub(crate) fn transmit(&mut self, now: Instant, window: usize, output: &mut Output) -> bool {
        let sent = self.in_flight.iter().filter(|it| it.sent).count();
        if let Some(next) = self.in_flight.iter_mut().find(|it| !it.sent) {
            if sent >= window {
                return false;
            }
            next.sent = true;
            let delivery = next.delivery();
            next.dup = true;
            if next.released {
                output.push(&Packet::PubRel(Ack::new(
                    next.packet_id,
                    ReasonCode::Success,
                )));
            } else if !next.outgoing.encode(now, delivery, output) {
                let packet_id = next.packet_id;
                self.in_flight.retain(|it| it.packet_id != packet_id);
            }
            return true;
        }
        let Some(next) = self.queue.front() else {
            return false;
        };
        if next.qos > QoS::AtMostOnce && sent >= window {
            // [MQTT-3.3.4-9]
            return false;
        }
        let Some(next) = self.queue.pop_front() else {
            return false;
        };
        if next.message.is_expired(now) {
            // [MQTT-3.3.2-5]
        } else if next.qos == QoS::AtMostOnce {
            next.encode(now, Delivery::AtMostOnce, output);
        } else {
            let packet_id = self.next_packet_id();
            self.in_flight.push_back(InFlight {
                packet_id,
                outgoing: next,
                released: false,
                sent: false,
                dup: false,
            });
        }
        true
    }

    pub(crate) fn handle_puback(&mut self, ack: &Ack<'_>) {
        self.in_flight.retain(|it| it.packet_id != ack.packet_id);
    }

    /// What answers a PUBREC.
    pub(crate) fn handle_pubrec(
        &mut self,
        version: Version,
        ack: &Ack<'_>,
    ) -> Option<Packet<'static>> {
        let found = self
            .in_flight
            .iter_mut()
            .find(|it| it.packet_id == ack.packet_id);
        let reason = match found {
            None if version == Version::V3_1_1 => ReasonCode::Success,
            None => ReasonCode::PacketIdentifierNotFound,
            Some(_) if ack.reason.is_error() => {
                // [MQTT-4.4.0-2]
                self.in_flight.retain(|it| it.packet_id != ack.packet_id);
                return None;
            }
            Some(found) => {
                found.released = true;
                ReasonCode::Success
            }
        };
        Some(Packet::PubRel(Ack::new(ack.packet_id, reason)))
    }

    pub(crate) fn handle_pubcomp(&mut self, ack: &Ack<'_>) {
        self.in_flight.retain(|it| it.packet_id != ack.packet_id);
    }

    /// `false`: the message has been received before.
    pub(crate) fn receive(&mut self, packet_id: PacketId) -> bool {
        self.received.insert(packet_id)
    }

    pub(crate) fn release(&mut self, packet_id: PacketId) -> bool {
        self.received.remove(&packet_id)
    }

    fn next_packet_id(&mut self) -> PacketId {
        let mut id = self.last_packet_id.map_or(PacketId::MIN, PacketId::next);
        while self.in_flight.iter().any(|it| it.packet_id == id) {
            id = id.next();
        }
        self.last_packet_id = Some(id);
        id
    }
}

impl InFlight {
    fn delivery(&self) -> Delivery {
        let (packet_id, dup) = (self.packet_id, self.dup);
        if self.outgoing.qos == QoS::ExactlyOnce {
            Delivery::ExactlyOnce { packet_id, dup }
        } else {
            Delivery::AtLeastOnce { packet_id, dup }
        }
    }
}

impl Outgoing {
    /// `false`: the Client cannot take it, which counts as sent [MQTT-3.1.2-25].
    fn encode(&self, now: Instant, delivery: Delivery, output: &mut Output) -> bool {
        let mut properties = Vec::new();
        if output.version == Version::V5 {
            properties = self.message.properties(now);
            properties.extend(
                self.identifiers
                    .iter()
                    .copied()
                    .map(Property::SubscriptionIdentifier),
            );
        }
        let Ok(topic) = TopicName::new(&self.message.topic) else {
            return false;
        };
        let head = PublishHead {
            delivery,
            retain: self.retain,
            topic: Some(topic),
            properties: Sequence::new(&properties),
        };
        let publish = Packet::Publish(Publish {
            head,
            payload: &self.message.payload,
        });
        output.push(&publish)
    }
}
