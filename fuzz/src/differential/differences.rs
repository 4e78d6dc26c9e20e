//! The known differences, and the statement by which we are right in each.

use core::fmt;

use mqtt_proto::DecodeErrorKind as E;
use mqtt_proto::PacketType as T;
use mqtt_proto::{
    Connect, DecodeError, Delivery, Packet, Properties, PropertyId, Publish, ReasonCode, Version,
};

use super::peers::{MOUNTAIN_ROOM, Peer};

/// How a peer differs.
#[derive(Debug)]
pub(super) enum How<'a> {
    /// It takes what we refuse.
    Takes(Fault<'a>),
    /// It refuses what we take.
    Refuses(Packet<'a>),
    /// It writes another packet than it read: this, as we read it.
    Changes(Packet<'a>, Result<Packet<'a>, DecodeError>),
}

/// A packet that we refuse and a peer takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault<'a> {
    pub(super) error: DecodeError,
    /// All of the packet.
    pub(super) bytes: &'a [u8],
}

impl Fault<'_> {
    /// The type that the first byte names.
    fn packet(&self) -> Option<T> {
        T::from_u8(self.bytes[0] >> 4)
    }

    /// Whether what is wrong is that the packet ends.
    fn is_at_end(&self) -> bool {
        self.error.offset == self.bytes.len()
    }
}

/// A known difference.
pub(super) struct Difference {
    peer: Peer,
    version: Version,
    when: When,
    /// Why we are right.
    statement: &'static str,
}

enum When {
    Takes(fn(&Fault<'_>) -> bool),
    Refuses(fn(&Packet<'_>) -> bool),
    Changes(fn(&Packet<'_>, Result<Packet<'_>, DecodeError>) -> bool),
}

impl Difference {
    pub(super) fn explains(&self, peer: Peer, version: Version, how: &How<'_>) -> bool {
        self.peer == peer
            && self.version == version
            && match (&self.when, how) {
                (When::Takes(when), How::Takes(fault)) => {
                    when(fault) && crate::offsets::is_borne_out(fault.error, fault.bytes)
                }
                (When::Refuses(when), How::Refuses(packet)) => when(packet),
                (When::Changes(when), How::Changes(packet, again)) => when(packet, *again),
                _ => false,
            }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.when {
            When::Takes(_) => "takes",
            When::Refuses(_) => "refuses",
            When::Changes(_) => "changes",
        };
        let Self {
            peer,
            version,
            statement,
            ..
        } = self;
        write!(f, "{peer:?} {version} {how}: {statement}")
    }
}

/// Declares the table: a peer, its version, what it does and when, and the statement. What it takes
/// are errors of these kinds, in packets of these types, and where there is a function it holds.
macro_rules! differences {
    ($($peer:ident $version:ident $how:ident($($when:tt)+) => $statement:literal;)*) => {
        pub(super) const DIFFERENCES: &[Difference] = &[
            $(Difference {
                peer: Peer::$peer,
                version: Version::$version,
                when: when!($how $($when)+),
                statement: $statement,
            },)*
        ];
    };
}

macro_rules! when {
    (Takes $kind:pat, $packet:pat $(, $and:path)?) => {
        When::Takes(|fault| {
            matches!((fault.error.kind, fault.packet()), ($kind, Some($packet))) $(&& $and(fault))?
        })
    };
    ($how:ident $when:expr) => {
        When::$how($when)
    };
}

differences! {
    MqttBytes V3_1_1 Takes(E::ReservedFlags(_), _)
        => "[MQTT3-2.2.2-2] invalid flags close the connection";
    MqttBytes V3_1_1 Takes(E::DupAtQoS0, T::Publish)
        => "[MQTT3-3.3.1-2] DUP is 0 at QoS 0";
    MqttBytes V3_1_1 Takes(
        E::PacketIdZero,
        T::PubAck | T::PubRec | T::PubRel | T::PubComp | T::Subscribe | T::SubAck | T::Unsubscribe | T::UnsubAck
    ) => "[MQTT3-2.3.1-1] packet identifiers are not 0";
    MqttBytes V3_1_1 Takes(
        E::TrailingBytes,
        T::Connect | T::ConnAck | T::PubAck | T::PubRec | T::PubRel | T::PubComp | T::PingReq | T::PingResp | T::Disconnect
    ) => "sections 3.1 to 3.14: the Remaining Length is that of the fields";
    MqttBytes V3_1_1 Takes(E::ReservedConnectFlag, T::Connect)
        => "[MQTT3-3.1.2-3] the reserved connect flag is 0";
    MqttBytes V3_1_1 Takes(E::ReservedConnAckFlags, T::ConnAck)
        => "section 3.2.2.1: reserved connect acknowledge flags are 0";
    MqttBytes V3_1_1 Takes(E::SessionPresentWithError, T::ConnAck)
        => "[MQTT3-3.2.2-4] a refusal has no session present";
    MqttBytes V3_1_1 Takes(E::ReservedSubscriptionOptions, T::Subscribe)
        => "[MQTT3-3-8.3-4] reserved bits of the requested QoS are 0";
    MqttBytes V3_1_1 Takes(E::TopicName(_), T::Connect | T::Publish)
        => "[MQTT3-3.3.2-2] [MQTT3-4.7.3-1]: what a topic name is";
    MqttBytes V3_1_1 Takes(E::TopicFilter(_), T::Subscribe | T::Unsubscribe)
        => "[MQTT3-4.7.1-2] [MQTT3-4.7.1-3] [MQTT3-4.7.3-1]: what a topic filter is";
    MqttBytes V3_1_1 Takes(E::NulInString, T::Connect | T::Publish | T::Subscribe | T::Unsubscribe)
        => "[MQTT3-1.5.3-2] U+0000 closes the connection";
    MqttBytes V3_1_1 Takes(E::NonMinimalVariableByteInteger, _)
        => "section 2.2.3 of 3.1.1, table 2.4: two bytes are for 128 and above, and so on";
    MqttBytes V3_1_1 Takes(E::EmptyPayload, T::Subscribe | T::Unsubscribe)
        => "[MQTT3-3.8.3-3] [MQTT3-3.10.3-2] at least one filter";
    MqttBytes V3_1_1 Takes(E::EmptyClientId, T::Connect)
        => "[MQTT3-3.1.3-8] an empty client identifier is rejected without clean session";
    MqttBytes V3_1_1 Takes(E::PasswordWithoutUserName, T::Connect)
        => "[MQTT3-3.1.2-22] no password without a user name";
    MqttBytes V3_1_1 Refuses(|packet| matches!(packet, Packet::Connect(connect)
        if connect.password.is_some_and(|password| core::str::from_utf8(password).is_err())))
        => "section 3.1.3.5: a password is binary data";
    MqttBytes V3_1_1 Changes(forgets_empty_credentials)
        => "[MQTT3-3.1.2-19] [MQTT3-3.1.2-21] a user name or password that is there is so though it is empty";

    // Its fixed header is not compared: other parts of it look at the flags.
    ProtocolCore V3_1_1 Takes(E::ReservedFlags(_), _)
        => "[MQTT3-2.2.2-2] invalid flags close the connection";
    ProtocolCore V5 Takes(E::ReservedFlags(_), _)
        => "[MQTT-2.1.3-1] reserved flags have the value listed";
    ProtocolCore V3_1_1 Takes(E::NonMinimalVariableByteInteger, _)
        => "section 2.2.3 of 3.1.1, table 2.4: two bytes are for 128 and above, and so on";
    ProtocolCore V5 Takes(E::NonMinimalVariableByteInteger, _)
        => "[MQTT-1.5.5-1] the minimum number of bytes";
    ProtocolCore V3_1_1 Takes(E::NulInString, T::Connect | T::Publish | T::Subscribe | T::Unsubscribe)
        => "[MQTT3-1.5.3-2] U+0000 closes the connection";
    // All that have a string, of which most have it among their properties.
    ProtocolCore V5 Takes(E::NulInString, _)
        => "[MQTT-1.5.4-2] no string has U+0000";
    ProtocolCore V3_1_1 Takes(E::ReservedConnAckFlags, T::ConnAck)
        => "section 3.2.2.1: reserved connect acknowledge flags are 0";
    ProtocolCore V5 Takes(E::ReservedConnAckFlags, T::ConnAck)
        => "[MQTT-3.2.2-1] reserved connect acknowledge flags are 0";
    ProtocolCore V3_1_1 Takes(E::SessionPresentWithError, T::ConnAck)
        => "[MQTT3-3.2.2-4] a refusal has no session present";
    ProtocolCore V5 Takes(E::SessionPresentWithError, T::ConnAck)
        => "[MQTT-3.2.2-6] a refusal has no session present";
    ProtocolCore V3_1_1 Takes(E::DupAtQoS0, T::Publish)
        => "[MQTT3-3.3.1-2] DUP is 0 at QoS 0";
    ProtocolCore V5 Takes(E::DupAtQoS0, T::Publish)
        => "[MQTT-3.3.1-2] DUP is 0 at QoS 0";
    ProtocolCore V3_1_1 Takes(
        E::PacketIdZero,
        T::Publish | T::Subscribe | T::SubAck | T::Unsubscribe | T::UnsubAck
    ) => "[MQTT3-2.3.1-1] packet identifiers are not 0";
    ProtocolCore V5 Takes(
        E::PacketIdZero,
        T::Publish | T::Subscribe | T::SubAck | T::Unsubscribe | T::UnsubAck
    ) => "[MQTT-2.2.1-3] packet identifiers are not 0";
    // A reason code, as 5.0 has it.
    ProtocolCore V3_1_1 Takes(E::TrailingBytes, T::PubAck | T::PubRec | T::PubRel | T::PubComp)
        => "sections 3.4 to 3.7: the Remaining Length is 2";
    ProtocolCore V3_1_1 Takes(E::ReservedConnectFlag, T::Connect)
        => "[MQTT3-3.1.2-3] the reserved connect flag is 0";
    ProtocolCore V5 Takes(E::ReservedConnectFlag, T::Connect)
        => "[MQTT-3.1.2-3] the reserved connect flag is 0";
    ProtocolCore V3_1_1 Takes(E::ReservedSubscriptionOptions, T::Subscribe)
        => "[MQTT3-3-8.3-4] reserved bits of the requested QoS are 0";
    ProtocolCore V3_1_1 Takes(E::TopicName(_), T::Connect | T::Publish)
        => "[MQTT3-3.3.2-2] [MQTT3-4.7.3-1]: what a topic name is";
    ProtocolCore V5 Takes(E::TopicName(_), T::Connect | T::Publish)
        => "[MQTT-3.3.2-2] [MQTT-4.7.3-1]: what a topic name is";
    ProtocolCore V3_1_1 Takes(E::TopicFilter(_), T::Subscribe | T::Unsubscribe)
        => "[MQTT3-4.7.1-2] [MQTT3-4.7.1-3] [MQTT3-4.7.3-1]: what a topic filter is";
    ProtocolCore V5 Takes(E::TopicFilter(_), T::Subscribe | T::Unsubscribe)
        => "[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.8.2-1]: what a topic filter is";
    ProtocolCore V5 Takes(E::MissingAuthenticationMethod, T::Auth)
        => "section 3.15.2.2.2: an AUTH has a method, which one of no bytes has not";
    ProtocolCore V5 Takes(E::Truncated, T::Publish, Fault::is_at_end)
        => "[MQTT-2.2.2-1] where there are no properties their length is there, and 0";
    ProtocolCore V5 Takes(E::Truncated, T::Auth, Fault::is_at_end)
        => "[MQTT-2.2.2-1] section 3.15.2.1: the property length is left out with the reason code only";
    ProtocolCore V5 Takes(
        E::PropertyOfOtherSide(PropertyId::SessionExpiryInterval | PropertyId::ServerReference),
        T::Disconnect
    ) => "[MQTT-3.14.2-2] section 3.14.2.2.5: a Session Expiry Interval is the Client's, a Server Reference the Server's";
    ProtocolCore V5 Takes(E::MissingTopic, T::Publish)
        => "section 3.3.2.1: a topic name, or a topic alias that stands for it";
    ProtocolCore V3_1_1 Takes(E::WillFlagsWithoutWill, T::Connect)
        => "[MQTT3-3.1.2-13] [MQTT3-3.1.2-15] without a Will its QoS and Retain are 0";
    ProtocolCore V5 Takes(E::WillFlagsWithoutWill, T::Connect)
        => "[MQTT-3.1.2-11] [MQTT-3.1.2-13] without a Will its QoS and Retain are 0";
    ProtocolCore V3_1_1 Takes(E::InvalidQoS, T::Connect)
        => "[MQTT3-3.1.2-14] no Will QoS of 3";
    ProtocolCore V5 Takes(E::InvalidQoS, T::Connect)
        => "[MQTT-3.1.2-12] no Will QoS of 3";
    ProtocolCore V3_1_1 Takes(E::EmptyClientId, T::Connect)
        => "[MQTT3-3.1.3-8] an empty client identifier is rejected without clean session";
    ProtocolCore V5 Takes(E::PropertyRepeated(PropertyId::SubscriptionIdentifier), T::Subscribe)
        => "section 3.8.2.1.2: one subscription identifier in a SUBSCRIBE";
    ProtocolCore V5 Refuses(|packet| matches!(packet, Packet::Connect(connect)
        if connect.password.is_some() && connect.username.is_none()))
        => "section 3.1.2.9: 5.0 allows a password without a user name";
    ProtocolCore V5 Refuses(has_bad_authentication_method)
        => "section 2.4, table 2-6: 0x8C is a reason code of DISCONNECT";
    ProtocolCore V5 Takes(E::NoLocalOnShared, T::Subscribe)
        => "[MQTT-3.8.3-4] no No Local on a shared subscription";
    ProtocolCore V5 Takes(E::AuthenticationDataWithoutMethod, T::Connect)
        => "section 3.1.2.11.10: no authentication data without a method in a CONNECT";

    Mountain V5 Takes(E::ReservedFlags(_), _)
        => "[MQTT-2.1.3-1] reserved flags have the value listed";
    Mountain V5 Takes(E::DupAtQoS0, T::Publish)
        => "[MQTT-3.3.1-2] DUP is 0 at QoS 0";
    Mountain V5 Takes(E::NonMinimalVariableByteInteger, _)
        => "[MQTT-1.5.5-1] the minimum number of bytes";
    // All that have one.
    Mountain V5 Takes(E::PacketIdZero, _)
        => "[MQTT-2.2.1-3] packet identifiers are not 0";
    Mountain V5 Takes(E::SessionPresentWithError, T::ConnAck)
        => "[MQTT-3.2.2-6] a refusal has no session present";
    Mountain V5 Takes(E::TopicName(_), T::Connect | T::Publish)
        => "[MQTT-3.3.2-2] [MQTT-3.3.2-14] [MQTT-4.7.3-1]: what a topic name is";
    Mountain V5 Takes(E::TopicFilter(_), T::Subscribe | T::Unsubscribe)
        => "[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.8.2-1]: what a topic filter is";
    Mountain V5 Takes(E::MissingTopic, T::Publish)
        => "section 3.3.2.1: a topic name, or a topic alias that stands for it";
    Mountain V5 Takes(E::TopicAliasInvalid(0), T::Publish)
        => "[MQTT-3.3.2-8] a topic alias is not 0";
    Mountain V5 Takes(E::NoLocalOnShared, T::Subscribe)
        => "[MQTT-3.8.3-4] no No Local on a shared subscription";
    Mountain V5 Takes(E::MissingAuthenticationMethod, T::Auth)
        => "section 3.15.2.2.2: an AUTH has a method";
    Mountain V5 Takes(E::AuthenticationDataWithoutMethod, T::Connect)
        => "section 3.1.2.11.10: no authentication data without a method in a CONNECT";
    Mountain V5 Takes(
        E::PropertyOfOtherSide(PropertyId::SessionExpiryInterval | PropertyId::ServerReference),
        T::Disconnect
    ) => "[MQTT-3.14.2-2] section 3.14.2.2.5: a Session Expiry Interval is the Client's, a Server Reference the Server's";
    // All that have properties but UNSUBSCRIBE, which has User Properties alone.
    Mountain V5 Takes(E::PropertyRepeated(_), _)
        => "sections 3.1.2.11 to 3.15.2.2: but for User Properties, and the Subscription Identifiers of a PUBLISH, each once";
    Mountain V5 Takes(
        E::PropertyValue(
            PropertyId::PayloadFormatIndicator
            | PropertyId::RequestProblemInformation
            | PropertyId::RequestResponseInformation
            | PropertyId::ReceiveMaximum
            | PropertyId::MaximumPacketSize
        ),
        T::Connect
    ) => "sections 3.1.2.11.3 to 3.1.2.11.7 and 3.1.3.2.3: which values they have";
    Mountain V5 Takes(
        E::PropertyValue(
            PropertyId::ReceiveMaximum
            | PropertyId::MaximumQoS
            | PropertyId::RetainAvailable
            | PropertyId::MaximumPacketSize
            | PropertyId::WildcardSubscriptionAvailable
            | PropertyId::SubscriptionIdentifierAvailable
            | PropertyId::SharedSubscriptionAvailable
        ),
        T::ConnAck
    ) => "sections 3.2.2.3.3 to 3.2.2.3.13: which values they have";
    Mountain V5 Takes(
        E::PropertyValue(PropertyId::PayloadFormatIndicator | PropertyId::SubscriptionIdentifier),
        T::Publish
    ) => "sections 3.3.2.3.2 and 3.3.2.3.8: which values they have";
    Mountain V5 Takes(E::PropertyValue(PropertyId::SubscriptionIdentifier), T::Subscribe)
        => "section 3.8.2.1.2: a subscription identifier is not 0";
    // It reads a property to its end wherever the properties end.
    Mountain V5 Takes(E::Truncated, _)
        => "section 2.2.2.1: the property length is that of the properties";
    Mountain V5 Refuses(has_no_room_at_mountain)
        => "nothing limits how many properties, filters or reason codes there are";
    Mountain V5 Refuses(has_bad_authentication_method)
        => "section 2.4, table 2-6: 0x8C is a reason code of DISCONNECT";
    Mountain V5 Changes(|packet, again| again == Ok(at_qos_1(packet)))
        => "section 3.3.1.2: QoS 2 is not QoS 1";
}

fn has_bad_authentication_method(packet: &Packet<'_>) -> bool {
    matches!(packet, Packet::Disconnect(disconnect)
        if disconnect.reason == ReasonCode::BadAuthenticationMethod)
}

/// mqttbytes leaves out an empty user name, an empty password.
fn forgets_empty_credentials(packet: &Packet<'_>, again: Result<Packet<'_>, DecodeError>) -> bool {
    let Packet::Connect(connect) = packet else {
        return false;
    };
    let remembered = Connect {
        username: connect.username.filter(|name| !name.is_empty()),
        password: connect.password.filter(|password| !password.is_empty()),
        ..*connect
    };
    match again {
        Ok(again) => again == Packet::Connect(remembered),
        Err(error) => {
            error.kind == E::PasswordWithoutUserName
                && remembered.password.is_some()
                && remembered.username.is_none()
        }
    }
}

/// mountain-mqtt takes a PUBLISH of QoS 2 for one of QoS 1.
fn at_qos_1<'a>(packet: &Packet<'a>) -> Packet<'a> {
    let mut packet = *packet;
    if let Packet::Publish(Publish { head, .. }) = &mut packet
        && let Delivery::ExactlyOnce { packet_id, dup } = head.delivery
    {
        head.delivery = Delivery::AtLeastOnce { packet_id, dup };
    }
    packet
}

fn has_no_room_at_mountain(packet: &Packet<'_>) -> bool {
    let too_many = |properties: Properties<'_>| properties.iter().count() > MOUNTAIN_ROOM;
    // The first is apart.
    let too_long = |list: usize| list > MOUNTAIN_ROOM + 1;
    match packet {
        Packet::Connect(connect) => {
            too_many(connect.properties)
                || connect.will.is_some_and(|will| too_many(will.properties))
        }
        Packet::ConnAck(connack) => too_many(connack.properties),
        Packet::Publish(publish) => too_many(publish.head.properties),
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            too_many(ack.properties)
        }
        Packet::Subscribe(subscribe) => {
            too_many(subscribe.properties) || too_long(subscribe.subscriptions.iter().count())
        }
        Packet::SubAck(ack) | Packet::UnsubAck(ack) => {
            too_many(ack.properties) || too_long(ack.reasons.iter().count())
        }
        Packet::Unsubscribe(unsubscribe) => {
            too_many(unsubscribe.properties) || too_long(unsubscribe.filters.iter().count())
        }
        Packet::Disconnect(disconnect) => too_many(disconnect.properties),
        Packet::Auth(auth) => too_many(auth.properties),
        Packet::PingReq | Packet::PingResp => false,
    }
}
