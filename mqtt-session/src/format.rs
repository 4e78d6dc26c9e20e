//! `defmt::Format` of what is too large for a log: a summary.

use defmt::{Format, Formatter, write};

use crate::{Receiver, Sender, Session, Storage};

impl<S: Storage> Format for Session<S> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Session {{ state: {}, pending: {}, outbox_len: {} }}",
            self.state(),
            self.pending(),
            self.outbox_len()
        );
    }
}

impl<S: Storage> Format for Sender<S> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "Sender {{ pending: {}, outbox_len: {} }}",
            self.pending(),
            self.outbox_len()
        );
    }
}

impl<S: Storage> Format for Receiver<S> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Receiver {{ len: {} }}", self.len());
    }
}
