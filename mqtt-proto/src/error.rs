use core::fmt;

use crate::{PacketType, PropertyId, ReasonCode, TopicErrorKind};

/// What is wrong with bytes that are not a packet, and where: a fault of the peer's.
///
/// After it the stream has no meaning any more: a Server may still answer a CONNECT with
/// a CONNACK, both ends may send a 5.0 DISCONNECT, with
/// [`reason_code`](Self::reason_code); then the Network Connection is closed [MQTT-4.13.1-1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// The byte, counted from the start of the packet, where it is wrong.
    pub offset: usize,
}

/// Declares the kinds with their reason codes and words, from one list.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $name:ident $(($value:ident: $type:ty))? $reason:ident $text:literal,
    )*) => {
        /// The kinds of [`DecodeError`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum DecodeErrorKind {
            $($(#[$doc])* $name $(($type))?,)*
        }

        impl DecodeErrorKind {
            /// The reason code that MQTT 5.0 gives this error, for a DISCONNECT or CONNACK.
            #[must_use]
            pub const fn reason_code(self) -> ReasonCode {
                match self {
                    $(Self::$name { .. } => ReasonCode::$reason,)*
                }
            }
        }

        impl fmt::Display for DecodeErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name $(($value))? => write!(f, $text),)*
                }
            }
        }
    };
}

kinds! {
    /// A packet type that the version does not have: 0, and in 3.1.1 also 15.
    UnknownPacketType(value: u8) MalformedPacket "packet type {value} does not exist in this version",
    /// A packet that only the other side may send.
    PacketOfOtherSide(packet: PacketType) ProtocolError "{packet:?} may not come from this side",
    /// Reserved bits of the fixed header that are not as they must be [MQTT-2.1.3-1].
    ReservedFlags(packet: PacketType) MalformedPacket "reserved flags of {packet:?} are wrong",
    /// A QoS of 3, in a PUBLISH [MQTT-3.3.1-4] or a Will [MQTT-3.1.2-12].
    InvalidQoS MalformedPacket "QoS is 3",
    /// DUP in a PUBLISH of QoS 0 [MQTT-3.3.1-2].
    DupAtQoS0 MalformedPacket "DUP is set at QoS 0",
    /// A Variable Byte Integer of more than four bytes.
    MalformedVariableByteInteger MalformedPacket "variable byte integer is longer than four bytes",
    /// A Variable Byte Integer in more bytes than it needs [MQTT-1.5.5-1]; in 3.1.1 a Remaining
    /// Length outside of what table 2.4 has for its size.
    NonMinimalVariableByteInteger MalformedPacket "variable byte integer takes more bytes than it needs",
    /// The packet is larger than the Maximum Packet Size.
    PacketTooLarge PacketTooLarge "packet is larger than the maximum packet size",
    /// A packet, other than a PUBLISH, of more bytes than there is room in `scratch`.
    ScratchTooSmall(needed: u32) PacketTooLarge "packet needs {needed} bytes of scratch",
    /// A field that goes on beyond the end of the packet, or of the properties.
    Truncated MalformedPacket "field does not fit into the packet",
    /// Bytes after the last field.
    TrailingBytes MalformedPacket "bytes follow the last field",
    /// A string that is not UTF-8 [MQTT-1.5.4-1].
    InvalidUtf8 MalformedPacket "string is not UTF-8",
    /// A string with U+0000 [MQTT-1.5.4-2].
    NulInString MalformedPacket "string contains U+0000",
    /// A Packet Identifier of 0 [MQTT-2.2.1-3].
    PacketIdZero ProtocolError "packet identifier is 0",
    /// A topic name that is not one. (Topic Name invalid, 0x90, is for one that is correctly formed
    /// and not accepted: section 3.14.2.1.)
    TopicName(kind: TopicErrorKind) MalformedPacket "topic name: {kind}",
    /// A topic filter that is not one. (Topic Filter invalid, 0x8F, is for one that is correctly
    /// formed and not accepted: sections 3.9.3 and 3.14.2.1.)
    TopicFilter(kind: TopicErrorKind) MalformedPacket "topic filter: {kind}",
    /// A PUBLISH with neither topic name nor Topic Alias (section 3.3.2.1).
    MissingTopic ProtocolError "neither topic name nor topic alias",
    /// A Topic Alias of 0 or above the Topic Alias Maximum [MQTT-3.3.2-8], [MQTT-3.3.2-9], [MQTT-3.3.2-11].
    TopicAliasInvalid(alias: u16) TopicAliasInvalid "topic alias {alias} is out of range",
    /// A Topic Alias that stands for nothing yet (section 3.3.4).
    TopicAliasUnknown(alias: u16) ProtocolError "topic alias {alias} has no topic name yet",
    /// A Topic Alias whose topic name finds no room in `scratch`.
    TopicAliasNoRoom(alias: u16) QuotaExceeded "no room in scratch for the topic name of topic alias {alias}",
    /// An identifier that no property has (section 2.2.2.2).
    UnknownProperty(value: u32) MalformedPacket "property 0x{value:02X} does not exist",
    /// A property that this packet does not have (section 2.2.2.2).
    PropertyNotAllowed(id: PropertyId) MalformedPacket "property {id:?} does not belong to this packet",
    /// A property that only the other side may send in this packet.
    PropertyOfOtherSide(id: PropertyId) ProtocolError "property {id:?} may not come from this side",
    /// A property that may be there only once.
    PropertyRepeated(id: PropertyId) ProtocolError "property {id:?} is there twice",
    /// A value that the property may not have.
    PropertyValue(id: PropertyId) ProtocolError "value of property {id:?} is out of range",
    /// Authentication Data without an Authentication Method, in a CONNECT (section 3.1.2.11.10).
    AuthenticationDataWithoutMethod ProtocolError "authentication data without authentication method",
    /// An AUTH without an Authentication Method (section 3.15.2.2.2).
    MissingAuthenticationMethod ProtocolError "authentication method is missing",
    /// A reason code or return code that nobody, or only the other side, may send in this packet.
    InvalidReasonCode(value: u8) ProtocolError "reason code 0x{value:02X} is not one of this packet's from this side",
    /// A protocol name other than `MQTT` [MQTT-3.1.2-1], and not `MQIsdp` with the level of 3.1 (3).
    InvalidProtocolName UnsupportedProtocolVersion "protocol name is not MQTT",
    /// A version that is neither 3.1.1 (4) nor 5.0 (5), but for example 3.1 (3) [MQTT-3.1.2-2].
    UnsupportedProtocolVersion(level: u8) UnsupportedProtocolVersion "protocol version {level} is not supported",
    /// The reserved bit of the Connect Flags [MQTT-3.1.2-3].
    ReservedConnectFlag MalformedPacket "reserved connect flag is set",
    /// Will QoS or Will Retain without a Will [MQTT-3.1.2-11], [MQTT-3.1.2-13].
    WillFlagsWithoutWill ProtocolError "will QoS or will retain is set without a will",
    /// A password without a user name, which 3.1.1 has not [MQTT3-3.1.2-22].
    PasswordWithoutUserName MalformedPacket "password without user name",
    /// An empty Client Identifier without a Clean Session in 3.1.1 [MQTT3-3.1.3-8].
    EmptyClientId ClientIdentifierNotValid "client identifier is empty without clean session",
    /// Reserved bits of the Connect Acknowledge Flags [MQTT-3.2.2-1].
    ReservedConnAckFlags MalformedPacket "reserved connect acknowledge flags are set",
    /// A CONNACK of 3.1.1 with this return code (1 to 5) where one of 5.0 is due: a Server that
    /// does not know 5.0 refuses it so, with a 1.
    ConnAckOf3_1_1(return_code: u8) ProtocolError "refused with return code {return_code} of MQTT 3.1.1",
    /// Session Present in a CONNACK that refuses [MQTT-3.2.2-6].
    SessionPresentWithError ProtocolError "session present in a refusal",
    /// Reserved bits of the Subscription Options [MQTT-3.8.3-5].
    ReservedSubscriptionOptions MalformedPacket "reserved subscription options are set",
    /// A Maximum QoS of 3 in the Subscription Options (section 3.8.3.1) [MQTT3-3-8.3-4].
    InvalidMaximumQoS ProtocolError "maximum QoS of a subscription is 3",
    /// A Retain Handling of 3 (section 3.8.3.1).
    InvalidRetainHandling ProtocolError "retain handling is 3",
    /// No Local on a Shared Subscription [MQTT-3.8.3-4].
    NoLocalOnShared ProtocolError "no local on a shared subscription",
    /// A SUBSCRIBE, UNSUBSCRIBE or acknowledgement of them with nothing in it [MQTT-3.8.3-2], [MQTT-3.10.3-2].
    EmptyPayload ProtocolError "payload is empty",
}

impl DecodeError {
    /// The reason code that MQTT 5.0 gives this error, for a DISCONNECT or CONNACK.
    #[must_use]
    pub const fn reason_code(&self) -> ReasonCode {
        self.kind.reason_code()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {} of the packet)", self.kind, self.offset)
    }
}

/// Why a packet cannot be encoded: a fault of the caller's. Nothing has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too small.
    BufferTooSmall {
        /// The bytes that the packet needs.
        needed: usize,
    },
    /// More than a Variable Byte Integer can count.
    PacketTooLarge,
    /// A string or binary value of more than 65,535 bytes.
    StringTooLong,
    /// A string that contains U+0000 [MQTT-1.5.4-2].
    NulInString,
    /// The property is not one of this packet's.
    PropertyNotAllowed(PropertyId),
    /// The property may be there only once.
    PropertyRepeated(PropertyId),
    /// A value that the property may not have.
    PropertyValue(PropertyId),
    /// The reason code is not one of this packet's.
    ReasonCodeNotAllowed(ReasonCode),
    /// Neither Client nor Server may send a packet of which one part is the Client's alone, another the Server's.
    NobodyMaySend,
    /// 3.1.1 has nothing like it (a property, a reason code, an option, an AUTH packet).
    NotInVersion,
    /// A PUBLISH with neither topic name nor Topic Alias.
    MissingTopic,
    /// A password without a user name, which 3.1.1 has not [MQTT3-3.1.2-22].
    PasswordWithoutUserName,
    /// An empty Client Identifier without a Clean Session in 3.1.1 [MQTT3-3.1.3-7].
    EmptyClientId,
    /// Session Present in a CONNACK that refuses [MQTT-3.2.2-6].
    SessionPresentWithError,
    /// Authentication Data without an Authentication Method, in a CONNECT.
    AuthenticationDataWithoutMethod,
    /// An AUTH without an Authentication Method.
    MissingAuthenticationMethod,
    /// No Local on a Shared Subscription [MQTT-3.8.3-4].
    NoLocalOnShared,
    /// A `$share` filter, taken from 3.1.1, that 5.0 does not allow [MQTT-4.8.2-1], [MQTT-4.8.2-2].
    IllFormedShare,
    /// A SUBSCRIBE, UNSUBSCRIBE or acknowledgement of them with nothing in it [MQTT-3.8.3-2], [MQTT-3.10.3-2].
    EmptyPayload,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { needed } => {
                write!(f, "buffer is too small: the packet needs {needed} bytes")
            }
            Self::PacketTooLarge => f.write_str("packet is larger than MQTT can express"),
            Self::StringTooLong => {
                f.write_str("string or binary value is longer than 65,535 bytes")
            }
            Self::NulInString => f.write_str("string contains U+0000"),
            Self::PropertyNotAllowed(id) => {
                write!(f, "property {id:?} does not belong to this packet")
            }
            Self::PropertyRepeated(id) => write!(f, "property {id:?} may be there only once"),
            Self::PropertyValue(id) => write!(f, "value of property {id:?} is out of range"),
            Self::ReasonCodeNotAllowed(reason) => {
                write!(f, "reason code {reason} does not belong to this packet")
            }
            Self::NobodyMaySend => {
                f.write_str("parts of the packet are for the client alone, others for the server")
            }
            Self::NotInVersion => f.write_str("MQTT 3.1.1 has nothing like it"),
            Self::MissingTopic => f.write_str("neither topic name nor topic alias"),
            Self::PasswordWithoutUserName => {
                f.write_str("password without user name in MQTT 3.1.1")
            }
            Self::EmptyClientId => {
                f.write_str("client identifier is empty without clean session in MQTT 3.1.1")
            }
            Self::SessionPresentWithError => f.write_str("session present in a refusal"),
            Self::AuthenticationDataWithoutMethod => {
                f.write_str("authentication data without authentication method")
            }
            Self::MissingAuthenticationMethod => f.write_str("authentication method is missing"),
            Self::NoLocalOnShared => f.write_str("no local on a shared subscription"),
            Self::IllFormedShare => {
                f.write_str("a share without a share name or without a topic filter after it")
            }
            Self::EmptyPayload => f.write_str("payload is empty"),
        }
    }
}

impl core::error::Error for DecodeError {}
impl core::error::Error for EncodeError {}
