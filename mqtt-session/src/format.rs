//! `defmt::Format` of what is too large for a log: a summary; and of what cannot derive it.

use defmt::{Format, Formatter, write};

use crate::{AckToken, Receiver, Sender, Session, Storage, Token};

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

impl Format for Token {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Token({})", { self.0 });
    }
}

impl Format for AckToken {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "AckToken({})", { self.0 });
    }
}
