use mqtt_proto::ReasonCode;

use crate::session_state::entry::{Entry, EntryState, Section};
use crate::storage::SendTable;
use crate::{Completion, Token};

/// How operations move from section to section as they proceed.
pub(super) trait Operations: SendTable {
    /// The entry of a token that was not released.
    fn position_in_rest(&self, token: Token) -> Option<usize> {
        let index = self.position(token)?;
        let in_rest = |entry: &Entry| entry.section() == Section::Rest;
        self.get(index).is_some_and(in_rest).then_some(index)
    }

    /// The first waiting entry from `from` on that no quota delays and that `allowed` allows.
    fn unsent_control(&self, from: usize, allowed: impl Fn(&Entry) -> bool) -> Option<usize> {
        if !self.has_controls() {
            return None;
        }
        let fits = |entry: &Entry| entry.is_waiting_control() && allowed(entry);
        (from..self.len()).find(|&index| self.get(index).is_some_and(fits))
    }

    fn set_state(&mut self, index: usize, state: EntryState) {
        self.change(index, |entry| entry.state = state);
    }

    /// The first byte of the packet leaves: the message does not expire any more.
    fn begin(&mut self, index: usize) {
        self.change(index, Entry::never_expires);
    }

    /// PUBREC has come: the packet is freed, and PUBREL leaves after those before it [MQTT-4.6.0-4].
    fn release(&mut self, index: usize) {
        let released = self.released();
        self.free(index);
        // Also where PUBREC comes again for one whose PUBREL was sent.
        self.set_state(index, EntryState::PubRelDue);
        if index > released {
            self.shift(index, released);
        }
    }

    /// A QoS 2 message that the other side may have is not sent again: its packet is freed, but
    /// not its identifier, which PUBREL is to free on the other side first.
    fn give_up(&mut self, index: usize, reason: ReasonCode) {
        self.change(index, |entry| entry.give_up(reason));
        self.release(index);
    }

    fn take_ended(&mut self) -> Option<(Token, Completion)> {
        let entry = self.get(0)?;
        let EntryState::Ended(completion) = entry.state else {
            return None;
        };
        Some((self.remove(0)?, completion))
    }
}

impl<T: SendTable> Operations for T {}
