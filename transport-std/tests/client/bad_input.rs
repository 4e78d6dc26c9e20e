//! What the user gets wrong: each a typed error that says what and where, and the client stays usable.

use std::num::NonZeroU32;

use mqtt_testkit::{BrokerOptions, TcpBroker};
use transport_std::{
    Client, ConnectError, Filter, Message, Options, OptionsError, Property, PublishError, QoS,
    ReasonCode, Subscribe, SubscribeError, TopicErrorKind, UnsubscribeError, UrlError, Version,
};

use crate::{LEVELS, PATIENCE, VERSIONS, broker, connect, options, publish};

#[test]
fn a_wrong_url() {
    let error = Options::from_url("http://localhost").expect_err("not MQTT");
    assert_eq!(error, UrlError::Scheme("http".into()));
    assert_eq!(
        error.to_string(),
        "the scheme \"http\" is none of mqtt, tcp"
    );
}

/// [MQTT-3.3.2-2]
#[test]
fn a_wildcard_in_a_topic_name() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let error = client
        .publish(Message::new("a/+/b", ""))
        .expect_err("a wildcard");
    let PublishError::Topic(error) = error else {
        panic!("{error}");
    };
    assert_eq!(
        (error.kind, error.offset),
        (TopicErrorKind::WildcardInName, 2)
    );
    publish(&client, Message::new("a/b", "").qos(QoS::AtLeastOnce));
}

#[test]
fn other_wrong_topic_names() {
    let broker = broker();
    let client = connect(&broker, Version::V3_1_1);
    let long = "x".repeat(65_536);
    for (name, kind) in [
        ("", TopicErrorKind::Empty),
        ("a\0", TopicErrorKind::Nul),
        (&long, TopicErrorKind::TooLong),
    ] {
        match client.try_publish(Message::new(name, "")) {
            Err(PublishError::Topic(error)) => assert_eq!(error.kind, kind),
            other => panic!("{other:?}"),
        }
    }
    publish(&client, Message::new("a/b", "").qos(QoS::AtLeastOnce));
}

/// [MQTT-4.7.1-1]
#[test]
fn a_wrong_filter() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let filters = [("fine", QoS::AtMostOnce), ("a/#/b", QoS::AtMostOnce)];
    match client.subscribe(filters) {
        Err(SubscribeError::Filter { filter, error }) => {
            assert_eq!(filter, "a/#/b");
            assert_eq!((error.kind, error.offset), (TopicErrorKind::HashNotLast, 2));
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was taken"),
    }
    match client.unsubscribe(["a+"]) {
        Err(UnsubscribeError::Filter { filter, error }) => {
            assert_eq!(filter, "a+");
            assert_eq!(
                (error.kind, error.offset),
                (TopicErrorKind::PlusNotAlone, 1)
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        client.unsubscribe([""; 0]).expect_err("none"),
        UnsubscribeError::NoFilters
    );
    assert_eq!(
        client.subscribe(Subscribe::new()).err(),
        Some(SubscribeError::NoFilters)
    );
    client
        .subscribe(("a/#", QoS::AtMostOnce))
        .expect("still usable");
}

/// [MQTT-3.1.2-24]
#[test]
fn a_payload_over_the_servers_limit() {
    let broker = TcpBroker::start_on(
        "127.0.0.1:0",
        BrokerOptions {
            maximum_packet_size: NonZeroU32::new(100),
            ..BrokerOptions::default()
        },
    )
    .expect("loopback has a free port");
    let client = connect(&broker, Version::V5);
    for qos in crate::LEVELS {
        let handle = client
            .publish(Message::new("t", vec![0; 100]).qos(qos))
            .expect("not known yet");
        assert_eq!(
            handle.wait_timeout(PATIENCE),
            Some(Err(PublishError::NotSupported(ReasonCode::PacketTooLarge)))
        );
        publish(&client, Message::new("t", vec![0; 50]).qos(qos));
    }
}

#[test]
fn a_payload_over_ones_own_limit() {
    let broker = broker();
    let client = Client::connect(options(broker.addr().port(), Version::V5).maximum_outbox(1000))
        .expect("accepted");
    match client.publish(Message::new("t", vec![0; 1000])) {
        Err(PublishError::TooLarge { size, limit: 1000 }) => assert!(size > 1000),
        other => panic!("{other:?}"),
    }
    publish(
        &client,
        Message::new("t", vec![0; 900]).qos(QoS::AtLeastOnce),
    );
}

/// A server of 3.1.1 cannot say what it takes: what is known of it can be said here, to the byte.
#[test]
fn a_packet_over_what_may_be_sent() {
    let broker = broker();
    for (version, properties) in [(Version::V3_1_1, 0), (Version::V5, 1)] {
        let options = options(broker.addr().port(), version).maximum_outgoing_packet_size(100);
        let client = Client::connect(options).expect("accepted");
        for qos in LEVELS {
            let packet_id = if qos == QoS::AtMostOnce { 0 } else { 2 };
            // The fixed header and the topic with its length before it.
            let payload = 100 - 2 - 3 - packet_id - properties;
            publish(&client, Message::new("t", vec![0; payload]).qos(qos));
            for call in [Client::publish, Client::try_publish] {
                let message = Message::new("t", vec![0; payload + 1]).qos(qos);
                let error = call(&client, message).expect_err("larger");
                assert_eq!(
                    error,
                    PublishError::PacketTooLarge {
                        size: 101,
                        limit: 100
                    }
                );
            }
        }
        // The fixed header, the packet identifier, the filter's length; its options.
        let filter = |more: usize| "f".repeat(100 - 2 - 2 - 2 - properties + more);
        let granted = client.subscribe((filter(0).split_off(1), QoS::AtMostOnce));
        drop(granted.expect("as large as may be"));
        let refused = client.subscribe((filter(0), QoS::AtMostOnce));
        assert_eq!(
            refused.err(),
            Some(SubscribeError::PacketTooLarge {
                size: 101,
                limit: 100
            })
        );
        let unsubscribed = client.unsubscribe([filter(0)]).expect("a valid filter");
        assert!(!matches!(
            unsubscribed.wait(),
            Err(UnsubscribeError::PacketTooLarge { .. })
        ));
        let refused = client.unsubscribe([filter(1)]).expect("a valid filter");
        assert_eq!(
            refused.wait(),
            Err(UnsubscribeError::PacketTooLarge {
                size: 101,
                limit: 100
            })
        );
    }
}

#[test]
fn properties_where_they_cannot_be() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let alias = Property::TopicAlias(std::num::NonZeroU16::MIN);
    let handle = client
        .publish(Message::new("t", "").property(alias))
        .expect("not known yet");
    assert!(matches!(handle.wait(), Err(PublishError::Property(_))));
    let response = Property::ResponseTopic("a/#".into());
    match client.publish(Message::new("t", "").property(response)) {
        Err(PublishError::ResponseTopic(error)) => assert_eq!(error.offset, 2),
        other => panic!("{other:?}"),
    }
    let content = Property::ContentType("text".into());
    let subscribe = Subscribe::new()
        .filter(("t", QoS::AtMostOnce))
        .property(content);
    assert!(matches!(
        client.subscribe(subscribe),
        Err(SubscribeError::Encode(_))
    ));
    publish(&client, Message::new("t", "").qos(QoS::AtLeastOnce));
}

#[test]
fn what_3_1_1_does_not_have() {
    let broker = broker();
    let client = connect(&broker, Version::V3_1_1);
    let content = Property::ContentType("text".into());
    let handle = client
        .publish(Message::new("t", "").property(content))
        .expect("not known yet");
    assert!(matches!(handle.wait(), Err(PublishError::Encode(_))));
    let filter = Filter::new("t", QoS::AtMostOnce).no_local(true);
    assert!(matches!(
        client.subscribe(filter),
        Err(SubscribeError::Encode(_))
    ));
    publish(&client, Message::new("t", "").qos(QoS::AtLeastOnce));
}

#[test]
fn wrong_options() {
    let check = |options: Options| match Client::connect(options) {
        Err(ConnectError::Options(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was taken"),
    };
    // Nobody listens there, and nobody is asked.
    for version in VERSIONS {
        let options = || options(1, version);
        match check(options().will(Message::new("a/#", ""))) {
            OptionsError::WillTopic(error) => assert_eq!(error.offset, 2),
            error => panic!("{error}"),
        }
        assert!(matches!(
            check(options().maximum_outgoing_packet_size(10)),
            OptionsError::PacketTooLarge { limit: 10, .. }
        ));
        assert_eq!(
            check(options().inbound_capacity(0)),
            OptionsError::Zero("inbound_capacity")
        );
        assert_eq!(
            check(options().maximum_inbox(0)),
            OptionsError::Zero("maximum_inbox")
        );
        assert!(matches!(
            check(options().will(Message::new("a", vec![0; 65_536]))),
            OptionsError::Encode(_)
        ));
        assert!(matches!(
            check(options().client_id("a\0")),
            OptionsError::Encode(_)
        ));
    }
    let v3 = || options(1, Version::V3_1_1);
    assert_eq!(
        check(v3().client_id("").clean_start(false)),
        OptionsError::ClientIdNeeded
    );
    assert!(matches!(
        check(v3().password("alone")),
        OptionsError::Encode(_)
    ));
    let v5 = || options(1, Version::V5);
    assert_eq!(
        check(v5().receive_maximum(0)),
        OptionsError::Zero("receive_maximum")
    );
    assert_eq!(
        check(v5().maximum_packet_size(0)),
        OptionsError::Zero("maximum_packet_size")
    );
    assert!(matches!(
        check(v5().property(Property::ReasonString("no".into()))),
        OptionsError::Encode(_)
    ));
}
