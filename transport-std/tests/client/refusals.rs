//! What servers refuse or get wrong.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use mqtt_proto::{Disconnect, Packet, Property, Sequence};
use mqtt_testkit::{BrokerOptions, TcpBroker};
use transport_std::{
    Client, ConnectError, ConnectionLost, Message, Options, PublishError, QoS, ReasonCode, Refusal,
    SubscribeError, Version,
};

use crate::script::{Peer, Server};
use crate::{PATIENCE, Told, VERSIONS, options};

/// Connects to a server that does `answer` instead of accepting.
fn connect_error(version: Version, answer: impl FnOnce(&mut Peer) + Send) -> ConnectError {
    let server = Server::new(version);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut peer = server.accept();
            peer.receive(|packet| assert!(matches!(packet, Packet::Connect(_))));
            answer(&mut peer);
        });
        Client::connect(options(server.port(), version)).expect_err("refused")
    })
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    match Client::connect(options(port, Version::V5)) {
        Err(ConnectError::Unreachable { host, attempts }) => {
            assert_eq!(host, "127.0.0.1");
            let [(address, error)] = &attempts[..] else {
                panic!("{attempts:?}");
            };
            assert_eq!(address.port(), port);
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("connected"),
    }
}

#[test]
fn no_such_host() {
    // A name that no resolver is asked for.
    match Client::connect(Options::new("a\0b", 1883)) {
        Err(ConnectError::Resolve { host, .. }) => assert_eq!(host, "a\0b"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("connected"),
    }
}

#[test]
fn every_return_code_of_3_1_1() {
    for (code, reason, credentials) in [
        (1, ReasonCode::UnsupportedProtocolVersion, false),
        (2, ReasonCode::ClientIdentifierNotValid, false),
        (3, ReasonCode::ServerUnavailable, false),
        (4, ReasonCode::BadUserNameOrPassword, true),
        (5, ReasonCode::NotAuthorized, true),
    ] {
        match connect_error(Version::V3_1_1, |peer| peer.send_bytes(&[0x20, 2, 0, code])) {
            ConnectError::Refused(refusal) => {
                assert_eq!(
                    (refusal.reason, refusal.is_credentials()),
                    (reason, credentials)
                );
            }
            error => panic!("{error}"),
        }
    }
}

#[test]
fn a_refusal_with_its_reason() {
    let error = connect_error(Version::V5, |peer| {
        let properties = [
            Property::ReasonString("full moon"),
            Property::ServerReference("other:1883"),
        ];
        peer.connack(
            false,
            ReasonCode::UseAnotherServer,
            Sequence::new(&properties),
        );
    });
    assert!(error.to_string().contains("Use another server"), "{error}");
    assert!(error.to_string().contains("full moon"), "{error}");
    match error {
        ConnectError::Refused(Refusal { properties, .. }) => {
            assert_eq!(properties.server_reference(), Some("other:1883"));
        }
        error => panic!("{error}"),
    }
}

#[test]
fn bad_credentials() {
    let broker = TcpBroker::start_on(
        "127.0.0.1:0",
        BrokerOptions {
            credentials: [("user".to_owned(), b"pass".to_vec())].into(),
            ..BrokerOptions::default()
        },
    )
    .expect("a free port");
    for version in VERSIONS {
        let options = || options(broker.addr().port(), version).username("user");
        match Client::connect(options().password("wrong")) {
            Err(ConnectError::Refused(refusal)) => assert!(refusal.is_credentials(), "{refusal}"),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("accepted"),
        }
        Client::connect(options().password("pass")).expect("accepted");
    }
}

#[test]
fn nonsense_instead_of_connack() {
    for version in VERSIONS {
        match connect_error(version, |peer| {
            peer.send_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }) {
            ConnectError::Lost(ConnectionLost::Malformed(error)) => assert_eq!(error.offset, 0),
            error => panic!("{error}"),
        }
        match connect_error(version, |peer| peer.send(&Packet::PingResp)) {
            error @ ConnectError::Lost(ConnectionLost::Violation(_)) => assert_eq!(
                error.to_string(),
                "before the Server accepted: the Server broke the protocol: a packet before CONNACK"
            ),
            error => panic!("{error}"),
        }
    }
}

#[test]
fn closed_instead_of_connack() {
    match connect_error(Version::V5, |_| {}) {
        ConnectError::Lost(ConnectionLost::Closed | ConnectionLost::Io(_)) => {}
        error => panic!("{error}"),
    }
}

#[test]
fn silence_instead_of_connack() {
    let server = Server::new(Version::V5);
    let short = Duration::from_millis(20);
    match Client::connect(options(server.port(), Version::V5).connect_timeout(short)) {
        // Which phase took too long is the machine's to say.
        Err(ConnectError::Timeout { after, .. }) => assert_eq!(after, short),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("connected"),
    }
}

#[test]
fn nonsense_later() {
    for version in VERSIONS {
        let server = Server::new(version);
        let (told, lost) = Told::new();
        let client = Client::start(options(server.port(), version).on_connection_lost(
            move |why| {
                let _ = told.send(why.clone());
            },
        ))
        .expect("started");
        let mut peer = server.accept_mqtt(false);
        // A PUBLISH with both QoS bits [MQTT-3.3.1-4].
        peer.send_bytes(&[0x36, 5, 0, 1, b'a', 0, 1]);
        match lost.next() {
            ConnectionLost::Malformed(error) => assert_eq!(error.offset, 0),
            why => panic!("{why}"),
        }
        let mut peer = server.accept_mqtt(false);
        let handle = client
            .publish(Message::new("t", "usable").qos(QoS::AtLeastOnce))
            .expect("published");
        let (packet_id, _, payload) = peer.receive_publish();
        assert_eq!(payload, "usable");
        peer.puback(packet_id.expect("QoS 1"));
        assert_eq!(handle.wait(), Ok(ReasonCode::Success));
    }
}

#[test]
fn the_servers_disconnect() {
    let server = Server::new(Version::V5);
    let (told, lost) = Told::new();
    let _client = Client::start(options(server.port(), Version::V5).on_connection_lost(
        move |why| {
            let _ = told.send(why.clone());
        },
    ))
    .expect("started");
    let mut peer = server.accept_mqtt(false);
    peer.send(&Packet::Disconnect(Disconnect {
        reason: ReasonCode::AdministrativeAction,
        properties: Sequence::new(&[Property::ReasonString("tidying up")]),
    }));
    match lost.next() {
        ConnectionLost::Server { reason, properties } => {
            assert_eq!(reason, ReasonCode::AdministrativeAction);
            assert_eq!(properties.reason_string(), Some("tidying up"));
        }
        why => panic!("{why}"),
    }
}

#[test]
fn a_refused_publish() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let handle = client
            .publish(Message::new("t", "").qos(qos))
            .expect("published");
        let packet_id = peer.receive_publish().0.expect("QoS 1 or 2");
        let ack = mqtt_proto::Ack {
            packet_id,
            reason: ReasonCode::NotAuthorized,
            properties: Sequence::new(&[Property::ReasonString("not yours")]),
        };
        peer.send(&match qos {
            QoS::ExactlyOnce => Packet::PubRec(ack),
            _ => Packet::PubAck(ack),
        });
        assert_eq!(
            handle.wait_timeout(PATIENCE),
            Some(Err(PublishError::Refused {
                reason: ReasonCode::NotAuthorized,
                reason_string: Some("not yours".into()),
            }))
        );
    }
}

#[test]
fn no_matching_subscribers() {
    let server = Server::new(Version::V5);
    let client = Client::start(options(server.port(), Version::V5)).expect("started");
    let mut peer = server.accept_mqtt(false);
    let handle = client
        .publish(Message::new("t", "").qos(QoS::AtLeastOnce))
        .expect("published");
    let packet_id = peer.receive_publish().0.expect("QoS 1");
    peer.send(&Packet::PubAck(mqtt_proto::Ack::new(
        packet_id,
        ReasonCode::NoMatchingSubscribers,
    )));
    assert_eq!(handle.wait(), Ok(ReasonCode::NoMatchingSubscribers));
}

#[test]
fn a_refused_filter() {
    let broker = TcpBroker::start_on(
        "127.0.0.1:0",
        BrokerOptions {
            forbidden: vec!["secret/#".to_owned()],
            ..BrokerOptions::default()
        },
    )
    .expect("a free port");
    for version in VERSIONS {
        let client = Client::connect(options(broker.addr().port(), version)).expect("accepted");
        let filters = [("open", QoS::AtMostOnce), ("secret/#", QoS::AtMostOnce)];
        match client.subscribe(filters) {
            Err(SubscribeError::Refused { filter, reason, .. }) => {
                assert_eq!(filter, "secret/#");
                assert!(reason.is_error());
            }
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("granted"),
        }
        // What was granted beside it was given back: nothing comes for it.
        client.disconnect().expect("drained, the UNSUBSCRIBE too");
        assert_eq!(client.statistics().unhandled, 0);
    }
}

/// The filter that was granted beside a refused one is unsubscribed from.
#[test]
fn a_refused_filter_leaves_nothing() {
    let server = Server::new(Version::V5);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut peer = server.accept_mqtt(false);
            let packet_id = peer.receive_subscribe();
            peer.suback(
                packet_id,
                &[ReasonCode::GrantedQoS1, ReasonCode::QuotaExceeded],
            );
            let packet_id = peer.receive(|packet| match packet {
                Packet::Unsubscribe(unsubscribe) => {
                    let filters: Vec<_> = unsubscribe
                        .filters
                        .iter()
                        .map(|filter| filter.as_str().to_owned())
                        .collect();
                    assert_eq!(filters, ["a"]);
                    unsubscribe.packet_id
                }
                packet => panic!("{packet:?}"),
            });
            peer.unsuback(packet_id, &[ReasonCode::Success]);
            peer.receive(|packet| assert!(matches!(packet, Packet::Disconnect(_)), "{packet:?}"));
        });
        let client = Client::connect(options(server.port(), Version::V5)).expect("accepted");
        let refused = client
            .subscribe([("a", QoS::AtLeastOnce), ("b", QoS::AtLeastOnce)])
            .err();
        assert_eq!(
            refused,
            Some(SubscribeError::Refused {
                filter: "b".into(),
                reason: ReasonCode::QuotaExceeded,
                reason_string: None,
            })
        );
        client.disconnect().expect("drained");
    });
}

#[test]
fn a_usable_client_after_a_refused_attempt() {
    let server = Server::new(Version::V3_1_1);
    let (told, failed) = Told::new();
    let client = Client::start(options(server.port(), Version::V3_1_1).on_connect_failed(
        move |error| {
            let _ = told.send(error.to_string());
        },
    ))
    .expect("started");
    let mut peer = server.accept();
    peer.receive(|_| ());
    peer.send_bytes(&[0x20, 2, 0, 3]);
    assert!(failed.next().contains("Server unavailable"));
    let mut peer = server.accept_mqtt(false);
    let connected = client.wait_connected(PATIENCE).expect("connected");
    assert_eq!(connected.attempt, 2);
    let handle = client
        .publish(Message::new("t", "").qos(QoS::AtLeastOnce))
        .expect("published");
    let packet_id = peer.receive_publish().0.expect("QoS 1");
    peer.puback(packet_id);
    assert!(handle.wait().is_ok());
    drop(peer);
}
