//! The small values that packets are made of.

mod packet_id;
mod qos;
mod reason_code;
mod topic;
mod version;

pub use packet_id::{PacketId, SubscriptionIdentifier};
pub use qos::QoS;
pub use reason_code::ReasonCode;
pub use topic::{TopicError, TopicErrorKind, TopicFilter, TopicName};
pub use version::{Role, Version};
