use mqtt_session::{Completion, Event, PayloadDue, Token};

/// What [`next`](crate::Connection::next) hands to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step<'a> {
    /// The session's event.
    Event(Event<'a>),
    /// An operation ended without a packet that says so.
    Completed(Token, Completion),
    /// The bytes of a streamed payload can be sent now:
    /// [`send_payload`](crate::Connection::send_payload). Given again until all are sent.
    PayloadDue(PayloadDue),
    /// Bytes came that say nothing to the application. Call again.
    Again,
}
