mod acknowledged;
mod table;
mod topic_alias;
mod transmit;

#[cfg(test)]
mod tests;

use core::slice;

use mqtt_proto::{
    Auth, Delivery, Packet, PacketId, Properties, PublishHead, QoS, ReasonCode, Sequence,
    Subscribe, Subscription, TopicFilter, TopicName, Unsubscribe, Version,
};

use super::entry::{Entry, EntryState, Kind, Request};
use super::packet_ids;
use crate::connection::Limits;
use crate::storage::SendTable;
use crate::{
    AuthError, Completion, Duration, Instant, Payload, Publish, PublishError, Storage,
    SubscribeError, Token,
};
use table::Operations;
use topic_alias::Alias;

/// The sender of section 4.3, whichever side it is on: operations from the command until their
/// last acknowledgement, across connections.
///
/// A PUBLISH leaves under an unused packet identifier [MQTT-4.3.2-1], [MQTT-4.3.3-1], first without
/// DUP [MQTT-4.3.1-1], [MQTT-4.3.2-2], [MQTT-4.3.3-2]. It stays in the table until PUBACK
/// [MQTT-4.3.2-3], [MQTT3-4.3.2-1] or PUBREC [MQTT-4.3.3-3], which ends its repetitions
/// [MQTT-4.3.3-6]; PUBREL stays until PUBCOMP [MQTT-4.3.3-5], [MQTT3-4.3.3-1].
///
/// A [`Session`](crate::Session) has one; a Server can have one for each of its Clients.
///
/// ```text
///  publish ─> Queued ──────> Sent ──PUBACK──────────────────────────> over
///                ^            │ └──PUBREC──> PubRelDue ─> PubRelSent ─PUBCOMP─> over
///                └─ Resend <──┘ next connection
///                    └ QoS 2, not taken any more ──> PubRelDue
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
    table: S::Send,
    link: Option<Link<S::Aliases>>,
}

/// What dies with the Network Connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Link<A> {
    /// `None` before CONNACK.
    limits: Option<Limits>,
    handing_out: Option<HandingOut>,
    /// The topics that the other side knows by an alias.
    aliases: A,
    /// A PUBREC came that belongs to nothing: its PUBREL is due.
    stray: Option<PacketId>,
}

/// The packet that is partly handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct HandingOut {
    token: Token,
    /// Bytes of it that were handed out, those of a streamed payload included.
    count: u32,
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
            table: S::Send::default(),
            link: None,
        }
    }

    /// Operations that have not ended.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.table.len().wrapping_sub(self.table.ended())
    }

    /// Whether the operation has not ended.
    #[must_use]
    pub fn is_pending(&self, token: Token) -> bool {
        let index = self.table.position(token);
        index.is_some_and(|index| index >= self.table.ended())
    }

    /// QoS 1 and 2 messages that count against the other side's Receive Maximum.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.table.in_flight()
    }

    /// The bytes that the outbox holds.
    #[must_use]
    pub fn outbox_len(&self) -> usize {
        self.table.outbox_len()
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
    /// the message may go out on another connection. Where the storage has room for it and the other
    /// side's limits allow it, a QoS 0 message without properties gets one.
    ///
    /// # Errors
    /// See [`PublishError`]; never [`PublishError::Property`].
    pub fn publish(&mut self, now: Instant, publish: &Publish<'_>) -> Result<Token, PublishError> {
        let topic = TopicName::new(publish.topic).map_err(PublishError::Topic)?;
        let packet_id = self.publish_id(publish.qos)?;
        let alias = self.alias_of(publish);
        let property = alias.map(Alias::property);
        let head = PublishHead {
            delivery: delivery(publish.qos, packet_id),
            retain: publish.retain,
            topic: Some(topic).filter(|_| !alias.is_some_and(|alias| alias.is_known)),
            properties: match &property {
                Some(property) => Properties::new(slice::from_ref(property)),
                None => publish.properties,
            },
        };
        let payload_len = publish.payload.len();
        let head_len = head
            .encoded_len(self.version, payload_len)
            .map_err(PublishError::Encode)?;
        if let Some(reason) = self
            .limits()
            .and_then(|limits| refused(limits, publish.qos, publish.retain))
        {
            return Err(PublishError::NotSupported(reason));
        }
        let payload = match publish.payload {
            Payload::Bytes(bytes) => bytes,
            Payload::Streamed(_) => &[],
        };
        let lifetime = publish.properties.message_expiry_interval();
        let expiry = lifetime.map_or(Instant::NEVER, |seconds| {
            now.saturating_add(Duration::from_secs(seconds.into()))
        });
        let entry = Entry::publish(self.token(), packet_id, publish.qos, expiry);
        let content = Content::Message {
            head: &head,
            head_len,
            payload,
            payload_len,
        };
        let token = self.take(entry, &content)?;
        if let Some(alias) = alias {
            self.told(alias, publish.topic);
        }
        Ok(token)
    }

    /// Takes a SUBSCRIBE, to be kept until answered.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    pub fn subscribe(
        &mut self,
        subscriptions: Sequence<'_, Subscription<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        let mut request = Request::default();
        for subscription in subscriptions {
            let filter = subscription.filter;
            request.filters = request.filters.wrapping_add(1);
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
    ///
    /// # Errors
    /// See [`SubscribeError`].
    pub fn unsubscribe(
        &mut self,
        filters: Sequence<'_, TopicFilter<'_>>,
        properties: Properties<'_>,
    ) -> Result<Token, SubscribeError> {
        let mut request = Request::default();
        for _ in filters {
            request.filters = request.filters.wrapping_add(1);
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
    ///
    /// # Errors
    /// See [`AuthError`].
    pub fn auth(&mut self, auth: &Auth<'_>) -> Result<(), AuthError> {
        if self.link.is_none() {
            return Err(AuthError::NotConnected);
        }
        let entry = Entry::request(self.token(), None, Kind::Auth, Request::default());
        let packet = Packet::Auth(*auth);
        // [MQTT-3.15.2-2], [MQTT-3.15.2-3]
        let len = packet.encoded_len(self.version);
        let len = len.map_err(AuthError::Encode)?;
        self.take(entry, &Content::Packet(&packet, len))?;
        Ok(())
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
        if let Some(reason) = self.limits().and_then(|limits| request.refused_by(limits)) {
            return Err(SubscribeError::NotSupported(reason));
        }
        let packet_id = self.unused_id().ok_or(SubscribeError::TooManyInFlight)?;
        let entry = Entry::request(self.token(), Some(packet_id), kind, request);
        let packet = packet(packet_id);
        let len = packet.encoded_len(self.version);
        let len = len.map_err(SubscribeError::Encode)?;
        Ok(self.take(entry, &Content::Packet(&packet, len))?)
    }

    /// `None` before CONNACK, and when the connection is ending.
    fn limits(&self) -> Option<&Limits> {
        self.link.as_ref()?.limits.as_ref()
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
        packet_ids::unused(&self.table, self.next_packet_id)
    }

    fn token(&self) -> Token {
        Token(self.next_token)
    }

    /// Takes an operation if there is room for it, here and on the other side.
    fn take(&mut self, entry: Entry, content: &Content<'_>) -> Result<Token, Refusal> {
        let (kept, sent) = content.len();
        let wire_len = u32::try_from(sent).unwrap_or(u32::MAX);
        if let Some(reason) = self.limits().and_then(|limits| too_large(limits, wire_len)) {
            return Err(Refusal::NotSupported(reason));
        }
        let table = &self.table;
        let capacity = table.outbox_capacity().min(self.maximum_outbox);
        if kept > capacity {
            return Err(Refusal::TooLarge);
        }
        if table.is_full() {
            return Err(Refusal::TooMany);
        }
        if table.outbox_len().wrapping_add(kept) > capacity {
            return Err(Refusal::OutboxFull);
        }
        let (token, packet_id) = (entry.token, entry.packet_id);
        let version = self.version;
        self.table
            .push(entry, kept, |buf| content.write(version, buf));
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
    /// nothing leaves but AUTH [MQTT-3.1.2-30].
    pub fn open(&mut self) {
        self.close();
        self.table.update(&|entry| match entry.state {
            EntryState::Sent => EntryState::Resend,
            EntryState::PubRelSent => EntryState::PubRelDue,
            state => state,
        });
        self.link = Some(Link::default());
    }

    /// The other side has no Session: its part of each handshake is forgotten. Said between
    /// [`open`](Self::open) and [`start`](Self::start).
    ///
    /// What was never sent stays, and SUBSCRIBE and UNSUBSCRIBE too. QoS 1 is sent again as a new
    /// message; QoS 2 ends as `Discarded` before PUBREC and as `Taken` after it, since sending it
    /// again might deliver it twice, or as `Unsendable` where it was given up before.
    pub fn session_lost(&mut self) {
        self.table.update(&|entry| match (entry.state, entry.kind) {
            (EntryState::Sent | EntryState::Resend, Kind::Publish(QoS::ExactlyOnce)) => {
                EntryState::Ended(Completion::Discarded)
            }
            (EntryState::Sent | EntryState::Resend, _) => EntryState::Queued,
            (EntryState::PubRelDue | EntryState::PubRelSent, _) => {
                let given_up = entry.given_up().map(Completion::Unsendable);
                EntryState::Ended(given_up.unwrap_or(Completion::Taken))
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
        self.table.update(&|entry| match entry.kind {
            Kind::Publish(QoS::AtMostOnce) => EntryState::Ended(Completion::Discarded),
            _ => entry.state,
        });
    }
}

/// What an operation keeps in the outbox. It was measured, and so can be written.
enum Content<'a> {
    Packet(&'a Packet<'a>, usize),
    Message {
        head: &'a PublishHead<'a>,
        head_len: usize,
        /// What is at hand of it.
        payload: &'a [u8],
        payload_len: usize,
    },
}

impl Content<'_> {
    /// The bytes that are kept, and those on the wire.
    fn len(&self) -> (usize, usize) {
        match *self {
            Self::Packet(_, len) => (len, len),
            Self::Message {
                head_len,
                payload,
                payload_len,
                ..
            } => (
                head_len.wrapping_add(payload.len()),
                head_len.wrapping_add(payload_len),
            ),
        }
    }

    fn write(&self, version: Version, buf: &mut [u8]) {
        match *self {
            Self::Packet(packet, len) => {
                let written = packet.encode(version, buf);
                debug_assert_eq!(written, Ok(len));
            }
            Self::Message {
                head,
                head_len,
                payload,
                payload_len,
            } => {
                let written = head.encode(version, payload_len, buf);
                debug_assert_eq!(written, Ok(head_len));
                // `copy_from_slice` has a panic in it that not every optimisation takes out.
                let tail = buf.get_mut(head_len..).unwrap_or_default();
                for (to, &byte) in tail.iter_mut().zip(payload) {
                    *to = byte;
                }
            }
        }
    }
}

/// Why there is no room for an operation, here or on the other side.
#[derive(Clone, Copy)]
enum Refusal {
    NotSupported(ReasonCode),
    TooLarge,
    TooMany,
    OutboxFull,
}

macro_rules! refusal {
    ($error:ident: $too_large:ident, $too_many:ident) => {
        impl From<Refusal> for $error {
            fn from(refusal: Refusal) -> Self {
                match refusal {
                    Refusal::NotSupported(reason) => Self::NotSupported(reason),
                    Refusal::TooLarge => Self::$too_large,
                    Refusal::TooMany => Self::$too_many,
                    Refusal::OutboxFull => Self::OutboxFull,
                }
            }
        }
    };
}
refusal!(PublishError: TooLargeForOutbox, TooManyInFlight);
refusal!(SubscribeError: TooLargeForOutbox, TooManyInFlight);
refusal!(AuthError: OutboxFull, OutboxFull);

fn delivery(qos: QoS, packet_id: Option<PacketId>) -> Delivery {
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
fn refused(limits: &Limits, qos: QoS, retain: bool) -> Option<ReasonCode> {
    if qos > limits.maximum_qos {
        Some(ReasonCode::QoSNotSupported) // [MQTT-3.2.2-11]
    } else if retain && !limits.retain_available {
        Some(ReasonCode::RetainNotSupported) // [MQTT-3.2.2-14]
    } else {
        None
    }
}

/// [MQTT-3.2.2-15], [MQTT-3.1.2-24]
fn too_large(limits: &Limits, wire_len: u32) -> Option<ReasonCode> {
    (wire_len > limits.maximum_packet_size).then_some(ReasonCode::PacketTooLarge)
}
