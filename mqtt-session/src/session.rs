use mqtt_proto::{
    Auth, Connect, PacketReader, Properties, ReasonCode, Sequence, Subscription, TopicFilter,
    Version,
};

use crate::{
    AckToken, AcknowledgeError, AuthError, Completion, Config, ConnectError, DisconnectError,
    Event, Instant, Limits, PayloadDue, Progress, Publish, PublishError, Storage, SubscribeError,
    Token,
};

/// Where a session stands with its Network Connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// No Network Connection.
    Disconnected,
    /// CONNECT was given out, CONNACK has not come.
    Connecting,
    /// CONNACK has come.
    Connected,
    /// The connection is over but for what `poll_transmit` still gives.
    Disconnecting,
}

/// The session of an MQTT Client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session<S: Storage> {
    config: Config,
    storage: S,
}

/// Getters.
impl<S: Storage> Session<S> {
    /// A session of which the Server knows nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            storage: S::default(),
        }
    }

    /// What the session was told at its start.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The version spoken.
    #[must_use]
    pub fn version(&self) -> Version {
        self.config.version
    }

    /// Where the session stands.
    #[must_use]
    pub fn state(&self) -> State {
        todo!()
    }

    /// What the Server allows; before CONNACK, what the specification presumes.
    #[must_use]
    pub fn limits(&self) -> Limits {
        todo!()
    }

    /// Operations that have not ended: queued, or sent and not yet answered.
    #[must_use]
    pub fn pending(&self) -> usize {
        todo!()
    }

    /// Whether the operation has not ended.
    #[must_use]
    pub fn is_pending(&self, token: Token) -> bool {
        let _ = token;
        todo!()
    }

    /// The bytes that the outbox holds.
    #[must_use]
    pub fn outbox_len(&self) -> usize {
        todo!()
    }
}

/// Commands. An `Err` leaves the session as it was.
impl<S: Storage> Session<S> {
    /// Begins a Network Connection over a transport that was just opened. Writes the CONNECT to
    /// the front of `transmit` and returns its size: it goes to the transport before anything
    /// that `poll_transmit` gives. `scratch` bounds the packets that straddle two reads.
    pub fn connect<'c>(
        &mut self,
        now: Instant,
        connect: &Connect<'_>,
        transmit: &mut [u8],
        scratch: &'c mut [u8],
    ) -> Result<(usize, PacketReader<'c>), ConnectError> {
        let _ = (now, connect, transmit, scratch);
        todo!()
    }

    /// Publishes a message. QoS 1 and 2 are kept across connections until the Server has them;
    /// QoS 0 needs a connection (CONNECT sent) and is over when it was handed to the transport.
    pub fn publish(&mut self, now: Instant, publish: &Publish<'_>) -> Result<Token, PublishError> {
        let _ = (now, publish);
        todo!()
    }

    /// Subscribes. Kept across connections until the Server answers.
    pub fn subscribe(
        &mut self,
        subscriptions: Sequence<'_, Subscription<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        let _ = (subscriptions, properties);
        todo!()
    }

    /// Unsubscribes. Kept across connections until the Server answers.
    pub fn unsubscribe(
        &mut self,
        filters: Sequence<'_, TopicFilter<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        let _ = (filters, properties);
        todo!()
    }

    /// Acknowledges a message (manual-ack mode); PUBACKs leave in the order of the messages [MQTT-4.6.0-2].
    pub fn acknowledge(
        &mut self,
        ack: AckToken,
        reason: ReasonCode,
    ) -> Result<(), AcknowledgeError> {
        let _ = (ack, reason);
        todo!()
    }

    /// Sends AUTH (5.0): the next step of an authentication, or a new one.
    pub fn auth(&mut self, auth: &Auth<'_>) -> Result<(), AuthError> {
        let _ = auth;
        todo!()
    }

    /// Ends the Network Connection with a DISCONNECT, which overtakes what is not sent yet.
    pub fn disconnect(
        &mut self,
        now: Instant,
        reason: ReasonCode,
        session_expiry_interval: Option<u32>,
    ) -> Result<(), DisconnectError> {
        let _ = (now, reason, session_expiry_interval);
        todo!()
    }

    /// Says whether input is being read. While it is not (`false`), no PINGRESP is missed.
    pub fn set_reading(&mut self, now: Instant, reading: bool) {
        let _ = (now, reading);
        todo!()
    }
}

/// `handle_*`: something happened.
impl<S: Storage> Session<S> {
    /// Bytes came. Advances `input` past what was taken.
    pub fn handle_input<'r, 'i: 'r>(
        &mut self,
        now: Instant,
        reader: &'r mut PacketReader<'_>,
        input: &mut &'i [u8],
    ) -> Progress<'r> {
        let _ = (now, reader, input);
        todo!()
    }

    /// Time has passed. Call again until `None`.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Event<'static>> {
        let _ = now;
        todo!()
    }

    /// The transport was closed, by either side, or could not be opened.
    pub fn handle_close(&mut self, now: Instant) -> Option<Event<'static>> {
        let _ = now;
        todo!()
    }
}

/// `poll_*`: what the session owes you. Call after any other call, until there is nothing.
impl<S: Storage> Session<S> {
    /// Writes what is to be sent to the front of `buf` (at least 8 bytes) and returns its size.
    /// 0: nothing is due, or the payload of [`poll_payload`](Self::poll_payload) is.
    pub fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> usize {
        let _ = (now, buf);
        todo!()
    }

    /// The streamed payload whose bytes are due next on the wire, before anything that
    /// `poll_transmit` gives. Send some and say so with [`payload_sent`](Self::payload_sent).
    #[must_use]
    pub fn poll_payload(&self) -> Option<PayloadDue> {
        todo!()
    }

    /// So many bytes of the payload due were given to the transport; never more than `remaining`.
    pub fn payload_sent(&mut self, now: Instant, count: u32) {
        let _ = (now, count);
        todo!()
    }

    /// An operation that ended without a packet that says so.
    pub fn poll_completed(&mut self) -> Option<(Token, Completion)> {
        todo!()
    }

    /// When `handle_timeout` is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
}
