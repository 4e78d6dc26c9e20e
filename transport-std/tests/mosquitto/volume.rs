//! Ten thousand messages at each QoS, both ways, in both versions.

use transport_std::{Message, QoS, Version};

use super::broker::Broker;
use super::tools::{self, Judge};
use super::{LEVELS, PATIENCE, VERSIONS, connect, disconnect, next, options, text};

const COUNT: usize = 10_000;

#[test]
fn to_the_broker() {
    let broker = Broker::with_config("");
    for version in VERSIONS {
        for qos in LEVELS {
            let id = format!("judge-{version}-{}", tools::digit(qos));
            // In 5.0 mosquitto sends more at once than its own mosquitto_sub allows, which then gives up.
            let judge = Judge::subscribe(&broker, Version::V3_1_1, &id, "volume", "%q %p");
            let client = connect(options(broker.port(), version, "publisher"));
            let handles: Vec<_> = payloads()
                .map(|payload| {
                    client
                        .publish(Message::new("volume", payload).qos(qos))
                        .expect("it is kept")
                })
                .collect();
            for handle in handles {
                handle
                    .wait_timeout(PATIENCE)
                    .expect("it is over in time")
                    .expect("the broker takes it");
            }
            for payload in payloads() {
                assert_eq!(judge.next(), format!("{} {payload}", tools::digit(qos)));
            }
            disconnect(&client);
        }
    }
}

#[test]
fn from_the_broker_in_3_1_1() {
    from_the_broker(Version::V3_1_1);
}

#[test]
fn from_the_broker_in_5_0() {
    from_the_broker(Version::V5);
}

fn from_the_broker(version: Version) {
    let broker = Broker::with_config("");
    let client = connect(options(broker.port(), version, "subscriber"));
    let subscription = client
        .subscribe(("volume", QoS::ExactlyOnce))
        .expect("it is granted");
    for qos in LEVELS {
        let all: Vec<String> = payloads().collect();
        std::thread::scope(|scope| {
            scope.spawn(|| tools::publish(&broker, version, "volume", qos, &all));
            for payload in &all {
                let message = next(&subscription);
                assert_eq!((&text(&message), message.qos), (payload, qos));
            }
        });
    }
    disconnect(&client);
}

fn payloads() -> impl Iterator<Item = String> {
    (0..COUNT).map(|number| format!("message {number}"))
}
