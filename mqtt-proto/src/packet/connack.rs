use crate::{Properties, ReasonCode};

/// A CONNACK packet (section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnAck<'a> {
    /// Whether the Server continues a Session that it had.
    pub session_present: bool,
    /// The result; the return codes of 3.1.1 are mapped.
    pub reason: ReasonCode,
    /// The Server's limits and more.
    pub properties: Properties<'a>,
}
