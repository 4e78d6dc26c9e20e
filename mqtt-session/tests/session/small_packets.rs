//! A Server that takes small packets only. [MQTT-3.1.2-24], [MQTT-3.2.2-15]

use core::num::NonZeroU32;

use mqtt_proto::{Properties, Property, ReasonCode, Version};
use mqtt_session::{AckToken, Config, DisconnectError, Event};

use crate::trace::{Trace, connack, packets_of};

/// Connected to a Server that takes packets of at most `size` bytes.
fn limited(size: u32) -> Trace {
    let mut config = Config::new(Version::V5);
    config.manual_ack = true;
    let mut t: Trace = Trace::new(config);
    let mut connect = t.connect();
    let expiry = [Property::SessionExpiryInterval(60)];
    connect.properties = Properties::new(&expiry);
    t.opens_with(&connect);
    let size = Property::MaximumPacketSize(NonZeroU32::new(size).unwrap());
    t.gets_bytes(&connack(false, &[size]), "connected");
    t
}

fn receives(t: &mut Trace, packet: &str) -> AckToken {
    let mut token = None;
    t.each_event(&packets_of(Version::V5, packet), |event| {
        if let Event::Message(message) = event {
            token = message.ack;
        }
    });
    token.unwrap()
}

#[test]
fn a_reason_code_is_left_out_where_it_makes_an_acknowledgement_too_large() {
    let refused = ReasonCode::NotAuthorized;
    for (size, code) in [(5, " 87"), (4, "")] {
        let mut t = limited(size);
        for (packet, ack) in [
            ("PUBLISH 1 q1 a=x", "PUBACK 1"),
            ("PUBLISH 2 q2 a=x", "PUBREC 2"),
        ] {
            let token = receives(&mut t, packet);
            t.session.acknowledge(token, refused).unwrap();
            t.sends(&[&format!("{ack}{code}")]);
        }
        // To the Server the PUBREC without a reason code was no refusal, and its PUBREL finds nothing.
        let unknown = if size == 5 { " 92" } else { "" };
        t.gets("PUBREL 2", "");
        t.sends(&[&format!("PUBCOMP 2{unknown}")]);
        t.gets("PUBREC 9", "");
        t.sends(&[&format!("PUBREL 9{unknown}")]);
    }
}

#[test]
fn what_is_still_too_large_is_left_out() {
    let mut t = limited(3);
    let token = receives(&mut t, "PUBLISH 1 q1 a=x");
    t.session.acknowledge(token, ReasonCode::Success).unwrap();
    t.sends(&[]);
    let mut t = limited(1);
    t.after(60_000);
    t.ticks("");
    t.sends(&[]);
}

#[test]
fn a_disconnect_is_not_larger_than_the_server_takes() {
    let too_large = Err(DisconnectError::SessionExpiryInterval);
    for (size, allowed) in [(9, Ok(())), (8, too_large)] {
        let mut t = limited(size);
        let before = t.session.clone();
        let asked = t.session.disconnect(t.now, ReasonCode::Success, Some(5));
        assert_eq!(asked, allowed);
        assert_eq!(t.session == before, allowed.is_err());
        t.sends(if allowed.is_ok() {
            &["DISCONNECT 00 expiry=5"]
        } else {
            &[]
        });
    }
    // Without a reason code it would say Success, and the Will would not be published.
    for (size, sent) in [(3, &["DISCONNECT 04"][..]), (2, &[])] {
        let mut t = limited(size);
        let with_will = ReasonCode::DisconnectWithWillMessage;
        t.session.disconnect(t.now, with_will, None).unwrap();
        t.sends(sent);
        t.closes("disconnected Requested");
    }
    let mut t = limited(2);
    t.gets("CONNACK", "disconnected Violation(SecondConnAck)");
    t.sends(&[]);
}
