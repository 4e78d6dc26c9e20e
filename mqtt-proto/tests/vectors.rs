//! Packets and conversations from independent sources; `vectors/README.md` names them.

use mqtt_proto::{
    DecodeError, DecodeErrorKind, DecodeOptions, Item, Packet, PacketReader, Role, TopicFilter,
    TopicName, Version,
};
use serde_json::Value;

/// Where we judge otherwise than the source, and by what.
const DISAGREEMENTS: &[(&str, &str, &str)] = &[
    (
        "codec-vectors",
        "u0049",
        "table 3.1 of 3.1.1 ends at 5: 0x82 is no return code of CONNACK",
    ),
    (
        "codec-vectors",
        "u0051",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "codec-vectors",
        "u0052",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "codec-vectors",
        "u0053",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "codec-vectors",
        "u0054",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "codec-vectors",
        "u0055",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "codec-vectors",
        "u0686",
        "section 3.2.2.3.4: a Maximum QoS of 2 is a Protocol Error",
    ),
    (
        "codec-vectors",
        "u0687",
        "section 3.2.2.3.4: a Maximum QoS of 2 is a Protocol Error",
    ),
    (
        "codec-vectors",
        "u1223",
        "[MQTT-3.14.2-2], section 3.14.2.2.5: the Client's property and the Server's in one",
    ),
    (
        "mochi-tpackets",
        "mochi-047",
        "table 3.1 of 3.1.1 ends at 5: 0x82 is no return code of CONNACK",
    ),
    (
        "mochi-tpackets",
        "mochi-048",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "mochi-tpackets",
        "mochi-049",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "mochi-tpackets",
        "mochi-050",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "mochi-tpackets",
        "mochi-051",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "mochi-tpackets",
        "mochi-054",
        "table 3.1 of 3.1.1 ends at 5, whatever Session Present is",
    ),
    (
        "mochi-tpackets",
        "mochi-075",
        "[MQTT3-3.3.1-2]: DUP at QoS 0",
    ),
    (
        "mochi-tpackets",
        "mochi-091",
        "section 4.7.2 forbids no Client to publish to $SYS",
    ),
    (
        "mochi-tpackets",
        "mochi-102",
        "section 3.5.2.1: two bytes mean Success",
    ),
    (
        "mochi-tpackets",
        "mochi-145",
        "[MQTT-3.9.3-2]: 0x82 is no reason code of SUBACK",
    ),
    (
        "mochi-tpackets",
        "mochi-173",
        "section 3.14.2.1: no byte means Normal disconnection",
    ),
    (
        "mqttjs-packet",
        "mqttjs-011",
        "[MQTT3-3.1.2-2]: level 132 is a convention of bridges, not the specification's",
    ),
    (
        "mqttjs-packet",
        "mqttjs-021",
        "section 3.2.2: a 3.1.1 CONNACK; told by its own error kind",
    ),
    (
        "mqttjs-packet",
        "mqttjs-026",
        "section 3.2.2: reason code and property length are not optional",
    ),
    (
        "mqttjs-packet",
        "mqttjs-027",
        "[MQTT-2.2.2-1]: the property length is not optional",
    ),
    (
        "mqttjs-packet",
        "mqttjs-062",
        "section 3.2.2.3.4: a Maximum QoS of 2 is a Protocol Error",
    ),
    (
        "mqttjs-packet",
        "mqttjs-063",
        "section 3.2.2.3.4: a Maximum QoS of 2 is a Protocol Error",
    ),
    (
        "mqttjs-packet",
        "mqttjs-129",
        "[MQTT-3.14.2-2], section 3.14.2.2.5: the Client's property and the Server's in one",
    ),
    (
        "mqttjs-packet",
        "mqttjs-134",
        "section 3.15.2.2.2 demands a method, against section 3.15.2.1",
    ),
    (
        "pcap-packets",
        "pcap-072",
        "section 3.1.3.2.3: a Payload Format Indicator of 77",
    ),
    (
        "pcap-packets",
        "pcap-073",
        "section 3.3.2.3.2: a Payload Format Indicator of 77",
    ),
    (
        "transcripts-streams",
        "4012",
        "[MQTT-3.4.2-1]: mochi sends PUBACK with reason code 0x01",
    ),
    (
        "transcripts-streams",
        "9003",
        "[MQTT3-3.9.3-2]: mochi sends a 3.1.1 SUBACK with return code 0x91",
    ),
    (
        "topics-utf8",
        "//////////",
        "a limit of 200 levels is mosquitto's own",
    ),
];

fn load(name: &str) -> Value {
    let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn is_disagreement(file: &str, what: &str) -> bool {
    DISAGREEMENTS
        .iter()
        .any(|(in_file, prefix, _)| *in_file == file && what.starts_with(prefix))
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn options(version: i64, sender: Role) -> DecodeOptions {
    let version = if version == 5 {
        Version::V5
    } else {
        Version::V3_1_1
    };
    let mut options = DecodeOptions::new(version, sender);
    options.topic_alias_maximum = u16::MAX;
    options
}

/// Those that take all that the peers of the conversations send.
fn lenient(version: i64, sender: Role) -> DecodeOptions {
    let mut options = options(version, sender);
    options.leniency.reason_codes = true;
    options.leniency.return_codes = true;
    options
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Accept,
    Incomplete,
    /// A packet, and bytes after it.
    Trailing,
    Reject(DecodeError),
}

fn judge(version: i64, sender: Role, bytes: &[u8]) -> Verdict {
    let mut input = bytes;
    let options = options(version, sender);
    match Packet::decode(&options, &mut input) {
        Err(error) => Verdict::Reject(error),
        Ok(None) => Verdict::Incomplete,
        Ok(Some(_)) if !input.is_empty() => Verdict::Trailing,
        Ok(Some(packet)) => {
            let mut again = vec![0; packet.encoded_len(options.version).unwrap()];
            packet.encode(options.version, &mut again).unwrap();
            // Only the optional parts of acknowledgements may be written shorter than they came.
            assert!(again == bytes || again.len() < bytes.len(), "{packet:?}");
            assert_eq!(Packet::decode(&options, &mut &again[..]), Ok(Some(packet)));
            Verdict::Accept
        }
    }
}

/// Judges the packets of a file and returns how many there were of each kind: accepted, refused.
fn run(file: &str) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    for vector in load(file).as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let version = vector["version"].as_i64().unwrap();
        let packet = bytes(&vector["hex"]);
        let senders = match vector["direction"].as_str() {
            Some("c2s") => &[Role::Client][..],
            Some("s2c") => &[Role::Server],
            _ => &[Role::Client, Role::Server],
        };
        let verdicts: Vec<Verdict> = senders
            .iter()
            .map(|&sender| judge(version, sender, &packet))
            .collect();
        if version == 3 {
            // Of MQTT 3.1 the CONNECT is refused, and nothing of it comes after that.
            if packet[0] >> 4 == 1 {
                assert!(
                    verdicts
                        .iter()
                        .all(|verdict| matches!(verdict, Verdict::Reject(_))),
                    "{id}: {verdicts:?}"
                );
                refused += 1;
            }
            continue;
        }
        let accept = verdicts.contains(&Verdict::Accept);
        let expected = vector["codec_expected"]
            .as_str()
            .or(vector["expected"].as_str())
            .unwrap();
        let agrees = match expected {
            "accept" => accept,
            "reject" => verdicts
                .iter()
                .all(|verdict| matches!(verdict, Verdict::Reject(_))),
            "trailing" => !accept,
            "incomplete" => verdicts.contains(&Verdict::Incomplete),
            // What an encoder made of it is not for a decoder to judge.
            "accept-encoder-only" | "encoder-reject" => continue,
            other => panic!("{id}: {other}"),
        };
        assert_ne!(
            agrees,
            is_disagreement(file, id),
            "{file} {id} is {expected}, we say {verdicts:?}"
        );
        if accept { accepted += 1 } else { refused += 1 }
    }
    (accepted, refused)
}

#[test]
fn codec_vectors() {
    assert_eq!(run("codec-vectors"), (116, 110));
}

#[test]
fn mochi() {
    assert_eq!(run("mochi-tpackets"), (83, 55));
}

#[test]
fn mqttjs() {
    assert_eq!(run("mqttjs-packet"), (55, 79));
}

#[test]
fn captures() {
    assert_eq!(run("pcap-packets"), (64, 8));
}

#[test]
fn conversations() {
    let file = "transcripts-streams";
    read_conversations(options, |sent| is_disagreement(file, sent));
    // Taken by leniency, nothing ends a conversation early.
    read_conversations(lenient, |_| false);
}

fn read_conversations(
    options: fn(i64, Role) -> DecodeOptions,
    may_be_refused: impl Fn(&str) -> bool,
) {
    let mut packets = 0;
    for stream in load("transcripts-streams").as_array().unwrap() {
        let version = stream["version"].as_i64().unwrap();
        let (mut client_scratch, mut server_scratch) = ([0; 512], [0; 512]);
        let mut client = PacketReader::new(options(version, Role::Client), &mut client_scratch);
        let mut server = PacketReader::new(options(version, Role::Server), &mut server_scratch);
        let (mut client_failed, mut server_failed) = (false, false);
        for event in stream["events"].as_array().unwrap() {
            let from_client = event[0] == "c2s";
            let (reader, failed) = if from_client {
                (&mut client, &mut client_failed)
            } else {
                (&mut server, &mut server_failed)
            };
            if *failed {
                continue;
            }
            // In pieces, as a poor network would bring them.
            for piece in bytes(&event[1]).chunks(7) {
                let mut input = piece;
                loop {
                    match reader.read(&mut input) {
                        Ok(Some(_)) => packets += 1,
                        Ok(None) => break,
                        Err(error) => {
                            *failed = true;
                            let refused_3_1 = matches!(
                                error.kind,
                                DecodeErrorKind::UnsupportedProtocolVersion(3)
                            );
                            let ours = may_be_refused(event[1].as_str().unwrap());
                            assert!(
                                refused_3_1 || ours,
                                "{}: {error}, {event}",
                                stream["source"]
                            );
                            break;
                        }
                    }
                }
            }
            if version == 3 && from_client {
                assert!(client_failed, "the client's first packet is its CONNECT");
                break;
            }
        }
    }
    assert!(packets > 900, "{packets}");
}

/// The packets of each direction, decoded one by one, are encoded to the same bytes where these are
/// minimal, and are the same to a reader wherever they are cut in two.
#[test]
fn packets_of_conversations() {
    let file = "transcripts-streams";
    let (mut packets, mut refused, mut shorter) = (0, 0, 0);
    for stream in load(file).as_array().unwrap() {
        let version = stream["version"].as_i64().unwrap();
        for (direction, sender) in [("c2s", Role::Client), ("s2c", Role::Server)] {
            let events = stream["events"].as_array().unwrap();
            let sent = events.iter().filter(|event| event[0] == direction);
            let sent: Vec<u8> = sent.flat_map(|event| bytes(&event[1])).collect();
            let mut rest = &sent[..];
            while !rest.is_empty() {
                let mut after = rest;
                let taken = Packet::decode(&lenient(version, sender), &mut after);
                if version == 3 && sender == Role::Client {
                    // Nothing is judged after a CONNECT that is refused.
                    assert!(taken.is_err());
                    break;
                }
                taken.unwrap().unwrap();
                let (packet, after) = rest.split_at(rest.len() - after.len());
                rest = after;
                packets += 1;
                match judge(version, sender, packet) {
                    Verdict::Accept => {}
                    verdict => {
                        let ours = is_disagreement(file, &hex(packet));
                        assert!(ours, "{}: {verdict:?}", stream["source"]);
                        refused += 1;
                        continue;
                    }
                }
                if is_shortened(version, sender, packet) {
                    shorter += 1;
                }
                cut_everywhere(version, sender, packet);
            }
        }
    }
    // Some acknowledgements say at length that there is nothing to say.
    assert_eq!((packets, refused, shorter), (862, 5, 21));
}

fn is_shortened(version: i64, sender: Role, packet: &[u8]) -> bool {
    let options = options(version, sender);
    let decoded = Packet::decode(&options, &mut &packet[..]).unwrap().unwrap();
    decoded.encoded_len(options.version).unwrap() < packet.len()
}

fn cut_everywhere(version: i64, sender: Role, packet: &[u8]) {
    let read = |pieces: [&[u8]; 2]| {
        let mut scratch = [0; 1024];
        let mut reader = PacketReader::new(options(version, sender), &mut scratch);
        let (mut items, mut payload) = (Vec::new(), Vec::<u8>::new());
        for mut piece in pieces {
            loop {
                match reader.read(&mut piece) {
                    Ok(Some(Item::Packet(packet))) => items.push(format!("{packet:?}")),
                    Ok(Some(Item::Message {
                        head,
                        payload: first,
                        ..
                    })) => {
                        items.push(format!("{head:?}"));
                        payload.extend(first);
                    }
                    Ok(Some(Item::Payload { payload: next, .. })) => payload.extend(next),
                    Ok(Some(Item::Oversized { delivery })) => items.push(format!("{delivery:?}")),
                    Ok(None) => break,
                    Err(error) => {
                        items.push(format!("{error}"));
                        return (items, payload);
                    }
                }
            }
        }
        (items, payload)
    };
    let whole = read([packet, &[]]);
    for cut in 1..packet.len() {
        let (before, after) = packet.split_at(cut);
        let partly = Packet::decode(&options(version, sender), &mut &before[..]);
        assert_eq!(partly, Ok(None), "cut at {cut}");
        assert_eq!(read([before, after]), whole, "cut at {cut}");
    }
}

#[test]
fn topics() {
    let all = load("topics-utf8");
    for vector in all["matching"].as_array().unwrap() {
        let filter = TopicFilter::new(vector["filter"].as_str().unwrap());
        let topic = TopicName::new(vector["topic"].as_str().unwrap());
        let verdict = match (filter, topic) {
            (Ok(filter), Ok(topic)) if filter.matches(topic) => "match",
            (Ok(_), Ok(_)) => "no-match",
            _ => "invalid-filter-or-topic",
        };
        assert_eq!(vector["expected"], verdict, "{vector}");
    }
    for vector in all["validity"].as_array().unwrap() {
        let value = vector["value"].as_str().unwrap();
        let valid = match vector["kind"].as_str().unwrap() {
            "topic-filter" => TopicFilter::new(value).is_ok(),
            _ => TopicName::new(value).is_ok(),
        };
        let agrees = valid == (vector["expected"] == "valid");
        assert_ne!(agrees, is_disagreement("topics-utf8", value), "{vector}");
    }
}

#[test]
fn utf8() {
    for vector in load("topics-utf8")["utf8"].as_array().unwrap() {
        let string = bytes(&vector["hex"]);
        let mut connect = b"\0\x04MQTT\x04\x82\0\0\0\x01c".to_vec();
        connect.extend(u16::try_from(string.len()).unwrap().to_be_bytes());
        connect.extend(&string);
        let len = connect.len();
        assert!(len < 16_384);
        let mut packet = vec![0x10];
        if len >= 128 {
            packet.push(0x80 | u8::try_from(len % 128).unwrap());
        }
        packet.push(u8::try_from(if len >= 128 { len / 128 } else { len }).unwrap());
        packet.extend(connect);
        // Control characters and non-characters may be refused; we take them.
        let valid = judge(4, Role::Client, &packet) == Verdict::Accept;
        assert_eq!(valid, vector["spec"] == "valid", "{vector}");
    }
}
