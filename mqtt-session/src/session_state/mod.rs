//! What outlives a Network Connection (section 4.1).

mod entry;
mod outbox;
mod packet_ids;
mod quota;
mod receiver;
mod sender;
mod table;

pub(crate) use entry::Entry;
pub(crate) use receiver::Received;
pub use receiver::{Receiver, Reception};
pub use sender::Sender;
