use crate::{Properties, ReasonCode};

/// An AUTH packet (section 3.15 of 5.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auth<'a> {
    /// Success, Continue authentication or Re-authenticate.
    pub reason: ReasonCode,
    /// The Authentication Method, its data and more.
    pub properties: Properties<'a>,
}
