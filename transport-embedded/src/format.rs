//! `defmt::Format` of what holds a session.

use defmt::{Format, Formatter, write};
use mqtt_session::Storage;

use crate::{Client, Clock, Commands, Connection};

impl<S: Storage, C: Clock> Format for Client<'_, S, C> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Client {{ session: {} }}", self.session());
    }
}

impl<S: Storage, C: Clock> Format for Commands<'_, S, C> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Commands {{ session: {} }}", self.session());
    }
}

impl<S: Storage, C: Clock, T> Format for Connection<'_, S, C, T> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Connection {{ session: {} }}", self.commands.session());
    }
}
