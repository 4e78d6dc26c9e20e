use mqtt_proto::{PacketId, QoS, ReasonCode};

use crate::connection::Limits;
use crate::{Completion, Instant, Token};

/// One operation in the sender's table: 24 bytes, its packet lies in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub(crate) token: Token,
    /// PUBLISH: when it expires; released without PUBREC, the reason code of
    /// that. SUBSCRIBE and UNSUBSCRIBE: see `Request`.
    detail: u64,
    /// The bytes in the outbox.
    pub(crate) len: u32,
    /// `None` at QoS 0, of AUTH, and once the operation has ended.
    pub(crate) packet_id: Option<PacketId>,
    pub(crate) kind: Kind,
    pub(crate) state: EntryState,
}

/// What an operation sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Publish(QoS),
    Subscribe,
    Unsubscribe,
    Auth,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryState {
    /// Never handed out whole: the other side cannot know of it.
    Queued,
    /// Handed out on an earlier connection and not yet on this one.
    Resend,
    /// Handed out on this connection.
    Sent,
    /// PUBREC has come, or the message is given up: PUBREL is due.
    PubRelDue,
    /// PUBREL was handed out on this connection.
    PubRelSent,
    /// Over, and to be told with `poll_completed`.
    Ended(Completion),
}

/// The three sections of the table, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Ended,
    Released,
    Rest,
}

/// What a SUBSCRIBE asks of the Server, and how many filters its SUBACK must answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) filters: u32,
    pub(crate) wildcard: bool,
    pub(crate) shared: bool,
    pub(crate) identifier: bool,
}

impl Entry {
    pub(crate) fn publish(
        token: Token,
        packet_id: Option<PacketId>,
        qos: QoS,
        expiry: Instant,
    ) -> Self {
        Self::new(token, packet_id, Kind::Publish(qos), expiry.as_millis())
    }

    pub(crate) fn request(
        token: Token,
        packet_id: Option<PacketId>,
        kind: Kind,
        request: Request,
    ) -> Self {
        Self::new(token, packet_id, kind, request.to_bits())
    }

    fn new(token: Token, packet_id: Option<PacketId>, kind: Kind, detail: u64) -> Self {
        Self {
            token,
            detail,
            len: 0,
            packet_id,
            kind,
            state: EntryState::Queued,
        }
    }

    /// When a PUBLISH that was never handed out expires [MQTT-4.3.3-7].
    pub(crate) fn expiry(&self) -> Instant {
        let publish = matches!(self.kind, Kind::Publish(_)) && self.state == EntryState::Queued;
        if publish {
            Instant::from_millis(self.detail)
        } else {
            Instant::NEVER
        }
    }

    pub(crate) fn never_expires(&mut self) {
        if let Kind::Publish(_) = self.kind {
            self.detail = Instant::NEVER.as_millis();
        }
    }

    /// A QoS 2 PUBLISH will not be sent again, for this reason.
    pub(crate) fn give_up(&mut self, reason: ReasonCode) {
        self.detail = reason.as_u8().into();
    }

    /// Why it was released without PUBREC, if it was.
    pub(crate) fn given_up(&self) -> Option<ReasonCode> {
        let reason = u8::try_from(self.detail).ok();
        let released = self.section() == Section::Released;
        reason.filter(|_| released).and_then(ReasonCode::from_u8)
    }

    /// What a SUBSCRIBE or UNSUBSCRIBE asks.
    pub(crate) fn asks(&self) -> Request {
        match self.kind {
            Kind::Subscribe | Kind::Unsubscribe => Request::from_bits(self.detail),
            Kind::Publish(_) | Kind::Auth => Request::default(),
        }
    }

    /// Whether it takes part in the send quota: it does from its first byte to its last acknowledgement.
    pub(crate) fn counts_as_sent(&self) -> bool {
        self.state == EntryState::Sent && self.kind.is_acknowledged_publish()
    }

    /// Whether it waits to be handed out on this connection.
    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self.state, EntryState::Queued | EntryState::Resend)
    }

    /// Whether it waits to be handed out, and no quota delays it.
    pub(crate) fn is_waiting_control(&self) -> bool {
        self.kind.is_control() && self.is_unsent()
    }

    pub(crate) fn section(&self) -> Section {
        match self.state {
            EntryState::Ended(_) => Section::Ended,
            EntryState::PubRelDue | EntryState::PubRelSent => Section::Released,
            EntryState::Queued | EntryState::Resend | EntryState::Sent => Section::Rest,
        }
    }
}

impl Kind {
    /// Whether quotas do not delay it [MQTT-3.3.4-8].
    pub(crate) fn is_control(self) -> bool {
        !matches!(self, Self::Publish(_))
    }

    pub(crate) fn is_acknowledged_publish(self) -> bool {
        matches!(self, Self::Publish(QoS::AtLeastOnce | QoS::ExactlyOnce))
    }
}

impl Request {
    fn to_bits(self) -> u64 {
        u64::from(self.filters)
            | u64::from(self.wildcard) << 32
            | u64::from(self.shared) << 33
            | u64::from(self.identifier) << 34
    }

    fn from_bits(bits: u64) -> Self {
        Self {
            filters: u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0),
            wildcard: bits & (1 << 32) != 0,
            shared: bits & (1 << 33) != 0,
            identifier: bits & (1 << 34) != 0,
        }
    }

    /// Why the Server of this connection does not take it.
    pub(crate) fn refused_by(self, limits: &Limits) -> Option<ReasonCode> {
        if self.wildcard && !limits.wildcard_subscription_available {
            Some(ReasonCode::WildcardSubscriptionsNotSupported)
        } else if self.shared && !limits.shared_subscription_available {
            Some(ReasonCode::SharedSubscriptionsNotSupported)
        } else if self.identifier && !limits.subscription_identifier_available {
            Some(ReasonCode::SubscriptionIdentifiersNotSupported)
        } else {
            None
        }
    }
}
