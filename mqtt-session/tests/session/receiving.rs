//! The receiver: messages, payloads in pieces, acknowledgements and their order.

use core::num::NonZeroU16;

use mqtt_proto::{Connect, Properties, Property, ReasonCode, Version};
use mqtt_session::{AckToken, AcknowledgeError, Config, Event, Inline, Progress};

use crate::trace::{BOTH, Trace, packets_of};

/// Gets messages in manual-ack mode, and gives their tokens.
fn tokens(t: &mut Trace, packets: &str) -> Vec<AckToken> {
    let mut tokens = Vec::new();
    let bytes = packets_of(t.session.version(), packets);
    t.each_event(&bytes, |event| {
        if let Event::Message(message) = event {
            tokens.extend(message.ack);
        }
    });
    tokens
}

/// [MQTT-3.3.4-1]
#[test]
fn qos_0_is_not_acknowledged() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.gets("PUBLISH q0 a/b=hello", "message q0 a/b=hello");
        t.sends(&[]);
    }
}

/// [MQTT-4.3.2-4], [MQTT-4.3.2-5]
/// [MQTT-2.2.1-5], [MQTT-3.3.4-1], [MQTT3-4.3.2-2]
#[test]
fn qos_1_is_acknowledged_and_its_identifier_free_again() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.gets("PUBLISH 7 q1 a=x", "message q1 a=x");
        t.sends(&["PUBACK 7"]);
        t.gets("PUBLISH 7 q1 dup a=x", "message q1 dup a=x");
        t.sends(&["PUBACK 7"]);
    }
}

/// [MQTT-4.1.0-1], even one that ends with the connection.
#[test]
fn the_session_is_kept_while_the_connection_is_open() {
    for version in BOTH {
        let mut t: Trace = Trace::new(Config::new(version));
        t.keep_alive = 0;
        t.opens();
        t.gets("CONNACK", "connected");
        t.publishes(2, "b", "y");
        t.sends(&["PUBLISH 1 q2 b=y"]);
        t.gets("PUBLISH 7 q2 a=x", "message q2 a=x");
        t.sends(&["PUBREC 7"]);
        t.after(1_000_000_000);
        t.ticks("");
        t.gets("PUBLISH 7 q2 dup a=x; PUBREC 1", "");
        t.sends(&["PUBREC 7", "PUBREL 1"]);
        t.gets("PUBCOMP 1; PUBREL 7", "published Token(0) 00");
        t.sends(&["PUBCOMP 7"]);
    }
}

/// [MQTT-4.3.3-8], [MQTT-4.3.3-11], [MQTT-4.3.3-12]
/// [MQTT-2.2.1-5], [MQTT-3.3.4-1], [MQTT3-4.3.3-2]
#[test]
fn qos_2_is_delivered_once_and_its_identifier_free_after_pubcomp() {
    for version in BOTH {
        let mut t = Trace::connected(version);
        t.gets("PUBLISH 7 q2 a=x", "message q2 a=x");
        t.sends(&["PUBREC 7"]);
        t.gets("PUBREL 7", "");
        t.sends(&["PUBCOMP 7"]);
        t.gets("PUBLISH 7 q2 a=y", "message q2 a=y");
    }
}

/// [MQTT-4.3.3-10]
#[test]
fn a_repeated_qos_2_message_is_acknowledged_and_not_delivered() {
    for version in BOTH {
        for repeated in ["PUBLISH 7 q2 dup a=x", "PUBLISH 7 q2 a=x"] {
            let mut t = Trace::connected(version);
            t.gets("PUBLISH 7 q2 a=x", "message q2 a=x");
            t.gets(repeated, "");
            t.sends(&["PUBREC 7"]);
            t.gets(repeated, "");
            t.sends(&["PUBREC 7"]);
            t.gets("PUBREL 7", "");
            t.sends(&["PUBCOMP 7"]);
        }
    }
}

/// The payload of a repetition is swallowed in pieces, too.
#[test]
fn nothing_of_a_repeated_message_is_delivered() {
    let mut t = Trace::connected(Version::V5);
    t.gets("PUBLISH 7 q2 a=hello", "message q2 a=hello");
    t.sends(&["PUBREC 7"]);
    for byte in packets_of(Version::V5, "PUBLISH 7 q2 dup a=hello; PUBLISH q0 b=y") {
        let (events, rest) = t.takes(&[byte]);
        assert!(events.is_empty() || events == ["message q0 b= +1"] || events == ["payload y"]);
        assert_eq!(rest, 0);
    }
    t.sends(&["PUBREC 7"]);
}

/// [MQTT-4.6.0-2], [MQTT-4.6.0-3]
#[test]
fn acknowledgements_leave_in_the_order_of_their_messages() {
    let mut t = Trace::manual(Version::V5);
    let ack = tokens(
        &mut t,
        "PUBLISH 1 q1 a=; PUBLISH 2 q2 b=; PUBLISH 3 q1 c=; PUBLISH 4 q2 d=; PUBLISH 5 q1 e=",
    );
    t.sends(&[]);
    let success = ReasonCode::Success;
    t.session.acknowledge(ack[2], success).unwrap();
    t.session.acknowledge(ack[3], success).unwrap();
    t.sends(&[]);
    t.session.acknowledge(ack[1], success).unwrap();
    t.sends(&["PUBREC 2", "PUBREC 4"]);
    t.session
        .acknowledge(ack[0], ReasonCode::QuotaExceeded)
        .unwrap();
    t.sends(&["PUBACK 1 97", "PUBACK 3"]);
    t.gets("PUBREL 4; PUBREL 2", "");
    t.session.acknowledge(ack[4], success).unwrap();
    t.sends(&["PUBCOMP 2", "PUBCOMP 4", "PUBACK 5"]);
}

#[test]
fn a_message_is_acknowledged_once_and_whole() {
    let mut t = Trace::manual(Version::V5);
    let bytes = packets_of(Version::V5, "PUBLISH 1 q1 a=hello");
    let mut token = None;
    t.each_event(&bytes[..bytes.len() - 2], |event| {
        if let Event::Message(message) = event {
            token = message.ack;
        }
    });
    let token = token.unwrap();
    let before = t.session.clone();
    let ack = |t: &mut Trace, reason| t.session.acknowledge(token, reason);
    let success = ReasonCode::Success;
    assert_eq!(ack(&mut t, success), Err(AcknowledgeError::Incomplete));
    // Only a Server can say the second.
    for reason in [ReasonCode::GrantedQoS1, ReasonCode::NoMatchingSubscribers] {
        assert_eq!(ack(&mut t, reason), Err(AcknowledgeError::Reason(reason)));
    }
    assert_eq!(t.session, before);
    t.gets_bytes(&bytes[bytes.len() - 2..], "payload lo");
    t.sends(&[]);
    assert_eq!(ack(&mut t, success), Ok(()));
    assert_eq!(ack(&mut t, success), Err(AcknowledgeError::Unknown));
    t.sends(&["PUBACK 1"]);
    assert_eq!(ack(&mut t, success), Err(AcknowledgeError::Unknown));
}

/// [MQTT-4.3.3-9]
#[test]
fn a_refused_qos_2_message_is_over_with_its_pubrec() {
    let mut t = Trace::manual(Version::V5);
    let ack = tokens(&mut t, "PUBLISH 7 q2 a=x");
    t.session
        .acknowledge(ack[0], ReasonCode::NotAuthorized)
        .unwrap();
    t.sends(&["PUBREC 7 87"]);
    t.gets("PUBLISH 7 q2 a=y", "message q2 a=y");
}

/// [MQTT3-3.3.5-2]
#[test]
fn version_3_1_1_cannot_refuse_a_message() {
    let mut t = Trace::manual(Version::V3_1_1);
    let ack = tokens(&mut t, "PUBLISH 7 q1 a=x");
    let reason = ReasonCode::NotAuthorized;
    let refused = t.session.acknowledge(ack[0], reason);
    assert_eq!(refused, Err(AcknowledgeError::Reason(reason)));
}

#[test]
fn a_payload_of_any_size_streams_and_is_acknowledged_after_its_last_byte() {
    for qos in [1, 2] {
        let mut t = Trace::connected(Version::V5);
        let payload = "x".repeat(10_000);
        let bytes = packets_of(Version::V5, &format!("PUBLISH 3 q{qos} a={payload}"));
        let mut received = String::new();
        for chunk in bytes.chunks(100) {
            assert_eq!(t.transmits(), []);
            t.each_event(chunk, |event| match event {
                Event::Message(message) => {
                    received += core::str::from_utf8(message.payload).unwrap();
                    assert_eq!(received.len() as u32 + message.remaining, 10_000);
                }
                Event::Payload(chunk) => {
                    received += core::str::from_utf8(chunk.payload).unwrap();
                    assert_eq!(received.len() as u32 + chunk.remaining, 10_000);
                }
                other => panic!("{other:?}"),
            });
        }
        assert_eq!(received, payload);
        t.sends(&[if qos == 1 { "PUBACK 3" } else { "PUBREC 3" }]);
    }
}

/// [MQTT-4.5.0-2]
#[test]
fn an_oversized_head_is_skipped_told_and_acknowledged() {
    for (version, puback, pubrec) in [
        (Version::V5, "PUBACK 1 97", "PUBREC 2 97"),
        (Version::V3_1_1, "PUBACK 1", "PUBREC 2"),
    ] {
        let mut t: Trace = Trace::new(Config::new(version));
        let connect = t.connect();
        t.opens_with_scratch(&connect, 16);
        t.gets("CONNACK", "connected");
        let topic = "t".repeat(100);
        let packets = format!(
            "PUBLISH 1 q1 {topic}=x; PUBLISH 2 q2 {topic}=x; PUBLISH q0 {topic}=x; PUBLISH q0 a=y"
        );
        let mut seen = Vec::new();
        for byte in packets_of(version, &packets) {
            seen.extend(t.takes(&[byte]).0);
        }
        let expected = [
            "oversized q1",
            "oversized q2",
            "oversized q0",
            "message q0 a= +1",
            "payload y",
        ];
        assert_eq!(seen, expected);
        t.sends(&[puback, pubrec]);
    }
}

fn with_receive_maximum(version: Version, maximum: u16) -> Trace<Inline<64, 2, 2>> {
    let mut t = Trace::new(Config::new(version));
    let properties = [Property::ReceiveMaximum(NonZeroU16::new(maximum).unwrap())];
    let mut connect: Connect<'_> = t.connect();
    if version == Version::V5 {
        connect.properties = Properties::new(&properties);
    }
    t.opens_with(&connect);
    t.gets("CONNACK", "connected");
    t
}

/// [MQTT-3.3.4-9]
#[test]
fn more_messages_than_our_receive_maximum_are_a_violation() {
    let mut t = with_receive_maximum(Version::V5, 2);
    t.gets(
        "PUBLISH 1 q1 a=; PUBLISH 2 q2 b=",
        "message q1 a=; message q2 b=",
    );
    t.gets(
        "PUBLISH 3 q1 c=",
        "disconnected Violation(ReceiveMaximumExceeded)",
    );
    t.sends(&["DISCONNECT 93"]);
}

/// [MQTT-3.3.4-9] holds for what a Server sends again, too.
#[test]
fn more_repeated_messages_than_our_receive_maximum_are_a_violation() {
    let mut t = with_receive_maximum(Version::V5, 2);
    t.gets(
        "PUBLISH 1 q2 a=; PUBLISH 2 q2 b=",
        "message q2 a=; message q2 b=",
    );
    t.sends(&["PUBREC 1", "PUBREC 2"]);
    t.closes("disconnected Closed");
    let properties = [Property::ReceiveMaximum(NonZeroU16::MIN)];
    let connect = Connect {
        properties: Properties::new(&properties),
        ..t.connect()
    };
    t.opens_with(&connect);
    t.gets(
        "CONNACK present; PUBLISH 1 q2 dup a=; PUBLISH 2 q2 dup b=",
        "connected present; disconnected Violation(ReceiveMaximumExceeded)",
    );
    t.sends(&["DISCONNECT 93"]);
}

#[test]
fn an_acknowledged_message_does_not_count_any_more() {
    let mut t = with_receive_maximum(Version::V5, 2);
    t.gets(
        "PUBLISH 1 q1 a=; PUBLISH 2 q2 b=",
        "message q1 a=; message q2 b=",
    );
    t.sends(&["PUBACK 1", "PUBREC 2"]);
    t.gets("PUBLISH 3 q1 c=", "message q1 c=");
    t.sends(&["PUBACK 3"]);
    t.gets("PUBREL 2", "");
    t.sends(&["PUBCOMP 2"]);
    t.gets(
        "PUBLISH 4 q2 d=; PUBLISH 5 q2 e=",
        "message q2 d=; message q2 e=",
    );
}

/// 3.1.1 has no Receive Maximum: what is merely due is paid first.
#[test]
fn in_3_1_1_a_full_table_blocks_until_its_acknowledgements_are_out() {
    let mut t = with_receive_maximum(Version::V3_1_1, 2);
    let bytes = packets_of(
        Version::V3_1_1,
        "PUBLISH 1 q1 a=; PUBLISH 2 q1 b=; PUBLISH 3 q1 c=",
    );
    let (events, rest) = t.takes(&bytes);
    assert_eq!(events, ["message q1 a=", "message q1 b="]);
    t.sends(&["PUBACK 1", "PUBACK 2"]);
    let (events, rest) = t.takes(&bytes[bytes.len() - rest..]);
    assert_eq!((events, rest), (vec!["message q1 c=".to_owned()], 0));
    t.sends(&["PUBACK 3"]);
}

/// [MQTT-4.9.0-1]: the Server may use all of our Receive Maximum beside what it releases again.
#[test]
fn in_5_0_what_an_earlier_connection_left_makes_room_first() {
    let mut t = with_receive_maximum(Version::V5, 2);
    let properties = [Property::ReceiveMaximum(NonZeroU16::new(2).unwrap())];
    let connect = Connect {
        properties: Properties::new(&properties),
        ..t.connect()
    };
    t.gets(
        "PUBLISH 1 q2 a=; PUBLISH 2 q2 b=",
        "message q2 a=; message q2 b=",
    );
    t.sends(&["PUBREC 1", "PUBREC 2"]);
    t.closes("disconnected Closed");
    t.opens_with(&connect);
    let bytes = packets_of(
        Version::V5,
        "CONNACK present; PUBREL 1; PUBREL 2; PUBLISH 3 q2 c=; PUBLISH 4 q2 d=; PUBLISH 5 q2 e=",
    );
    let (events, rest) = t.takes(&bytes);
    assert_eq!(events, ["connected present"]);
    t.sends(&["PUBCOMP 1"]);
    let (events, rest) = t.takes(&bytes[bytes.len() - rest..]);
    assert_eq!(events, ["message q2 c="]);
    t.sends(&["PUBCOMP 2", "PUBREC 3"]);
    t.gets_bytes(
        &bytes[bytes.len() - rest..],
        "message q2 d=; disconnected Violation(ReceiveMaximumExceeded)",
    );
}

#[test]
fn in_3_1_1_a_full_table_of_qos_2_ends_the_connection() {
    let mut t = with_receive_maximum(Version::V3_1_1, 2);
    t.gets(
        "PUBLISH 1 q2 a=; PUBLISH 2 q2 b=",
        "message q2 a=; message q2 b=",
    );
    t.sends(&["PUBREC 1", "PUBREC 2"]);
    t.gets(
        "PUBLISH 3 q2 c=",
        "disconnected Violation(ReceiveMaximumExceeded)",
    );
    t.sends(&[]);
}

#[test]
fn a_pubrel_of_nothing_is_answered() {
    for (version, pubcomp) in [
        (Version::V5, "PUBCOMP 9 92"),
        (Version::V3_1_1, "PUBCOMP 9"),
    ] {
        let mut t = Trace::connected(version);
        t.gets("PUBREL 9", "");
        t.sends(&[pubcomp]);
        let (_, rest) = t.takes(&packets_of(version, "PUBREL 9; PINGRESP"));
        assert_eq!(rest, 2, "blocked until the answer is out");
        t.sends(&[pubcomp]);
    }
}

#[test]
fn a_pubrel_of_the_wrong_message_is_a_violation() {
    for packets in ["PUBLISH 1 q1 a=", "PUBLISH 1 q2 a="] {
        let mut t = Trace::manual(Version::V5);
        tokens(&mut t, packets);
        t.gets("PUBREL 1", "disconnected Violation(WrongAcknowledgement)");
        t.sends(&["DISCONNECT 82"]);
    }
}

/// 3.1.1 lets a Server repeat a message at any time, so also while its PUBREC is under way.
#[test]
fn a_pubrel_behind_a_repeated_message_of_3_1_1_ends_it() {
    let mut t = Trace::connected(Version::V3_1_1);
    t.gets("PUBLISH 1 q2 a=x", "message q2 a=x");
    t.sends(&["PUBREC 1"]);
    t.gets("PUBLISH 1 q2 dup a=x; PUBREL 1", "");
    t.sends(&["PUBCOMP 1"]);
    t.gets("PUBLISH 1 q2 a=y", "message q2 a=y");
}

#[test]
fn an_identifier_of_another_message_is_a_violation() {
    for (first, second) in [
        ("PUBLISH 1 q1 a=", "PUBLISH 1 q1 b="),
        ("PUBLISH 1 q1 a=", "PUBLISH 1 q2 a="),
        ("PUBLISH 1 q2 a=", "PUBLISH 1 q1 dup a="),
    ] {
        let mut t = Trace::manual(Version::V5);
        tokens(&mut t, first);
        t.gets(second, "disconnected Violation(PacketIdInUse)");
        t.sends(&["DISCONNECT 82"]);
    }
}

/// The application publishes while it handles a message: events do not borrow the session.
#[test]
fn a_message_can_be_answered_while_it_is_held() {
    let mut t = Trace::connected(Version::V5);
    let bytes = packets_of(Version::V5, "PUBLISH q0 ask=ping");
    let (session, reader, now) = t.parts();
    let mut input = &bytes[..];
    let progress = session.handle_input(now, reader, &mut input);
    let Progress::Event(Event::Message(message)) = progress else {
        panic!("{progress:?}");
    };
    let answer = mqtt_session::Publish::new("answer", message.payload);
    session.publish(now, &answer).unwrap();
    assert_eq!(message.payload, b"ping");
    t.sends(&["PUBLISH q0 answer=ping"]);
}
