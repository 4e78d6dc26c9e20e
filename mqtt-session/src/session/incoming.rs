use mqtt_proto::{
    ConnAck, Delivery, Item, Packet, PacketType, Properties, PublishHead, ReasonCode,
};

use super::Session;
use crate::connection::{Method, Step, Trigger};
use crate::session_state::Reception;
use crate::{
    Disconnected, Event, Limits, Message, PayloadChunk, Progress, Published, State, Storage,
    Subscribed, Violation,
};

/// What came.
impl<S: Storage> Session<S> {
    /// By reference and out of line, so that what is in the item moves once, from where it was read
    /// to where it is returned.
    #[inline(never)]
    pub(super) fn take<'r>(&mut self, item: &Item<'r>) -> Progress<'r> {
        Progress::Event(self.handle_item(item).unwrap_or_else(|violation| {
            self.fault(violation.reason_code());
            Event::Disconnected(Disconnected::Violation(violation))
        }))
    }

    fn handle_item<'r>(&mut self, item: &Item<'r>) -> Result<Event<'r>, Violation> {
        match item {
            Item::Packet(packet) => self.handle_packet(packet),
            Item::Message {
                head,
                payload,
                remaining,
            } => self.handle_message(head, payload, *remaining),
            &Item::Payload { payload, remaining } => {
                let chunk = PayloadChunk { payload, remaining };
                Ok(if self.receiver.handle_payload(remaining) {
                    Event::Payload(chunk)
                } else {
                    Event::Handled(PacketType::Publish)
                })
            }
            Item::Oversized { delivery } => self.handle_oversized(*delivery),
        }
    }

    fn handle_packet<'r>(&mut self, packet: &Packet<'r>) -> Result<Event<'r>, Violation> {
        let kind = packet.packet_type();
        self.enter(trigger(packet))?;
        match packet {
            Packet::ConnAck(connack) => return self.handle_connack(connack),
            Packet::Auth(auth) => {
                // [MQTT-4.12.0-6]; before CONNACK, which says Success, only to go on [MQTT-4.12.0-2].
                let too_early = self.connection.state() == State::Connecting
                    && auth.reason != ReasonCode::ContinueAuthentication;
                if self.connection.authentication.is_none() || too_early {
                    return Err(Violation::UnexpectedAuth);
                }
                self.check_method(auth.properties)?;
                return Ok(Event::Authenticated(*auth));
            }
            Packet::Disconnect(disconnect) => {
                return Ok(Event::Disconnected(Disconnected::Server(*disconnect)));
            }
            Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubComp(ack) => {
                let (packet_id, sender) = (ack.packet_id, &mut self.sender);
                let token = match kind {
                    PacketType::PubAck => sender.handle_puback(packet_id)?,
                    PacketType::PubRec => sender.handle_pubrec(packet_id, ack.reason)?,
                    _ => sender.handle_pubcomp(packet_id, ack.reason)?,
                };
                // Section 3.7.2.1: not an error in recovery. The Server took the message at PUBREC,
                // and has ended its part of the handshake already.
                let reason = match (kind, ack.reason) {
                    (PacketType::PubComp, ReasonCode::PacketIdentifierNotFound) => {
                        ReasonCode::Success
                    }
                    (_, reason) => reason,
                };
                if let Some(token) = token {
                    return Ok(Event::Published(Published {
                        token,
                        reason,
                        properties: ack.properties,
                    }));
                }
            }
            Packet::PubRel(ack) => {
                self.receiver.handle_pubrel(ack.packet_id)?;
            }
            Packet::SubAck(ack) | Packet::UnsubAck(ack) => {
                let (packet_id, reasons) = (ack.packet_id, ack.reasons.len());
                let (token, event): (_, fn(_) -> _) = if kind == PacketType::SubAck {
                    let token = self.sender.handle_suback(packet_id, reasons)?;
                    (token, Event::Subscribed)
                } else {
                    let token = self.sender.handle_unsuback(packet_id, reasons)?;
                    (token, Event::Unsubscribed)
                };
                if let Some(token) = token {
                    return Ok(event(Subscribed {
                        token,
                        reasons: ack.reasons,
                        properties: ack.properties,
                    }));
                }
            }
            Packet::PingResp => self.connection.keep_alive.answered(),
            // PUBLISH comes as `Item::Message`, and the others were no Server's.
            Packet::Publish(_)
            | Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::PingReq => {}
        }
        Ok(Event::Handled(kind))
    }

    fn handle_connack<'r>(&mut self, connack: &ConnAck<'r>) -> Result<Event<'r>, Violation> {
        if connack.reason != ReasonCode::Success {
            return Ok(Event::Disconnected(Disconnected::Refused(*connack)));
        }
        // [MQTT-3.2.2-2] [MQTT-3.2.2-4]
        if connack.session_present && self.connection.clean_start {
            return Err(Violation::SessionPresent);
        }
        self.check_method(connack.properties)?;
        // [MQTT-3.2.2-5]; after a clean start, too [MQTT-3.1.2-4], [MQTT3-3.1.2-6]. What is lost is a
        // Session of connections before: nothing else discards one [MQTT-4.1.0-1].
        if !connack.session_present {
            self.sender.session_lost();
            self.receiver.session_lost();
        }
        let limits = Limits::of_server(connack, self.connection.limits.keep_alive);
        self.connection.start(limits);
        self.sender.start(Limits {
            receive_maximum: limits.receive_maximum.min(self.config.maximum_in_flight),
            topic_alias_maximum: limits
                .topic_alias_maximum
                .min(self.config.maximum_topic_aliases),
            ..limits
        });
        self.backoff.connected();
        Ok(Event::Connected(*connack))
    }

    fn handle_message<'r>(
        &mut self,
        head: &PublishHead<'r>,
        payload: &'r [u8],
        remaining: u32,
    ) -> Result<Event<'r>, Violation> {
        self.enter(Trigger::ServerPacket)?;
        let reception = self.receiver.handle_publish(head.delivery, remaining)?;
        Ok(match (reception, head.topic) {
            (Reception::Deliver(ack), Some(topic)) => Event::Message(Message {
                topic,
                payload,
                remaining,
                qos: head.delivery.qos(),
                packet_id: head.delivery.packet_id(),
                dup: head.delivery.dup(),
                retain: head.retain,
                properties: head.properties,
                ack,
            }),
            // A topic is always there: the reader has resolved aliases.
            (Reception::Duplicate | Reception::Deliver(_), _) => {
                Event::Handled(PacketType::Publish)
            }
        })
    }

    fn handle_oversized(&mut self, delivery: Delivery) -> Result<Event<'static>, Violation> {
        self.enter(Trigger::ServerPacket)?;
        let reason = ReasonCode::QuotaExceeded;
        Ok(if self.receiver.handle_refused(delivery, reason)? {
            Event::Oversized(delivery)
        } else {
            Event::Handled(PacketType::Publish)
        })
    }

    /// Asks the table whether the packet may come now, and goes where it leads.
    fn enter(&mut self, trigger: Trigger) -> Result<(), Violation> {
        match self.connection.step(trigger) {
            Step::Violation(violation) => return Err(violation),
            Step::To(State::Disconnecting) => self.sender.stop(),
            Step::To(_) | Step::Refuse | Step::Ignore => {}
        }
        Ok(())
    }

    /// [MQTT-4.12.0-5], and no method in CONNACK where CONNECT had none [MQTT-4.12.0-6].
    fn check_method(&self, properties: Properties<'_>) -> Result<(), Violation> {
        if Method::of(properties) == self.connection.authentication {
            Ok(())
        } else {
            Err(Violation::AuthenticationMethod)
        }
    }
}

fn trigger(packet: &Packet<'_>) -> Trigger {
    match packet {
        Packet::ConnAck(connack) if connack.reason == ReasonCode::Success => {
            Trigger::ConnAckAccepts
        }
        Packet::ConnAck(_) => Trigger::ConnAckRefuses,
        Packet::Auth(_) => Trigger::Auth,
        Packet::Disconnect(_) => Trigger::ServerDisconnect,
        Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) | Packet::PingReq => {
            Trigger::ClientPacket
        }
        Packet::Publish(_)
        | Packet::PubAck(_)
        | Packet::PubRec(_)
        | Packet::PubRel(_)
        | Packet::PubComp(_)
        | Packet::SubAck(_)
        | Packet::UnsubAck(_)
        | Packet::PingResp => Trigger::ServerPacket,
    }
}
