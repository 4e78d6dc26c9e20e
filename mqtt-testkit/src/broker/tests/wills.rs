//! Will Messages (section 3.1.2.5).

use mqtt_proto::Will;

use super::*;

fn will<'a>(properties: &'a [Property<'a>]) -> Option<Will<'a>> {
    Some(Will {
        topic: TopicName::new("wills").unwrap(),
        payload: b"gone",
        qos: QoS::AtLeastOnce,
        retain: false,
        properties: Sequence::new(properties),
    })
}

/// A broker with a subscriber to the will of `a`.
fn watched() -> Trace {
    let mut t = Trace::generous();
    t.connect_as(
        "watcher",
        &Connect {
            keep_alive: 0,
            ..Connect::new(Version::V5, "watcher")
        },
        false,
    );
    t.subscribe("watcher", "wills", QoS::AtMostOnce);
    t
}

const GONE: (Delivery, &str, &str) = (Delivery::AtMostOnce, "wills", "gone");

#[test]
fn a_lost_connection_publishes_the_will() {
    for version in BOTH {
        let mut t = watched();
        t.connect_as(
            "a",
            &Connect {
                will: will(&[]),
                ..Connect::new(version, "a")
            },
            false,
        );
        t.cut("a");
        t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));
        t.expect_nothing("watcher");
    }
}

#[test]
fn so_does_silence_and_so_does_misuse() {
    let mut t = watched();
    let connect = Connect {
        will: will(&[]),
        keep_alive: 10,
        ..Connect::new(Version::V3_1_1, "a")
    };
    t.connect_as("a", &connect, false);
    t.wait(15);
    t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));
    t.connect_as("a", &connect, false);
    t.send_bytes("a", &[0]);
    t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));
}

/// [MQTT-3.14.4-3]
#[test]
fn a_disconnect_takes_the_will_along_unless_it_says_otherwise() {
    for version in BOTH {
        let mut t = watched();
        let connect = Connect {
            will: will(&[]),
            ..Connect::new(version, "a")
        };
        t.connect_as("a", &connect, false);
        t.send("a", &disconnect(ReasonCode::Success));
        t.expect_closed("a");
        t.expect_nothing("watcher");
        if version == Version::V5 {
            t.connect_as("a", &connect, false);
            t.send("a", &disconnect(ReasonCode::DisconnectWithWillMessage));
            t.expect_closed("a");
            t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));
        }
    }
}

/// [MQTT-3.1.3-9]
#[test]
fn a_delayed_will_waits_for_the_client_to_come_back() {
    let delay = [Property::WillDelayInterval(10)];
    let connect = Connect {
        will: will(&delay),
        ..persistent(Version::V5, "a")
    };
    let mut t = watched();
    t.connect_as("a", &connect, false);
    t.cut("a");
    assert_eq!(
        t.broker.poll_timeout(),
        Some(t.now + Duration::from_secs(10))
    );
    t.wait(9);
    t.connect_as("a", &connect, true);
    t.wait(10);
    t.expect_nothing("watcher");
    t.cut("a");
    t.wait(10);
    t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));
    t.wait(3600);
    t.expect_nothing("watcher");
}

#[test]
fn a_delayed_will_does_not_outlive_its_session() {
    let delay = [Property::WillDelayInterval(10)];
    let mut t = watched();
    t.connect_as(
        "a",
        &Connect {
            will: will(&delay),
            ..Connect::new(Version::V5, "a")
        },
        false,
    );
    t.cut("a");
    t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));

    let connect = Connect {
        will: will(&delay),
        ..persistent(Version::V5, "a")
    };
    t.connect_as("a", &connect, false);
    t.cut("a");
    t.connect("a", Version::V5);
    t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));
}

#[test]
fn a_takeover_publishes_the_will_unless_it_is_delayed() {
    let delay = [Property::WillDelayInterval(10)];
    let mut t = watched();
    let connect = Connect {
        will: will(&[]),
        ..persistent(Version::V5, "a")
    };
    t.connect_as("first", &connect, false);
    t.connect_as(
        "second",
        &Connect {
            will: will(&delay),
            ..connect
        },
        true,
    );
    t.expect("watcher", &publish(GONE.0, GONE.1, GONE.2));
    t.connect_as(
        "third",
        &Connect {
            will: None,
            ..connect
        },
        true,
    );
    t.wait(10);
    t.expect_nothing("watcher");
}

#[test]
fn a_will_can_be_retained_and_its_lifetime_begins_when_it_is_published() {
    let properties = [
        Property::WillDelayInterval(10),
        Property::MessageExpiryInterval(5),
    ];
    let mut retained = will(&properties).unwrap();
    retained.retain = true;
    let mut t = watched();
    t.connect_as(
        "a",
        &Connect {
            will: Some(retained),
            ..persistent(Version::V5, "a")
        },
        false,
    );
    t.cut("a");
    t.wait(10);
    t.wait(4);
    assert_eq!(t.broker.retained(t.now, "wills"), Some(&b"gone"[..]));
    t.wait(1);
    assert_eq!(t.broker.retained(t.now, "wills"), None);
}
