//! What each packet of a connected Client does.

use mqtt_proto::{
    Delivery, Disconnect, Packet, Properties, Publish, QoS, ReasonCode, Sequence, SubAck,
    Subscribe, Subscription, TopicFilter, TopicName, Unsubscribe, Version,
};
use mqtt_session::Instant;

use super::BrokerOptions;
use super::connection::Connection;
use super::message::Message;
use super::session::Session;
use super::store::{Store, is_forbidden, is_forbidden_filter};

/// Why a connection is over after a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The Client said so, and its will goes with it [MQTT-3.14.4-3].
    Requested,
    /// The Client said so, and wants its will published.
    RequestedWithWill,
    /// The Client did what it must not.
    Refused(ReasonCode),
}

impl From<ReasonCode> for End {
    fn from(reason: ReasonCode) -> Self {
        Self::Refused(reason)
    }
}

/// One packet on its way through: everything that handling it may touch.
pub(crate) struct Handler<'a> {
    pub(crate) now: Instant,
    pub(crate) options: &'a BrokerOptions,
    pub(crate) store: &'a mut Store,
    pub(crate) connection: &'a mut Connection,
    pub(crate) client_id: &'a str,
}

impl Handler<'_> {
    pub(crate) fn handle(&mut self, packet: &Packet<'_>) -> Result<(), End> {
        match packet {
            Packet::Publish(publish) => self.publish(publish)?,
            Packet::PubAck(ack) => self.session()?.handle_puback(ack)?,
            Packet::PubRec(ack) => self.session()?.handle_pubrec(ack)?,
            Packet::PubRel(ack) => self.session()?.handle_pubrel(ack)?,
            Packet::PubComp(ack) => self.session()?.handle_pubcomp(ack)?,
            Packet::Subscribe(subscribe) => self.subscribe(subscribe)?,
            Packet::Unsubscribe(unsubscribe) => self.unsubscribe(unsubscribe),
            Packet::PingReq => self.send(&Packet::PingResp),
            Packet::Disconnect(disconnect) => return Err(self.disconnect(disconnect)),
            // A second CONNECT [MQTT-3.1.0-2]; AUTH without an authentication method
            // [MQTT-4.12.0-6]; and what only a Server sends.
            Packet::Connect(_)
            | Packet::Auth(_)
            | Packet::ConnAck(_)
            | Packet::SubAck(_)
            | Packet::UnsubAck(_)
            | Packet::PingResp => return Err(ReasonCode::ProtocolError.into()),
        }
        let now = self.now;
        if let Some(session) = self.store.sessions.get_mut(self.client_id)
            && session.is_blocked()
        {
            session.transmit(now, &mut self.connection.output);
        }
        Ok(())
    }

    fn publish(&mut self, publish: &Publish<'_>) -> Result<(), ReasonCode> {
        let head = &publish.head;
        let qos = head.delivery.qos();
        if qos > self.options.maximum_qos {
            return Err(ReasonCode::QoSNotSupported);
        }
        if head.retain && !self.options.retain_available {
            return Err(ReasonCode::RetainNotSupported);
        }
        if head.properties.subscription_identifiers().next().is_some() {
            // [MQTT-3.3.4-6]
            return Err(ReasonCode::ProtocolError);
        }
        let topic = self.connection.resolve_alias(self.options, head)?;
        let topic = TopicName::new(&topic).map_err(|_| ReasonCode::MalformedPacket)?;
        let token = self.session()?.receive(head.delivery)?;
        let is_new = token.is_some() || head.delivery == Delivery::AtMostOnce;
        if is_new {
            let reason = self.forward(topic, publish);
            if let Some(token) = token {
                self.session()?.acknowledge(token, reason);
            }
        }
        Ok(())
    }

    /// Publishes a message and gives the reason code of its acknowledgement.
    fn forward(&mut self, topic: TopicName<'_>, publish: &Publish<'_>) -> ReasonCode {
        if is_forbidden(self.options, topic) {
            return ReasonCode::NotAuthorized;
        }
        let message = Message::from_publish(
            self.now,
            self.client_id,
            topic.as_str(),
            &publish.head,
            publish.payload,
        );
        if self.store.publish(self.now, self.options, message) {
            ReasonCode::Success
        } else {
            ReasonCode::NoMatchingSubscribers
        }
    }

    fn subscribe(&mut self, subscribe: &Subscribe<'_>) -> Result<(), ReasonCode> {
        let identifier = subscribe.properties.subscription_identifiers().next();
        if identifier.is_some() && !self.options.subscription_identifier_available {
            return Err(ReasonCode::SubscriptionIdentifiersNotSupported);
        }
        let mut reasons = Vec::new();
        // [MQTT-3.8.4-5]
        for mut subscription in subscribe.subscriptions {
            match self.refusal(&subscription)? {
                Some(reason) if self.connection.output.version == Version::V5 => {
                    reasons.push(reason);
                }
                // 3.1.1 knows one way to fail.
                Some(_) => reasons.push(ReasonCode::UnspecifiedError),
                None => {
                    // [MQTT-3.2.2-10], [MQTT-3.8.4-7]
                    let granted = subscription
                        .options
                        .maximum_qos
                        .min(self.options.maximum_qos);
                    subscription.options.maximum_qos = granted;
                    reasons.push(match granted {
                        QoS::AtMostOnce => ReasonCode::Success,
                        QoS::AtLeastOnce => ReasonCode::GrantedQoS1,
                        QoS::ExactlyOnce => ReasonCode::GrantedQoS2,
                    });
                    self.store.subscribe(
                        self.now,
                        self.options,
                        self.client_id,
                        &subscription,
                        identifier,
                    );
                }
            }
        }
        // The retained messages wait in the queue, so they follow the SUBACK.
        self.send(&Packet::SubAck(SubAck {
            packet_id: subscribe.packet_id,
            properties: Properties::EMPTY,
            reasons: Sequence::new(&reasons),
        }));
        Ok(())
    }

    /// Why a subscription is not granted; an error where asking for it is one.
    fn refusal(&self, subscription: &Subscription<'_>) -> Result<Option<ReasonCode>, ReasonCode> {
        let filter = subscription.filter;
        // The store keeps no other; 3.1.1 has some that begin like a share and are none.
        if TopicFilter::new(filter.as_str()).is_err() {
            return Ok(Some(ReasonCode::UnspecifiedError));
        }
        // Also in 3.1.1, which has no shared subscriptions, but whose brokers do.
        let shared = filter.share_name().is_some();
        if shared && subscription.options.no_local {
            // [MQTT-3.8.3-4]
            return Err(ReasonCode::ProtocolError);
        }
        Ok(if shared && !self.options.shared_subscription_available {
            Some(ReasonCode::SharedSubscriptionsNotSupported)
        } else if filter.has_wildcard() && !self.options.wildcard_subscription_available {
            Some(ReasonCode::WildcardSubscriptionsNotSupported)
        } else if is_forbidden_filter(self.options, filter) {
            Some(ReasonCode::NotAuthorized)
        } else {
            None
        })
    }

    fn unsubscribe(&mut self, unsubscribe: &Unsubscribe<'_>) {
        let mut reasons = Vec::new();
        if let Some(session) = self.store.sessions.get_mut(self.client_id) {
            for filter in unsubscribe.filters {
                // [MQTT-3.10.4-1]: what is queued already is still delivered.
                reasons.push(match session.subscriptions.remove(filter.as_str()) {
                    Some(_) => ReasonCode::Success,
                    None => ReasonCode::NoSubscriptionExisted,
                });
            }
        }
        if self.connection.output.version == Version::V3_1_1 {
            reasons.clear();
        }
        self.send(&Packet::UnsubAck(SubAck {
            packet_id: unsubscribe.packet_id,
            properties: Properties::EMPTY,
            reasons: Sequence::new(&reasons),
        }));
    }

    fn send(&mut self, packet: &Packet<'_>) {
        self.connection.output.push(packet);
    }

    /// Who is connected has a session: the error never happens.
    fn session(&mut self) -> Result<&mut Session, ReasonCode> {
        self.store
            .sessions
            .get_mut(self.client_id)
            .ok_or(ReasonCode::UnspecifiedError)
    }

    fn disconnect(&mut self, disconnect: &Disconnect<'_>) -> End {
        if let Some(expiry) = disconnect.properties.session_expiry_interval() {
            if self.connection.session_expiry == 0 && expiry != 0 {
                return ReasonCode::ProtocolError.into();
            }
            if let Some(session) = self.store.sessions.get_mut(self.client_id) {
                session.expiry = self
                    .options
                    .session_expiry_maximum
                    .map_or(expiry, |most| expiry.min(most));
            }
        }
        if disconnect.reason == ReasonCode::Success {
            End::Requested
        } else {
            End::RequestedWithWill
        }
    }
}
