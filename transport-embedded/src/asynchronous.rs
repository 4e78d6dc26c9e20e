//! The driver over `embedded-io-async`.

use core::future::{Future, pending};
use core::task::Poll;

use embassy_futures::poll_once;
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use mqtt_session::{Instant, Storage};

use crate::link::Action;
use crate::{Commands, Connection, Step, Timer};

/// The asynchronous driver.
impl<S: Storage, C: Timer, T: Read + Write> Connection<'_, S, C, T> {
    /// Moves bytes and keeps the session's deadlines until there is something for the
    /// application. The event borrows the buffers; the [`Commands`] beside it are for publishing,
    /// acknowledging and the like while it is held.
    ///
    /// `Ok(None)`: the connection is over, all was sent, and the transport can be closed. It comes
    /// after [`Event::Disconnected`](mqtt_session::Event::Disconnected), which says why.
    ///
    /// The last bytes, such as a DISCONNECT, have the session's `ping_timeout` to leave: the other
    /// side may be dead.
    ///
    /// Cancel-safe: a dropped future has lost no byte and no event.
    ///
    /// In manual-ack mode on 3.1.1, which has no Receive Maximum, a Server may send more than the
    /// session can track. Then nothing is read, and only deadlines are kept, until the
    /// application acknowledges: drop the future to do so.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub async fn next(&mut self) -> Result<Option<(Step<'_>, Commands<'_, S, C>)>, T::Error> {
        let Self {
            commands: Commands { session, clock },
            link,
            transport,
        } = self;
        let clock = *clock;
        // Each step is returned from where it is made, and so not moved.
        loop {
            let now = clock.now();
            let action = link.action(session, now);
            let deadline = link.deadline(session);
            // How many bytes moved; 0: the transport is at its end; `None`: nothing happened.
            let moved = match action {
                Action::Offer => {
                    let step = link.offer(session, now);
                    return Ok(Some((step, Commands { session, clock })));
                }
                Action::Return(step) => return Ok(Some((step, Commands { session, clock }))),
                Action::Write => before(clock, deadline, transport.write(link.output()))
                    .await
                    .map(|result| result.inspect(|&count| link.written(count))),
                Action::Flush => match before(clock, deadline, transport.flush()).await {
                    Some(Ok(())) => {
                        link.flushed();
                        None
                    }
                    other => other.map(|result| result.map(|()| 0)),
                },
                Action::TryRead | Action::Look => match poll_once(transport.read(link.room())) {
                    Poll::Ready(result) => Some(result.inspect(|&count| link.received(count))),
                    Poll::Pending => None,
                },
                Action::Read => before(clock, deadline, transport.read(link.room()))
                    .await
                    .map(|result| result.inspect(|&count| link.received(count))),
                Action::Wait => before(clock, deadline, pending()).await,
                Action::Close => Some(Ok(0)),
                Action::Over => return Ok(None),
            };
            match moved {
                None | Some(Ok(1..)) => {}
                Some(Ok(0)) => link.close(),
                Some(Err(error)) => {
                    // The error says that the connection is over.
                    let _ = session.handle_close(clock.now());
                    return Err(error);
                }
            }
        }
    }

    /// Sends bytes of the payload that [`Step::PayloadDue`] asked for, from its `offset` on, and
    /// returns how many the transport took: maybe fewer than given, and 0 where the session has
    /// something to do first. [`next`](Self::next) then asks for the rest.
    ///
    /// Nothing is copied: `bytes` go to the transport as they are.
    ///
    /// Cancel-safe: a dropped future has sent nothing.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub async fn send_payload(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        let Commands { session, clock } = &mut self.commands;
        if self.link.fill(session, clock.now()) {
            return Ok(0);
        }
        let Some(due) = session.poll_payload() else {
            return Ok(0);
        };
        let limit = usize::try_from(due.remaining).unwrap_or(usize::MAX);
        let bytes = bytes.get(..limit).unwrap_or(bytes);
        let deadline = session.poll_timeout();
        match before(*clock, deadline, self.transport.write(bytes)).await {
            None => Ok(0),
            Some(Ok(count)) => {
                let count = count.min(bytes.len());
                self.link.written(0);
                let sent = u32::try_from(count).unwrap_or(due.remaining);
                session.payload_sent(clock.now(), sent);
                Ok(count)
            }
            Some(Err(error)) => {
                let _ = session.handle_close(clock.now());
                Err(error)
            }
        }
    }
}

/// The output of `future`, or `None` if the deadline came first.
async fn before<C: Timer, F: Future>(
    clock: &C,
    deadline: Option<Instant>,
    future: F,
) -> Option<F::Output> {
    let Some(deadline) = deadline else {
        return Some(future.await);
    };
    match select(future, clock.wait_until(deadline)).await {
        Either::First(output) => Some(output),
        Either::Second(()) => None,
    }
}
