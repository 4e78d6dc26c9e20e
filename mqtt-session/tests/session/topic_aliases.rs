//! Topic Aliases that the session gives out itself, and what others lost messages by.

use mqtt_proto::{Properties, Property, PropertyId, QoS, Version};
use mqtt_session::{Config, Inline, Publish, PublishError, Storage};

use crate::trace::{Trace, connack};

fn new<S: Storage>() -> Trace<S> {
    let mut config = Config::new(Version::V5);
    config.maximum_topic_aliases = 2;
    Trace::new(config)
}

fn connects<S: Storage>(t: &mut Trace<S>, aliases: u16) {
    t.opens_for(4);
    let maximum = [Property::TopicAliasMaximum(aliases)];
    t.gets_bytes(&connack(false, &maximum), "connected");
}

fn connected(aliases: u16) -> Trace {
    let mut t = new();
    connects(&mut t, aliases);
    t
}

/// [MQTT-3.3.2-9], [MQTT-3.2.2-17]
#[test]
fn the_first_topics_are_named_once() {
    for aliases in [2, 9] {
        let mut t = connected(aliases);
        for (topic, payload) in [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"), ("c", "5")] {
            t.publishes(0, &format!("topic/{topic}"), payload);
        }
        t.sends(&[
            "PUBLISH q0 topic/a@1=1",
            "PUBLISH q0 topic/b@2=2",
            "PUBLISH q0 @1=3",
            "PUBLISH q0 @2=4",
            "PUBLISH q0 topic/c=5",
        ]);
    }
    let mut t = connected(1);
    t.publishes(0, "topic/a", "1");
    t.publishes(0, "topic/b", "2");
    t.sends(&["PUBLISH q0 topic/a@1=1", "PUBLISH q0 topic/b=2"]);
}

/// [MQTT-3.2.2-18]
#[test]
fn nobody_gets_an_alias_who_does_not_ask() {
    for (asks, allows) in [(0, 2), (2, 0)] {
        let mut t: Trace = new();
        let mut config = t.session.config().clone();
        config.maximum_topic_aliases = asks;
        t = Trace::new(config);
        connects(&mut t, allows);
        t.publishes(0, "topic", "1");
        t.publishes(0, "topic", "2");
        t.sends(&["PUBLISH q0 topic=1", "PUBLISH q0 topic=2"]);
    }
}

/// [MQTT-3.3.2-7]: another connection knows nothing of them, nor does one whose CONNACK has not come.
#[test]
fn aliases_end_with_their_connection() {
    let mut t = connected(2);
    t.publishes(0, "topic", "1");
    t.sends(&["PUBLISH q0 topic@1=1"]);
    t.publishes(0, "topic", "lost");
    t.closes("disconnected Closed");
    connects(&mut t, 2);
    t.publishes(0, "topic", "2");
    t.sends(&["PUBLISH q0 topic@1=2"]);

    t.closes("disconnected Closed");
    t.opens();
    t.publishes(0, "topic", "3");
    let maximum = [Property::TopicAliasMaximum(2)];
    t.gets_bytes(&connack(false, &maximum), "connected");
    t.publishes(0, "topic", "4");
    t.sends(&["PUBLISH q0 topic=3", "PUBLISH q0 topic@1=4"]);
}

/// What may be sent on another connection, may never be sent, or is no shorter for it.
#[test]
fn only_what_must_leave_on_this_connection_has_an_alias() {
    let mut t = connected(2);
    t.publishes(1, "topic", "1");
    t.publishes(2, "topic", "2");
    t.publishes(0, "top", "3");
    let lifetime = [Property::MessageExpiryInterval(1)];
    let mut publish = Publish::new("topic", b"4");
    publish.properties = Properties::new(&lifetime);
    t.session.publish(t.now, &publish).unwrap();
    t.sends(&[
        "PUBLISH 1 q1 topic=1",
        "PUBLISH 2 q2 topic=2",
        "PUBLISH q0 top=3",
        "PUBLISH q0 topic=4",
    ]);
}

#[test]
fn a_refused_publish_tells_no_topic() {
    let mut config = Config::new(Version::V5);
    config.maximum_topic_aliases = 2;
    config.maximum_outbox = 20;
    let mut t: Trace = Trace::new(config);
    connects(&mut t, 2);
    let before = t.session.clone();
    let refused = t.try_publish(0, "topic", "more than twenty bytes");
    assert_eq!(refused, Err(PublishError::TooLargeForOutbox));
    assert_eq!(t.session, before);
    t.publishes(0, "topic", "1");
    t.sends(&["PUBLISH q0 topic@1=1"]);
}

/// [MQTT-3.2.2-15]: telling the topic makes the packet longer, by what the Server may not take.
#[test]
fn an_alias_makes_no_packet_too_large() {
    for maximum in 10..40_u32 {
        let mut t: Trace = new();
        t.opens();
        let limits = [
            Property::TopicAliasMaximum(2),
            Property::MaximumPacketSize(maximum.try_into().unwrap()),
        ];
        t.gets_bytes(&connack(false, &limits), "connected");
        for payload in ["", "a payload", "a"] {
            // As long as without an alias: fixed header, lengths, topic name, payload.
            let fits = 2 + 2 + 5 + 1 + payload.len() <= maximum as usize;
            let is_taken = t.try_publish(0, "topic", payload).is_ok();
            assert!(is_taken || !fits, "{maximum}: {payload}");
            let sent = t.transmits();
            assert!(sent.len() <= maximum as usize, "{maximum}: {payload}");
        }
    }
}

/// A session in one place has no room for the topics.
#[test]
fn a_storage_without_room_gives_none_out() {
    let mut t = new::<Inline<64, 2, 4>>();
    connects(&mut t, 2);
    t.publishes(0, "topic", "1");
    t.publishes(0, "topic", "2");
    t.sends(&["PUBLISH q0 topic=1", "PUBLISH q0 topic=2"]);
}

#[test]
fn the_applications_own_aliases_are_refused() {
    let mut t = connected(2);
    let alias = [Property::TopicAlias(1.try_into().unwrap())];
    let mut publish = Publish::new("topic", b"x").qos(QoS::AtMostOnce);
    publish.properties = Properties::new(&alias);
    let refused = t.session.publish(t.now, &publish);
    assert_eq!(refused, Err(PublishError::Property(PropertyId::TopicAlias)));
}
