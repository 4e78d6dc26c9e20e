use mqtt_proto::{PacketId, ReasonCode};

use crate::storage::ReceiveTable;

/// One received message in the receiver's table: 16 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Received {
    /// Ascends in the table.
    pub(crate) token: u64,
    pub(crate) packet_id: PacketId,
    pub(super) exactly_once: bool,
    pub(super) state: ReceivedState,
    pub(super) reason: ReasonCode,
    /// Received on this connection, and so counted in the other side's send quota.
    pub(super) counted: bool,
}

/// How far a received message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ReceivedState {
    /// Its payload is still coming.
    Delivering,
    /// The application is to acknowledge it.
    Unacknowledged,
    /// PUBACK or PUBREC is due.
    AckDue,
    /// PUBREC was handed out, or would be at a repetition.
    AwaitingRel,
    /// PUBCOMP is due.
    CompDue,
}

/// The received messages in order.
///
/// The counts follow from the entries, and so do the cursors, which say where to look for the next
/// acknowledgement of each kind. They are kept here, and here alone, so that tens of thousands of
/// messages do not mean as many walks over the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Table<T> {
    slots: T,
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
    counted: u16,
    unacknowledged: u16,
    ack_due: u16,
    comp_due: u16,
}

/// Getters.
impl<T: ReceiveTable> Table<T> {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn capacity(&self) -> u16 {
        self.slots.capacity()
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= usize::from(self.capacity())
    }

    pub(super) fn get(&self, index: usize) -> Option<&Received> {
        self.slots.get(index)
    }

    /// Messages that count in the other side's send quota.
    pub(super) fn counted(&self) -> u16 {
        self.count.counted
    }

    /// Whether there is a message that the application or `poll_transmit` can do something about.
    pub(super) fn is_unpaid(&self) -> bool {
        let count = &self.count;
        count.unacknowledged > 0 || count.ack_due > 0 || count.comp_due > 0
    }

    pub(super) fn find(&self, packet_id: PacketId) -> Option<usize> {
        self.slots.find(packet_id)
    }

    pub(super) fn find_token(&self, token: u64) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle)?.token < token {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        let is_it = |received: &Received| received.token == token;
        self.get(low).is_some_and(is_it).then_some(low)
    }

    /// The first message whose acknowledgement may leave: PUBACK and PUBREC not before those of
    /// their QoS that came earlier [MQTT-4.6.0-2], [MQTT-4.6.0-3]. The one that is `coming` again
    /// waits, since to its sender an acknowledgement before the last byte answers nothing.
    pub(super) fn next_due(&mut self, coming: Option<PacketId>) -> Option<usize> {
        if self.count.ack_due > 0 {
            self.puback = self.first(self.puback, |it| !it.exactly_once);
            self.pubrec = self.first(self.pubrec, Received::is_for_pubrec);
        }
        self.pubcomp = match self.count.comp_due {
            0 => self.len(),
            _ => self.first(self.pubcomp, |it| it.state == ReceivedState::CompDue),
        };
        let may_leave = |index: &usize| {
            self.get(*index).is_some_and(|it| match it.state {
                ReceivedState::AckDue => coming != Some(it.packet_id),
                ReceivedState::CompDue => true,
                _ => false,
            })
        };
        let due = [self.puback, self.pubrec, self.pubcomp];
        due.into_iter().filter(may_leave).min()
    }

    fn first(&self, from: usize, is_it: fn(&Received) -> bool) -> usize {
        let mut rest = from..self.len();
        let found = rest.find(|&index| self.get(index).is_some_and(is_it));
        found.unwrap_or(self.len())
    }
}

/// Changes.
impl<T: ReceiveTable> Table<T> {
    /// Appends; there is room: the caller asked.
    pub(super) fn push(&mut self, received: Received) {
        self.count.change(&received, 1);
        self.slots.push(received);
    }

    /// Changes an entry, but for its token and identifier.
    pub(super) fn replace(&mut self, index: usize, received: Received) {
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        self.count.change(slot, -1);
        self.count.change(&received, 1);
        if received.is_for_pubrec() {
            self.pubrec = self.pubrec.min(index);
        }
        if received.state == ReceivedState::CompDue {
            self.pubcomp = self.pubcomp.min(index);
        }
        *slot = received;
    }

    pub(super) fn set_state(&mut self, index: usize, state: ReceivedState) {
        if let Some(received) = self.get(index) {
            let received = received.clone();
            self.replace(index, Received { state, ..received });
        }
    }

    pub(super) fn remove(&mut self, index: usize) {
        let Some(received) = self.slots.get(index) else {
            return;
        };
        self.count.change(received, -1);
        self.slots.remove(index);
        for cursor in [&mut self.puback, &mut self.pubrec, &mut self.pubcomp] {
            if index < *cursor {
                *cursor = cursor.saturating_sub(1);
            }
        }
    }

    /// Changes all entries and keeps those that are to be kept, in one pass.
    pub(super) fn retain(&mut self, keep: impl FnMut(&mut Received) -> bool) {
        self.slots.retain(keep);
        self.count = Count::of_all(&self.slots);
        (self.puback, self.pubrec, self.pubcomp) = (0, 0, 0);
    }

    /// Panics unless what is kept is what can be derived.
    #[cfg(test)]
    pub(super) fn check(&self)
    where
        T: core::fmt::Debug,
    {
        assert_eq!(self.count, Count::of_all(&self.slots), "{self:?}");
        let none_before = |cursor: usize, is_it: fn(&Received) -> bool| {
            assert!(self.first(0, is_it) >= cursor.min(self.len()), "{self:?}");
        };
        none_before(self.puback, |it| !it.exactly_once);
        none_before(self.pubrec, Received::is_for_pubrec);
        none_before(self.pubcomp, |it| it.state == ReceivedState::CompDue);
        let mut before = None;
        for index in 0..self.len() {
            let received = self.get(index).unwrap();
            assert!(before < Some(received.token), "{self:?}");
            before = Some(received.token);
            // A second one with its identifier would be found instead.
            assert_eq!(self.find(received.packet_id), Some(index));
            assert_eq!(self.find_token(received.token), Some(index));
            let last = index == self.len() - 1;
            assert!(
                last || received.state != ReceivedState::Delivering,
                "{self:?}"
            );
        }
    }
}

impl Received {
    /// Whether PUBREC is to go out for it on this connection. For one of an earlier connection it
    /// is only once the PUBLISH has come again.
    fn is_for_pubrec(&self) -> bool {
        self.exactly_once
            && match self.state {
                ReceivedState::Delivering | ReceivedState::Unacknowledged => self.counted,
                ReceivedState::AckDue => true,
                ReceivedState::AwaitingRel | ReceivedState::CompDue => false,
            }
    }
}

impl Count {
    fn of_all(slots: &impl ReceiveTable) -> Self {
        let mut count = Self::default();
        for received in (0..slots.len()).filter_map(|index| slots.get(index)) {
            count.change(received, 1);
        }
        count
    }

    fn change(&mut self, received: &Received, by: i16) {
        if received.counted {
            self.counted = self.counted.saturating_add_signed(by);
        }
        let of_state = match received.state {
            ReceivedState::Unacknowledged => &mut self.unacknowledged,
            ReceivedState::AckDue => &mut self.ack_due,
            ReceivedState::CompDue => &mut self.comp_due,
            ReceivedState::Delivering | ReceivedState::AwaitingRel => return,
        };
        *of_state = of_state.saturating_add_signed(by);
    }
}
