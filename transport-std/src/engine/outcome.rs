//! From the session's events to the user's handles and consumers.

use mqtt_proto::{QoS, ReasonCode};
use mqtt_session::{Completion, Event, Published, Subscribed};

use super::{Ended, Engine, Pending};
use crate::command::Operation;
use crate::inbound::{Arrived, Inbound};
use crate::shared::{Counters, LinkState};
use crate::{Connected, Message, PublishError, SubscribeError, UnsubscribeError};

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
            Event::Authenticated(_) | Event::ReconnectDue | Event::Handled(_) => {}
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
            self.restore();
        }
    }

    /// The Server has no Session: what it had granted is subscribed again, before anything that
    /// waits for room. Not what is being restored already, which the session sends again, nor what
    /// the user is unsubscribing from: that is gone.
    fn restore(&mut self) {
        let mut routes = self.routes.granted();
        let pending = self.pending.values().filter_map(|pending| match pending {
            Pending::Restore { route } => Some(*route),
            _ => None,
        });
        let stalled = self.stalled.iter().filter_map(|operation| match operation {
            Operation::Restore { route } => Some(*route),
            _ => None,
        });
        let under_way: Vec<u64> = pending.chain(stalled).collect();
        routes.retain(|route| !under_way.contains(route));
        for pending in self.pending.values() {
            if let Pending::Unsubscribe {
                filters, before, ..
            } = pending
            {
                for filter in filters {
                    let meant = |route| route < *before && routes.contains(&route);
                    self.routes.remove_filter(filter, meant);
                }
            }
        }
        for route in routes.into_iter().rev() {
            self.stalled.push_front(Operation::Restore { route });
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
        outcome.give(if reason.is_error() {
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

    pub(super) fn not_restored(&mut self, id: u64, error: SubscribeError) {
        tracing::warn!(%error, "a subscription could not be restored");
        if self.routes.get_mut(id).is_some_and(|route| {
            route.filters.is_empty() || !matches!(error, SubscribeError::Refused { .. })
        }) {
            self.routes.remove(id);
        }
        self.hook(self.options.hooks.resubscribe_failed.clone(), error);
    }

    fn unsubscribed(&mut self, unsubscribed: &Subscribed<'_>) {
        let Some(Pending::Unsubscribe {
            filters,
            before,
            promise,
        }) = self.pending.remove(&unsubscribed.token)
        else {
            return;
        };
        // 3.1.1 has no reasons: all are successes.
        let mut reasons = unsubscribed.reasons.iter();
        let mut outcome = Ok(());
        for filter in filters {
            let reason = reasons.next().unwrap_or(ReasonCode::Success);
            if !reason.is_error() {
                self.routes.remove_filter(&filter, |route| route < before);
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
                    Completion::Taken => outcome.give(Ok(ReasonCode::Success)),
                    Completion::Expired => outcome.give(Err(PublishError::Expired)),
                    Completion::Discarded => outcome.give(Err(PublishError::Discarded)),
                    Completion::Unsendable(reason) => {
                        outcome.give(Err(PublishError::NotSupported(reason)));
                    }
                },
                Some(Pending::Subscribe { route, promise }) => {
                    self.routes.remove(route);
                    promise.give(Err(not_subscribed(completion)));
                }
                Some(Pending::Unsubscribe { promise, .. }) => {
                    promise.give(Err(UnsubscribeError::Discarded));
                }
                Some(Pending::Restore { route }) => {
                    self.not_restored(route, not_subscribed(completion));
                }
                Some(Pending::CleanUp) | None => {}
            }
        }
    }

    /// Whatever `poll_transmit` gave so far has been written.
    pub(crate) fn written(&mut self) {
        for outcome in self.unwritten.drain(..) {
            outcome.give(Ok(ReasonCode::Success));
        }
    }

    pub(super) fn acknowledge(&mut self, token: mqtt_session::AckToken) {
        // Unknown is what belongs to a connection that is over: the Server sends it again.
        if let Err(error) = self.session.acknowledge(token, ReasonCode::Success) {
            tracing::debug!(%error, "acknowledgement not sent");
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
