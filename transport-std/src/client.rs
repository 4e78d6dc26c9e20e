use std::time::Duration;

use crate::{
    CallbackSubscription, ConnectError, Connected, DisconnectError, Message, Options, PublishError,
    PublishHandle, Statistics, Subscribe, SubscribeError, Subscription, UnsubscribeError,
    UnsubscribeHandle,
};

/// A client.
#[derive(Clone)]
pub struct Client {}

impl Client {
    /// Connects, and waits until the Server has accepted or refused.
    pub fn connect(options: Options) -> Result<Self, ConnectError> {
        let _ = options;
        todo!()
    }

    /// Begins to connect and does not wait: attempts go on until one succeeds.
    pub fn start(options: Options) -> Result<Self, ConnectError> {
        let _ = options;
        todo!()
    }

    /// Waits until there is a connection.
    pub fn wait_connected(&self, timeout: Duration) -> Result<Connected, ConnectError> {
        let _ = timeout;
        todo!()
    }

    /// Whether there is a connection that the Server accepted.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        todo!()
    }

    /// Messages that reached nobody.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        todo!()
    }

    /// Publishes. Waits for room if outgoing messages take all of it.
    pub fn publish(&self, message: Message) -> Result<PublishHandle, PublishError> {
        let _ = message;
        todo!()
    }

    /// Publishes if there is room now.
    pub fn try_publish(&self, message: Message) -> Result<PublishHandle, PublishError> {
        let _ = message;
        todo!()
    }

    /// Subscribes, and waits until the Server has granted or refused.
    pub fn subscribe(
        &self,
        subscribe: impl Into<Subscribe>,
    ) -> Result<Subscription, SubscribeError> {
        let _ = subscribe.into();
        todo!()
    }

    /// Subscribes; `callback` takes the messages.
    pub fn subscribe_with(
        &self,
        subscribe: impl Into<Subscribe>,
        callback: impl FnMut(Message) + Send + 'static,
    ) -> Result<CallbackSubscription, SubscribeError> {
        let _ = (subscribe.into(), callback);
        todo!()
    }

    /// Unsubscribes.
    pub fn unsubscribe<S: Into<String>>(
        &self,
        filters: impl IntoIterator<Item = S>,
    ) -> Result<UnsubscribeHandle, UnsubscribeError> {
        let _: Vec<String> = filters.into_iter().map(Into::into).collect();
        todo!()
    }

    /// Waits for what is in flight, for at most the drain timeout, disconnects and ends the client's threads.
    pub fn disconnect(&self) -> Result<(), DisconnectError> {
        todo!()
    }

    /// `disconnect` with another time to drain.
    pub fn disconnect_timeout(&self, drain: Duration) -> Result<(), DisconnectError> {
        let _ = drain;
        todo!()
    }
}
