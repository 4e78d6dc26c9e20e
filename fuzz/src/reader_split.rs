//! However a stream is split into reads, a `PacketReader` finds in it what decoding it packet by packet
//! finds, with each Topic Alias resolved as in a map; what has no room is passed over or refused.

use std::collections::BTreeMap;

use mqtt_proto::{
    DecodeError, DecodeErrorKind, DecodeOptions, Delivery, Item, Packet, PacketReader, Publish,
    PublishHead, TopicName, Version,
};

/// The first bytes say how the rest, a stream of packets, is read:
///
/// | bytes | say | 0 |
/// |---|---|---|
/// | 0 to 3 | the sizes of its pieces, again and again | an empty piece; all four: there is one piece |
/// | 4 | the bytes of a small scratch | |
/// | 5 | the Maximum Packet Size | the largest |
/// | 6 | the Topic Alias Maximum, and 1 more | the largest |
/// | 7 | the leniency, a bit for each switch | none |
pub fn check(data: &[u8]) {
    let Some((setup, stream)) = data.split_first_chunk() else {
        return;
    };
    let [
        a,
        b,
        c,
        d,
        scratch,
        maximum_packet_size,
        topic_alias_maximum,
        leniency,
    ] = *setup;
    let splits = [
        pieces(stream, [a, b, c, d]),
        stream.chunks(1).collect(),
        vec![stream],
    ];
    // Whatever straddles two reads fits, and the topic names of all aliases.
    let ample = stream.len() * 6 + 64;
    for mut options in crate::every_options() {
        if maximum_packet_size > 0 {
            options.maximum_packet_size = maximum_packet_size.into();
        }
        if let Some(maximum) = topic_alias_maximum.checked_sub(1) {
            options.topic_alias_maximum = maximum.into();
        }
        options.leniency.reason_codes = leniency & 1 != 0;
        options.leniency.return_codes = leniency & 2 != 0;

        let decoded = decode(options, stream);
        for scratch in [ample, scratch.into()] {
            let [split, single, whole] = splits
                .each_ref()
                .map(|pieces| read(&options, pieces, scratch));
            assert_eq!(split, whole, "{scratch} bytes of scratch");
            assert_eq!(single, whole, "{scratch} bytes of scratch");
            let agrees = if scratch == ample {
                PartialEq::eq
            } else {
                is_as_decoded
            };
            check_agreement(&whole, &decoded, agrees);
        }
    }
}

/// The stream in pieces of these sizes, again and again.
fn pieces(mut stream: &[u8], sizes: [u8; 4]) -> Vec<&[u8]> {
    if sizes == [0; 4] {
        return vec![stream];
    }
    let mut pieces = Vec::new();
    for size in sizes.into_iter().cycle() {
        let (piece, rest) = stream.split_at(stream.len().min(size.into()));
        pieces.push(piece);
        stream = rest;
        if stream.is_empty() {
            break;
        }
    }
    pieces
}

/// What was found in a stream, one after another.
#[derive(Debug, PartialEq)]
enum Found {
    /// In words: not all that leniency takes can be encoded.
    Packet(String),
    /// A PUBLISH, encoded again; the payload of the last may be cut short.
    Message(Delivery, Vec<u8>),
    /// A PUBLISH whose head had no room.
    PassedOver(Delivery),
    Error(DecodeError),
}

/// What was read is what was decoded, one by one.
fn check_agreement(read: &[Found], decoded: &[Found], agrees: fn(&Found, &Found) -> bool) {
    let ends = |found: &[Found]| matches!(found.last(), Some(Found::Error(_)));
    let all = read.iter().zip(decoded).all(|(r, d)| agrees(r, d));
    assert!(all, "{read:?} is read of {decoded:?}");
    assert!(ends(read) || read.len() >= decoded.len(), "{decoded:?}");
    // Decoding waits for a packet to be whole, where the reader tells what comes of it.
    assert!(
        ends(decoded) || read.len() <= decoded.len() + 1,
        "{decoded:?}"
    );
}

/// Whether a reader with little scratch may find this where decoding finds that.
fn is_as_decoded(read: &Found, decoded: &Found) -> bool {
    use DecodeErrorKind as E;
    use Found::{Error, Message, Packet, PassedOver};
    const LEAST: u32 = PacketReader::MINIMUM_SCRATCH as u32;
    let kind = |found: &Found| match found {
        Error(error) => Some(error.kind),
        _ => None,
    };
    match (read, decoded) {
        _ if read == decoded => true,
        (PassedOver(delivery), Message(whole, _)) => delivery == whole,
        _ => match (kind(read), kind(decoded)) {
            (Some(E::ScratchTooSmall(LEAST)), _) => true,
            (Some(E::ScratchTooSmall(_)), _) => matches!(decoded, Packet(_) | Error(_)),
            (Some(E::TopicAliasNoRoom(_)), None) => matches!(decoded, Message(..)),
            // Of what is passed over the texts are not looked at; something else may be wrong, too.
            (_, Some(E::InvalidUtf8 | E::NulInString | E::TopicName(_))) => {
                matches!(read, PassedOver(_) | Error(_))
            }
            // Nor is an alias resolved.
            (None, Some(E::TopicAliasUnknown(_))) => matches!(read, PassedOver(_)),
            _ => false,
        },
    }
}

fn read(options: &DecodeOptions, pieces: &[&[u8]], scratch: usize) -> Vec<Found> {
    let mut scratch = vec![0; scratch];
    let mut reader = PacketReader::new(*options, &mut scratch);
    let mut found = Vec::new();
    // Of the payload.
    let mut due = 0;
    for piece in pieces {
        let mut input = *piece;
        loop {
            let version = reader.version();
            match reader.read(&mut input) {
                Ok(None) => {
                    assert!(input.is_empty(), "input is left over");
                    break;
                }
                Ok(Some(Item::Payload { payload, remaining })) => {
                    assert!(!payload.is_empty());
                    assert_eq!(payload.len() + remaining as usize, due);
                    due = remaining as usize;
                    let Some(Found::Message(_, bytes)) = found.last_mut() else {
                        panic!("a payload without a head");
                    };
                    bytes.extend_from_slice(payload);
                }
                Ok(Some(item)) => {
                    assert_eq!(due, 0, "the payload is cut short by {item:?}");
                    found.push(match item {
                        Item::Packet(packet) => Found::packet(&packet),
                        Item::Message {
                            head,
                            payload,
                            remaining,
                        } => {
                            due = remaining as usize;
                            Found::message(&head, payload, payload.len() + due, version)
                        }
                        Item::Oversized { delivery } => Found::PassedOver(delivery),
                        Item::Payload { .. } => unreachable!(),
                    });
                }
                Err(error) => {
                    let rest = input;
                    assert_eq!(reader.read(&mut input), Err(error), "an error stays");
                    assert_eq!(input, rest, "nothing is taken after an error");
                    found.push(Found::Error(error));
                    return found;
                }
            }
        }
    }
    found
}

fn decode(mut options: DecodeOptions, mut stream: &[u8]) -> Vec<Found> {
    let mut aliases = BTreeMap::new();
    let mut found = Vec::new();
    loop {
        let start = stream;
        found.push(match Packet::decode(&options, &mut stream) {
            Ok(None) => return found,
            Ok(Some(Packet::Publish(Publish { mut head, payload }))) => {
                if let Err(kind) = resolve(&mut head, &mut aliases) {
                    let more = |&&byte: &&u8| byte >= 0x80;
                    let offset = 2 + start[1..].iter().take_while(more).count();
                    found.push(Found::Error(DecodeError { kind, offset }));
                    return found;
                }
                Found::message(&head, payload, payload.len(), options.version)
            }
            Ok(Some(packet)) => {
                if let Packet::Connect(connect) = packet {
                    options.version = connect.version;
                }
                Found::packet(&packet)
            }
            Err(error) => {
                found.push(Found::Error(error));
                return found;
            }
        });
    }
}

/// An alias with a name stands for that from now on, and one without for the last.
fn resolve<'a>(
    head: &mut PublishHead<'a>,
    aliases: &mut BTreeMap<u16, TopicName<'a>>,
) -> Result<(), DecodeErrorKind> {
    let Some(alias) = head.properties.topic_alias() else {
        return Ok(());
    };
    let alias = alias.get();
    if let Some(topic) = head.topic {
        aliases.insert(alias, topic);
    }
    head.topic = aliases.get(&alias).copied();
    match head.topic {
        Some(_) => Ok(()),
        None => Err(DecodeErrorKind::TopicAliasUnknown(alias)),
    }
}

impl Found {
    fn packet(packet: &Packet<'_>) -> Self {
        Self::Packet(format!("{packet:?}"))
    }

    /// A message of which so much of the payload has come.
    fn message(head: &PublishHead<'_>, come: &[u8], payload_len: usize, version: Version) -> Self {
        let size = head
            .encoded_len(version, payload_len)
            .expect("what was decoded can be encoded");
        let mut bytes = vec![0; size];
        head.encode(version, payload_len, &mut bytes)
            .expect("it has room");
        bytes.extend_from_slice(come);
        Self::Message(head.delivery, bytes)
    }
}
