use std::time::Duration;

use mqtt_proto::QoS;

use crate::{Message, RecvError, UnsubscribeHandle};

/// A subscription as an iterator of its messages.
///
/// A message is acknowledged when it is taken. Not more than
/// [`Options::inbound_capacity`](crate::Options::inbound_capacity) wait here; then the client
/// stops reading from the Server, unless somebody waits for an answer of its.
///
/// Dropping it ends the delivery, not the subscription: that is for
/// [`unsubscribe`](Self::unsubscribe). Messages then go to the default handler.
pub struct Subscription {}

impl Subscription {
    /// The QoS granted for each filter, in the order of the filters.
    #[must_use]
    pub fn granted(&self) -> &[QoS] {
        todo!()
    }

    /// Waits for a message.
    ///
    /// # Errors
    ///
    /// [`RecvError::Closed`] when none will come.
    pub fn recv(&self) -> Result<Message, RecvError> {
        todo!()
    }

    /// Waits for a message for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`RecvError::Empty`] when none came in time, [`RecvError::Closed`] when none will come.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Message, RecvError> {
        let _ = timeout;
        todo!()
    }

    /// Takes a message if one is there.
    ///
    /// # Errors
    ///
    /// [`RecvError::Empty`] when none is there, [`RecvError::Closed`] when none will come.
    pub fn try_recv(&self) -> Result<Message, RecvError> {
        todo!()
    }

    /// The messages as they come, until none will.
    pub fn iter(&self) -> Iter<'_> {
        Iter { subscription: self }
    }

    /// Unsubscribes from its filters.
    pub fn unsubscribe(self) -> UnsubscribeHandle {
        todo!()
    }
}

/// The messages of a [`Subscription`].
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
pub struct CallbackSubscription {}

impl CallbackSubscription {
    /// The QoS granted for each filter, in the order of the filters.
    #[must_use]
    pub fn granted(&self) -> &[QoS] {
        todo!()
    }

    /// Unsubscribes from its filters.
    pub fn unsubscribe(self) -> UnsubscribeHandle {
        todo!()
    }
}
