//! mosquitto_sub and mosquitto_pub: a judge and a source of messages that share nothing with us.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use transport_std::{QoS, Version};

use super::PATIENCE;
use super::broker::Broker;

/// A mosquitto_sub that runs until it is dropped.
pub(crate) struct Judge {
    process: Child,
    lines: Receiver<String>,
}

impl Judge {
    /// Subscribes to `filter` at QoS 2, and returns when the broker has granted it. Each message
    /// becomes a line in mosquitto_sub's `format`: `%p` is the payload, `%q` the QoS, `%r` the retain flag.
    pub(crate) fn subscribe(
        broker: &Broker,
        version: Version,
        id: &str,
        filter: &str,
        format: &str,
    ) -> Self {
        let mut process = command("mosquitto_sub", broker, version)
            .args(["-i", id, "-t", filter, "-q", "2", "-F", format])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub can be run: apt-get install mosquitto-clients");
        let stdout = process.stdout.take().expect("it is piped");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        broker.wait_log(&[&format!("{id} 2 {filter}")]);
        Self { process, lines }
    }

    /// The next message.
    pub(crate) fn next(&self) -> String {
        self.lines
            .recv_timeout(PATIENCE)
            .expect("mosquitto_sub gets another message")
    }

    /// The messages up to one that is `last`, which is left out.
    pub(crate) fn until(&self, last: &str) -> Vec<String> {
        std::iter::from_fn(|| Some(self.next()))
            .take_while(|line| line != last)
            .collect()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Publishes with mosquitto_pub, one message for each of `payloads`, and returns when it is done.
pub(crate) fn publish(
    broker: &Broker,
    version: Version,
    topic: &str,
    qos: QoS,
    payloads: &[String],
) {
    let mut process = command("mosquitto_pub", broker, version)
        .args(["-t", topic, "-q", digit(qos), "-l"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("mosquitto_pub can be run: apt-get install mosquitto-clients");
    let mut stdin = process.stdin.take().expect("it is piped");
    let text = payloads
        .iter()
        .fold(String::new(), |text, payload| text + payload + "\n");
    stdin
        .write_all(text.as_bytes())
        .expect("mosquitto_pub reads its input");
    drop(stdin);
    let status = process.wait().expect("mosquitto_pub can be waited for");
    assert!(status.success(), "mosquitto_pub: {status}");
}

pub(crate) fn digit(qos: QoS) -> &'static str {
    match qos {
        QoS::AtMostOnce => "0",
        QoS::AtLeastOnce => "1",
        QoS::ExactlyOnce => "2",
    }
}

fn command(program: &str, broker: &Broker, version: Version) -> Command {
    let mut command = Command::new(program);
    let version = match version {
        Version::V3_1_1 => "311",
        Version::V5 => "5",
    };
    command.args([
        "-h",
        "127.0.0.1",
        "-p",
        &broker.port().to_string(),
        "-V",
        version,
    ]);
    command
}
