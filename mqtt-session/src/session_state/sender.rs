use mqtt_proto::{
    Ack, Auth, EncodeError, Packet, PacketId, Properties, Property, PublishHead, QoS, ReasonCode,
    Sequence, Subscribe, Subscription, TopicFilter, TopicName, Unsubscribe, Version,
};

use super::entry::{Entry, EntryState, Kind, Request};
use super::table::Table;
use super::{outbox, packet_ids};
use crate::connection::{Limits, Out};
use crate::storage::SendTable;
use crate::{
    AuthError, Completion, Duration, Instant, Payload, PayloadDue, Publish, PublishError, Storage,
    SubscribeError, Token, Violation,
};

/// The sender of section 4.3, whichever side it is on: operations from the command until their
/// last acknowledgement, across connections.
///
/// A [`Session`](crate::Session) has one; a Server can have one for each of its Clients.
///
/// ```text
///  publish ─> Queued ──────> Sent ──PUBACK──────────────────────────> over
///                ^            │ └──PUBREC──> PubRelDue ─> PubRelSent ─PUBCOMP─> over
///                └─ Resend <──┘ next connection
/// ```
///
/// Call [`open`](Self::open) when a Network Connection begins, [`session_lost`](Self::session_lost)
/// if the other side has no Session, [`start`](Self::start) when packets may flow, and
/// [`close`](Self::close) at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sender<S: Storage> {
    version: Version,
    maximum_outbox: usize,
    next_packet_id: PacketId,
    next_token: u64,
    table: Table<S::Send>,
    link: Option<Link>,
}

/// What dies with the Network Connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Link {
    /// `None` before CONNACK.
    limits: Option<Limits>,
    handing_out: Option<HandingOut>,
    /// A PUBREC came that belongs to nothing: its PUBREL is due.
    stray: Option<PacketId>,
}

/// The packet that is partly handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct HandingOut {
    token: Token,
    /// Bytes of it that were handed out, those of a streamed payload included.
    count: u32,
    dup: bool,
}

/// Getters.
impl<S: Storage> Sender<S> {
    /// A sender with nothing to send, whose outbox holds at most `maximum_outbox` bytes.
    #[must_use]
    pub fn new(version: Version, maximum_outbox: usize) -> Self {
        Self {
            version,
            maximum_outbox,
            next_packet_id: PacketId::MIN,
            next_token: 0,
            table: Table::default(),
            link: None,
        }
    }

    /// Operations that have not ended.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.table.pending()
    }

    /// Whether the operation has not ended.
    #[must_use]
    pub fn is_pending(&self, token: Token) -> bool {
        self.table.position(token).is_some()
    }

    /// QoS 1 and 2 messages that count against the other side's Receive Maximum.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.table.in_flight()
    }

    /// The bytes that the outbox holds.
    #[must_use]
    pub fn outbox_len(&self) -> usize {
        self.table.slots().outbox_len()
    }

    /// Whether a packet is partly handed out: no other may go before its rest.
    #[must_use]
    pub fn is_mid_packet(&self) -> bool {
        self.link
            .as_ref()
            .is_some_and(|link| link.handing_out.is_some())
    }

    /// Whether a PUBREC that belongs to nothing waits for its answer: take no more packets
    /// until [`poll_transmit`](Self::poll_transmit) has given it.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.stray.is_some())
    }
}

/// Commands. An `Err` leaves the sender as it was.
impl<S: Storage> Sender<S> {
    /// Takes a message: QoS 1 and 2 to be kept until acknowledged, QoS 0 until handed out or
    /// until the connection is over.
    ///
    /// The properties may be any that PUBLISH has; a Topic Alias must not be among them, since
    /// the message may go out on another connection.
    pub fn publish(&mut self, now: Instant, publish: &Publish<'_>) -> Result<Token, PublishError> {
        let topic = TopicName::new(publish.topic).map_err(PublishError::Topic)?;
        let packet_id = self.publish_id(publish.qos)?;
        let head = PublishHead {
            delivery: delivery(publish.qos, packet_id),
            retain: publish.retain,
            topic: Some(topic),
            properties: publish.properties,
        };
        let payload_len = publish.payload.len();
        let head_len = head.encoded_len(self.version, payload_len)?;
        if let Some(limits) = self.link.as_ref().and_then(|link| link.limits.as_ref()) {
            let wire_len = u32::try_from(head_len.saturating_add(payload_len));
            let wire_len = wire_len.unwrap_or(u32::MAX);
            if let Some(reason) = refused(limits, publish.qos, publish.retain, wire_len) {
                return Err(PublishError::NotSupported(reason));
            }
        }
        let payload = match publish.payload {
            Payload::Bytes(bytes) => bytes,
            Payload::Streamed(_) => &[],
        };
        let len = head_len.saturating_add(payload.len());
        self.check_room(len)?;
        let lifetime = publish.properties.message_expiry_interval();
        let expiry = lifetime.map(|seconds| now + Duration::from_secs(seconds.into()));
        let entry = Entry::publish(self.token(), packet_id, publish.qos, expiry);
        let version = self.version;
        self.push(entry, len, |buf| {
            head.encode(version, payload_len, buf)?;
            if let Some(tail) = buf.get_mut(head_len..head_len.saturating_add(payload.len())) {
                tail.copy_from_slice(payload);
            }
            Ok(())
        })
    }

    /// Takes a SUBSCRIBE, to be kept until answered.
    pub fn subscribe(
        &mut self,
        subscriptions: Sequence<'_, Subscription<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        let mut request = Request::default();
        for subscription in subscriptions {
            let filter = subscription.filter;
            request.filters = request.filters.saturating_add(1);
            request.wildcard |= filter.has_wildcard();
            request.shared |= filter.share_name().is_some();
        }
        request.identifier = properties.subscription_identifiers().next().is_some();
        self.request(Kind::Subscribe, request, |packet_id| {
            Packet::Subscribe(Subscribe {
                packet_id,
                properties,
                subscriptions,
            })
        })
    }

    /// Takes an UNSUBSCRIBE, to be kept until answered.
    pub fn unsubscribe(
        &mut self,
        filters: Sequence<'_, TopicFilter<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        let mut request = Request::default();
        for _ in filters {
            request.filters = request.filters.saturating_add(1);
        }
        self.request(Kind::Unsubscribe, request, |packet_id| {
            Packet::Unsubscribe(Unsubscribe {
                packet_id,
                properties,
                filters,
            })
        })
    }

    /// Takes an AUTH for this connection: it leaves before anything that waits, and before CONNACK.
    pub fn auth(&mut self, auth: &Auth<'_>) -> Result<(), AuthError> {
        if self.link.is_none() {
            return Err(AuthError::NotConnected);
        }
        let packet = Packet::Auth(*auth);
        let len = packet.encoded_len(self.version)?;
        self.check_room(len)?;
        let entry = Entry::request(self.token(), None, Kind::Auth, Request::default());
        let version = self.version;
        self.push(entry, len, |buf| packet.encode(version, buf).map(drop))
            .map(|_: Token| ())
    }

    fn request<'p>(
        &mut self,
        kind: Kind,
        request: Request,
        packet: impl FnOnce(PacketId) -> Packet<'p>,
    ) -> Result<Token, SubscribeError> {
        if request.filters == 0 {
            return Err(SubscribeError::NoFilters);
        }
        if let Some(limits) = self.link.as_ref().and_then(|link| link.limits.as_ref()) {
            if let Some(reason) = request.refused_by(limits) {
                return Err(SubscribeError::NotSupported(reason));
            }
        }
        let packet_id = self.unused_id().ok_or(SubscribeError::TooManyInFlight)?;
        let packet = packet(packet_id);
        let len = packet.encoded_len(self.version)?;
        if self.exceeds_packet_size(len) {
            return Err(SubscribeError::NotSupported(ReasonCode::PacketTooLarge));
        }
        self.check_room(len)?;
        let entry = Entry::request(self.token(), Some(packet_id), kind, request);
        let version = self.version;
        self.push(entry, len, |buf| packet.encode(version, buf).map(drop))
    }

    fn exceeds_packet_size(&self, len: usize) -> bool {
        let limits = self.link.as_ref().and_then(|link| link.limits.as_ref());
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        limits.is_some_and(|limits| len > limits.maximum_packet_size)
    }

    fn publish_id(&self, qos: QoS) -> Result<Option<PacketId>, PublishError> {
        if qos != QoS::AtMostOnce {
            return self
                .unused_id()
                .map(Some)
                .ok_or(PublishError::TooManyInFlight);
        }
        if self.link.is_none() {
            return Err(PublishError::NotConnected);
        }
        Ok(None)
    }

    fn unused_id(&self) -> Option<PacketId> {
        packet_ids::unused(self.table.slots(), self.next_packet_id)
    }

    fn check_room(&self, len: usize) -> Result<(), Room> {
        let slots = self.table.slots();
        let capacity = slots.outbox_capacity().min(self.maximum_outbox);
        if len > capacity {
            Err(Room::TooLarge)
        } else if slots.is_full() {
            Err(Room::TooMany)
        } else if slots.outbox_len().saturating_add(len) > capacity {
            Err(Room::Full)
        } else {
            Ok(())
        }
    }

    fn token(&self) -> Token {
        Token(self.next_token)
    }

    fn push<E: From<EncodeError>>(
        &mut self,
        entry: Entry,
        len: usize,
        encode: impl FnOnce(&mut [u8]) -> Result<(), EncodeError>,
    ) -> Result<Token, E> {
        let token = entry.token;
        let packet_id = entry.packet_id;
        self.table.push(entry, len, encode)?;
        self.next_token = self.next_token.wrapping_add(1);
        if let Some(packet_id) = packet_id {
            self.next_packet_id = packet_id.next();
        }
        Ok(token)
    }
}

/// The life of a Network Connection.
impl<S: Storage> Sender<S> {
    /// A Network Connection begins: what was sent on the one before is to be sent again, in the
    /// original order, PUBRELs first [MQTT-4.4.0-1], [MQTT-4.6.0-1]. Until [`start`](Self::start)
    /// nothing leaves but AUTH.
    pub fn open(&mut self) {
        self.close();
        self.table.update(|entry| match entry.state {
            EntryState::Sent => EntryState::Resend,
            EntryState::PubRelSent => EntryState::PubRelDue,
            state => state,
        });
        self.link = Some(Link::default());
    }

    /// The other side has no Session: its part of each handshake is forgotten.
    ///
    /// What was never sent stays, and SUBSCRIBE and UNSUBSCRIBE too. QoS 1 is sent again as a new
    /// message; QoS 2 ends as `Discarded` before PUBREC and as `Taken` after it, since sending it
    /// again might deliver it twice.
    pub fn session_lost(&mut self) {
        self.table.update(|entry| match (entry.state, entry.kind) {
            (EntryState::Sent | EntryState::Resend, Kind::Publish(QoS::ExactlyOnce)) => {
                EntryState::Ended(Completion::Discarded)
            }
            (EntryState::Sent | EntryState::Resend, _) => EntryState::Queued,
            (EntryState::PubRelDue | EntryState::PubRelSent, _) => {
                EntryState::Ended(Completion::Taken)
            }
            (state, _) => state,
        });
    }

    /// Packets may flow, within the limits of the other side. The send quota begins anew: of the
    /// Receive Maximum, what was released before this connection is taken off, since its PUBCOMP
    /// is still to come [MQTT-4.9.0-1].
    pub fn start(&mut self, limits: Limits) {
        if let Some(link) = &mut self.link {
            link.limits = Some(limits);
        }
    }

    /// Nothing more begins to leave on this connection; what is partly handed out still can.
    pub fn stop(&mut self) {
        if let Some(link) = &mut self.link {
            link.limits = None;
        }
    }

    /// The Network Connection is over: QoS 0 messages that were not handed out are `Discarded`.
    pub fn close(&mut self) {
        if self.link.take().is_none() {
            return;
        }
        let is_auth = |entry: &Entry| entry.kind == Kind::Auth;
        while let Some(index) = self.table.unsent_control(0, is_auth) {
            self.table.remove(index);
        }
        self.table.update(|entry| match (entry.kind, entry.state) {
            (_, EntryState::Ended(_)) => entry.state,
            (Kind::Publish(QoS::AtMostOnce), _) => EntryState::Ended(Completion::Discarded),
            _ => entry.state,
        });
    }
}

/// `handle_*`: an acknowledgement came, or time has passed. Each gives the operation that is over.
///
/// An acknowledgement for an identifier that is not in use is harmless (it may be late, from a
/// Session that was lost since) and is ignored, but for PUBREC, whose sender waits for a PUBREL.
/// One of another kind than the operation's is a Protocol Error.
impl<S: Storage> Sender<S> {
    /// PUBACK came.
    pub fn handle_puback(&mut self, packet_id: PacketId) -> Result<Option<Token>, Violation> {
        self.acknowledged(packet_id, Kind::Publish(QoS::AtLeastOnce), |_| true)
    }

    /// PUBREC came. With an error it is the end [MQTT-4.4.0-2]; otherwise PUBREL is due [MQTT-4.3.3-4].
    pub fn handle_pubrec(
        &mut self,
        packet_id: PacketId,
        reason: ReasonCode,
    ) -> Result<Option<Token>, Violation> {
        let Some(index) = self.known(packet_id)? else {
            // A peer whose PUBREC stays unanswered never ends its flow.
            if let Some(link) = &mut self.link {
                if !reason.is_error() {
                    link.stray = Some(packet_id);
                }
            }
            return Ok(None);
        };
        let kind = self.table.get(index).map(|entry| entry.kind);
        if kind != Some(Kind::Publish(QoS::ExactlyOnce)) {
            return Err(Violation::WrongAcknowledgement);
        }
        if reason.is_error() {
            return Ok(self.table.remove(index).map(|entry| entry.token));
        }
        self.table.release(index);
        Ok(None)
    }

    /// PUBCOMP came.
    pub fn handle_pubcomp(&mut self, packet_id: PacketId) -> Result<Option<Token>, Violation> {
        self.acknowledged(packet_id, Kind::Publish(QoS::ExactlyOnce), |entry| {
            matches!(entry.state, EntryState::PubRelDue | EntryState::PubRelSent)
        })
    }

    /// SUBACK came, with so many reason codes.
    pub fn handle_suback(
        &mut self,
        packet_id: PacketId,
        reasons: usize,
    ) -> Result<Option<Token>, Violation> {
        self.answered(packet_id, Kind::Subscribe, reasons)
    }

    /// UNSUBACK came, with so many reason codes; in 3.1.1 there are none.
    pub fn handle_unsuback(
        &mut self,
        packet_id: PacketId,
        reasons: usize,
    ) -> Result<Option<Token>, Violation> {
        self.answered(packet_id, Kind::Unsubscribe, reasons)
    }

    /// Time has passed: messages that expired before they were sent are over.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.table.expiry().is_some_and(|expiry| expiry <= now) {
            self.table.update(|entry| match entry.expiry() {
                Some(expiry) if expiry <= now => EntryState::Ended(Completion::Expired),
                _ => entry.state,
            });
        }
    }

    fn answered(
        &mut self,
        packet_id: PacketId,
        kind: Kind,
        reasons: usize,
    ) -> Result<Option<Token>, Violation> {
        if let Some(index) = self.known(packet_id)? {
            let filters = self.table.get(index).map(|entry| entry.asks().filters);
            let of_old = self.version == Version::V3_1_1 && kind == Kind::Unsubscribe;
            let reasons = u32::try_from(reasons).ok();
            // [MQTT-3.8.4-6], [MQTT-3.11.3-1]
            if !of_old && reasons != filters && self.is_of(index, kind) {
                return Err(Violation::WrongReasonCount);
            }
        }
        self.acknowledged(packet_id, kind, |_| true)
    }

    fn is_of(&self, index: usize, kind: Kind) -> bool {
        self.table
            .get(index)
            .is_some_and(|entry| entry.kind == kind)
    }

    fn acknowledged(
        &mut self,
        packet_id: PacketId,
        kind: Kind,
        is_due: impl Fn(&Entry) -> bool,
    ) -> Result<Option<Token>, Violation> {
        let Some(index) = self.known(packet_id)? else {
            return Ok(None);
        };
        let fits = |entry: &Entry| entry.kind == kind && is_due(entry);
        if !self.table.get(index).is_some_and(fits) {
            return Err(Violation::WrongAcknowledgement);
        }
        Ok(self.table.remove(index).map(|entry| entry.token))
    }

    /// The entry of an identifier that the other side can know: its packet was handed out whole.
    fn known(&self, packet_id: PacketId) -> Result<Option<usize>, Violation> {
        let Some(index) = self.table.find(packet_id) else {
            return Ok(None);
        };
        let Some(entry) = self.table.get(index) else {
            return Ok(None);
        };
        let handing_out = self
            .link
            .as_ref()
            .and_then(|link| link.handing_out.as_ref());
        if handing_out.is_some_and(|it| it.token == entry.token) {
            return Err(Violation::WrongAcknowledgement);
        }
        Ok((entry.state != EntryState::Queued).then_some(index))
    }
}

/// `poll_*`: what is owed.
impl<S: Storage> Sender<S> {
    /// Writes what is to be sent to the front of `buf` (at least 8 bytes) and returns its size.
    /// 0: nothing is due, or the payload of [`poll_payload`](Self::poll_payload) is.
    pub fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> usize {
        let mut out = Out::new(buf);
        self.transmit(now, &mut out);
        out.len()
    }

    /// The streamed payload whose bytes are due next.
    #[must_use]
    pub fn poll_payload(&self) -> Option<PayloadDue> {
        let handing_out = self.link.as_ref()?.handing_out.as_ref()?;
        let index = self.table.position_unsent(handing_out.token)?;
        let packet = self.table.slots().bytes(index);
        let head = u32::try_from(packet.len()).ok()?;
        let remaining = outbox::wire_len(packet)?.checked_sub(handing_out.count)?;
        Some(PayloadDue {
            token: handing_out.token,
            offset: handing_out.count.checked_sub(head)?,
            remaining,
        })
    }

    /// So many bytes of the payload due were given to the transport.
    pub fn payload_sent(&mut self, count: u32) {
        let Some(due) = self.poll_payload() else {
            return;
        };
        if let Some(handing_out) = self.handing_out() {
            handing_out.count = handing_out.count.saturating_add(count.min(due.remaining));
        }
        if count >= due.remaining {
            self.handed_out(due.token);
        }
    }

    /// An operation that ended without a packet that says so.
    pub fn poll_completed(&mut self) -> Option<(Token, Completion)> {
        self.table.take_ended()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; maybe earlier than needed.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.table.expiry()
    }

    /// Writes all that is due; `false` where `out` has no room for the rest of it.
    pub(crate) fn transmit(&mut self, now: Instant, out: &mut Out<'_>) -> bool {
        loop {
            if self.is_mid_packet() {
                if !self.transmit_rest(out) {
                    return false;
                }
                continue;
            }
            let Some(link) = &mut self.link else {
                return true;
            };
            if let Some(packet_id) = link.stray {
                let reason = match self.version {
                    Version::V3_1_1 => ReasonCode::Success,
                    Version::V5 => ReasonCode::PacketIdentifierNotFound,
                };
                if !out.packet(self.version, &Packet::PubRel(Ack::new(packet_id, reason))) {
                    return false;
                }
                link.stray = None;
                continue;
            }
            let started = link.limits.is_some();
            if let Some(index) = self.table.pubrel_due().filter(|_| started) {
                let packet_id = self.table.get(index).and_then(|entry| entry.packet_id);
                let ack = packet_id.map(|id| Ack::new(id, ReasonCode::Success));
                if !ack.is_none_or(|ack| out.packet(self.version, &Packet::PubRel(ack))) {
                    return false;
                }
                self.table.set_state(index, EntryState::PubRelSent);
                continue;
            }
            let Some(index) = self.next_packet(now) else {
                return true;
            };
            if out.is_full() {
                return false;
            }
            self.hand_out(index);
        }
    }

    /// Writes more of the packet that is partly handed out; `false` where its end was not reached.
    pub(crate) fn transmit_rest(&mut self, out: &mut Out<'_>) -> bool {
        let Some(handing_out) = self
            .link
            .as_mut()
            .and_then(|link| link.handing_out.as_mut())
        else {
            return true;
        };
        let token = handing_out.token;
        let Some(index) = self.table.position_unsent(token) else {
            return true;
        };
        let packet = self.table.slots().bytes(index);
        let count = usize::try_from(handing_out.count).unwrap_or(usize::MAX);
        let flags = if count == 0 && handing_out.dup {
            outbox::DUP
        } else {
            0
        };
        let written = out.bytes(packet.get(count..).unwrap_or_default(), flags);
        let written = u32::try_from(written).unwrap_or(u32::MAX);
        handing_out.count = handing_out.count.saturating_add(written);
        if outbox::wire_len(packet).is_some_and(|len| handing_out.count < len) {
            return false;
        }
        self.handed_out(token);
        true
    }

    /// The packet to be handed out next. Ends what expired, and what the other side does not take.
    fn next_packet(&mut self, now: Instant) -> Option<usize> {
        let limits = self.link.as_ref()?.limits;
        let Some(limits) = limits else {
            let first = self.table.unsent()?;
            return self
                .table
                .unsent_control(first, |entry| entry.kind == Kind::Auth);
        };
        loop {
            let index = self.table.unsent()?;
            // [MQTT-3.3.4-7], [MQTT-4.9.0-2]; nothing but PUBLISH is delayed [MQTT-3.3.4-8].
            let receive_maximum = usize::from(limits.receive_maximum.get());
            let entry = self.table.get(index)?;
            let at = if entry.kind.is_acknowledged_publish()
                && self.table.in_flight() >= receive_maximum
                && self.ending(index, now, &limits).is_none()
            {
                self.table.unsent_control(index, |_| true)?
            } else {
                index
            };
            match self.ending(at, now, &limits) {
                Some(completion) => self.table.end(at, completion),
                None => return Some(at),
            }
        }
    }

    /// How an entry ends instead of being sent.
    fn ending(&self, index: usize, now: Instant, limits: &Limits) -> Option<Completion> {
        let entry = self.table.get(index)?;
        if entry.expiry().is_some_and(|expiry| expiry <= now) {
            return Some(Completion::Expired);
        }
        let packet = self.table.slots().bytes(index);
        let wire_len = outbox::wire_len(packet).unwrap_or(u32::MAX);
        let reason = match entry.kind {
            Kind::Publish(qos) => refused(limits, qos, outbox::retain(packet), wire_len),
            Kind::Subscribe | Kind::Unsubscribe | Kind::Auth => entry
                .asks()
                .refused_by(limits)
                .or_else(|| too_large(limits, wire_len)),
        };
        reason.map(Completion::Unsendable)
    }

    fn hand_out(&mut self, index: usize) {
        let Some(entry) = self.table.get(index) else {
            return;
        };
        let handing_out = HandingOut {
            token: entry.token,
            count: 0,
            // [MQTT-3.3.1-1]
            dup: entry.state == EntryState::Resend && entry.kind.is_acknowledged_publish(),
        };
        if let Some(link) = &mut self.link {
            link.handing_out = Some(handing_out);
        }
        self.table.begin(index);
    }

    fn handed_out(&mut self, token: Token) {
        if let Some(link) = &mut self.link {
            link.handing_out = None;
        }
        let Some(index) = self.table.position_unsent(token) else {
            return;
        };
        let kind = self.table.get(index).map(|entry| entry.kind);
        match kind {
            Some(Kind::Publish(QoS::AtMostOnce)) => self.table.end(index, Completion::Sent),
            Some(Kind::Auth) => drop(self.table.remove(index)),
            _ => self.table.set_state(index, EntryState::Sent),
        }
    }

    fn handing_out(&mut self) -> Option<&mut HandingOut> {
        self.link.as_mut()?.handing_out.as_mut()
    }
}

/// Why there is no room for a packet.
#[derive(Clone, Copy)]
enum Room {
    TooLarge,
    TooMany,
    Full,
}

macro_rules! no_room {
    ($error:ident: $too_large:expr, $too_many:expr) => {
        impl From<Room> for $error {
            fn from(room: Room) -> Self {
                match room {
                    Room::TooLarge => $too_large,
                    Room::TooMany => $too_many,
                    Room::Full => Self::OutboxFull,
                }
            }
        }

        impl From<EncodeError> for $error {
            fn from(error: EncodeError) -> Self {
                Self::Encode(error)
            }
        }
    };
}
no_room!(PublishError: Self::TooLargeForOutbox, Self::TooManyInFlight);
no_room!(SubscribeError: Self::TooLargeForOutbox, Self::TooManyInFlight);
no_room!(AuthError: Self::OutboxFull, Self::OutboxFull);

fn delivery(qos: QoS, packet_id: Option<PacketId>) -> mqtt_proto::Delivery {
    use mqtt_proto::Delivery;
    match (qos, packet_id) {
        (QoS::AtLeastOnce, Some(packet_id)) => Delivery::AtLeastOnce {
            packet_id,
            dup: false,
        },
        (QoS::ExactlyOnce, Some(packet_id)) => Delivery::ExactlyOnce {
            packet_id,
            dup: false,
        },
        _ => Delivery::AtMostOnce,
    }
}

/// Why the other side does not take a PUBLISH.
fn refused(limits: &Limits, qos: QoS, retain: bool, wire_len: u32) -> Option<ReasonCode> {
    if qos > limits.maximum_qos {
        Some(ReasonCode::QoSNotSupported) // [MQTT-3.2.2-11]
    } else if retain && !limits.retain_available {
        Some(ReasonCode::RetainNotSupported) // [MQTT-3.2.2-14]
    } else {
        too_large(limits, wire_len)
    }
}

/// [MQTT-3.2.2-15], [MQTT-3.1.2-24]
fn too_large(limits: &Limits, wire_len: u32) -> Option<ReasonCode> {
    (wire_len > limits.maximum_packet_size).then_some(ReasonCode::PacketTooLarge)
}

/// The property that the application may not set in a PUBLISH of a Client's.
pub(crate) fn forbidden_property(properties: Properties<'_>) -> Option<mqtt_proto::PropertyId> {
    use mqtt_proto::PropertyId;
    properties.iter().find_map(|property| match property {
        Property::TopicAlias(_) => Some(PropertyId::TopicAlias),
        // [MQTT-3.3.4-6]
        Property::SubscriptionIdentifier(_) => Some(PropertyId::SubscriptionIdentifier),
        _ => None,
    })
}
