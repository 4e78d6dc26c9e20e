//! What the driver decides: which operation belongs to which handle, and which message to whom.
//! No I/O and no waiting.

mod link;
mod outcome;
mod submit;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use mqtt_proto::{Packet, PacketReader, QoS};
use mqtt_session::{Duration, Heap, Instant, Session, Token};
use smol::channel::Sender;

pub(crate) use link::Ended;

use crate::command::{Command, Operation, PublishOutcome};
use crate::completion::Promise;
use crate::connection::Output;
use crate::dispatch::Job;
use crate::options::Options;
use crate::route::Routes;
use crate::shared::Shared;
use crate::{ConnectError, DisconnectError, OptionsError, SubscribeError, UnsubscribeError};

/// An operation that the session has and that is not over.
enum Pending {
    Publish(PublishOutcome),
    Subscribe {
        route: u64,
        promise: Promise<Vec<QoS>, SubscribeError>,
    },
    Unsubscribe {
        filters: Vec<String>,
        /// What is subscribed before this route is meant, not what is subscribed after.
        before: u64,
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
    outlived: link::Outlived,
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
            outlived: link::Outlived::default(),
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
    /// an answer is waited for it may be the consumer that waits, and the answer is behind. That
    /// too has its bound.
    pub(crate) fn is_reading(&mut self, now: Instant) -> bool {
        let waited_for = self.closing.is_some() || self.shared.wanted.any();
        let reading = !self.routes.is_inbox_full() && (waited_for || !self.routes.any_full());
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
