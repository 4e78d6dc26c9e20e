use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use smol::channel::Sender;

use crate::command::Command;
use crate::{ConnectError, Connected};

/// What the client's handles and its driver both see.
pub(crate) struct Shared {
    pub(crate) wanted: Wanted,
    pub(crate) room: Room,
    pub(crate) link: Link,
    pub(crate) counters: Counters,
}

impl Shared {
    pub(crate) fn new(commands: Sender<Command>, maximum_outbox: usize) -> Self {
        Self {
            wanted: Wanted {
                count: AtomicUsize::new(0),
                commands,
            },
            room: Room {
                state: Mutex::new(RoomState {
                    free: maximum_outbox,
                    closed: false,
                }),
                limit: maximum_outbox,
                freed: Condvar::new(),
            },
            link: Link {
                state: Mutex::new(LinkState::Connecting(None)),
                changed: Condvar::new(),
                connected: AtomicBool::new(false),
            },
            counters: Counters::default(),
        }
    }
}

/// How many wait right now for something that comes from the Server. While there are any, the
/// driver reads on even where a consumer is slow, as far as the inbox goes: the answer may be
/// behind the messages, and the consumer may be the one that waits for it.
pub(crate) struct Wanted {
    count: AtomicUsize,
    commands: Sender<Command>,
}

impl Wanted {
    pub(crate) fn want(&self) -> Want<'_> {
        if self.count.fetch_add(1, Ordering::SeqCst) == 0 {
            // The driver may be over: then nobody reads.
            let _ = self.commands.try_send(Command::Wake);
        }
        Want(self)
    }

    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }
}

/// Somebody waits while this lives.
pub(crate) struct Want<'a>(&'a Wanted);

impl Drop for Want<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The bytes that outgoing messages may still take.
pub(crate) struct Room {
    state: Mutex<RoomState>,
    limit: usize,
    freed: Condvar,
}

struct RoomState {
    free: usize,
    closed: bool,
}

/// Why there was no room.
pub(crate) enum NoRoom {
    Full,
    TooLarge { limit: usize },
    Closed,
}

impl Room {
    pub(crate) fn try_take(&self, size: usize) -> Result<(), NoRoom> {
        if size > self.limit {
            return Err(NoRoom::TooLarge { limit: self.limit });
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(NoRoom::Closed);
        }
        state.free = state.free.checked_sub(size).ok_or(NoRoom::Full)?;
        Ok(())
    }

    /// Waits for room.
    pub(crate) fn take(&self, size: usize, wanted: &Wanted) -> Result<(), NoRoom> {
        match self.try_take(size) {
            Err(NoRoom::Full) => {}
            outcome => return outcome,
        }
        let _want = wanted.want();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self
            .freed
            .wait_while(state, |state| state.free < size && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(NoRoom::Closed);
        }
        state.free -= size;
        Ok(())
    }

    pub(crate) fn give_back(&self, size: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.free += size;
        drop(state);
        self.freed.notify_all();
    }

    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        drop(state);
        self.freed.notify_all();
    }
}

/// Where the client stands with the Server.
pub(crate) struct Link {
    state: Mutex<LinkState>,
    changed: Condvar,
    connected: AtomicBool,
}

pub(crate) enum LinkState {
    /// Not connected; what became of the last attempt.
    Connecting(Option<ConnectError>),
    Connected(Connected),
    /// Never again; why, if an error ended it.
    Closed(Option<ConnectError>),
}

impl Link {
    /// The end, unless it has come before with an error to tell.
    pub(crate) fn close(&self, error: Option<ConnectError>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, LinkState::Closed(_)) {
            *state = LinkState::Closed(error);
        }
        drop(state);
        self.connected.store(false, Ordering::SeqCst);
        self.changed.notify_all();
    }

    pub(crate) fn set(&self, new: LinkState) {
        self.connected
            .store(matches!(new, LinkState::Connected(_)), Ordering::SeqCst);
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = new;
        self.changed.notify_all();
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::SeqCst)
    }

    /// Waits for a connection or the end; `None` when the time has passed.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Result<Connected, ConnectError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = |state: &mut LinkState| matches!(state, LinkState::Connecting(_));
        let state = match timeout {
            Some(timeout) => {
                self.changed
                    .wait_timeout_while(state, timeout, pending)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
            None => self
                .changed
                .wait_while(state, pending)
                .unwrap_or_else(PoisonError::into_inner),
        };
        match &*state {
            LinkState::Connected(connected) => Ok(connected.clone()),
            LinkState::Closed(error) => Err(error.clone().unwrap_or(ConnectError::Closed)),
            LinkState::Connecting(error) => Err(error.clone().unwrap_or(ConnectError::Pending)),
        }
    }
}

/// What nobody is told of otherwise.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) unhandled: AtomicU64,
    pub(crate) oversized: AtomicU64,
    pub(crate) overflowed: AtomicU64,
}

/// Messages that reached nobody, counted since the client was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Messages that matched no subscription, without a default handler to take them.
    pub unhandled: u64,
    /// Messages larger than [`Options::maximum_packet_size`](crate::Options::maximum_packet_size).
    pub oversized: u64,
    /// Messages of QoS 0 that came for a full subscription while an answer of the Server was waited for.
    pub overflowed: u64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Statistics {
        Statistics {
            unhandled: self.unhandled.load(Ordering::Relaxed),
            oversized: self.oversized.load(Ordering::Relaxed),
            overflowed: self.overflowed.load(Ordering::Relaxed),
        }
    }
}
