//! Deadlines: CONNACK, PINGREQ, PINGRESP.

use mqtt_proto::{Property, QoS, Version};
use mqtt_session::{Config, Duration, Instant, Payload, Publish};

use crate::trace::{Trace, connack};

fn keep_alive(seconds: u16) -> Trace {
    let mut t = Trace::v5();
    let mut connect = t.connect();
    connect.keep_alive = seconds;
    t.opens_with(&connect);
    t.gets("CONNACK", "connected");
    t
}

/// [MQTT-3.1.2-20]
#[test]
fn a_pingreq_leaves_when_nothing_was_sent_for_the_keep_alive() {
    let mut t = keep_alive(10);
    for _ in 0..3 {
        assert_eq!(
            t.session.poll_timeout(),
            Some(t.now + Duration::from_secs(10))
        );
        t.after(9_999);
        t.ticks("");
        t.sends(&[]);
        t.after(1);
        t.ticks("");
        t.sends(&["PINGREQ"]);
        t.ticks("");
        t.sends(&[]);
        t.gets("PINGRESP", "");
    }
}

/// Bytes that come are not bytes that are sent.
#[test]
fn what_is_received_does_not_put_off_the_pingreq() {
    let mut t = keep_alive(10);
    t.after(6_000);
    t.gets("PUBLISH q0 a=x", "message q0 a=x");
    t.after(4_000);
    t.ticks("");
    t.sends(&["PINGREQ"]);
}

#[test]
fn what_is_sent_puts_off_the_pingreq() {
    let mut t = keep_alive(10);
    t.after(6_000);
    t.publishes(0, "a", "x");
    t.sends(&["PUBLISH q0 a=x"]);
    t.gets("PINGRESP", "");
    t.after(4_000);
    t.ticks("");
    t.sends(&[]);
    t.after(6_000);
    t.ticks("");
    t.sends(&["PINGREQ"]);
}

#[test]
fn a_half_open_link_is_noticed_though_we_send() {
    let mut t = keep_alive(10);
    for _ in 0..5 {
        t.after(2_000);
        t.publishes(0, "a", "x");
        t.transmits();
    }
    t.ticks("");
    t.sends(&["PINGREQ"]);
    t.after(9_999);
    t.publishes(0, "a", "x");
    t.transmits();
    t.ticks("");
    t.after(1);
    t.ticks("disconnected Timeout(PingResp)");
    t.sends(&[]);
    t.closes("");
}

#[test]
fn a_pingresp_that_is_missing_ends_the_connection() {
    for version in [Version::V3_1_1, Version::V5] {
        let mut config = Config::new(version);
        config.ping_timeout = Duration::from_secs(3);
        let mut t: Trace = Trace::new(config);
        t.opens();
        t.gets("CONNACK", "connected");
        t.after(60_000);
        t.ticks("");
        t.sends(&["PINGREQ"]);
        t.after(2_999);
        t.ticks("");
        t.after(1);
        t.ticks("disconnected Timeout(PingResp)");
        t.sends(&[]);
        assert_eq!(t.session.poll_timeout(), None);
    }
}

/// The PINGREQ itself may be stuck in a dead transport.
#[test]
fn a_transport_that_takes_nothing_is_noticed() {
    let mut t = keep_alive(10);
    t.after(10_000);
    t.ticks("");
    t.after(10_000);
    t.ticks("disconnected Timeout(PingResp)");
}

#[test]
fn a_payload_that_is_coming_in_is_not_silence() {
    let mut t = keep_alive(10);
    t.after(10_000);
    t.ticks("");
    t.sends(&["PINGREQ"]);
    let bytes = crate::trace::packets_of(Version::V5, "PUBLISH q0 a=a_long_payload");
    for byte in bytes {
        t.after(5_000);
        t.takes(&[byte]);
        t.ticks("");
        t.transmits();
    }
    t.gets("PINGRESP", "");
}

/// The PINGREQ waits behind a payload that takes longer than the Keep Alive and the ping timeout
/// together: the Server has nothing to say meanwhile.
#[test]
fn a_payload_that_is_going_out_is_not_silence() {
    let mut t = keep_alive(10);
    t.publishes(1, "a", &"x".repeat(100));
    let mut written = Vec::new();
    while !written.ends_with(&[0xC0, 0x00]) {
        t.after(1_000);
        t.ticks("");
        let mut byte = [0; 2];
        // A PINGREQ is not split.
        let room = if written.len() < 108 { 1 } else { 2 };
        let len = t.session.poll_transmit(t.now, &mut byte[..room]);
        written.extend_from_slice(&byte[..len]);
    }
    assert_eq!(written.len(), 110);
    t.after(9_999);
    t.ticks("");
    t.after(1);
    t.ticks("disconnected Timeout(PingResp)");
}

#[test]
fn a_streamed_payload_is_not_silence_while_it_moves() {
    let mut t = keep_alive(10);
    let publish = Publish {
        payload: Payload::Streamed(100),
        ..Publish::new("a", b"").qos(QoS::AtLeastOnce)
    };
    t.session.publish(t.now, &publish).unwrap();
    t.transmits();
    for _ in 0..50 {
        t.after(1_000);
        t.ticks("");
        t.session.payload_sent(t.now, 1);
    }
    t.after(9_999);
    t.ticks("");
    t.after(1);
    t.ticks("disconnected Timeout(PingResp)");
}

/// A Keep Alive shorter than the ping timeout still holds.
#[test]
fn pingreqs_do_not_wait_for_each_other() {
    let mut t = keep_alive(4);
    for _ in 0..2 {
        t.after(4_000);
        t.ticks("");
        t.sends(&["PINGREQ"]);
    }
    t.gets("PINGRESP; PINGRESP", "");
    t.after(3_999);
    t.ticks("");
    t.sends(&[]);
}

#[test]
fn a_keep_alive_of_0_never_pings() {
    let mut t = keep_alive(0);
    assert_eq!(t.session.poll_timeout(), None);
    t.after(1 << 40);
    t.ticks("");
    t.sends(&[]);
}

/// [MQTT-3.1.2-21], [MQTT-3.2.2-21]
#[test]
fn the_servers_keep_alive_is_used_instead() {
    for (seconds, due) in [(7, Some(7_000)), (0, None)] {
        let mut t = Trace::v5();
        t.opens();
        t.gets_bytes(
            &connack(false, &[Property::ServerKeepAlive(seconds)]),
            "connected",
        );
        let deadline = due.map(|millis| t.now + Duration::from_millis(millis));
        assert_eq!(t.session.poll_timeout(), deadline);
    }
}

#[test]
fn no_pingresp_is_missed_while_nothing_is_read() {
    let mut t = keep_alive(10);
    t.after(10_000);
    t.ticks("");
    t.sends(&["PINGREQ"]);
    t.session.set_reading(t.now, false);
    for _ in 0..10 {
        t.after(10_000);
        t.ticks("");
        t.sends(&["PINGREQ"]);
    }
    t.session.set_reading(t.now, true);
    t.after(9_999);
    t.ticks("");
    t.after(1);
    t.ticks("disconnected Timeout(PingResp)");
}

#[test]
fn a_connack_that_is_missing_ends_the_connection() {
    let mut t = Trace::v5();
    t.opens();
    t.after(9_999);
    t.ticks("");
    t.after(1);
    assert_eq!(t.session.poll_timeout(), Some(t.now));
    t.ticks("disconnected Timeout(ConnAck)");
    t.sends(&[]);
    t.closes("");
}

#[test]
fn time_that_goes_back_is_harmless() {
    let mut t = keep_alive(10);
    let before = t.session.clone();
    t.now = Instant::from_millis(0);
    t.ticks("");
    t.sends(&[]);
    assert_eq!(t.session, before);
    t.publishes(0, "a", "x");
    t.sends(&["PUBLISH q0 a=x"]);
    assert_eq!(t.session.poll_timeout(), before.poll_timeout());
}
