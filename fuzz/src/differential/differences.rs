//! The known differences, and the statement by which we are right in each.

use mqtt_proto::DecodeErrorKind as E;
use mqtt_proto::{Packet, PropertyId, ReasonCode, Version};

use super::peers::Peer;

/// How a peer differs.
#[derive(Debug)]
pub(super) enum How<'a> {
    /// It takes a packet, of the type of this number, that we refuse with this error.
    Takes(E, u8),
    /// It refuses what we take.
    Refuses(Packet<'a>),
    /// It writes another packet than it read.
    Changes(Packet<'a>),
}

/// A known difference.
pub(super) struct Difference {
    peer: Peer,
    version: Version,
    when: When,
    /// Why we are right; for who reads the table.
    #[expect(dead_code, reason = "the table is read by people")]
    statement: &'static str,
}

enum When {
    Takes(fn(E, u8) -> bool),
    Refuses(fn(&Packet<'_>) -> bool),
    Changes(fn(&Packet<'_>) -> bool),
}

impl Difference {
    pub(super) fn explains(&self, peer: Peer, version: Version, how: &How<'_>) -> bool {
        self.peer == peer
            && self.version == version
            && match (&self.when, how) {
                (When::Takes(when), How::Takes(kind, packet)) => when(*kind, *packet),
                (When::Refuses(when), How::Refuses(packet)) => when(packet),
                (When::Changes(when), How::Changes(packet)) => when(packet),
                _ => false,
            }
    }
}

/// Declares the table: a peer, what it does, when, and the statement.
macro_rules! differences {
    ($($peer:ident $version:ident $how:ident $when:expr => $statement:literal;)*) => {
        pub(super) const DIFFERENCES: &[Difference] = &[
            $(Difference {
                peer: Peer::$peer,
                version: Version::$version,
                when: When::$how($when),
                statement: $statement,
            },)*
        ];
    };
}

differences! {
    MqttBytes V3_1_1 Takes |kind, _| matches!(kind, E::ReservedFlags(_))
        => "[MQTT3-2.2.2-2] invalid flags close the connection";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::DupAtQoS0
        => "[MQTT3-3.3.1-2] DUP is 0 at QoS 0";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::PacketIdZero
        => "[MQTT3-2.3.1-1] packet identifiers are not 0";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::TrailingBytes
        => "sections 3.2 to 3.14: the Remaining Length is that of the fields";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::ReservedConnectFlag
        => "[MQTT3-3.1.2-3] the reserved connect flag is 0";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::ReservedConnAckFlags
        => "section 3.2.2.1: reserved connect acknowledge flags are 0";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::SessionPresentWithError
        => "[MQTT3-3.2.2-4] a refusal has no session present";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::ReservedSubscriptionOptions
        => "[MQTT3-3-8.3-4] reserved bits of the requested QoS are 0";
    MqttBytes V3_1_1 Takes |kind, _| matches!(kind, E::TopicName(_) | E::TopicFilter(_))
        => "[MQTT3-3.3.2-2] [MQTT3-4.7.3-1] and others: what topic names and filters are";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::NulInString
        => "[MQTT3-1.5.3-2] U+0000 closes the connection";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::NonMinimalVariableByteInteger
        => "section 2.2.3 of 3.1.1, table 2.4: two bytes are for 128 and above, and so on";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::EmptyPayload
        => "[MQTT3-3.8.3-3] [MQTT3-3.10.3-2] at least one filter";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::EmptyClientId
        => "[MQTT3-3.1.3-8] an empty client identifier is rejected without clean session";
    MqttBytes V3_1_1 Takes |kind, _| kind == E::PasswordWithoutUserName
        => "[MQTT3-3.1.2-22] no password without a user name";
    MqttBytes V3_1_1 Refuses |packet| matches!(packet, Packet::Connect(connect)
        if connect.password.is_some_and(|password| core::str::from_utf8(password).is_err()))
        => "section 3.1.3.5: a password is binary data";

    MqttBytes V3_1_1 Changes |packet| matches!(packet, Packet::Connect(connect)
        if connect.username.is_some_and(str::is_empty) || connect.password.is_some_and(<[u8]>::is_empty))
        => "[MQTT3-3.1.2-19] [MQTT3-3.1.2-21] a user name or password that is there is so though it is empty";

    // Its fixed header is not compared: other parts of it look at the flags.
    ProtocolCore V3_1_1 Takes |kind, _| matches!(kind, E::ReservedFlags(_))
        => "[MQTT3-2.2.2-2] invalid flags close the connection";
    ProtocolCore V5 Takes |kind, _| matches!(kind, E::ReservedFlags(_))
        => "[MQTT-2.1.3-1] reserved flags have the value listed";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::NonMinimalVariableByteInteger
        => "section 2.2.3 of 3.1.1, table 2.4: two bytes are for 128 and above, and so on";
    ProtocolCore V5 Takes |kind, _| kind == E::NonMinimalVariableByteInteger
        => "[MQTT-1.5.5-1] the minimum number of bytes";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::NulInString
        => "[MQTT3-1.5.3-2] U+0000 closes the connection";
    ProtocolCore V5 Takes |kind, _| kind == E::NulInString
        => "[MQTT-1.5.4-2] no string has U+0000";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::ReservedConnAckFlags
        => "section 3.2.2.1: reserved connect acknowledge flags are 0";
    ProtocolCore V5 Takes |kind, _| kind == E::ReservedConnAckFlags
        => "[MQTT-3.2.2-1] reserved connect acknowledge flags are 0";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::SessionPresentWithError
        => "[MQTT3-3.2.2-4] a refusal has no session present";
    ProtocolCore V5 Takes |kind, _| kind == E::SessionPresentWithError
        => "[MQTT-3.2.2-6] a refusal has no session present";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::DupAtQoS0
        => "[MQTT3-3.3.1-2] DUP is 0 at QoS 0";
    ProtocolCore V5 Takes |kind, _| kind == E::DupAtQoS0
        => "[MQTT-3.3.1-2] DUP is 0 at QoS 0";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::PacketIdZero
        => "[MQTT3-2.3.1-1] packet identifiers are not 0";
    ProtocolCore V5 Takes |kind, _| kind == E::PacketIdZero
        => "[MQTT-2.2.1-3] packet identifiers are not 0";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::TrailingBytes
        => "sections 3.4 to 3.7: the Remaining Length is 2";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::ReservedConnectFlag
        => "[MQTT3-3.1.2-3] the reserved connect flag is 0";
    ProtocolCore V5 Takes |kind, _| kind == E::ReservedConnectFlag
        => "[MQTT-3.1.2-3] the reserved connect flag is 0";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::ReservedSubscriptionOptions
        => "[MQTT3-3-8.3-4] reserved bits of the requested QoS are 0";
    ProtocolCore V3_1_1 Takes |kind, _| matches!(kind, E::TopicName(_) | E::TopicFilter(_))
        => "[MQTT3-3.3.2-2] [MQTT3-4.7.3-1] and others: what topic names and filters are";
    ProtocolCore V5 Takes |kind, _| matches!(kind, E::TopicName(_) | E::TopicFilter(_))
        => "[MQTT-3.3.2-2] [MQTT-4.7.3-1] and others: what topic names and filters are";
    ProtocolCore V5 Takes |kind, packet| kind == E::MissingAuthenticationMethod && packet == 15
        => "section 3.15.2.2.2: an AUTH has a method, which one of no bytes has not";
    ProtocolCore V5 Takes |kind, packet| kind == E::Truncated && packet == 3
        => "[MQTT-2.2.2-1] where there are no properties their length is there, and 0";
    ProtocolCore V5 Takes |kind, packet| matches!(kind, E::PropertyOfOtherSide(_)) && packet == 14
        => "[MQTT-3.14.2-2] section 3.14.2.2.5: a Session Expiry Interval is the Client's, a Server Reference the Server's";
    ProtocolCore V5 Takes |kind, _| kind == E::MissingTopic
        => "section 3.3.2.1: a topic name, or a topic alias that stands for it";
    ProtocolCore V5 Takes |kind, packet| kind == E::Truncated && packet == 15
        => "[MQTT-2.2.2-1] section 3.15.2.1: the property length is left out with the reason code only";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::WillFlagsWithoutWill
        => "[MQTT3-3.1.2-13] [MQTT3-3.1.2-15] without a Will its QoS and Retain are 0";
    ProtocolCore V5 Takes |kind, _| kind == E::WillFlagsWithoutWill
        => "[MQTT-3.1.2-11] [MQTT-3.1.2-13] without a Will its QoS and Retain are 0";
    ProtocolCore V3_1_1 Takes |kind, packet| kind == E::InvalidQoS && packet == 1
        => "[MQTT3-3.1.2-14] no Will QoS of 3";
    ProtocolCore V5 Takes |kind, packet| kind == E::InvalidQoS && packet == 1
        => "[MQTT-3.1.2-12] no Will QoS of 3";
    ProtocolCore V3_1_1 Takes |kind, _| kind == E::EmptyClientId
        => "[MQTT3-3.1.3-8] an empty client identifier is rejected without clean session";
    ProtocolCore V5 Takes |kind, packet| kind == E::PropertyRepeated(PropertyId::SubscriptionIdentifier) && packet == 8
        => "section 3.8.2.1.2: one subscription identifier in a SUBSCRIBE";
    ProtocolCore V5 Refuses |packet| matches!(packet, Packet::Connect(connect)
        if connect.password.is_some() && connect.username.is_none())
        => "section 3.1.2.9: 5.0 allows a password without a user name";
    ProtocolCore V5 Refuses |packet| matches!(packet, Packet::Disconnect(disconnect)
        if disconnect.reason == ReasonCode::BadAuthenticationMethod)
        => "section 2.4, table 2-6: 0x8C is a reason code of DISCONNECT";
    ProtocolCore V5 Takes |kind, _| kind == E::NoLocalOnShared
        => "[MQTT-3.8.3-4] no No Local on a shared subscription";
    ProtocolCore V5 Takes |kind, packet| kind == E::AuthenticationDataWithoutMethod && packet == 1
        => "section 3.1.2.11.10: no authentication data without a method in a CONNECT";
}
