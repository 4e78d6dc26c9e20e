//! What the tables promise of themselves.

use std::vec;
use std::vec::Vec;

use mqtt_proto::{PacketId, Property, QoS, ReasonCode, Sequence, Subscription, TopicFilter};
use proptest::prelude::*;

use super::Sender;
use crate::connection::Limits;
use crate::session_state::{Entry, EntryState, Section};
use crate::storage::SendTable;
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

/// What a table answers is what its entries say, whether it keeps it or looks for it.
fn check(table: &mut impl SendTable) {
    let entries: Vec<Entry> = table.iter().cloned().collect();
    let sections: Vec<Section> = entries.iter().map(Entry::section).collect();
    assert!(sections.is_sorted(), "{table:?}");
    let count = |section| sections.iter().filter(|it| **it == section).count();
    let (ended, released) = (count(Section::Ended), count(Section::Released));
    assert_eq!(table.ended(), ended, "{table:?}");
    assert_eq!(table.released(), ended + released, "{table:?}");
    let sent = entries.iter().filter(|entry| entry.counts_as_sent());
    assert_eq!(table.in_flight(), released + sent.count(), "{table:?}");
    if entries.iter().any(Entry::is_waiting_control) {
        assert!(table.has_controls(), "{table:?}");
    }
    let unsent = entries.iter().position(Entry::is_unsent);
    assert_eq!(table.unsent(), unsent, "{table:?}");
    let is_due = |entry: &Entry| entry.state == EntryState::PubRelDue;
    let due = entries.iter().position(is_due);
    assert_eq!(table.pubrel_due(), due, "{table:?}");
    let first = entries.iter().map(Entry::expiry).min();
    assert!(table.expiry() <= first.unwrap_or(Instant::NEVER));
    let lens: usize = entries.iter().map(|entry| entry.len as usize).sum();
    assert_eq!(table.outbox_len(), lens);
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(table.get(index), Some(entry));
        assert_eq!(table.bytes(index).len(), entry.len as usize);
        assert_eq!(entry.len == 0, entry.section() != Section::Rest);
        assert_eq!(table.position(entry.token), Some(index), "{table:?}");
        if let Some(id) = entry.packet_id {
            assert!(table.has_id(id) && table.find(id) == Some(index));
        }
    }
    let ids = entries.iter().filter_map(|entry| entry.packet_id);
    let free = (1..9)
        .filter_map(PacketId::new)
        .find(|id| !ids.clone().any(|it| it == *id));
    assert!(free.is_none_or(|id| !table.has_id(id) && table.find(id).is_none()));
    let rest = entries.iter().skip(ended + released);
    assert!(rest.is_sorted_by_key(|entry| entry.token));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Kept where the entries change, the cursors and counts are what the entries say.
    #[test]
    fn what_is_kept_is_what_can_be_derived(ops in proptest::collection::vec(op(), 0..120)) {
        let mut heap: Sender<Heap> = Sender::new(mqtt_proto::Version::V5, 400);
        let mut inline: Sender<Inline<400, 128, 1>> = Sender::new(mqtt_proto::Version::V5, 400);
        let (mut now, mut inline_now) = (Instant::default(), Instant::default());
        for op in ops {
            let bytes = apply(&mut heap, &mut now, &op);
            prop_assert_eq!(bytes, apply(&mut inline, &mut inline_now, &op));
            check(&mut heap.table.clone());
            check(&mut inline.table.clone());
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
