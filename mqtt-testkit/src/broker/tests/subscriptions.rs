//! Which messages go to whom (sections 3.8 and 4.7).

use mqtt_proto::{SubscriptionIdentifier, SubscriptionOptions};

use super::*;

fn filter(filter: &str) -> TopicFilter<'_> {
    TopicFilter::new(filter).unwrap()
}

fn numbered(value: u32) -> Property<'static> {
    Property::SubscriptionIdentifier(SubscriptionIdentifier::new(value).unwrap())
}

#[test]
fn wildcards_match_as_the_specification_says() {
    let mut t = Trace::generous();
    t.connect("a", Version::V3_1_1);
    for (pattern, topic, matches) in [
        ("sport/#", "sport", true),
        ("sport/+", "sport/tennis", true),
        ("sport/+", "sport/tennis/final", false),
        ("#", "$SYS/load", false),
        ("$SYS/#", "$SYS/load", true),
        ("+/b", "/b", true),
    ] {
        t.subscribe("a", pattern, QoS::AtMostOnce);
        t.send("a", &publish(Delivery::AtMostOnce, topic, "x"));
        if matches {
            t.expect("a", &publish(Delivery::AtMostOnce, topic, "x"));
        }
        t.expect_nothing("a");
        t.send("a", &unsubscribe(2, &[filter(pattern)]));
        t.expect("a", &unsuback(2, &[]));
    }
}

/// [MQTT-3.10.4-2]
#[test]
fn after_unsubscribe_nothing_comes() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.send("a", &unsubscribe(2, &[filter("t"), filter("t")]));
    t.expect(
        "a",
        &unsuback(2, &[ReasonCode::Success, ReasonCode::NoSubscriptionExisted]),
    );
    t.send("a", &publish(Delivery::AtMostOnce, "t", "x"));
    t.expect_nothing("a");
}

/// [MQTT-3.3.4-2], [MQTT-3.3.4-4]
#[test]
fn overlapping_subscriptions_give_one_copy_with_all_identifiers() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    let low = Subscription::new(filter("t/#"), QoS::AtMostOnce);
    let high = Subscription::new(filter("t/1"), QoS::AtLeastOnce);
    t.subscribe_with("a", low, &[numbered(1)]);
    t.subscribe_with("a", high, &[numbered(2)]);
    t.send("a", &publish(at_least_once(7), "t/1", "x"));
    t.expect("a", &puback(7));
    let both = [numbered(1), numbered(2)];
    // Identifiers come in the order of the filters.
    let reversed = [numbered(2), numbered(1)];
    let properties = if "t/#" < "t/1" { &both } else { &reversed };
    t.expect(
        "a",
        &publish_with(at_least_once(1), false, "t/1", "x", properties),
    );
    t.expect_nothing("a");
}

/// [MQTT-3.8.3-3]
#[test]
fn no_local_keeps_ones_own_messages_away() {
    let options = SubscriptionOptions {
        no_local: true,
        ..SubscriptionOptions::default()
    };
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect("b", Version::V5);
    t.subscribe_with(
        "a",
        Subscription {
            filter: filter("t"),
            options,
        },
        &[],
    );
    t.send("a", &publish(Delivery::AtMostOnce, "t", "mine"));
    t.send("b", &publish(Delivery::AtMostOnce, "t", "theirs"));
    t.expect("a", &publish(Delivery::AtMostOnce, "t", "theirs"));
    t.expect_nothing("a");
}

/// [MQTT-3.8.4-3]
#[test]
fn the_same_filter_again_replaces_its_subscription() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.subscribe("a", "t", QoS::ExactlyOnce);
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.send("a", &publish(at_least_once(7), "t", "x"));
    t.expect("a", &puback(7));
    t.expect("a", &publish(Delivery::AtMostOnce, "t", "x"));
    t.expect_nothing("a");
}

#[test]
fn a_shared_subscription_takes_turns_among_those_who_are_there() {
    let mut t = Trace::generous();
    for name in ["a", "b", "c"] {
        t.connect_as(name, &persistent(Version::V5, name), false);
        t.subscribe(name, "$share/group/t", QoS::AtLeastOnce);
    }
    t.connect("p", Version::V5);
    for name in ["a", "b", "c", "a"] {
        t.send("p", &publish(Delivery::AtMostOnce, "t", name));
        t.expect(name, &publish(Delivery::AtMostOnce, "t", name));
    }
    t.cut("b");
    t.send("p", &publish(Delivery::AtMostOnce, "t", "not to b"));
    t.expect("c", &publish(Delivery::AtMostOnce, "t", "not to b"));
    t.cut("a");
    t.cut("c");
    // [MQTT-4.8.2-4]: when nobody is there, one of them gets it later.
    t.send("p", &publish(at_least_once(1), "t", "later"));
    let queued = ["a", "b", "c"].map(|name| t.broker.queued(name));
    assert_eq!(queued, [1, 0, 0]);
}

/// [MQTT-3.8.3-4]
#[test]
fn no_local_on_a_shared_subscription_ends_the_connection() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.send_bytes("a", b"\x82\x10\x00\x01\x00\x00\x0a$share/g/t\x04");
    t.expect("a", &disconnect(ReasonCode::ProtocolError));
    t.expect_closed("a");
}

/// 3.1.1 lets a Client ask for it, and a Server say no.
#[test]
fn what_begins_like_a_share_and_is_none_is_not_granted() {
    let mut t = Trace::generous();
    t.connect("a", Version::V3_1_1);
    t.send_bytes("a", b"\x82\x0D\x00\x01\x00\x08$share//\x01");
    let packet = t.receive("a").expect("a SUBACK");
    let Packet::SubAck(suback) = packet.packet() else {
        panic!("{packet:?}")
    };
    let reasons: Vec<ReasonCode> = suback.reasons.iter().collect();
    assert_eq!(reasons, [ReasonCode::UnspecifiedError]);
}

/// [MQTT-3.3.2-4], [MQTT-3.3.2-15], [MQTT-3.3.2-16], [MQTT-3.3.2-17], [MQTT-3.3.2-18], [MQTT-3.3.2-20]
#[test]
fn the_properties_of_a_message_are_forwarded_as_they_are() {
    let properties = [
        Property::PayloadFormatIndicator(true),
        Property::ContentType("text/plain"),
        Property::ResponseTopic(TopicName::new("answers").unwrap()),
        Property::CorrelationData(b"42"),
        Property::UserProperty("b", "1"),
        Property::UserProperty("a", "2"),
        Property::UserProperty("b", "1"),
    ];
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect("old", Version::V3_1_1);
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.subscribe("old", "t", QoS::AtMostOnce);
    let message = publish_with(Delivery::AtMostOnce, false, "t", "x", &properties);
    t.send("a", &message);
    t.expect("a", &message);
    t.expect("old", &publish(Delivery::AtMostOnce, "t", "x"));
}

#[test]
fn a_topic_alias_stands_for_its_topic_within_its_connection() {
    let mut t = Trace::generous();
    let alias = [Property::TopicAlias(3.try_into().unwrap())];
    let by_alias = Packet::Publish(Publish {
        head: PublishHead {
            delivery: Delivery::AtMostOnce,
            retain: false,
            topic: None,
            properties: Sequence::new(&alias),
        },
        payload: b"second",
    });
    t.connect("a", Version::V5);
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.send(
        "a",
        &publish_with(Delivery::AtMostOnce, false, "t", "first", &alias),
    );
    t.expect("a", &publish(Delivery::AtMostOnce, "t", "first"));
    t.send("a", &by_alias);
    t.expect("a", &publish(Delivery::AtMostOnce, "t", "second"));

    t.connect("b", Version::V5);
    t.send("b", &by_alias);
    t.expect("b", &disconnect(ReasonCode::ProtocolError));
    t.expect_closed("b");
}

/// [MQTT-3.1.2-26], [MQTT-3.1.2-27]: a Client gets as many as it takes.
#[test]
fn a_client_that_takes_topic_aliases_gets_them() {
    let alias = [Property::TopicAlias(1.try_into().unwrap())];
    let by_alias = Packet::Publish(Publish {
        head: PublishHead {
            delivery: Delivery::AtMostOnce,
            retain: false,
            topic: None,
            properties: Sequence::new(&alias),
        },
        payload: b"second",
    });
    let mut t = Trace::generous();
    let maximum = [Property::TopicAliasMaximum(1)];
    let mut connect = Connect::new(Version::V5, "a");
    connect.properties = Sequence::new(&maximum);
    t.connect_as("a", &connect, false);
    t.connect("b", Version::V5);
    for name in ["a", "b"] {
        t.subscribe(name, "#", QoS::AtLeastOnce);
    }
    for (topic, payload) in [("topic", "first"), ("topic", "second"), ("other", "third")] {
        t.send("b", &publish(Delivery::AtMostOnce, topic, payload));
        t.expect("b", &publish(Delivery::AtMostOnce, topic, payload));
    }
    let first = publish_with(Delivery::AtMostOnce, false, "topic", "first", &alias);
    t.expect("a", &first);
    t.expect("a", &by_alias);
    t.expect("a", &publish(Delivery::AtMostOnce, "other", "third"));
}
