//! MQTT control packets, to and from bytes.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects
    )
)]

mod allowed;
mod error;
mod packet;
mod property;
mod reader;
mod sequence;
#[cfg(feature = "proptest")]
pub mod strategy;
mod types;
mod wire;

pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub use packet::{
    Ack, Auth, ConnAck, Connect, DecodeOptions, Delivery, Disconnect, Packet, PacketType, Publish,
    PublishHead, RetainHandling, SubAck, Subscribe, Subscription, SubscriptionOptions, Unsubscribe,
    Will,
};
pub use property::{Properties, Property, PropertyId};
pub use reader::{Item, PacketReader};
pub use sequence::{Element, Sequence, SequenceIter};
pub use types::{
    PacketId, QoS, ReasonCode, Role, SubscriptionIdentifier, TopicError, TopicErrorKind,
    TopicFilter, TopicName, Version,
};
