//! What was decoded is encoded into the same bytes, or the shortest of those that mean the same, and
//! is the same when it is decoded again. Its topics are such, and its properties are there as often as
//! they may be: the encoder takes the one for granted, and checks the other as the decoder does.

use mqtt_proto::{DecodeOptions, Packet, Properties, PropertyId, TopicFilter, Version};

use crate::topic_matching::{is_filter, is_name};

/// The bytes begin with a packet, or with more than one.
pub fn check(data: &[u8]) {
    for options in crate::every_options() {
        let mut rest = data;
        loop {
            let before = rest;
            let Ok(Some(packet)) = Packet::decode(&options, &mut rest) else {
                break;
            };
            check_topics(&packet, options.version);
            check_properties(&packet);
            round_trip(&options, &packet, &before[..before.len() - rest.len()]);
        }
    }
}

fn check_topics(packet: &Packet<'_>, version: Version) {
    let is_filter = |filter: TopicFilter<'_>| is_filter(filter.as_str(), version);
    match packet {
        Packet::Connect(connect) => {
            let topic = connect.will.map(|will| will.topic);
            assert!(topic.is_none_or(|topic| is_name(topic.as_str())));
        }
        Packet::Publish(publish) => {
            let response = publish.head.properties.response_topic();
            for topic in [publish.head.topic, response].into_iter().flatten() {
                assert!(is_name(topic.as_str()));
            }
        }
        Packet::Subscribe(subscribe) => {
            let mut subscriptions = subscribe.subscriptions.iter();
            assert!(subscriptions.all(|subscription| is_filter(subscription.filter)));
        }
        Packet::Unsubscribe(unsubscribe) => {
            assert!(unsubscribe.filters.iter().all(is_filter));
        }
        _ => {}
    }
}

/// None is there twice, but for those that may be.
fn check_properties(packet: &Packet<'_>) {
    let is_publish = matches!(packet, Packet::Publish(_));
    let lists = match packet {
        Packet::Connect(connect) => {
            let will = connect.will.map(|will| will.properties);
            [Some(connect.properties), will]
        }
        packet => [properties(packet), None],
    };
    for list in lists.into_iter().flatten() {
        let mut seen = 0_u64;
        for property in list {
            let id = property.id();
            let repeats = match id {
                PropertyId::UserProperty => true,
                PropertyId::SubscriptionIdentifier => is_publish,
                _ => false,
            };
            assert!(
                repeats || seen & 1 << id as u8 == 0,
                "{id:?} is there twice"
            );
            seen |= 1 << id as u8;
        }
    }
}

fn properties<'a>(packet: &Packet<'a>) -> Option<Properties<'a>> {
    Some(match packet {
        Packet::Connect(connect) => connect.properties,
        Packet::ConnAck(connack) => connack.properties,
        Packet::Publish(publish) => publish.head.properties,
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            ack.properties
        }
        Packet::Subscribe(subscribe) => subscribe.properties,
        Packet::SubAck(suback) | Packet::UnsubAck(suback) => suback.properties,
        Packet::Unsubscribe(unsubscribe) => unsubscribe.properties,
        Packet::Disconnect(disconnect) => disconnect.properties,
        Packet::Auth(auth) => auth.properties,
        Packet::PingReq | Packet::PingResp => return None,
    })
}

fn round_trip(options: &DecodeOptions, packet: &Packet<'_>, bytes: &[u8]) {
    let size = packet
        .encoded_len(options.version)
        .expect("what was decoded can be encoded");
    let mut buf = vec![0; size];
    assert_eq!(packet.encode(options.version, &mut buf), Ok(size));
    assert!(
        buf == bytes || is_shorter_form(options, packet, &buf, bytes),
        "{bytes:02x?} comes back as {buf:02x?}"
    );
    let mut input = buf.as_slice();
    assert_eq!(Packet::decode(options, &mut input), Ok(Some(*packet)));
    assert!(input.is_empty(), "bytes are left over");
}

/// Whether the packet leaves out a Reason Code and a Property Length at its end that are 0.
fn is_shorter_form(
    options: &DecodeOptions,
    packet: &Packet<'_>,
    short: &[u8],
    long: &[u8],
) -> bool {
    let may_be_left_out = matches!(
        packet,
        Packet::PubAck(_)
            | Packet::PubRec(_)
            | Packet::PubRel(_)
            | Packet::PubComp(_)
            | Packet::Disconnect(_)
            | Packet::Auth(_)
    );
    let mut longer = short.to_vec();
    options.version == Version::V5
        && may_be_left_out
        && (0..2).any(|_| {
            longer.push(0);
            longer[1] += 1;
            longer == long
        })
}
