//! `mqtt pub` and `mqtt sub`, run as their users run them, at the testkit's broker.

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;

use common::{Run, interrupt, mqtt, run, run_with_input, spawn, wait_until};
use mqtt_testkit::{BrokerOptions, TcpBroker};

const VERSIONS: [&str; 2] = ["mqttv311", "mqttv5"];

fn broker() -> TcpBroker {
    TcpBroker::start().unwrap()
}

fn stingy(options: BrokerOptions) -> TcpBroker {
    TcpBroker::start_on("127.0.0.1:0", options).unwrap()
}

fn publish(broker: &TcpBroker, arguments: &[&str]) -> Run {
    run(mqtt("pub", broker.addr()).args(arguments))
}

fn subscribe(broker: &TcpBroker, arguments: &[&str]) -> Run {
    run(mqtt("sub", broker.addr()).args(arguments))
}

#[track_caller]
fn assert_quiet_success(run: &Run) {
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (Some(0), "", ""),
        "{run:?}"
    );
}

#[test]
fn what_is_published_comes_at_every_qos() {
    for version in VERSIONS {
        let broker = broker();
        for qos in ["0", "1", "2"] {
            let topic = format!("t/{qos}");
            let common = ["-V", version, "-q", qos, "-t", &topic];
            assert_quiet_success(&publish(
                &broker,
                &[&common[..], &["-m", "-hi", "-r"]].concat(),
            ));
            let flags = ["-C", "1", "-F", "%t %q %r %l %p"];
            let got = subscribe(&broker, &[&common[..], &flags].concat());
            assert_eq!(got.stdout, format!("t/{qos} {qos} 1 3 -hi\n"), "{got:?}");
            assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""));
        }
    }
}

#[test]
fn every_source_of_a_message() {
    let broker = broker();
    let path = std::env::temp_dir().join(format!("mqtt-pub-{}", std::process::id()));
    std::fs::write(&path, b"from\0a\nfile").unwrap();
    let session = ["-c", "-i", "s", "-q", "1", "-t", "t"];
    assert_quiet_success(&subscribe(&broker, &[&session[..], &["-E"]].concat()));

    let to = ["-t", "t", "-q", "1"];
    assert_quiet_success(&publish(&broker, &[&to[..], &["-m", "message"]].concat()));
    assert_quiet_success(&publish(&broker, &[&to[..], &["-n"]].concat()));
    assert_quiet_success(&publish(
        &broker,
        &[&to[..], &["-f", path.to_str().unwrap()]].concat(),
    ));
    let mut whole = mqtt("pub", broker.addr());
    assert_quiet_success(&run_with_input(whole.args(to).arg("-s"), b"a\nb\n"));
    let mut lines = mqtt("pub", broker.addr());
    assert_quiet_success(&run_with_input(lines.args(to).arg("-l"), b"one\n\nlast"));
    assert_quiet_success(&publish(
        &broker,
        &[&to[..], &["-m", "again", "--repeat", "2"]].concat(),
    ));

    let got = subscribe(
        &broker,
        &[&session[..], &["-C", "9", "-F", "<%p>"]].concat(),
    );
    assert_eq!(
        got.stdout,
        "<message>\n<>\n<from\0a\nfile>\n<a\nb\n>\n<one>\n<>\n<last>\n<again>\n<again>\n"
    );
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_session_gives_each_message_once_however_it_is_asked() {
    for version in VERSIONS {
        for qos in ["1", "2"] {
            let broker = broker();
            let session = ["-V", version, "-c", "-i", "s", "-q", qos, "-t", "t"];
            assert_quiet_success(&subscribe(&broker, &[&session[..], &["-E"]].concat()));
            let mut lines = mqtt("pub", broker.addr());
            lines.args(["-t", "t", "-q", qos, "-l"]);
            assert_quiet_success(&run_with_input(&mut lines, b"1\n2\n3\n4\n5\n"));
            let ask = |count| subscribe(&broker, &[&session[..], &["-C", count]].concat()).stdout;
            assert_eq!(
                (ask("1"), ask("3"), ask("1")),
                ("1\n".into(), "2\n3\n4\n".into(), "5\n".into())
            );
        }
    }
}

#[test]
fn output_as_asked() {
    let broker = broker();
    for (topic, payload) in [("t/a", "A"), ("t/b", "B"), ("t/c", "C")] {
        assert_quiet_success(&publish(&broker, &["-t", topic, "-m", payload, "-r"]));
    }
    let print =
        |arguments: &[&str]| subscribe(&broker, &[&["-t", "t/#"], arguments].concat()).stdout;
    assert_eq!(print(&["-C", "3"]), "A\nB\nC\n");
    assert_eq!(print(&["-C", "3", "-v"]), "t/a A\nt/b B\nt/c C\n");
    assert_eq!(print(&["-C", "3", "-N"]), "ABC");
    assert_eq!(print(&["-C", "2", "-T", "t/b"]), "A\nC\n");
    assert_eq!(
        print(&["-C", "1", "-F", "%j"])
            .matches("\"payload\":\"A\"")
            .count(),
        1
    );
}

#[test]
fn properties_go_all_the_way() {
    let broker = broker();
    let mut arguments = vec!["-t", "t", "-m", "x", "-r", "-q", "1"];
    for property in [
        "content-type text/plain",
        "user-property key value",
        "user-property -1 2",
        "correlation-data id",
        "response-topic r/t",
        "payload-format-indicator 1",
    ] {
        arguments.extend(["-D", "publish"]);
        arguments.extend(property.split(' '));
    }
    assert_quiet_success(&publish(&broker, &arguments));
    let got = subscribe(
        &broker,
        &[
            "-t",
            "t",
            "-C",
            "1",
            "-F",
            "%C|%P|%D|%R|%F|%S",
            "-D",
            "subscribe",
            "subscription-identifier",
            "9",
        ],
    );
    assert_eq!(
        got.stdout, "text/plain|key:value -1:2|id|r/t|1|9\n",
        "{got:?}"
    );
}

#[test]
fn retained_messages_are_told_apart_and_removed() {
    let broker = broker();
    assert_quiet_success(&publish(
        &broker,
        &["-t", "t", "-m", "old", "-r", "-q", "1"],
    ));
    let mut child =
        spawn(mqtt("sub", broker.addr()).args(["-t", "t", "-t", "end", "-R", "-C", "1"]));
    wait_until(|| broker.with(|broker, _| broker.connected().count() == 1));
    // The one that subscribed later got the message before this one comes.
    assert_quiet_success(&publish(&broker, &["-t", "end", "-m", "end", "-r"]));
    wait_until(|| {
        publish(&broker, &["-t", "end", "-m", "end"]);
        child.try_wait().unwrap().is_some()
    });
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, "end\n");

    let got = subscribe(
        &broker,
        &["-t", "t", "--remove-retained", "-C", "1", "-q", "1"],
    );
    assert_eq!(got.stdout, "old\n");
    assert!(broker.with(|broker, now| broker.retained(now, "t").is_none()));
    assert!(broker.with(|broker, now| broker.retained(now, "end").is_some()));
}

#[test]
fn refusals_have_the_exit_code_of_the_connack() {
    let options = BrokerOptions {
        credentials: [("user".into(), b"secret".to_vec())].into(),
        ..BrokerOptions::default()
    };
    let broker = stingy(options);
    for arguments in [&[][..], &["-u", "user", "-P", "wrong"]] {
        for (command, message) in [("pub", &["-m", "x"][..]), ("sub", &[])] {
            let with = |version| {
                let mut all = mqtt(command, broker.addr());
                run(all
                    .args(["-V", version, "-t", "t"])
                    .args(message)
                    .args(arguments))
            };
            let old = with("311");
            let text = match old.code {
                Some(4) => "Connection error: Connection Refused: bad user name or password.\n",
                Some(5) => "Connection error: Connection Refused: not authorised.\n",
                _ => panic!("{old:?}"),
            };
            assert_eq!((old.stdout.as_str(), old.stderr.as_str()), ("", text));
            let new = with("5");
            let text = match new.code {
                Some(134) => "Connection error: Bad User Name or Password\n",
                Some(135) => "Connection error: Not authorized\n",
                _ => panic!("{new:?}"),
            };
            assert_eq!((new.stdout.as_str(), new.stderr.as_str()), ("", text));
        }
    }
    let right = [
        "-u", "user", "-P", "secret", "-t", "t", "-m", "x", "-q", "1",
    ];
    assert_quiet_success(&publish(&broker, &right));
    let quiet = publish(&broker, &["-t", "t", "-m", "x", "--quiet"]);
    assert_eq!((quiet.stderr.as_str(), quiet.code == Some(0)), ("", false));
}

#[test]
fn what_is_not_allowed_is_told() {
    let options = BrokerOptions {
        forbidden: vec!["no/#".into()],
        ..BrokerOptions::default()
    };
    let broker = stingy(options);
    let refused = publish(&broker, &["-t", "no/a", "-m", "x", "-q", "1", "-V", "5"]);
    assert_eq!(refused.code, Some(0), "as with mosquitto_pub: {refused:?}");
    assert!(
        refused
            .stderr
            .starts_with("Warning: Publish 1 failed: Not authorized"),
        "{refused:?}"
    );

    for (version, code) in [("311", 128), ("5", 135)] {
        let refused = subscribe(&broker, &["-t", "no/a", "-V", version]);
        assert_eq!(refused.code, Some(code), "{refused:?}");
        assert!(refused.stderr.contains("'no/a' denied"), "{refused:?}");
        assert!(
            refused
                .stderr
                .ends_with("All subscription requests were denied.\n"),
            "{refused:?}"
        );

        assert_quiet_success(&publish(&broker, &["-t", "yes", "-m", "x", "-r"]));
        let partly = subscribe(
            &broker,
            &["-t", "no/a", "-t", "yes", "-V", version, "-C", "1"],
        );
        assert_eq!((partly.code, partly.stdout.as_str()), (Some(0), "x\n"));
        assert!(partly.stderr.contains("'no/a' denied"), "{partly:?}");
    }
}

#[test]
fn nothing_in_time() {
    let broker = broker();
    let got = subscribe(&broker, &["-t", "t", "-W", "0.2"]);
    assert_eq!((got.code, got.stderr.as_str()), (Some(27), "Timed out\n"));
    assert_eq!(got.stdout, "");
}

#[test]
fn an_interrupt_disconnects_and_a_kill_has_the_will_published() {
    let broker = broker();
    let start = |id: &str| {
        let topic = format!("will/{id}");
        let mut sub = mqtt("sub", broker.addr());
        sub.args([
            "-t",
            "t",
            "-i",
            id,
            "--will-topic",
            &topic,
            "--will-payload",
            "gone",
        ]);
        let child = spawn(sub.args(["--will-retain", "--will-qos", "1"]));
        wait_until(|| broker.with(|broker, _| broker.connected().any(|other| other == id)));
        child
    };
    let gone = |id| broker.with(|broker, _| !broker.connected().any(|other| other == id));

    let child = start("polite");
    interrupt(&child);
    let output: Run = child.wait_with_output().unwrap().into();
    assert_quiet_success(&output);
    wait_until(|| gone("polite"));
    assert!(broker.with(|broker, now| broker.retained(now, "will/polite").is_none()));

    let mut child = start("killed");
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until(|| broker.with(|broker, now| broker.retained(now, "will/killed") == Some(b"gone")));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let broker = broker();
    let mut child = spawn(mqtt("sub", broker.addr()).args(["-t", "t"]));
    drop(child.stdout.take());
    wait_until(|| {
        publish(&broker, &["-t", "t", "-m", "x"]);
        child.try_wait().unwrap().is_some()
    });
    let output: Run = child.wait_with_output().unwrap().into();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_subscriber_survives_a_cut_connection() {
    let broker = broker();
    let mut sub = mqtt("sub", broker.addr());
    let mut child = spawn(sub.args(["-t", "t", "-i", "s", "-c", "-V", "5", "-q", "1"]));
    let session = || broker.with(|broker, _| broker.connected().any(|id| id == "s"));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        line
    };
    wait_until(session);
    assert_quiet_success(&publish(&broker, &["-t", "t", "-m", "1", "-q", "1", "-r"]));
    assert_eq!(next(), "1\n");
    broker.cut();
    assert_quiet_success(&publish(&broker, &["-t", "t", "-m", "2", "-q", "1"]));
    assert_eq!(next(), "2\n");
    interrupt(&child);
    let output: Run = child.wait_with_output().unwrap().into();
    assert_eq!(output.code, Some(0));
    assert!(
        output
            .stderr
            .starts_with("Warning: The connection was lost"),
        "{output:?}"
    );
}

/// A server that takes one connection, answers its first packet with `connack`, and its second
/// with `then` and the end.
fn server(connack: &'static [u8], then: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buf = [0; 1024];
        let _ = stream.read(&mut buf).unwrap();
        stream.write_all(connack).unwrap();
        if !then.is_empty() || !connack.is_empty() {
            let _ = stream.read(&mut buf);
        }
        // The client may be gone.
        let _ = stream.write_all(then);
    });
    address
}

#[test]
fn connections_that_end_badly() {
    let pub_args = ["-t", "t", "-m", "x", "-q", "1", "-V", "5"];
    for (connack, then, code, text) in [
        (
            &[0x20, 3, 0, 0, 0][..],
            &[][..],
            7,
            "Error: The connection was lost",
        ),
        (
            &[0x20, 3, 0, 0, 0],
            &[0xFF; 8],
            2,
            "Error: The connection was lost",
        ),
        (
            &[0x20, 3, 0, 0, 0],
            &[0xE0, 1, 0x8B],
            0x8B,
            "Server shutting down",
        ),
        (&[0xFF; 8], &[], 2, "not MQTT"),
        (&[], &[], 7, "Error: The connection was lost"),
    ] {
        let got = run(mqtt("pub", server(connack, then)).args(pub_args));
        assert_eq!((got.code, got.stdout.as_str()), (Some(code), ""), "{got:?}");
        assert!(got.stderr.contains(text), "{text}: {got:?}");
    }
    let got = run(
        mqtt("sub", server(&[0x20, 3, 0, 0, 0], &[0xE0, 1, 0x8B])).args(["-t", "t", "-V", "5"])
    );
    assert_eq!(got.code, Some(0x8B), "{got:?}");
}

#[test]
fn nobody_there() {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let got = run(mqtt("pub", address).args(["-t", "t", "-m", "x"]));
    assert_eq!((got.code, got.stdout.as_str()), (Some(1), ""));
    assert!(
        got.stderr.starts_with("Error: ") && got.stderr.contains(&address.to_string()),
        "{got:?}"
    );
}

#[test]
fn wrong_usage_says_what_is_wrong_and_ends_with_1() {
    let all: &[(&str, &[&str], &str)] = &[
        ("pub", &["-m", "x"], "-t is missing"),
        ("pub", &["-t", "t"], "--message"),
        (
            "pub",
            &["-t", "a/#", "-m", "x"],
            "Invalid publish topic 'a/#'",
        ),
        ("pub", &["-t", "", "-m", "x"], "Invalid publish topic ''"),
        ("pub", &["-t", "t", "-m", "x", "-n"], "cannot be used with"),
        ("pub", &["-t", "t", "-m", "x", "-q", "3"], "--qos"),
        (
            "pub",
            &["-t", "t", "-m", "x", "-V", "mqttv31"],
            "3.1 is not supported",
        ),
        ("pub", &["-t", "t", "-m", "x", "-p", "99999"], "--port"),
        ("pub", &["-t", "t", "-m", "x", "-z"], "-z"),
        ("pub", &["-t", "t", "-m", "x", "-c"], "-c option"),
        ("pub", &["-t", "t", "-m", "x", "-i", ""], "Invalid id"),
        (
            "pub",
            &["-t", "t", "-m", "x", "-P", "x"],
            "needs a user name",
        ),
        (
            "pub",
            &["-t", "t", "-m", "x", "--will-payload", "x"],
            "--will-topic",
        ),
        (
            "pub",
            &["-t", "t", "-m", "x", "--will-topic", "a/+"],
            "Invalid will topic 'a/+'",
        ),
        (
            "pub",
            &["-t", "t", "-m", "x", "-x", "soon"],
            "session-expiry-interval",
        ),
        (
            "pub",
            &["-t", "t", "-m", "x", "-x", "-1"],
            "must provide a client id",
        ),
        (
            "pub",
            &["-t", "t", "-m", "x", "-x", "5", "-V", "311"],
            "they need -V 5",
        ),
        (
            "pub",
            &["-t", "t", "-m", "x", "-D", "publish", "content-type"],
            "--property",
        ),
        (
            "pub",
            &["-t", "t", "-m", "x", "-D", "publish", "flavour", "x"],
            "\"flavour\"",
        ),
        (
            "pub",
            &["-t", "t", "-f", "/nonexistent/file"],
            "/nonexistent/file",
        ),
        ("sub", &[], "must specify a topic"),
        (
            "sub",
            &["-t", "a/#/b"],
            "Invalid subscription topic 'a/#/b'",
        ),
        (
            "sub",
            &["-t", "t", "-T", "a#"],
            "Invalid filter out topic 'a#'",
        ),
        ("sub", &["-t", "t", "-C", "0"], "-C"),
        ("sub", &["-t", "t", "-W", "x"], "-W"),
        (
            "sub",
            &["-t", "t", "-F", "%Q"],
            "Invalid format specifier 'Q'",
        ),
        (
            "sub",
            &["-t", "t", "--retain-handling", "never"],
            "they need -V 5",
        ),
    ];
    // Wrong usage is found before anything is connected to: nobody is there.
    let address = "127.0.0.1:1".parse().unwrap();
    for (command, arguments, text) in all {
        let mut wrong = mqtt(command, address);
        // The last of a flag that is there twice counts for clap as too many.
        if arguments.contains(&"-p") {
            wrong = Command::new(env!("CARGO_BIN_EXE_mqtt"));
            wrong.arg(command);
        }
        let got = run(wrong.args(*arguments));
        assert_eq!(got.code, Some(1), "{arguments:?}: {got:?}");
        assert_eq!(got.stdout, "", "{arguments:?}");
        assert!(got.stderr.contains(text), "{arguments:?}: {got:?}");
    }
    let both = Command::new(env!("CARGO_BIN_EXE_mqtt"))
        .args(["pub", "-L", "foo://h/t", "-m", "x"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let both = Run::from(both);
    assert_eq!(both.code, Some(1));
    assert!(
        both.stderr.contains("Invalid URL for -L") && both.stderr.contains("foo"),
        "{both:?}"
    );
}

#[test]
fn a_url_names_broker_and_topic() {
    let broker = broker();
    let url = format!("{}/t/u", broker.url());
    let run = |arguments: &[&str]| run(Command::new(env!("CARGO_BIN_EXE_mqtt")).args(arguments));
    assert_quiet_success(&run(&["pub", "-L", &url, "-m", "x", "-r"]));
    assert_eq!(run(&["sub", "-L", &url, "-C", "1", "-v"]).stdout, "t/u x\n");
}

#[test]
fn help_goes_to_standard_output() {
    for command in ["pub", "sub", "decode"] {
        let got = run(Command::new(env!("CARGO_BIN_EXE_mqtt")).args([command, "--help"]));
        assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""));
        assert!(got.stdout.contains("Usage: mqtt"), "{got:?}");
    }
}
