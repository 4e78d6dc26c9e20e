//! How a connection begins and ends, and what the broker allows in it.

use std::sync::mpsc::channel;
use std::time::Duration;

use transport_std::{
    Client, ConnectError, ConnectionLost, Message, Options, PublishError, QoS, ReasonCode, Version,
};

use super::broker::Broker;
use super::{PATIENCE, VERSIONS, connect, disconnect, next, options, publish, text};

#[test]
fn credentials_are_checked() {
    let broker = Broker::with_user("anna", "sesame");
    for version in VERSIONS {
        let good = options(broker.port(), version, "good")
            .username("anna")
            .password("sesame");
        let client = connect(good.clone());
        disconnect(&client);

        let url = format!("mqtt://anna:sesame@127.0.0.1:{}", broker.port());
        let client = connect(
            Options::from_url(&url)
                .expect("a good URL")
                .version(version),
        );
        disconnect(&client);

        let bad = [
            good.clone().password("open"),
            good.username("eve"),
            options(broker.port(), version, "nobody"),
        ];
        for options in bad {
            match Client::connect(options) {
                Err(ConnectError::Refused(refusal)) => {
                    assert!(refusal.is_credentials(), "{refusal:?}");
                }
                other => panic!("{:?}", other.err()),
            }
        }
    }
}

#[test]
fn the_broker_says_what_it_allows_and_a_larger_message_is_refused_here() {
    let broker = Broker::with_config("max_packet_size 2000");
    let client = connect(options(broker.port(), Version::V5, "limited"));
    let connected = client.wait_connected(PATIENCE).expect("it is connected");
    assert_eq!(connected.limits.maximum_packet_size, 2000);
    let subscription = client
        .subscribe(("limited", QoS::ExactlyOnce))
        .expect("it is granted");
    for qos in super::LEVELS {
        let outcome = client
            .publish(Message::new("limited", vec![0; 2000]).qos(qos))
            .and_then(|handle| handle.wait_timeout(PATIENCE).expect("it is over in time"));
        assert_eq!(
            outcome,
            Err(PublishError::NotSupported(ReasonCode::PacketTooLarge))
        );
    }
    publish(
        &client,
        Message::new("limited", "small").qos(QoS::ExactlyOnce),
    );
    assert_eq!(text(&next(&subscription)), "small");
    assert_eq!(
        broker.count_log(&["New client connected"]),
        1,
        "the connection stands"
    );
    disconnect(&client);
}

/// 3.1.1 cannot say what it takes, and closes the connection on what is larger.
#[test]
fn the_broker_cannot_say_what_it_allows_and_the_options_can() {
    let broker = Broker::with_config("max_packet_size 2000");
    let options = options(broker.port(), Version::V3_1_1, "told");
    let client = connect(options.maximum_outgoing_packet_size(2000));
    for qos in super::LEVELS {
        let error = client
            .publish(Message::new("told", vec![0; 2000]).qos(qos))
            .expect_err("it is larger");
        assert!(
            matches!(error, PublishError::PacketTooLarge { size, limit: 2000 } if size > 2000),
            "{error}"
        );
        // The fixed header, the topic and its length, the packet identifier.
        let head = if qos == QoS::AtMostOnce { 9 } else { 11 };
        publish(&client, Message::new("told", vec![0; 2000 - head]).qos(qos));
    }
    disconnect(&client);
    assert_eq!(
        broker.count_log(&["New client connected"]),
        1,
        "the connection stood"
    );
}

#[test]
fn a_misuse_is_refused_here_and_the_client_stays_usable() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, "misuse"));
        match client.publish(Message::new("a/+/b", "")) {
            Err(PublishError::Topic(error)) => assert_eq!(error.offset, 2),
            other => panic!("{other:?}"),
        }
        assert!(client.subscribe(("a/#/b", QoS::AtMostOnce)).is_err());
        let subscription = client
            .subscribe(("a/b", QoS::AtMostOnce))
            .expect("it is granted");
        publish(&client, Message::new("a/b", "good"));
        assert_eq!(text(&next(&subscription)), "good");
        disconnect(&client);
    }
}

#[test]
fn an_idle_client_keeps_its_connection_alive() {
    let broker = Broker::start();
    for version in VERSIONS {
        let id = format!("idle-{version}");
        let client =
            connect(options(broker.port(), version, &id).keep_alive(Duration::from_secs(1)));
        // mosquitto ends a connection after one and a half times the keep-alive.
        broker.wait_log_count(&["Received PINGREQ from ", &id], 3);
        assert!(client.is_connected());
        assert_eq!(broker.count_log(&["New client connected", &id]), 1);
        disconnect(&client);
    }
}

#[test]
fn the_broker_assigns_a_client_identifier() {
    let broker = Broker::start();
    for version in VERSIONS {
        let client = connect(options(broker.port(), version, ""));
        let connected = client.wait_connected(PATIENCE).expect("it is connected");
        // 3.1.1 does not tell.
        assert_eq!(connected.client_id.is_empty(), version == Version::V3_1_1);
        disconnect(&client);
    }
}

#[test]
fn a_second_client_of_the_same_name_takes_the_session_over() {
    let broker = Broker::start();
    for version in VERSIONS {
        let (sender, lost) = channel();
        let first = connect(
            options(broker.port(), version, "same")
                .reconnect(None)
                .on_connection_lost(move |why| sender.send(why.clone()).expect("the test listens")),
        );
        let second = connect(options(broker.port(), version, "same"));
        // mosquitto 2.0.11 closes without a word, in 5.0 too.
        match lost.recv_timeout(PATIENCE).expect("the first is told") {
            ConnectionLost::Closed | ConnectionLost::Io(_) => {}
            other => panic!("{other:?}"),
        }
        assert!(!first.is_connected());
        disconnect(&second);
    }
}
