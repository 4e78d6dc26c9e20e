use crate::{Element, PacketId, Properties, Sequence, TopicFilter};

/// An UNSUBSCRIBE packet (section 3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// The packet identifier that UNSUBACK will carry.
    pub packet_id: PacketId,
    /// User Properties.
    pub properties: Properties<'a>,
    /// At least one.
    pub filters: Sequence<'a, TopicFilter<'a>>,
}

impl Element<'_> for TopicFilter<'_> {}
