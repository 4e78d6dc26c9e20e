//! The whole round in one program: connect, subscribe, publish at each QoS, print what comes
//! back, unsubscribe, disconnect.
//!
//! ```text
//! cargo run -p examples --bin quickstart
//! cargo run -p examples --bin quickstart -- --broker mqtt://localhost:1883 --protocol 3.1.1
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use mqtt_testkit::TcpBroker;
use transport_std::{Client, Message, Options, QoS, Version};

/// Publishes to itself at QoS 0, 1 and 2.
#[derive(clap::Parser)]
struct Args {
    /// The broker, mqtt://host:port; left out: one of its own, in this process
    #[arg(long, value_name = "URL")]
    broker: Option<String>,
    /// The version of the protocol: 3.1.1 or 5
    #[arg(long, default_value = "5", value_parser = parse_version)]
    protocol: Version,
}

fn parse_version(text: &str) -> Result<Version, &'static str> {
    match text {
        "3.1.1" => Ok(Version::V3_1_1),
        "5" | "5.0" => Ok(Version::V5),
        _ => Err("it is 3.1.1 or 5"),
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    // Stops when it goes out of scope.
    let own = if args.broker.is_none() {
        Some(TcpBroker::start()?)
    } else {
        None
    };
    let url = match (&args.broker, &own) {
        (Some(url), _) => url.clone(),
        (None, Some(broker)) => broker.url(),
        (None, None) => unreachable!("one of the two is there"),
    };

    let options = Options::from_url(&url)
        .map_err(|error| format!("--broker {url}: {error}"))?
        .version(args.protocol);
    let client = Client::connect(options)?;
    println!("connected to {url} with MQTT {}", args.protocol);

    // A topic of this run's: on a public broker there may be others who try the same.
    let topic = format!("quickstart/{}/greeting", std::process::id());
    let messages = client.subscribe((topic.as_str(), QoS::ExactlyOnce))?;
    println!("subscribed to {topic}");

    for (qos, payload) in [
        (QoS::AtMostOnce, "maybe"),
        (QoS::AtLeastOnce, "at least once"),
        (QoS::ExactlyOnce, "exactly once"),
    ] {
        // Waits until the message is the broker's: at QoS 0, until it is written.
        client
            .publish(Message::new(&topic, payload).qos(qos))?
            .wait()?;
        let message = messages.recv_timeout(Duration::from_secs(10))?;
        let text = String::from_utf8_lossy(&message.payload);
        println!("QoS {}: {text} (on {})", message.qos, message.topic);
    }

    client.unsubscribe([topic.as_str()])?.wait()?;
    println!("unsubscribed");
    client.disconnect()?;
    println!("disconnected");
    Ok(())
}
