use std::sync::Arc;
use std::time::Duration;

use mqtt_proto::QoS;
use mqtt_proto::ReasonCode;
use mqtt_session::AckToken;

use crate::completion::Promise;
use crate::route::Sink;
use crate::shared::Shared;
use crate::{DisconnectError, Message, PublishError, Subscribe, SubscribeError, UnsubscribeError};

/// What the driver is told by others.
pub(crate) enum Command {
    /// Something changed that the driver looks at by itself.
    Wake,
    /// A consumer is done with a message.
    Acknowledge(AckToken),
    /// An operation of the user's.
    Operation(Operation),
    /// The user is done.
    Close {
        drain: Duration,
        promise: Promise<(), DisconnectError>,
    },
}

/// What the session is asked to do.
pub(crate) enum Operation {
    Publish {
        message: Message,
        outcome: PublishOutcome,
    },
    Subscribe {
        subscribe: Subscribe,
        sink: Sink,
        promise: Promise<Vec<QoS>, SubscribeError>,
    },
    Unsubscribe {
        filters: Vec<String>,
        promise: Promise<(), UnsubscribeError>,
    },
    /// Subscribes again what the Server lost.
    Restore { route: u64 },
    /// Unsubscribes what nobody is there for.
    CleanUp { filters: Vec<String> },
}

/// What is kept of a publish until it is over.
pub(crate) struct PublishOutcome {
    pub(crate) promise: Promise<ReasonCode, PublishError>,
    pub(crate) room: Reserved,
}

impl PublishOutcome {
    /// Whoever learns of the outcome can count on the room.
    pub(crate) fn give(self, value: Result<ReasonCode, PublishError>) {
        drop(self.room);
        self.promise.give(value);
    }
}

/// Room taken for an outgoing message; given back when dropped.
pub(crate) struct Reserved {
    pub(crate) size: usize,
    pub(crate) shared: Arc<Shared>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.shared.room.give_back(self.size);
    }
}
