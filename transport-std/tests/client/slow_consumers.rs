//! A slow consumer holds back the server, not memory, and never deadlocks with itself.

use mqtt_proto::Packet;
use transport_std::{Client, DisconnectError, Message, PublishError, QoS, ReasonCode, Version};

use crate::script::{Peer, Server};
use crate::{PATIENCE, Told, broker, options, publish};

fn subscribed(server: &Server, client: &Client) -> (Peer, transport_std::Subscription) {
    let mut peer = server.accept_mqtt(false);
    let subscription = std::thread::scope(|scope| {
        let subscription =
            scope.spawn(|| client.subscribe(("t", QoS::AtLeastOnce)).expect("granted"));
        let packet_id = peer.receive_subscribe();
        peer.suback(packet_id, &[ReasonCode::GrantedQoS1]);
        subscription.join().expect("subscribed")
    });
    (peer, subscription)
}

/// A message is acknowledged when it is taken, not before.
#[test]
fn acknowledgements_wait_for_the_consumer() {
    for version in crate::VERSIONS {
        let server = Server::new(version);
        let client = Client::start(options(server.port(), version)).expect("started");
        let (mut peer, subscription) = subscribed(&server, &client);
        for n in 1..=3 {
            peer.publish("t", b"", Some(n));
        }
        // This one is behind them, and its answer comes at once.
        let handle = client
            .publish(Message::new("u", "").qos(QoS::AtLeastOnce))
            .expect("published");
        let packet_id = peer.receive_publish().0.expect("QoS 1");
        peer.puback(packet_id);
        assert!(handle.wait().is_ok());
        for n in 1..=3 {
            assert!(subscription.recv().is_ok());
            peer.receive(|packet| match packet {
                Packet::PubAck(ack) => assert_eq!(ack.packet_id.get(), n),
                packet => panic!("{packet:?}"),
            });
        }
    }
}

/// The consumer of a full subscription waits for an outcome whose answer lies behind the messages.
#[test]
fn a_full_subscription_whose_consumer_waits() {
    let broker = broker();
    for qos in crate::LEVELS {
        let options = options(broker.addr().port(), Version::V5).inbound_capacity(1);
        let client = Client::connect(options).expect("accepted");
        let subscription = client.subscribe(("t", qos)).expect("granted");
        for n in 0..50 {
            client
                .publish(Message::new("t", n.to_string()).qos(qos))
                .expect("published");
        }
        for message in subscription.iter().take(1) {
            publish(
                &client,
                Message::new("u", message.payload).qos(QoS::AtLeastOnce),
            );
        }
        if qos > QoS::AtMostOnce {
            for n in 1..50 {
                let message = subscription.recv_timeout(PATIENCE).expect("it arrives");
                assert_eq!(message.payload, n.to_string());
            }
        }
    }
}

#[test]
fn a_full_callback_that_waits() {
    let broker = broker();
    let options = options(broker.addr().port(), Version::V5).inbound_capacity(1);
    let client = Client::connect(options).expect("accepted");
    let (told, seen) = Told::new();
    let inside = client.clone();
    client
        .subscribe_with(("t", QoS::AtLeastOnce), move |message| {
            publish(&inside, Message::new("u", "").qos(QoS::ExactlyOnce));
            let _ = told.send(message.payload);
        })
        .expect("granted");
    for n in 0..100 {
        client
            .publish(Message::new("t", n.to_string()).qos(QoS::AtLeastOnce))
            .expect("published");
    }
    for n in 0..100 {
        assert_eq!(seen.next(), n.to_string());
    }
    client.disconnect().expect("drained");
}

/// A message over the limit is skipped and acknowledged in 3.1.1, which cannot tell the server.
#[test]
fn an_oversized_message_is_counted() {
    let server = Server::new(Version::V3_1_1);
    let client = Client::start(options(server.port(), Version::V3_1_1).maximum_packet_size(1000))
        .expect("started");
    let (mut peer, subscription) = subscribed(&server, &client);
    peer.publish("t", &[0; 200_000], Some(1));
    peer.publish("t", &[0; 1000], Some(2));
    peer.publish("t", b"small", Some(3));
    for n in 1..=2 {
        peer.receive(|packet| match packet {
            Packet::PubAck(ack) => assert_eq!(ack.packet_id.get(), n),
            packet => panic!("{packet:?}"),
        });
    }
    assert_eq!(subscription.recv().expect("it arrives").payload, "small");
    assert_eq!(client.statistics().oversized, 2);
}

/// What a dropped subscription leaves is acknowledged and counted.
#[test]
fn a_dropped_subscription() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let (mut peer, subscription) = subscribed(&server, &client);
    peer.publish("t", b"", Some(1));
    // Behind it: so it has arrived.
    let handle = client
        .publish(Message::new("u", "").qos(QoS::AtLeastOnce))
        .expect("published");
    let packet_id = peer.receive_publish().0.expect("QoS 1");
    peer.puback(packet_id);
    assert!(handle.wait().is_ok());
    drop(subscription);
    peer.publish("t", b"", Some(2));
    for n in 1..=2 {
        peer.receive(|packet| match packet {
            Packet::PubAck(ack) => assert_eq!(ack.packet_id.get(), n),
            packet => panic!("{packet:?}"),
        });
    }
    assert_eq!(client.statistics().unhandled, 2);
}

/// What the callback waits for is behind messages for its own, full subscription.
#[test]
fn a_full_callback_that_waits_for_a_message() {
    let server = Server::new(Version::V5);
    let client =
        Client::start(options(server.port(), Version::V5).inbound_capacity(1)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let (told, seen) = Told::new();
    std::thread::scope(|scope| {
        let both = scope.spawn(|| {
            let answers = client
                .subscribe(("answer", QoS::AtMostOnce))
                .expect("granted");
            client
                .subscribe_with(("t", QoS::AtMostOnce), move |_| {
                    let _ = told.send(answers.recv_timeout(PATIENCE));
                })
                .expect("granted");
        });
        for _ in 0..2 {
            let packet_id = peer.receive_subscribe();
            peer.suback(packet_id, &[ReasonCode::Success]);
        }
        both.join().expect("subscribed");
    });
    for topic in ["t", "t", "t", "t", "answer"] {
        peer.publish(topic, b"", None);
    }
    assert_eq!(seen.next().expect("it comes").topic, "answer");
    // The callbacks of the other messages, if they were not dropped, wait for answers of theirs.
    for _ in 0..3 {
        peer.publish("answer", b"", None);
    }
    client.disconnect().expect("drained");
}

/// What is behind a full inbox is not read for anybody, nor when the client is to end.
#[test]
fn an_answer_behind_a_full_inbox() {
    let short = std::time::Duration::from_millis(1);
    let server = Server::new(Version::V5);
    let client =
        Client::start(options(server.port(), Version::V5).maximum_inbox(1)).expect("started");
    let (mut peer, subscription) = subscribed(&server, &client);
    let mut answered_behind_a_message = || {
        let handle = client
            .publish(Message::new("u", "").qos(QoS::AtLeastOnce))
            .expect("published");
        let packet_id = peer.receive_publish().0.expect("QoS 1");
        peer.publish("t", b"", None);
        peer.puback(packet_id);
        handle
    };
    let handle = answered_behind_a_message();
    assert_eq!(handle.wait_timeout(short), None);
    assert!(subscription.recv().is_ok());
    assert!(handle.wait().is_ok());

    let handle = answered_behind_a_message();
    assert_eq!(
        client.disconnect_timeout(short),
        Err(DisconnectError::NotDrained { pending: 1 })
    );
    assert_eq!(handle.wait(), Err(PublishError::Closed));
}

/// The message that a callback has is no longer in the inbox, which it alone would have filled.
#[test]
fn a_callback_that_waits_with_a_message_larger_than_the_inbox() {
    let broker = broker();
    let options = options(broker.addr().port(), Version::V5).maximum_inbox(1);
    let client = Client::connect(options).expect("accepted");
    let (told, seen) = Told::new();
    let inside = client.clone();
    client
        .subscribe_with(("t", QoS::AtLeastOnce), move |message| {
            publish(&inside, Message::new("u", "").qos(QoS::ExactlyOnce));
            let _ = told.send(message.payload);
        })
        .expect("granted");
    publish(&client, Message::new("t", "1").qos(QoS::AtLeastOnce));
    assert_eq!(seen.next(), "1");
    publish(&client, Message::new("t", "2").qos(QoS::AtLeastOnce));
    assert_eq!(seen.next(), "2");
    client.disconnect().expect("drained");
}

#[test]
fn a_subscribe_that_is_not_answered_in_time() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let subscribing = client.begin_subscribe(("t", QoS::AtMostOnce));
    let packet_id = peer.receive_subscribe();
    let outcome = subscribing.wait_timeout(std::time::Duration::from_millis(1));
    assert_eq!(outcome.err(), Some(transport_std::SubscribeError::Timeout));
    peer.suback(packet_id, &[ReasonCode::Success]);
    client.disconnect().expect("drained");
}
