//! Disconnecting, and dropping the client.

use std::time::Duration;

use mqtt_proto::Packet;
use transport_std::{
    Client, DisconnectError, Message, PublishError, QoS, ReasonCode, RecvError, SubscribeError,
    UnsubscribeError, Version,
};

use crate::script::Server;
use crate::{PATIENCE, VERSIONS, broker, connect, options};

fn goodbye(packet: Packet<'_>) {
    match packet {
        Packet::Disconnect(disconnect) => assert_eq!(disconnect.reason, ReasonCode::Success),
        packet => panic!("{packet:?}"),
    }
}

/// DISCONNECT leaves after what is in flight was answered, and nothing after it.
/// [MQTT-3.14.4-2]
#[test]
fn disconnect_drains() {
    for version in VERSIONS {
        let server = Server::new(version);
        let client = Client::start(options(server.port(), version)).expect("started");
        let mut peer = server.accept_mqtt(false);
        let handles: Vec<_> = crate::LEVELS
            .into_iter()
            .map(|qos| {
                client
                    .publish(Message::new("t", "").qos(qos))
                    .expect("published")
            })
            .collect();
        std::thread::scope(|scope| {
            let outcome = scope.spawn(|| client.disconnect());
            assert_eq!(peer.receive_publish().0, None);
            let one = peer.receive_publish().0.expect("QoS 1");
            let two = peer.receive_publish().0.expect("QoS 2");
            peer.puback(one);
            peer.send(&Packet::PubRec(mqtt_proto::Ack::new(
                two,
                ReasonCode::Success,
            )));
            peer.receive(|packet| assert!(matches!(packet, Packet::PubRel(_)), "{packet:?}"));
            peer.send(&Packet::PubComp(mqtt_proto::Ack::new(
                two,
                ReasonCode::Success,
            )));
            peer.receive(goodbye);
            peer.expect_end();
            drop(peer);
            assert_eq!(outcome.join().expect("it returns"), Ok(()));
        });
        for handle in handles {
            assert_eq!(handle.wait(), Ok(ReasonCode::Success));
        }
    }
}

#[test]
fn disconnect_does_not_wait_for_ever() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let handle = client
        .publish(Message::new("t", "").qos(QoS::AtLeastOnce))
        .expect("published");
    peer.receive_publish();
    let outcome = client.disconnect_timeout(Duration::from_millis(1));
    assert_eq!(outcome, Err(DisconnectError::NotDrained { pending: 1 }));
    assert_eq!(handle.wait(), Err(PublishError::Closed));
    peer.receive(goodbye);
}

#[test]
fn disconnect_without_a_connection() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    assert_eq!(client.disconnect(), Ok(()));
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let handle = client
        .publish(Message::new("t", "").qos(QoS::AtLeastOnce))
        .expect("kept");
    let outcome = client.disconnect_timeout(Duration::from_millis(1));
    assert_eq!(outcome, Err(DisconnectError::NotDrained { pending: 1 }));
    assert_eq!(handle.wait(), Err(PublishError::Closed));
}

#[test]
fn a_closed_client_says_so() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let subscription = client.subscribe(("t", QoS::AtMostOnce)).expect("granted");
    client.disconnect().expect("drained");
    assert!(!client.is_connected());
    assert_eq!(
        client.publish(Message::new("t", "")).err(),
        Some(PublishError::Closed)
    );
    assert_eq!(
        client.subscribe(("t", QoS::AtMostOnce)).err(),
        Some(SubscribeError::Closed)
    );
    let unsubscribed = client.unsubscribe(["t"]).expect("valid").wait();
    assert_eq!(unsubscribed, Err(UnsubscribeError::Closed));
    assert_eq!(subscription.recv(), Err(RecvError::Closed));
    assert_eq!(subscription.iter().count(), 0);
    assert_eq!(client.disconnect(), Err(DisconnectError::Closed));
}

/// The last handle's drop drains and says goodbye.
#[test]
fn dropping_the_client_disconnects() {
    let server = Server::new(Version::V5);
    // However slow the machine, the answer comes before the time to drain has passed.
    let options = options(server.port(), Version::V5).drain_timeout(PATIENCE * 100);
    let client = Client::start(options).expect("started");
    let mut peer = server.accept_mqtt(false);
    client.wait_connected(PATIENCE).expect("connected");
    let other = client.clone();
    drop(client);
    let handle = other
        .publish(Message::new("t", "").qos(QoS::AtLeastOnce))
        .expect("published");
    std::thread::scope(|scope| {
        scope.spawn(move || drop(other));
        let packet_id = peer.receive_publish().0.expect("QoS 1");
        peer.puback(packet_id);
        peer.receive(goodbye);
        peer.expect_end();
    });
    assert_eq!(handle.wait(), Ok(ReasonCode::Success));
}

#[test]
fn dropping_an_offline_client_does_not_wait() {
    let server = Server::new(Version::V5);
    let options = options(server.port(), Version::V5).drain_timeout(PATIENCE * 100);
    let client = Client::start(options).expect("started");
    let handle = client
        .publish(Message::new("t", "").qos(QoS::AtLeastOnce))
        .expect("kept");
    drop(client);
    assert_eq!(handle.wait(), Err(PublishError::Closed));
}

/// The will is for losses only.
#[test]
fn no_will_after_disconnect() {
    let broker = broker();
    for version in VERSIONS {
        let watcher = Client::connect(options(broker.addr().port(), version).client_id("watcher"))
            .expect("accepted");
        let wills = watcher
            .subscribe(("will/#", QoS::AtLeastOnce))
            .expect("granted");
        let will = |topic| Message::new(topic, "gone").qos(QoS::AtLeastOnce);
        let options = || options(broker.addr().port(), version);
        Client::connect(options().will(will("will/quiet")))
            .expect("accepted")
            .disconnect()
            .expect("drained");
        let taken_over =
            Client::connect(options().will(will("will/loud")).reconnect(None)).expect("accepted");
        let usurper = Client::connect(options()).expect("accepted");
        assert_eq!(
            wills.recv_timeout(PATIENCE).expect("a will").topic,
            "will/loud"
        );
        drop((taken_over, usurper));
        watcher.disconnect().expect("drained");
        assert_eq!(wills.try_recv().err(), Some(RecvError::Closed));
    }
}
