//! What happens around a reconnect.

use std::sync::{Arc, Mutex};

use mqtt_proto::{Packet, Property, Sequence};
use transport_std::{Client, ConnectError, Message, QoS, ReasonCode, RecvError, Version};

use crate::script::Server;
use crate::{PATIENCE, Told, VERSIONS, broker, options, publish};

#[test]
fn hooks_are_called_at_their_moments() {
    let broker = broker();
    for version in VERSIONS {
        let (told, seen) = Told::new();
        let [connected, lost, reconnecting] = [told.clone(), told.clone(), told];
        let options = options(broker.addr().port(), version)
            .on_connect(move |info| {
                let _ = connected.send(format!("connected {}", info.attempt));
            })
            .on_connection_lost(move |_| {
                let _ = lost.send("lost".to_owned());
            })
            .on_reconnecting(move |attempt| {
                let _ = reconnecting.send(format!("reconnecting {attempt}"));
            });
        let client = Client::connect(options).expect("accepted");
        assert_eq!(seen.next(), "connected 1");
        broker.cut();
        for expected in ["lost", "reconnecting 1", "connected 1"] {
            assert_eq!(seen.next(), expected);
        }
        // One's own disconnect is no loss.
        client.disconnect().expect("drained");
        assert!(seen.0.try_recv().is_err());
    }
}

/// What follows a first attempt that failed is the first attempt to connect again, too.
#[test]
fn attempts_to_reconnect_are_counted_from_1() {
    let server = Server::new(Version::V5);
    let (told, seen) = Told::new();
    let options = options(server.port(), Version::V5).on_reconnecting(move |attempt| {
        let _ = told.send(*attempt);
    });
    let _client = Client::start(options).expect("started");
    drop(server.accept());
    drop(server.accept());
    drop(server.accept_mqtt(false));
    drop(server.accept());
    let _peer = server.accept_mqtt(false);
    for expected in [1, 2, 1, 2] {
        assert_eq!(seen.next(), expected);
    }
}

/// The server has forgotten the session; the subscriptions are there again all the same.
#[test]
fn subscriptions_are_restored() {
    let broker = broker();
    for version in VERSIONS {
        let (told, connected) = Told::new();
        let options = options(broker.addr().port(), version).on_connect(move |info| {
            let _ = told.send(info.session_present);
        });
        let client = Client::connect(options).expect("accepted");
        let one = client
            .subscribe([("a", QoS::AtLeastOnce), ("b", QoS::AtMostOnce)])
            .expect("granted");
        let two = client
            .subscribe(("c/#", QoS::ExactlyOnce))
            .expect("granted");
        let gone = client.subscribe(("d", QoS::AtMostOnce)).expect("granted");
        gone.unsubscribe().wait().expect("unsubscribed");
        assert!(!connected.next());
        broker.cut();
        assert!(!connected.next());
        for topic in ["a", "c/1"] {
            publish(&client, Message::new(topic, "").qos(QoS::AtLeastOnce));
        }
        publish(&client, Message::new("b", "").qos(QoS::AtLeastOnce));
        assert_eq!(one.recv_timeout(PATIENCE).expect("it arrives").topic, "a");
        assert_eq!(one.recv_timeout(PATIENCE).expect("it arrives").topic, "b");
        assert_eq!(two.recv_timeout(PATIENCE).expect("it arrives").topic, "c/1");
        client.disconnect().expect("drained");
        assert_eq!(one.recv(), Err(RecvError::Closed));
    }
}

#[test]
fn a_subscription_that_cannot_be_restored() {
    let server = Server::new(Version::V5);
    let (told, failed) = Told::new();
    let options = options(server.port(), Version::V5).on_resubscribe_failed(move |error| {
        let _ = told.send(error.to_string());
    });
    let client = Client::start(options).expect("started");
    let mut peer = server.accept_mqtt(false);
    let subscription = std::thread::scope(|scope| {
        let subscription =
            scope.spawn(|| client.subscribe(("t", QoS::AtMostOnce)).expect("granted"));
        let packet_id = peer.receive_subscribe();
        peer.suback(packet_id, &[ReasonCode::Success]);
        subscription.join().expect("subscribed")
    });
    drop(peer);
    let mut peer = server.accept_mqtt(false);
    let packet_id = peer.receive_subscribe();
    peer.suback(packet_id, &[ReasonCode::NotAuthorized]);
    let error = failed.next();
    assert!(
        error.contains("\"t\"") && error.contains("Not authorized"),
        "{error}"
    );
    assert_eq!(subscription.recv(), Err(RecvError::Closed));
}

/// What the user is unsubscribing from is not subscribed to again, nor anything twice.
#[test]
fn what_is_restored() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let subscriptions = std::thread::scope(|scope| {
        let subscribing = scope.spawn(|| {
            let both = client.subscribe([("a", QoS::AtMostOnce), ("b", QoS::AtMostOnce)]);
            let one = client.subscribe(("c", QoS::AtMostOnce));
            (both.expect("granted"), one.expect("granted"))
        });
        for count in [2, 1] {
            let packet_id = peer.receive_subscribe();
            peer.suback(packet_id, &[ReasonCode::Success; 2][..count]);
        }
        subscribing.join().expect("subscribed")
    });
    let unsubscribing = client.unsubscribe(["a", "c"]).expect("valid filters");
    peer.receive_unsubscribe();
    drop(peer);
    // The answer to the restoring SUBSCRIBE is lost as well.
    for answered in [false, true] {
        let mut peer = server.accept_mqtt(false);
        let unsubscribe = peer.receive_unsubscribe();
        let subscribe = peer.receive(|packet| match packet {
            Packet::Subscribe(subscribe) => {
                let filters: Vec<_> = subscribe.subscriptions.iter().collect();
                assert_eq!(filters.len(), 1, "{filters:?}");
                assert_eq!(filters[0].filter.as_str(), "b");
                subscribe.packet_id
            }
            packet => panic!("not a SUBSCRIBE: {packet:?}"),
        });
        if !answered {
            continue;
        }
        peer.unsuback(unsubscribe, &[ReasonCode::NoSubscriptionExisted; 2]);
        peer.suback(subscribe, &[ReasonCode::Success]);
        assert_eq!(unsubscribing.wait(), Ok(()));
        peer.publish("b", b"x", None);
        let (both, one) = &subscriptions;
        assert_eq!(both.recv().expect("it arrives").payload, "x");
        assert_eq!(one.recv(), Err(RecvError::Closed));
        client.disconnect().expect("drained");
        peer.receive(|packet| assert!(matches!(packet, Packet::Disconnect(_)), "{packet:?}"));
    }
}

/// A SUBSCRIBE that was not answered is sent again, and its caller waits on.
#[test]
fn a_subscribe_survives_a_cut() {
    for session_present in [false, true] {
        let server = Server::new(Version::V5);
        let client =
            Client::start(options(server.port(), Version::V5).clean_start(false)).expect("started");
        let mut peer = server.accept_mqtt(false);
        std::thread::scope(|scope| {
            let subscription =
                scope.spawn(|| client.subscribe(("t", QoS::AtMostOnce)).expect("granted"));
            peer.receive_subscribe();
            drop(peer);
            let mut peer = server.accept_mqtt(session_present);
            let packet_id = peer.receive_subscribe();
            peer.suback(packet_id, &[ReasonCode::Success]);
            peer.publish("t", b"x", None);
            let subscription = subscription.join().expect("subscribed");
            assert_eq!(subscription.recv().expect("it arrives").payload, "x");
        });
    }
}

#[test]
fn start_retries_and_connect_does_not() {
    let server = Server::new(Version::V5);
    let (told, failed) = Told::new();
    let options = || options(server.port(), Version::V5);
    let client = Client::start(options().on_connect_failed(move |_| {
        let _ = told.send(());
    }))
    .expect("started");
    let kept = client
        .publish(Message::new("t", "early").qos(QoS::AtLeastOnce))
        .expect("kept");
    drop(server.accept());
    failed.next();
    let mut peer = server.accept_mqtt(false);
    let connected = client.wait_connected(PATIENCE).expect("connected");
    assert_eq!((connected.attempt, client.is_connected()), (2, true));
    let (packet_id, _, payload) = peer.receive_publish();
    assert_eq!(payload, "early");
    peer.puback(packet_id.expect("QoS 1"));
    assert!(kept.wait().is_ok());

    std::thread::scope(|scope| {
        scope.spawn(|| drop(server.accept()));
        assert!(matches!(
            Client::connect(options()),
            Err(ConnectError::Lost(_))
        ));
    });
}

/// What a session brings first is the subscription's, and what nobody took stays the server's.
#[test]
fn a_subscription_that_is_there_before_the_connection() {
    let server = Server::new(Version::V5);
    let (client, subscribing) = Client::start_subscribed(
        options(server.port(), Version::V5).clean_start(false),
        ("early", QoS::AtLeastOnce),
    )
    .expect("started");
    let mut peer = server.accept_mqtt(true);
    peer.publish("early", b"1", Some(7));
    peer.publish("early", b"2", Some(8));
    let packet_id = peer.receive_subscribe();
    peer.suback(packet_id, &[ReasonCode::GrantedQoS1]);
    let subscription = subscribing.wait().expect("granted");
    assert_eq!(subscription.granted(), [QoS::AtLeastOnce]);
    assert_eq!(subscription.recv().expect("the first").payload, "1");
    client.disconnect().expect("drained");
    let acknowledged = peer.receive(|packet| match packet {
        mqtt_proto::Packet::PubAck(ack) => ack.packet_id.get(),
        packet => panic!("{packet:?}"),
    });
    assert_eq!(acknowledged, 7);
    peer.receive(|packet| {
        assert!(
            matches!(packet, mqtt_proto::Packet::Disconnect(_)),
            "{packet:?}"
        );
    });

    let wrong = options(server.port(), Version::V5);
    let (_client, subscribing) =
        Client::start_subscribed(wrong, ("a#", QoS::AtMostOnce)).expect("started");
    let error = subscribing.wait().expect_err("not a filter");
    assert!(
        matches!(error, transport_std::SubscribeError::Filter { .. }),
        "{error:?}"
    );
}

/// The identifier that the server assigned is the client's from then on, and so is the session.
#[test]
fn an_assigned_client_identifier_is_kept() {
    let server = Server::new(Version::V5);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let client = Client::start(options(server.port(), Version::V5).client_id("")).expect("started");
    for _ in 0..2 {
        let mut peer = server.accept();
        let connect = peer.receive(|packet| match packet {
            Packet::Connect(connect) => (connect.client_id.to_owned(), connect.clean_start),
            packet => panic!("{packet:?}"),
        });
        seen.lock().expect("not poisoned").push(connect);
        let assigned = [Property::AssignedClientIdentifier("given")];
        peer.connack(false, ReasonCode::Success, Sequence::new(&assigned[..]));
        let connected = client.wait_connected(PATIENCE).expect("connected");
        assert_eq!(connected.client_id, "given");
    }
    let seen = seen.lock().expect("not poisoned");
    assert_eq!(
        seen[..],
        [(String::new(), true), ("given".to_owned(), false)]
    );
}

/// 3.1.1 says with the same flag that the session ends with the connection.
#[test]
fn a_clean_session_stays_clean() {
    let server = Server::new(Version::V3_1_1);
    let _client = Client::start(options(server.port(), Version::V3_1_1)).expect("started");
    for _ in 0..2 {
        let mut peer = server.accept();
        peer.receive(|packet| match packet {
            Packet::Connect(connect) => assert!(connect.clean_start),
            packet => panic!("{packet:?}"),
        });
        peer.accept(false);
    }
}

#[test]
fn without_reconnect_a_loss_is_the_end() {
    let broker = broker();
    let options = options(broker.addr().port(), Version::V5).reconnect(None);
    let client = Client::connect(options).expect("accepted");
    let subscription = client.subscribe(("t", QoS::AtMostOnce)).expect("granted");
    broker.cut();
    assert_eq!(subscription.recv(), Err(RecvError::Closed));
    assert!(matches!(
        client.wait_connected(PATIENCE),
        Err(ConnectError::Lost(_))
    ));
}

#[test]
fn wait_connected_gives_up() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let outcome = client.wait_connected(std::time::Duration::from_millis(1));
    assert!(matches!(outcome, Err(ConnectError::Pending)));
}
