//! Messages at each QoS in both versions, both ways, and retained ones.

use transport_std::{Message, Property, QoS, Version};

use super::broker::Broker;
use super::tools::{self, Judge};
use super::{LEVELS, VERSIONS, connect, disconnect, next, options, publish, text};

#[test]
fn what_is_published_reaches_another_client_at_its_qos() {
    let broker = Broker::start();
    for version in VERSIONS {
        for qos in LEVELS {
            let id = format!("judge-{version}-{}", tools::digit(qos));
            let judge = Judge::subscribe(&broker, version, &id, "to/judge", "%q %p");
            let client = connect(options(broker.port(), version, "publisher"));
            publish(&client, Message::new("to/judge", "one").qos(qos));
            publish(&client, Message::new("to/judge", "two").qos(qos));
            assert_eq!(judge.next(), format!("{} one", tools::digit(qos)));
            assert_eq!(judge.next(), format!("{} two", tools::digit(qos)));
            disconnect(&client);
        }
    }
}

#[test]
fn what_another_client_publishes_is_received_at_its_qos() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "subscriber"));
        let subscription = client
            .subscribe(("to/us", QoS::ExactlyOnce))
            .expect("it is granted");
        assert_eq!(subscription.granted(), [QoS::ExactlyOnce]);
        for qos in LEVELS {
            tools::publish(
                &broker,
                version,
                "to/us",
                qos,
                &["one".into(), "two".into()],
            );
            for expected in ["one", "two"] {
                let message = next(&subscription);
                assert_eq!(message.topic, "to/us");
                assert_eq!(text(&message), expected);
                assert_eq!(message.qos, qos);
                assert!(!message.retain && !message.dup);
            }
        }
        disconnect(&client);
    }
}

#[test]
fn the_granted_qos_bounds_that_of_the_messages() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "subscriber"));
        let subscription = client
            .subscribe(("bounded", QoS::AtLeastOnce))
            .expect("it is granted");
        assert_eq!(subscription.granted(), [QoS::AtLeastOnce]);
        publish(&client, Message::new("bounded", "x").qos(QoS::ExactlyOnce));
        assert_eq!(next(&subscription).qos, QoS::AtLeastOnce);
        disconnect(&client);
    }
}

#[test]
fn a_retained_message_comes_to_later_subscribers_until_it_is_cleared() {
    let broker = Broker::start();
    for version in VERSIONS {
        for qos in LEVELS {
            let publisher = connect(options(broker.port(), version, "publisher"));
            publish(
                &publisher,
                Message::new("kept", "state").qos(qos).retain(true),
            );
            // At QoS 0 the publish is over before the broker has it: what the same connection sends next comes after it.
            publish(&publisher, Message::new("other", "").qos(QoS::AtLeastOnce));

            let late = connect(options(broker.port(), version, "late"));
            let subscription = late
                .subscribe(("kept", QoS::ExactlyOnce))
                .expect("it is granted");
            let message = next(&subscription);
            assert_eq!(text(&message), "state");
            assert_eq!(message.qos, qos);
            assert!(message.retain, "it says that it was retained");

            // To a subscription that stands it comes as any other.
            publish(
                &publisher,
                Message::new("kept", "newer").qos(qos).retain(true),
            );
            let message = next(&subscription);
            assert_eq!(text(&message), "newer");
            assert!(!message.retain);

            publish(&publisher, Message::new("kept", "").qos(qos).retain(true));
            assert_eq!(text(&next(&subscription)), "");
            let later = connect(options(broker.port(), version, "later"));
            let subscription = later
                .subscribe(("kept", QoS::ExactlyOnce))
                .expect("it is granted");
            publish(&publisher, Message::new("kept", "not retained"));
            assert_eq!(
                text(&next(&subscription)),
                "not retained",
                "the first that comes"
            );
            for client in [publisher, late, later] {
                disconnect(&client);
            }
        }
    }
}

#[test]
fn the_properties_of_a_message_arrive() {
    let broker = Broker::start();
    let client = connect(options(broker.port(), Version::V5, "properties"));
    let subscription = client
        .subscribe(("with/properties", QoS::ExactlyOnce))
        .expect("it is granted");
    let sent = Message::new("with/properties", "{}")
        .qos(QoS::AtLeastOnce)
        .property(Property::PayloadFormatIndicator(true))
        .property(Property::ContentType("application/json".into()))
        .property(Property::ResponseTopic("answer/here".into()))
        .property(Property::CorrelationData(b"\x00\xff"[..].into()))
        .property(Property::UserProperty("a".into(), "1".into()))
        .property(Property::UserProperty("a".into(), "2".into()));
    publish(&client, sent);
    let received = next(&subscription).properties;
    assert_eq!(received.payload_format_indicator(), Some(true));
    assert_eq!(received.content_type(), Some("application/json"));
    assert_eq!(received.response_topic(), Some("answer/here"));
    assert_eq!(
        received.correlation_data().map(|data| &data[..]),
        Some(&b"\x00\xff"[..])
    );
    assert_eq!(
        received.user_properties().collect::<Vec<_>>(),
        [("a", "1"), ("a", "2")]
    );
    disconnect(&client);
}

#[test]
fn a_payload_of_a_mebibyte_goes_and_comes() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "large"));
        let subscription = client
            .subscribe(("large", QoS::ExactlyOnce))
            .expect("it is granted");
        let payload: Vec<u8> = (0..1 << 20)
            .map(|index: u32| index.to_le_bytes()[index as usize % 3])
            .collect();
        publish(
            &client,
            Message::new("large", payload.clone()).qos(QoS::ExactlyOnce),
        );
        assert!(
            next(&subscription).payload == payload,
            "the payload differs"
        );
        disconnect(&client);
    }
}
