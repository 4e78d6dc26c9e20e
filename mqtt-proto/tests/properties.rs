//! Properties that hold for every packet and every stream of bytes.

use std::collections::BTreeMap;

use mqtt_proto::{
    ConnAck, Connect, DecodeError, DecodeErrorKind, DecodeOptions, Delivery, Disconnect,
    EncodeError, Item, Packet, PacketEncoder, PacketReader, Properties, Property, Publish,
    PublishHead, Role, TopicFilter, TopicName, Version, strategy,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

fn options(version: Version, sender: Role) -> DecodeOptions {
    let mut options = DecodeOptions::new(version, sender);
    options.topic_alias_maximum = u16::MAX;
    options
}

fn encode(packet: &Packet<'_>, version: Version) -> Result<Vec<u8>, EncodeError> {
    let mut buf = vec![0; packet.encoded_len(version)?];
    let len = packet.encode(version, &mut buf)?;
    assert_eq!(len, buf.len());
    Ok(buf)
}

fn decode<'a>(
    options: &DecodeOptions,
    mut input: &'a [u8],
) -> Result<Option<(Packet<'a>, usize)>, DecodeError> {
    let before = input.len();
    Ok(Packet::decode(options, &mut input)?.map(|packet| (packet, before - input.len())))
}

/// A version, a sender, and a packet of theirs.
fn packet() -> impl Strategy<Value = (Version, Role, Packet<'static>)> {
    (strategy::any_of::<Version>(), strategy::any_of::<Role>()).prop_flat_map(
        |(version, sender)| {
            strategy::packet(version, sender).prop_map(move |packet| (version, sender, packet))
        },
    )
}

/// A version, a sender, and the bytes of a stream: of valid packets, of such with faults, or at random.
fn stream() -> impl Strategy<Value = (Version, Role, Vec<u8>)> {
    (strategy::any_of::<Version>(), strategy::any_of::<Role>()).prop_flat_map(
        |(version, sender)| {
            let valid = vec(strategy::packet(version, sender), 1..5).prop_map(move |packets| {
                packets
                    .iter()
                    .flat_map(|p| encode(p, version).unwrap())
                    .collect::<Vec<u8>>()
            });
            let mutated = (valid.clone(), vec((any::<Index>(), any::<u8>()), 1..4)).prop_map(
                |(mut bytes, faults)| {
                    for (at, byte) in faults {
                        let at = at.index(bytes.len());
                        bytes[at] = byte;
                    }
                    bytes
                },
            );
            let cut = (valid.clone(), any::<Index>()).prop_map(|(mut bytes, at)| {
                bytes.remove(at.index(bytes.len()));
                bytes
            });
            prop_oneof![3 => valid, 3 => mutated, 2 => cut, 1 => vec(any::<u8>(), 0..64)]
                .prop_map(move |bytes| (version, sender, bytes))
        },
    )
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = if value >= 0x80 { 0x80 } else { 0 };
        bytes.push(u8::try_from(value & 0x7F).unwrap() | more);
        value >>= 7;
        if value == 0 {
            return bytes;
        }
    }
}

fn after_varint(bytes: &[u8]) -> &[u8] {
    let last = bytes.iter().position(|&byte| byte < 0x80).unwrap();
    &bytes[last + 1..]
}

/// One property, without a length before it.
fn encode_property(property: Property<'_>) -> Vec<u8> {
    let list = [property];
    let head = PublishHead {
        delivery: Delivery::AtMostOnce,
        retain: false,
        topic: TopicName::new("t").ok(),
        properties: Properties::new(&list),
    };
    let mut buf = vec![0; head.encoded_len(Version::V5, 0).unwrap()];
    head.encode(Version::V5, 0, &mut buf).unwrap();
    let after_topic = &after_varint(&buf[1..])[3..];
    after_varint(after_topic).to_vec()
}

/// A PUBLISH of 5.0 and, if it has properties, one of them a second time: which, and where to.
fn encode_repeating(publish: &Publish<'_>, which: Index, to: Index) -> Vec<u8> {
    let bytes = encode(&Packet::Publish(*publish), Version::V5).unwrap();
    let mut properties: Vec<Vec<u8>> = publish
        .head
        .properties
        .iter()
        .map(encode_property)
        .collect();
    if properties.is_empty() {
        return bytes;
    }
    let copy = properties[which.index(properties.len())].clone();
    properties.insert(to.index(properties.len() + 1), copy);
    let properties = properties.concat();
    let topic = publish.head.topic.map_or(0, |topic| topic.as_bytes().len());
    let packet_id = publish.head.delivery.packet_id().map_or(0, |_| 2);
    let before = &after_varint(&bytes[1..])[..2 + topic + packet_id];
    let body = [
        before,
        &varint(properties.len()),
        &properties,
        publish.payload,
    ]
    .concat();
    [&bytes[..1], &varint(body.len()), &body].concat()
}

/// What a stream comes to: its packets, and how it ends.
#[derive(Debug, PartialEq)]
struct Outcome {
    packets: Vec<String>,
    error: Option<DecodeError>,
}

/// What decoding the whole stream comes to, with Topic Aliases resolved.
fn outcome_of_whole(mut options: DecodeOptions, mut input: &[u8]) -> Outcome {
    let mut aliases = BTreeMap::new();
    let mut packets = Vec::new();
    let error = loop {
        let start = input;
        match Packet::decode(&options, &mut input) {
            Ok(None) => break None,
            Err(error) => break Some(error),
            Ok(Some(mut packet)) => {
                match &mut packet {
                    Packet::Connect(connect) => options.version = connect.version,
                    Packet::Publish(Publish { head, .. }) => {
                        let alias = head.properties.topic_alias();
                        match (alias, head.topic) {
                            (Some(alias), Some(topic)) => {
                                aliases.insert(alias, topic);
                            }
                            (Some(alias), None) => {
                                head.topic = aliases.get(&alias).copied();
                                if head.topic.is_none() {
                                    let header = 2 + start[1..]
                                        .iter()
                                        .take_while(|&&byte| byte >= 0x80)
                                        .count();
                                    let kind = DecodeErrorKind::TopicAliasUnknown(alias.get());
                                    break Some(DecodeError {
                                        kind,
                                        offset: header,
                                    });
                                }
                            }
                            _ => {}
                        }
                    }
                    _ => {}
                }
                packets.push(format!("{packet:?}"));
            }
        }
    };
    Outcome { packets, error }
}

/// What a reader makes of the stream in pieces.
fn outcome_of_pieces(options: DecodeOptions, pieces: &[&[u8]], scratch: &mut [u8]) -> Outcome {
    let mut reader = PacketReader::new(options, scratch);
    let mut packets = Vec::new();
    // The `Debug` form of a PUBLISH up to its payload, and what there is of that.
    let mut message: Option<(String, Vec<u8>)> = None;
    for piece in pieces {
        let mut input = *piece;
        loop {
            let remaining = match reader.read(&mut input) {
                Err(error) => {
                    assert_eq!(reader.read(&mut input), Err(error), "the same error again");
                    return Outcome {
                        packets,
                        error: Some(error),
                    };
                }
                Ok(None) => break assert!(input.is_empty(), "all was taken"),
                Ok(Some(Item::Packet(packet))) => {
                    packets.push(format!("{packet:?}"));
                    continue;
                }
                Ok(Some(Item::Oversized { delivery })) => {
                    packets.push(format!("{delivery:?}"));
                    continue;
                }
                Ok(Some(Item::Message {
                    head,
                    payload,
                    remaining,
                })) => {
                    assert!(head.topic.is_some(), "every alias is resolved");
                    assert!(message.is_none());
                    message = Some((
                        format!("Publish(Publish {{ head: {head:?}, payload: "),
                        payload.to_vec(),
                    ));
                    remaining
                }
                Ok(Some(Item::Payload { payload, remaining })) => {
                    assert!(!payload.is_empty());
                    message.as_mut().unwrap().1.extend(payload);
                    remaining
                }
            };
            if remaining == 0 {
                let (head, payload) = message.take().unwrap();
                packets.push(format!("{head}{payload:?} }})"));
            }
        }
    }
    Outcome {
        packets,
        error: None,
    }
}

/// The bytes in pieces, cut at the given places.
fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|range| &bytes[range[0]..range[1]])
        .collect()
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded((version, sender, packet) in packet()) {
        let bytes = encode(&packet, version).unwrap();
        let decoded = decode(&options(version, sender), &bytes);
        prop_assert_eq!(format!("{decoded:?}"), format!("Ok(Some(({packet:?}, {})))", bytes.len()));
        prop_assert_eq!(decoded, Ok(Some((packet, bytes.len()))));
        for cut in 0..bytes.len() {
            prop_assert_eq!(decode(&options(version, sender), &bytes[..cut]), Ok(None));
        }
    }

    #[test]
    fn a_buffer_too_small_is_left_alone((version, _, packet) in packet(), missing in any::<Index>()) {
        let needed = packet.encoded_len(version).unwrap();
        let mut buf = vec![0xA5; missing.index(needed)];
        prop_assert_eq!(packet.encode(version, &mut buf), Err(EncodeError::BufferTooSmall { needed }));
        prop_assert!(buf.iter().all(|&byte| byte == 0xA5));
    }

    #[test]
    fn whatever_is_encoded_someone_decodes(version in strategy::any_of::<Version>(), packet in strategy::wild_packet()) {
        if let Ok(bytes) = encode(&packet, version) {
            let spoken = if let Packet::Connect(connect) = &packet { connect.version } else { version };
            let from = |sender| decode(&options(spoken, sender), &bytes);
            let expected = Ok(Some((packet, bytes.len())));
            prop_assert!(
                from(Role::Client) == expected || from(Role::Server) == expected,
                "{:?} {:?}", from(Role::Client), from(Role::Server)
            );
        }
    }

    #[test]
    fn whatever_is_decoded_is_encoded((version, sender, bytes) in stream()) {
        let mut input = &bytes[..];
        let options = options(version, sender);
        while let Ok(Some(packet)) = Packet::decode(&options, &mut input) {
            let again = encode(&packet, version).unwrap();
            let mut options = options;
            if let Packet::Connect(connect) = &packet {
                options.version = connect.version;
            }
            prop_assert_eq!(decode(&options, &again), Ok(Some((packet, again.len()))));
        }
    }

    #[test]
    fn a_publish_head_is_the_packet_without_its_payload(
        publish in strategy::publish(Version::V5, Role::Server),
    ) {
        let whole = encode(&Packet::Publish(publish), Version::V5).unwrap();
        let mut head = vec![0; publish.head.encoded_len(Version::V5, publish.payload.len()).unwrap()];
        let len = publish.head.encode(Version::V5, publish.payload.len(), &mut head).unwrap();
        prop_assert_eq!(len, head.len());
        head.extend(publish.payload);
        prop_assert_eq!(head, whole);
    }

    #[test]
    fn every_way_to_encode_comes_to_the_same(
        packet in prop_oneof![packet().prop_map(|(_, _, packet)| packet), strategy::wild_packet()],
        version in strategy::any_of::<Version>(),
        room in 0_usize..100,
    ) {
        // A piece as large as the packet is written by the code for all packets.
        let slowly = PacketEncoder::new(&packet, version).map(|mut encoder| {
            let mut buf = vec![0; encoder.remaining()];
            assert_eq!(encoder.encode(&mut buf), buf.len());
            buf
        });
        prop_assert_eq!(encode(&packet, version), slowly.clone());
        let mut buf = vec![0xA5; room];
        let written = packet.encode(version, &mut buf);
        let (len, expected) = match slowly {
            Ok(bytes) if bytes.len() <= room => (bytes.len(), Ok(bytes.len())),
            Ok(bytes) => (0, Err(EncodeError::BufferTooSmall { needed: bytes.len() })),
            Err(error) => (0, Err(error)),
        };
        prop_assert_eq!(written, expected);
        prop_assert!(buf[len..].iter().all(|&byte| byte == 0xA5));
        if let Packet::Publish(publish) = packet {
            let needed = publish.head.encoded_len(version, publish.payload.len());
            let mut head = vec![0xA5; needed.unwrap_or(8)];
            let written = publish.head.encode(version, publish.payload.len(), &mut head);
            prop_assert_eq!(written, needed);
            prop_assert_eq!(needed.is_ok(), packet.encoded_len(version).is_ok());
        }
    }

    #[test]
    fn pieces_are_the_whole((version, _, packet) in packet(), pieces in vec(0_usize..40, 1..8)) {
        let whole = encode(&packet, version).unwrap();
        let mut encoder = PacketEncoder::new(&packet, version).unwrap();
        let mut joined = Vec::new();
        // The last size is used for all that is left, which has no more pieces than there is time for.
        let rest = pieces[pieces.len() - 1].max(1 + whole.len() / 0x4000);
        for len in pieces.into_iter().chain(std::iter::repeat(rest)) {
            let left = whole.len() - joined.len();
            prop_assert_eq!(encoder.remaining(), left);
            let mut buf = vec![0xA5; len];
            let written = encoder.encode(&mut buf);
            prop_assert_eq!(written, len.min(left));
            prop_assert!(buf[written..].iter().all(|&byte| byte == 0xA5));
            joined.extend_from_slice(&buf[..written]);
            if left == 0 {
                break;
            }
        }
        prop_assert_eq!(joined, whole);
    }

    #[test]
    fn any_split_reads_as_the_whole((version, sender, bytes) in stream(), cuts in vec(any::<Index>(), 0..12)) {
        let options = options(version, sender);
        let whole = outcome_of_whole(options, &bytes);
        // Room for all, topic names of Topic Aliases besides.
        let mut scratch = vec![0; bytes.len() * 2 + 64];
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        for pieces in [pieces(&bytes, &cuts), single, vec![&bytes[..]]] {
            let read = outcome_of_pieces(options, &pieces, &mut scratch);
            prop_assert_eq!(&read.packets, &whole.packets);
            // A fault in a PUBLISH's head is told before its payload has come.
            if whole.error.is_some() {
                prop_assert_eq!(read.error, whole.error);
            }
        }
    }

    #[test]
    fn an_accessor_finds_what_iteration_finds((version, sender, packet) in packet()) {
        let bytes = encode(&packet, version).unwrap();
        let decoded = decode(&options(version, sender), &bytes).unwrap().unwrap().0;
        for packet in [packet, decoded] {
            let properties = match packet {
                Packet::Connect(Connect { will: Some(will), .. }) => will.properties,
                Packet::Connect(connect) => connect.properties,
                Packet::ConnAck(connack) => connack.properties,
                Packet::Publish(publish) => publish.head.properties,
                Packet::PubAck(ack) => ack.properties,
                Packet::Disconnect(disconnect) => disconnect.properties,
                Packet::Auth(auth) => auth.properties,
                _ => Properties::EMPTY,
            };
            macro_rules! same {
                ($($accessor:ident $variant:ident)*) => {
                    $(
                        let found = properties.iter().find_map(|property| match property {
                            Property::$variant(value) => Some(value),
                            _ => None,
                        });
                        prop_assert_eq!(properties.$accessor(), found);
                    )*
                };
            }
            same! {
                payload_format_indicator PayloadFormatIndicator
                message_expiry_interval MessageExpiryInterval
                content_type ContentType
                response_topic ResponseTopic
                correlation_data CorrelationData
                session_expiry_interval SessionExpiryInterval
                assigned_client_identifier AssignedClientIdentifier
                server_keep_alive ServerKeepAlive
                authentication_method AuthenticationMethod
                authentication_data AuthenticationData
                request_problem_information RequestProblemInformation
                will_delay_interval WillDelayInterval
                request_response_information RequestResponseInformation
                response_information ResponseInformation
                server_reference ServerReference
                reason_string ReasonString
                receive_maximum ReceiveMaximum
                topic_alias_maximum TopicAliasMaximum
                topic_alias TopicAlias
                maximum_qos MaximumQoS
                retain_available RetainAvailable
                maximum_packet_size MaximumPacketSize
                wildcard_subscription_available WildcardSubscriptionAvailable
                subscription_identifier_available SubscriptionIdentifierAvailable
                shared_subscription_available SharedSubscriptionAvailable
            }
            prop_assert_eq!(properties.len(), properties.iter().count());
        }
    }

    #[test]
    fn every_error_can_be_answered((version, sender, bytes) in stream()) {
        if let Some(error) = outcome_of_whole(options(version, sender), &bytes).error {
            let reason = error.reason_code();
            let disconnect = Packet::Disconnect(Disconnect { reason, properties: Properties::EMPTY });
            let connack = Packet::ConnAck(ConnAck { session_present: false, reason, properties: Properties::EMPTY });
            let answered = |packet: &Packet<'_>, by| {
                encode(packet, Version::V5).is_ok_and(|bytes| decode(&options(Version::V5, by), &bytes).is_ok())
            };
            match sender {
                Role::Server => prop_assert!(answered(&disconnect, Role::Client), "{}", error),
                Role::Client => {
                    prop_assert!(answered(&disconnect, Role::Server) || answered(&connack, Role::Server), "{}", error);
                }
            }
        }
    }

    #[test]
    fn little_scratch_loses_no_delivery(
        (version, sender, bytes) in stream(),
        cuts in vec(any::<Index>(), 0..12),
        scratch in 0_usize..64,
    ) {
        // Without aliases, whose names are lost where a head is passed over.
        let mut options = options(version, sender);
        options.topic_alias_maximum = 0;
        let whole = outcome_of_whole(options, &bytes);
        let read = outcome_of_pieces(options, &pieces(&bytes, &cuts), &mut vec![0; scratch]);
        if let Some(DecodeError { kind: DecodeErrorKind::ScratchTooSmall(needed), .. }) = read.error {
            prop_assert!(needed as usize > scratch);
        }
        for (read, whole) in read.packets.iter().zip(&whole.packets) {
            prop_assert!(read == whole || whole.contains(&format!("delivery: {read}")), "{} {}", read, whole);
        }
    }

    #[test]
    fn what_is_passed_over_is_refused_as_in_decoding(
        (version, sender) in (strategy::any_of::<Version>(), strategy::any_of::<Role>()),
        publish in strategy::publish(Version::V5, Role::Server),
        repeated in proptest::option::of((any::<Index>(), any::<Index>())),
        changes in vec((any::<Index>(), prop_oneof![any::<u8>(), 0_u8..0x2C]), 0..3),
        topic_alias_maximum in prop::sample::select(&[0, 1, u16::MAX][..]),
        scratch in 5_usize..40,
    ) {
        let mut bytes = match repeated {
            Some((which, to)) => encode_repeating(&publish, which, to),
            None => encode(&Packet::Publish(publish), Version::V5).unwrap(),
        };
        // The fixed header stays, so that the packet is whole.
        let header = bytes.len() - after_varint(&bytes[1..]).len();
        for (index, byte) in changes {
            let at = header + index.index(bytes.len() - header);
            bytes[at] = byte;
        }
        let mut options = options(version, sender);
        options.topic_alias_maximum = topic_alias_maximum;
        let decoded = Packet::decode(&options, &mut &bytes[..]).err();
        let mut scratch = vec![0; scratch];
        let mut reader = PacketReader::new(options, &mut scratch);
        let read = reader.read(&mut &bytes[..]);
        match (decoded, read) {
            // What topic names and texts contain is not looked at where a head is passed over.
            (Some(DecodeError { kind: DecodeErrorKind::InvalidUtf8 | DecodeErrorKind::NulInString | DecodeErrorKind::TopicName(_), .. }), _) => {}
            (Some(error), read) => prop_assert_eq!(read, Err(error)),
            (None, Err(error)) => prop_assert!(matches!(
                error.kind,
                DecodeErrorKind::TopicAliasNoRoom(_) | DecodeErrorKind::TopicAliasUnknown(_)
            )),
            (None, Ok(item)) => prop_assert!(item.is_some()),
        }
    }

    #[test]
    fn no_split_matters_with_any_scratch(
        (version, sender, bytes) in stream(),
        cuts in vec(any::<Index>(), 0..12),
        scratch in 0_usize..100,
    ) {
        let options = options(version, sender);
        let read = |pieces: &[&[u8]]| outcome_of_pieces(options, pieces, &mut vec![0; scratch]);
        let whole = read(&[&bytes]);
        prop_assert_eq!(&read(&pieces(&bytes, &cuts)), &whole);
        prop_assert_eq!(&read(&bytes.chunks(1).collect::<Vec<_>>()), &whole);
    }

    /// [MQTT-4.7.3-4]
    #[test]
    fn filters_match_as_their_levels_do(filter in strategy::topic_filter(), name in strategy::topic_name()) {
        fn levels(filter: &[&str], name: &[&str]) -> bool {
            match (filter, name) {
                (["#"], _) | ([], []) => true,
                (["+", filter @ ..], [_, name @ ..]) => levels(filter, name),
                ([first, filter @ ..], [level, name @ ..]) => first == level && levels(filter, name),
                _ => false,
            }
        }
        let filter_levels: Vec<&str> = filter.matched_part().split('/').collect();
        let name_levels: Vec<&str> = name.as_str().split('/').collect();
        let dollar = name.as_str().starts_with('$') && matches!(filter_levels[0], "+" | "#");
        prop_assert_eq!(filter.matches(name), !dollar && levels(&filter_levels, &name_levels));
    }

    #[test]
    fn a_name_is_a_filter_of_itself(name in strategy::topic_name()) {
        prop_assert!(TopicFilter::new(name.as_str()).is_ok_and(|filter| filter.matches(name)));
    }
}
