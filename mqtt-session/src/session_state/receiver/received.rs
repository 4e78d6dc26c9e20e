use mqtt_proto::{PacketId, ReasonCode};

/// One received message in the receiver's table: 16 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Received {
    /// Ascends in the table.
    pub(crate) token: u64,
    pub(crate) packet_id: PacketId,
    pub(crate) exactly_once: bool,
    pub(crate) state: ReceivedState,
    pub(crate) reason: ReasonCode,
    /// Received on this connection, and so counted in the other side's send quota.
    pub(crate) counted: bool,
}

/// How far a received message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ReceivedState {
    /// Its payload is still coming.
    Delivering,
    /// The application is to acknowledge it.
    Unacknowledged,
    /// PUBACK or PUBREC is due.
    AckDue,
    /// PUBREC was handed out, or would be at a repetition.
    AwaitingRel,
    /// PUBCOMP is due.
    CompDue,
}

impl Received {
    /// Whether PUBREC is to go out for it on this connection. For one of an earlier connection it
    /// is only once the PUBLISH has come again.
    pub(crate) fn is_for_pubrec(&self) -> bool {
        self.exactly_once
            && match self.state {
                ReceivedState::Delivering | ReceivedState::Unacknowledged => self.counted,
                ReceivedState::AckDue => true,
                ReceivedState::AwaitingRel | ReceivedState::CompDue => false,
            }
    }

    /// Whether its acknowledgement is due, unless it is the message that is `coming` again.
    pub(crate) fn may_leave(&self, coming: Option<PacketId>) -> bool {
        match self.state {
            ReceivedState::AckDue => coming != Some(self.packet_id),
            state => state == ReceivedState::CompDue,
        }
    }

    /// Whether the application or `poll_transmit` can do something about it.
    pub(crate) fn is_unpaid(&self) -> bool {
        matches!(
            self.state,
            ReceivedState::Unacknowledged | ReceivedState::AckDue | ReceivedState::CompDue
        )
    }
}
