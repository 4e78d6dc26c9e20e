//! QoS 0, 1 and 2 in both directions (section 4.3).

use super::*;

#[test]
fn qos_0_passes_through() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect("a", version);
        t.connect("b", version);
        t.subscribe("b", "t", QoS::ExactlyOnce);
        t.send("a", &publish(Delivery::AtMostOnce, "t", "hello"));
        t.expect("b", &publish(Delivery::AtMostOnce, "t", "hello"));
        t.expect_nothing("a");
    }
}

#[test]
fn qos_1_is_acknowledged_and_kept_until_acknowledged() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect("a", version);
        t.connect_as("b", &persistent(version, "b"), false);
        t.subscribe("b", "t", QoS::AtLeastOnce);
        t.send("a", &publish(at_least_once(9), "t", "hello"));
        t.expect("a", &puback(9));
        t.expect("b", &publish(at_least_once(1), "t", "hello"));

        t.cut("b");
        t.connect_as("b", &persistent(version, "b"), true);
        t.expect("b", &publish(again(at_least_once(1)), "t", "hello"));
        t.send("b", &puback(1));

        t.cut("b");
        t.connect_as("b", &persistent(version, "b"), true);
        t.expect_nothing("b");
        assert_eq!(t.broker.queued("b"), 0);
    }
}

#[test]
fn qos_2_goes_through_its_four_packets_on_both_sides() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect("a", version);
        t.connect("b", version);
        t.subscribe("b", "t", QoS::ExactlyOnce);
        t.send("a", &publish(exactly_once(5), "t", "hello"));
        t.expect("a", &pubrec(5));
        t.send("a", &pubrel(5));
        t.expect("a", &pubcomp(5));

        t.expect("b", &publish(exactly_once(1), "t", "hello"));
        t.send("b", &pubrec(1));
        t.expect("b", &pubrel(1));
        t.send("b", &pubcomp(1));
        assert_eq!(t.broker.queued("b"), 0);
    }
}

/// [MQTT-4.3.3-10]
#[test]
fn a_qos_2_message_that_comes_twice_is_forwarded_once() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect_as("a", &persistent(version, "a"), false);
        t.connect("b", version);
        t.subscribe("b", "t", QoS::AtMostOnce);
        t.send("a", &publish(exactly_once(5), "t", "hello"));
        t.cut("a");
        t.connect_as("a", &persistent(version, "a"), true);
        t.send("a", &publish(again(exactly_once(5)), "t", "hello"));
        t.expect("a", &pubrec(5));
        t.expect("b", &publish(Delivery::AtMostOnce, "t", "hello"));
        t.expect_nothing("b");

        t.send("a", &pubrel(5));
        t.expect("a", &pubcomp(5));
        t.send("a", &publish(exactly_once(5), "t", "another"));
        t.expect("b", &publish(Delivery::AtMostOnce, "t", "another"));
    }
}

/// [MQTT-4.3.3-6]
#[test]
fn after_pubrec_it_is_pubrel_that_is_sent_again() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect("a", version);
        t.connect_as("b", &persistent(version, "b"), false);
        t.subscribe("b", "t", QoS::ExactlyOnce);
        t.send("a", &publish(exactly_once(5), "t", "hello"));
        t.expect("b", &publish(exactly_once(1), "t", "hello"));
        t.send("b", &pubrec(1));
        t.cut("b");
        t.connect_as("b", &persistent(version, "b"), true);
        t.expect("b", &pubrel(1));
        t.send("b", &pubcomp(1));
        assert_eq!(t.broker.queued("b"), 0);
    }
}

/// [MQTT-4.4.0-2]
#[test]
fn a_pubrec_that_refuses_ends_the_flow() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect("b", Version::V5);
    t.subscribe("b", "t", QoS::ExactlyOnce);
    t.send("a", &publish(exactly_once(5), "t", "hello"));
    t.expect("b", &publish(exactly_once(1), "t", "hello"));
    t.send(
        "b",
        &Packet::PubRec(Ack::new(id(1), ReasonCode::QuotaExceeded)),
    );
    t.expect_nothing("b");
    assert_eq!(t.broker.queued("b"), 0);
}

#[test]
fn an_unknown_packet_identifier_ends_its_flow() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.send("a", &pubrec(7));
    t.expect(
        "a",
        &Packet::PubRel(Ack::new(id(7), ReasonCode::PacketIdentifierNotFound)),
    );
    t.send("a", &pubrel(7));
    t.expect(
        "a",
        &Packet::PubComp(Ack::new(id(7), ReasonCode::PacketIdentifierNotFound)),
    );
    t.send("a", &puback(7));
    t.send("a", &pubcomp(7));
    t.expect_nothing("a");

    t.connect("old", Version::V3_1_1);
    t.send("old", &pubrec(7));
    t.expect("old", &pubrel(7));
    t.send("old", &pubrel(7));
    t.expect("old", &pubcomp(7));
}

/// [MQTT-3.8.4-8]
#[test]
fn a_message_goes_out_with_the_lower_of_two_qos() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect("b", Version::V5);
    t.subscribe("b", "t", QoS::AtLeastOnce);
    t.send("a", &publish(exactly_once(5), "t", "2 to 1"));
    t.expect("b", &publish(at_least_once(1), "t", "2 to 1"));
    t.send("a", &publish(Delivery::AtMostOnce, "t", "0 to 0"));
    t.expect("b", &publish(Delivery::AtMostOnce, "t", "0 to 0"));
}

#[test]
fn one_who_publishes_to_nobody_is_told() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.send("a", &publish(at_least_once(1), "t", "hello"));
    t.expect(
        "a",
        &Packet::PubAck(Ack::new(id(1), ReasonCode::NoMatchingSubscribers)),
    );
    t.send("a", &publish(exactly_once(2), "t", "hello"));
    t.expect(
        "a",
        &Packet::PubRec(Ack::new(id(2), ReasonCode::NoMatchingSubscribers)),
    );
}

/// [MQTT-3.3.4-9]
#[test]
fn no_more_is_in_flight_than_the_client_takes() {
    let mut t = Trace::generous();
    let properties = [Property::ReceiveMaximum(2.try_into().unwrap())];
    let mut connect = Connect::new(Version::V5, "b");
    connect.properties = Sequence::new(&properties);
    t.connect_as("b", &connect, false);
    t.connect("a", Version::V5);
    t.subscribe("b", "t", QoS::ExactlyOnce);
    for (packet_id, payload) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
        let delivery = if packet_id == 2 {
            exactly_once(2)
        } else {
            at_least_once(packet_id)
        };
        t.send("a", &publish(delivery, "t", payload));
    }
    t.expect("b", &publish(at_least_once(1), "t", "one"));
    t.expect("b", &publish(exactly_once(2), "t", "two"));
    t.expect_nothing("b");
    // PUBREC does not give the place free, PUBCOMP does.
    t.send("b", &pubrec(2));
    t.expect("b", &pubrel(2));
    t.expect_nothing("b");
    t.send("b", &pubcomp(2));
    t.expect("b", &publish(at_least_once(3), "t", "three"));
    t.expect_nothing("b");
    t.send("b", &puback(1));
    t.expect("b", &publish(at_least_once(4), "t", "four"));
}

/// [MQTT-4.4.0-1], [MQTT-3.3.4-9]
#[test]
fn what_is_sent_again_keeps_its_order_and_the_new_limit() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.connect_as("b", &persistent(Version::V5, "b"), false);
    t.subscribe("b", "t", QoS::AtLeastOnce);
    for (packet_id, payload) in [(1, "one"), (2, "two"), (3, "three")] {
        t.send("a", &publish(at_least_once(packet_id), "t", payload));
        t.expect("b", &publish(at_least_once(packet_id), "t", payload));
    }
    t.cut("b");
    let properties = [
        Property::SessionExpiryInterval(3600),
        Property::ReceiveMaximum(1.try_into().unwrap()),
    ];
    let mut connect = persistent(Version::V5, "b");
    connect.properties = Sequence::new(&properties);
    t.connect_as("b", &connect, true);
    for (packet_id, payload) in [(1, "one"), (2, "two"), (3, "three")] {
        t.expect("b", &publish(again(at_least_once(packet_id)), "t", payload));
        t.expect_nothing("b");
        t.send("b", &puback(packet_id));
    }
    t.expect_nothing("b");
}
