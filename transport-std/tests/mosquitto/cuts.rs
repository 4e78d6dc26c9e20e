//! The connection cut after every so many bytes of a flow, in either direction: nothing is lost at
//! QoS 1 and 2, and nothing comes twice at QoS 2.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;

use transport_std::{Client, Message, QoS, Version};

use super::broker::Broker;
use super::proxy::{Cut, Direction, Proxy};
use super::tools::Judge;
use super::{PATIENCE, connect, disconnect, persistent, publish, text};

/// Messages in each flow.
const COUNT: usize = 3;

/// The client that is let be; the names of the others are as long, so that each byte is at the same place.
const UNCUT: &str = "uncut-000";

#[test]
fn sending_at_qos_1_3_1_1() {
    sending(Version::V3_1_1, QoS::AtLeastOnce);
}

#[test]
fn sending_at_qos_2_3_1_1() {
    sending(Version::V3_1_1, QoS::ExactlyOnce);
}

#[test]
fn sending_at_qos_1_5_0() {
    sending(Version::V5, QoS::AtLeastOnce);
}

#[test]
fn sending_at_qos_2_5_0() {
    sending(Version::V5, QoS::ExactlyOnce);
}

#[test]
fn receiving_at_qos_1_3_1_1() {
    receiving(Version::V3_1_1, QoS::AtLeastOnce);
}

#[test]
fn receiving_at_qos_2_3_1_1() {
    receiving(Version::V3_1_1, QoS::ExactlyOnce);
}

#[test]
fn receiving_at_qos_1_5_0() {
    receiving(Version::V5, QoS::AtLeastOnce);
}

#[test]
fn receiving_at_qos_2_5_0() {
    receiving(Version::V5, QoS::ExactlyOnce);
}

/// The client publishes through the proxy; mosquitto_sub judges.
fn sending(version: Version, qos: QoS) {
    let broker = Broker::start();
    let judge = Judge::subscribe(&broker, version, "judge", "cut", "%p");
    let flow = |proxy: &Proxy, id: &str| {
        let client = Client::start(persistent(proxy.port(), version, id)).expect("good options");
        let handles: Vec<_> = (0..COUNT)
            .map(|number| {
                let message = Message::new("cut", format!("{id}/{number}")).qos(qos);
                client.publish(message).expect("it is kept")
            })
            .collect();
        for handle in handles {
            handle
                .wait_timeout(PATIENCE)
                .expect("it is over in time")
                .expect("the broker takes it");
        }
        disconnect(&client);
        if id != UNCUT {
            proxy.wait_cuts(1);
        }
    };
    let sent = for_each_cut(&broker, flow);

    let marker = connect(persistent(broker.port(), version, "marker"));
    publish(&marker, Message::new("cut", "end").qos(QoS::ExactlyOnce));
    compare(&sent, &judge.until("end"), qos);
    disconnect(&marker);
}

/// Messages wait in a session of the broker's; the client takes them through the proxy.
fn receiving(version: Version, qos: QoS) {
    let broker = Broker::start();
    let publisher = connect(persistent(broker.port(), version, "publisher"));
    let received = std::cell::RefCell::new(Vec::new());
    let flow = |proxy: &Proxy, id: &str| {
        let topic = format!("to/{id}");
        let absent = connect(persistent(broker.port(), version, id));
        absent
            .subscribe((topic.as_str(), qos))
            .expect("it is granted");
        disconnect(&absent);
        broker.wait_log(&["Received DISCONNECT from ", id]);
        for number in 0..COUNT {
            publish(
                &publisher,
                Message::new(topic.as_str(), format!("{id}/{number}")).qos(qos),
            );
        }
        let (sender, messages) = channel();
        let options = persistent(proxy.port(), version, id).default_handler(move |message| {
            // The test may be over.
            let _ = sender.send(text(&message));
        });
        let client = Client::start(options).expect("good options");
        // Through the same queue, and so after all of them.
        client.wait_connected(PATIENCE).expect("it connects");
        publish(&publisher, Message::new(topic.as_str(), "end").qos(qos));
        loop {
            let payload = messages
                .recv_timeout(PATIENCE)
                .expect("another message comes");
            if payload == "end" {
                break;
            }
            received.borrow_mut().push(payload);
        }
        disconnect(&client);
    };
    let sent = for_each_cut(&broker, flow);
    compare(&sent, &received.into_inner(), qos);
    disconnect(&publisher);
}

/// Runs the flow once uncut, to see how many bytes it has, and then cut at each of these in each
/// direction. Gives the payloads of all.
fn for_each_cut(broker: &Broker, flow: impl Fn(&Proxy, &str)) -> Vec<String> {
    let mut ids = vec![UNCUT.to_owned()];
    let proxy = Proxy::start(broker.port());
    flow(&proxy, &ids[0]);
    let lengths = [Direction::ToServer, Direction::ToClient]
        .map(|direction| (direction, proxy.passed(direction)));
    for (direction, length) in lengths {
        for after in 0..length {
            let id = format!(
                "{}-{after:03}",
                if direction == Direction::ToServer {
                    "cut-s"
                } else {
                    "cut-c"
                }
            );
            let proxy = Proxy::start(broker.port());
            proxy.cut_next(Cut { direction, after });
            flow(&proxy, &id);
            ids.push(id);
        }
    }
    ids.iter()
        .flat_map(|id| (0..COUNT).map(move |number| format!("{id}/{number}")))
        .collect()
}

fn compare(sent: &[String], received: &[String], qos: QoS) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for payload in received {
        *counts.entry(payload).or_default() += 1;
    }
    let lost: Vec<_> = sent
        .iter()
        .filter(|payload| !counts.contains_key(payload.as_str()))
        .collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    if qos == QoS::ExactlyOnce {
        let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "more than once: {twice:?}");
        assert_eq!(sent, received, "the order");
    }
    assert_eq!(counts.len(), sent.len(), "nothing else came");
}
