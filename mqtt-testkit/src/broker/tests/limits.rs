//! A stingy broker, and a stingy client.

use super::*;

fn connack_of(options: BrokerOptions) -> (Trace, Received) {
    let mut t = Trace::new(options);
    t.dial("a", &Connect::new(Version::V5, "a"));
    let received = t.receive("a").unwrap();
    (t, received)
}

fn properties<'a>(received: &'a Received) -> Properties<'a> {
    let Packet::ConnAck(connack) = received.packet() else {
        panic!("{received:?}")
    };
    connack.properties
}

#[test]
fn a_generous_broker_announces_topic_aliases_only() {
    let (_, received) = connack_of(BrokerOptions::default());
    assert_eq!(
        properties(&received),
        Sequence::new(&[Property::TopicAliasMaximum(16)])
    );
}

/// [MQTT-3.2.2-9], [MQTT-3.2.2-10], [MQTT-3.2.2-12]
#[test]
fn a_maximum_qos_is_announced_granted_and_insisted_on() {
    let options = BrokerOptions {
        maximum_qos: QoS::AtLeastOnce,
        ..BrokerOptions::default()
    };
    let (mut t, received) = connack_of(options);
    assert_eq!(properties(&received).maximum_qos(), Some(QoS::AtLeastOnce));
    let subscriptions = [Subscription::new(
        TopicFilter::new("t").unwrap(),
        QoS::ExactlyOnce,
    )];
    t.send("a", &subscribe(1, &subscriptions, &[]));
    t.expect("a", &suback(1, &[ReasonCode::GrantedQoS1]));
    t.send("a", &publish(exactly_once(2), "t", "x"));
    t.expect("a", &disconnect(ReasonCode::QoSNotSupported));
    t.expect_closed("a");
}

/// [MQTT-3.2.2-13]
#[test]
fn without_retained_messages_the_flag_ends_the_connection() {
    let options = BrokerOptions {
        retain_available: false,
        ..BrokerOptions::default()
    };
    let (mut t, received) = connack_of(options);
    assert_eq!(properties(&received).retain_available(), Some(false));
    t.send("a", &publish_retained(Delivery::AtMostOnce, "t", "x"));
    t.expect("a", &disconnect(ReasonCode::RetainNotSupported));
    t.expect_closed("a");
}

#[test]
fn a_packet_that_is_too_large_ends_the_connection() {
    let options = BrokerOptions {
        maximum_packet_size: 64.try_into().ok(),
        ..BrokerOptions::default()
    };
    let (mut t, received) = connack_of(options);
    assert_eq!(
        properties(&received).maximum_packet_size(),
        64.try_into().ok()
    );
    // Its size is enough to tell.
    t.send_bytes("a", &[0x30, 63]);
    t.expect("a", &disconnect(ReasonCode::PacketTooLarge));
    t.expect_closed("a");
}

#[test]
fn more_at_once_than_the_receive_maximum_ends_the_connection() {
    let options = BrokerOptions {
        receive_maximum: 2.try_into().unwrap(),
        ..BrokerOptions::default()
    };
    let (mut t, received) = connack_of(options);
    assert_eq!(properties(&received).receive_maximum(), 2.try_into().ok());
    let nobody = |packet_id| Ack::new(id(packet_id), ReasonCode::NoMatchingSubscribers);
    t.send("a", &publish(exactly_once(1), "t", "x"));
    t.expect("a", &Packet::PubRec(nobody(1)));
    t.send("a", &publish(at_least_once(2), "t", "x"));
    t.expect("a", &Packet::PubAck(nobody(2)));
    t.send("a", &publish(at_least_once(3), "t", "x"));
    // PUBREC gives no place free, nor does an acknowledgement that was not sent yet.
    t.send("a", &publish(at_least_once(4), "t", "x"));
    t.expect("a", &disconnect(ReasonCode::ReceiveMaximumExceeded));
    t.expect_closed("a");
}

#[test]
fn the_receive_maximum_does_not_bind_who_cannot_know_it() {
    let options = BrokerOptions {
        receive_maximum: 1.try_into().unwrap(),
        ..Default::default()
    };
    let mut t = Trace::new(options);
    t.connect("old", Version::V3_1_1);
    for packet_id in [1, 2, 3] {
        t.send("old", &publish(exactly_once(packet_id), "t", "x"));
    }
    for packet_id in [1, 2, 3] {
        t.expect("old", &pubrec(packet_id));
    }
}

#[test]
fn who_cannot_say_how_many_it_takes_is_sent_a_few() {
    let options = BrokerOptions {
        in_flight_maximum: 1.try_into().unwrap(),
        ..Default::default()
    };
    let mut t = Trace::new(options);
    t.connect("old", Version::V3_1_1);
    t.subscribe("old", "t", QoS::AtLeastOnce);
    for packet_id in [1, 2] {
        t.send("old", &publish(at_least_once(packet_id), "t", "x"));
        t.expect("old", &puback(packet_id));
        if packet_id == 1 {
            t.expect("old", &publish(at_least_once(1), "t", "x"));
        }
    }
    t.expect_nothing("old");
    t.send("old", &puback(1));
    t.expect("old", &publish(at_least_once(2), "t", "x"));
}

#[test]
fn subscriptions_that_are_not_supported_are_refused_one_by_one() {
    let options = BrokerOptions {
        wildcard_subscription_available: false,
        shared_subscription_available: false,
        forbidden: vec!["secret/#".to_owned()],
        ..BrokerOptions::default()
    };
    let (mut t, received) = connack_of(options);
    assert_eq!(
        properties(&received).wildcard_subscription_available(),
        Some(false)
    );
    assert_eq!(
        properties(&received).shared_subscription_available(),
        Some(false)
    );
    let subscriptions = ["a/+", "$share/g/t", "secret/plan", "t"]
        .map(|filter| Subscription::new(TopicFilter::new(filter).unwrap(), QoS::AtMostOnce));
    t.send("a", &subscribe(1, &subscriptions, &[]));
    t.expect(
        "a",
        &suback(
            1,
            &[
                ReasonCode::WildcardSubscriptionsNotSupported,
                ReasonCode::SharedSubscriptionsNotSupported,
                ReasonCode::NotAuthorized,
                ReasonCode::Success,
            ],
        ),
    );
}

#[test]
fn subscription_identifiers_that_are_not_supported_end_the_connection() {
    let options = BrokerOptions {
        subscription_identifier_available: false,
        ..BrokerOptions::default()
    };
    let (mut t, _) = connack_of(options);
    let one = mqtt_proto::SubscriptionIdentifier::new(1).unwrap();
    let subscriptions = [Subscription::new(
        TopicFilter::new("t").unwrap(),
        QoS::AtMostOnce,
    )];
    t.send(
        "a",
        &subscribe(1, &subscriptions, &[Property::SubscriptionIdentifier(one)]),
    );
    t.expect(
        "a",
        &disconnect(ReasonCode::SubscriptionIdentifiersNotSupported),
    );
    t.expect_closed("a");
}

/// [MQTT-4.3.3-9]
#[test]
fn a_forbidden_topic_refuses_the_message_and_no_more() {
    let options = || BrokerOptions {
        forbidden: vec!["secret/#".to_owned()],
        ..Default::default()
    };
    let (mut t, _) = connack_of(options());
    t.send("a", &publish(at_least_once(1), "secret/plan", "x"));
    t.expect(
        "a",
        &Packet::PubAck(Ack::new(id(1), ReasonCode::NotAuthorized)),
    );
    t.send("a", &publish(exactly_once(2), "secret/plan", "x"));
    t.expect(
        "a",
        &Packet::PubRec(Ack::new(id(2), ReasonCode::NotAuthorized)),
    );
    t.send("a", &pubrel(2));
    t.expect(
        "a",
        &Packet::PubComp(Ack::new(id(2), ReasonCode::PacketIdentifierNotFound)),
    );

    // 3.1.1 has no way to say so.
    t.connect("old", Version::V3_1_1);
    t.send("old", &publish(at_least_once(1), "secret/plan", "x"));
    t.expect("old", &puback(1));
    let subscriptions = [Subscription::new(
        TopicFilter::new("secret/#").unwrap(),
        QoS::AtMostOnce,
    )];
    t.send("old", &subscribe(1, &subscriptions, &[]));
    t.expect("old", &suback(1, &[ReasonCode::UnspecifiedError]));
}

/// [MQTT-3.1.2-24], [MQTT-3.1.2-25]
#[test]
fn what_is_too_large_for_the_client_is_not_sent_and_not_kept() {
    let mut t = Trace::generous();
    let maximum = [Property::MaximumPacketSize(20.try_into().unwrap())];
    let mut connect = Connect::new(Version::V5, "a");
    connect.properties = Sequence::new(&maximum);
    t.connect_as("a", &connect, false);
    t.connect("b", Version::V5);
    t.subscribe("a", "t", QoS::AtLeastOnce);
    t.send(
        "b",
        &publish(at_least_once(1), "t", "more than twenty bytes of it"),
    );
    t.send("b", &publish(at_least_once(2), "t", "little"));
    t.expect("a", &publish(at_least_once(1), "t", "little"));
    assert_eq!(t.broker.queued("a"), 1);
}
