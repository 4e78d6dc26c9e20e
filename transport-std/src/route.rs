use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mqtt_proto::{TopicFilter, TopicName};
use mqtt_session::AckToken;
use smol::channel::{self, Receiver, Sender};

use crate::command::Command;
use crate::dispatch::{Callback, Job};
use crate::inbox::{Held, Inbox};
use crate::{Filter, Message, Properties};

/// A message on its way to one consumer.
pub(crate) struct Delivery {
    pub(crate) message: Message,
    pub(crate) ticket: Ticket,
    pub(crate) held: Held,
}

impl Delivery {
    /// The message, whose consumer is done with it.
    pub(crate) fn take(self) -> Message {
        self.message
    }
}

/// Says, when dropped, that a consumer is done with a message.
pub(crate) struct Ticket {
    depth: Arc<Depth>,
    // After `depth`: the acknowledgement is the last that happens.
    _acknowledge: Option<Arc<Acknowledge>>,
}

/// Says, when the last consumer of a message has dropped it, that it is to be acknowledged.
struct Acknowledge {
    token: AckToken,
    commands: Sender<Command>,
}

/// How many messages wait for one consumer.
struct Depth {
    waiting: AtomicUsize,
    capacity: usize,
    commands: Sender<Command>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.depth.waiting.fetch_sub(1, Ordering::SeqCst) == self.depth.capacity {
            // A driver that is over needs no waking.
            let _ = self.depth.commands.try_send(Command::Wake);
        }
    }
}

impl Drop for Acknowledge {
    fn drop(&mut self) {
        // Where the driver is over the Server will send the message again.
        let _ = self.commands.try_send(Command::Acknowledge(self.token));
    }
}

/// Where a subscription's messages go.
pub(crate) struct Sink {
    to: To,
    depth: Arc<Depth>,
}

enum To {
    Queue(Sender<Delivery>),
    Callback(CallbackSink),
}

/// A callback with the thread that it runs on.
struct CallbackSink {
    /// Taken by `drop` only.
    callback: Option<Callback>,
    jobs: Sender<Job>,
}

impl Drop for CallbackSink {
    /// What the callback owns is the user's: it is dropped where the callback runs.
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            let _ = self
                .jobs
                .try_send(Job::Hook(Box::new(move || drop(callback))));
        }
    }
}

impl Sink {
    /// A sink that keeps messages for somebody to take.
    pub(crate) fn queue(capacity: usize, commands: Sender<Command>) -> (Self, Receiver<Delivery>) {
        let (sender, receiver) = channel::unbounded();
        (Self::new(To::Queue(sender), capacity, commands), receiver)
    }

    /// A sink that has a callback called.
    pub(crate) fn callback(
        callback: Callback,
        jobs: Sender<Job>,
        capacity: usize,
        commands: Sender<Command>,
    ) -> Self {
        let to = To::Callback(CallbackSink {
            callback: Some(callback),
            jobs,
        });
        Self::new(to, capacity, commands)
    }

    fn new(to: To, capacity: usize, commands: Sender<Command>) -> Self {
        Self {
            to,
            depth: Arc::new(Depth {
                waiting: AtomicUsize::new(0),
                capacity,
                commands,
            }),
        }
    }

    /// Whether as many messages wait as may.
    fn is_full(&self) -> bool {
        self.depth.waiting.load(Ordering::SeqCst) >= self.depth.capacity
    }

    /// Whether nobody will take a message any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        match &self.to {
            To::Queue(sender) => sender.is_closed(),
            To::Callback(_) => false,
        }
    }

    fn send(&self, message: Message, held: Held, acknowledge: Option<Arc<Acknowledge>>) {
        self.depth.waiting.fetch_add(1, Ordering::SeqCst);
        let delivery = Delivery {
            message,
            ticket: Ticket {
                depth: Arc::clone(&self.depth),
                _acknowledge: acknowledge,
            },
            held,
        };
        // What a consumer that just went away does not take is acknowledged by its drop.
        match &self.to {
            To::Queue(sender) => drop(sender.try_send(delivery)),
            To::Callback(sink) => {
                if let Some(callback) = sink.callback.clone() {
                    drop(sink.jobs.try_send(Job::Deliver { callback, delivery }));
                }
            }
        }
    }
}

/// A subscription that is delivered to one sink.
pub(crate) struct Route {
    pub(crate) id: u64,
    pub(crate) filters: Vec<Filter>,
    pub(crate) properties: Properties,
    /// Whether the Server granted it: such are restored when it loses the Session.
    pub(crate) granted: bool,
    pub(crate) sink: Sink,
}

impl Route {
    fn matches(&self, topic: TopicName<'_>) -> bool {
        self.filters.iter().any(|filter| {
            TopicFilter::new(&filter.filter).is_ok_and(|filter| filter.matches(topic))
        })
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// The consumers that it was given to.
    pub(crate) given: usize,
    /// The full ones that a message of QoS 0 was kept from.
    pub(crate) overflowed: usize,
}

/// Every subscription's way to its consumer.
pub(crate) struct Routes {
    routes: Vec<Route>,
    next: u64,
    default: Option<Sink>,
    inbox: Arc<Inbox>,
    commands: Sender<Command>,
    /// Whether one may be full; looked into when asked.
    maybe_full: bool,
}

impl Routes {
    /// Of the messages on their way, `maximum_inbox` bytes may wait.
    pub(crate) fn new(
        default: Option<Sink>,
        maximum_inbox: usize,
        commands: Sender<Command>,
    ) -> Self {
        Self {
            routes: Vec::new(),
            next: 0,
            default,
            inbox: Inbox::new(maximum_inbox, commands.clone()),
            commands,
            maybe_full: false,
        }
    }

    pub(crate) fn add(&mut self, filters: Vec<Filter>, properties: Properties, sink: Sink) -> u64 {
        let id = self.next;
        self.next += 1;
        self.routes.push(Route {
            id,
            filters,
            properties,
            granted: false,
            sink,
        });
        id
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Route> {
        self.routes.iter_mut().find(|route| route.id == id)
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.routes.retain(|route| route.id != id);
    }

    /// The route that comes next.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Takes a filter from the routes that are `meant`: its subscription is gone.
    pub(crate) fn remove_filter(&mut self, filter: &str, meant: impl Fn(u64) -> bool) {
        for route in self.routes.iter_mut().filter(|route| meant(route.id)) {
            route.filters.retain(|other| other.filter != filter);
        }
        self.routes.retain(|route| !route.filters.is_empty());
    }

    /// Whether somebody is there for what matches `filter` literally.
    pub(crate) fn has_filter(&self, filter: &str) -> bool {
        self.routes
            .iter()
            .any(|route| route.filters.iter().any(|other| other.filter == filter))
    }

    /// The routes that the Server granted and somebody is there for.
    pub(crate) fn granted(&mut self) -> Vec<u64> {
        self.routes.retain(|route| !route.sink.is_abandoned());
        let granted = self.routes.iter().filter(|route| route.granted);
        granted.map(|route| route.id).collect()
    }

    /// Gives the message to each route that matches, or to the default handler where none does.
    /// It is acknowledged when the last of them is done with it.
    pub(crate) fn deliver(&mut self, message: Message, ack: Option<AckToken>) -> Delivered {
        let mut delivered = Delivered {
            given: 0,
            overflowed: 0,
        };
        let acknowledge = ack.map(|token| {
            Arc::new(Acknowledge {
                token,
                commands: self.commands.clone(),
            })
        });
        self.routes.retain(|route| !route.sink.is_abandoned());
        let Ok(topic) = TopicName::new(&message.topic) else {
            return delivered;
        };
        let mut sinks: Vec<&Sink> = Vec::new();
        sinks.extend(
            self.routes
                .iter()
                .filter(|route| route.matches(topic))
                .map(|route| &route.sink),
        );
        if sinks.is_empty() {
            sinks.extend(&self.default);
        }
        // At most once leaves the choice; what is to be acknowledged is bounded by the inbox.
        let matched = sinks.len();
        if acknowledge.is_none() {
            sinks.retain(|sink| !sink.is_full());
        }
        delivered.overflowed = matched - sinks.len();
        delivered.given = sinks.len();
        if let Some((last, others)) = sinks.split_last() {
            for sink in others {
                let held = self.inbox.hold(&message);
                sink.send(message.clone(), held, acknowledge.clone());
            }
            let held = self.inbox.hold(&message);
            last.send(message, held, acknowledge);
            self.maybe_full |= sinks.iter().any(|sink| sink.is_full());
        }
        delivered
    }

    /// Whether all consumers together have as many bytes waiting as they may.
    pub(crate) fn is_inbox_full(&self) -> bool {
        self.inbox.is_full()
    }

    /// Whether a consumer has as many messages waiting as it may.
    pub(crate) fn any_full(&mut self) -> bool {
        if self.maybe_full {
            let mut sinks = self
                .routes
                .iter()
                .map(|route| &route.sink)
                .chain(&self.default);
            self.maybe_full = sinks.any(|sink| sink.is_full() && !sink.is_abandoned());
        }
        self.maybe_full
    }
}
