//! Traps that other clients fell into, each with its test, on both storages.

mod support;

use mqtt_proto::{
    Ack, ConnAck, Disconnect, Packet, PacketType, Properties, Property, QoS, ReasonCode, Sequence,
    SubAck, Subscription, TopicFilter, Version,
};
use mqtt_session::{
    Completion, Config, DisconnectError, Duration, Heap, Inline, PublishError, Storage,
};

use support::{
    BOTH, RECEIVE_MAXIMUM, Seen, Trace, again, at_least_once, encode, exactly_once, id, message,
    puback, pubcomp, publish, pubrec, pubrel,
};

macro_rules! traps {
    ($($(#[$doc:meta])* fn $name:ident<S: Storage>() $body:block)*) => {
        $($(#[$doc])* fn $name<S: Storage>() $body)*

        mod on_the_heap {
            $(#[test] fn $name() { super::$name::<super::Heap>(); })*
        }

        mod inline {
            const RECEIVE: usize = super::RECEIVE_MAXIMUM as usize;
            type Small = super::Inline<512, 6, RECEIVE>;
            $(#[test] fn $name() { super::$name::<Small>(); })*
        }
    };
}

fn receive_maximum(value: u16) -> Property<'static> {
    Property::ReceiveMaximum(value.try_into().unwrap())
}

fn not_found(packet_id: u16) -> Ack<'static> {
    Ack::new(id(packet_id), ReasonCode::PacketIdentifierNotFound)
}

fn disconnect(reason: ReasonCode) -> Packet<'static> {
    Packet::Disconnect(Disconnect {
        reason,
        properties: Properties::EMPTY,
    })
}

traps! {
    /// A partial packet of one connection must not swallow the CONNACK of the next.
    fn a_partial_packet_dies_with_its_connection<S: Storage>() {
        for version in BOTH {
            let whole = encode(version, &publish(at_least_once(7), "topic", "a payload"));
            for len in 1..whole.len() {
                let mut t = Trace::<S>::new(version);
                t.connect(false);
                t.receive_bytes(&whole[..len]);
                t.expect_nothing_sent();
                t.cut();
                t.connect(true);
                assert_eq!(t.receive_bytes(&whole), [message("topic", "a payload")]);
                t.expect_sent(&puback(7));
            }
        }
    }

    /// PUBACK for a message of the connection before must not make room twice.
    fn the_send_quota_does_not_underflow_after_resume<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.connect_with(false, &[receive_maximum(2)]);
        for payload in ["one", "two", "three", "four"] {
            t.publish(QoS::AtLeastOnce, "t", payload).unwrap();
        }
        t.expect_sent(&publish(at_least_once(1), "t", "one"));
        t.expect_sent(&publish(at_least_once(2), "t", "two"));
        t.expect_nothing_sent();
        t.cut();
        t.connect_with(true, &[receive_maximum(1)]);
        t.expect_sent(&publish(again(at_least_once(1)), "t", "one"));
        t.expect_nothing_sent();
        // Late, and for one that this connection has not seen.
        t.receive(&puback(2));
        t.expect_nothing_sent();
        t.receive(&puback(1));
        t.expect_sent(&publish(at_least_once(3), "t", "three"));
        t.expect_nothing_sent();
    }

    /// In 3.1.1 a Server cannot say how many it takes: some hang up when more come.
    fn what_the_application_allows_in_flight_bounds_it_too<S: Storage>() {
        for version in BOTH {
            let mut config = Config::new(version);
            config.maximum_in_flight = 1.try_into().unwrap();
            let mut t = Trace::<S>::with(config);
            t.connect(false);
            t.publish(QoS::ExactlyOnce, "t", "one").unwrap();
            t.publish(QoS::AtLeastOnce, "t", "two").unwrap();
            t.expect_sent(&publish(exactly_once(1), "t", "one"));
            t.receive(&pubrec(1));
            t.expect_sent(&pubrel(1));
            t.expect_nothing_sent();
            t.receive(&pubcomp(1));
            t.expect_sent(&publish(at_least_once(2), "t", "two"));
        }
    }

    /// [MQTT-3.3.4-7]: a QoS 2 message counts until PUBCOMP.
    fn the_send_quota_is_held_until_pubcomp<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.connect_with(false, &[receive_maximum(1)]);
        let first = t.publish(QoS::ExactlyOnce, "t", "one").unwrap();
        t.publish(QoS::AtLeastOnce, "t", "two").unwrap();
        t.expect_sent(&publish(exactly_once(1), "t", "one"));
        t.expect_nothing_sent();
        t.receive(&pubrec(1));
        t.expect_sent(&pubrel(1));
        t.expect_nothing_sent();
        assert_eq!(t.receive(&pubcomp(1)), [Seen::Published(first, ReasonCode::Success)]);
        t.expect_sent(&publish(at_least_once(2), "t", "two"));
    }

    /// [MQTT-4.4.0-2]: a PUBREC that refuses makes room.
    fn the_send_quota_is_released_by_a_pubrec_that_refuses<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.connect_with(false, &[receive_maximum(1)]);
        let first = t.publish(QoS::ExactlyOnce, "t", "one").unwrap();
        t.publish(QoS::ExactlyOnce, "t", "two").unwrap();
        t.expect_sent(&publish(exactly_once(1), "t", "one"));
        let refused = Ack::new(id(1), ReasonCode::QuotaExceeded);
        let seen = t.receive(&Packet::PubRec(refused));
        assert_eq!(seen, [Seen::Published(first, ReasonCode::QuotaExceeded)]);
        t.expect_sent(&publish(exactly_once(2), "t", "two"));
    }

    /// [MQTT-4.4.0-1]: what is sent again is in the order and the limits of the new connection.
    fn replay_keeps_the_order_and_the_quota<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.connect(false);
        for payload in ["one", "two", "three"] {
            t.publish(QoS::AtLeastOnce, "t", payload).unwrap();
        }
        t.cut();
        t.connect_with(true, &[receive_maximum(1)]);
        for (packet_id, payload) in [(1, "one"), (2, "two"), (3, "three")] {
            t.expect_sent(&publish(again(at_least_once(packet_id)), "t", payload));
            t.expect_nothing_sent();
            t.receive(&puback(packet_id));
        }
        t.expect_nothing_sent();
        assert_eq!(t.session.pending(), 0);
    }

    /// [MQTT-4.3.3-6]: after PUBREC it is PUBREL that is sent again.
    fn replay_sends_pubrel_and_not_the_message<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.connect(false);
            let token = t.publish(QoS::ExactlyOnce, "t", "one").unwrap();
            t.receive(&pubrec(1));
            t.cut();
            t.connect(true);
            t.expect_sent(&pubrel(1));
            t.expect_nothing_sent();
            assert_eq!(t.receive(&pubcomp(1)), [Seen::Published(token, ReasonCode::Success)]);
        }
    }

    /// [MQTT-3.2.2-5]: a server without the session begins its packet identifiers anew.
    fn received_identifiers_are_forgotten_with_the_session<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.connect(false);
            assert_eq!(t.receive(&publish(exactly_once(7), "t", "old")), [message("t", "old")]);
            t.expect_sent(&pubrec(7));
            t.cut();
            t.connect(false);
            assert_eq!(t.receive(&publish(exactly_once(7), "t", "new")), [message("t", "new")]);
            t.expect_sent(&pubrec(7));
        }
    }

    /// [MQTT-4.3.3-10]: and are kept with it.
    fn received_identifiers_are_kept_with_the_session<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.connect(false);
            t.receive(&publish(exactly_once(7), "t", "once"));
            t.cut();
            t.connect(true);
            let seen = t.receive(&publish(again(exactly_once(7)), "t", "once"));
            assert_eq!(seen, [Seen::Handled(PacketType::Publish)]);
            t.expect_sent(&pubrec(7));
            t.receive(&pubrel(7));
            t.expect_sent(&pubcomp(7));
            // [MQTT-4.3.3-12]
            assert_eq!(t.receive(&publish(exactly_once(7), "t", "new")), [message("t", "new")]);
        }
    }

    /// A PUBREC or PUBREL for an identifier that is not known must end the other side's flow.
    fn an_unknown_identifier_is_answered<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.connect(false);
        t.receive(&pubrec(9));
        t.expect_sent(&Packet::PubRel(not_found(9)));
        t.receive(&Packet::PubComp(not_found(9)));
        t.receive(&pubrel(9));
        t.expect_sent(&Packet::PubComp(not_found(9)));
        t.receive(&puback(9));
        t.expect_nothing_sent();

        let mut t = Trace::<S>::new(Version::V3_1_1);
        t.connect(false);
        t.receive(&pubrec(9));
        t.expect_sent(&pubrel(9));
        t.receive(&pubrel(9));
        t.expect_sent(&pubcomp(9));
    }

    /// What one server allows says nothing about the next.
    fn limits_end_with_their_connection<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        let stingy = [
            receive_maximum(1),
            Property::MaximumQoS(QoS::AtMostOnce),
            Property::RetainAvailable(false),
            Property::MaximumPacketSize(20.try_into().unwrap()),
            Property::AssignedClientIdentifier("assigned"),
            Property::WildcardSubscriptionAvailable(false),
            Property::ServerKeepAlive(5),
        ];
        t.connect_with(false, &stingy);
        let refused = PublishError::NotSupported(ReasonCode::QoSNotSupported);
        assert_eq!(t.publish(QoS::AtLeastOnce, "t", "one"), Err(refused));
        assert_eq!(t.session.limits().keep_alive, 5);
        t.cut();
        t.connect(false);
        let limits = t.session.limits();
        assert_eq!((limits.keep_alive, limits.maximum_qos), (60, QoS::ExactlyOnce));
        assert!(limits.retain_available && limits.wildcard_subscription_available);
        t.publish(QoS::AtLeastOnce, "t", "more than twenty bytes of it").unwrap();
        t.publish(QoS::AtLeastOnce, "t", "two").unwrap();
        t.expect_sent(&publish(at_least_once(1), "t", "more than twenty bytes of it"));
        t.expect_sent(&publish(at_least_once(2), "t", "two"));
    }

    /// The Keep Alive in force is the connection's own, too.
    fn the_servers_keep_alive_ends_with_its_connection<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.keep_alive = 100;
        t.connect_with(false, &[Property::ServerKeepAlive(5)]);
        t.wait(Duration::from_secs(5));
        t.expect_sent(&Packet::PingReq);
        t.receive(&Packet::PingResp);
        t.cut();
        t.connect(true);
        t.wait(Duration::from_secs(10));
        t.expect_nothing_sent();
    }

    /// Accepted while offline means kept, or told.
    fn a_publish_while_offline_is_kept_or_refused<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            assert_eq!(t.publish(QoS::AtMostOnce, "t", "zero"), Err(PublishError::NotConnected));
            let token = t.publish(QoS::AtLeastOnce, "t", "one").unwrap();
            assert!(t.session.is_pending(token));
            t.connect(false);
            t.expect_sent(&publish(at_least_once(1), "t", "one"));
            assert_eq!(t.receive(&puback(1)), [Seen::Published(token, ReasonCode::Success)]);
            assert!(!t.session.is_pending(token));
        }
    }

    /// QoS 0 that could not leave is told, too.
    fn qos_0_that_did_not_leave_is_discarded<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.dial();
        let token = t.publish(QoS::AtMostOnce, "t", "zero").unwrap();
        t.expect_nothing_sent();
        t.cut();
        assert_eq!(t.completed(), [(token, Completion::Discarded)]);
    }

    /// A refused publish leaves the session as it was: no packet identifier, no byte of the outbox.
    fn a_refused_publish_leaves_no_trace<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.connect_with(false, &[Property::MaximumQoS(QoS::AtLeastOnce)]);
        let before = t.session.clone();
        for topic in ["", "a/+", "a/#", "nul\0"] {
            assert!(matches!(t.publish(QoS::AtLeastOnce, topic, "x"), Err(PublishError::Topic(_))));
        }
        assert!(t.publish(QoS::ExactlyOnce, "t", "x").is_err());
        assert_eq!(t.session, before);
        t.publish(QoS::AtLeastOnce, "t", "x").unwrap();
        t.expect_sent(&publish(at_least_once(1), "t", "x"));
    }

    /// [MQTT-3.2.0-1], [MQTT-3.2.0-2]
    fn connack_comes_first_and_once<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.dial();
            let seen = t.receive(&publish(at_least_once(1), "t", "x"));
            assert!(matches!(&seen[..], [Seen::Disconnected(_)]), "{seen:?}");

            let mut t = Trace::<S>::new(version);
            t.connect(false);
            let connack = ConnAck {
                session_present: false,
                reason: ReasonCode::Success,
                properties: Properties::EMPTY,
            };
            let seen = t.receive(&Packet::ConnAck(connack));
            assert!(matches!(&seen[..], [Seen::Disconnected(_)]), "{seen:?}");
            if version == Version::V5 {
                t.expect_sent(&disconnect(ReasonCode::ProtocolError));
            }
            t.expect_nothing_sent();
        }
    }

    /// [MQTT-3.2.2-6]
    fn a_connack_that_refuses_has_no_session<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.dial();
        let seen = t.receive_bytes(&[0x20, 3, 1, 0x87, 0]);
        assert!(matches!(&seen[..], [Seen::Disconnected(_)]), "{seen:?}");
    }

    /// [MQTT-3.8.4-6]
    fn a_suback_has_a_reason_for_each_filter<S: Storage>() {
        for version in BOTH {
            for count in [0, 1, 3] {
                let mut t = Trace::<S>::new(version);
                t.connect(false);
                let filters = ["a", "b"].map(|filter| {
                    Subscription::new(TopicFilter::new(filter).unwrap(), QoS::AtMostOnce)
                });
                t.session.subscribe(Sequence::new(&filters), Properties::EMPTY).unwrap();
                t.pay();
                let mut suback = vec![0x90, 0, 0, 1];
                if version == Version::V5 {
                    suback.push(0);
                }
                suback.extend(std::iter::repeat_n(0, count));
                suback[1] = u8::try_from(suback.len() - 2).unwrap();
                let seen = t.receive_bytes(&suback);
                assert!(matches!(&seen[..], [Seen::Disconnected(_)]), "{count}: {seen:?}");
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
                let mut t = Trace::<S>::new(version);
                t.connect(false);
                let seen = t.receive_bytes(bytes);
                assert!(
                    matches!(&seen[..], [Seen::Disconnected(why)] if why != "closed"),
                    "{version}: {what}: {seen:?}"
                );
                if version == Version::V3_1_1 {
                    t.expect_nothing_sent();
                }
            }
        }
    }

    /// A header of five bytes promises a quarter of a gigabyte: nothing is set aside for it.
    fn a_large_packet_passes_through_a_small_buffer<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V3_1_1);
        t.connect(false);
        let seen = t.receive_bytes(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, b't']);
        let begun = |payload: &[u8], remaining| Seen::Message {
            topic: "t".to_owned(),
            payload: payload.to_vec(),
            remaining,
            dup: false,
        };
        assert_eq!(seen, [begun(b"", 268_435_452)]);
        let seen = t.receive_bytes(&[7; 1000]);
        assert_eq!(seen, [Seen::Payload { payload: vec![7; 1000], remaining: 268_434_452 }]);
    }

    /// [MQTT-3.14.2-1]: some reasons are the server's alone.
    fn a_client_does_not_send_a_servers_reason<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V5);
        t.connect(false);
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
        t.pay();
        t.expect_sent(&disconnect(ReasonCode::DisconnectWithWillMessage));
    }

    fn keep_alive_0_never_pings<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.keep_alive = 0;
            t.connect(false);
            assert_eq!(t.session.poll_timeout(), None);
            assert_eq!(t.wait(Duration::from_secs(1_000_000)), []);
            t.expect_nothing_sent();
        }
    }

    /// [MQTT-3.1.2-20]: what comes in alone does not put the ping off.
    fn the_ping_is_due_by_what_was_sent<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.keep_alive = 10;
            t.connect(false);
            t.wait(Duration::from_secs(6));
            t.receive(&publish(mqtt_proto::Delivery::AtMostOnce, "t", "x"));
            t.expect_nothing_sent();
            t.wait(Duration::from_secs(4));
            t.expect_sent(&Packet::PingReq);
            t.receive(&Packet::PingResp);

            // Silence from the server asks for a ping, too: here both talk.
            t.wait(Duration::from_secs(6));
            t.receive(&publish(mqtt_proto::Delivery::AtMostOnce, "t", "x"));
            t.publish(QoS::AtMostOnce, "t", "x").unwrap();
            t.expect_sent(&publish(mqtt_proto::Delivery::AtMostOnce, "t", "x"));
            t.wait(Duration::from_secs(9));
            t.expect_nothing_sent();
            t.wait(Duration::from_secs(1));
            t.expect_sent(&Packet::PingReq);
        }
    }

    /// A server that talks and does not answer pings is not there.
    fn a_pingresp_that_does_not_come_ends_the_connection<S: Storage>() {
        let mut t = Trace::<S>::new(Version::V3_1_1);
        t.keep_alive = 10;
        t.connect(false);
        t.wait(Duration::from_secs(10));
        t.expect_sent(&Packet::PingReq);
        let seen = t.wait(Config::new(Version::V3_1_1).ping_timeout);
        assert_eq!(seen, [Seen::Disconnected("timeout: PingResp".to_owned())]);
    }

    /// The last message of a lost session: never twice, and told.
    fn a_lost_session_ends_qos_2_and_repeats_qos_1<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.connect(false);
            let one = t.publish(QoS::AtLeastOnce, "t", "one").unwrap();
            let two = t.publish(QoS::ExactlyOnce, "t", "two").unwrap();
            let three = t.publish(QoS::ExactlyOnce, "t", "three").unwrap();
            t.receive(&pubrec(2));
            t.cut();
            t.connect(false);
            let mut completed = t.completed();
            completed.sort_by_key(|(token, _)| *token);
            assert_eq!(completed, [(two, Completion::Taken), (three, Completion::Discarded)]);
            assert!(t.session.is_pending(one));
            t.expect_sent(&publish(at_least_once(1), "t", "one"));
            t.expect_nothing_sent();
        }
    }

    /// [MQTT-3.3.4-9]: a server that sends more at once than was announced.
    fn more_than_the_receive_maximum_ends_the_connection<S: Storage>() {
        let config = Config { manual_ack: true, ..Config::new(Version::V5) };
        let mut t = Trace::<S>::with(config);
        t.connect(false);
        for packet_id in 1..=RECEIVE_MAXIMUM {
            let seen = t.receive(&publish(at_least_once(packet_id), "t", "x"));
            assert_eq!(seen, [message("t", "x")]);
        }
        let seen = t.receive(&publish(at_least_once(RECEIVE_MAXIMUM + 1), "t", "x"));
        assert!(matches!(&seen[..], [Seen::Disconnected(_)]), "{seen:?}");
        t.expect_sent(&disconnect(ReasonCode::ReceiveMaximumExceeded));
    }

    /// 3.1.1 has no UNSUBACK reasons; 5.0 has one for each filter [MQTT-3.11.3-1].
    fn an_unsuback_has_a_reason_for_each_filter<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.connect(false);
            let filters = ["a", "b"].map(|filter| TopicFilter::new(filter).unwrap());
            let filters = Sequence::new(&filters);
            let token = t.session.unsubscribe(filters, Properties::EMPTY).unwrap();
            t.pay();
            let reasons: &[ReasonCode] = match version {
                Version::V3_1_1 => &[],
                Version::V5 => &[ReasonCode::Success, ReasonCode::NoSubscriptionExisted],
            };
            let seen = t.receive(&Packet::UnsubAck(SubAck {
                packet_id: id(1),
                properties: Properties::EMPTY,
                reasons: Sequence::new(reasons),
            }));
            assert_eq!(seen, [Seen::Unsubscribed(token, reasons.to_vec())]);
        }
    }

    /// The other side has not sent all of the PUBLISH yet: to it such a PUBREC answers nothing.
    fn a_repeated_message_is_acknowledged_after_its_last_byte<S: Storage>() {
        for version in BOTH {
            let mut t = Trace::<S>::new(version);
            t.connect(false);
            t.receive(&publish(exactly_once(7), "t", "payload"));
            t.expect_sent(&pubrec(7));
            t.cut();
            t.connect(true);
            let repeated = encode(version, &publish(again(exactly_once(7)), "t", "payload"));
            for index in 0..repeated.len() {
                t.expect_nothing_sent();
                t.receive_bytes(&repeated[index..=index]);
            }
            t.expect_sent(&pubrec(7));
        }
    }
}
