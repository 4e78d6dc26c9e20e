//! Where a session stands with its Network Connection, and what may happen there.
//!
//! All of it is the table of [`step`]. The page at [`State`] is made of the table, and a test
//! compares them.

use crate::Violation;

/// Where a session stands with its Network Connection.
///
/// What can happen, where, and what follows:
#[doc = include_str!("automaton.md")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// No Network Connection.
    Disconnected,
    /// CONNECT was given out, CONNACK has not come.
    Connecting,
    /// CONNACK has come.
    Connected,
    /// The connection is over but for what `poll_transmit` still gives.
    Disconnecting,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trigger {
    /// The command `connect`.
    Connect,
    /// The command `disconnect`.
    Disconnect,
    /// CONNACK that accepts.
    ConnAckAccepts,
    /// CONNACK that refuses.
    ConnAckRefuses,
    /// AUTH.
    Auth,
    /// DISCONNECT from the Server.
    ServerDisconnect,
    /// Any other packet that a Server may send.
    ServerPacket,
    /// A packet that only a Client may send.
    ClientPacket,
    /// Bytes that are no packet, or a packet that its handler objects to.
    Fault,
    /// The CONNACK or a PINGRESP did not come in time.
    Timeout,
    /// The transport was closed.
    Closed,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The state afterwards. The trigger is handled.
    To(State),
    /// The Server did what it may not do now: `Disconnecting`, with a DISCONNECT in 5.0.
    Violation(Violation),
    /// The command is refused: an `Err`.
    Refuse,
    /// Nothing; input is not even read.
    Ignore,
}

/// The table.
#[expect(clippy::match_same_arms, reason = "a table is read line by line")]
pub(crate) const fn step(state: State, trigger: Trigger) -> Step {
    use State::{Connected, Connecting, Disconnected, Disconnecting};
    use Step::{Ignore, Refuse, To};
    use Trigger as T;
    match (state, trigger) {
        (Disconnected, T::Connect) => To(Connecting),
        // A second CONNECT is a Protocol Error [MQTT-3.1.0-2].
        (_, T::Connect) => Refuse,

        (Connecting | Connected, T::Disconnect) => To(Disconnecting),
        (_, T::Disconnect) => Refuse,

        (_, T::Closed) => To(Disconnected),

        // After DISCONNECT nothing more is sent [MQTT-3.14.4-1], and so nothing is answered.
        (Disconnected | Disconnecting, _) => Ignore,

        (Connecting, T::ConnAckAccepts) => To(Connected),
        (Connecting, T::ConnAckRefuses) => To(Disconnecting),
        (Connected, T::ConnAckAccepts | T::ConnAckRefuses) => {
            Step::Violation(Violation::SecondConnAck)
        }

        // Enhanced authentication runs before CONNACK, re-authentication after it.
        (_, T::Auth) => To(state),

        // [MQTT-3.2.0-1], [MQTT-3.14.0-1]
        (Connecting, T::ServerDisconnect | T::ServerPacket) => {
            Step::Violation(Violation::BeforeConnAck)
        }
        (Connected, T::ServerPacket) => To(Connected),
        (Connected, T::ServerDisconnect) => To(Disconnecting),

        (_, T::ClientPacket) => Step::Violation(Violation::ClientPacket),
        (_, T::Fault | T::Timeout) => To(Disconnecting),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::string::String;

    use super::*;

    const STATES: [State; 4] = [
        State::Disconnected,
        State::Connecting,
        State::Connected,
        State::Disconnecting,
    ];

    const TRIGGERS: [Trigger; 11] = [
        Trigger::Connect,
        Trigger::Disconnect,
        Trigger::ConnAckAccepts,
        Trigger::ConnAckRefuses,
        Trigger::Auth,
        Trigger::ServerDisconnect,
        Trigger::ServerPacket,
        Trigger::ClientPacket,
        Trigger::Fault,
        Trigger::Timeout,
        Trigger::Closed,
    ];

    fn cell(state: State, trigger: Trigger) -> String {
        match step(state, trigger) {
            Step::To(next) if next == state => "stays".into(),
            Step::To(next) => std::format!("**{next:?}**"),
            Step::Violation(violation) => std::format!("violation `{violation:?}`"),
            Step::Refuse => "refused".into(),
            Step::Ignore => "ignored".into(),
        }
    }

    fn page() -> String {
        let mut page = String::from("\n| |");
        for state in STATES {
            write!(page, " {state:?} |").unwrap();
        }
        page.push_str("\n|---|---|---|---|---|\n");
        for trigger in TRIGGERS {
            write!(page, "| {trigger:?} |").unwrap();
            for state in STATES {
                write!(page, " {} |", cell(state, trigger)).unwrap();
            }
            page.push('\n');
        }
        page.push_str("\n```text\n");
        for from in STATES {
            for to in STATES {
                let arrows: std::vec::Vec<String> = TRIGGERS
                    .iter()
                    .filter(|&&trigger| {
                        from != to
                            && match step(from, trigger) {
                                Step::To(next) => next == to,
                                Step::Violation(_) => to == State::Disconnecting,
                                Step::Refuse | Step::Ignore => false,
                            }
                    })
                    .map(|trigger| std::format!("{trigger:?}"))
                    .collect();
                if !arrows.is_empty() {
                    let (from, to) = (std::format!("{from:?}"), std::format!("{to:?}"));
                    writeln!(page, "{from:>13} ──> {to:<13}  {}", arrows.join(", ")).unwrap();
                }
            }
        }
        page.push_str("```\n");
        page
    }

    /// To accept a change of the table: `UPDATE=1 cargo test -p mqtt-session automaton`.
    #[test]
    fn the_page_shows_the_whole_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/connection/automaton.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page());
    }

    #[test]
    fn a_closed_transport_ends_every_state() {
        for state in STATES {
            assert_eq!(step(state, Trigger::Closed), Step::To(State::Disconnected));
        }
    }
}
