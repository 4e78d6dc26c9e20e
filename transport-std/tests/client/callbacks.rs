//! Callbacks and hooks: they may block, use the client, wait for it, and panic.

use std::sync::mpsc::channel;
use std::time::Duration;

use transport_std::{Client, Message, QoS, Version};

use crate::script::Server;
use crate::{PATIENCE, Told, VERSIONS, broker, connect, options, publish};

#[test]
fn a_callback_publishes_and_waits() {
    let broker = broker();
    for version in VERSIONS {
        let client = connect(&broker, version);
        let answers = client
            .subscribe(("answer", QoS::ExactlyOnce))
            .expect("granted");
        let inside = client.clone();
        client
            .subscribe_with(("ask", QoS::ExactlyOnce), move |message| {
                let answer = Message::new("answer", message.payload).qos(QoS::ExactlyOnce);
                publish(&inside, answer);
            })
            .expect("granted");
        for n in 0..100 {
            publish(
                &client,
                Message::new("ask", n.to_string()).qos(QoS::ExactlyOnce),
            );
        }
        for n in 0..100 {
            let answer = answers.recv_timeout(PATIENCE).expect("an answer comes");
            assert_eq!(answer.payload, n.to_string());
        }
        client.disconnect().expect("drained");
    }
}

#[test]
fn a_callback_subscribes_and_unsubscribes() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let (told, seen) = Told::new();
    let inside = client.clone();
    client
        .subscribe_with(("start", QoS::AtLeastOnce), move |_| {
            let told = told.clone();
            inside
                .subscribe_with(("later", QoS::AtLeastOnce), move |message| {
                    let _ = told.send(message.topic);
                })
                .expect("granted");
            inside
                .unsubscribe(["start"])
                .expect("valid")
                .wait()
                .expect("unsubscribed");
            publish(&inside, Message::new("later", "").qos(QoS::AtLeastOnce));
        })
        .expect("granted");
    publish(&client, Message::new("start", "").qos(QoS::AtLeastOnce));
    assert_eq!(seen.next(), "later");
    client.disconnect().expect("drained");
}

#[test]
fn a_callback_disconnects() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let (told, seen) = Told::new();
    let inside = client.clone();
    client
        .subscribe_with(("stop", QoS::AtLeastOnce), move |_| {
            let _ = told.send(inside.disconnect());
        })
        .expect("granted");
    // At QoS 0: the callback does not wait for it.
    publish(&client, Message::new("stop", ""));
    assert_eq!(seen.next(), Ok(()));
    assert!(!client.is_connected());
}

/// The serial callback thread is blocked for long, and still the server gets its PINGREQs.
#[test]
fn a_blocking_callback_leaves_the_connection_alive() {
    let server = Server::new(Version::V3_1_1);
    let (release, wait) = channel::<()>();
    let (told, seen) = Told::new();
    let options = options(server.port(), Version::V3_1_1)
        .keep_alive(Duration::from_secs(1))
        .default_handler(move |message| {
            let _ = told.send(message.topic);
        })
        .on_connect({
            let wait = std::sync::Mutex::new(wait);
            move |_| {
                let _ = wait.lock().expect("not poisoned").recv();
            }
        });
    let _client = Client::start(options).expect("started");
    let mut peer = server.accept_mqtt(false);
    peer.publish("t", b"", None);
    peer.receive_ping();
    peer.receive_ping();
    drop(release);
    assert_eq!(seen.next(), "t");
}

#[test]
fn callbacks_are_serial_and_in_order() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let (told, seen) = Told::new();
    for filter in ["a", "b"] {
        let told = told.clone();
        client
            .subscribe_with((filter, QoS::AtLeastOnce), move |message| {
                let _ = told.send(message.payload);
            })
            .expect("granted");
    }
    for n in 0..100 {
        let topic = if n % 3 == 0 { "a" } else { "b" };
        client
            .publish(Message::new(topic, n.to_string()).qos(QoS::AtLeastOnce))
            .expect("published");
    }
    for n in 0..100 {
        assert_eq!(seen.next(), n.to_string());
    }
}

#[test]
fn a_panic_in_a_callback_harms_nobody() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let (told, seen) = Told::new();
    client
        .subscribe_with(("t", QoS::AtLeastOnce), move |message| {
            assert!(message.payload != "panic", "as the test wants it");
            let _ = told.send(message.payload);
        })
        .expect("granted");
    publish(&client, Message::new("t", "panic").qos(QoS::AtLeastOnce));
    publish(&client, Message::new("t", "calm").qos(QoS::AtLeastOnce));
    assert_eq!(seen.next(), "calm");
    client.disconnect().expect("drained");
}

#[test]
fn what_no_subscription_matches_goes_to_the_default_handler() {
    let server = Server::new(Version::V5);
    let (told, seen) = Told::new();
    let options = options(server.port(), Version::V5)
        .clean_start(false)
        .default_handler(move |message| {
            let _ = told.send(message.topic);
        });
    let client = Client::start(options).expect("started");
    let mut peer = server.accept_mqtt(true);
    peer.publish("early", b"", Some(7));
    assert_eq!(seen.next(), "early");
    let acknowledged = peer.receive(|packet| match packet {
        mqtt_proto::Packet::PubAck(ack) => ack.packet_id.get(),
        packet => panic!("{packet:?}"),
    });
    assert_eq!(acknowledged, 7);
    assert_eq!(client.statistics().unhandled, 0);
}

/// Never silently unacknowledged.
#[test]
fn without_a_default_handler_it_is_acknowledged_and_counted() {
    let server = Server::new(Version::V5);
    let client =
        Client::start(options(server.port(), Version::V5).clean_start(false)).expect("started");
    let mut peer = server.accept_mqtt(true);
    peer.publish("early", b"", Some(7));
    peer.receive(|packet| {
        assert!(
            matches!(packet, mqtt_proto::Packet::PubAck(_)),
            "{packet:?}"
        );
    });
    assert_eq!(client.statistics().unhandled, 1);
}
