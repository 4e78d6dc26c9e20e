//! `mqtt decode`, run as its users run it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn mqtt() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mqtt"))
}

fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = mqtt()
        .arg("decode")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn answers(arguments: &[&str], input: &str) -> Vec<Value> {
    let output = with_input(arguments, input.as_bytes());
    assert_eq!(output.stderr, b"");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn answer(version: &str, hex: &str) -> Value {
    let mut all = answers(&["--json", "--version", version], hex);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn text(arguments: &[&str]) -> (String, Option<i32>) {
    let output = mqtt().arg("decode").args(arguments).output().unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.code(),
    )
}

#[test]
fn every_type_field_by_field() {
    let payload = json!({"len": 2, "text": "hi", "hex": "6869"});
    for (version, hex, packet) in [
        (
            "3.1.1",
            "101b 0004 4d515454 04 ce 003c 0001 63 0001 77 0002 6869 0001 75 0002 6869",
            json!({
                "type": "CONNECT", "version": "3.1.1", "clean_session": true, "keep_alive": 60,
                "client_id": "c",
                "will": {"qos": 1, "retain": false, "topic": "w", "message": payload},
                "username": "u", "password": payload,
            }),
        ),
        (
            "5",
            "1013 0004 4d515454 05 00 0000 06 21 000a 22 0001 0000",
            json!({
                "type": "CONNECT", "version": "5.0", "clean_start": false, "keep_alive": 0,
                "properties": {"receive_maximum": 10, "topic_alias_maximum": 1},
                "client_id": "", "will": null, "username": null, "password": null,
            }),
        ),
        (
            "3.1.1",
            "20020005",
            json!({
                "type": "CONNACK", "session_present": false, "return_code": 5,
                "reason": "Connection Refused, not authorized",
            }),
        ),
        (
            "3.1.1",
            "20020100",
            json!({
                "type": "CONNACK", "session_present": true, "return_code": 0,
                "reason": "Connection Accepted",
            }),
        ),
        (
            "5",
            "20 0d 01 00 0a 24 01 25 00 12 0003 616263",
            json!({
                "type": "CONNACK", "session_present": true, "reason_code": 0, "reason": "Success",
                "properties": {
                    "maximum_qos": 1, "retain_available": false, "assigned_client_identifier": "abc",
                },
            }),
        ),
        (
            "3.1.1",
            "3b 07 0001 61 0102 6869",
            json!({
                "type": "PUBLISH", "dup": true, "qos": 1, "retain": true, "topic": "a",
                "packet_id": 0x0102, "payload": payload,
            }),
        ),
        (
            "5",
            "30 0f 0000 0a 23 0007 09 0002 00ff 01 00 0080",
            json!({
                "type": "PUBLISH", "dup": false, "qos": 0, "retain": false, "topic": null,
                "packet_id": null,
                "properties": {
                    "topic_alias": 7,
                    "correlation_data": {"len": 2, "text": null, "hex": "00ff"},
                    "payload_format_indicator": false,
                },
                "payload": {"len": 2, "text": null, "hex": "0080"},
            }),
        ),
        (
            "3.1.1",
            "40020001",
            json!({"type": "PUBACK", "packet_id": 1}),
        ),
        (
            "5",
            "5003000110",
            json!({
                "type": "PUBREC", "packet_id": 1, "reason_code": 0x10,
                "reason": "No matching subscribers", "properties": {},
            }),
        ),
        (
            "5",
            "62 0b 0001 92 07 1f 0004 676f6e65",
            json!({
                "type": "PUBREL", "packet_id": 1, "reason_code": 0x92,
                "reason": "Packet Identifier not found", "properties": {"reason_string": "gone"},
            }),
        ),
        (
            "3.1.1",
            "7002ffff",
            json!({"type": "PUBCOMP", "packet_id": 65535}),
        ),
        (
            "5",
            "82 0d 0001 02 0b 05 0001 61 2c 0001 2b 01",
            json!({
                "type": "SUBSCRIBE", "packet_id": 1, "properties": {"subscription_identifier": [5]},
                "subscriptions": [
                    {
                        "filter": "a", "maximum_qos": 0, "no_local": true,
                        "retain_as_published": true, "retain_handling": 2,
                    },
                    {
                        "filter": "+", "maximum_qos": 1, "no_local": false,
                        "retain_as_published": false, "retain_handling": 0,
                    },
                ],
            }),
        ),
        (
            "3.1.1",
            "9005 0001 00 02 80",
            json!({
                "type": "SUBACK", "packet_id": 1, "return_codes": [0, 2, 128],
                "reasons": ["Success - Maximum QoS 0", "Success - Maximum QoS 2", "Failure"],
            }),
        ),
        (
            "5",
            "9007 0001 00 00 01 80 87",
            json!({
                "type": "SUBACK", "packet_id": 1, "properties": {},
                "reason_codes": [0, 1, 128, 0x87],
                "reasons": [
                    "Granted QoS 0", "Granted QoS 1", "Unspecified error", "Not authorized",
                ],
            }),
        ),
        (
            "3.1.1",
            "8206 0001 0001 61 02",
            json!({
                "type": "SUBSCRIBE", "packet_id": 1,
                "subscriptions": [{"filter": "a", "requested_qos": 2}],
            }),
        ),
        (
            "3.1.1",
            "b002 0001",
            json!({"type": "UNSUBACK", "packet_id": 1}),
        ),
        (
            "5",
            "e000",
            json!({
                "type": "DISCONNECT", "reason_code": 0, "reason": "Normal disconnection",
                "properties": {},
            }),
        ),
        (
            "3.1.1",
            "a205 0001 0001 23",
            json!({"type": "UNSUBSCRIBE", "packet_id": 1, "filters": ["#"]}),
        ),
        (
            "5",
            "b005 0001 00 00 11",
            json!({
                "type": "UNSUBACK", "packet_id": 1, "properties": {}, "reason_codes": [0, 0x11],
                "reasons": ["Success", "No subscription existed"],
            }),
        ),
        ("5", "c000", json!({"type": "PINGREQ"})),
        ("3.1.1", "d000", json!({"type": "PINGRESP"})),
        ("3.1.1", "e000", json!({"type": "DISCONNECT"})),
        (
            "5",
            "e0018b",
            json!({
                "type": "DISCONNECT", "reason_code": 0x8B, "reason": "Server shutting down",
                "properties": {},
            }),
        ),
        (
            "5",
            "f0 06 18 04 15 0001 78",
            json!({
                "type": "AUTH", "reason_code": 0x18, "reason": "Continue authentication",
                "properties": {"authentication_method": "x"},
            }),
        ),
    ] {
        let answer = answer(version, hex);
        assert_eq!(answer["ok"], true, "{hex}: {answer}");
        assert_eq!(answer["packet"], packet, "{hex}");
        assert_eq!(
            (&answer["consumed"], &answer["trailing"]),
            (&hex_len(hex).into(), &0.into())
        );
    }
}

fn hex_len(hex: &str) -> usize {
    hex.chars().filter(|character| *character != ' ').count() / 2
}

#[test]
fn repeated_properties_are_lists() {
    let answer = answer(
        "5",
        "30 17 0001 61 12 26 0001 6b 0001 76 26 0001 6b 0001 77 0b 07 0b 08 68",
    );
    assert_eq!(
        answer["packet"]["properties"],
        json!({
            "user_property": [{"name": "k", "value": "v"}, {"name": "k", "value": "w"}],
            "subscription_identifier": [7, 8],
        })
    );
}

#[test]
fn what_is_no_packet_says_why_and_where() {
    for (version, hex, reason_code, offset) in [
        // MQTT 3.1
        ("3.1.1", "100e00064d514973647003020000000000", 0x84, 10),
        ("3.1.1", "0000", 0x81, 0),
        ("3.1.1", "f000", 0x81, 0),
        ("3.1.1", "c100", 0x81, 0),
        ("5", "30ffffffff01", 0x81, 4),
        ("5", "3600", 0x81, 0),
        ("5", "3005 0001 2b 00 00", 0x81, 4),
    ] {
        let answer = answer(version, hex);
        assert_eq!(answer["ok"], false, "{hex}: {answer}");
        assert_eq!(answer["reason_code"], reason_code, "{hex}: {answer}");
        assert_eq!(answer["offset"], offset, "{hex}: {answer}");
        assert!(!answer["error"].as_str().unwrap().is_empty());
        assert_eq!(
            (answer.get("packet"), answer.get("incomplete")),
            (None, None)
        );
    }
}

#[test]
fn one_answer_for_every_line_in_order() {
    let input = "c000\n\n  \nzz\nC0 00 d0:00\r\n0xc0, 0x00\n30\nd0";
    let all = answers(&["--json"], input);
    let ok: Vec<&Value> = all.iter().map(|answer| &answer["ok"]).collect();
    assert_eq!(ok, [true, false, false, false, true, true, false, false]);
    for incomplete in [1, 2, 6, 7] {
        assert_eq!(all[incomplete]["incomplete"], true, "{}", all[incomplete]);
        assert_eq!(all[incomplete].get("error"), None);
    }
    assert_eq!(
        (&all[4]["consumed"], &all[4]["trailing"]),
        (&json!(2), &json!(2))
    );
    let pingresp = json!({
        "ok": true, "packet": {"type": "PINGRESP"}, "consumed": 2, "trailing": 0,
    });
    assert_eq!(all[4]["following"], json!([pingresp]));
    assert_eq!(all[5]["following"], json!([]));
    assert_eq!(
        (&all[3]["offset"], &all[3]["reason_code"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(all[3]["column"], 1);
    // What no packet is has the keys of what is a bad one, and the column.
    let bad = answer("5", "0000");
    for key in bad.as_object().unwrap().keys() {
        assert!(all[3].get(key).is_some(), "{key}");
    }
    assert!(answers(&["--json"], "").is_empty());
}

#[test]
fn what_follows_a_packet_is_looked_at_in_json_too() {
    let run = |hex: &str| {
        let output = with_input(&["--json"], hex.as_bytes());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        (answer["following"].clone(), output.status.code())
    };
    let (following, code) = run("c000 30 04 0001 61 00 0000");
    assert_eq!(following[0]["packet"]["topic"], "a");
    assert_eq!(following[0]["trailing"], 2);
    assert_eq!(
        (&following[1]["ok"], &following[1]["offset"]),
        (&json!(false), &json!(8))
    );
    assert_eq!(code, Some(1));

    let (following, code) = run("c000 30 04 00");
    assert_eq!(
        following,
        json!([{"ok": false, "incomplete": true, "len": 3, "missing": 3}])
    );
    assert_eq!(code, Some(1));

    // In the version of the CONNECT: of 3.1.1 this would be no packet.
    let connect = "100d 0004 4d515454 05 02 0000 00 0000";
    let output = with_input(
        &["--json", "--version", "3.1.1"],
        format!("{connect} e00104").as_bytes(),
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn how_much_is_missing() {
    for (hex, missing) in [
        ("30 05", json!(5)),
        ("30 80 01 00", json!(127)),
        ("30 ff ff ff 7f", json!(268_435_455)),
        ("30 80", Value::Null),
        ("30", Value::Null),
    ] {
        assert_eq!(answer("5", hex)["missing"], missing, "{hex}");
    }
}

#[test]
fn bytes_that_are_not_text_are_an_answer_too() {
    let output = with_input(&["--json"], b"c0\xff\n\0\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(
        text.lines()
            .all(|line| line.starts_with(r#"{"ok":false,"error""#)),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_sender_decides_what_is_allowed() {
    let connack = |from| {
        let all = answers(&["--json", "--from", from], "2003000000");
        all[0]["ok"].clone()
    };
    assert_eq!(
        (connack("server"), connack("client")),
        (true.into(), false.into())
    );
    // A DISCONNECT that only the server may send, and one that only the client may.
    for (hex, right, wrong) in [
        ("e0018b", "server", "client"),
        ("e00104", "client", "server"),
    ] {
        assert_eq!(
            answers(&["--json", "--from", right], hex)[0]["ok"],
            true,
            "{hex}"
        );
        assert_eq!(
            answers(&["--json", "--from", wrong], hex)[0]["ok"],
            false,
            "{hex}"
        );
        assert_eq!(answers(&["--json"], hex)[0]["ok"], true, "{hex}");
    }
}

#[test]
fn text_for_people() {
    let (printed, code) = text(&["--version", "3.1.1", "30 07 00 03 61 2f 62 68 69 c0 00"]);
    assert_eq!(
        printed,
        "PUBLISH, 9 bytes\n  dup: false\n  qos: 0\n  retain: false\n  topic: \"a/b\"\n  \
         packet_id: none\n  payload:\n    len: 2\n    text: \"hi\"\n    hex: \"6869\"\nPINGREQ, 2 bytes\n"
    );
    assert_eq!(code, Some(0));

    let (printed, code) = text(&[
        "c0",
        "--version",
        "3.1.1",
        "c000 3005",
        "c000 f000",
        "c0 0",
        "90040001 0080",
    ]);
    assert_eq!(
        printed,
        "1: incomplete: 1 byte, and the packet has more bytes, beginning with how many\n  \
         0000  c0[  ]\n\
         2: PINGREQ, 2 bytes\n\
         2: incomplete: 2 bytes at byte 2, and the packet has 5 more bytes\n  \
         0000  c0 00 30 05[  ]\n\
         3: PINGREQ, 2 bytes\n\
         3: error: packet type 15 does not exist in this version, at byte 2: Malformed Packet (0x81)\n  \
         See section 2.2.1 of the specification.\n  \
         0000  c0 00[f0]00\n\
         4: error: a digit stands alone: a byte has two, column 4\n\
         5: SUBACK, 6 bytes\n  packet_id: 1\n  return_codes: 0, 128\n  \
         reasons: \"Success - Maximum QoS 0\", \"Failure\"\n",
        "each argument is answered"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn bytes_that_the_shell_took_apart_are_one_line() {
    for hex in ["c0 00", "0x30, 05 00 03 61 2f 62"] {
        let apart: Vec<&str> = hex.split(' ').collect();
        assert_eq!(text(&apart), text(&[hex]));
    }
    // One that is not a byte: each is a line.
    let (printed, code) = text(&["30", "c000", "0"]);
    let answers = [
        "1: incomplete: 1 byte",
        "2: PINGREQ",
        "3: error: a digit stands alone",
    ];
    assert!(
        answers.iter().all(|answer| printed.contains(answer)),
        "{printed}"
    );
    assert_eq!(code, Some(1));
}

#[test]
fn the_byte_that_is_wrong_is_marked_and_the_statement_told() {
    let (printed, code) = text(&["c000 30 0a 0003 612f2b 00 68656c6c"]);
    let (first, rest) = printed.split_once('\n').unwrap();
    assert_eq!(first, "PINGREQ, 2 bytes");
    let lines: Vec<&str> = rest.lines().collect();
    assert_eq!(
        lines,
        [
            "error: topic name: has a wildcard in a name, at byte 8: Malformed Packet (0x81)",
            "  [MQTT-3.3.2-2] The Topic Name in the PUBLISH packet MUST NOT contain wildcard \
             characters.",
            "  0000  c0 00 30 0a 00 03 61 2f[2b]00 68 65 6c 6c",
        ]
    );
    assert_eq!(code, Some(1));

    // The same fault is another statement in 3.1.1.
    let hex = "30 07 0003 612f2b 00 00";
    let v3 = answer("3.1.1", hex);
    assert_eq!(
        (&v3["statement"], &v3["offset"]),
        (&json!("MQTT3-3.3.2-2"), &json!(6))
    );
    let sentence = v3["sentence"].as_str().unwrap();
    assert!(sentence.contains("MUST NOT contain wildcard characters"));
    assert_eq!(answer("5", hex)["statement"], "MQTT-3.3.2-2");
    assert_eq!(answer("5", hex)["section"], Value::Null);
    // Not every rule has a number.
    let unnumbered = answer("5", "c0 01 00");
    assert_eq!(
        (
            &unnumbered["ok"],
            &unnumbered["statement"],
            &unnumbered["sentence"]
        ),
        (&json!(false), &Value::Null, &Value::Null)
    );
    assert_eq!(unnumbered["section"], "2.1.4");
    let (printed, _) = text(&["82 07 0001 00 0001 61 03"]);
    assert!(
        printed.contains("\n  See section 3.8.3.1 of the specification.\n"),
        "{printed}"
    );
    assert_eq!(answer("5", "30 03 0001 61")["statement"], "MQTT-2.2.2-1");
    // What is missing is marked where it is missing.
    let (printed, _) = text(&["40 01 00"]);
    assert!(printed.contains("  0000  40 01[00]"), "{printed}");
    for (hex, marked) in [
        ("20020000", "20 02 00 00[  ]"),
        ("f00118", "f0 01 18[  ]"),
        (
            "f008 18 06 1f 0003616263",
            "f0 08 18 06 1f 00 03 61 62 63[  ]",
        ),
        (
            "8213 0001 00 000d 2473686172652f67722b702f74 00",
            "  0010 [2b]70 2f 74",
        ),
        ("820d 0001 00 0007 2473686172652f 00", "2f[00]"),
        ("100c 0004 4d515458 04 02 0000 0000", "4d 51 54[58]"),
        (
            "1010 0004 4d515454 05 02 0000 03 16 0000 0000",
            "  0010 [00]00",
        ),
    ] {
        let (printed, _) = text(&[hex]);
        assert!(printed.contains(marked), "{printed}");
    }
}

#[test]
fn a_sentence_can_be_understood_alone() {
    let sentence = answer("3.1.1", "100c 0004 4d515458 04 02 0000 0000")["sentence"].clone();
    let sentence = sentence.as_str().unwrap();
    assert!(
        sentence.starts_with("If the protocol name is incorrect"),
        "{sentence}"
    );
}

/// 3.1.1 has no rule about shares.
#[test]
fn a_share_that_5_refuses_is_a_filter_of_3_1_1() {
    let taken = answer("3.1.1", "820e 0001 0009 2473686172652f612f 00");
    let filter = &taken["packet"]["subscriptions"][0]["filter"];
    assert_eq!(filter, "$share/a/", "{taken}");
    let refused = answer("5", "820f 0001 00 0009 2473686172652f612f 00");
    assert_eq!(refused["statement"], "MQTT-4.8.2-2");
}

#[test]
fn text_goes_on_in_the_version_of_a_connect() {
    let (printed, _) = text(&[
        "--version",
        "3.1.1",
        "100d 0004 4d515454 05 02 0000 00 0000 e0018b",
    ]);
    assert!(printed.contains("version: \"5.0\""), "{printed}");
    assert!(
        printed.contains("reason: \"Server shutting down\""),
        "{printed}"
    );
}

#[test]
fn wrong_usage() {
    for arguments in [
        &["--version", "4"][..],
        &["--from", "broker"],
        &["--nonsense"],
    ] {
        let output = mqtt().arg("decode").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(arguments[0]), "{text}");
    }
}
