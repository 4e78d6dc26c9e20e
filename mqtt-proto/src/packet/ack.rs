use crate::{PacketId, Properties, ReasonCode};

/// What PUBACK, PUBREC, PUBREL and PUBCOMP carry (sections 3.4 to 3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack<'a> {
    /// The packet identifier of the PUBLISH.
    pub packet_id: PacketId,
    /// The result; always [`ReasonCode::Success`] in 3.1.1.
    pub reason: ReasonCode,
    /// Reason String and User Properties.
    pub properties: Properties<'a>,
}

impl Ack<'_> {
    /// An acknowledgement with nothing to add.
    #[must_use]
    pub const fn new(packet_id: PacketId, reason: ReasonCode) -> Self {
        Self { packet_id, reason, properties: Properties::EMPTY }
    }
}
