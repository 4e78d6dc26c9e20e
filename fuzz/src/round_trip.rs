//! What was decoded is encoded, and is the same when it is decoded again; the encoding is canonical.
//! Its topics are such: the encoder takes that for granted.

use mqtt_proto::{DecodeOptions, Packet};

use crate::topic_matching::{is_filter, is_name};

/// The bytes begin with a packet, or with more than one.
pub fn check(data: &[u8]) {
    for options in crate::every_options() {
        let mut input = data;
        while let Ok(Some(packet)) = Packet::decode(&options, &mut input) {
            check_topics(&packet);
            round_trip(&options, &packet);
        }
    }
}

fn check_topics(packet: &Packet<'_>) {
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
            assert!(subscriptions.all(|subscription| is_filter(subscription.filter.as_str())));
        }
        Packet::Unsubscribe(unsubscribe) => {
            assert!(
                unsubscribe
                    .filters
                    .iter()
                    .all(|filter| is_filter(filter.as_str()))
            );
        }
        _ => {}
    }
}

fn round_trip(options: &DecodeOptions, packet: &Packet<'_>) {
    let size = packet
        .encoded_len(options.version)
        .expect("what was decoded can be encoded");
    let mut buf = vec![0; size];
    assert_eq!(packet.encode(options.version, &mut buf), Ok(size));
    let mut input = buf.as_slice();
    let again = Packet::decode(options, &mut input);
    assert_eq!(again, Ok(Some(*packet)));
    assert!(input.is_empty(), "bytes are left over");
    if let Ok(Some(again)) = again {
        let mut canonical = vec![0; size];
        assert_eq!(again.encode(options.version, &mut canonical), Ok(size));
        assert_eq!(buf, canonical);
    }
}
