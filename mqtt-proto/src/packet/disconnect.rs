use crate::{Properties, ReasonCode};

/// A DISCONNECT packet (section 3.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnect<'a> {
    /// Why; always [`ReasonCode::Success`] in 3.1.1.
    pub reason: ReasonCode,
    /// Session Expiry Interval, Reason String and more.
    pub properties: Properties<'a>,
}
