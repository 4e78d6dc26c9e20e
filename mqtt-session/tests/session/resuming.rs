//! What outlives a Network Connection, and what must not.

use core::num::{NonZeroU16, NonZeroU32};

use mqtt_proto::{Connect, Properties, Property, QoS, ReasonCode, Version};
use mqtt_session::{AcknowledgeError, Completion, Event, Publish, Token};

use crate::trace::{BOTH, Trace, connack, packets_of};

fn resumes(t: &mut Trace) {
    t.reopens();
    t.gets("CONNACK present", "connected present");
}

fn is_lost(t: &mut Trace) {
    t.reopens();
    t.gets("CONNACK", "connected");
}

/// [MQTT-4.4.0-1], [MQTT-4.6.0-1]: and nothing is sent again at any other time.
/// [MQTT-3.1.2-23], [MQTT3-3.1.2-4]
#[test]
fn what_is_unacknowledged_is_sent_again_in_order_with_dup() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.publishes(1, "a", "x");
        t.publishes(2, "b", "x");
        t.publishes(1, "c", "x");
        t.sends(&["PUBLISH 1 q1 a=x", "PUBLISH 2 q2 b=x", "PUBLISH 3 q1 c=x"]);
        t.publishes(1, "d", "x");
        t.gets("PUBACK 1", "published Token(0) 00");
        resumes(&mut t);
        t.sends(&[
            "PUBLISH 2 q2 dup b=x",
            "PUBLISH 3 q1 dup c=x",
            "PUBLISH 4 q1 d=x",
        ]);
        t.after(1_000_000);
        assert_eq!(t.session.in_flight(), 3);
        t.sends(&[]);
    }
}

/// [MQTT-4.3.3-6]: PUBRELs in the order of the PUBRECs, and before the PUBLISHes.
#[test]
fn what_was_released_is_released_again() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        for topic in ["a", "b", "c"] {
            t.publishes(2, topic, "x");
        }
        t.transmits();
        t.gets("PUBREC 3; PUBREC 2", "");
        t.sends(&["PUBREL 3", "PUBREL 2"]);
        for _ in 0..2 {
            resumes(&mut t);
            t.sends(&["PUBREL 3", "PUBREL 2", "PUBLISH 1 q2 dup a=x"]);
        }
        t.gets(
            "PUBCOMP 3; PUBCOMP 2",
            "published Token(2) 00; published Token(1) 00",
        );
    }
}

/// [MQTT-3.3.1-1]: DUP only where the Server may have it.
/// [MQTT-3.3.1-3]
#[test]
fn what_was_not_handed_out_whole_is_no_duplicate() {
    let mut t = Trace::connected(Version::V5);
    t.publishes(1, "a", "a payload");
    assert_eq!(t.session.poll_transmit(t.now, &mut [0; 8]), 8);
    resumes(&mut t);
    t.sends(&["PUBLISH 1 q1 a=a payload"]);
}

/// Section 3.7.2.1: the PUBCOMP was lost, and the Server has forgotten the identifier since.
#[test]
fn a_pubcomp_that_knows_nothing_any_more_is_no_error() {
    let mut t = Trace::connected(Version::V5);
    t.publishes(2, "a", "x");
    t.transmits();
    t.gets("PUBREC 1", "");
    t.sends(&["PUBREL 1"]);
    resumes(&mut t);
    t.sends(&["PUBREL 1"]);
    t.gets("PUBCOMP 1 92", "published Token(0) 00");
}

#[test]
fn an_unanswered_subscribe_is_sent_again() {
    for resume in [resumes, is_lost] {
        let mut t = Trace::connected(Version::V5);
        t.subscribes(&["a"]);
        t.unsubscribes(&["b"]);
        t.transmits();
        resume(&mut t);
        t.sends(&["SUBSCRIBE 1 a", "UNSUBSCRIBE 2 b"]);
        t.gets("SUBACK 1 01", "subscribed Token(0) 01");
    }
}

/// [MQTT-4.9.0-1]: the quota is what the table holds, on replay as well.
#[test]
fn the_quota_of_the_new_connection_holds_on_replay() {
    let mut t = Trace::connected(Version::V5);
    for topic in ["a", "b", "c", "d"] {
        t.publishes(2, topic, "x");
    }
    t.transmits();
    t.gets("PUBREC 1", "");
    t.reopens();
    let maximum = [Property::ReceiveMaximum(NonZeroU16::new(2).unwrap())];
    t.gets_bytes(&connack(true, &maximum), "connected present");
    t.sends(&["PUBREL 1", "PUBLISH 2 q2 dup b=x"]);
    t.gets("PUBREC 2", "");
    t.sends(&["PUBREL 2"]);
    t.gets("PUBCOMP 1", "published Token(0) 00");
    t.sends(&["PUBLISH 3 q2 dup c=x"]);
    t.gets("PUBCOMP 2; PUBREC 3", "published Token(1) 00");
    t.sends(&["PUBREL 3", "PUBLISH 4 q2 dup d=x"]);
}

/// The quota does not go below nothing where more is released than the new Server takes at once.
#[test]
fn a_quota_that_is_exceeded_on_resume_does_not_underflow() {
    let mut t = Trace::connected(Version::V5);
    for topic in ["a", "b", "c"] {
        t.publishes(2, topic, "x");
    }
    t.transmits();
    t.gets("PUBREC 1; PUBREC 2; PUBREC 3", "");
    t.publishes(1, "d", "x");
    t.reopens();
    t.gets_bytes(
        &connack(true, &[Property::ReceiveMaximum(NonZeroU16::MIN)]),
        "connected present",
    );
    t.sends(&["PUBREL 1", "PUBREL 2", "PUBREL 3"]);
    t.gets(
        "PUBCOMP 1; PUBCOMP 2",
        "published Token(0) 00; published Token(1) 00",
    );
    t.sends(&[]);
    t.gets("PUBCOMP 3", "published Token(2) 00");
    t.sends(&["PUBLISH 4 q1 d=x"]);
}

/// [MQTT-3.2.2-5]
#[test]
fn a_lost_session_ends_what_cannot_be_told_and_sends_the_rest_as_new() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        let discarded = t.publishes(2, "a", "x");
        let taken = t.publishes(2, "b", "x");
        t.publishes(1, "c", "x");
        t.subscribes(&["s"]);
        t.transmits();
        t.gets("PUBREC 2", "");
        t.publishes(2, "d", "x");
        is_lost(&mut t);
        t.completes(&[
            (taken, Completion::Taken),
            (discarded, Completion::Discarded),
        ]);
        t.sends(&["PUBLISH 3 q1 c=x", "SUBSCRIBE 4 s", "PUBLISH 5 q2 d=x"]);
        assert_eq!(t.session.pending(), 3);
    }
}

/// [MQTT-3.1.2-4], [MQTT3-3.1.2-6]
#[test]
fn a_clean_start_loses_the_session() {
    let mut t = Trace::connected(Version::V5);
    let token = t.publishes(2, "a", "x");
    t.transmits();
    t.closes("disconnected Closed");
    let connect = Connect::new(Version::V5, "client");
    t.opens_with(&connect);
    t.completes(&[]);
    t.gets("CONNACK", "connected");
    t.completes(&[(token, Completion::Discarded)]);
}

#[test]
fn qos_0_ends_with_the_connection() {
    let mut t = Trace::connected(Version::V5);
    let first = t.publishes(0, "a", "a payload");
    let second = t.publishes(0, "b", "x");
    t.publishes(1, "c", "x");
    assert_eq!(t.session.poll_transmit(t.now, &mut [0; 8]), 8);
    resumes(&mut t);
    t.completes(&[
        (first, Completion::Discarded),
        (second, Completion::Discarded),
    ]);
    t.sends(&["PUBLISH 1 q1 c=x"]);
}

#[test]
fn what_is_published_offline_is_sent_later() {
    let mut t = Trace::v5();
    t.publishes(1, "a", "x");
    t.subscribes(&["s"]);
    assert_eq!(t.session.pending(), 2);
    t.opens();
    t.sends(&[]);
    t.publishes(0, "b", "y");
    t.gets("CONNACK", "connected");
    t.sends(&["PUBLISH 1 q1 a=x", "SUBSCRIBE 2 s", "PUBLISH q0 b=y"]);
}

/// [MQTT-3.2.2-11], [MQTT-3.2.2-14], [MQTT-3.2.2-15]
#[test]
fn what_the_new_server_does_not_take_ends() {
    let mut t = Trace::v5();
    let exactly = t.publishes(2, "a", "x");
    let retained = Publish::new("b", b"x").qos(QoS::AtLeastOnce).retain(true);
    let retained = t.session.publish(t.now, &retained).unwrap();
    let large = t.publishes(1, "c", "a payload of more than thirty bytes");
    let wildcard = t.subscribes(&["#"]);
    let shared = t.subscribes(&["$share/g/a"]);
    t.publishes(1, "d", "x");
    t.subscribes(&["s"]);
    t.opens();
    let limits = [
        Property::MaximumQoS(QoS::AtLeastOnce),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(NonZeroU32::new(30).unwrap()),
        Property::WildcardSubscriptionAvailable(false),
        Property::SharedSubscriptionAvailable(false),
    ];
    t.gets_bytes(&connack(false, &limits), "connected");
    t.sends(&["PUBLISH 6 q1 d=x", "SUBSCRIBE 7 s"]);
    let unsendable = |token, reason| (token, Completion::Unsendable(reason));
    t.completes(&[
        unsendable(exactly, ReasonCode::QoSNotSupported),
        unsendable(retained, ReasonCode::RetainNotSupported),
        unsendable(large, ReasonCode::PacketTooLarge),
        unsendable(wildcard, ReasonCode::WildcardSubscriptionsNotSupported),
        unsendable(shared, ReasonCode::SharedSubscriptionsNotSupported),
    ]);
}

/// Connects again to a Server that has the Session and takes no packet of more than 30 bytes.
fn resumes_narrower(t: &mut Trace) {
    t.reopens();
    let size = Property::MaximumPacketSize(NonZeroU32::new(30).unwrap());
    t.gets_bytes(&connack(true, &[size]), "connected present");
}

const LONG: &str = "a payload of more than thirty bytes";

/// Its PUBREC was lost: a Server that holds the packet identifier would take the next message under
/// it for a duplicate [MQTT-4.3.3-10], so PUBREL ends that first.
#[test]
fn what_was_sent_and_is_not_taken_any_more_gives_its_identifier_back_after_pubcomp() {
    for (pubcomp, published) in [
        // The Server had it, and delivers it.
        ("PUBCOMP 1", "published Token(0) 00"),
        ("PUBCOMP 1 92", ""),
    ] {
        let mut t = Trace::connected(Version::V5);
        let token = t.publishes(2, "a", LONG);
        t.transmits();
        resumes_narrower(&mut t);
        t.publishes(2, "b", "x");
        t.sends(&["PUBREL 1", "PUBLISH 2 q2 b=x"]);
        assert_eq!(t.session.in_flight(), 2);
        assert!(t.session.is_pending(token));
        // Lost again: PUBREL is what is sent from now on, whatever this Server takes [MQTT-4.4.0-1].
        resumes(&mut t);
        t.sends(&["PUBREL 1", "PUBLISH 2 q2 dup b=x"]);
        t.gets(pubcomp, published);
        let unsendable = Completion::Unsendable(ReasonCode::PacketTooLarge);
        let completed = [(token, unsendable)];
        t.completes(completed.get(..usize::from(published.is_empty())).unwrap());
        assert!(!t.session.is_pending(token));
        assert_eq!(t.session.in_flight(), 1);
    }
}

/// A Server without the Session holds no identifier.
#[test]
fn what_was_not_taken_any_more_ends_with_the_session() {
    let mut t = Trace::connected(Version::V5);
    let token = t.publishes(2, "a", LONG);
    t.transmits();
    resumes_narrower(&mut t);
    t.sends(&["PUBREL 1"]);
    is_lost(&mut t);
    t.completes(&[(token, Completion::Unsendable(ReasonCode::PacketTooLarge))]);
    t.sends(&[]);
}

/// A receiver of QoS 1 holds no identifier [MQTT-4.3.2-5], and one that was never sent nobody.
#[test]
fn what_is_not_taken_any_more_ends_at_once_where_nobody_holds_its_identifier() {
    let mut t = Trace::connected(Version::V5);
    let sent = t.publishes(1, "a", LONG);
    t.transmits();
    let waiting = t.publishes(2, "a", LONG);
    resumes_narrower(&mut t);
    t.sends(&[]);
    let unsendable = Completion::Unsendable(ReasonCode::PacketTooLarge);
    t.completes(&[(sent, unsendable), (waiting, unsendable)]);
}

/// The limits, the Keep Alive and the aliases of one connection do not leak into the next.
#[test]
fn limits_belong_to_one_connection() {
    let mut t = Trace::v5();
    t.opens();
    let limits = [
        Property::MaximumQoS(QoS::AtMostOnce),
        Property::ServerKeepAlive(5),
        Property::TopicAliasMaximum(9),
        Property::ReceiveMaximum(NonZeroU16::MIN),
    ];
    t.gets_bytes(&connack(false, &limits), "connected");
    assert_eq!(t.session.limits().keep_alive, 5);
    assert!(t.try_publish(1, "a", "x").is_err());
    t.reopens();
    t.gets("CONNACK present", "connected present");
    assert_eq!(t.session.limits().keep_alive, 60);
    assert_eq!(t.session.limits().topic_alias_maximum, 0);
    t.publishes(2, "a", "x");
    t.publishes(2, "b", "x");
    t.sends(&["PUBLISH 1 q2 a=x", "PUBLISH 2 q2 b=x"]);
}

/// The limits of a connection that is ending do not refuse what is for the next.
#[test]
fn after_disconnected_publishes_queue_for_the_next_connection() {
    let mut t = Trace::v5();
    t.opens();
    let limits = [Property::MaximumQoS(QoS::AtMostOnce)];
    t.gets_bytes(&connack(false, &limits), "connected");
    t.gets("DISCONNECT 8B", "disconnected server 8B");
    let token = t.publishes(1, "a", "x");
    t.sends(&[]);
    t.closes("");
    assert!(t.session.is_pending(token));
    t.opens();
    t.gets("CONNACK", "connected");
    t.sends(&["PUBLISH 1 q1 a=x"]);
}

/// A partial packet of one connection must not swallow the CONNACK of the next.
#[test]
fn half_a_packet_does_not_survive_a_reconnect() {
    let mut t = Trace::connected(Version::V5);
    let bytes = packets_of(Version::V5, "PUBLISH 1 q1 a=hello");
    for cut in 1..bytes.len() {
        t.takes(&bytes[..cut]);
        resumes(&mut t);
        t.sends(&[]);
    }
    t.gets("PUBLISH 1 q1 dup a=hello", "message q1 dup a=hello");
    t.sends(&["PUBACK 1"]);
}

#[test]
fn a_message_that_was_cut_off_comes_again() {
    for qos in [1, 2] {
        let mut t = Trace::connected(Version::V5);
        let line = format!("PUBLISH 1 q{qos} dup a=hello");
        let bytes = packets_of(Version::V5, &line);
        let (events, _) = t.takes(&bytes[..bytes.len() - 2]);
        assert_eq!(events, [format!("message q{qos} dup a=hel +2")]);
        resumes(&mut t);
        t.sends(&[]);
        t.gets(&line, &format!("message q{qos} dup a=hello"));
    }
}

/// [MQTT-4.3.3-10], across connections.
#[test]
fn a_qos_2_message_is_not_delivered_twice() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.gets("PUBLISH 1 q2 a=x", "message q2 a=x");
        // The PUBREC is due, and is lost.
        resumes(&mut t);
        t.sends(&[]);
        t.gets("PUBLISH 1 q2 dup a=x", "");
        t.sends(&["PUBREC 1"]);
        resumes(&mut t);
        t.gets("PUBREL 1", "");
        // The PUBCOMP is due, and is lost.
        resumes(&mut t);
        t.gets("PUBREL 1", "");
        t.sends(&["PUBCOMP 1"]);
        t.gets("PUBLISH 1 q2 a=new", "message q2 a=new");
    }
}

#[test]
fn a_message_that_waits_for_the_application_is_not_delivered_twice() {
    let mut t = Trace::manual(Version::V5);
    let mut tokens = Vec::new();
    let bytes = packets_of(Version::V5, "PUBLISH 1 q2 a=x; PUBLISH 2 q1 b=y");
    t.each_event(&bytes, |event| {
        if let Event::Message(message) = event {
            tokens.extend(message.ack);
        }
    });
    resumes(&mut t);
    let success = ReasonCode::Success;
    // QoS 1 comes again under another token.
    assert_eq!(
        t.session.acknowledge(tokens[1], success),
        Err(AcknowledgeError::Unknown)
    );
    t.gets(
        "PUBLISH 1 q2 dup a=x; PUBLISH 2 q1 dup b=y",
        "message q1 dup b=y",
    );
    t.sends(&[]);
    assert_eq!(t.session.acknowledge(tokens[0], success), Ok(()));
    t.sends(&["PUBREC 1"]);
}

#[test]
fn a_message_acknowledged_between_connections_is_answered_when_it_comes_again() {
    let mut t = Trace::manual(Version::V5);
    let mut tokens = Vec::new();
    t.each_event(&packets_of(Version::V5, "PUBLISH 1 q2 a=x"), |event| {
        if let Event::Message(message) = event {
            tokens.extend(message.ack);
        }
    });
    t.closes("disconnected Closed");
    let reason = ReasonCode::NotAuthorized;
    t.session.acknowledge(tokens[0], reason).unwrap();
    t.opens();
    t.gets("CONNACK present", "connected present");
    t.sends(&[]);
    t.gets("PUBLISH 1 q2 dup a=x", "");
    t.sends(&["PUBREC 1 87"]);
}

/// Kept, the identifiers would make the session acknowledge a new message and never deliver it.
#[test]
fn received_identifiers_are_forgotten_with_the_session() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.gets("PUBLISH 1 q2 a=x", "message q2 a=x");
        t.sends(&["PUBREC 1"]);
        is_lost(&mut t);
        t.gets("PUBLISH 1 q2 a=new", "message q2 a=new");
        t.sends(&["PUBREC 1"]);
    }
}

#[test]
fn tokens_are_not_used_again() {
    let mut t = Trace::connected(Version::V5);
    let mut seen: Vec<Token> = Vec::new();
    for id in 1..4 {
        let token = t.publishes(1, "a", "x");
        assert!(!seen.contains(&token));
        seen.push(token);
        t.transmits();
        t.gets(&format!("PUBACK {id}"), &format!("published {token:?} 00"));
    }
}

#[test]
fn the_properties_of_a_connect_are_those_of_one_connection() {
    let mut t = Trace::v5();
    let small = [Property::MaximumPacketSize(NonZeroU32::new(20).unwrap())];
    let mut connect = t.connect();
    connect.properties = Properties::new(&small);
    t.opens_with(&connect);
    t.gets("CONNACK", "connected");
    let line = "PUBLISH q0 a=a_payload_of_more_than_twenty_bytes";
    t.gets(line, "disconnected malformed PacketTooLarge");
    t.sends(&["DISCONNECT 95"]);
    t.closes("");
    t.opens();
    t.gets("CONNACK", "connected");
    t.gets(line, "message q0 a=a_payload_of_more_than_twenty_bytes");
}
