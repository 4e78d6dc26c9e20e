//! What the tables promise of themselves.

use std::vec;
use std::vec::Vec;

use mqtt_proto::{PacketId, Property, QoS, ReasonCode, Sequence, Subscription, TopicFilter};
use proptest::prelude::*;

use super::Sender;
use crate::connection::Limits;
use crate::{Heap, Inline, Instant, Payload, Publish, Storage};

#[derive(Clone, Debug)]
enum Op {
    Publish(u8, bool, Option<u32>),
    Subscribe,
    PubAck(u16),
    PubRec(u16, bool),
    PubComp(u16, bool),
    SubAck(u16),
    Transmit(usize),
    Payload(u32),
    Open(u16, bool, bool),
    Close,
    Tick(u64),
    Completed,
}

fn op() -> impl Strategy<Value = Op> {
    let id = || 1..9_u16;
    prop_oneof![
        8 => (0..3_u8, any::<bool>(), proptest::option::of(0..9_u32))
            .prop_map(|(qos, streamed, expiry)| Op::Publish(qos, streamed, expiry)),
        1 => Just(Op::Subscribe),
        3 => id().prop_map(Op::PubAck),
        4 => (id(), any::<bool>()).prop_map(|(id, error)| Op::PubRec(id, error)),
        3 => (id(), any::<bool>()).prop_map(|(id, error)| Op::PubComp(id, error)),
        1 => id().prop_map(Op::SubAck),
        8 => (1..60_usize).prop_map(Op::Transmit),
        3 => (0..9_u32).prop_map(Op::Payload),
        2 => (1..4_u16, any::<bool>(), any::<bool>())
            .prop_map(|(maximum, lost, narrow)| Op::Open(maximum, lost, narrow)),
        1 => Just(Op::Close),
        2 => (0..4000_u64).prop_map(Op::Tick),
        2 => Just(Op::Completed),
    ]
}

fn apply<S: Storage>(sender: &mut Sender<S>, now: &mut Instant, op: &Op) -> Vec<u8> {
    let id = |id: &u16| PacketId::new(*id).unwrap();
    match op {
        Op::Publish(qos, streamed, expiry) => {
            let expiry = expiry.map(Property::MessageExpiryInterval);
            let mut publish = Publish::new("a", b"hello").qos(QoS::from_u8(*qos).unwrap());
            publish.properties = Sequence::new(expiry.as_slice());
            if *streamed {
                publish.payload = Payload::Streamed(7);
            }
            let _ = sender.publish(*now, &publish);
        }
        Op::Subscribe => {
            let filter = TopicFilter::new("a").unwrap();
            let filters = [Subscription::new(filter, QoS::AtMostOnce)];
            let _ = sender.subscribe(Sequence::new(&filters), Sequence::EMPTY);
        }
        Op::PubAck(it) => drop(sender.handle_puback(id(it))),
        Op::PubRec(it, error) => {
            let codes = [ReasonCode::Success, ReasonCode::QuotaExceeded];
            let _ = sender.handle_pubrec(id(it), codes[usize::from(*error)]);
        }
        Op::PubComp(it, error) => {
            let codes = [ReasonCode::Success, ReasonCode::PacketIdentifierNotFound];
            let _ = sender.handle_pubcomp(id(it), codes[usize::from(*error)]);
        }
        Op::SubAck(it) => drop(sender.handle_suback(id(it), 1)),
        Op::Transmit(size) => {
            let mut buf = [0; 64];
            let len = sender.poll_transmit(*now, &mut buf[..*size]);
            return buf[..len].to_vec();
        }
        Op::Payload(count) => sender.payload_sent(*count),
        Op::Open(receive_maximum, lost, narrow) => {
            sender.open();
            if *lost {
                sender.session_lost();
            }
            let mut limits = Limits::DEFAULT;
            limits.receive_maximum = (*receive_maximum).try_into().unwrap();
            if *narrow {
                limits.maximum_packet_size = 16;
            }
            sender.start(limits);
        }
        Op::Close => sender.close(),
        Op::Tick(millis) => {
            *now = Instant::from_millis(now.as_millis() + millis);
            sender.handle_timeout(*now);
        }
        Op::Completed => drop(sender.poll_completed()),
    }
    Vec::new()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Kept where the entries change, the bounds, cursors and counts are what the entries say.
    #[test]
    fn what_is_kept_is_what_can_be_derived(ops in proptest::collection::vec(op(), 0..120)) {
        let mut heap: Sender<Heap> = Sender::new(mqtt_proto::Version::V5, 400);
        let mut inline: Sender<Inline<400, 128, 1>> = Sender::new(mqtt_proto::Version::V5, 400);
        let (mut now, mut inline_now) = (Instant::default(), Instant::default());
        for op in ops {
            let bytes = apply(&mut heap, &mut now, &op);
            prop_assert_eq!(bytes, apply(&mut inline, &mut inline_now, &op));
            heap.table.check();
            inline.table.check();
            prop_assert_eq!(heap.outbox_len(), inline.outbox_len());
            prop_assert_eq!(heap.poll_payload(), inline.poll_payload());
            prop_assert_eq!(heap.in_flight(), inline.in_flight());
        }
    }
}

#[test]
fn an_operation_is_small() {
    assert_eq!(size_of::<crate::session_state::Entry>(), 24);
    assert_eq!(size_of::<crate::session_state::Received>(), 16);
}
