//! Traps that other clients fell into, each with its test, on both storages.

use mqtt_proto::{Property, QoS, ReasonCode, Sequence, Version};
use mqtt_session::{
    Completion, Config, DisconnectError, Event, Heap, Inline, PublishError, Storage,
};

use crate::trace::{BOTH, Trace, connack, packets_of};

/// Receive Maximum that every connection announces: what the smaller storage can track.
const RECEIVE_MAXIMUM: usize = 4;

macro_rules! traps {
    ($($(#[$doc:meta])* fn $name:ident<S: Storage>() $body:block)*) => {
        $($(#[$doc])* fn $name<S: Storage>() $body)*

        mod on_the_heap {
            $(#[test] fn $name() { super::$name::<super::Heap>(); })*
        }

        mod inline {
            type Small = super::Inline<512, 6, { super::RECEIVE_MAXIMUM }>;
            $(#[test] fn $name() { super::$name::<Small>(); })*
        }
    };
}

fn new<S: Storage>(version: Version) -> Trace<S> {
    Trace::new(Config::new(version))
}

fn connected<S: Storage>(version: Version) -> Trace<S> {
    let mut t = new(version);
    connects(&mut t, "CONNACK");
    t
}

fn connected_with<S: Storage>(limits: &[Property<'_>]) -> Trace<S> {
    let mut t = new(Version::V5);
    t.opens_for(RECEIVE_MAXIMUM);
    t.gets_bytes(&connack(false, limits), "connected");
    t
}

fn connects<S: Storage>(t: &mut Trace<S>, connack: &str) {
    t.opens_for(RECEIVE_MAXIMUM);
    t.gets(connack, &connack.replace("CONNACK", "connected"));
}

/// The connection is lost; on the next one, the Server answers with this.
fn reconnects<S: Storage>(t: &mut Trace<S>, connack: &str) {
    t.closes("disconnected Closed");
    connects(t, connack);
}

fn receive_maximum(value: u16) -> Property<'static> {
    Property::ReceiveMaximum(value.try_into().unwrap())
}

traps! {
    /// A partial packet of one connection must not swallow the CONNACK of the next.
    fn a_partial_packet_dies_with_its_connection<S: Storage>() {
        for version in BOTH {
            let whole = packets_of(version, "PUBLISH 7 q1 topic=payload");
            for len in 1..whole.len() {
                let mut t = connected::<S>(version);
                t.takes(&whole[..len]);
                t.sends(&[]);
                reconnects(&mut t, "CONNACK present");
                t.gets_bytes(&whole, "message q1 topic=payload");
                t.sends(&["PUBACK 7"]);
            }
        }
    }

    /// PUBACK for a message of the connection before must not make room twice.
    fn the_send_quota_does_not_underflow_after_resume<S: Storage>() {
        let mut t = connected_with::<S>(&[receive_maximum(2)]);
        for payload in ["one", "two", "three", "four"] {
            t.publishes(1, "t", payload);
        }
        t.sends(&["PUBLISH 1 q1 t=one", "PUBLISH 2 q1 t=two"]);
        t.closes("disconnected Closed");
        t.opens_for(RECEIVE_MAXIMUM);
        t.gets_bytes(&connack(true, &[receive_maximum(1)]), "connected present");
        t.sends(&["PUBLISH 1 q1 dup t=one"]);
        // Late, and for one that this connection has not seen.
        t.gets("PUBACK 2", "published Token(1) 00");
        t.sends(&[]);
        t.gets("PUBACK 1", "published Token(0) 00");
        t.sends(&["PUBLISH 3 q1 t=three"]);
    }

    /// In 3.1.1 a Server cannot say how many it takes: some hang up when more come.
    fn what_the_application_allows_in_flight_bounds_it_too<S: Storage>() {
        for version in BOTH {
            let mut config = Config::new(version);
            config.maximum_in_flight = 1.try_into().unwrap();
            let mut t = Trace::<S>::new(config);
            connects(&mut t, "CONNACK");
            t.publishes(2, "t", "one");
            t.publishes(1, "t", "two");
            t.sends(&["PUBLISH 1 q2 t=one"]);
            t.gets("PUBREC 1", "");
            t.sends(&["PUBREL 1"]);
            t.gets("PUBCOMP 1", "published Token(0) 00");
            t.sends(&["PUBLISH 2 q1 t=two"]);
        }
    }

    /// [MQTT-3.3.4-7]: a QoS 2 message counts until PUBCOMP.
    fn the_send_quota_is_held_until_pubcomp<S: Storage>() {
        let mut t = connected_with::<S>(&[receive_maximum(1)]);
        t.publishes(2, "t", "one");
        t.publishes(1, "t", "two");
        t.sends(&["PUBLISH 1 q2 t=one"]);
        t.gets("PUBREC 1", "");
        t.sends(&["PUBREL 1"]);
        t.gets("PUBCOMP 1", "published Token(0) 00");
        t.sends(&["PUBLISH 2 q1 t=two"]);
    }

    /// [MQTT-4.4.0-2]: a PUBREC that refuses makes room.
    fn the_send_quota_is_released_by_a_pubrec_that_refuses<S: Storage>() {
        let mut t = connected_with::<S>(&[receive_maximum(1)]);
        t.publishes(2, "t", "one");
        t.publishes(2, "t", "two");
        t.sends(&["PUBLISH 1 q2 t=one"]);
        t.gets("PUBREC 1 97", "published Token(0) 97");
        t.sends(&["PUBLISH 2 q2 t=two"]);
    }

    /// [MQTT-4.4.0-1]: what is sent again is in the order and the limits of the new connection.
    fn replay_keeps_the_order_and_the_quota<S: Storage>() {
        let mut t = connected::<S>(Version::V5);
        for payload in ["one", "two", "three"] {
            t.publishes(1, "t", payload);
        }
        t.transmits();
        t.closes("disconnected Closed");
        t.opens_for(RECEIVE_MAXIMUM);
        t.gets_bytes(&connack(true, &[receive_maximum(1)]), "connected present");
        t.sends(&["PUBLISH 1 q1 dup t=one"]);
        t.gets("PUBACK 1", "published Token(0) 00");
        t.sends(&["PUBLISH 2 q1 dup t=two"]);
        t.gets("PUBACK 2", "published Token(1) 00");
        t.sends(&["PUBLISH 3 q1 dup t=three"]);
        t.gets("PUBACK 3", "published Token(2) 00");
        t.sends(&[]);
        assert_eq!(t.session.pending(), 0);
    }

    /// [MQTT-4.3.3-6]: after PUBREC it is PUBREL that is sent again.
    fn replay_sends_pubrel_and_not_the_message<S: Storage>() {
        for version in BOTH {
            let mut t = connected::<S>(version);
            t.publishes(2, "t", "one");
            t.transmits();
            t.gets("PUBREC 1", "");
            t.sends(&["PUBREL 1"]);
            reconnects(&mut t, "CONNACK present");
            t.sends(&["PUBREL 1"]);
            t.gets("PUBCOMP 1", "published Token(0) 00");
        }
    }

    /// [MQTT-3.2.2-5]: a server without the session begins its packet identifiers anew.
    fn received_identifiers_are_forgotten_with_the_session<S: Storage>() {
        for version in BOTH {
            let mut t = connected::<S>(version);
            t.gets("PUBLISH 7 q2 t=old", "message q2 t=old");
            t.sends(&["PUBREC 7"]);
            reconnects(&mut t, "CONNACK");
            t.gets("PUBLISH 7 q2 t=new", "message q2 t=new");
            t.sends(&["PUBREC 7"]);
        }
    }

    /// [MQTT-4.3.3-10]: and are kept with it.
    fn received_identifiers_are_kept_with_the_session<S: Storage>() {
        for version in BOTH {
            let mut t = connected::<S>(version);
            t.gets("PUBLISH 7 q2 t=once", "message q2 t=once");
            t.sends(&["PUBREC 7"]);
            reconnects(&mut t, "CONNACK present");
            t.gets("PUBLISH 7 q2 dup t=once", "");
            t.sends(&["PUBREC 7"]);
            t.gets("PUBREL 7", "");
            t.sends(&["PUBCOMP 7"]);
            // [MQTT-4.3.3-12]
            t.gets("PUBLISH 7 q2 t=new", "message q2 t=new");
        }
    }

    /// A PUBREC or PUBREL for an identifier that is not known must end the other side's flow.
    fn an_unknown_identifier_is_answered<S: Storage>() {
        let mut t = connected::<S>(Version::V5);
        t.gets("PUBREC 9", "");
        t.sends(&["PUBREL 9 92"]);
        t.gets("PUBCOMP 9 92; PUBREL 9", "");
        t.sends(&["PUBCOMP 9 92"]);
        t.gets("PUBACK 9", "");
        t.sends(&[]);

        let mut t = connected::<S>(Version::V3_1_1);
        t.gets("PUBREC 9", "");
        t.sends(&["PUBREL 9"]);
        t.gets("PUBREL 9", "");
        t.sends(&["PUBCOMP 9"]);
    }

    /// What one server allows says nothing about the next.
    fn limits_end_with_their_connection<S: Storage>() {
        let mut t = connected_with::<S>(&[
            receive_maximum(1),
            Property::MaximumQoS(QoS::AtMostOnce),
            Property::RetainAvailable(false),
            Property::MaximumPacketSize(20.try_into().unwrap()),
            Property::AssignedClientIdentifier("assigned"),
            Property::WildcardSubscriptionAvailable(false),
            Property::ServerKeepAlive(5),
        ]);
        let refused = PublishError::NotSupported(ReasonCode::QoSNotSupported);
        assert_eq!(t.try_publish(1, "t", "one"), Err(refused));
        assert_eq!(t.session.limits().keep_alive, 5);
        reconnects(&mut t, "CONNACK");
        let limits = t.session.limits();
        assert_eq!((limits.keep_alive, limits.maximum_qos), (60, QoS::ExactlyOnce));
        assert!(limits.retain_available && limits.wildcard_subscription_available);
        t.publishes(1, "t", "more than twenty bytes of it");
        t.publishes(1, "t", "two");
        t.sends(&["PUBLISH 1 q1 t=more than twenty bytes of it", "PUBLISH 2 q1 t=two"]);
    }

    /// The Keep Alive in force is the connection's own, too.
    fn the_servers_keep_alive_ends_with_its_connection<S: Storage>() {
        let mut t = connected_with::<S>(&[Property::ServerKeepAlive(5)]);
        t.after(5_000);
        t.ticks("");
        t.sends(&["PINGREQ"]);
        t.gets("PINGRESP", "");
        reconnects(&mut t, "CONNACK present");
        t.after(10_000);
        t.ticks("");
        t.sends(&[]);
    }

    /// Accepted while offline means kept, or told.
    fn a_publish_while_offline_is_kept_or_refused<S: Storage>() {
        for version in BOTH {
            let mut t = new::<S>(version);
            assert_eq!(t.try_publish(0, "t", "zero"), Err(PublishError::NotConnected));
            let token = t.publishes(1, "t", "one");
            assert!(t.session.is_pending(token));
            connects(&mut t, "CONNACK");
            t.sends(&["PUBLISH 1 q1 t=one"]);
            t.gets("PUBACK 1", "published Token(0) 00");
            assert!(!t.session.is_pending(token));
        }
    }

    /// QoS 0 that could not leave is told, too.
    fn qos_0_that_did_not_leave_is_discarded<S: Storage>() {
        let mut t = new::<S>(Version::V5);
        t.opens_for(RECEIVE_MAXIMUM);
        let token = t.publishes(0, "t", "zero");
        t.sends(&[]);
        t.closes("disconnected Closed");
        t.completes(&[(token, Completion::Discarded)]);
    }

    /// A refused publish leaves the session as it was: no packet identifier, no byte of the outbox.
    fn a_refused_publish_leaves_no_trace<S: Storage>() {
        let mut t = connected_with::<S>(&[Property::MaximumQoS(QoS::AtLeastOnce)]);
        let before = t.session.clone();
        for topic in ["", "a/+", "a/#", "nul\0"] {
            assert!(matches!(t.try_publish(1, topic, "x"), Err(PublishError::Topic(_))));
        }
        assert!(t.try_publish(2, "t", "x").is_err());
        assert_eq!(t.session, before);
        t.publishes(1, "t", "x");
        t.sends(&["PUBLISH 1 q1 t=x"]);
    }

    /// [MQTT-3.2.0-1], [MQTT-3.2.0-2]
    fn connack_comes_first_and_once<S: Storage>() {
        for version in BOTH {
            let mut t = new::<S>(version);
            t.opens_for(RECEIVE_MAXIMUM);
            t.gets("PUBLISH 1 q1 t=x", "disconnected Violation(BeforeConnAck)");

            let mut t = connected::<S>(version);
            t.gets("CONNACK", "disconnected Violation(SecondConnAck)");
            match version {
                Version::V3_1_1 => t.sends(&[]),
                Version::V5 => t.sends(&["DISCONNECT 82"]),
            }
        }
    }

    /// [MQTT-3.2.2-6]
    fn a_connack_that_refuses_has_no_session<S: Storage>() {
        let mut t = new::<S>(Version::V5);
        t.opens_for(RECEIVE_MAXIMUM);
        let events = t.takes(&[0x20, 3, 1, 0x87, 0]).0.join("; ");
        assert!(events.starts_with("disconnected malformed"), "{events}");
    }

    /// [MQTT-3.8.4-6]
    fn a_suback_has_a_reason_for_each_filter<S: Storage>() {
        for version in BOTH {
            for count in [0, 1, 3] {
                let mut t = connected::<S>(version);
                t.subscribes(&["a", "b"]);
                t.transmits();
                let mut suback = vec![0x90, 0, 0, 1];
                if version == Version::V5 {
                    suback.push(0);
                }
                suback.extend(std::iter::repeat_n(0, count));
                suback[1] = u8::try_from(suback.len() - 2).unwrap();
                let events = t.takes(&suback).0;
                let expected = match count {
                    0 => "disconnected malformed",
                    _ => "disconnected Violation(WrongReasonCount)",
                };
                assert!(events.len() == 1 && events[0].starts_with(expected), "{events:?}");
            }
        }
    }

    /// Bytes that a lax client takes.
    fn what_is_not_mqtt_ends_the_connection<S: Storage>() {
        let both: [(&str, &[u8]); 9] = [
            ("PUBREL with flags 0", &[0x60, 2, 0, 1]),
            ("a packet identifier of 0", &[0x40, 2, 0, 0]),
            ("QoS 0 with DUP", &[0x38, 4, 0, 1, b't', b'x']),
            ("QoS 3", &[0x36, 5, 0, 1, b't', 0, 1]),
            ("a packet type of 0", &[0x00, 0]),
            ("a packet that only a client sends", &[0xC0, 0]),
            ("PINGRESP with a body", &[0xD0, 1, 0]),
            ("a remaining length of five bytes", &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
            ("a remaining length that is longer than it must be", &[0xD0, 0x80, 0]),
        ];
        let old: [(&str, &[u8]); 4] = [
            ("U+0000 in a topic name", &[0x30, 3, 0, 1, 0]),
            ("a wildcard in a topic name", &[0x30, 3, 0, 1, b'#']),
            ("an empty topic name", &[0x30, 2, 0, 0]),
            ("AUTH", &[0xF0, 0]),
        ];
        let new: [(&str, &[u8]); 6] = [
            ("U+0000 in a topic name", &[0x30, 4, 0, 1, 0, 0]),
            ("a wildcard in a topic name", &[0x30, 4, 0, 1, b'+', 0]),
            ("no topic name and no alias", &[0x30, 3, 0, 0, 0]),
            ("no property length", &[0x30, 3, 0, 1, b't']),
            ("a property length that is longer than it must be", &[0x30, 5, 0, 1, b't', 0x80, 0]),
            ("a property of another packet", &[0x30, 9, 0, 1, b't', 5, 0x11, 0, 0, 0, 1]),
        ];
        for version in BOTH {
            let more = if version == Version::V5 { &new[..] } else { &old[..] };
            for (what, bytes) in both.iter().chain(more) {
                let mut t = connected::<S>(version);
                let events = t.takes(bytes).0;
                assert_eq!(events.len(), 1, "{version}: {what}: {events:?}");
                assert!(events[0].starts_with("disconnected"), "{version}: {what}: {events:?}");
                if version == Version::V3_1_1 {
                    t.sends(&[]);
                }
            }
        }
    }

    /// A header of five bytes promises a quarter of a gigabyte: nothing is set aside for it.
    fn a_large_packet_passes_through_a_small_buffer<S: Storage>() {
        let mut t = connected::<S>(Version::V3_1_1);
        t.gets_bytes(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, b't'], "message q0 t= +268435452");
        let payload = "x".repeat(1000);
        t.gets_bytes(payload.as_bytes(), &format!("payload {payload} +268434452"));
    }

    /// [MQTT-3.14.2-1]: some reasons are the server's alone.
    fn a_client_does_not_send_a_servers_reason<S: Storage>() {
        let mut t = connected::<S>(Version::V5);
        let before = t.session.clone();
        for reason in [
            ReasonCode::ServerShuttingDown,
            ReasonCode::SessionTakenOver,
            ReasonCode::KeepAliveTimeout,
            ReasonCode::NotAuthorized,
            ReasonCode::GrantedQoS1,
        ] {
            let refused = t.session.disconnect(t.now, reason, None);
            assert_eq!(refused, Err(DisconnectError::Reason(reason)));
        }
        assert_eq!(t.session, before);
        t.session.disconnect(t.now, ReasonCode::DisconnectWithWillMessage, None).unwrap();
        t.sends(&["DISCONNECT 04"]);
    }

    fn keep_alive_0_never_pings<S: Storage>() {
        for version in BOTH {
            let mut t = new::<S>(version);
            t.keep_alive = 0;
            connects(&mut t, "CONNACK");
            assert_eq!(t.session.poll_timeout(), None);
            t.after(1_000_000_000);
            t.ticks("");
            t.sends(&[]);
        }
    }

    /// [MQTT-3.1.2-20]: what comes in alone does not put the ping off.
    fn the_ping_is_due_by_what_was_sent<S: Storage>() {
        for version in BOTH {
            let mut t = new::<S>(version);
            t.keep_alive = 10;
            connects(&mut t, "CONNACK");
            t.after(6_000);
            t.gets("PUBLISH q0 t=x", "message q0 t=x");
            t.sends(&[]);
            t.after(4_000);
            t.ticks("");
            t.sends(&["PINGREQ"]);
            t.gets("PINGRESP", "");

            // Silence from the server asks for a ping, too: here both talk.
            t.after(6_000);
            t.gets("PUBLISH q0 t=x", "message q0 t=x");
            t.publishes(0, "t", "x");
            t.sends(&["PUBLISH q0 t=x"]);
            t.after(9_000);
            t.ticks("");
            t.sends(&[]);
            t.after(1_000);
            t.ticks("");
            t.sends(&["PINGREQ"]);
        }
    }

    /// A server that talks and does not answer pings is not there.
    fn a_pingresp_that_does_not_come_ends_the_connection<S: Storage>() {
        let mut t = new::<S>(Version::V3_1_1);
        t.keep_alive = 10;
        connects(&mut t, "CONNACK");
        t.after(10_000);
        t.ticks("");
        t.sends(&["PINGREQ"]);
        t.after(t.session.config().ping_timeout.as_millis());
        t.ticks("disconnected Timeout(PingResp)");
    }

    /// The last message of a lost session: never twice, and told.
    fn a_lost_session_ends_qos_2_and_repeats_qos_1<S: Storage>() {
        for version in BOTH {
            let mut t = connected::<S>(version);
            let one = t.publishes(1, "t", "one");
            let two = t.publishes(2, "t", "two");
            let three = t.publishes(2, "t", "three");
            t.transmits();
            t.gets("PUBREC 2", "");
            reconnects(&mut t, "CONNACK");
            t.completes(&[(two, Completion::Taken), (three, Completion::Discarded)]);
            assert!(t.session.is_pending(one));
            t.sends(&["PUBLISH 1 q1 t=one"]);
        }
    }

    /// [MQTT-3.3.4-9]: a server that sends more at once than was announced.
    fn more_than_the_receive_maximum_ends_the_connection<S: Storage>() {
        let mut config = Config::new(Version::V5);
        config.manual_ack = true;
        let mut t = Trace::<S>::new(config);
        connects(&mut t, "CONNACK");
        for packet_id in 1..=RECEIVE_MAXIMUM {
            t.gets(&format!("PUBLISH {packet_id} q1 t=x"), "message q1 t=x");
        }
        t.gets("PUBLISH 5 q1 t=x", "disconnected Violation(ReceiveMaximumExceeded)");
        t.sends(&["DISCONNECT 93"]);
    }

    /// 3.1.1 has no UNSUBACK reasons; 5.0 has one for each filter [MQTT-3.11.3-1].
    fn an_unsuback_has_a_reason_for_each_filter<S: Storage>() {
        for (version, unsuback, reasons) in [
            (Version::V3_1_1, "UNSUBACK 1", &[][..]),
            (
                Version::V5,
                "UNSUBACK 1 00 11",
                &[ReasonCode::Success, ReasonCode::NoSubscriptionExisted],
            ),
        ] {
            let mut t = connected::<S>(version);
            let token = t.unsubscribes(&["a", "b"]);
            t.transmits();
            let mut answered = 0;
            t.each_event(&packets_of(version, unsuback), |event| match event {
                Event::Unsubscribed(it) => {
                    assert_eq!((it.token, it.reasons), (token, Sequence::new(reasons)));
                    answered += 1;
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(answered, 1);
        }
    }

    /// The other side has not sent all of the PUBLISH yet: to it such a PUBREC answers nothing.
    fn a_repeated_message_is_acknowledged_after_its_last_byte<S: Storage>() {
        for version in BOTH {
            let mut t = connected::<S>(version);
            t.gets("PUBLISH 7 q2 t=payload", "message q2 t=payload");
            t.sends(&["PUBREC 7"]);
            reconnects(&mut t, "CONNACK present");
            for byte in packets_of(version, "PUBLISH 7 q2 dup t=payload") {
                t.sends(&[]);
                t.gets_bytes(&[byte], "");
            }
            t.sends(&["PUBREC 7"]);
        }
    }
}
