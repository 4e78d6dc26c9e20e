//! Wildcards, several filters, shared subscriptions, refusals, and the end of a subscription.

use std::collections::BTreeSet;

use transport_std::{Client, Filter, Message, QoS, RecvError, Subscription, Version};

use super::broker::Broker;
use super::{PATIENCE, VERSIONS, connect, disconnect, next, options, publish, text};

#[test]
fn wildcards_get_what_they_match_and_nothing_else() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "wildcards"));
        let cases = [
            (
                "plus/+/end",
                &["plus/a/end", "plus//end"][..],
                &["plus/a/b/end", "plus/end"][..],
            ),
            (
                "hash/#",
                &["hash", "hash/a", "hash/a/b", "hash/"],
                &["hashes", "other/hash"],
            ),
            ("+/+", &["one/two", "/two", "one/"], &["/one/two", "three"]),
        ];
        for (filter, matching, others) in cases {
            let subscription = client
                .subscribe((filter, QoS::AtLeastOnce))
                .expect("it is granted");
            for topic in others.iter().chain(matching) {
                publish(&client, Message::new(*topic, "").qos(QoS::AtLeastOnce));
            }
            for topic in matching {
                assert_eq!(next(&subscription).topic, *topic, "{filter}");
            }
            let over = subscription.unsubscribe().wait_timeout(PATIENCE);
            over.expect("it is over in time")
                .expect("the broker agrees");
        }
        disconnect(&client);
    }
}

#[test]
fn several_filters_are_granted_each_its_qos() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "several"));
        let subscription = client
            .subscribe([
                ("a", QoS::ExactlyOnce),
                ("b/#", QoS::AtMostOnce),
                ("c/+", QoS::AtLeastOnce),
            ])
            .expect("they are granted");
        assert_eq!(
            subscription.granted(),
            [QoS::ExactlyOnce, QoS::AtMostOnce, QoS::AtLeastOnce]
        );
        for (topic, qos) in [
            ("a", QoS::ExactlyOnce),
            ("b", QoS::AtMostOnce),
            ("c/d", QoS::AtLeastOnce),
        ] {
            publish(&client, Message::new(topic, "x").qos(QoS::ExactlyOnce));
            let message = next(&subscription);
            assert_eq!((message.topic.as_str(), message.qos), (topic, qos));
        }
        disconnect(&client);
    }
}

#[test]
fn a_shared_subscription_gives_each_message_to_one_of_the_group() {
    let broker = Broker::start();
    for version in VERSIONS {
        let members: Vec<(Client, Subscription)> = ["left", "right"]
            .iter()
            .map(|id| {
                let client = connect(options(broker.port(), version, id));
                let filters = [
                    ("$share/group/work/+", QoS::AtLeastOnce),
                    ("end", QoS::AtLeastOnce),
                ];
                let subscription = client.subscribe(filters).expect("they are granted");
                (client, subscription)
            })
            .collect();
        let publisher = connect(options(broker.port(), version, "publisher"));
        let sent: BTreeSet<String> = (0..100).map(|number| number.to_string()).collect();
        for number in &sent {
            let message = Message::new(format!("work/{number}"), number.clone());
            publish(&publisher, message.qos(QoS::AtLeastOnce));
        }
        // To each member, after all of the work.
        publish(&publisher, Message::new("end", "").qos(QoS::AtLeastOnce));
        let mut got = Vec::new();
        for (_, subscription) in &members {
            let before = got.len();
            let messages = std::iter::repeat_with(|| next(subscription));
            got.extend(
                messages
                    .take_while(|message| message.topic != "end")
                    .map(|message| text(&message)),
            );
            assert!(got.len() > before, "a member got nothing");
        }
        assert_eq!(got.len(), sent.len(), "each message once");
        assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), sent);
        for (client, _) in &members {
            disconnect(client);
        }
        disconnect(&publisher);
    }
}

#[test]
fn no_local_keeps_ones_own_messages_away() {
    let broker = Broker::start();
    let client = connect(options(broker.port(), Version::V5, "local"));
    let other = connect(options(broker.port(), Version::V5, "other"));
    let subscription = client
        .subscribe(Filter::new("chat", QoS::AtLeastOnce).no_local(true))
        .expect("it is granted");
    publish(&client, Message::new("chat", "own").qos(QoS::AtLeastOnce));
    publish(
        &other,
        Message::new("chat", "other's").qos(QoS::AtLeastOnce),
    );
    assert_eq!(text(&next(&subscription)), "other's");
    disconnect(&client);
    disconnect(&other);
}

#[test]
fn after_an_unsubscribe_nothing_comes() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "unsubscriber"));
        let ended = client
            .subscribe(("ended", QoS::AtLeastOnce))
            .expect("it is granted");
        let stays = client
            .subscribe(("stays", QoS::AtLeastOnce))
            .expect("it is granted");
        let handle = client.unsubscribe(["ended"]).expect("it can be sent");
        handle
            .wait_timeout(PATIENCE)
            .expect("it is over in time")
            .expect("the broker agrees");
        publish(&client, Message::new("ended", "").qos(QoS::AtLeastOnce));
        publish(&client, Message::new("stays", "").qos(QoS::AtLeastOnce));
        assert_eq!(next(&stays).topic, "stays");
        assert_eq!(ended.try_recv(), Err(RecvError::Closed));
        disconnect(&client);
    }
}

#[test]
fn a_callback_publishes() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "responder"));
        let answers = client
            .subscribe(("answer", QoS::AtLeastOnce))
            .expect("it is granted");
        let responder = client.clone();
        let subscription = client
            .subscribe_with(("question", QoS::AtLeastOnce), move |message| {
                let answer = Message::new("answer", message.payload).qos(QoS::AtLeastOnce);
                publish(&responder, answer);
            })
            .expect("it is granted");
        for number in 0..10 {
            publish(
                &client,
                Message::new("question", number.to_string()).qos(QoS::AtLeastOnce),
            );
            assert_eq!(text(&next(&answers)), number.to_string());
        }
        let over = subscription.unsubscribe().wait_timeout(PATIENCE);
        over.expect("it is over in time")
            .expect("the broker agrees");
        disconnect(&client);
    }
}
