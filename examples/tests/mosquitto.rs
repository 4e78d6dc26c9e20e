//! `mqtt pub` and `mqtt sub` beside mosquitto_pub and mosquitto_sub: the same flags at the same
//! broker, and the same output and exit code. And the programs with a broker that is not ours.
//!
//! `cargo test -p examples --features real-broker`, with Debian's mosquitto and mosquitto-clients
//! installed.

#[allow(
    dead_code,
    reason = "shared with the client's tests, which use more of it"
)]
#[path = "../../transport-std/tests/mosquitto/broker.rs"]
mod broker;
mod common;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use broker::Broker;
use common::{Run, at, interrupt, mqtt, run, run_with_input, spawn};

/// How long anything may take before it is taken for lost. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

fn address(broker: &Broker) -> SocketAddr {
    ([127, 0, 0, 1], broker.port()).into()
}

fn mosquitto(command: &str, address: SocketAddr) -> Command {
    let mut mosquitto = Command::new(format!("mosquitto_{command}"));
    at(&mut mosquitto, address);
    mosquitto
}

/// Runs both with the same arguments, theirs first.
fn both(command: &str, broker: &Broker, arguments: &[&str]) -> (Run, Run) {
    let address = address(broker);
    (
        run(mosquitto(command, address).args(arguments)),
        run(mqtt(command, address).args(arguments)),
    )
}

#[track_caller]
fn assert_same(command: &str, broker: &Broker, arguments: &[&str]) {
    let (theirs, ours) = both(command, broker, arguments);
    assert_eq!(ours, theirs, "{arguments:?}");
}

/// A retained message of each kind.
fn with_messages() -> Broker {
    let broker = Broker::start();
    let address = address(&broker);
    let full = [
        "-D publish user-property k v",
        "-D publish user-property k2 v2",
        "-D publish content-type text/plain",
        "-D publish correlation-data id",
        "-D publish payload-format-indicator 1",
        "-D publish response-topic r/t",
    ]
    .join(" ");
    let full: Vec<&str> = full.split(' ').collect();
    let publish = |arguments: &[&str]| {
        let got = run(mosquitto("pub", address)
            .args(arguments)
            .args(["-r", "-q", "1"]));
        assert_eq!(got.code, Some(0), "{got:?}");
    };
    publish(
        &[
            &["-t", "m/full", "-m", r#"{"b":1,"a":["x","y"]}"#],
            &full[..],
        ]
        .concat(),
    );
    publish(&["-t", "m/plain", "-m", "a \"quoted\" text \\ with \t"]);
    publish(&["-t", "m/utf", "-m", "äöü ∞"]);
    broker
}

#[test]
fn output_of_sub() {
    let broker = with_messages();
    for version in ["mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            for topic in ["m/full", "m/plain", "m/utf"] {
                let common = ["-t", topic, "-V", version, "-q", qos, "-C", "1"];
                for flags in [
                    &[][..],
                    &["-v"],
                    &["-N"],
                    &["-v", "-N"],
                    &["-F", "%t %q %r %l %m|%p|%x|%X"],
                    &["-F", "%A|%C|%D|%E|%F|%P|%R|%S|%%|@@"],
                    &[
                        "-F",
                        "%12t|%-12t|%.3t|%12.3t|%6l|%-6l|%06l|%12C|%-12C|%4F|%04F|%6A|%06A",
                    ],
                    &["-F", r"\\ \n \t \a \e \r \v \0 x"],
                    &["-F", "@Y-@m @y @B @%"],
                ] {
                    assert_same("sub", &broker, &[&common[..], flags].concat());
                }
            }
        }
    }
}

#[test]
fn json_of_sub() {
    let broker = with_messages();
    for version in ["mqttv311", "mqttv5"] {
        for (topic, format) in [
            ("m/full", "%j"),
            ("m/full", "%J"),
            ("m/plain", "%j"),
            ("m/plain", "%J"),
            ("m/utf", "%j"),
        ] {
            let arguments = [
                "-t", topic, "-V", version, "-q", "1", "-C", "1", "-F", format,
            ];
            let (theirs, ours) = both("sub", &broker, &arguments);
            let without_time = |text: &str| {
                text.split_once("\",\"topic\"").map(|(time, rest)| {
                    assert_eq!(
                        time.len(),
                        "{\"tst\":\"2026-11-24T20:31:33.949642Z+0000".len(),
                        "{time}"
                    );
                    rest.to_owned()
                })
            };
            assert_eq!(
                without_time(&ours.stdout),
                without_time(&theirs.stdout),
                "{arguments:?}"
            );
            assert_eq!(
                (ours.code, ours.stderr),
                (theirs.code, theirs.stderr),
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn what_sub_prints_and_what_not() {
    let broker = with_messages();
    for arguments in [
        &["-t", "m/#", "-C", "2", "-T", "m/plain", "-v"][..],
        &["-t", "m/full", "-t", "m/utf", "-C", "2", "-v"],
        &["-t", "m/#", "-R", "-W", "1"],
        &["-t", "m/#", "--retained-only", "-W", "1", "-v"],
        &["-t", "none", "-W", "1"],
        &["-t", "m/#", "-E", "-R"],
        &["-t", "m/utf", "-U", "m/full", "-C", "1"],
    ] {
        assert_same("sub", &broker, arguments);
    }
}

#[test]
fn what_pub_sends() {
    let broker = Broker::start();
    let address = address(&broker);
    for version in ["mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            for (source, input) in [
                (&["-m", "text"][..], &b""[..]),
                (&["-m", "-text"], b""),
                (&["-n"], b""),
                (&["-s"], b"whole\ninput\n"),
                (&["-l"], b"line\n\nlast"),
                (&["-m", "again", "--repeat", "3"], b""),
            ] {
                let arguments = [
                    &["-t", "p/t", "-V", version, "-q", qos, "-d", "-i", "same"],
                    source,
                ]
                .concat();
                let mut told = Vec::new();
                let mut heard = Vec::new();
                for make in [mosquitto as fn(&str, SocketAddr) -> Command, mqtt] {
                    let session = ["-i", "listener", "-c", "-q", "2", "-t", "p/#"];
                    let listen = |flags: &[&str]| {
                        let got = run(mosquitto("sub", address).args(session).args(flags));
                        assert_eq!(got.code, Some(0), "{got:?}");
                        got.stdout
                    };
                    listen(&["-E"]);
                    let mut got = run_with_input(make("pub", address).args(&arguments), input);
                    let count = got.stdout.matches("sending PUBLISH").count().to_string();
                    // QoS 0 is not kept for a listener that is away.
                    if qos != "0" {
                        heard.push(listen(&["-C", &count, "-F", "%t %q %r <%p>"]));
                    }
                    got.stdout = sorted(&got.stdout);
                    told.push(got);
                }
                assert_eq!(told[1], told[0], "{arguments:?}");
                assert_eq!(heard.last(), heard.first(), "{arguments:?}");
            }
        }
    }
}

#[test]
fn packets_of_sub() {
    let broker = with_messages();
    for version in ["mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let arguments = [
                "-t", "m/utf", "-V", version, "-q", qos, "-C", "1", "-d", "-i", "same", "-k", "7",
            ];
            let (mut theirs, mut ours) = both("sub", &broker, &arguments);
            // Whether it is acknowledged or printed first makes no difference.
            ours.stdout = sorted(&ours.stdout);
            theirs.stdout = sorted(&theirs.stdout);
            assert_eq!(ours, theirs, "{arguments:?}");
        }
    }
}

/// What `-d` prints, in an order that does not depend on how fast the broker answers; without
/// the number that mosquitto_pub gives to QoS 0, which has none.
fn sorted(text: &str) -> String {
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| match line.split_once(", q0, ") {
            Some((start, rest)) => {
                let (flags, rest) = rest.split_once(", m").unwrap();
                format!(
                    "{start}, q0, {flags}{}",
                    rest.trim_start_matches(|c: char| c.is_ascii_digit())
                )
            }
            None => line.to_owned(),
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn refusals() {
    let broker = Broker::with_user("user", "secret");
    for version in ["mqttv311", "mqttv5"] {
        for credentials in [
            &[][..],
            &["-u", "user", "-P", "wrong"],
            &["-u", "user", "-P", "secret"],
        ] {
            let arguments = [&["-t", "t", "-V", version], credentials].concat();
            let (theirs, ours) = both("sub", &broker, &[&arguments[..], &["-W", "1"]].concat());
            assert_eq!(
                (ours.code, &ours.stderr),
                (theirs.code, &theirs.stderr),
                "{arguments:?}"
            );
            let (theirs, ours) = both("pub", &broker, &[&arguments[..], &["-m", "x"]].concat());
            assert_eq!(ours.code, theirs.code, "{arguments:?}");
            // mosquitto_pub says the same twice, in other words.
            assert_eq!(
                ours.stderr.lines().next(),
                theirs.stderr.lines().next(),
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn a_publish_that_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("acl");
    std::fs::write(&path, "topic readwrite yes/#\n").unwrap();
    let broker = Broker::with_config(&format!("acl_file {}", path.display()));
    for qos in ["1", "2"] {
        // Without -d: this broker may close the connection before the DISCONNECT.
        let arguments = ["-t", "no", "-m", "x", "-q", qos, "-V", "mqttv5"];
        assert_same("pub", &broker, &arguments);
    }
}

#[test]
fn wrong_usage() {
    let broker = Broker::start();
    for (command, arguments) in [
        ("pub", &["-m", "x"][..]),
        ("pub", &["-t", "t"]),
        ("pub", &["-t", "a/#", "-m", "x"]),
        ("pub", &["-t", "t", "-m", "x", "-n"]),
        ("pub", &["-t", "t", "-m", "x", "-q", "3"]),
        ("pub", &["-t", "t", "-m", "x", "-c"]),
        ("pub", &["-t", "t", "-m", "x", "-P", "x"]),
        ("pub", &["-t", "t", "-m", "x", "--will-payload", "x"]),
        (
            "pub",
            &["-t", "t", "-m", "x", "-D", "connect", "content-type", "x"],
        ),
        ("pub", &["-t", "t", "-f", "/nonexistent"]),
        ("sub", &[]),
        ("sub", &["-t", "a/#/b"]),
        ("sub", &["-t", "t", "-C", "0"]),
        ("sub", &["-t", "t", "-F", "%Q"]),
        ("sub", &["-t", "t", "-F", "a%"]),
    ] {
        let (theirs, ours) = both(command, &broker, arguments);
        assert_eq!(
            (theirs.code, ours.code),
            (Some(1), Some(1)),
            "{arguments:?}"
        );
        assert_eq!(ours.stdout, "", "{arguments:?}");
        assert!(!ours.stderr.is_empty(), "{arguments:?}");
    }
}

/// As mosquitto_sub does, which is not run here: it was once seen to catch the signal and not to end.
#[test]
fn an_interrupt_disconnects() {
    let broker = Broker::start();
    let child = spawn(mqtt("sub", address(&broker)).args(["-t", "t", "-i", "one", "-d"]));
    broker.wait_log(&["one 0 t"]);
    interrupt(&child);
    let got: Run = child.wait_with_output().unwrap().into();
    assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""), "{got:?}");
    assert!(
        got.stdout.ends_with("Client one sending DISCONNECT\n"),
        "{got:?}"
    );
}

#[test]
fn a_message_of_many_packets() {
    let broker = Broker::start();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large");
    let payload: Vec<u8> = (0..5_000_000_u32)
        .map(|index| (index % 251) as u8)
        .collect();
    std::fs::write(&path, &payload).unwrap();
    let large = path.to_str().unwrap();
    let sent = run(mqtt("pub", address(&broker)).args(["-t", "t", "-r", "-q", "2", "-f", large]));
    assert_eq!((sent.code, sent.stderr.as_str()), (Some(0), ""));
    let mut sub = mqtt("sub", address(&broker));
    let got = sub.args(["-t", "t", "-C", "1", "-N"]).output().unwrap();
    assert!(got.stdout == payload, "{} bytes", got.stdout.len());
}

#[test]
fn the_programs() {
    let broker = Broker::start();
    let url = format!("mqtt://{}", address(&broker));
    for protocol in ["3.1.1", "5"] {
        let mut quickstart = Command::new(env!("CARGO_BIN_EXE_quickstart"));
        let got = run(quickstart.args(["--broker", &url, "--protocol", protocol]));
        assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""), "{got:?}");
        for line in [
            "QoS 0: maybe",
            "QoS 1: at least once",
            "QoS 2: exactly once",
        ] {
            assert!(got.stdout.contains(line), "{got:?}");
        }
    }
    let got = run(Command::new(env!("CARGO_BIN_EXE_by_hand")).args(["--broker", &url]));
    assert_eq!(
        (got.code, got.stdout.as_str()),
        (Some(0), "by-hand/greeting at QoS 2: hello\n"),
        "{got:?}"
    );
}
