use crate::{Element, PacketId, Properties, ReasonCode, Sequence};

/// What SUBACK and UNSUBACK carry (sections 3.9 and 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubAck<'a> {
    /// The packet identifier of the SUBSCRIBE or UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// Reason String and User Properties.
    pub properties: Properties<'a>,
    /// One for each filter, in order; none in an UNSUBACK of 3.1.1.
    pub reasons: Sequence<'a, ReasonCode>,
}

impl Element<'_> for ReasonCode {}
