//! What the table promises of itself.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{Heap, Inline};

#[derive(Clone, Debug)]
enum Op {
    Publish(Delivery, u32),
    Payload,
    Refused(Delivery),
    PubRel(PacketId),
    Acknowledge(u64, bool),
    Transmit(usize),
    Open(u16),
    Lost,
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    let id = || (1..7_u16).prop_map(|id| PacketId::new(id).unwrap());
    let delivery = move || {
        (id(), any::<bool>(), any::<bool>()).prop_map(|(packet_id, dup, twice)| match twice {
            true => Delivery::ExactlyOnce { packet_id, dup },
            false => Delivery::AtLeastOnce { packet_id, dup },
        })
    };
    prop_oneof![
        6 => (delivery(), 0..2_u32).prop_map(|(delivery, rest)| Op::Publish(delivery, rest)),
        3 => Just(Op::Payload),
        1 => delivery().prop_map(Op::Refused),
        3 => id().prop_map(Op::PubRel),
        4 => (0..20_u64, any::<bool>()).prop_map(|(token, error)| Op::Acknowledge(token, error)),
        4 => (1..20_usize).prop_map(Op::Transmit),
        2 => (1..5_u16).prop_map(Op::Open),
        1 => Just(Op::Lost),
        1 => Just(Op::Close),
    ]
}

fn apply<S: Storage>(receiver: &mut Receiver<S>, op: &Op) -> Vec<u8> {
    // The reader gives what is left of a payload before anything else.
    let mid_payload = receiver.link.incoming != Incoming::Nothing;
    match op {
        Op::Publish(delivery, rest) if !mid_payload => {
            let _ = receiver.handle_publish(*delivery, *rest);
        }
        Op::Payload if mid_payload => drop(receiver.handle_payload(0)),
        Op::Refused(delivery) if !mid_payload => {
            let _ = receiver.handle_refused(*delivery, ReasonCode::QuotaExceeded);
        }
        Op::PubRel(packet_id) if !mid_payload => drop(receiver.handle_pubrel(*packet_id)),
        Op::Acknowledge(token, error) => {
            let codes = [ReasonCode::Success, ReasonCode::NotAuthorized];
            let before = receiver.clone();
            if receiver
                .acknowledge(AckToken(*token), codes[usize::from(*error)])
                .is_err()
            {
                assert!(*receiver == before);
            }
        }
        Op::Transmit(size) => {
            let mut buf = [0; 20];
            let len = receiver.poll_transmit(u32::MAX, &mut buf[..*size]);
            return buf[..len].to_vec();
        }
        Op::Open(maximum) => receiver.open(*maximum),
        Op::Lost if !mid_payload => receiver.session_lost(),
        Op::Publish(..) | Op::Payload | Op::Refused(_) | Op::PubRel(_) | Op::Lost => {}
        Op::Close => receiver.close(),
    }
    Vec::new()
}

/// What a table answers is what its entries say, whether it keeps it or looks for it.
fn check(table: &mut impl ReceiveTable, coming: Option<PacketId>) {
    let entries: Vec<Received> = table.iter().cloned().collect();
    assert_eq!(table.len(), entries.len());
    let counted = entries.iter().filter(|it| it.counted).count();
    assert_eq!(table.counted(), counted, "{table:?}");
    assert_eq!(table.is_unpaid(), entries.iter().any(Received::is_unpaid));
    let due = (0..entries.len()).find(|&index| {
        let it = &entries[index];
        let goes_before = |other: &Received| {
            other.exactly_once == it.exactly_once && (!it.exactly_once || other.is_for_pubrec())
        };
        it.state == ReceivedState::CompDue
            || it.may_leave(coming) && !entries[..index].iter().any(goes_before)
    });
    assert_eq!(table.next_due(coming), due, "{table:?}");
    assert!(entries.is_sorted_by_key(|it| it.token));
    for (index, received) in entries.iter().enumerate() {
        assert_eq!(table.get(index), Some(received));
        // A second one with its identifier would be found instead.
        assert_eq!(table.find(received.packet_id), Some(index));
        assert_eq!(table.position(received.token), Some(index));
        let last = index == entries.len() - 1;
        assert!(last || received.state != ReceivedState::Delivering);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_kept_is_what_can_be_derived(
        manual_ack: bool,
        new: bool,
        ops in proptest::collection::vec(op(), 0..120),
    ) {
        let version = if new { Version::V5 } else { Version::V3_1_1 };
        let mut heap: Receiver<Heap> = Receiver::new(version, manual_ack);
        let mut inline: Receiver<Inline<0, 1, 6>> = Receiver::new(version, manual_ack);
        for op in ops {
            let coming = PacketId::new(1);
            prop_assert_eq!(apply(&mut heap, &op), apply(&mut inline, &op));
            check(&mut heap.table.clone(), coming);
            check(&mut inline.table.clone(), coming);
        }
    }
}

/// Nobody waits while tens of thousands do: neither a message nor its acknowledgement looks at all others.
#[test]
fn sixty_thousand_messages_are_received_at_once() {
    let ids = || (1..=60_000).map(|id| PacketId::new(id).unwrap());
    let mut receiver: Receiver<Heap> = Receiver::new(Version::V5, true);
    receiver.open(u16::MAX);
    let mut tokens = Vec::new();
    for packet_id in ids() {
        let delivery = Delivery::ExactlyOnce {
            packet_id,
            dup: false,
        };
        let reception = receiver.handle_publish(delivery, 0).unwrap();
        if let Reception::Deliver(Some(token)) = reception {
            tokens.push(token);
        }
    }
    let mut buf = [0; 4];
    for (packet_id, token) in ids().zip(tokens) {
        receiver.acknowledge(token, ReasonCode::Success).unwrap();
        assert_eq!(receiver.poll_transmit(u32::MAX, &mut buf), 4);
        let [high, low] = packet_id.get().to_be_bytes();
        assert_eq!(buf, [0x50, 2, high, low]);
    }
    for packet_id in ids() {
        assert_eq!(receiver.handle_pubrel(packet_id), Ok(true));
        assert_eq!(receiver.poll_transmit(u32::MAX, &mut buf), 4);
    }
    assert!(receiver.is_empty());
}
