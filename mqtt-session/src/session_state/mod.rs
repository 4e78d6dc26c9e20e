//! What outlives a Network Connection (section 4.1) [MQTT-3.1.2-23], [MQTT3-3.1.2-4].

mod entry;
mod outbox;
mod packet_ids;
mod receiver;
mod sender;

pub(crate) use entry::{Entry, EntryState, Section};
pub(crate) use receiver::{Received, ReceivedState};
pub use receiver::{Receiver, Reception};
pub use sender::Sender;
