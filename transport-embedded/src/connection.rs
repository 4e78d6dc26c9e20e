use mqtt_session::Storage;

use crate::link::Link;
use crate::{Clock, Commands};

/// One MQTT connection.
///
/// Over a transport of `embedded-io-async` it is driven by [`next`](Self::next), over one of
/// `embedded-io` by [`poll`](Self::poll), or [`blocking_next`](Self::blocking_next) where the
/// transport has no `ReadReady`.
///
/// Dropping it tells the session that the connection is closed; the transport is dropped with it.
///
/// # Cancellation
/// Every future here may be dropped at any await, as `select` does: no byte and no state is
/// lost, and the next call goes on where the dropped one stood. What came lies in the receive
/// buffer before anything else happens to it, and how much of the transmit buffer has gone is
/// remembered with each write. The transport has to play its part: `read`, `write` and `flush`
/// must be side-effect-free on cancel, which `embedded-io-async` encourages, and the sockets of
/// `embassy-net` are. A transport that is not (DMA into or out of the caller's buffer, `embedded-tls`)
/// belongs in a task of its own behind a pipe, for the driver too drops a read when a deadline
/// comes, and reads, writes and flushes in turns while none of them can go on.
///
/// In those turns the future that is kept is the write's or the flush's. Where a transport forgets
/// the waker of a read that was dropped, which few do, what comes is then seen when something else
/// wakes the task.
#[derive(Debug)]
pub struct Connection<'c, S: Storage, C: Clock, T> {
    pub(crate) commands: Commands<'c, S, C>,
    pub(crate) link: Link<'c>,
    pub(crate) transport: T,
}

impl<S: Storage, C: Clock, T> Connection<'_, S, C, T> {
    /// Publish, subscribe and the like.
    pub fn commands(&mut self) -> Commands<'_, S, C> {
        Commands {
            session: self.commands.session,
            clock: self.commands.clock,
        }
    }
}

impl<S: Storage, C: Clock, T> Drop for Connection<'_, S, C, T> {
    fn drop(&mut self) {
        let now = self.commands.clock.now();
        // Whoever drops it knows.
        let _ = self.commands.session.handle_close(now);
    }
}
