//! Connections that end in the middle of something.

use mqtt_proto::{Ack, Packet};
use transport_std::{Client, Message, PublishError, QoS, ReasonCode, Version};

use crate::script::Server;
use crate::{PATIENCE, Told, VERSIONS, options};

#[test]
fn a_qos_1_publish_survives_a_cut() {
    for version in VERSIONS {
        let server = Server::new(version);
        let client =
            Client::start(options(server.port(), version).clean_start(false)).expect("started");
        let mut peer = server.accept_mqtt(false);
        let handle = client
            .publish(Message::new("t", "x").qos(QoS::AtLeastOnce))
            .expect("published");
        let (first, dup, _) = peer.receive_publish();
        assert!(!dup);
        drop(peer);
        let mut peer = server.accept_mqtt(true);
        let (again, dup, payload) = peer.receive_publish();
        assert_eq!((again, dup, payload.as_str()), (first, true, "x"));
        assert!(!handle.is_done());
        peer.puback(again.expect("QoS 1"));
        assert_eq!(handle.wait(), Ok(ReasonCode::Success));
    }
}

/// The session is gone with the connection: QoS 1 is sent again, QoS 2 might arrive twice and is not.
#[test]
fn in_flight_when_the_session_is_lost() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let once = client
        .publish(Message::new("t", "2").qos(QoS::ExactlyOnce))
        .expect("published");
    let more = client
        .publish(Message::new("t", "1").qos(QoS::AtLeastOnce))
        .expect("published");
    peer.receive_publish();
    peer.receive_publish();
    drop(peer);
    let mut peer = server.accept_mqtt(false);
    assert_eq!(once.wait(), Err(PublishError::Discarded));
    let (packet_id, dup, payload) = peer.receive_publish();
    assert_eq!((dup, payload.as_str()), (false, "1"));
    peer.puback(packet_id.expect("QoS 1"));
    assert!(more.wait().is_ok());
}

#[test]
fn a_qos_2_publish_survives_cuts_at_each_step() {
    for version in VERSIONS {
        let server = Server::new(version);
        let client =
            Client::start(options(server.port(), version).clean_start(false)).expect("started");
        let mut peer = server.accept_mqtt(false);
        let handle = client
            .publish(Message::new("t", "x").qos(QoS::ExactlyOnce))
            .expect("published");
        let packet_id = peer.receive_publish().0.expect("QoS 2");
        drop(peer);
        let mut peer = server.accept_mqtt(true);
        assert_eq!(
            peer.receive_publish(),
            (Some(packet_id), true, "x".to_owned())
        );
        peer.send(&Packet::PubRec(Ack::new(packet_id, ReasonCode::Success)));
        let release = |packet: Packet<'_>| match packet {
            Packet::PubRel(ack) => assert_eq!(ack.packet_id, packet_id),
            packet => panic!("{packet:?}"),
        };
        peer.receive(release);
        drop(peer);
        let mut peer = server.accept_mqtt(true);
        peer.receive(release);
        peer.send(&Packet::PubComp(Ack::new(packet_id, ReasonCode::Success)));
        assert_eq!(handle.wait(), Ok(ReasonCode::Success));
    }
}

/// Half a PUBLISH, a cut, the whole of it again: it arrives once, and whole.
#[test]
fn half_a_publish_then_the_rest_of_the_world() {
    for version in VERSIONS {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let server = Server::new(version);
            let (told, seen) = Told::new();
            let options = options(server.port(), version)
                .clean_start(false)
                .default_handler(move |message| {
                    let _ = told.send(message);
                });
            let _client = Client::start(options).expect("started");
            let payload = vec![b'x'; 100_000];
            // Cut in the fixed header, the topic, and the payload.
            let mut first = true;
            for cut in [1, 7, 20, 70_000] {
                let mut peer = server.accept_mqtt(!first);
                let bytes = peer.publish_bytes("topic", &payload, Some(9), qos, !first);
                peer.send_bytes(&bytes[..cut]);
                first = false;
            }
            let mut peer = server.accept_mqtt(true);
            let bytes = peer.publish_bytes("topic", &payload, Some(9), qos, true);
            peer.send_bytes(&bytes);
            let message = seen.next();
            assert!(message.topic == "topic" && message.payload == payload && message.qos == qos);
            peer.receive(|packet| match packet {
                Packet::PubAck(ack) | Packet::PubRec(ack) => assert_eq!(ack.packet_id.get(), 9),
                packet => panic!("{packet:?}"),
            });
            assert!(seen.0.try_recv().is_err());
        }
    }
}

/// A QoS 2 message that the consumer takes while there is no connection does not come twice.
#[test]
fn a_qos_2_message_taken_between_two_connections() {
    for version in VERSIONS {
        let server = Server::new(version);
        let options = options(server.port(), version).clean_start(false);
        let client = Client::start(options).expect("started");
        let mut peer = server.accept_mqtt(false);
        let subscription = std::thread::scope(|scope| {
            let subscription =
                scope.spawn(|| client.subscribe(("t", QoS::ExactlyOnce)).expect("granted"));
            let packet_id = peer.receive_subscribe();
            peer.suback(packet_id, &[ReasonCode::GrantedQoS2]);
            subscription.join().expect("subscribed")
        });
        let bytes = peer.publish_bytes("t", b"once", Some(5), QoS::ExactlyOnce, false);
        peer.send_bytes(&bytes);
        // It is there once this one, behind it, is answered.
        let handle = client
            .publish(Message::new("u", "").qos(QoS::AtLeastOnce))
            .expect("published");
        let packet_id = peer.receive_publish().0.expect("QoS 1");
        peer.puback(packet_id);
        assert!(handle.wait().is_ok());
        drop(peer);
        let mut peer = server.accept();
        assert_eq!(
            subscription.try_recv().expect("it is there").payload,
            "once"
        );
        peer.receive(|packet| assert!(matches!(packet, Packet::Connect(_))));
        peer.accept(true);
        let bytes = peer.publish_bytes("t", b"once", Some(5), QoS::ExactlyOnce, true);
        peer.send_bytes(&bytes);
        peer.receive(|packet| assert!(matches!(packet, Packet::PubRec(_)), "{packet:?}"));
        peer.publish("t", b"next", None);
        assert_eq!(
            subscription
                .recv_timeout(PATIENCE)
                .expect("it arrives")
                .payload,
            "next"
        );
    }
}

#[test]
fn qos_0_fails_without_a_connection_and_the_others_wait() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept();
    peer.receive(|_| ());
    drop(peer);
    let mut peer = server.accept();
    // CONNECT has been sent on this one at the earliest; the publishes before were offline or lost.
    let lost = client
        .publish(Message::new("t", "0"))
        .expect("not known yet");
    let kept = client
        .publish(Message::new("t", "1").qos(QoS::AtLeastOnce))
        .expect("kept");
    peer.receive(|packet| assert!(matches!(packet, Packet::Connect(_))));
    drop(peer);
    assert!(matches!(
        lost.wait(),
        Err(PublishError::NotConnected | PublishError::Discarded)
    ));
    let mut peer = server.accept_mqtt(false);
    let (packet_id, dup, payload) = peer.receive_publish();
    assert_eq!((dup, payload.as_str()), (false, "1"));
    peer.puback(packet_id.expect("QoS 1"));
    assert!(kept.wait().is_ok());
}
