//! The example programs, run as a newcomer runs them.

mod common;

use std::process::Command;

use common::run;
use mqtt_testkit::TcpBroker;

#[test]
fn the_quickstart_needs_nothing() {
    for (arguments, version) in [
        (&[][..], "5.0"),
        (&["--protocol", "5"], "5.0"),
        (&["--protocol", "3.1.1"], "3.1.1"),
    ] {
        let got = run(Command::new(env!("CARGO_BIN_EXE_quickstart")).args(arguments));
        assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""), "{got:?}");
        assert_round(&got.stdout, version);
    }
}

#[test]
fn the_quickstart_takes_another_broker() {
    let broker = TcpBroker::start().unwrap();
    let url = broker.url();
    let got = run(Command::new(env!("CARGO_BIN_EXE_quickstart")).args(["--broker", &url]));
    assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""), "{got:?}");
    assert!(
        got.stdout.starts_with(&format!("connected to {url} with")),
        "{got:?}"
    );
    assert_round(&got.stdout, "5.0");
}

fn assert_round(text: &str, version: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let begins = [
        "connected to mqtt://127.0.0.1:",
        "subscribed to quickstart/",
        "QoS 0: maybe (on quickstart/",
        "QoS 1: at least once (on quickstart/",
        "QoS 2: exactly once (on quickstart/",
        "unsubscribed",
        "disconnected",
    ];
    assert_eq!(lines.len(), begins.len(), "{text}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(
            line.starts_with(begin),
            "{line:?} does not start with {begin:?}"
        );
    }
    assert!(
        lines[0].ends_with(&format!("with MQTT {version}")),
        "{text}"
    );
}

#[test]
fn the_quickstart_says_what_is_wrong() {
    for (arguments, text) in [
        (
            ["--broker", "http://localhost"],
            "--broker http://localhost",
        ),
        (["--broker", "mqtt://127.0.0.1:1"], "127.0.0.1:1"),
        (["--protocol", "4"], "--protocol"),
    ] {
        let got = run(Command::new(env!("CARGO_BIN_EXE_quickstart")).args(arguments));
        assert!(got.code != Some(0) && got.stdout.is_empty(), "{got:?}");
        assert!(got.stderr.contains(text), "{got:?}");
    }
}

#[test]
fn the_session_by_hand() {
    let got = run(&mut Command::new(env!("CARGO_BIN_EXE_by_hand")));
    assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""), "{got:?}");
    assert_eq!(got.stdout, "by-hand/greeting at QoS 2: hello\n");

    let broker = TcpBroker::start().unwrap();
    let got = run(Command::new(env!("CARGO_BIN_EXE_by_hand")).args(["--broker", &broker.url()]));
    assert_eq!(
        (got.code, got.stdout.as_str()),
        (Some(0), "by-hand/greeting at QoS 2: hello\n")
    );
}
