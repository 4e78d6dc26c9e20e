use alloc::collections::{BTreeMap, VecDeque};

use mqtt_proto::PacketId;

use crate::session_state::{Received, ReceivedState};
use crate::storage::ReceiveTable;

/// The counts follow from the entries, and so do the cursors, which say where to look for the next
/// acknowledgement of each kind. They are kept here, and here alone, so that tens of thousands of
/// messages do not mean as many walks over the table.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HeapReceive {
    received: VecDeque<Received>,
    /// The tokens, by which the entries are in order.
    tokens: BTreeMap<PacketId, u64>,
    count: Count,
    /// No message of QoS 1 is before it.
    puback: usize,
    /// No message of QoS 2 that is to get its PUBREC on this connection is before it.
    pubrec: usize,
    /// No `CompDue` is before it.
    pubcomp: usize,
}

/// Of how many entries something is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Count {
    /// Received on this connection.
    counted: usize,
    unpaid: usize,
    ack_due: usize,
    comp_due: usize,
}

impl HeapReceive {
    fn first(&self, from: usize, is_it: fn(&Received) -> bool) -> usize {
        let mut rest = from..self.len();
        let found = rest.find(|&index| self.get(index).is_some_and(is_it));
        found.unwrap_or(self.len())
    }
}

impl ReceiveTable for HeapReceive {
    fn len(&self) -> usize {
        self.received.len()
    }

    fn capacity(&self) -> u16 {
        u16::MAX
    }

    fn get(&self, index: usize) -> Option<&Received> {
        self.received.get(index)
    }

    fn iter(&self) -> impl Iterator<Item = &Received> {
        self.received.iter()
    }

    fn push(&mut self, received: Received) {
        self.count.change(&received, 1);
        self.tokens.insert(received.packet_id, received.token);
        self.received.push_back(received);
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Received)) {
        let Some(received) = self.received.get_mut(index) else {
            return;
        };
        self.count.change(received, -1);
        change(received);
        self.count.change(received, 1);
        if received.is_for_pubrec() {
            self.pubrec = self.pubrec.min(index);
        }
        if received.state == ReceivedState::CompDue {
            self.pubcomp = self.pubcomp.min(index);
        }
    }

    fn remove(&mut self, index: usize) {
        let Some(received) = self.received.remove(index) else {
            return;
        };
        self.count.change(&received, -1);
        self.tokens.remove(&received.packet_id);
        for cursor in [&mut self.puback, &mut self.pubrec, &mut self.pubcomp] {
            if index < *cursor {
                *cursor = cursor.saturating_sub(1);
            }
        }
    }

    /// In one pass.
    fn retain(&mut self, keep: impl Fn(&mut Received) -> bool) {
        let mut received = core::mem::take(self).received;
        received.retain_mut(keep);
        received.into_iter().for_each(|it| self.push(it));
    }

    fn find(&self, packet_id: PacketId) -> Option<usize> {
        self.position(*self.tokens.get(&packet_id)?)
    }

    fn position(&self, token: u64) -> Option<usize> {
        self.received
            .binary_search_by_key(&token, |it| it.token)
            .ok()
    }

    fn counted(&self) -> usize {
        self.count.counted
    }

    fn is_unpaid(&self) -> bool {
        self.count.unpaid > 0
    }

    fn next_due(&mut self, coming: Option<PacketId>) -> Option<usize> {
        if self.count.ack_due > 0 {
            self.puback = self.first(self.puback, |it| !it.exactly_once);
            self.pubrec = self.first(self.pubrec, Received::is_for_pubrec);
        }
        self.pubcomp = match self.count.comp_due {
            0 => self.len(),
            _ => self.first(self.pubcomp, |it| it.state == ReceivedState::CompDue),
        };
        let may_leave = |&index: &usize| self.get(index).is_some_and(|it| it.may_leave(coming));
        let due = [self.puback, self.pubrec, self.pubcomp];
        due.into_iter().filter(may_leave).min()
    }
}

impl Count {
    fn change(&mut self, received: &Received, by: isize) {
        let change = |count: &mut usize, is_true: bool| {
            if is_true {
                *count = count.saturating_add_signed(by);
            }
        };
        change(&mut self.counted, received.counted);
        change(&mut self.unpaid, received.is_unpaid());
        change(&mut self.ack_due, received.state == ReceivedState::AckDue);
        change(&mut self.comp_due, received.state == ReceivedState::CompDue);
    }
}
