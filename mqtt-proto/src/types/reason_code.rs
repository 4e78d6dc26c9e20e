use core::fmt;

/// Declares the enum and what goes through all of it, from one list.
macro_rules! reason_codes {
    ($($value:literal $name:ident $text:literal,)*) => {
        /// The result of an operation, as MQTT 5.0 numbers them (section 2.4).
        ///
        /// Below 0x80 it is a success. The return codes of 3.1.1 are mapped to the
        /// reason codes that say the same.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[repr(u8)]
        pub enum ReasonCode {
            $(
                #[doc = $text]
                $name = $value,
            )*
        }

        impl ReasonCode {
            /// Every reason code, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason code of a byte; `None` where the specification defines none.
            #[must_use]
            pub const fn from_u8(value: u8) -> Option<Self> {
                match value {
                    $($value => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The name that the specification gives it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reason_codes! {
    0x00 Success "Success",
    0x01 GrantedQoS1 "Granted QoS 1",
    0x02 GrantedQoS2 "Granted QoS 2",
    0x04 DisconnectWithWillMessage "Disconnect with Will Message",
    0x10 NoMatchingSubscribers "No matching subscribers",
    0x11 NoSubscriptionExisted "No subscription existed",
    0x18 ContinueAuthentication "Continue authentication",
    0x19 ReAuthenticate "Re-authenticate",
    0x80 UnspecifiedError "Unspecified error",
    0x81 MalformedPacket "Malformed Packet",
    0x82 ProtocolError "Protocol Error",
    0x83 ImplementationSpecificError "Implementation specific error",
    0x84 UnsupportedProtocolVersion "Unsupported Protocol Version",
    0x85 ClientIdentifierNotValid "Client Identifier not valid",
    0x86 BadUserNameOrPassword "Bad User Name or Password",
    0x87 NotAuthorized "Not authorized",
    0x88 ServerUnavailable "Server unavailable",
    0x89 ServerBusy "Server busy",
    0x8A Banned "Banned",
    0x8B ServerShuttingDown "Server shutting down",
    0x8C BadAuthenticationMethod "Bad authentication method",
    0x8D KeepAliveTimeout "Keep Alive timeout",
    0x8E SessionTakenOver "Session taken over",
    0x8F TopicFilterInvalid "Topic Filter invalid",
    0x90 TopicNameInvalid "Topic Name invalid",
    0x91 PacketIdentifierInUse "Packet Identifier in use",
    0x92 PacketIdentifierNotFound "Packet Identifier not found",
    0x93 ReceiveMaximumExceeded "Receive Maximum exceeded",
    0x94 TopicAliasInvalid "Topic Alias invalid",
    0x95 PacketTooLarge "Packet too large",
    0x96 MessageRateTooHigh "Message rate too high",
    0x97 QuotaExceeded "Quota exceeded",
    0x98 AdministrativeAction "Administrative action",
    0x99 PayloadFormatInvalid "Payload format invalid",
    0x9A RetainNotSupported "Retain not supported",
    0x9B QoSNotSupported "QoS not supported",
    0x9C UseAnotherServer "Use another server",
    0x9D ServerMoved "Server moved",
    0x9E SharedSubscriptionsNotSupported "Shared Subscriptions not supported",
    0x9F ConnectionRateExceeded "Connection rate exceeded",
    0xA0 MaximumConnectTime "Maximum connect time",
    0xA1 SubscriptionIdentifiersNotSupported "Subscription Identifiers not supported",
    0xA2 WildcardSubscriptionsNotSupported "Wildcard Subscriptions not supported",
}

impl ReasonCode {
    /// The byte on the wire in MQTT 5.0.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// Whether the operation failed: 0x80 and above.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.as_u8() >= 0x80
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02X})", self.name(), self.as_u8())
    }
}
