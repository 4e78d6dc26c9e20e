use std::collections::BTreeMap;
use std::sync::Arc;

use mqtt_proto::{
    QoS, RetainHandling, Subscription, SubscriptionIdentifier, TopicFilter, TopicName, Version,
};
use mqtt_session::{Duration, Instant};

use super::BrokerOptions;
use super::message::{Message, Will};
use super::session::{Outgoing, Session, Subscribed};

/// What outlives the Network Connections: the sessions and the retained messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pub(crate) sessions: BTreeMap<String, Session>,
    retained: BTreeMap<String, Arc<Message>>,
    /// For each shared filter, the Client that had the last message.
    shared_turn: BTreeMap<String, String>,
    pub(crate) dropped: u64,
}

impl Store {
    /// Retains the message if that is asked for, and queues it for every session that
    /// subscribes to it. Returns whether there was one.
    pub(crate) fn publish(
        &mut self,
        now: Instant,
        options: &BrokerOptions,
        message: Message,
    ) -> bool {
        let message = Arc::new(message);
        if message.retain {
            self.retain(&message);
        }
        let Ok(topic) = TopicName::new(&message.topic) else {
            return false;
        };
        let mut shared: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut copies: Vec<(String, Outgoing)> = Vec::new();
        for (client_id, session) in &self.sessions {
            let mut matching = Vec::new();
            for (filter, subscribed) in session.matching(topic) {
                if filter.share_name().is_some() {
                    shared.entry(filter.as_str()).or_default().push(client_id);
                } else if !(subscribed.options.no_local && *client_id == message.publisher) {
                    // [MQTT-3.8.3-3]
                    matching.push(subscribed);
                }
            }
            copies.extend(merge(&message, &matching).map(|copy| (client_id.clone(), copy)));
        }
        let shared: Vec<(String, String)> = shared
            .into_iter()
            .filter_map(|(filter, members)| {
                Some((filter.to_owned(), self.turn(filter, &members)?.to_owned()))
            })
            .collect();
        for (filter, client_id) in shared {
            let subscribed = self
                .sessions
                .get(&client_id)
                .and_then(|it| it.subscriptions.get(&filter));
            if let Some(copy) = subscribed.and_then(|subscribed| merge(&message, &[subscribed])) {
                copies.push((client_id.clone(), copy));
            }
            self.shared_turn.insert(filter, client_id);
        }
        let matched = !copies.is_empty();
        for (client_id, copy) in copies {
            self.enqueue(now, options, &client_id, copy);
        }
        matched
    }

    /// Gives a Client the session that it had or a new one, and tells whether it had one. A
    /// session of another version cannot go on: what it has in flight is encoded.
    pub(crate) fn attach(
        &mut self,
        now: Instant,
        options: &BrokerOptions,
        client_id: &str,
        version: Version,
        clean_start: bool,
    ) -> bool {
        let goes_on = |session: &Session| !clean_start && session.version == version;
        let session_present = self.sessions.get(client_id).is_some_and(goes_on);
        if !session_present {
            self.discard(now, options, client_id);
        }
        let session = || Session::new(version);
        let session = self
            .sessions
            .entry(client_id.to_owned())
            .or_insert_with(session);
        session.ends = None;
        // [MQTT-3.1.3-9]
        session.will = None;
        session_present
    }

    /// A Client's connection is over, and leaves its will behind.
    pub(crate) fn detach(
        &mut self,
        now: Instant,
        options: &BrokerOptions,
        client_id: &str,
        will: Option<Will>,
    ) {
        let Some(session) = self.sessions.get_mut(client_id) else {
            return;
        };
        session.close();
        let lasts = Duration::from_secs(u64::from(session.expiry));
        session.ends = (session.expiry != u32::MAX).then(|| now + lasts);
        session.will = will.map(|will| (now + will.delay, will));
        self.handle_timeout(now, options);
    }

    /// Ends the sessions and publishes the wills whose time has come.
    pub(crate) fn handle_timeout(&mut self, now: Instant, options: &BrokerOptions) {
        let is_due = |session: &Session| session.poll_timeout().is_some_and(|due| due <= now);
        let due: Vec<String> = self
            .sessions
            .iter()
            .filter(|(_, session)| is_due(session))
            .map(|(client_id, _)| client_id.clone())
            .collect();
        for client_id in due {
            let Some(session) = self.sessions.get_mut(&client_id) else {
                continue;
            };
            if session.ends.is_some_and(|ends| ends <= now) {
                self.discard(now, options, &client_id);
            } else if let Some((_, will)) = session.will.take() {
                self.publish_will(now, options, will);
            }
        }
    }

    pub(crate) fn forget(&mut self) {
        self.sessions
            .retain(|_, session| session.connection.is_some());
        self.retained.clear();
        self.shared_turn.clear();
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.sessions
            .values()
            .filter_map(Session::poll_timeout)
            .min()
    }

    /// Ends a session; its will does not outlive it [MQTT-3.1.3-9].
    fn discard(&mut self, now: Instant, options: &BrokerOptions, client_id: &str) {
        if let Some((_, will)) = self
            .sessions
            .remove(client_id)
            .and_then(|session| session.will)
        {
            self.publish_will(now, options, will);
        }
    }

    fn publish_will(&mut self, now: Instant, options: &BrokerOptions, will: Will) {
        let message = will.publish(now);
        if TopicName::new(&message.topic).is_ok_and(|topic| !is_forbidden(options, topic)) {
            self.publish(now, options, message);
        }
    }

    /// Subscribes a session and queues the retained messages that come of it.
    pub(crate) fn subscribe(
        &mut self,
        now: Instant,
        options: &BrokerOptions,
        client_id: &str,
        subscription: &Subscription<'_>,
        identifier: Option<SubscriptionIdentifier>,
    ) {
        let Some(session) = self.sessions.get_mut(client_id) else {
            return;
        };
        let filter = subscription.filter;
        let subscribed = Subscribed {
            options: subscription.options,
            identifier,
        };
        // [MQTT-3.8.4-3]
        let replaced = session
            .subscriptions
            .insert(filter.as_str().to_owned(), subscribed);
        let wanted = match subscription.options.retain_handling {
            RetainHandling::Send => true,
            RetainHandling::SendIfNew => replaced.is_none(),
            RetainHandling::DoNotSend => false,
        };
        if !wanted || filter.share_name().is_some() {
            return;
        }
        self.retained.retain(|_, message| !message.is_expired(now));
        let copies: Vec<Outgoing> = self
            .retained
            .values()
            .filter(|message| {
                TopicName::new(&message.topic).is_ok_and(|topic| filter.matches(topic))
            })
            .map(|message| Outgoing {
                message: Arc::clone(message),
                qos: message.qos.min(subscription.options.maximum_qos),
                retain: true,
                identifiers: identifier.into_iter().collect(),
            })
            .collect();
        for copy in copies {
            self.enqueue(now, options, client_id, copy);
        }
    }

    /// The retained message of a topic.
    pub(crate) fn retained(&self, now: Instant, topic: &str) -> Option<&Message> {
        self.retained
            .get(topic)
            .map(Arc::as_ref)
            .filter(|message| !message.is_expired(now))
    }

    fn retain(&mut self, message: &Arc<Message>) {
        if message.payload.is_empty() {
            // [MQTT-3.3.1-6], [MQTT-3.3.1-7]
            self.retained.remove(&message.topic);
        } else {
            // [MQTT-3.3.1-5]
            self.retained
                .insert(message.topic.clone(), Arc::clone(message));
        }
    }

    /// Whose turn it is in a shared subscription: the next member after the last one that is
    /// connected, or, when none is, the next.
    fn turn<'m>(&self, filter: &str, members: &[&'m str]) -> Option<&'m str> {
        let last = self.shared_turn.get(filter).map_or("", String::as_str);
        let after = members.iter().filter(|member| **member > last);
        let before = members.iter().filter(|member| **member <= last);
        let mut in_turn = after.chain(before).copied();
        let connected = |member: &&str| {
            self.sessions
                .get(*member)
                .is_some_and(|session| session.connection.is_some())
        };
        in_turn.clone().find(connected).or_else(|| in_turn.next())
    }

    fn enqueue(&mut self, now: Instant, options: &BrokerOptions, client_id: &str, copy: Outgoing) {
        let Some(session) = self.sessions.get_mut(client_id) else {
            return;
        };
        if session.connection.is_none() && copy.qos == QoS::AtMostOnce {
            return;
        }
        if !session.enqueue(now, options.queue_maximum, copy) {
            self.dropped += 1;
        }
    }
}

/// The one copy for a session of whose subscriptions these match: the highest QoS of
/// them [MQTT-3.3.4-2] and all their identifiers [MQTT-3.3.4-3], [MQTT-3.3.4-4].
fn merge(message: &Arc<Message>, matching: &[&Subscribed]) -> Option<Outgoing> {
    let granted = matching
        .iter()
        .map(|subscribed| subscribed.options.maximum_qos)
        .max()?;
    let keeps_retain = matching
        .iter()
        .any(|subscribed| subscribed.options.retain_as_published);
    Some(Outgoing {
        message: Arc::clone(message),
        qos: message.qos.min(granted),
        // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
        retain: message.retain && keeps_retain,
        identifiers: matching
            .iter()
            .filter_map(|subscribed| subscribed.identifier)
            .collect(),
    })
}

/// Whether two filters have a topic in common, as far as one filter read as a name tells.
pub(crate) fn is_forbidden_filter(options: &BrokerOptions, filter: TopicFilter<'_>) -> bool {
    let wanted = filter.matched_part();
    options.forbidden.iter().any(|forbidden| {
        forbidden == wanted || TopicName::new(wanted).is_ok_and(|topic| is_within(forbidden, topic))
    })
}

/// Whether publishing to `topic` is forbidden.
pub(crate) fn is_forbidden(options: &BrokerOptions, topic: TopicName<'_>) -> bool {
    options
        .forbidden
        .iter()
        .any(|forbidden| is_within(forbidden, topic))
}

fn is_within(filter: &str, topic: TopicName<'_>) -> bool {
    TopicFilter::new(filter).is_ok_and(|filter| filter.matches(topic))
}
