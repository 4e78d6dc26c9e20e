//! What an encoder refuses, a test for each kind of error.

use super::*;
use crate::wire::varint;
use crate::{PropertyId, SubscriptionIdentifier};

const LONG: &[u8] = &[b'a'; 65_536];

fn long() -> &'static str {
    core::str::from_utf8(LONG).unwrap()
}

#[track_caller]
fn refused(packet: Packet<'_>, version: Version, error: EncodeError) {
    let mut buf = [0xA5; 32];
    assert_eq!(packet.encoded_len(version), Err(error));
    assert_eq!(packet.encode(version, &mut buf), Err(error));
    assert_eq!(buf, [0xA5; 32], "nothing was written");
}

fn connect(change: impl FnOnce(&mut Connect<'static>)) -> Packet<'static> {
    let mut connect = Connect::new(Version::V5, "c");
    change(&mut connect);
    Packet::Connect(connect)
}

fn will(change: impl FnOnce(&mut Will<'static>)) -> Packet<'static> {
    let topic = TopicName::new("t").unwrap();
    let mut will = Will {
        topic,
        payload: b"",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: Properties::EMPTY,
    };
    change(&mut will);
    connect(|connect| connect.will = Some(will))
}

fn publish(properties: &'static [Property<'static>]) -> Packet<'static> {
    let head = PublishHead {
        delivery: Delivery::AtMostOnce,
        retain: false,
        topic: TopicName::new("t").ok(),
        properties: Properties::new(properties),
    };
    Packet::Publish(Publish { head, payload: b"" })
}

fn disconnect(reason: ReasonCode, properties: &'static [Property<'static>]) -> Packet<'static> {
    Packet::Disconnect(Disconnect {
        reason,
        properties: Properties::new(properties),
    })
}

fn subscribe(list: &'static [Subscription<'static>]) -> Packet<'static> {
    Packet::Subscribe(Subscribe {
        packet_id: ID,
        properties: Properties::EMPTY,
        subscriptions: Sequence::new(list),
    })
}

#[test]
fn sizes() {
    let Packet::Publish(Publish { head, .. }) = publish(&[]) else {
        panic!()
    };
    // Topic length and topic: three bytes; the fixed header: five.
    let most = varint::MAX as usize - 3;
    assert_eq!(head.encoded_len(Version::V3_1_1, most), Ok(8));
    assert_eq!(
        head.encoded_len(Version::V3_1_1, most + 1),
        Err(EncodeError::PacketTooLarge)
    );
    assert_eq!(
        head.encode(Version::V3_1_1, usize::MAX, &mut [0; 8]),
        Err(EncodeError::PacketTooLarge)
    );
    let needed = EncodeError::BufferTooSmall { needed: 8 };
    assert_eq!(head.encode(Version::V3_1_1, most, &mut [0; 7]), Err(needed));
}

#[test]
fn strings() {
    let too_long = EncodeError::StringTooLong;
    refused(
        connect(|connect| connect.client_id = long()),
        Version::V5,
        too_long,
    );
    refused(
        connect(|connect| connect.username = Some(long())),
        Version::V5,
        too_long,
    );
    refused(
        connect(|connect| connect.password = Some(LONG)),
        Version::V5,
        too_long,
    );
    refused(will(|will| will.payload = LONG), Version::V5, too_long);
    refused(
        publish(&[Property::CorrelationData(LONG)]),
        Version::V5,
        too_long,
    );
    // [MQTT-1.5.4-2]
    let nul = EncodeError::NulInString;
    refused(
        connect(|connect| connect.client_id = "\0"),
        Version::V5,
        nul,
    );
    refused(
        connect(|connect| connect.username = Some("a\0")),
        Version::V5,
        nul,
    );
    refused(publish(&[Property::ContentType("a\0b")]), Version::V5, nul);
    refused(
        publish(&[Property::UserProperty("\0", "")]),
        Version::V5,
        nul,
    );
    refused(
        publish(&[Property::UserProperty("", "\0")]),
        Version::V5,
        nul,
    );
}

#[test]
fn properties() {
    refused(
        publish(&[Property::ReceiveMaximum(core::num::NonZeroU16::MIN)]),
        Version::V5,
        EncodeError::PropertyNotAllowed(PropertyId::ReceiveMaximum),
    );
    refused(
        publish(&[Property::ContentType("a"), Property::ContentType("a")]),
        Version::V5,
        EncodeError::PropertyRepeated(PropertyId::ContentType),
    );
    let properties = Properties::new(&[Property::WillDelayInterval(1)]);
    let error = EncodeError::PropertyNotAllowed(PropertyId::WillDelayInterval);
    refused(
        connect(|connect| connect.properties = properties),
        Version::V5,
        error,
    );
    let properties = Properties::new(&[Property::SessionExpiryInterval(1)]);
    let error = EncodeError::PropertyNotAllowed(PropertyId::SessionExpiryInterval);
    refused(
        will(|will| will.properties = properties),
        Version::V5,
        error,
    );
    let connack = |session_present, reason, properties| {
        Packet::ConnAck(ConnAck {
            session_present,
            reason,
            properties: Properties::new(properties),
        })
    };
    refused(
        connack(
            false,
            ReasonCode::Success,
            &[Property::MaximumQoS(QoS::ExactlyOnce)],
        ),
        Version::V5,
        EncodeError::PropertyValue(PropertyId::MaximumQoS),
    );
    let data = Properties::new(&[Property::AuthenticationData(b"")]);
    refused(
        connect(|connect| connect.properties = data),
        Version::V5,
        EncodeError::AuthenticationDataWithoutMethod,
    );
    refused(
        connack(true, ReasonCode::Banned, &[]),
        Version::V5,
        EncodeError::SessionPresentWithError,
    );
    let auth = Packet::Auth(Auth {
        reason: ReasonCode::ContinueAuthentication,
        properties: Properties::EMPTY,
    });
    refused(auth, Version::V5, EncodeError::MissingAuthenticationMethod);
    let Packet::Publish(mut alone) = publish(&[]) else {
        panic!()
    };
    alone.head.topic = None;
    refused(
        Packet::Publish(alone),
        Version::V5,
        EncodeError::MissingTopic,
    );
}

#[test]
fn reason_codes_and_senders() {
    let ack = Ack::new(ID, ReasonCode::ServerBusy);
    refused(
        Packet::PubAck(ack),
        Version::V5,
        EncodeError::ReasonCodeNotAllowed(ReasonCode::ServerBusy),
    );
    // The reason code is a Server's, the property a Client's.
    let expiry = &[Property::SessionExpiryInterval(1)];
    refused(
        disconnect(ReasonCode::ServerBusy, expiry),
        Version::V5,
        EncodeError::NobodyMaySend,
    );
    let both = &[
        Property::SessionExpiryInterval(1),
        Property::ServerReference(""),
    ];
    refused(
        disconnect(ReasonCode::Success, both),
        Version::V5,
        EncodeError::NobodyMaySend,
    );
    let reasons = [ReasonCode::Success, ReasonCode::Banned];
    let suback = SubAck {
        packet_id: ID,
        properties: Properties::EMPTY,
        reasons: Sequence::from(&reasons),
    };
    refused(
        Packet::SubAck(suback),
        Version::V5,
        EncodeError::ReasonCodeNotAllowed(ReasonCode::Banned),
    );
}

#[test]
fn what_3_1_1_has_not() {
    let v3 = Version::V3_1_1;
    let id = Property::SubscriptionIdentifier(SubscriptionIdentifier::new(1).unwrap());
    let list = [Subscription::new(
        TopicFilter::new("a").unwrap(),
        QoS::AtMostOnce,
    )];
    let properties = [id];
    let packet = Subscribe {
        packet_id: ID,
        properties: Properties::from(&properties),
        subscriptions: Sequence::from(&list),
    };
    refused(Packet::Subscribe(packet), v3, EncodeError::NotInVersion);
    refused(
        disconnect(ReasonCode::DisconnectWithWillMessage, &[]),
        v3,
        EncodeError::NotInVersion,
    );
    refused(
        Packet::PubRec(Ack::new(ID, ReasonCode::NotAuthorized)),
        v3,
        EncodeError::NotInVersion,
    );
    let banned = ConnAck {
        session_present: false,
        reason: ReasonCode::Banned,
        properties: Properties::EMPTY,
    };
    refused(Packet::ConnAck(banned), v3, EncodeError::NotInVersion);
    let auth = Packet::Auth(Auth {
        reason: ReasonCode::Success,
        properties: Properties::EMPTY,
    });
    refused(auth, v3, EncodeError::NotInVersion);
    let reasons = [ReasonCode::Success];
    let unsuback = SubAck {
        packet_id: ID,
        properties: Properties::EMPTY,
        reasons: Sequence::from(&reasons),
    };
    refused(Packet::UnsubAck(unsuback), v3, EncodeError::NotInVersion);
    // [MQTT3-3.1.2-22] [MQTT3-3.1.3-7]
    let password = |version| {
        connect(|connect| {
            connect.version = version;
            connect.password = Some(b"");
        })
    };
    refused(password(v3), v3, EncodeError::PasswordWithoutUserName);
    assert!(
        password(Version::V5).encoded_len(v3).is_ok(),
        "the CONNECT's own version counts"
    );
    let nameless = connect(|connect| {
        connect.version = v3;
        connect.client_id = "";
        connect.clean_start = false;
    });
    refused(nameless, v3, EncodeError::EmptyClientId);
}

#[test]
fn subscriptions() {
    refused(subscribe(&[]), Version::V5, EncodeError::EmptyPayload);
    let unsubscribe = Unsubscribe {
        packet_id: ID,
        properties: Properties::EMPTY,
        filters: Sequence::EMPTY,
    };
    refused(
        Packet::Unsubscribe(unsubscribe),
        Version::V5,
        EncodeError::EmptyPayload,
    );
    let empty = SubAck {
        packet_id: ID,
        properties: Properties::EMPTY,
        reasons: Sequence::EMPTY,
    };
    refused(
        Packet::SubAck(empty),
        Version::V5,
        EncodeError::EmptyPayload,
    );
    refused(
        Packet::UnsubAck(empty),
        Version::V5,
        EncodeError::EmptyPayload,
    );
    // [MQTT-3.8.3-4]
    let mut shared = Subscription::new(TopicFilter::new("$share/g/a").unwrap(), QoS::AtMostOnce);
    shared.options.no_local = true;
    let list = [shared];
    let packet = Subscribe {
        packet_id: ID,
        properties: Properties::EMPTY,
        subscriptions: Sequence::from(&list),
    };
    refused(
        Packet::Subscribe(packet),
        Version::V5,
        EncodeError::NoLocalOnShared,
    );
}
