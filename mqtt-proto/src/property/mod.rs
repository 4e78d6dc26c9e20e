//! The 27 properties of MQTT 5.0 (section 2.2.2.2).

mod census;
mod codec;
mod plain;
mod table;
mod value;
mod walk;

use core::num::{NonZeroU16, NonZeroU32};

use codec::Found;
use value::Field;

pub(crate) use census::{Census, Open};
pub(crate) use codec::{check, decode, decode_counted, encoded_len, take_one, write, write_from};
pub(crate) use plain::{len as plain_len, write as plain_write};
pub(crate) use table::{Form, Row};
pub(crate) use walk::{take as take_plain, take_alias};
#[cfg(feature = "arbitrary")]
pub(crate) use {table::may_repeat, value::Value};

use crate::{QoS, Sequence, SubscriptionIdentifier, TopicName};

/// The identifiers of the 27 properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[expect(missing_docs, reason = "each is documented at its Property")]
pub enum PropertyId {
    PayloadFormatIndicator = 0x01,
    MessageExpiryInterval = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionIdentifier = 0x0B,
    SessionExpiryInterval = 0x11,
    AssignedClientIdentifier = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelayInterval = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonString = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQoS = 0x24,
    RetainAvailable = 0x25,
    UserProperty = 0x26,
    MaximumPacketSize = 0x27,
    WildcardSubscriptionAvailable = 0x28,
    SubscriptionIdentifierAvailable = 0x29,
    SharedSubscriptionAvailable = 0x2A,
}

/// A property of MQTT 5.0. Its discriminant is its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Property<'a> {
    /// Whether the payload is UTF-8 text.
    PayloadFormatIndicator(bool) = PropertyId::PayloadFormatIndicator as u8,
    /// The lifetime of the message in seconds.
    MessageExpiryInterval(u32) = PropertyId::MessageExpiryInterval as u8,
    /// What the payload is; by convention a MIME type.
    ContentType(&'a str) = PropertyId::ContentType as u8,
    /// Where a response is expected.
    ResponseTopic(TopicName<'a>) = PropertyId::ResponseTopic as u8,
    /// What tells the requester which request a response belongs to.
    CorrelationData(&'a [u8]) = PropertyId::CorrelationData as u8,
    /// The number of a subscription.
    SubscriptionIdentifier(SubscriptionIdentifier) = PropertyId::SubscriptionIdentifier as u8,
    /// How many seconds the Session outlives the Network Connection; `u32::MAX`: for ever.
    SessionExpiryInterval(u32) = PropertyId::SessionExpiryInterval as u8,
    /// The Client Identifier that the Server assigned.
    AssignedClientIdentifier(&'a str) = PropertyId::AssignedClientIdentifier as u8,
    /// The Keep Alive in seconds that the Server wants used.
    ServerKeepAlive(u16) = PropertyId::ServerKeepAlive as u8,
    /// The name of the authentication method.
    AuthenticationMethod(&'a str) = PropertyId::AuthenticationMethod as u8,
    /// Data of the authentication method.
    AuthenticationData(&'a [u8]) = PropertyId::AuthenticationData as u8,
    /// Whether the Server may send Reason Strings and User Properties with failures.
    RequestProblemInformation(bool) = PropertyId::RequestProblemInformation as u8,
    /// How many seconds the Server waits before it publishes the Will Message.
    WillDelayInterval(u32) = PropertyId::WillDelayInterval as u8,
    /// Whether the Client asks for Response Information.
    RequestResponseInformation(bool) = PropertyId::RequestResponseInformation as u8,
    /// The basis of response topics.
    ResponseInformation(&'a str) = PropertyId::ResponseInformation as u8,
    /// Another Server to use.
    ServerReference(&'a str) = PropertyId::ServerReference as u8,
    /// Why, for people.
    ReasonString(&'a str) = PropertyId::ReasonString as u8,
    /// How many QoS 1 and QoS 2 PUBLISH packets its sender takes at once.
    ReceiveMaximum(NonZeroU16) = PropertyId::ReceiveMaximum as u8,
    /// The highest Topic Alias that its sender takes; 0: none.
    TopicAliasMaximum(u16) = PropertyId::TopicAliasMaximum as u8,
    /// A number in place of the topic name.
    TopicAlias(NonZeroU16) = PropertyId::TopicAlias as u8,
    /// The highest QoS that the Server supports: 0 or 1.
    MaximumQoS(QoS) = PropertyId::MaximumQoS as u8,
    /// Whether the Server supports retained messages.
    RetainAvailable(bool) = PropertyId::RetainAvailable as u8,
    /// A name and a value.
    UserProperty(&'a str, &'a str) = PropertyId::UserProperty as u8,
    /// The size in bytes of the largest packet that its sender takes.
    MaximumPacketSize(NonZeroU32) = PropertyId::MaximumPacketSize as u8,
    /// Whether the Server supports wildcards in filters.
    WildcardSubscriptionAvailable(bool) = PropertyId::WildcardSubscriptionAvailable as u8,
    /// Whether the Server supports Subscription Identifiers.
    SubscriptionIdentifierAvailable(bool) = PropertyId::SubscriptionIdentifierAvailable as u8,
    /// Whether the Server supports Shared Subscriptions.
    SharedSubscriptionAvailable(bool) = PropertyId::SharedSubscriptionAvailable as u8,
}

// The representation leaves room for `None`.
const _: () = assert!(size_of::<Option<Property<'_>>>() == size_of::<Property<'_>>());

/// The properties of one packet, in order; empty in 3.1.1.
pub type Properties<'a> = Sequence<'a, Property<'a>>;

/// One accessor a property: its value, or `None` when it is absent.
macro_rules! accessors {
    ($($name:ident: $variant:ident -> $type:ty,)*) => {
        impl<'a> Sequence<'a, Property<'a>> {
            $(
                #[doc = concat!("The value of [`Property::", stringify!($variant), "`]; `None` when it is absent.")]
                #[must_use]
                pub fn $name(self) -> Option<$type> {
                    match self.find(PropertyId::$variant)? {
                        Found::Listed(Property::$variant(value)) => Some(value),
                        Found::Listed(_) => None,
                        Found::OnWire(value) => Field::parse(value).ok().map(|(_, value)| value),
                    }
                }
            )*
        }
    };
}

accessors! {
    payload_format_indicator: PayloadFormatIndicator -> bool,
    message_expiry_interval: MessageExpiryInterval -> u32,
    content_type: ContentType -> &'a str,
    response_topic: ResponseTopic -> TopicName<'a>,
    correlation_data: CorrelationData -> &'a [u8],
    session_expiry_interval: SessionExpiryInterval -> u32,
    assigned_client_identifier: AssignedClientIdentifier -> &'a str,
    server_keep_alive: ServerKeepAlive -> u16,
    authentication_method: AuthenticationMethod -> &'a str,
    authentication_data: AuthenticationData -> &'a [u8],
    request_problem_information: RequestProblemInformation -> bool,
    will_delay_interval: WillDelayInterval -> u32,
    request_response_information: RequestResponseInformation -> bool,
    response_information: ResponseInformation -> &'a str,
    server_reference: ServerReference -> &'a str,
    reason_string: ReasonString -> &'a str,
    receive_maximum: ReceiveMaximum -> NonZeroU16,
    topic_alias_maximum: TopicAliasMaximum -> u16,
    topic_alias: TopicAlias -> NonZeroU16,
    maximum_qos: MaximumQoS -> QoS,
    retain_available: RetainAvailable -> bool,
    maximum_packet_size: MaximumPacketSize -> NonZeroU32,
    wildcard_subscription_available: WildcardSubscriptionAvailable -> bool,
    subscription_identifier_available: SubscriptionIdentifierAvailable -> bool,
    shared_subscription_available: SharedSubscriptionAvailable -> bool,
}

impl<'a> Sequence<'a, Property<'a>> {
    /// The User Properties, in order.
    pub fn user_properties(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter().filter_map(|property| match property {
            Property::UserProperty(name, value) => Some((name, value)),
            _ => None,
        })
    }

    /// The Subscription Identifiers: one in SUBSCRIBE, one for each matching subscription in PUBLISH.
    pub fn subscription_identifiers(self) -> impl Iterator<Item = SubscriptionIdentifier> {
        self.iter().filter_map(|property| match property {
            Property::SubscriptionIdentifier(id) => Some(id),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
