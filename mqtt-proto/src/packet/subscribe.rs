use crate::{Element, PacketId, Properties, QoS, Sequence, TopicFilter};

/// A SUBSCRIBE packet (section 3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// The packet identifier that SUBACK will carry.
    pub packet_id: PacketId,
    /// Subscription Identifier and User Properties.
    pub properties: Properties<'a>,
    /// At least one.
    pub subscriptions: Sequence<'a, Subscription<'a>>,
}

/// A filter and how it is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subscription<'a> {
    /// What is subscribed to.
    pub filter: TopicFilter<'a>,
    /// How.
    pub options: SubscriptionOptions,
}

/// The Subscription Options (section 3.8.3.1); 3.1.1 has the QoS only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SubscriptionOptions {
    /// The highest QoS at which messages are to come.
    pub maximum_qos: QoS,
    /// Whether one's own messages stay away (5.0).
    pub no_local: bool,
    /// Whether forwarded messages keep their RETAIN flag (5.0).
    pub retain_as_published: bool,
    /// Whether retained messages are sent at subscription (5.0).
    pub retain_handling: RetainHandling,
}

/// When retained messages are sent (5.0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum RetainHandling {
    /// At every subscription.
    #[default]
    Send = 0,
    /// At a subscription that did not exist before.
    SendIfNew = 1,
    /// Never.
    DoNotSend = 2,
}

impl Element<'_> for Subscription<'_> {}

impl<'a> Subscription<'a> {
    /// A subscription with default options but for the QoS.
    #[must_use]
    pub const fn new(filter: TopicFilter<'a>, maximum_qos: QoS) -> Self {
        Self {
            filter,
            options: SubscriptionOptions {
                maximum_qos,
                no_local: false,
                retain_as_published: false,
                retain_handling: RetainHandling::Send,
            },
        }
    }
}
