//! The steps to encode a packet in pieces are as many as its elements and the pieces, not their product.

extern crate std;

use core::cell::Cell;
use std::vec;

use super::*;
use crate::wire::Entry;
use crate::{
    Connect, DecodeOptions, Delivery, Disconnect, PacketId, Properties, Property, Publish,
    PublishHead, QoS, ReasonCode, Role, Sequence, SubAck, Subscribe, Subscription, TopicFilter,
    TopicName, Unsubscribe, Will,
};

/// Counts what is written through it.
struct Counted<'c, O> {
    out: O,
    calls: &'c Cell<usize>,
}

impl<O: Output> Output for Counted<'_, O> {
    const IS_CHECKED: bool = O::IS_CHECKED;

    fn enter(&mut self) -> Entry {
        self.calls.set(self.calls.get() + 1);
        self.out.enter()
    }

    fn go_on(&mut self, inside: usize) -> bool {
        self.calls.set(self.calls.get() + 1);
        self.out.go_on(inside)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.calls.set(self.calls.get() + 1);
        self.out.bytes(bytes);
    }
}

/// Encodes the packet of so many elements as it is and as it is once decoded.
fn is_linear(packet: &Packet<'_>, elements: usize) {
    let mut whole = vec![0; packet.encoded_len(Version::V5).unwrap()];
    packet.encode(Version::V5, &mut whole).unwrap();
    let decoded = [Role::Client, Role::Server].into_iter().find_map(|sender| {
        let options = DecodeOptions::new(Version::V5, sender);
        Packet::decode(&options, &mut &whole[..]).ok()?
    });
    for packet in [*packet, decoded.unwrap()] {
        for size in [1, 2, 3, 5, 64, 1000, whole.len()] {
            let mut encoder = PacketEncoder::new(&packet, Version::V5).unwrap();
            let calls = Cell::new(0);
            let (mut joined, mut pieces) = (vec![], 0);
            while encoder.remaining() > 0 {
                let mut piece = vec![0; size.min(encoder.remaining())];
                let out = PartWriter::new(encoder.written, encoder.mark, &mut piece);
                let out = encoder.walk(Counted { out, calls: &calls });
                (encoder.written, encoder.mark) = out.out.end();
                joined.extend(piece);
                pieces += 1;
            }
            assert!(joined == whole, "in pieces of {size}");
            let most = 10 * elements + 40 * pieces;
            assert!(calls.get() <= most, "{} steps for {most}", calls.get());
        }
    }
}

#[test]
fn packets_with_lists_are() {
    let packet_id = PacketId::MIN;
    let topic = TopicName::new("some/where").unwrap();
    let filter = TopicFilter::new("some/+").unwrap();
    for len in [1, 30, 600] {
        let properties = vec![Property::UserProperty("name", ""); len];
        let properties = Properties::new(&properties);
        let subscriptions = vec![Subscription::new(filter, QoS::AtLeastOnce); len];
        let filters = vec![filter; len];
        let reasons = vec![ReasonCode::UnspecifiedError; len];
        for (packet, lists) in [
            (
                Packet::Connect(Connect {
                    will: Some(Will {
                        topic,
                        payload: b"gone",
                        qos: QoS::AtMostOnce,
                        retain: false,
                        properties,
                    }),
                    properties,
                    ..Connect::new(Version::V5, "client")
                }),
                2,
            ),
            (
                Packet::Publish(Publish {
                    head: PublishHead {
                        delivery: Delivery::AtMostOnce,
                        retain: false,
                        topic: Some(topic),
                        properties,
                    },
                    payload: &[0x42; 300],
                }),
                1,
            ),
            (
                Packet::Disconnect(Disconnect {
                    reason: ReasonCode::UnspecifiedError,
                    properties,
                }),
                1,
            ),
            (
                Packet::Subscribe(Subscribe {
                    packet_id,
                    properties,
                    subscriptions: Sequence::new(&subscriptions),
                }),
                2,
            ),
            (
                Packet::SubAck(SubAck {
                    packet_id,
                    properties,
                    reasons: Sequence::new(&reasons),
                }),
                2,
            ),
            (
                Packet::Unsubscribe(Unsubscribe {
                    packet_id,
                    properties,
                    filters: Sequence::new(&filters),
                }),
                2,
            ),
        ] {
            is_linear(&packet, lists * len);
        }
    }
}
