use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use mqtt_proto::{TopicError, TopicFilter, TopicName};
use smol::channel::{self, Sender};

use crate::command::{Command, Operation, PublishOutcome, Reserved};
use crate::completion::Promise;
use crate::dispatch::{self, Callback, Job};
use crate::driver::Driver;
use crate::engine::Engine;
use crate::finish::{Finish, Latch};
use crate::handle::Handle;
use crate::packet_limit::PacketLimit;
use crate::route::{Routes, Sink};
use crate::shared::{NoRoom, Shared, Want};
use crate::subscription::SubscribeCell;
use crate::tcp::Tcp;
use crate::{
    CallbackSubscription, ConnectError, Connected, DisconnectError, Message, Options, PublishError,
    PublishHandle, Statistics, Subscribe, SubscribeError, Subscribing, Subscription,
    UnsubscribeError, UnsubscribeHandle,
};

/// A blocking client.
///
/// Cloning it gives another handle on the same client; any thread may use any of them. A thread
/// of its own does the I/O: whatever the user's code does, the connection is kept alive. Another
/// one runs the callbacks, one at a time and in order: a callback may block, publish, subscribe,
/// unsubscribe, and wait for the outcome.
///
/// When the last handle is dropped, the client disconnects as [`disconnect`](Self::disconnect)
/// does if it is connected, and at once if it is not. (A callback that owns a handle keeps the
/// client alive: then disconnect.)
///
/// ```
/// use transport_std::{Client, Message, Options, QoS};
///
/// # let broker = mqtt_testkit::TcpBroker::start()?;
/// # let url = broker.url();
/// let client = Client::connect(Options::from_url(&url)?.client_id("docs"))?;
/// let subscription = client.subscribe(("greetings/#", QoS::AtLeastOnce))?;
/// client
///     .publish(Message::new("greetings/world", "hello").qos(QoS::AtLeastOnce))?
///     .wait()?;
/// let message = subscription.recv()?;
/// assert_eq!(&message.payload[..], b"hello");
/// client.disconnect()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    owner: Arc<Owner>,
}

/// What lives as long as a [`Client`] does.
struct Owner {
    core: Core,
    drain_timeout: Duration,
    inbound_capacity: usize,
    packet_limit: PacketLimit,
    jobs: Sender<Job>,
    io_thread: ThreadId,
    callbacks_done: Arc<Latch>,
}

/// What subscriptions have of the client.
#[derive(Clone)]
pub(crate) struct Core {
    commands: Sender<Command>,
    shared: Arc<Shared>,
    callback_thread: ThreadId,
}

/// Connecting.
impl Client {
    /// Connects, and waits until the Server has accepted or refused. Later losses are the
    /// client's to mend ([`Options::reconnect`]).
    ///
    /// # Errors
    ///
    /// Why the one attempt failed. Nothing of the client is left then.
    pub fn connect(options: Options) -> Result<Self, ConnectError> {
        let (client, begin) = Self::spawn(options, true)?;
        drop(begin);
        client.owner.core.shared.link.wait(None)?;
        Ok(client)
    }

    /// Begins to connect and does not wait. Attempts go on until one succeeds (without
    /// [`Options::reconnect`], there is only one); QoS 1 and 2
    /// publishes are kept until then, and [`subscribe`](Self::subscribe) waits.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Options`] and [`ConnectError::Thread`] only.
    pub fn start(options: Options) -> Result<Self, ConnectError> {
        Self::spawn(options, false).map(|(client, _begin)| client)
    }

    /// Begins to connect as [`start`](Self::start) does, with a subscription that is there before
    /// the connection: the messages that a Session brings, before anything else and maybe before
    /// [`subscribe`](Self::subscribe) could be called, are this subscription's where they match.
    ///
    /// # Errors
    ///
    /// As `start`. What becomes of the subscription, [`Subscribing::wait`] tells.
    pub fn start_subscribed(
        options: Options,
        subscribe: impl Into<Subscribe>,
    ) -> Result<(Self, Subscribing), ConnectError> {
        let (client, begin) = Self::spawn(options, false)?;
        let subscribing = client.begin_subscribe(subscribe);
        drop(begin);
        Ok((client, subscribing))
    }

    /// The client connects once what is given with it is dropped.
    fn spawn(options: Options, once: bool) -> Result<(Self, mpsc::Sender<()>), ConnectError> {
        options.check().map_err(ConnectError::Options)?;
        let (commands, receiver) = channel::unbounded();
        let shared = Arc::new(Shared::new(commands.clone(), options.maximum_outbox));
        let callbacks_done = Arc::new(Latch::default());
        let (jobs, callback_thread) = dispatch::spawn({
            let done = Arc::clone(&callbacks_done);
            move || done.open()
        })
        .map_err(|error| ConnectError::Thread(Arc::new(error)))?;
        let default = options.hooks.default_handler.clone().map(|handler| {
            let callback: Callback = Arc::new(Mutex::new(move |message| handler(message)));
            Sink::callback(
                callback,
                jobs.clone(),
                options.inbound_capacity,
                commands.clone(),
            )
        });
        let drain_timeout = options.drain_timeout;
        let inbound_capacity = options.inbound_capacity;
        let packet_limit = options.packet_limit();
        let transport = Tcp {
            address: options.address.clone(),
            timeout: options.connect_timeout,
        };
        let routes = Routes::new(default, options.maximum_inbox, commands.clone());
        let finish = Finish {
            shared: Arc::clone(&shared),
            jobs: jobs.clone(),
        };
        let engine = Engine::new(options, Arc::clone(&shared), routes, jobs.clone());
        let driver = Driver::new(engine, receiver);
        let (begin, begun) = mpsc::channel::<()>();
        let io_thread = thread::Builder::new()
            .name("mqtt-io".to_owned())
            .spawn(move || {
                // Whatever happens, those who wait are told.
                let _finish = finish;
                // Nothing is ever sent: an error says that the sender was dropped.
                let _ = begun.recv();
                let run = || smol::block_on(driver.run(transport, once));
                if catch_unwind(AssertUnwindSafe(run)).is_err() {
                    tracing::error!("the client failed: this is a fault of its own");
                }
            })
            .map_err(|error| ConnectError::Thread(Arc::new(error)))?
            .thread()
            .id();
        let client = Self {
            owner: Arc::new(Owner {
                core: Core {
                    commands,
                    shared,
                    callback_thread,
                },
                drain_timeout,
                inbound_capacity,
                packet_limit,
                jobs,
                io_thread,
                callbacks_done,
            }),
        };
        Ok((client, begin))
    }

    /// Waits for at most `timeout` until there is a connection.
    ///
    /// # Errors
    ///
    /// Why the last attempt failed, or [`ConnectError::Pending`] if none has ended.
    pub fn wait_connected(&self, timeout: Duration) -> Result<Connected, ConnectError> {
        self.owner.core.shared.link.wait(Some(timeout))
    }

    /// Whether there is a connection that the Server accepted.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.owner.core.shared.link.is_connected()
    }

    /// Messages that reached nobody.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.owner.core.shared.counters.read()
    }
}

/// Publishing.
impl Client {
    /// Publishes, and waits for nothing but room: until what is not over yet leaves some of
    /// [`Options::maximum_outbox`]. QoS 1 and 2 are kept across reconnects until the Server
    /// has them; QoS 0 fails while there is no connection.
    ///
    /// # Errors
    ///
    /// What can be told without the Server: [`PublishError::Topic`],
    /// [`PublishError::ResponseTopic`], [`PublishError::TooLarge`],
    /// [`PublishError::PacketTooLarge`], [`PublishError::Closed`]. All else the handle tells.
    pub fn publish(&self, message: Message) -> Result<PublishHandle, PublishError> {
        let shared = &self.owner.core.shared;
        self.publish_in(message, |size| shared.room.take(size, &shared.wanted))
    }

    /// Publishes if there is room now.
    ///
    /// # Errors
    ///
    /// Those of [`publish`](Self::publish), and [`PublishError::Full`].
    pub fn try_publish(&self, message: Message) -> Result<PublishHandle, PublishError> {
        self.publish_in(message, |size| self.owner.core.shared.room.try_take(size))
    }

    fn publish_in(
        &self,
        message: Message,
        take: impl FnOnce(usize) -> Result<(), NoRoom>,
    ) -> Result<PublishHandle, PublishError> {
        let topic = TopicName::new(&message.topic).map_err(PublishError::Topic)?;
        if let Some(topic) = message.properties.response_topic() {
            TopicName::new(topic).map_err(PublishError::ResponseTopic)?;
        }
        self.owner.packet_limit.check_message(topic, &message)?;
        let size = message.size();
        take(size).map_err(|why| match why {
            NoRoom::Full => PublishError::Full,
            NoRoom::TooLarge { limit } => PublishError::TooLarge { size, limit },
            NoRoom::Closed => PublishError::Closed,
        })?;
        let core = &self.owner.core;
        let room = Reserved {
            size,
            shared: Arc::clone(&core.shared),
        };
        let (promise, cell) = Promise::new(&core.shared);
        core.submit(Operation::Publish {
            message,
            outcome: PublishOutcome { promise, room },
        });
        Ok(Handle { cell })
    }
}

/// Subscribing.
impl Client {
    /// Subscribes, and waits until the Server has granted or refused; without a connection, until
    /// there is one.
    ///
    /// A message that matches several subscriptions of this client goes to each of them, once for
    /// each copy that the Server sends: with overlapping filters it may send several.
    ///
    /// # Errors
    ///
    /// Where one filter is not valid or refused, nothing is subscribed.
    pub fn subscribe(
        &self,
        subscribe: impl Into<Subscribe>,
    ) -> Result<Subscription, SubscribeError> {
        self.begin_subscribe(subscribe).wait()
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, and does not wait.
    pub fn begin_subscribe(&self, subscribe: impl Into<Subscribe>) -> Subscribing {
        let core = &self.owner.core;
        let (sink, deliveries) = Sink::queue(self.owner.inbound_capacity, core.commands.clone());
        let (cell, filters) = self.subscribe_to(subscribe.into(), sink);
        Subscribing {
            cell,
            subscription: Subscription {
                core: core.clone(),
                deliveries,
                granted: Vec::new(),
                filters,
            },
        }
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, and has `callback` called for each
    /// message, on the client's callback thread. A message is acknowledged when the callback has
    /// returned.
    ///
    /// # Errors
    ///
    /// Where one filter is not valid or refused, nothing is subscribed.
    pub fn subscribe_with(
        &self,
        subscribe: impl Into<Subscribe>,
        callback: impl FnMut(Message) + Send + 'static,
    ) -> Result<CallbackSubscription, SubscribeError> {
        let owner = &self.owner;
        let sink = Sink::callback(
            Arc::new(Mutex::new(callback)),
            owner.jobs.clone(),
            owner.inbound_capacity,
            owner.core.commands.clone(),
        );
        let (cell, filters) = self.subscribe_to(subscribe.into(), sink);
        Ok(CallbackSubscription {
            core: owner.core.clone(),
            granted: cell.wait()?,
            filters,
        })
    }

    /// What becomes of it, and the filters.
    fn subscribe_to(&self, subscribe: Subscribe, sink: Sink) -> (SubscribeCell, Vec<String>) {
        let filters: Vec<String> = subscribe
            .filters
            .iter()
            .map(|filter| filter.filter.clone())
            .collect();
        let core = &self.owner.core;
        let (promise, cell) = Promise::new(&core.shared);
        match check(&filters) {
            _ if filters.is_empty() => promise.give(Err(SubscribeError::NoFilters)),
            Err((filter, error)) => promise.give(Err(SubscribeError::Filter { filter, error })),
            Ok(()) => core.submit(Operation::Subscribe {
                subscribe,
                sink,
                promise,
            }),
        }
        (cell, filters)
    }

    /// Unsubscribes. Subscriptions get messages until the Server has answered; those that have
    /// no filter left then end.
    ///
    /// # Errors
    ///
    /// [`UnsubscribeError::NoFilters`] and [`UnsubscribeError::Filter`]. All else the handle tells.
    pub fn unsubscribe<S: Into<String>>(
        &self,
        filters: impl IntoIterator<Item = S>,
    ) -> Result<UnsubscribeHandle, UnsubscribeError> {
        let filters: Vec<String> = filters.into_iter().map(Into::into).collect();
        if filters.is_empty() {
            return Err(UnsubscribeError::NoFilters);
        }
        check(&filters).map_err(|(filter, error)| UnsubscribeError::Filter { filter, error })?;
        Ok(self.owner.core.unsubscribe(filters))
    }
}

/// Disconnecting.
impl Client {
    /// Waits until what is in flight is over, for at most [`Options::drain_timeout`], then
    /// disconnects, so that the Server does not publish the will, and closes the client. Received
    /// messages that were not taken yet can still be, and callbacks still get theirs; `disconnect`
    /// waits for these as long again. Where [`Options::maximum_inbox`] is reached, what is in flight
    /// is not over until messages are taken.
    ///
    /// # Errors
    ///
    /// [`DisconnectError::NotDrained`]: the client is closed, but not all was over.
    pub fn disconnect(&self) -> Result<(), DisconnectError> {
        self.owner.disconnect(self.owner.drain_timeout)
    }

    /// As [`disconnect`](Self::disconnect), with another time to drain.
    ///
    /// # Errors
    ///
    /// [`DisconnectError::NotDrained`]: the client is closed, but not all was over.
    pub fn disconnect_timeout(&self, drain: Duration) -> Result<(), DisconnectError> {
        self.owner.disconnect(drain)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

impl Owner {
    fn disconnect(&self, drain: Duration) -> Result<(), DisconnectError> {
        let (promise, cell) = Promise::new(&self.core.shared);
        // Where nobody receives it, its drop says that the client is closed.
        let _ = self
            .core
            .commands
            .try_send(Command::Close { drain, promise });
        let thread = thread::current().id();
        if thread == self.io_thread {
            return Ok(());
        }
        let outcome = cell.wait();
        if thread != self.core.callback_thread {
            self.callbacks_done.wait_timeout(drain);
        }
        outcome
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let connected = self.core.shared.link.is_connected();
        let drain = if connected {
            self.drain_timeout
        } else {
            Duration::ZERO
        };
        // What was not drained has been logged, and its handles tell.
        let _ = self.disconnect(drain);
    }
}

impl Core {
    fn submit(&self, operation: Operation) {
        // Where nobody receives it, its drop says that the client is closed.
        let _ = self.commands.try_send(Command::Operation(operation));
    }

    pub(crate) fn unsubscribe(&self, filters: Vec<String>) -> UnsubscribeHandle {
        let (promise, cell) = Promise::new(&self.shared);
        self.submit(Operation::Unsubscribe { filters, promise });
        Handle { cell }
    }

    /// A callback that waits for a message keeps its own subscription from being emptied: what
    /// it waits for may be behind that. While this lives, the driver reads on.
    pub(crate) fn wait_in_callback(&self) -> Option<Want<'_>> {
        (thread::current().id() == self.callback_thread).then(|| self.shared.wanted.want())
    }

    /// Counts messages that nobody took.
    pub(crate) fn unhandled(&self) {
        crate::shared::Counters::add(&self.shared.counters.unhandled);
    }
}

/// The first filter that is not valid.
fn check(filters: &[String]) -> Result<(), (String, TopicError)> {
    for filter in filters {
        TopicFilter::new(filter).map_err(|error| (filter.clone(), error))?;
    }
    Ok(())
}
