//! Sessions that outlive their connections.

use std::sync::mpsc::{Receiver, channel};

use transport_std::{Client, Message, Options, QoS, Version};

use super::broker::Broker;
use super::proxy::Proxy;
use super::{
    LEVELS, PATIENCE, VERSIONS, connect, disconnect, next, options, persistent, publish, text,
    tools,
};

#[test]
fn what_came_while_the_client_was_gone_comes_on_its_return() {
    let broker = Broker::start();
    for version in VERSIONS {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let id = format!("returns-{version}-{}", tools::digit(qos));
            let first = connect(persistent(broker.port(), version, &id));
            assert!(!session_present(&first));
            first.subscribe(("queued", qos)).expect("it is granted");
            disconnect(&first);
            broker.wait_log(&["Received DISCONNECT from ", &id]);

            let payloads: Vec<String> = (0..50).map(|number| number.to_string()).collect();
            tools::publish(&broker, version, "queued", qos, &payloads);

            let (second, messages) = connect_listening(persistent(broker.port(), version, &id));
            assert!(session_present(&second));
            for expected in &payloads {
                let message = messages
                    .recv_timeout(PATIENCE)
                    .expect("another message comes");
                assert_eq!((&text(&message), message.qos), (expected, qos));
            }
            disconnect(&second);
            broker.wait_log_count(&["Received DISCONNECT from ", &id], 2);

            // Nothing is left, and a clean start ends it.
            let (third, messages) = connect_listening(persistent(broker.port(), version, &id));
            publish(&third, Message::new("queued", "last").qos(qos));
            let message = messages
                .recv_timeout(PATIENCE)
                .expect("another message comes");
            assert_eq!(text(&message), "last", "the first that comes");
            disconnect(&third);
            let clean = connect(options(broker.port(), version, &id));
            assert!(!session_present(&clean));
            disconnect(&clean);
        }
    }
}

#[test]
fn subscriptions_stand_after_a_reconnect() {
    let broker = Broker::start();
    for version in VERSIONS {
        let clean = options as fn(u16, Version, &str) -> Options;
        for session in [clean, persistent] {
            let proxy = Proxy::start(broker.port());
            let (sender, connections) = channel();
            let client = connect(session(proxy.port(), version, "returns").on_connect(
                move |connected| {
                    // The test may be over.
                    let _ = sender.send(connected.session_present);
                },
            ));
            assert_eq!(connections.recv_timeout(PATIENCE), Ok(false));
            let subscription = client
                .subscribe(("after", QoS::AtLeastOnce))
                .expect("it is granted");
            for round in 0..5 {
                proxy.cut_now();
                connections
                    .recv_timeout(PATIENCE)
                    .expect("it connects again");
                // Where the session was lost, the client asks for its subscriptions again: until that is
                // done a message would miss it, so one that is kept.
                let retained = Message::new("after", format!("round {round}"))
                    .qos(QoS::AtLeastOnce)
                    .retain(true);
                publish(&client, retained);
                let wanted = format!("round {round}");
                while text(&next(&subscription)) != wanted {}
            }
            publish(&client, Message::new("after", "").retain(true));
            disconnect(&client);
            broker.wait_log(&["Received DISCONNECT from returns"]);
            disconnect(&connect(options(broker.port(), version, "returns")));
        }
    }
}

#[test]
fn what_is_published_while_the_broker_is_away_is_delivered_afterwards() {
    for version in VERSIONS {
        let mut broker = Broker::start();
        let client = connect(persistent(broker.port(), version, "offline"));
        broker.stop();
        let handles: Vec<_> = [QoS::AtLeastOnce, QoS::ExactlyOnce]
            .into_iter()
            .map(|qos| {
                let message = Message::new("offline", tools::digit(qos))
                    .qos(qos)
                    .retain(true);
                client.publish(message).expect("it is kept")
            })
            .collect();
        broker.start_again();
        for handle in handles {
            handle
                .wait_timeout(PATIENCE)
                .expect("it is over in time")
                .expect("the broker takes it");
        }
        let subscription = client
            .subscribe(("offline", QoS::AtMostOnce))
            .expect("it is granted");
        assert_eq!(text(&next(&subscription)), "2", "the newest");
        disconnect(&client);
    }
}

#[test]
fn a_clean_session_takes_nothing_over() {
    let broker = Broker::start();
    for version in VERSIONS {
        for qos in LEVELS {
            let first = connect(options(broker.port(), version, "clean"));
            first.subscribe(("clean", qos)).expect("it is granted");
            disconnect(&first);
            let (second, messages) = connect_listening(options(broker.port(), version, "clean"));
            assert!(!session_present(&second));
            publish(&second, Message::new("clean", "").qos(qos));
            let other = second.subscribe(("other", qos)).expect("it is granted");
            publish(&second, Message::new("other", "").qos(qos));
            next(&other);
            assert!(
                messages.try_recv().is_err(),
                "the subscription of the first is gone"
            );
            disconnect(&second);
        }
    }
}

fn session_present(client: &Client) -> bool {
    client
        .wait_connected(PATIENCE)
        .expect("it is connected")
        .session_present
}

/// A client of which the test gets the messages that belong to no subscription made here.
fn connect_listening(options: Options) -> (Client, Receiver<Message>) {
    let (sender, messages) = channel();
    let client = connect(options.default_handler(move |message| {
        // The test may be over.
        let _ = sender.send(message);
    }));
    (client, messages)
}
