//! Retained messages (section 3.3.1.3).

use mqtt_proto::{RetainHandling, SubscriptionOptions};

use super::*;

#[test]
fn a_later_subscriber_gets_what_is_retained_after_its_suback() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect("a", version);
        t.send("a", &publish_retained(Delivery::AtMostOnce, "t/1", "old"));
        t.send("a", &publish_retained(at_least_once(1), "t/1", "new"));
        t.send("a", &publish_retained(Delivery::AtMostOnce, "t/2", "other"));
        t.connect("b", version);
        t.subscribe("b", "t/+", QoS::ExactlyOnce);
        t.expect("b", &publish_retained(at_least_once(1), "t/1", "new"));
        t.expect("b", &publish_retained(Delivery::AtMostOnce, "t/2", "other"));
        t.expect_nothing("b");
        assert_eq!(t.broker.retained(t.now, "t/1"), Some(&b"new"[..]));
    }
}

/// [MQTT-3.3.1-6], [MQTT-3.3.1-7]
#[test]
fn an_empty_payload_removes_it_and_is_forwarded() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.send("a", &publish_retained(Delivery::AtMostOnce, "t", "x"));
    t.expect("a", &publish(Delivery::AtMostOnce, "t", "x"));
    t.send("a", &publish_retained(Delivery::AtMostOnce, "t", ""));
    t.expect("a", &publish(Delivery::AtMostOnce, "t", ""));
    assert_eq!(t.broker.retained(t.now, "t"), None);
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.expect_nothing("a");
}

/// [MQTT-3.3.1-8]
#[test]
fn a_message_without_the_flag_leaves_it_alone() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.send("a", &publish_retained(Delivery::AtMostOnce, "t", "kept"));
    t.send("a", &publish(Delivery::AtMostOnce, "t", "passing"));
    t.send("a", &publish(Delivery::AtMostOnce, "t", ""));
    assert_eq!(t.broker.retained(t.now, "t"), Some(&b"kept"[..]));
}

/// [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]
#[test]
fn retain_handling_says_when_it_is_sent() {
    let subscription = |retain_handling| Subscription {
        filter: TopicFilter::new("t").unwrap(),
        options: SubscriptionOptions {
            retain_handling,
            ..SubscriptionOptions::default()
        },
    };
    let retained = publish_retained(Delivery::AtMostOnce, "t", "x");
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.send("a", &retained);
    t.subscribe_with("a", subscription(RetainHandling::DoNotSend), &[]);
    t.expect_nothing("a");
    t.subscribe_with("a", subscription(RetainHandling::SendIfNew), &[]);
    t.expect_nothing("a");
    t.subscribe_with("a", subscription(RetainHandling::Send), &[]);
    t.expect("a", &retained);
    t.send("a", &unsubscribe(2, &[TopicFilter::new("t").unwrap()]));
    t.expect("a", &unsuback(2, &[ReasonCode::Success]));
    t.subscribe_with("a", subscription(RetainHandling::SendIfNew), &[]);
    t.expect("a", &retained);
}

/// [MQTT-3.3.1-12], [MQTT-3.3.1-13]
#[test]
fn retain_as_published_keeps_the_flag() {
    let options = SubscriptionOptions {
        retain_as_published: true,
        ..Default::default()
    };
    let subscription = Subscription {
        filter: TopicFilter::new("t").unwrap(),
        options,
    };
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect("b", Version::V5);
    t.subscribe_with("a", subscription, &[]);
    t.subscribe("b", "t", QoS::AtMostOnce);
    t.send("a", &publish_retained(Delivery::AtMostOnce, "t", "x"));
    t.expect("a", &publish_retained(Delivery::AtMostOnce, "t", "x"));
    t.expect("b", &publish(Delivery::AtMostOnce, "t", "x"));
}

#[test]
fn it_expires() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    let lifetime = [Property::MessageExpiryInterval(10)];
    t.send(
        "a",
        &publish_with(Delivery::AtMostOnce, true, "t", "x", &lifetime),
    );
    t.wait(9);
    let left = [Property::MessageExpiryInterval(1)];
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.expect(
        "a",
        &publish_with(Delivery::AtMostOnce, true, "t", "x", &left),
    );
    t.wait(1);
    assert_eq!(t.broker.retained(t.now, "t"), None);
    t.subscribe("a", "t", QoS::AtMostOnce);
    t.expect_nothing("a");
}
