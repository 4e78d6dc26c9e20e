//! Connections: their beginning, what a Server may not do, their end.

use core::num::{NonZeroU16, NonZeroU32};

use mqtt_proto::{Auth, Connect, EncodeError, Packet, Properties, Property, ReasonCode, Version};
use mqtt_session::{
    AuthError, Config, ConnectError, DisconnectError, Duration, Inline, Reconnect, Session, State,
};

use crate::trace::{BOTH, Trace, connack, encode, packets_of};

#[test]
fn the_states_of_a_connection() {
    for version in BOTH {
        let mut t: Trace = Trace::new(Config::new(version));
        assert_eq!(t.session.state(), State::Disconnected);
        t.opens();
        assert_eq!(t.session.state(), State::Connecting);
        t.gets("CONNACK", "connected");
        assert_eq!(t.session.state(), State::Connected);
        t.session
            .disconnect(t.now, ReasonCode::Success, None)
            .unwrap();
        assert_eq!(t.session.state(), State::Disconnecting);
        t.sends(&["DISCONNECT 00"]);
        t.sends(&[]);
        t.closes("disconnected Requested");
        assert_eq!(t.session.state(), State::Disconnected);
        t.closes("");
    }
}

#[test]
fn a_refused_connect_leaves_everything_as_it_was() {
    let mut session: Session<Inline<64, 4, 4>> = Session::new(Config::new(Version::V5));
    let now = mqtt_session::Instant::from_millis(9);
    let before = session.clone();
    let mut transmit = [0; 64];
    let mut connect = Connect::new(Version::V5, "c");
    let mut error = |connect: &Connect<'_>, size: usize| {
        let refused = session.connect(now, connect, &mut transmit[..size], &mut []);
        assert_eq!(session, before);
        refused.map(|_| ()).unwrap_err()
    };
    assert_eq!(
        error(&connect, 64),
        ConnectError::ReceiveMaximum { capacity: 4 }
    );
    let five = [Property::ReceiveMaximum(NonZeroU16::new(5).unwrap())];
    connect.properties = Properties::new(&five);
    assert_eq!(
        error(&connect, 64),
        ConnectError::ReceiveMaximum { capacity: 4 }
    );
    let four = [Property::ReceiveMaximum(NonZeroU16::new(4).unwrap())];
    connect.properties = Properties::new(&four);
    assert_eq!(
        error(&connect, 4),
        ConnectError::Encode(EncodeError::BufferTooSmall { needed: 19 })
    );
    let old = Connect::new(Version::V3_1_1, "c");
    assert_eq!(error(&old, 64), ConnectError::Version);
    session
        .connect(now, &connect, &mut transmit, &mut [])
        .unwrap();
    let again = session.connect(now, &connect, &mut transmit, &mut []);
    assert_eq!(again.map(|_| ()), Err(ConnectError::NotDisconnected));
}

#[test]
fn a_refused_connection_is_told_with_its_reason() {
    for (version, code) in [(Version::V5, "8C"), (Version::V3_1_1, "86")] {
        let mut t: Trace = Trace::new(Config::new(version));
        t.opens();
        t.gets(
            &format!("CONNACK {code}"),
            &format!("disconnected refused {code}"),
        );
        t.sends(&[]);
        t.closes("");
    }
}

/// [MQTT-3.2.0-1], [MQTT-3.14.0-1]
#[test]
fn nothing_may_come_before_connack() {
    for packet in [
        "PUBLISH q0 a=x",
        "PUBLISH 1 q1 a=x",
        "PUBACK 1",
        "PUBREC 1",
        "PUBREL 1",
        "PUBCOMP 1",
        "SUBACK 1 00",
        "PINGRESP",
        "DISCONNECT 8B",
    ] {
        let mut t = Trace::v5();
        t.opens();
        t.gets(packet, "disconnected Violation(BeforeConnAck)");
        t.sends(&["DISCONNECT 82"]);
        t.sends(&[]);
        t.closes("");
    }
}

/// [MQTT-3.2.0-2]
#[test]
fn a_second_connack_is_a_violation() {
    for (version, sent) in [
        (Version::V5, &["DISCONNECT 82"][..]),
        (Version::V3_1_1, &[]),
    ] {
        let mut t = Trace::connected(version);
        t.gets("CONNACK", "disconnected Violation(SecondConnAck)");
        t.sends(sent);
    }
}

/// [MQTT-3.1.0-1]
#[test]
fn nothing_is_sent_before_connect() {
    for version in BOTH {
        let mut t: Trace = Trace::new(Config::new(version));
        t.publishes(1, "a", "x");
        t.sends(&[]);
        t.opens();
        t.gets("CONNACK", "connected");
        t.sends(&["PUBLISH 1 q1 a=x"]);
        t.closes("disconnected Closed");
        t.sends(&[]);
    }
}

/// [MQTT-3.2.2-2], [MQTT-3.2.2-4]
#[test]
fn session_present_after_a_clean_start_is_a_violation() {
    for version in BOTH {
        let mut t: Trace = Trace::new(Config::new(version));
        t.opens_with(&Connect::new(version, "c"));
        t.gets("CONNACK present", "disconnected Violation(SessionPresent)");
    }
}

/// Who does not ask for a clean start says that it has the state.
#[test]
fn a_session_object_that_is_new_can_resume() {
    for version in BOTH {
        let mut t: Trace = Trace::new(Config::new(version));
        t.opens();
        t.gets("CONNACK present", "connected present");
    }
}

/// [MQTT-4.13.1-1], [MQTT-4.13.2-1]
#[test]
fn what_is_no_packet_ends_the_connection_with_the_reason() {
    for (hex, kind, code) in [
        (
            &[0x30, 0x80, 0x80, 0x80, 0x80][..],
            "MalformedVariableByteInteger",
            "81",
        ),
        (&[0x32, 0x06, 0, 1, b'a', 0, 0, 0], "PacketIdZero", "82"),
        (&[0x08, 0x00], "UnknownPacketType(0)", "81"),
        (&[0x10, 0x00], "PacketOfOtherSide(Connect)", "82"),
        (&[0x60, 0x02, 0, 1], "ReservedFlags(PubRel)", "81"),
        (
            &[0x30, 0x05, 0, 1, b'#', 0, 0],
            "TopicName(WildcardInName)",
            "81",
        ),
    ] {
        let mut t = Trace::connected(Version::V5);
        let (events, _) = t.takes(hex);
        assert_eq!(events, [format!("disconnected malformed {kind}")]);
        t.sends(&[&format!("DISCONNECT {code}")]);
        t.sends(&[]);
        let mut old = Trace::connected(Version::V3_1_1);
        if hex[0] != 0x32 && hex[0] != 0x30 {
            old.takes(hex);
            old.sends(&[]);
        }
    }
}

#[test]
fn after_the_end_nothing_is_read_and_nothing_answered() {
    let mut t = Trace::connected(Version::V5);
    t.gets("DISCONNECT 8B", "disconnected server 8B");
    t.gets("PUBLISH 1 q1 a=x; PUBREC 1; PUBREL 2", "");
    t.sends(&[]);
    assert_eq!(t.session.poll_timeout(), None);
    t.closes("");
}

/// [MQTT-3.14.4-1]
#[test]
fn disconnect_overtakes_what_waits_and_splits_nothing() {
    let mut t = Trace::connected(Version::V5);
    t.publishes(1, "a", "a payload of many bytes");
    t.publishes(1, "b", "x");
    let mut bytes = vec![0; 8];
    assert_eq!(t.session.poll_transmit(t.now, &mut bytes), 8);
    t.gets("PUBLISH 9 q1 m=y", "message q1 m=y");
    let reason = ReasonCode::DisconnectWithWillMessage;
    t.session.disconnect(t.now, reason, None).unwrap();
    bytes.extend(t.transmits());
    let lines = crate::trace::show(Version::V5, mqtt_proto::Role::Client, &bytes);
    assert_eq!(
        lines,
        ["PUBLISH 1 q1 a=a payload of many bytes", "DISCONNECT 04"]
    );
    t.closes("disconnected Requested");
    assert_eq!(t.session.pending(), 2);
}

/// [MQTT-3.14.2-2]
#[test]
fn a_session_expiry_interval_can_be_changed_but_not_brought_to_life() {
    let mut t = Trace::v5();
    let mut connect = t.connect();
    let lives = [Property::SessionExpiryInterval(100)];
    t.opens_with(&connect);
    t.gets("CONNACK", "connected");
    let before = t.session.clone();
    let success = ReasonCode::Success;
    assert_eq!(
        t.session.disconnect(t.now, success, Some(1)),
        Err(DisconnectError::SessionExpiryInterval)
    );
    assert_eq!(t.session, before);
    t.session.disconnect(t.now, success, Some(0)).unwrap();
    t.sends(&["DISCONNECT 00 expiry=0"]);
    t.closes("disconnected Requested");
    connect.properties = Properties::new(&lives);
    t.opens_with(&connect);
    t.gets("CONNACK", "connected");
    t.session
        .disconnect(t.now, success, Some(u32::MAX))
        .unwrap();
    let mut bytes = Vec::new();
    for size in [8, 8] {
        let mut buf = vec![0; size];
        let len = t.session.poll_transmit(t.now, &mut buf);
        bytes.extend_from_slice(&buf[..len]);
    }
    assert_eq!(bytes, [0xE0, 7, 0, 5, 0x11, 255, 255, 255, 255]);
}

/// A Client must not send a reason code that only a Server may.
#[test]
fn a_client_sends_no_reason_code_of_a_servers() {
    for reason in ReasonCode::ALL {
        let mut t = Trace::connected(Version::V5);
        if t.session.disconnect(t.now, *reason, None).is_ok() {
            // Decoded as from a Client.
            t.sends(&[&format!("DISCONNECT {:02X}", reason.as_u8())]);
        } else {
            let packet = Packet::Disconnect(mqtt_proto::Disconnect {
                reason: *reason,
                properties: Properties::EMPTY,
            });
            let mut buf = [0; 8];
            if let Ok(len) = packet.encode(Version::V5, &mut buf) {
                let options = mqtt_proto::DecodeOptions::new(Version::V5, mqtt_proto::Role::Client);
                assert!(
                    Packet::decode(&options, &mut &buf[..len]).is_err(),
                    "{reason}"
                );
            }
        }
    }
    let mut t = Trace::connected(Version::V3_1_1);
    let reason = ReasonCode::DisconnectWithWillMessage;
    assert_eq!(
        t.session.disconnect(t.now, reason, None),
        Err(DisconnectError::Reason(reason))
    );
    let mut t = Trace::v5();
    assert_eq!(
        t.session.disconnect(t.now, ReasonCode::Success, None),
        Err(DisconnectError::NotConnected)
    );
}

/// Section 4.12: before CONNACK and after it.
/// [MQTT-3.1.2-30]
#[test]
fn enhanced_authentication() {
    let mut t = Trace::v5();
    let method = [Property::AuthenticationMethod("m")];
    let mut connect = t.connect();
    connect.properties = Properties::new(&method);
    t.publishes(1, "a", "x");
    let auth = |reason| Auth {
        reason,
        properties: Properties::new(&method),
    };
    let step = auth(ReasonCode::ContinueAuthentication);
    assert_eq!(t.session.auth(&step), Err(AuthError::NotConnected));
    t.opens_with(&connect);
    let bytes = encode(Version::V5, &Packet::Auth(step));
    t.gets_bytes(&bytes, "auth 18");
    t.session.auth(&step).unwrap();
    t.sends(&["AUTH 18"]);
    t.gets_bytes(&connack(false, &method), "connected");
    t.sends(&["PUBLISH 1 q1 a=x"]);
    t.session.auth(&auth(ReasonCode::ReAuthenticate)).unwrap();
    t.sends(&["AUTH 19"]);
    t.completes(&[]);
}

/// [MQTT-4.12.0-6]
#[test]
fn auth_without_a_method_is_a_violation() {
    let mut t = Trace::connected(Version::V5);
    let method = [Property::AuthenticationMethod("m")];
    let auth = Auth {
        reason: ReasonCode::ContinueAuthentication,
        properties: Properties::new(&method),
    };
    let bytes = encode(Version::V5, &Packet::Auth(auth));
    t.gets_bytes(&bytes, "disconnected Violation(UnexpectedAuth)");
}

/// Opened with an Authentication Method; CONNACK is still to come.
fn authenticating(method: &'static str) -> Trace {
    let mut t = Trace::v5();
    let method = [Property::AuthenticationMethod(method)];
    let mut connect = t.connect();
    connect.properties = Properties::new(&method);
    t.opens_with(&connect);
    t
}

/// [MQTT-4.12.0-5]
#[test]
fn another_method_than_that_of_connect_is_a_violation() {
    let other = [Property::AuthenticationMethod("n")];
    let auth = Auth {
        reason: ReasonCode::ContinueAuthentication,
        properties: Properties::new(&other),
    };
    let violation = "disconnected Violation(AuthenticationMethod)";
    let bytes = encode(Version::V5, &Packet::Auth(auth));
    for packet in [&connack(false, &[]), &connack(false, &other), &bytes] {
        let mut t = authenticating("m");
        t.gets_bytes(packet, violation);
        assert_eq!(t.session.state(), State::Disconnecting);
        t.sends(&["DISCONNECT 82"]);
        t.closes("");
    }
    let mut t = authenticating("m");
    let before = t.session.clone();
    assert_eq!(t.session.auth(&auth), Err(AuthError::OtherMethod));
    assert!(t.session == before);
    let method = [Property::AuthenticationMethod("m")];
    t.gets_bytes(&connack(false, &method), "connected");
    t.gets_bytes(&bytes, violation);
}

/// [MQTT-4.12.0-6]
#[test]
fn a_method_in_connack_alone_is_a_violation() {
    let mut t = Trace::v5();
    t.opens();
    let method = [Property::AuthenticationMethod("m")];
    let violation = "disconnected Violation(AuthenticationMethod)";
    t.gets_bytes(&connack(false, &method), violation);
}

/// [MQTT-4.12.0-2]: what ends an authentication before CONNACK is CONNACK.
#[test]
fn an_auth_before_connack_asks_to_continue() {
    let mut t = authenticating("m");
    let method = [Property::AuthenticationMethod("m")];
    let auth = Auth {
        reason: ReasonCode::Success,
        properties: Properties::new(&method),
    };
    let bytes = encode(Version::V5, &Packet::Auth(auth));
    t.gets_bytes(&bytes, "disconnected Violation(UnexpectedAuth)");
    let mut t = authenticating("m");
    t.gets_bytes(&connack(false, &method), "connected");
    t.gets_bytes(&bytes, "auth 00");
}

/// A storage that tracks nothing has no Receive Maximum to announce; 3.1.1 has none at all.
#[test]
fn a_storage_without_places_cannot_connect_in_v5() {
    for version in BOTH {
        let mut session: Session<Inline<64, 4, 0>> = Session::new(Config::new(version));
        let one = [Property::ReceiveMaximum(NonZeroU16::MIN)];
        let mut connect = Connect::new(version, "c");
        if version == Version::V5 {
            connect.properties = Properties::new(&one);
        }
        let now = mqtt_session::Instant::from_millis(9);
        let connected = session.connect(now, &connect, &mut [0; 64], &mut []);
        let capacity = 0;
        assert_eq!(
            connected.err(),
            (version == Version::V5).then_some(ConnectError::ReceiveMaximum { capacity })
        );
    }
}

/// [MQTT-4.12.0-7], section 3.15.2.1, [MQTT-4.12.1-1], [MQTT-3.1.2-24]
/// [MQTT-3.15.2-2], [MQTT-3.15.2-3], [MQTT-4.12.0-3]
#[test]
fn an_auth_that_a_client_may_not_send_is_refused() {
    let method = [Property::AuthenticationMethod("m")];
    let auth = |reason| Auth {
        reason,
        properties: Properties::new(&method),
    };
    let refuses = |t: &mut Trace, auth: &Auth<'_>, error| {
        let before = t.session.clone();
        assert_eq!(t.session.auth(auth), Err(error));
        assert!(t.session == before);
        t.sends(&[]);
    };
    for version in [Version::V3_1_1, Version::V5] {
        let mut t = Trace::connected(version);
        let step = auth(ReasonCode::ContinueAuthentication);
        refuses(&mut t, &step, AuthError::NoMethod);
    }
    let mut t = Trace::v5();
    let mut connect = t.connect();
    connect.properties = Properties::new(&method);
    t.opens_with(&connect);
    for reason in [ReasonCode::Success, ReasonCode::ReAuthenticate] {
        refuses(&mut t, &auth(reason), AuthError::Reason(reason));
    }
    let data = [method[0], Property::AuthenticationData(&[0; 8])];
    let large = Auth {
        reason: ReasonCode::ContinueAuthentication,
        properties: Properties::new(&data),
    };
    t.session.auth(&large).unwrap();
    let size = Property::MaximumPacketSize(NonZeroU32::new(16).unwrap());
    t.gets_bytes(&connack(false, &[method[0], size]), "connected");
    t.sends(&[]);
    t.completes(&[]);
    assert_eq!(t.session.pending(), 0);
    let success = ReasonCode::Success;
    refuses(&mut t, &auth(success), AuthError::Reason(success));
    let too_large = AuthError::NotSupported(ReasonCode::PacketTooLarge);
    refuses(&mut t, &large, too_large);
}

#[test]
fn a_half_sent_auth_dies_with_its_connection() {
    let mut t = Trace::v5();
    let method = [Property::AuthenticationMethod("a method")];
    let mut connect = t.connect();
    connect.properties = Properties::new(&method);
    t.opens_with(&connect);
    let auth = Auth {
        reason: ReasonCode::ContinueAuthentication,
        properties: Properties::new(&method),
    };
    t.session.auth(&auth).unwrap();
    t.session.auth(&auth).unwrap();
    t.session.poll_transmit(t.now, &mut [0; 8]);
    t.reopens();
    t.sends(&[]);
    t.completes(&[]);
    assert_eq!(t.session.outbox_len(), 0);
}

#[test]
fn a_lost_connection_is_opened_again_after_a_while() {
    let mut config = Config::new(Version::V5);
    config.reconnect = Some(Reconnect {
        minimum: Duration::from_millis(1000),
        maximum: Duration::from_millis(8000),
        seed: 1,
    });
    let mut t: Trace = Trace::new(config);
    t.opens();
    t.gets("CONNACK", "connected");
    for delay in [1000, 2000, 4000, 8000, 8000] {
        let before = if delay == 1000 {
            "disconnected Closed"
        } else {
            ""
        };
        t.closes(before);
        let due = t.session.poll_timeout().unwrap();
        let waits = (due - t.now).as_millis();
        assert!((delay / 2..=delay).contains(&waits), "{delay}: {waits}");
        t.closes("");
        t.ticks("");
        t.after(waits);
        t.ticks("reconnect");
        assert_eq!(t.session.poll_timeout(), None);
    }
    t.opens();
    t.gets("CONNACK", "connected");
    t.session
        .disconnect(t.now, ReasonCode::Success, None)
        .unwrap();
    t.closes("disconnected Requested");
    t.closes("");
    assert_eq!(t.session.poll_timeout(), None);
}

#[test]
fn packets_come_in_any_pieces() {
    let mut t = Trace::connected(Version::V5);
    t.subscribes(&["a"]);
    t.publishes(2, "a", "x");
    t.transmits();
    let mut events = Vec::new();
    for byte in packets_of(
        Version::V5,
        "SUBACK 1 02; PUBREC 2; PUBLISH 1 q2 a=x; PUBREL 1",
    ) {
        events.extend(t.takes(&[byte]).0);
        t.transmits();
    }
    let expected = ["subscribed Token(0) 02", "message q2 a= +1", "payload x"];
    assert_eq!(events, expected);
}
