//! The client against a real mosquitto, which the tests start and stop themselves.
//!
//! `cargo test -p transport-std --features real-broker`, with Debian's mosquitto and
//! mosquitto-clients installed. Nothing here waits for time to pass: each step waits for what it
//! needs to see, in the client, in mosquitto's log or at mosquitto_sub, and fails after `PATIENCE`.

mod broker;
mod connecting;
mod cuts;
mod delivery;
mod proxy;
mod restart;
mod sessions;
mod subscriptions;
mod tools;
mod volume;
mod wills;

use std::time::Duration;

use transport_std::{Client, Message, Options, QoS, Reconnect, Subscription, Version};

/// How long anything may take before it is taken for lost. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

const VERSIONS: [Version; 2] = [Version::V3_1_1, Version::V5];
const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// Options for a clean session on the broker or proxy at this port.
fn options(port: u16, version: Version, client_id: &str) -> Options {
    Options::new("127.0.0.1", port)
        .version(version)
        .client_id(client_id)
        .reconnect(at_once())
}

/// The same for a session that outlives its connections.
fn persistent(port: u16, version: Version, client_id: &str) -> Options {
    let options = options(port, version, client_id).clean_start(false);
    match version {
        Version::V3_1_1 => options,
        Version::V5 => options.session_expiry_interval(3600),
    }
}

fn at_once() -> Reconnect {
    Reconnect {
        minimum: Duration::from_millis(1),
        maximum: Duration::from_millis(20),
    }
}

fn connect(options: Options) -> Client {
    Client::connect(options).expect("the broker accepts the client")
}

/// Publishes and waits until it is over.
fn publish(client: &Client, message: Message) {
    let handle = client
        .publish(message)
        .expect("the message can be published");
    handle
        .wait_timeout(PATIENCE)
        .expect("it is over in time")
        .expect("the broker takes it");
}

fn next(subscription: &Subscription) -> Message {
    subscription
        .recv_timeout(PATIENCE)
        .expect("another message comes")
}

fn text(message: &Message) -> String {
    String::from_utf8(message.payload.to_vec()).expect("the payload is text")
}

fn disconnect(client: &Client) {
    client
        .disconnect_timeout(PATIENCE)
        .expect("everything in flight is over");
}
