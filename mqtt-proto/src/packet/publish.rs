use crate::{PacketId, Properties, QoS, TopicName};

/// A PUBLISH packet (section 3.3), payload and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// What comes before the payload.
    pub head: PublishHead<'a>,
    /// The Application Message's payload.
    pub payload: &'a [u8],
}

/// What a PUBLISH packet says before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishHead<'a> {
    /// The QoS, with what belongs to it.
    pub delivery: Delivery,
    /// Whether the message is to be retained, or was.
    pub retain: bool,
    /// `None` where a Topic Alias stands alone for it (5.0 only).
    pub topic: Option<TopicName<'a>>,
    /// The properties of the message.
    pub properties: Properties<'a>,
}

/// A QoS with what a PUBLISH of that QoS has: at QoS 0 neither packet identifier nor DUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Delivery {
    /// QoS 0.
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce {
        /// The packet identifier that PUBACK will carry.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
    /// QoS 2.
    ExactlyOnce {
        /// The packet identifier that PUBREC will carry.
        packet_id: PacketId,
        /// Whether it may have been sent before.
        dup: bool,
    },
}

impl Delivery {
    /// The QoS alone.
    #[must_use]
    pub const fn qos(self) -> QoS {
        match self {
            Self::AtMostOnce => QoS::AtMostOnce,
            Self::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Self::ExactlyOnce { .. } => QoS::ExactlyOnce,
        }
    }

    /// The packet identifier; `None` at QoS 0.
    #[must_use]
    pub const fn packet_id(self) -> Option<PacketId> {
        match self {
            Self::AtMostOnce => None,
            Self::AtLeastOnce { packet_id, .. } | Self::ExactlyOnce { packet_id, .. } => Some(packet_id),
        }
    }

    /// The DUP flag.
    #[must_use]
    pub const fn dup(self) -> bool {
        match self {
            Self::AtMostOnce => false,
            Self::AtLeastOnce { dup, .. } | Self::ExactlyOnce { dup, .. } => dup,
        }
    }
}

impl PublishHead<'_> {
    /// Writes the head of a PUBLISH whose payload of `payload_len` bytes follows by other means.
    pub fn encode(
        &self,
        version: crate::Version,
        payload_len: usize,
        buf: &mut [u8],
    ) -> Result<usize, crate::EncodeError> {
        let _ = (version, payload_len, buf);
        todo!()
    }

    /// The bytes that [`encode`](Self::encode) would write; the payload is not among them.
    pub fn encoded_len(&self, version: crate::Version, payload_len: usize) -> Result<usize, crate::EncodeError> {
        let _ = (version, payload_len);
        todo!()
    }
}
