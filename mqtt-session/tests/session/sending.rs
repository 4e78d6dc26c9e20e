//! The sender: publish, subscribe, quotas, order.

use core::num::{NonZeroU16, NonZeroU32};

use mqtt_proto::{
    EncodeError, Properties, Property, PropertyId, QoS, ReasonCode, Sequence, Subscription,
    TopicFilter, Version,
};
use mqtt_session::{Completion, Config, Inline, Payload, Publish, PublishError, SubscribeError};

use crate::trace::{BOTH, Trace, connack};

fn quota(receive_maximum: u16) -> Trace {
    let mut trace = Trace::v5();
    trace.opens();
    let property = Property::ReceiveMaximum(NonZeroU16::new(receive_maximum).unwrap());
    trace.gets_bytes(&connack(false, &[property]), "connected");
    trace
}

/// [MQTT-4.3.1-1]
#[test]
fn qos_0_is_over_when_it_was_handed_out() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        let token = t.publishes(0, "a", "x");
        t.completes(&[]);
        t.sends(&["PUBLISH q0 a=x"]);
        t.completes(&[(token, Completion::Sent)]);
        assert_eq!((t.session.pending(), t.session.outbox_len()), (0, 0));
    }
}

/// [MQTT-4.3.2-1], [MQTT-4.3.2-2], [MQTT-4.3.2-3]
/// [MQTT3-4.3.2-1]
#[test]
fn qos_1_is_over_with_puback() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        let token = t.publishes(1, "a", "x");
        t.sends(&["PUBLISH 1 q1 a=x"]);
        assert!(t.session.is_pending(token) && t.session.outbox_len() > 0);
        t.gets("PUBACK 1", "published Token(0) 00");
        assert!(!t.session.is_pending(token) && t.session.outbox_len() == 0);
    }
}

/// [MQTT-4.3.3-1], [MQTT-4.3.3-2], [MQTT-4.3.3-4], [MQTT-4.3.3-5]
/// [MQTT-4.3.3-3], [MQTT3-4.3.3-1]
#[test]
fn qos_2_is_over_with_pubcomp() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.publishes(2, "a", "x");
        t.sends(&["PUBLISH 1 q2 a=x"]);
        t.gets("PUBREC 1", "");
        assert_eq!((t.session.pending(), t.session.outbox_len()), (1, 0));
        t.sends(&["PUBREL 1"]);
        t.gets("PUBCOMP 1", "published Token(0) 00");
        assert_eq!(t.session.pending(), 0);
    }
}

/// A Server that answers with a reason code of another packet, as mochi-mqtt does [MQTT-3.4.2-1].
#[test]
fn leniency_is_the_sessions_too() {
    for (lenient, event) in [
        (false, "disconnected malformed InvalidReasonCode(1)"),
        (true, "published Token(0) 01"),
    ] {
        let mut config = Config::new(Version::V5);
        config.leniency.reason_codes = lenient;
        let mut t: Trace = Trace::new(config);
        t.opens();
        t.gets("CONNACK", "connected");
        t.publishes(1, "a", "x");
        t.sends(&["PUBLISH 1 q1 a=x"]);
        t.gets_bytes(&[0x40, 3, 0, 1, 1], event);
    }
}

/// [MQTT-4.4.0-2]
#[test]
fn an_acknowledgement_with_an_error_is_the_end() {
    let mut t = Trace::connected(Version::V5);
    t.publishes(1, "a", "x");
    t.publishes(2, "b", "y");
    t.sends(&["PUBLISH 1 q1 a=x", "PUBLISH 2 q2 b=y"]);
    t.gets("PUBACK 1 87", "published Token(0) 87");
    t.gets("PUBREC 2 97", "published Token(1) 97");
    t.sends(&[]);
    assert_eq!(t.session.pending(), 0);
}

/// [MQTT-4.6.0-4]
#[test]
fn pubrels_leave_in_the_order_of_the_pubrecs() {
    let mut t = Trace::connected(Version::V5);
    for topic in ["a", "b", "c", "d"] {
        t.publishes(2, topic, "x");
    }
    t.transmits();
    t.gets("PUBREC 3; PUBREC 1; PUBREC 4; PUBREC 2", "");
    t.sends(&["PUBREL 3", "PUBREL 1", "PUBREL 4", "PUBREL 2"]);
    t.gets(
        "PUBCOMP 1; PUBCOMP 3; PUBCOMP 4; PUBCOMP 2",
        "published Token(0) 00; published Token(2) 00; published Token(3) 00; published Token(1) 00",
    );
}

/// [MQTT-4.3.3-4]: a Server that repeats its PUBREC has not had our PUBREL.
#[test]
fn a_repeated_pubrec_is_answered_again() {
    let mut t = Trace::connected(Version::V5);
    t.publishes(2, "a", "x");
    t.publishes(2, "b", "x");
    t.transmits();
    t.gets("PUBREC 1; PUBREC 2", "");
    t.sends(&["PUBREL 1", "PUBREL 2"]);
    t.gets("PUBREC 1", "");
    t.sends(&["PUBREL 1"]);
    t.gets(
        "PUBCOMP 1; PUBCOMP 2",
        "published Token(0) 00; published Token(1) 00",
    );
}

/// [MQTT-3.3.4-7], [MQTT-4.9.0-2]: a slot of the quota is free at PUBACK, at PUBCOMP, at a PUBREC
/// that refuses, and not at a PUBREC that accepts.
#[test]
fn the_quota_is_released_at_pubcomp_and_not_at_pubrec() {
    let mut t = quota(2);
    for topic in ["a", "b", "c", "d", "e"] {
        t.publishes(2, topic, "x");
    }
    t.sends(&["PUBLISH 1 q2 a=x", "PUBLISH 2 q2 b=x"]);
    t.gets("PUBREC 1", "");
    t.sends(&["PUBREL 1"]);
    t.gets("PUBCOMP 1", "published Token(0) 00");
    t.sends(&["PUBLISH 3 q2 c=x"]);
    t.gets("PUBREC 2 80", "published Token(1) 80");
    t.sends(&["PUBLISH 4 q2 d=x"]);
}

/// [MQTT-3.3.4-8], [MQTT-4.9.0-3]; and no PUBLISH overtakes an earlier one.
#[test]
fn the_quota_delays_nothing_but_publish() {
    let mut t = quota(1);
    t.publishes(2, "a", "x");
    t.publishes(1, "b", "x");
    t.publishes(0, "c", "x");
    t.subscribes(&["s"]);
    t.unsubscribes(&["u"]);
    t.sends(&["PUBLISH 1 q2 a=x", "SUBSCRIBE 3 s", "UNSUBSCRIBE 4 u"]);
    t.gets("PUBLISH 9 q1 m=y", "message q1 m=y");
    t.sends(&["PUBACK 9"]);
    t.gets("PUBREC 1", "");
    t.sends(&["PUBREL 1"]);
    t.gets("PUBCOMP 1", "published Token(0) 00");
    t.sends(&["PUBLISH 2 q1 b=x", "PUBLISH q0 c=x"]);
}

#[test]
fn one_answer_for_each_filter() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.subscribes(&["a", "b/+", "c/#"]);
        t.sends(&["SUBSCRIBE 1 a,b/+,c/#"]);
        t.gets("SUBACK 1 02 00 80", "subscribed Token(0) 02 00 80");
        t.unsubscribes(&["a", "b/+"]);
        t.sends(&["UNSUBSCRIBE 2 a,b/+"]);
        let unsuback = if version == Version::V5 {
            "UNSUBACK 2 00 11"
        } else {
            "UNSUBACK 2"
        };
        t.gets(unsuback, "unsubscribed Token(1)");
    }
}

/// No statement forbids it, and the session needs nothing of it.
#[test]
fn a_granted_qos_above_the_one_asked_for_is_told_as_it_came() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        let filter = TopicFilter::new("a").unwrap();
        let asked = [Subscription::new(filter, QoS::AtMostOnce)];
        let asked = Sequence::new(&asked);
        t.session.subscribe(asked, Properties::EMPTY).unwrap();
        t.transmits();
        t.gets("SUBACK 1 02", "subscribed Token(0) 02");
        t.gets("PUBLISH 1 q2 a=x", "message q2 a=x");
    }
}

/// [MQTT-3.8.4-6], [MQTT-3.11.3-1]
#[test]
fn a_suback_with_the_wrong_number_of_codes_is_a_violation() {
    let mut t = Trace::connected(Version::V5);
    t.subscribes(&["a", "b"]);
    t.transmits();
    t.gets("SUBACK 1 00", "disconnected Violation(WrongReasonCount)");
    t.sends(&["DISCONNECT 82"]);
    t.sends(&[]);
}

#[test]
fn an_acknowledgement_of_the_wrong_kind_is_a_violation() {
    for (packet, publish) in [
        ("PUBACK 1", 2),
        ("PUBREC 1", 1),
        ("PUBCOMP 1", 1),
        ("PUBCOMP 1", 2),
        ("SUBACK 1 00", 1),
        ("UNSUBACK 1 00", 2),
    ] {
        let mut t = Trace::connected(Version::V5);
        t.publishes(publish, "a", "x");
        t.transmits();
        t.gets(packet, "disconnected Violation(WrongAcknowledgement)");
        t.sends(&["DISCONNECT 82"]);
    }
}

#[test]
fn an_acknowledgement_of_what_is_not_handed_out_whole_is_a_violation() {
    let mut t = Trace::connected(Version::V5);
    t.publishes(1, "a", "a payload that is longer than the buffer");
    assert_eq!(t.session.poll_transmit(t.now, &mut [0; 8]), 8);
    t.gets("PUBACK 1", "disconnected Violation(WrongAcknowledgement)");
}

/// It may be late, from a Session that was lost since.
#[test]
fn an_acknowledgement_of_nothing_is_ignored() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.gets("PUBACK 7; PUBCOMP 7; SUBACK 7 00", "");
        t.sends(&[]);
    }
}

/// Ignored, the Server's flow would never end.
#[test]
fn a_pubrec_of_nothing_is_answered_with_pubrel() {
    for (version, pubrel) in [(Version::V5, "PUBREL 7 92"), (Version::V3_1_1, "PUBREL 7")] {
        let mut t = Trace::connected(version);
        t.gets("PUBREC 7", "");
        t.sends(&[pubrel]);
        t.gets("PUBCOMP 7", "");
    }
}

#[test]
fn a_second_stray_packet_waits_until_the_first_is_answered() {
    let mut t = Trace::connected(Version::V5);
    let bytes = crate::trace::packets_of(Version::V5, "PUBREC 7; PUBREC 8");
    let (events, rest) = t.takes(&bytes);
    assert_eq!((events.len(), rest), (0, 4));
    t.sends(&["PUBREL 7 92"]);
    t.gets("PUBREC 8", "");
    t.sends(&["PUBREL 8 92"]);
}

/// [MQTT-2.2.1-3], [MQTT3-2.3.1-3]
#[test]
fn packet_identifiers_in_use_are_skipped() {
    let mut t = Trace::connected(Version::V3_1_1);
    t.publishes(2, "long", "x");
    t.transmits();
    t.gets("PUBREC 1", "");
    for _ in 0..65_534 {
        t.publishes(1, "a", "");
    }
    assert_eq!(
        t.try_publish(1, "a", ""),
        Err(PublishError::TooManyInFlight)
    );
    t.transmits();
    t.gets(
        "PUBACK 3; PUBACK 2",
        "published Token(2) 00; published Token(1) 00",
    );
    t.publishes(1, "b", "");
    t.publishes(1, "c", "");
    t.sends(&["PUBLISH 2 q1 b=", "PUBLISH 3 q1 c="]);
}

/// [MQTT-3.2.2-17], [MQTT-3.2.2-18], [MQTT-3.3.2-9]
#[test]
fn a_refused_publish_leaves_everything_as_it_was() {
    let mut config = Config::new(Version::V5);
    config.maximum_outbox = 50;
    let mut t: Trace<Inline<64, 2, 2>> = Trace::new(config);
    let mut connect = t.connect();
    let maximum = [Property::ReceiveMaximum(NonZeroU16::new(2).unwrap())];
    connect.properties = Properties::new(&maximum);
    assert_eq!(t.try_publish(0, "a", "x"), Err(PublishError::NotConnected));
    t.opens_with(&connect);
    let limits = [
        Property::MaximumQoS(QoS::AtLeastOnce),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(NonZeroU32::new(30).unwrap()),
        Property::WildcardSubscriptionAvailable(false),
        Property::SharedSubscriptionAvailable(false),
        Property::SubscriptionIdentifierAvailable(false),
    ];
    t.gets_bytes(&connack(false, &limits), "connected");
    let before = t.session.clone();

    assert!(matches!(
        t.try_publish(1, "a/#", "x"),
        Err(PublishError::Topic(_))
    ));
    let not_supported = |reason| Err(PublishError::NotSupported(reason));
    assert_eq!(
        t.try_publish(2, "a", "x"),
        not_supported(ReasonCode::QoSNotSupported)
    );
    let retained = Publish::new("a", b"x").retain(true);
    assert_eq!(
        t.session.publish(t.now, &retained),
        not_supported(ReasonCode::RetainNotSupported)
    );
    let large = "a payload of more than thirty bytes";
    assert_eq!(
        t.try_publish(1, "a", large),
        not_supported(ReasonCode::PacketTooLarge)
    );
    for (property, id) in [
        (
            Property::TopicAlias(NonZeroU16::MIN),
            PropertyId::TopicAlias,
        ),
        (
            Property::SubscriptionIdentifier(mqtt_proto::SubscriptionIdentifier::new(1).unwrap()),
            PropertyId::SubscriptionIdentifier,
        ),
    ] {
        let properties = [property];
        let mut publish = Publish::new("a", b"x");
        publish.properties = Properties::new(&properties);
        assert_eq!(
            t.session.publish(t.now, &publish),
            Err(PublishError::Property(id))
        );
    }
    let none = t.session.subscribe(Sequence::EMPTY, Properties::EMPTY);
    assert_eq!(none, Err(SubscribeError::NoFilters));
    for (filter, reason) in [
        ("+", ReasonCode::WildcardSubscriptionsNotSupported),
        ("$share/g/a", ReasonCode::SharedSubscriptionsNotSupported),
    ] {
        let filters = [Subscription::new(
            TopicFilter::new(filter).unwrap(),
            QoS::AtMostOnce,
        )];
        let refused = t
            .session
            .subscribe(Sequence::new(&filters), Properties::EMPTY);
        assert_eq!(refused, Err(SubscribeError::NotSupported(reason)));
    }
    assert_eq!(t.session, before);

    t.publishes(1, "a", "fifteen bytes..");
    t.publishes(1, "a", "fifteen bytes..");
    let before = t.session.clone();
    assert_eq!(
        t.try_publish(1, "a", "x"),
        Err(PublishError::TooManyInFlight)
    );
    assert_eq!(t.session, before);
    t.transmits();
    t.gets("PUBACK 1", "published Token(0) 00");
    let before = t.session.clone();
    assert_eq!(
        t.try_publish(1, "a", "twenty-one bytes....."),
        Err(PublishError::OutboxFull)
    );
    assert_eq!(t.session, before);
}

#[test]
fn what_the_outbox_could_never_hold_is_refused_as_such() {
    let mut t: Trace<Inline<32, 2, 2>> = Trace::new(Config::new(Version::V5));
    let payload = "x".repeat(32);
    assert_eq!(
        t.try_publish(1, "a", &payload),
        Err(PublishError::TooLargeForOutbox)
    );
}

#[test]
fn version_3_1_1_has_no_properties() {
    let mut t = Trace::connected(Version::V3_1_1);
    let properties = [Property::UserProperty("a", "b")];
    let mut publish = Publish::new("a", b"x");
    publish.properties = Properties::new(&properties);
    let refused = t.session.publish(t.now, &publish);
    assert_eq!(
        refused,
        Err(PublishError::Encode(EncodeError::NotInVersion))
    );
}

#[test]
fn a_message_that_expires_before_it_is_sent_is_told() {
    let mut t = quota(1);
    t.publishes(1, "a", "x");
    let lifetime = [Property::MessageExpiryInterval(5)];
    let mut publish = Publish::new("b", b"y").qos(QoS::AtLeastOnce);
    publish.properties = Properties::new(&lifetime);
    let token = t.session.publish(t.now, &publish).unwrap();
    t.sends(&["PUBLISH 1 q1 a=x"]);
    t.after(4_999);
    t.ticks("");
    t.completes(&[]);
    t.after(1);
    assert_eq!(t.session.poll_timeout(), Some(t.now));
    t.ticks("");
    t.completes(&[(token, Completion::Expired)]);
    t.gets("PUBACK 1", "published Token(0) 00");
    t.sends(&[]);
    assert_eq!((t.session.pending(), t.session.outbox_len()), (0, 0));
}

/// [MQTT-4.3.3-7]
#[test]
fn a_message_that_was_sent_does_not_expire() {
    let mut t = Trace::connected(Version::V5);
    let lifetime = [Property::MessageExpiryInterval(5)];
    let mut publish = Publish::new("b", b"y").qos(QoS::ExactlyOnce);
    publish.properties = Properties::new(&lifetime);
    t.session.publish(t.now, &publish).unwrap();
    t.sends(&["PUBLISH 1 q2 b=y"]);
    t.after(10_000);
    t.ticks("");
    t.completes(&[]);
    t.gets("PUBREC 1", "");
    t.sends(&["PUBREL 1"]);
}

#[test]
fn a_streamed_payload_is_asked_for_and_nothing_comes_between() {
    let mut t = Trace::connected(Version::V5);
    let mut publish = Publish::new("a", b"").qos(QoS::AtLeastOnce);
    publish.payload = Payload::Streamed(1000);
    let token = t.session.publish(t.now, &publish).unwrap();
    t.publishes(0, "b", "y");
    assert!(t.session.outbox_len() < 30);
    assert_eq!(t.session.poll_payload(), None);
    let head = t.transmits();
    assert_eq!(head, [0x32, 0xEE, 0x07, 0, 1, b'a', 0, 1, 0]);
    t.gets("PUBLISH 9 q1 m=z", "message q1 m=z");
    let mut payload = 0;
    while let Some(due) = t.session.poll_payload() {
        assert_eq!(
            (due.token, due.offset, due.remaining),
            (token, payload, 1000 - payload)
        );
        assert_eq!(t.session.poll_transmit(t.now, &mut [0; 64]), 0);
        t.session.payload_sent(t.now, due.remaining.min(300));
        payload += due.remaining.min(300);
    }
    assert_eq!(payload, 1000);
    t.sends(&["PUBACK 9", "PUBLISH q0 b=y"]);
    t.gets("PUBACK 1", "published Token(0) 00");
}

#[test]
fn a_streamed_payload_begins_anew_on_the_next_connection() {
    let mut t = Trace::connected(Version::V5);
    let mut publish = Publish::new("a", b"").qos(QoS::ExactlyOnce);
    publish.payload = Payload::Streamed(10);
    t.session.publish(t.now, &publish).unwrap();
    t.transmits();
    t.session.payload_sent(t.now, 4);
    t.reopens();
    assert_eq!(t.session.poll_payload(), None);
    t.gets("CONNACK present", "connected present");
    // Half of it cannot have been taken, so it is no duplicate.
    assert_eq!(t.transmits()[0], 0x34);
    assert_eq!(t.session.poll_payload().unwrap().offset, 0);
    t.session.payload_sent(t.now, 10);
    t.reopens();
    t.gets("CONNACK present", "connected present");
    assert_eq!(t.transmits()[0], 0x3C);
    assert_eq!(t.session.poll_payload().unwrap().remaining, 10);
}

#[test]
fn an_empty_streamed_payload_is_none() {
    let mut t = Trace::connected(Version::V5);
    let mut publish = Publish::new("a", b"");
    publish.payload = Payload::Streamed(0);
    t.session.publish(t.now, &publish).unwrap();
    t.sends(&["PUBLISH q0 a="]);
    assert_eq!(t.session.poll_payload(), None);
}

#[test]
fn a_hundred_thousand_messages_pass() {
    let mut t = Trace::connected(Version::V3_1_1);
    let mut published = 0_u32;
    let mut buf = vec![0; 1 << 16];
    while published < 100_000 {
        while published < 100_000 && t.try_publish(1 + (published % 2) as u8, "a", "x").is_ok() {
            published += 1;
        }
        let mut sent = Vec::new();
        loop {
            let len = t.session.poll_transmit(t.now, &mut buf);
            if len == 0 {
                break;
            }
            sent.extend_from_slice(&buf[..len]);
        }
        let lines = crate::trace::show(Version::V3_1_1, mqtt_proto::Role::Client, &sent);
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            let id = words[1];
            match words[2] {
                "q1" => drop(t.takes(&crate::trace::packets_of(
                    Version::V3_1_1,
                    &format!("PUBACK {id}"),
                ))),
                _ => {
                    t.takes(&crate::trace::packets_of(
                        Version::V3_1_1,
                        &format!("PUBREC {id}"),
                    ));
                    t.session.poll_transmit(t.now, &mut buf);
                    t.takes(&crate::trace::packets_of(
                        Version::V3_1_1,
                        &format!("PUBCOMP {id}"),
                    ));
                }
            }
        }
    }
    assert_eq!((t.session.pending(), t.session.outbox_len()), (0, 0));
}
