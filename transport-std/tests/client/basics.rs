//! Publishing and subscribing, in both versions and at every QoS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use transport_std::{
    Client, Filter, Message, Property, PublishError, QoS, ReasonCode, RecvError, Subscribe,
    Version, Wire,
};

use crate::script::Server;
use crate::{LEVELS, PATIENCE, VERSIONS, broker, connect, options, publish};

#[test]
fn every_qos_arrives() {
    let broker = broker();
    for version in VERSIONS {
        let client = connect(&broker, version);
        for qos in LEVELS {
            let subscription = client.subscribe(("level/+", qos)).expect("granted");
            assert_eq!(subscription.granted(), [qos]);
            publish(&client, Message::new("level/1", "full").qos(qos));
            let mut message = subscription.recv_timeout(PATIENCE).expect("it arrives");
            let packet_id = message.packet_id.take();
            assert_eq!(packet_id.is_some(), qos != QoS::AtMostOnce);
            assert_eq!(message, Message::new("level/1", "full").qos(qos));
            assert_eq!(subscription.unsubscribe().wait(), Ok(()));
            assert_eq!(subscription.recv(), Err(RecvError::Closed));
        }
    }
}

#[test]
fn order_is_kept() {
    let broker = broker();
    for version in VERSIONS {
        for qos in LEVELS {
            let client = connect(&broker, version);
            let subscription = client.subscribe(("n", qos)).expect("granted");
            let handles: Vec<_> = (0..500)
                .map(|n: u32| {
                    client
                        .publish(Message::new("n", n.to_string()).qos(qos))
                        .expect("published")
                })
                .collect();
            for handle in handles {
                assert!(handle.wait().is_ok());
            }
            for (n, message) in (0..500).zip(&subscription) {
                assert_eq!(message.payload, n.to_string());
            }
        }
    }
}

#[test]
fn large_and_empty_payloads() {
    let broker = broker();
    for version in VERSIONS {
        let client = connect(&broker, version);
        let subscription = client.subscribe(("t", QoS::ExactlyOnce)).expect("granted");
        let payload: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        publish(
            &client,
            Message::new("t", payload.clone()).qos(QoS::ExactlyOnce),
        );
        assert!(subscription.recv().expect("it arrives").payload == payload);
        publish(&client, Message::new("t", "").qos(QoS::ExactlyOnce));
        assert!(subscription.recv().expect("it arrives").payload.is_empty());
    }
}

#[test]
fn retained_messages() {
    let broker = broker();
    for version in VERSIONS {
        let client = connect(&broker, version);
        publish(
            &client,
            Message::new("kept", "1").qos(QoS::AtLeastOnce).retain(true),
        );
        let subscription = client
            .subscribe(("kept", QoS::AtMostOnce))
            .expect("granted");
        let message = subscription.recv_timeout(PATIENCE).expect("it was kept");
        assert!(message.retain);
        publish(
            &client,
            Message::new("kept", "").qos(QoS::AtLeastOnce).retain(true),
        );
        broker.with(|broker, now| assert_eq!(broker.retained(now, "kept"), None));
    }
}

#[test]
fn properties_go_through() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let subscription = client
        .subscribe(Subscribe::new().filter(Filter::new("ask/#", QoS::AtLeastOnce)))
        .expect("granted");
    let message = Message::new("ask/time", "?")
        .qos(QoS::AtLeastOnce)
        .property(Property::ContentType("text/plain".into()))
        .property(Property::ResponseTopic("answer/time".into()))
        .property(Property::CorrelationData((&b"7"[..]).into()))
        .property(Property::UserProperty("a".into(), "1".into()))
        .property(Property::UserProperty("a".into(), "2".into()));
    publish(&client, message);
    let message = subscription.recv_timeout(PATIENCE).expect("it arrives");
    let properties = &message.properties;
    assert_eq!(properties.content_type(), Some("text/plain"));
    assert_eq!(properties.response_topic(), Some("answer/time"));
    assert_eq!(
        properties.correlation_data().map(|data| &data[..]),
        Some(&b"7"[..])
    );
    assert_eq!(
        properties.user_properties().collect::<Vec<_>>(),
        [("a", "1"), ("a", "2")]
    );
}

#[test]
fn a_shared_subscription_is_routed_by_its_filter() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let subscription = client
        .subscribe(("$share/group/jobs/+", QoS::AtLeastOnce))
        .expect("granted");
    publish(&client, Message::new("jobs/1", "").qos(QoS::AtLeastOnce));
    assert_eq!(
        subscription
            .recv_timeout(PATIENCE)
            .expect("it arrives")
            .topic,
        "jobs/1"
    );
}

#[test]
fn each_subscription_that_matches_gets_the_message() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    std::thread::scope(|scope| {
        let both = scope.spawn(|| {
            (
                client
                    .subscribe(("a/#", QoS::AtLeastOnce))
                    .expect("granted"),
                client
                    .subscribe(("a/+", QoS::AtLeastOnce))
                    .expect("granted"),
            )
        });
        for _ in 0..2 {
            let packet_id = peer.receive_subscribe();
            peer.suback(packet_id, &[ReasonCode::GrantedQoS1]);
        }
        let (one, two) = both.join().expect("subscribed");
        peer.publish("a/b", b"x", Some(1));
        assert_eq!(one.recv().expect("it arrives").payload, "x");
        assert_eq!(two.recv().expect("it arrives").payload, "x");
        // Once, and only when both have taken it.
        let acknowledged = peer.receive(|packet| matches!(packet, mqtt_proto::Packet::PubAck(_)));
        assert!(acknowledged);
        assert_eq!(
            (one.try_recv(), two.try_recv()),
            (Err(RecvError::Empty), Err(RecvError::Empty))
        );
    });
}

#[test]
fn a_timeout_is_no_failure() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let handle = client
        .publish(Message::new("t", "").qos(QoS::AtLeastOnce))
        .expect("published");
    let packet_id = peer.receive_publish().0.expect("QoS 1");
    assert_eq!(handle.wait_timeout(Duration::from_millis(1)), None);
    assert!(!handle.is_done());
    peer.puback(packet_id);
    assert_eq!(handle.wait(), Ok(ReasonCode::Success));
    assert!(handle.is_done());
    assert_eq!(handle.clone().wait(), Ok(ReasonCode::Success));
}

#[test]
fn recv_timeout_gives_up() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let subscription = client.subscribe(("t", QoS::AtMostOnce)).expect("granted");
    assert_eq!(
        subscription.recv_timeout(Duration::from_millis(1)),
        Err(RecvError::Empty)
    );
    assert_eq!(subscription.try_recv(), Err(RecvError::Empty));
}

#[test]
fn many_threads_share_a_client() {
    let broker = broker();
    let client = connect(&broker, Version::V5);
    let subscription = client
        .subscribe(("t/#", QoS::AtLeastOnce))
        .expect("granted");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let client = client.clone();
            scope.spawn(move || {
                for n in 0..50 {
                    publish(
                        &client,
                        Message::new(format!("t/{thread}"), n.to_string()).qos(QoS::AtLeastOnce),
                    );
                }
            });
        }
    });
    let mut counts = [0; 8];
    for message in subscription.iter().take(400) {
        let thread: usize = message.topic["t/".len()..].parse().expect("a number");
        assert_eq!(message.payload, counts[thread].to_string());
        counts[thread] += 1;
    }
    assert_eq!(counts, [50; 8]);
}

/// The room is given back as publishes end: many times more goes through than there is room for.
#[test]
fn publish_waits_for_room() {
    let broker = broker();
    for qos in LEVELS {
        let client =
            Client::connect(options(broker.addr().port(), Version::V5).maximum_outbox(2000))
                .expect("accepted");
        let handles: Vec<_> = (0..200)
            .map(|_| {
                client
                    .publish(Message::new("t", vec![0; 500]).qos(qos))
                    .expect("room comes")
            })
            .collect();
        for handle in handles {
            assert!(handle.wait().is_ok());
        }
    }
}

#[test]
fn try_publish_does_not_wait() {
    let server = Server::new(Version::V5);
    let client =
        Client::start(options(server.port(), Version::V5).maximum_outbox(2000)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let message = || Message::new("t", vec![b'x'; 1500]).qos(QoS::AtLeastOnce);
    let handle = client.try_publish(message()).expect("there is room");
    assert_eq!(
        client.try_publish(message()).err(),
        Some(PublishError::Full)
    );
    let packet_id = peer.receive_publish().0.expect("QoS 1");
    peer.puback(packet_id);
    assert!(handle.wait().is_ok());
    let handle = client.try_publish(message()).expect("there is room again");
    let packet_id = peer.receive_publish().0.expect("QoS 1");
    peer.puback(packet_id);
    assert!(handle.wait().is_ok());
}

/// All bytes pass the hook once, in order, whatever pieces they come in.
#[test]
fn the_wire_hook_sees_every_byte() {
    let broker = broker();
    let seen = Arc::new(Mutex::new((Vec::new(), Vec::new(), 0)));
    let tap = Arc::clone(&seen);
    let options = options(broker.addr().port(), Version::V3_1_1).on_wire(move |wire| {
        let (sent, received, opened) = &mut *tap.lock().expect("not poisoned");
        match wire {
            Wire::Opened => *opened += 1,
            Wire::Sent(bytes) => sent.extend_from_slice(bytes),
            Wire::Received(bytes) => received.extend_from_slice(bytes),
        }
    });
    let client = Client::connect(options).expect("accepted");
    publish(&client, Message::new("t", "x").qos(QoS::AtLeastOnce));
    client.disconnect().expect("drained");
    let (sent, received, opened) = &*seen.lock().expect("not poisoned");
    assert_eq!(
        sent[..],
        *b"\x10\x10\0\x04MQTT\x04\x02\0\x3C\0\x04test\x32\x06\0\x01t\0\x01x\xE0\0"
    );
    assert_eq!(
        (&received[..], *opened),
        (&b"\x20\x02\0\0\x40\x02\0\x01"[..], 1)
    );
}

/// An unsubscribe ends what was subscribed before it, not what is subscribed after.
#[test]
fn subscribe_again_without_waiting_for_the_unsubscribe() {
    let broker = broker();
    for version in VERSIONS {
        let client = connect(&broker, version);
        let old = client.subscribe(("t", QoS::AtLeastOnce)).expect("granted");
        let unsubscribing = old.unsubscribe();
        let new = client.subscribe(("t", QoS::AtLeastOnce)).expect("granted");
        assert_eq!(unsubscribing.wait(), Ok(()));
        assert_eq!(old.recv(), Err(RecvError::Closed));
        publish(&client, Message::new("t", "x").qos(QoS::AtLeastOnce));
        assert_eq!(new.recv_timeout(PATIENCE).expect("it arrives").payload, "x");
        client.disconnect().expect("drained");
    }
}
