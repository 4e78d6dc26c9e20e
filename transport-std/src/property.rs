use std::num::{NonZeroU16, NonZeroU32};

use bytes::Bytes;
use mqtt_proto::{self as proto, QoS, SubscriptionIdentifier, TopicError, TopicName};

/// From one list: the owned enum, and the way to and from what it borrows.
macro_rules! properties {
    (
        copied { $($(#[$copied_doc:meta])* $copied:ident($copied_type:ty),)* }
        text { $($(#[$text_doc:meta])* $text:ident,)* }
        binary { $($(#[$binary_doc:meta])* $binary:ident,)* }
    ) => {
        /// A property of MQTT 5.0 (section 2.2.2.2) that owns its value.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Property {
            $($(#[$copied_doc])* $copied($copied_type),)*
            $($(#[$text_doc])* $text(String),)*
            $($(#[$binary_doc])* $binary(Bytes),)*
            /// Where a response is expected: a topic name.
            ResponseTopic(String),
            /// A name and a value.
            UserProperty(String, String),
        }

        impl Property {
            /// What the codec takes. The only check here is that of Response Topic.
            fn borrow(&self) -> Result<proto::Property<'_>, TopicError> {
                Ok(match self {
                    $(Self::$copied(value) => proto::Property::$copied(*value),)*
                    $(Self::$text(value) => proto::Property::$text(value),)*
                    $(Self::$binary(value) => proto::Property::$binary(value),)*
                    Self::ResponseTopic(value) => proto::Property::ResponseTopic(TopicName::new(value)?),
                    Self::UserProperty(name, value) => proto::Property::UserProperty(name, value),
                })
            }
        }

        impl From<proto::Property<'_>> for Property {
            fn from(property: proto::Property<'_>) -> Self {
                match property {
                    $(proto::Property::$copied(value) => Self::$copied(value),)*
                    $(proto::Property::$text(value) => Self::$text(value.to_owned()),)*
                    $(proto::Property::$binary(value) => Self::$binary(Bytes::copy_from_slice(value)),)*
                    proto::Property::ResponseTopic(value) => Self::ResponseTopic(value.as_str().to_owned()),
                    proto::Property::UserProperty(name, value) => Self::UserProperty(name.to_owned(), value.to_owned()),
                }
            }
        }
    };
}

properties! {
    copied {
        /// Whether the payload is UTF-8 text.
        PayloadFormatIndicator(bool),
        /// The lifetime of the message in seconds.
        MessageExpiryInterval(u32),
        /// The number of a subscription.
        SubscriptionIdentifier(SubscriptionIdentifier),
        /// How many seconds the Session outlives the Network Connection; `u32::MAX`: for ever.
        SessionExpiryInterval(u32),
        /// The Keep Alive in seconds that the Server wants used.
        ServerKeepAlive(u16),
        /// Whether the Server may send Reason Strings and User Properties with failures.
        RequestProblemInformation(bool),
        /// How many seconds the Server waits before it publishes the Will Message.
        WillDelayInterval(u32),
        /// Whether the Client asks for Response Information.
        RequestResponseInformation(bool),
        /// How many QoS 1 and QoS 2 PUBLISH packets its sender takes at once.
        ReceiveMaximum(NonZeroU16),
        /// The highest Topic Alias that its sender takes; 0: none.
        TopicAliasMaximum(u16),
        /// A number in place of the topic name.
        TopicAlias(NonZeroU16),
        /// The highest QoS that the Server supports: 0 or 1.
        MaximumQoS(QoS),
        /// Whether the Server supports retained messages.
        RetainAvailable(bool),
        /// The size in bytes of the largest packet that its sender takes.
        MaximumPacketSize(NonZeroU32),
        /// Whether the Server supports wildcards in filters.
        WildcardSubscriptionAvailable(bool),
        /// Whether the Server supports Subscription Identifiers.
        SubscriptionIdentifierAvailable(bool),
        /// Whether the Server supports Shared Subscriptions.
        SharedSubscriptionAvailable(bool),
    }
    text {
        /// What the payload is; by convention a MIME type.
        ContentType,
        /// The Client Identifier that the Server assigned.
        AssignedClientIdentifier,
        /// The name of the authentication method.
        AuthenticationMethod,
        /// The basis of response topics.
        ResponseInformation,
        /// Another Server to use.
        ServerReference,
        /// Why, for people.
        ReasonString,
    }
    binary {
        /// What tells the requester which request a response belongs to.
        CorrelationData,
        /// Data of the authentication method.
        AuthenticationData,
    }
}

/// The properties of one packet, in order; empty in 3.1.1.
///
/// Which property may be in which packet, and how often, is checked when the packet is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Properties(Vec<Property>);

impl Properties {
    /// No properties.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one at the end.
    pub fn push(&mut self, property: Property) {
        self.0.push(property);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The properties in order.
    pub fn iter(&self) -> impl Iterator<Item = &Property> {
        self.0.iter()
    }

    /// The User Properties, in order.
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter_map(|property| match property {
            Property::UserProperty(name, value) => Some((name.as_str(), value.as_str())),
            _ => None,
        })
    }

    /// The Subscription Identifiers: one for each matching subscription that has one.
    pub fn subscription_identifiers(&self) -> impl Iterator<Item = SubscriptionIdentifier> {
        self.iter().filter_map(|property| match property {
            Property::SubscriptionIdentifier(id) => Some(*id),
            _ => None,
        })
    }

    /// What the codec takes.
    pub(crate) fn borrow(&self) -> Result<Vec<proto::Property<'_>>, TopicError> {
        self.0.iter().map(Property::borrow).collect()
    }

    /// The bytes that the values take, about.
    pub(crate) fn size(&self) -> usize {
        self.iter()
            .map(|property| match property {
                Property::ContentType(text)
                | Property::ResponseTopic(text)
                | Property::AssignedClientIdentifier(text)
                | Property::AuthenticationMethod(text)
                | Property::ResponseInformation(text)
                | Property::ServerReference(text)
                | Property::ReasonString(text) => 3 + text.len(),
                Property::UserProperty(name, value) => 5 + name.len() + value.len(),
                Property::CorrelationData(data) | Property::AuthenticationData(data) => {
                    3 + data.len()
                }
                _ => 5,
            })
            .sum()
    }
}

/// Accessors for what the application meets; all else is found with `iter`.
macro_rules! accessors {
    ($($name:ident: $variant:ident -> $type:ty = $convert:expr,)*) => {
        impl Properties {
            $(
                #[doc = concat!("The value of [`Property::", stringify!($variant), "`]; `None` when it is absent.")]
                #[must_use]
                pub fn $name(&self) -> Option<$type> {
                    self.iter().find_map(|property| match property {
                        Property::$variant(value) => Some($convert(value)),
                        _ => None,
                    })
                }
            )*
        }
    };
}

accessors! {
    payload_format_indicator: PayloadFormatIndicator -> bool = bool::clone,
    message_expiry_interval: MessageExpiryInterval -> u32 = u32::clone,
    content_type: ContentType -> &str = String::as_str,
    response_topic: ResponseTopic -> &str = String::as_str,
    correlation_data: CorrelationData -> &Bytes = std::convert::identity,
    session_expiry_interval: SessionExpiryInterval -> u32 = u32::clone,
    assigned_client_identifier: AssignedClientIdentifier -> &str = String::as_str,
    response_information: ResponseInformation -> &str = String::as_str,
    server_reference: ServerReference -> &str = String::as_str,
    reason_string: ReasonString -> &str = String::as_str,
}

impl From<proto::Properties<'_>> for Properties {
    fn from(properties: proto::Properties<'_>) -> Self {
        Self(properties.iter().map(Property::from).collect())
    }
}

impl FromIterator<Property> for Properties {
    fn from_iter<I: IntoIterator<Item = Property>>(properties: I) -> Self {
        Self(properties.into_iter().collect())
    }
}

impl IntoIterator for Properties {
    type Item = Property;
    type IntoIter = std::vec::IntoIter<Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
