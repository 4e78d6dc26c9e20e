//! Who is let in, and when a connection is over.

use super::*;

#[test]
fn the_first_packet_is_connect() {
    let mut t = Trace::generous();
    t.open("a", Version::V5);
    t.send("a", &Packet::PingReq);
    t.expect_closed("a");
}

/// [MQTT-3.1.0-2]
#[test]
fn a_second_connect_ends_the_connection() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.send("a", &Packet::Connect(Connect::new(Version::V5, "a")));
    t.expect("a", &disconnect(ReasonCode::ProtocolError));
    t.expect_closed("a");

    t.connect("old", Version::V3_1_1);
    t.send(
        "old",
        &Packet::Connect(Connect::new(Version::V3_1_1, "old")),
    );
    t.expect_closed("old");
}

/// [MQTT3-3.1.2-2]
#[test]
fn mqtt_3_1_is_told_that_it_is_not_spoken() {
    let mut t = Trace::generous();
    t.open("a", Version::V3_1_1);
    t.send_bytes("a", b"\x10\x0f\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x01a");
    t.expect("a", &refused(ReasonCode::UnsupportedProtocolVersion));
    t.expect_closed("a");
}

#[test]
fn credentials_are_checked() {
    let credentials = BTreeMap::from([("ann".to_owned(), b"secret".to_vec())]);
    for version in BOTH {
        let options = BrokerOptions {
            credentials: credentials.clone(),
            ..BrokerOptions::default()
        };
        let mut t = Trace::new(options);
        t.dial("nobody", &Connect::new(version, "nobody"));
        t.expect("nobody", &refused(ReasonCode::BadUserNameOrPassword));
        t.expect_closed("nobody");
        let mut connect = Connect::new(version, "ann");
        connect.username = Some("ann");
        connect.password = Some(b"guess");
        t.dial("ann", &connect);
        t.expect("ann", &refused(ReasonCode::BadUserNameOrPassword));
        connect.password = Some(b"secret");
        t.connect_as("ann", &connect, false);
    }
}

/// [MQTT-3.2.2-16], [MQTT3-3.1.3-8]
#[test]
fn a_client_without_identifier_is_given_one() {
    let mut t = Trace::generous();
    t.dial("a", &Connect::new(Version::V5, ""));
    let received = t.receive("a").unwrap();
    let Packet::ConnAck(connack) = received.packet() else {
        panic!("{received:?}")
    };
    let assigned = connack.properties.assigned_client_identifier().unwrap();
    assert!(t.broker.has_session(assigned));

    t.connect_as("b", &Connect::new(Version::V3_1_1, ""), false);
    t.open("c", Version::V3_1_1);
    t.send_bytes("c", b"\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00");
    t.expect("c", &refused(ReasonCode::ClientIdentifierNotValid));
    t.expect_closed("c");
}

/// [MQTT-3.1.4-3]
#[test]
fn the_newer_connection_takes_the_session_over() {
    let mut t = Trace::generous();
    t.connect_as("first", &persistent(Version::V5, "me"), false);
    t.subscribe("first", "t", QoS::AtLeastOnce);
    t.connect_as("second", &persistent(Version::V5, "me"), true);
    t.expect("first", &disconnect(ReasonCode::SessionTakenOver));
    t.expect_closed("first");
    t.send("second", &publish(at_least_once(1), "t", "hello"));
    t.expect("second", &puback(1));
    t.expect("second", &publish(at_least_once(1), "t", "hello"));
}

/// [MQTT-3.1.2-22]
#[test]
fn silence_of_one_and_a_half_keep_alives_ends_the_connection() {
    for version in BOTH {
        let mut t = Trace::generous();
        t.connect_as(
            "a",
            &Connect {
                keep_alive: 10,
                ..Connect::new(version, "a")
            },
            false,
        );
        t.wait(14);
        t.send("a", &Packet::PingReq);
        t.expect("a", &Packet::PingResp);
        assert_eq!(
            t.broker.poll_timeout(),
            Some(t.now + Duration::from_secs(15))
        );
        t.wait(14);
        t.expect_nothing("a");
        // Half a packet is none.
        t.send_bytes("a", &[0xC0]);
        t.wait(1);
        if version == Version::V5 {
            t.expect("a", &disconnect(ReasonCode::KeepAliveTimeout));
        }
        t.expect_closed("a");
        assert_eq!(t.broker.poll_timeout(), None);
    }
}

#[test]
fn keep_alive_0_never_ends_it() {
    let mut t = Trace::generous();
    t.connect_as(
        "a",
        &Connect {
            keep_alive: 0,
            ..Connect::new(Version::V5, "a")
        },
        false,
    );
    assert_eq!(t.broker.poll_timeout(), None);
    t.wait(1_000_000);
    t.expect_open("a");
}

#[test]
fn the_servers_keep_alive_is_announced_and_used() {
    let mut t = Trace::new(BrokerOptions {
        server_keep_alive: Some(4),
        ..BrokerOptions::default()
    });
    t.dial("a", &Connect::new(Version::V5, "a"));
    let received = t.receive("a").unwrap();
    let Packet::ConnAck(connack) = received.packet() else {
        panic!("{received:?}")
    };
    assert_eq!(connack.properties.server_keep_alive(), Some(4));
    assert_eq!(
        t.broker.poll_timeout(),
        Some(t.now + Duration::from_secs(6))
    );
}

#[test]
fn a_connect_that_does_not_come_is_not_waited_for() {
    let mut t = Trace::generous();
    t.open("a", Version::V5);
    t.wait(10);
    t.expect_closed("a");
}

#[test]
fn what_is_not_mqtt_ends_the_connection_with_its_reason() {
    let mut t = Trace::generous();
    t.connect("a", Version::V5);
    t.send_bytes("a", &[0x60, 2, 0, 1]); // PUBREL with flags 0
    t.expect("a", &disconnect(ReasonCode::MalformedPacket));
    t.expect_closed("a");
}

#[test]
fn the_chunks_that_bytes_come_in_do_not_matter() {
    let mut bytes = Vec::new();
    let packets = [
        Packet::Connect(Connect::new(Version::V5, "a")),
        subscribe(
            1,
            &[Subscription::new(
                TopicFilter::new("t").unwrap(),
                QoS::ExactlyOnce,
            )],
            &[],
        ),
        publish(exactly_once(2), "t", "hello"),
        Packet::PingReq,
    ]
    .map(|packet| {
        let mut buf = [0; 64];
        let len = packet.encode(Version::V5, &mut buf).unwrap();
        buf[..len].to_vec()
    });
    for packet in packets {
        bytes.extend(packet);
    }
    let outputs = [1, 2, 3, 5, 1000].map(|size| {
        let mut t = Trace::generous();
        t.open("a", Version::V5);
        for chunk in bytes.chunks(size) {
            t.send_bytes("a", chunk);
        }
        let mut buf = [0; 256];
        let len = t.broker.poll_transmit(t.now, t.peers["a"].id, &mut buf);
        buf[..len].to_vec()
    });
    assert!(
        outputs
            .iter()
            .all(|output| *output == outputs[0] && !output.is_empty())
    );
}
