use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mqtt_proto::QoS;
use smol::Timer;
use smol::channel::{Receiver, TryRecvError};
use smol::future::or;

use crate::client::Core;
use crate::completion::Cell;
use crate::route::Delivery;
use crate::{Message, RecvError, SubscribeError, UnsubscribeHandle};

/// A subscription as an iterator of its messages.
///
/// A message is acknowledged when it is taken. When
/// [`Options::inbound_capacity`](crate::Options::inbound_capacity) messages wait here, the client
/// stops reading from the Server. While somebody is waiting for an outcome, or a callback for a
/// message, it reads on, since what they wait for may be behind: then messages of QoS 1 and 2 are
/// kept beyond the capacity, up to [`Options::maximum_inbox`](crate::Options::maximum_inbox), and
/// those of QoS 0 are dropped, logged and counted
/// ([`Statistics::overflowed`](crate::Statistics::overflowed)). With that reached it stops reading
/// all the same, until a message is taken. A thread that waits for messages of one subscription
/// while another one of its own is full waits in vain.
///
/// Dropping it ends the delivery, not the subscription, which a Session may outlive: that is what
/// [`unsubscribe`](Self::unsubscribe) does. Messages that still come go to other subscriptions
/// that match or the default handler; those that wait here are acknowledged, logged and counted
/// ([`Statistics::unhandled`](crate::Statistics::unhandled)).
pub struct Subscription {
    pub(crate) core: Core,
    pub(crate) deliveries: Receiver<Delivery>,
    pub(crate) granted: Vec<QoS>,
    pub(crate) filters: Vec<String>,
}

/// What becomes of a SUBSCRIBE: the QoS granted for each filter.
pub(crate) type SubscribeCell = Arc<Cell<Result<Vec<QoS>, SubscribeError>>>;

/// A subscription that the Server has not answered yet.
///
/// Dropping it ends the delivery, as dropping the [`Subscription`] does.
pub struct Subscribing {
    pub(crate) cell: SubscribeCell,
    pub(crate) subscription: Subscription,
}

impl Subscribing {
    /// Waits until the Server has granted or refused, as [`Handle::wait`](crate::Handle::wait) does.
    ///
    /// # Errors
    ///
    /// Those of [`Client::subscribe`](crate::Client::subscribe).
    pub fn wait(mut self) -> Result<Subscription, SubscribeError> {
        self.subscription.granted = self.cell.wait()?;
        Ok(self.subscription)
    }

    /// Waits for at most `timeout`. What the Server grants after that is delivered as if the
    /// [`Subscription`] had been dropped.
    ///
    /// # Errors
    ///
    /// Those of [`Client::subscribe`](crate::Client::subscribe), and [`SubscribeError::Timeout`].
    pub fn wait_timeout(mut self, timeout: Duration) -> Result<Subscription, SubscribeError> {
        let outcome = self.cell.wait_timeout(timeout);
        self.subscription.granted = outcome.unwrap_or(Err(SubscribeError::Timeout))?;
        Ok(self.subscription)
    }
}

impl fmt::Debug for Subscribing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribing")
            .field("filters", &self.subscription.filters)
            .finish_non_exhaustive()
    }
}

impl Subscription {
    /// The QoS granted for each filter, in the order of the filters.
    #[must_use]
    pub fn granted(&self) -> &[QoS] {
        &self.granted
    }

    /// Waits for a message.
    ///
    /// # Errors
    ///
    /// [`RecvError::Closed`] when none will come.
    pub fn recv(&self) -> Result<Message, RecvError> {
        let _want = self.core.wait_in_callback();
        let delivery = self.deliveries.recv_blocking();
        delivery.map(Delivery::take).map_err(|_| RecvError::Closed)
    }

    /// Waits for a message for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`RecvError::Empty`] when none came in time, [`RecvError::Closed`] when none will come.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Message, RecvError> {
        let _want = self.core.wait_in_callback();
        let received = async {
            let delivery = self.deliveries.recv().await;
            delivery.map_err(|_| RecvError::Closed)
        };
        let late = async {
            Timer::after(timeout).await;
            Err(RecvError::Empty)
        };
        smol::block_on(or(received, late)).map(Delivery::take)
    }

    /// Takes a message if one is there.
    ///
    /// # Errors
    ///
    /// [`RecvError::Empty`] when none is there, [`RecvError::Closed`] when none will come.
    pub fn try_recv(&self) -> Result<Message, RecvError> {
        let delivery = self.deliveries.try_recv();
        delivery.map(Delivery::take).map_err(|error| match error {
            TryRecvError::Empty => RecvError::Empty,
            TryRecvError::Closed => RecvError::Closed,
        })
    }

    /// The messages as they come, until none will.
    pub fn iter(&self) -> Iter<'_> {
        Iter { subscription: self }
    }

    /// Unsubscribes from its filters. Messages come until the Server has answered; then, what
    /// waits here being taken, the subscription ends.
    pub fn unsubscribe(&self) -> UnsubscribeHandle {
        self.core.unsubscribe(self.filters.clone())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.deliveries.close();
        let mut left = 0_usize;
        while self.deliveries.try_recv().is_ok() {
            self.core.unhandled();
            left += 1;
        }
        if left > 0 {
            tracing::warn!(left, filters = ?self.filters, "a subscription was dropped with messages not taken");
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("filters", &self.filters)
            .field("granted", &self.granted)
            .field("waiting", &self.deliveries.len())
            .finish_non_exhaustive()
    }
}

/// The messages of a [`Subscription`].
#[derive(Debug)]
pub struct Iter<'a> {
    subscription: &'a Subscription,
}

impl Iterator for Iter<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.subscription.recv().ok()
    }
}

impl<'a> IntoIterator for &'a Subscription {
    type Item = Message;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// A subscription whose messages a callback takes. Dropping it changes nothing.
pub struct CallbackSubscription {
    pub(crate) core: Core,
    pub(crate) granted: Vec<QoS>,
    pub(crate) filters: Vec<String>,
}

impl CallbackSubscription {
    /// The QoS granted for each filter, in the order of the filters.
    #[must_use]
    pub fn granted(&self) -> &[QoS] {
        &self.granted
    }

    /// Unsubscribes from its filters. Messages come until the Server has answered.
    pub fn unsubscribe(&self) -> UnsubscribeHandle {
        self.core.unsubscribe(self.filters.clone())
    }
}

impl fmt::Debug for CallbackSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackSubscription")
            .field("filters", &self.filters)
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}
