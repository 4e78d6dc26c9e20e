//! The client against servers on loopback that the tests own: the broker of `mqtt-testkit`, and
//! servers that follow a script. Nothing here waits for time to pass: each step waits for what it
//! needs to see, and fails after `PATIENCE`.

mod bad_input;
mod basics;
mod callbacks;
mod closing;
mod cuts;
mod reconnecting;
mod refusals;
mod script;
mod slow_consumers;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use mqtt_testkit::TcpBroker;
use transport_std::{Client, Message, Options, QoS, Reconnect, Version};

/// How long anything may take before it is taken for lost. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

const VERSIONS: [Version; 2] = [Version::V3_1_1, Version::V5];
const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// Options for a server of the test's, that reconnect at once.
fn options(port: u16, version: Version) -> Options {
    Options::new("127.0.0.1", port)
        .version(version)
        .client_id("test")
        .reconnect(Reconnect {
            minimum: Duration::from_millis(1),
            maximum: Duration::from_millis(20),
        })
}

fn broker() -> TcpBroker {
    TcpBroker::start().expect("loopback has a free port")
}

fn connect(broker: &TcpBroker, version: Version) -> Client {
    Client::connect(options(broker.addr().port(), version)).expect("the broker accepts")
}

fn publish(client: &Client, message: Message) {
    let handle = client.publish(message).expect("it can be published");
    let outcome = handle.wait_timeout(PATIENCE).expect("it is over in time");
    outcome.expect("the server takes it");
}

/// What hooks and callbacks tell the test.
struct Told<T>(Receiver<T>);

impl<T> Told<T> {
    fn new() -> (Sender<T>, Self) {
        let (sender, receiver) = channel();
        (sender, Self(receiver))
    }

    fn next(&self) -> T {
        self.0
            .recv_timeout(PATIENCE)
            .expect("something is told in time")
    }
}
