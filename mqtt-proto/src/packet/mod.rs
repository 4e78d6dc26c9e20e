//! The 15 control packets, both versions of each in one place.

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod fixed_header;
mod publish;
mod suback;
mod subscribe;
mod unsubscribe;

pub use ack::Ack;
pub use auth::Auth;
pub use connack::ConnAck;
pub use connect::{Connect, Will};
pub use disconnect::Disconnect;
pub use fixed_header::PacketType;
pub use publish::{Delivery, Publish, PublishHead};
pub use suback::SubAck;
pub use subscribe::{RetainHandling, Subscribe, Subscription, SubscriptionOptions};
pub use unsubscribe::Unsubscribe;

use crate::{DecodeError, EncodeError, Role, Version};

/// What a decoder needs to know of the Network Connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DecodeOptions {
    /// The version spoken. A CONNECT is decoded by the version that it names itself.
    pub version: Version,
    /// Who sent the packets.
    pub sender: Role,
    /// The largest packet taken, in bytes, fixed header and payload included;
    /// checked before anything else of a packet is looked at.
    pub maximum_packet_size: u32,
    /// The highest Topic Alias taken in a PUBLISH; 0: none.
    pub topic_alias_maximum: u16,
}

impl DecodeOptions {
    /// The largest packet that MQTT can express: 5 bytes of header and 268,435,455 more.
    pub const MAXIMUM_PACKET_SIZE: u32 = 268_435_460;

    /// Options without limits of one's own: every packet size, no topic alias.
    #[must_use]
    pub const fn new(version: Version, sender: Role) -> Self {
        Self { version, sender, maximum_packet_size: Self::MAXIMUM_PACKET_SIZE, topic_alias_maximum: 0 }
    }
}

/// A control packet, borrowed from the bytes it was decoded from or from what the caller made it of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Connection request, Client to Server.
    Connect(Connect<'a>),
    /// Connect acknowledgement, Server to Client.
    ConnAck(ConnAck<'a>),
    /// An Application Message.
    Publish(Publish<'a>),
    /// Publish acknowledgement (QoS 1).
    PubAck(Ack<'a>),
    /// Publish received (QoS 2, part 1).
    PubRec(Ack<'a>),
    /// Publish release (QoS 2, part 2).
    PubRel(Ack<'a>),
    /// Publish complete (QoS 2, part 3).
    PubComp(Ack<'a>),
    /// Subscribe request, Client to Server.
    Subscribe(Subscribe<'a>),
    /// Subscribe acknowledgement, Server to Client.
    SubAck(SubAck<'a>),
    /// Unsubscribe request, Client to Server.
    Unsubscribe(Unsubscribe<'a>),
    /// Unsubscribe acknowledgement, Server to Client; without reason codes in 3.1.1.
    UnsubAck(SubAck<'a>),
    /// Ping request, Client to Server.
    PingReq,
    /// Ping response, Server to Client.
    PingResp,
    /// Disconnect notification; from the Client only in 3.1.1.
    Disconnect(Disconnect<'a>),
    /// Authentication exchange; not in 3.1.1.
    Auth(Auth<'a>),
}

impl<'a> Packet<'a> {
    /// Takes one packet from the front of `input`, which is advanced past it.
    /// `Ok(None)`: not yet whole; nothing was taken.
    pub fn decode(options: &DecodeOptions, input: &mut &'a [u8]) -> Result<Option<Self>, DecodeError> {
        let _ = (options, input);
        todo!()
    }

    /// Writes the packet to the front of `buf` and returns its size in bytes.
    /// A CONNECT is encoded in the version that it names itself.
    pub fn encode(&self, version: Version, buf: &mut [u8]) -> Result<usize, EncodeError> {
        let _ = (version, buf);
        todo!()
    }

    /// The bytes that [`encode`](Self::encode) would write.
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        let _ = version;
        todo!()
    }

    /// Which packet it is.
    #[must_use]
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Connect(_) => PacketType::Connect,
            Self::ConnAck(_) => PacketType::ConnAck,
            Self::Publish(_) => PacketType::Publish,
            Self::PubAck(_) => PacketType::PubAck,
            Self::PubRec(_) => PacketType::PubRec,
            Self::PubRel(_) => PacketType::PubRel,
            Self::PubComp(_) => PacketType::PubComp,
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::SubAck(_) => PacketType::SubAck,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
            Self::UnsubAck(_) => PacketType::UnsubAck,
            Self::PingReq => PacketType::PingReq,
            Self::PingResp => PacketType::PingResp,
            Self::Disconnect(_) => PacketType::Disconnect,
            Self::Auth(_) => PacketType::Auth,
        }
    }
}
