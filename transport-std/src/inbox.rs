use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smol::channel::Sender;

use crate::Message;
use crate::command::Command;

/// What is kept of a message beside its bytes, rounded up.
const OVERHEAD: usize = 256;

/// The bytes of received messages that no consumer has taken yet.
pub(crate) struct Inbox {
    held: AtomicUsize,
    limit: usize,
    commands: Sender<Command>,
}

impl Inbox {
    pub(crate) fn new(limit: usize, commands: Sender<Command>) -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            limit,
            commands,
        })
    }

    /// Whether no further message may be read, whoever waits.
    pub(crate) fn is_full(&self) -> bool {
        self.held.load(Ordering::SeqCst) >= self.limit
    }

    /// Counts a message until what is given is dropped.
    pub(crate) fn hold(self: &Arc<Self>, message: &Message) -> Held {
        let bytes = message.topic.len() + message.payload.len() + message.properties.size();
        let size = OVERHEAD + bytes;
        self.held.fetch_add(size, Ordering::SeqCst);
        Held {
            size,
            inbox: Arc::clone(self),
        }
    }
}

/// Says, when dropped, that a consumer has taken a message.
pub(crate) struct Held {
    size: usize,
    inbox: Arc<Inbox>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let inbox = &self.inbox;
        let before = inbox.held.fetch_sub(self.size, Ordering::SeqCst);
        if before >= inbox.limit && before - self.size < inbox.limit {
            // A driver that is over needs no waking.
            let _ = inbox.commands.try_send(Command::Wake);
        }
    }
}
