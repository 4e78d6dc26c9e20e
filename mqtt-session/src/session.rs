mod incoming;

use mqtt_proto::{
    Auth, Connect, DecodeOptions, Packet, PacketReader, Properties, QoS, ReasonCode, Role,
    Sequence, Subscription, TopicFilter, Version,
};

use crate::connection::{Connection, Farewell, Method, Out, Step, Trigger, client_may_send};
use crate::reconnect::Backoff;
use crate::{
    AckToken, AcknowledgeError, AuthError, Completion, Config, ConnectError, DisconnectError,
    Disconnected, Event, Instant, Limits, PayloadDue, Progress, Publish, PublishError, Receiver,
    Sender, State, Storage, SubscribeError, Timeout, Token,
};

/// The session of an MQTT Client.
///
/// Its methods are of four kinds: getters; commands, of which an `Err` leaves the session as it was;
/// `handle_*`, something happened; and `poll_*`, take what the session owes you. After any change,
/// pay the debts: [`poll_transmit`](Self::poll_transmit) until it gives 0,
/// [`poll_completed`](Self::poll_completed) until it gives `None`, and call
/// [`handle_timeout`](Self::handle_timeout) no later than [`poll_timeout`](Self::poll_timeout) says.
/// There is no other rule of order, and extra calls are harmless.
///
/// One session outlives many Network Connections. Each begins with [`connect`](Self::connect), which
/// gives the [`PacketReader`] of that connection, and ends with
/// [`handle_close`](Self::handle_close).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session<S: Storage> {
    config: Config,
    /// The latest moment told.
    now: Instant,
    connection: Connection,
    sender: Sender<S>,
    receiver: Receiver<S>,
    backoff: Backoff,
}

/// On a microcontroller, with four operations and four incoming messages, the outbox apart.
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Session<crate::Inline<0, 4, 4>>>() <= 512);

/// Getters.
impl<S: Storage> Session<S> {
    /// A session of which the Server knows nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            now: Instant::default(),
            connection: Connection::none(),
            sender: Sender::new(config.version, config.maximum_outbox),
            receiver: Receiver::new(config.version, config.manual_ack),
            backoff: Backoff::new(config.reconnect.as_ref()),
            config,
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
        self.connection.state()
    }

    /// What the Server allows; before CONNACK, what the specification presumes.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.connection.limits
    }

    /// Operations that have not ended: queued, or sent and not yet answered.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.sender.pending()
    }

    /// Whether the operation has not ended.
    #[must_use]
    pub fn is_pending(&self, token: Token) -> bool {
        self.sender.is_pending(token)
    }

    /// QoS 1 and 2 publishes that count against the Server's Receive Maximum.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.sender.in_flight()
    }

    /// The bytes that the outbox holds.
    #[must_use]
    pub fn outbox_len(&self) -> usize {
        self.sender.outbox_len()
    }
}

/// Commands. An `Err` leaves the session as it was.
impl<S: Storage> Session<S> {
    /// Begins a Network Connection over a transport that was just opened. Writes the CONNECT to
    /// the front of `transmit` and returns its size: it goes to the transport before anything
    /// that `poll_transmit` gives. `scratch` bounds the packets, and heads of PUBLISH, that are taken: see [`PacketReader`].
    ///
    /// What belongs to one connection is read from the CONNECT: Keep Alive, Receive Maximum,
    /// Maximum Packet Size, Topic Alias Maximum. In 5.0 a storage that tracks fewer than 65,535
    /// messages needs a Receive Maximum.
    ///
    /// Without `clean_start`, the Server may resume the Session: this says that the caller has its
    /// state, be it an empty one after a restart of the program, so Session Present 1 is accepted
    /// then [MQTT-3.2.2-4]. After Session Present 0 [MQTT-3.2.2-5], SUBSCRIBE, UNSUBSCRIBE and what
    /// was never sent are kept; QoS 1 is sent again as new; QoS 2 that was sent ends as
    /// [`Completion::Discarded`], or after PUBREC as [`Completion::Taken`]; received QoS 2
    /// identifiers are forgotten.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect<'c>(
        &mut self,
        now: Instant,
        connect: &Connect<'_>,
        transmit: &mut [u8],
        scratch: &'c mut [u8],
    ) -> Result<(usize, PacketReader<'c>), ConnectError> {
        if self.connection.would(Trigger::Connect) == Step::Refuse {
            return Err(ConnectError::NotDisconnected);
        }
        if connect.version != self.version() {
            return Err(ConnectError::Version);
        }
        let properties = connect.properties;
        let capacity = self.receiver.capacity();
        let announced = properties.receive_maximum().map_or(u16::MAX, u16::from);
        if self.version() == Version::V5 && announced > capacity {
            return Err(ConnectError::ReceiveMaximum { capacity });
        }
        let len = Packet::Connect(*connect)
            .encode(connect.version, transmit)
            .map_err(ConnectError::Encode)?;
        let mut options = DecodeOptions::new(connect.version, Role::Server);
        if let Some(size) = properties.maximum_packet_size() {
            options.maximum_packet_size = size.get();
        }
        options.topic_alias_maximum = properties.topic_alias_maximum().unwrap_or(0);
        options.leniency = self.config.leniency;

        let now = self.advance(now);
        self.connection.open(now, connect);
        self.sender.open();
        self.receiver.open(announced);
        self.backoff.connecting();
        Ok((len, PacketReader::new(options, scratch)))
    }

    /// Publishes a message. QoS 1 and 2 are kept across connections until the Server has them;
    /// QoS 0 needs a connection (CONNECT sent) and is over when it was handed to the transport.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn publish(&mut self, now: Instant, publish: &Publish<'_>) -> Result<Token, PublishError> {
        if let Some(id) = publish.forbidden_property() {
            return Err(PublishError::Property(id));
        }
        if publish.qos == QoS::AtMostOnce && !self.is_open() {
            return Err(PublishError::NotConnected);
        }
        let token = self.sender.publish(now.max(self.now), publish)?;
        self.advance(now);
        Ok(token)
    }

    /// Subscribes. Kept across connections until the Server answers.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    pub fn subscribe(
        &mut self,
        subscriptions: Sequence<'_, Subscription<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        self.sender.subscribe(subscriptions, properties)
    }

    /// Unsubscribes. Kept across connections until the Server answers.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    pub fn unsubscribe(
        &mut self,
        filters: Sequence<'_, TopicFilter<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        self.sender.unsubscribe(filters, properties)
    }

    /// Acknowledges a message (manual-ack mode); PUBACKs leave in the order of the messages
    /// [MQTT-4.6.0-2].
    ///
    /// A QoS 1 message must be acknowledged on the connection it came on: the Server sends it again
    /// on the next. A QoS 2 message can be acknowledged later, and is not delivered again.
    ///
    /// # Errors
    /// See [`AcknowledgeError`].
    pub fn acknowledge(
        &mut self,
        ack: AckToken,
        reason: ReasonCode,
    ) -> Result<(), AcknowledgeError> {
        // Tables 3-4 and 3-5: this one is a Server's.
        if reason == ReasonCode::NoMatchingSubscribers {
            return Err(AcknowledgeError::Reason(reason));
        }
        self.receiver.acknowledge(ack, reason)
    }

    /// Sends AUTH (5.0): the next step of an authentication, or, once connected, a new one
    /// [MQTT-4.12.1-1]. Its Authentication Method must be that of the CONNECT [MQTT-4.12.0-5].
    ///
    /// It has no outcome of its own: the Server's answer is an
    /// [`Event::Authenticated`], the CONNACK or a DISCONNECT.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub fn auth(&mut self, auth: &Auth<'_>) -> Result<(), AuthError> {
        if !self.is_open() {
            return Err(AuthError::NotConnected);
        }
        // [MQTT-4.12.0-7]
        if self.connection.authentication.is_none() {
            return Err(AuthError::NoMethod);
        }
        if Method::of(auth.properties) != self.connection.authentication {
            return Err(AuthError::OtherMethod);
        }
        // Section 3.15.2.1: Success is the Server's to say; an answer is to continue [MQTT-4.12.0-3].
        match (auth.reason, self.state()) {
            (ReasonCode::ContinueAuthentication, _)
            | (ReasonCode::ReAuthenticate, State::Connected) => self.sender.auth(auth),
            (reason, _) => Err(AuthError::Reason(reason)),
        }
    }

    /// Ends the Network Connection with a DISCONNECT, which overtakes what is not sent yet.
    /// Send what `poll_transmit` still gives, then close the transport and call
    /// [`handle_close`](Self::handle_close).
    ///
    /// # Errors
    /// See [`DisconnectError`].
    pub fn disconnect(
        &mut self,
        now: Instant,
        reason: ReasonCode,
        session_expiry_interval: Option<u32>,
    ) -> Result<(), DisconnectError> {
        let farewell =
            self.connection
                .requested_farewell(self.version(), reason, session_expiry_interval)?;
        self.advance(now);
        self.connection.requested = true;
        self.end(Trigger::Disconnect, Some(farewell));
        Ok(())
    }

    /// Says whether input is being read. While it is not (`false`), no PINGRESP is missed.
    pub fn set_reading(&mut self, now: Instant, reading: bool) {
        let now = self.advance(now);
        self.connection.keep_alive.set_reading(now, reading);
    }
}

/// `handle_*`: something happened.
impl<S: Storage> Session<S> {
    /// Bytes came. Advances `input` past what was taken, at most one packet or one piece of a
    /// payload. `reader` is that of this connection.
    pub fn handle_input<'r, 'i: 'r>(
        &mut self,
        now: Instant,
        reader: &'r mut PacketReader<'_>,
        input: &mut &'i [u8],
    ) -> Progress<'r> {
        let now = self.advance(now);
        if !self.is_open() {
            *input = &[];
        }
        if input.is_empty() {
            return Progress::NeedInput;
        }
        self.connection.keep_alive.received(now);
        if self.receiver.is_blocked() || self.sender.is_blocked() {
            return Progress::Blocked;
        }
        match reader.read(input) {
            Ok(Some(item)) => self.take(&item),
            Ok(None) => Progress::NeedInput,
            Err(error) => {
                self.fault(error.reason_code());
                Progress::Event(Event::Disconnected(Disconnected::Malformed(error)))
            }
        }
    }

    /// Time has passed. Call again until `None`.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Event<'static>> {
        let now = self.advance(now);
        self.sender.handle_timeout(now);
        if self.backoff.next_attempt().has_come(now) {
            self.backoff.due();
            return Some(Event::ReconnectDue);
        }
        let timeout = match self.state() {
            State::Disconnected | State::Disconnecting => return None,
            State::Connecting => Timeout::ConnAck,
            State::Connected => {
                let keep_alive = &mut self.connection.keep_alive;
                if keep_alive.next_ping().has_come(now) {
                    keep_alive.ping(now);
                }
                Timeout::PingResp
            }
        };
        if !self.next_death().has_come(now) {
            return None;
        }
        // A dead link is closed without DISCONNECT, so that the Will is published.
        self.end(Trigger::Timeout, None);
        Some(Event::Disconnected(Disconnected::Timeout(timeout)))
    }

    /// The transport was closed, by either side, or could not be opened.
    pub fn handle_close(&mut self, now: Instant) -> Option<Event<'static>> {
        let now = self.advance(now);
        let event = match (self.state(), self.connection.requested) {
            (State::Disconnected, _) | (State::Disconnecting, false) => None,
            (State::Disconnecting, true) => Some(Disconnected::Requested),
            (State::Connecting | State::Connected, _) => Some(Disconnected::Closed),
        };
        if self.connection.requested {
            self.backoff.stop();
        }
        self.backoff.lost(now, self.config.reconnect.as_ref());
        self.connection.close();
        self.sender.close();
        self.receiver.close();
        event.map(Event::Disconnected)
    }
}

/// `poll_*`: what the session owes you. Call after any other call, until there is nothing.
impl<S: Storage> Session<S> {
    /// Writes what is to be sent to the front of `buf` (at least 8 bytes) and returns its size.
    /// 0: nothing is due, or the payload of [`poll_payload`](Self::poll_payload) is.
    ///
    /// The bytes do not depend on how they are asked for: a packet that is larger than `buf` goes
    /// out in pieces.
    pub fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> usize {
        let now = self.advance(now);
        let mut out = Out::new(buf, self.connection.limits.maximum_packet_size);
        match self.state() {
            // First comes the CONNECT, which `connect` gives [MQTT-3.1.0-1].
            State::Disconnected => {}
            State::Connecting | State::Connected => self.transmit(now, &mut out),
            State::Disconnecting => self.transmit_last(&mut out),
        }
        if out.len() > 0 {
            self.connection.keep_alive.sent(now);
        }
        out.len()
    }

    /// The streamed payload whose bytes are due next on the wire, before anything that
    /// `poll_transmit` gives. Send some and say so with [`payload_sent`](Self::payload_sent).
    #[must_use]
    pub fn poll_payload(&self) -> Option<PayloadDue> {
        let over = self.state() == State::Disconnecting && self.connection.farewell.is_none();
        if over {
            None
        } else {
            self.sender.poll_payload()
        }
    }

    /// So many bytes of the payload due were given to the transport; never more than `remaining`.
    pub fn payload_sent(&mut self, now: Instant, count: u32) {
        let now = self.advance(now);
        self.connection.keep_alive.sent(now);
        self.sender.payload_sent(count);
    }

    /// An operation that ended without a packet that says so. Until it is taken it keeps its
    /// place in the storage.
    pub fn poll_completed(&mut self) -> Option<(Token, Completion)> {
        self.sender.poll_completed()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called. Earlier or later calls are harmless.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let first = self.sender.expiry().min(self.backoff.next_attempt());
        let first = first.min(self.next_death());
        let first = match self.state() {
            State::Connected => first.min(self.connection.keep_alive.next_ping()),
            _ => first,
        };
        first.deadline()
    }
}

/// What is due.
impl<S: Storage> Session<S> {
    fn transmit(&mut self, now: Instant, out: &mut Out<'_>) {
        if !self.sender.transmit_rest(out) {
            return;
        }
        let keep_alive = &mut self.connection.keep_alive;
        if keep_alive.is_ping_due() {
            if !out.packet(self.config.version, &Packet::PingReq) {
                return;
            }
            keep_alive.pinged(now);
        }
        if self.receiver.transmit(out) {
            self.sender.transmit(now, out);
        }
    }

    /// After the rest of a packet that is partly handed out comes DISCONNECT, and then nothing.
    fn transmit_last(&mut self, out: &mut Out<'_>) {
        let Some(farewell) = &mut self.connection.farewell else {
            return;
        };
        if !self.sender.transmit_rest(out) {
            return;
        }
        if farewell.transmit(self.config.version, out) {
            self.connection.farewell = None;
        }
    }

    /// When the connection is dead, unless something comes.
    fn next_death(&self) -> Instant {
        let connection = &self.connection;
        match connection.state() {
            State::Disconnected | State::Disconnecting => Instant::NEVER,
            State::Connecting => connection.since.saturating_add(self.config.connect_timeout),
            State::Connected => connection.keep_alive.next_death(self.config.ping_timeout),
        }
    }
}

/// Ends and beginnings.
impl<S: Storage> Session<S> {
    /// Time does not go back.
    #[inline(never)]
    fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    fn is_open(&self) -> bool {
        matches!(self.state(), State::Connecting | State::Connected)
    }

    /// The Server did wrong: in 5.0 it is told why [MQTT-4.13.2-1], and the connection ends
    /// [MQTT-4.13.1-1], [MQTT3-4.8.0-1].
    fn fault(&mut self, reason: ReasonCode) {
        let reason = if client_may_send(reason) {
            reason
        } else {
            ReasonCode::ProtocolError
        };
        let tells = self.version() == Version::V5;
        let farewell = tells.then(|| Farewell::new(reason, None));
        self.end(Trigger::Fault, farewell);
    }

    /// The connection is over, but for `farewell`.
    fn end(&mut self, trigger: Trigger, farewell: Option<Farewell>) {
        if let Step::To(_) = self.connection.step(trigger) {
            self.connection.farewell = farewell;
            self.sender.stop();
        }
    }
}
