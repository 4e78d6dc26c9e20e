//! How long a session lasts (section 4.1) and what it keeps.

use super::*;

fn with_expiry<'a>(client_id: &'a str, expiry: &'a [Property<'a>; 1]) -> Connect<'a> {
    let mut connect = Connect {
        clean_start: false,
        ..Connect::new(Version::V5, client_id)
    };
    connect.properties = Sequence::new(expiry);
    connect
}

#[test]
fn a_session_keeps_subscriptions_and_messages() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect("a", version);
        t.connect_as("b", &persistent(version, "b"), false);
        t.subscribe("b", "t", QoS::ExactlyOnce);
        t.cut("b");
        t.send("a", &publish(Delivery::AtMostOnce, "t", "not kept"));
        t.send("a", &publish(at_least_once(1), "t", "one"));
        t.expect("a", &puback(1));
        t.send("a", &publish(exactly_once(2), "t", "two"));
        assert_eq!(t.broker.queued("b"), 2);
        t.connect_as("b", &persistent(version, "b"), true);
        t.expect("b", &publish(at_least_once(1), "t", "one"));
        t.expect("b", &publish(exactly_once(2), "t", "two"));
        t.expect_nothing("b");
    }
}

#[test]
fn a_clean_start_begins_anew() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect_as("a", &persistent(version, "a"), false);
        t.subscribe("a", "t", QoS::ExactlyOnce);
        t.cut("a");
        t.connect("a", version);
        t.send("a", &publish(Delivery::AtMostOnce, "t", "to nobody"));
        t.expect_nothing("a");
        t.cut("a");
        assert!(!t.broker.has_session("a"));
        t.connect_as("a", &persistent(version, "a"), false);
    }
}

#[test]
fn a_session_ends_when_its_expiry_interval_has_passed() {
    let mut t = Trace::generous();
    let expiry = [Property::SessionExpiryInterval(10)];
    t.connect_as("a", &with_expiry("a", &expiry), false);
    t.cut("a");
    t.wait(9);
    t.connect_as("a", &with_expiry("a", &expiry), true);
    t.cut("a");
    assert_eq!(
        t.broker.poll_timeout(),
        Some(t.now + Duration::from_secs(10))
    );
    t.wait(10);
    assert!(!t.broker.has_session("a"));
    t.connect_as("a", &with_expiry("a", &expiry), false);
}

#[test]
fn without_an_interval_a_session_of_5_0_ends_with_its_connection() {
    let mut t = Trace::generous();
    t.connect_as(
        "a",
        &Connect {
            clean_start: false,
            ..Connect::new(Version::V5, "a")
        },
        false,
    );
    t.cut("a");
    assert!(!t.broker.has_session("a"));
}

#[test]
fn some_sessions_last_for_ever() {
    let mut t = Trace::generous();
    t.connect_as("a", &persistent(Version::V3_1_1, "a"), false);
    let for_ever = [Property::SessionExpiryInterval(u32::MAX)];
    t.connect_as("b", &with_expiry("b", &for_ever), false);
    t.cut("a");
    t.cut("b");
    assert_eq!(t.broker.poll_timeout(), None);
    t.wait(u64::from(u32::MAX) + 1);
    assert!(t.broker.has_session("a") && t.broker.has_session("b"));
}

#[test]
fn disconnect_can_change_the_interval_but_not_from_0() {
    let change = |seconds| [Property::SessionExpiryInterval(seconds)];
    let disconnect_with = |t: &mut Trace, seconds| {
        let properties = change(seconds);
        let properties = Sequence::new(&properties);
        let reason = ReasonCode::Success;
        t.send("a", &Packet::Disconnect(Disconnect { reason, properties }));
    };
    let mut t = Trace::generous();
    t.connect_as("a", &with_expiry("a", &change(10)), false);
    disconnect_with(&mut t, 20);
    t.expect_closed("a");
    t.wait(19);
    assert!(t.broker.has_session("a"));
    t.wait(1);
    assert!(!t.broker.has_session("a"));

    t.connect("a", Version::V5);
    disconnect_with(&mut t, 20);
    t.expect("a", &disconnect(ReasonCode::ProtocolError));
    t.expect_closed("a");
    assert!(!t.broker.has_session("a"));
}

#[test]
fn the_broker_may_grant_less_and_says_so() {
    let options = BrokerOptions {
        session_expiry_maximum: Some(5),
        ..BrokerOptions::default()
    };
    let mut t = Trace::new(options);
    t.dial("a", &persistent(Version::V5, "a"));
    let received = t.receive("a").unwrap();
    let Packet::ConnAck(connack) = received.packet() else {
        panic!("{received:?}")
    };
    assert_eq!(connack.properties.session_expiry_interval(), Some(5));
    t.cut("a");
    t.wait(5);
    assert!(!t.broker.has_session("a"));
}

/// [MQTT-3.3.2-5], [MQTT-3.3.2-6]
#[test]
fn a_message_that_waits_ages() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect_as("b", &persistent(Version::V5, "b"), false);
    t.subscribe("b", "t", QoS::AtLeastOnce);
    t.cut("b");
    for (packet_id, seconds) in [(1, 5), (2, 20)] {
        let lifetime = [Property::MessageExpiryInterval(seconds)];
        t.send(
            "a",
            &publish_with(at_least_once(packet_id), false, "t", "x", &lifetime),
        );
    }
    t.wait(5);
    t.connect_as("b", &persistent(Version::V5, "b"), true);
    let left = [Property::MessageExpiryInterval(15)];
    t.expect("b", &publish_with(at_least_once(1), false, "t", "x", &left));
    t.expect_nothing("b");
}

#[test]
fn a_queue_has_an_end_and_what_it_drops_is_counted() {
    let mut t = Trace::new(BrokerOptions {
        queue_maximum: 2,
        ..BrokerOptions::default()
    });
    t.connect("a", Version::V5);
    t.connect_as("b", &persistent(Version::V5, "b"), false);
    t.subscribe("b", "t", QoS::AtLeastOnce);
    t.cut("b");
    for (packet_id, payload) in [(1, "one"), (2, "two"), (3, "three")] {
        t.send("a", &publish(at_least_once(packet_id), "t", payload));
    }
    assert_eq!((t.broker.queued("b"), t.broker.dropped()), (2, 1));
    t.connect_as("b", &persistent(Version::V5, "b"), true);
    t.expect("b", &publish(at_least_once(1), "t", "one"));
    t.expect("b", &publish(at_least_once(2), "t", "two"));
    t.expect_nothing("b");
}

#[test]
fn a_crash_keeps_what_persists_and_a_clone_goes_its_own_way() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect_as("b", &persistent(Version::V5, "b"), false);
    t.subscribe("b", "t", QoS::AtLeastOnce);
    t.send("a", &publish_retained(at_least_once(1), "t", "x"));
    t.expect("b", &publish(at_least_once(1), "t", "x"));
    let before = t.broker.clone();
    t.broker.restart(t.now);
    assert_eq!(t.broker.connected().count(), 0);
    assert!(!t.broker.has_session("a"));
    assert_eq!(t.broker.retained(t.now, "t"), Some(&b"x"[..]));
    t.connect_as("b", &persistent(Version::V5, "b"), true);
    t.expect("b", &publish(again(at_least_once(1)), "t", "x"));

    assert_eq!(before.connected().collect::<Vec<_>>(), ["a", "b"]);
}
