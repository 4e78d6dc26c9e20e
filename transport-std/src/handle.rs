use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mqtt_proto::ReasonCode;

use crate::completion::Cell;
use crate::{PublishError, UnsubscribeError};

/// The outcome of one operation, known sooner or later: the same handle survives reconnects.
///
/// Dropping it does not call the operation off.
pub struct Handle<T, E> {
    pub(crate) cell: Arc<Cell<Result<T, E>>>,
}

/// The outcome of a publish: at QoS 0 it is over when it was written to the transport, at QoS 1
/// and 2 when the Server has it. The reason code is a success; of a Server of 5.0 it may be
/// [`NoMatchingSubscribers`](ReasonCode::NoMatchingSubscribers).
pub type PublishHandle = Handle<ReasonCode, PublishError>;

/// The outcome of an unsubscribe.
pub type UnsubscribeHandle = Handle<(), UnsubscribeError>;

impl<T: Clone, E: Clone> Handle<T, E> {
    /// Waits until the operation is over.
    ///
    /// While it waits the client reads on, though a subscription be full
    /// ([`Subscription`](crate::Subscription)), but not beyond
    /// [`Options::maximum_inbox`](crate::Options::maximum_inbox). A consumer that waits here for
    /// an answer which lies behind more than that waits for ever, since nobody takes its messages:
    /// it uses [`wait_timeout`](Self::wait_timeout), or takes its messages first.
    ///
    /// # Errors
    ///
    /// What became of it.
    pub fn wait(&self) -> Result<T, E> {
        self.cell.wait()
    }

    /// Waits for at most `timeout`, as [`wait`](Self::wait) does. `None`: it is not over yet,
    /// which is no failure.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<T, E>> {
        self.cell.wait_timeout(timeout)
    }

    /// The outcome, if the operation is over. To ask is not to wait: where a subscription is full
    /// the client does not read on for it, and a thread that asks again and again has to take the
    /// messages of its subscriptions in between.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<T, E>> {
        self.cell.get()
    }

    /// Whether the operation is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.outcome().is_some()
    }
}

impl<T, E> Clone for Handle<T, E> {
    fn clone(&self) -> Self {
        Self {
            cell: Arc::clone(&self.cell),
        }
    }
}

impl<T: Clone + fmt::Debug, E: Clone + fmt::Debug> fmt::Debug for Handle<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
