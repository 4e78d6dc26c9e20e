//! The broker stopped and started again in the middle of a flow, with its persistence on: nothing
//! is lost at QoS 1 and 2, and nothing comes twice at QoS 2.

use std::collections::BTreeSet;

use transport_std::{Message, QoS, Version};

use super::broker::Broker;
use super::{PATIENCE, connect, disconnect, next, persistent, publish, text};

/// Messages in the flow.
const COUNT: usize = 2_000;

/// The broker is restarted after each so many of them.
const STRETCH: usize = 190;

/// So many are on their way at once. mosquitto 2.0.11 may have more QoS 2 messages in flight than its
/// max_inflight_messages (20), but of no more than that it takes the state back from its disk.
const WINDOW: usize = 10;

#[test]
fn qos_1_3_1_1() {
    flow(Version::V3_1_1, QoS::AtLeastOnce);
}

#[test]
fn qos_2_3_1_1() {
    flow(Version::V3_1_1, QoS::ExactlyOnce);
}

#[test]
fn qos_1_5_0() {
    flow(Version::V5, QoS::AtLeastOnce);
}

#[test]
fn qos_2_5_0() {
    flow(Version::V5, QoS::ExactlyOnce);
}

fn flow(version: Version, qos: QoS) {
    let mut broker = Broker::with_config("");
    let subscriber = connect(persistent(broker.port(), version, "subscriber"));
    let subscription = subscriber.subscribe(("flow", qos)).expect("it is granted");
    let publisher = connect(persistent(broker.port(), version, "publisher"));

    let sent: Vec<String> = (0..COUNT).map(|number| number.to_string()).collect();
    let mut handles = Vec::new();
    let mut received = Vec::new();
    let mut distinct = BTreeSet::new();
    while distinct.len() < COUNT {
        for payload in sent
            .iter()
            .take(distinct.len() + WINDOW)
            .skip(handles.len())
        {
            let message = Message::new("flow", payload.clone()).qos(qos);
            handles.push(publisher.publish(message).expect("it is kept"));
        }
        let payload = text(&next(&subscription));
        if distinct.insert(payload.clone()) && distinct.len() % STRETCH == 0 {
            broker.stop();
            broker.start_again();
            // Not before this can mosquitto be stopped again: it says that it runs a little
            // earlier than it listens to signals.
            broker.wait_log(&["New client connected", "subscriber"]);
            broker.wait_log(&["New client connected", "publisher"]);
        }
        received.push(payload);
    }
    for handle in &handles {
        handle
            .wait_timeout(PATIENCE)
            .expect("it is over in time")
            .expect("the broker takes it");
    }
    // After all the others: a duplicate would have come before it.
    publish(&publisher, Message::new("flow", "end").qos(qos));
    loop {
        match text(&next(&subscription)) {
            end if end == "end" => break,
            payload => received.push(payload),
        }
    }
    match qos {
        QoS::ExactlyOnce => assert_eq!(received, sent),
        _ => assert_eq!(distinct, sent.into_iter().collect()),
    }
    disconnect(&publisher);
    disconnect(&subscriber);
}
