use mqtt_proto::{Auth, Properties, ReasonCode, Sequence, Subscription, TopicFilter};
use mqtt_session::{
    AckToken, AcknowledgeError, AuthError, DisconnectError, Publish, PublishError, Session,
    Storage, SubscribeError, Token,
};

use crate::Clock;

/// What the application can ask of the session, at any time: while it holds an event, and while
/// there is no connection.
///
/// No method waits. What is to be sent leaves with the next call of
/// [`next`](crate::Connection::next) or [`poll`](crate::Connection::poll). An `Err`
/// leaves the session as it was.
#[derive(Debug)]
pub struct Commands<'a, S: Storage, C> {
    pub(crate) session: &'a mut Session<S>,
    pub(crate) clock: &'a C,
}

impl<S: Storage, C: Clock> Commands<'_, S, C> {
    /// Publishes a message. At QoS 1 and 2 it is copied into the outbox, kept across connections
    /// and ends in [`Event::Published`](mqtt_session::Event::Published); at QoS 0 in
    /// [`Step::Completed`](crate::Step::Completed).
    ///
    /// # Errors
    /// Nothing was kept; the error says whether trying again later makes sense.
    pub fn publish(&mut self, publish: &Publish<'_>) -> Result<Token, PublishError> {
        self.session.publish(self.clock.now(), publish)
    }

    /// Subscribes to filters.
    ///
    /// # Errors
    /// Nothing was kept; the error says whether trying again later makes sense.
    pub fn subscribe(
        &mut self,
        subscriptions: Sequence<'_, Subscription<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        self.session.subscribe(subscriptions, properties)
    }

    /// Unsubscribes from filters.
    ///
    /// # Errors
    /// Nothing was kept; the error says whether trying again later makes sense.
    pub fn unsubscribe(
        &mut self,
        filters: Sequence<'_, TopicFilter<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        self.session.unsubscribe(filters, properties)
    }

    /// Acknowledges a message, where [`Config::manual_ack`](mqtt_session::Config::manual_ack) is set.
    ///
    /// # Errors
    /// Nothing was acknowledged.
    pub fn acknowledge(
        &mut self,
        ack: AckToken,
        reason: ReasonCode,
    ) -> Result<(), AcknowledgeError> {
        self.session.acknowledge(ack, reason)
    }

    /// Sends AUTH (5.0).
    ///
    /// # Errors
    /// Nothing will be sent.
    pub fn auth(&mut self, auth: &Auth<'_>) -> Result<(), AuthError> {
        self.session.auth(auth)
    }

    /// Ends the connection: what is next to leave is a DISCONNECT. Go on calling
    /// [`next`](crate::Connection::next) until it gives `None`.
    ///
    /// # Errors
    /// The connection stays as it is.
    pub fn disconnect(
        &mut self,
        reason: ReasonCode,
        session_expiry_interval: Option<u32>,
    ) -> Result<(), DisconnectError> {
        self.session
            .disconnect(self.clock.now(), reason, session_expiry_interval)
    }

    /// The session, for its getters: limits, what is pending, how full the outbox is.
    #[must_use]
    pub fn session(&self) -> &Session<S> {
        self.session
    }
}
