//! The driver over blocking `embedded-io`.

use core::task::Poll;

use embedded_io::{Error as _, ErrorKind, Read, ReadReady, Write};
use mqtt_session::Storage;

use crate::link::{Action, Moved, Wait};
use crate::{Clock, Commands, Connection, Step};

type Polled<'a, S, C, E> = Poll<Result<Option<(Step<'a>, Commands<'a, S, C>)>, E>>;

/// The blocking driver, where the transport can say whether it has bytes.
///
/// While a write blocks, nothing is read. A Server that reads nothing either before all is taken
/// that it has written then waits for us as we do for it, if more is on its way each way than the
/// network holds: let the transport's `write` fail after a while where that can be.
impl<S: Storage, C: Clock, T: Read + ReadReady + Write> Connection<'_, S, C, T> {
    /// Moves what bytes there are and keeps the session's deadlines. A write may block; nothing
    /// else is waited for.
    ///
    /// `Pending`: there is nothing for the application now; call again when bytes have come, and
    /// by [`poll_timeout`](mqtt_session::Session::poll_timeout) at the latest; at once after
    /// [`ErrorKind::Interrupted`].
    /// `Ready(Ok(None))`: the connection is over, all was sent, and the transport can be closed.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub fn poll(&mut self) -> Polled<'_, S, C, T::Error> {
        self.advance(|transport, buf, _| {
            if transport.read_ready()? {
                transport.read(buf).map(Some)
            } else {
                Ok(None)
            }
        })
    }
}

/// The blocking driver, where it cannot. While a write blocks, here too nothing is read.
impl<S: Storage, C: Clock, T: Read + Write> Connection<'_, S, C, T> {
    /// Moves bytes and keeps the session's deadlines until there is something for the
    /// application, or until a read times out.
    ///
    /// `Pending`: a read ended with [`ErrorKind::TimedOut`], anything with
    /// [`ErrorKind::Interrupted`], or the session waits for the application's acknowledgement; call
    /// again.
    /// `Ready(Ok(None))`: the connection is over, all was sent, and the transport can be closed.
    ///
    /// The transport's `read` blocks, so deadlines (keep-alive!) are kept only as precisely as it
    /// times out: let it do so after a second at most. Prefer [`poll`](Self::poll) where the
    /// transport implements `ReadReady`; while a payload is being sent, this reads nothing.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub fn blocking_next(&mut self) -> Polled<'_, S, C, T::Error> {
        self.advance(|transport, buf, wait| {
            if !wait {
                return Ok(None);
            }
            match transport.read(buf) {
                Ok(count) => Ok(Some(count)),
                Err(error) => match error.kind() {
                    ErrorKind::TimedOut => Ok(None),
                    _ => Err(error),
                },
            }
        })
    }

    /// Sends bytes of the payload that [`Step::PayloadDue`] asked for, from its `offset` on, and
    /// returns how many the transport took: maybe fewer than given, and 0 where the session has
    /// something to do first, or after [`ErrorKind::Interrupted`]. [`poll`](Self::poll) then asks
    /// for the rest.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub fn blocking_send_payload(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        let Commands { session, clock } = &mut self.commands;
        if self.link.fill(session, clock.now()) {
            return Ok(0);
        }
        let Some(due) = session.poll_payload() else {
            return Ok(0);
        };
        let limit = usize::try_from(due.remaining).unwrap_or(usize::MAX);
        let bytes = bytes.get(..limit).unwrap_or(bytes);
        match self.transport.write(bytes) {
            Ok(count) => {
                let count = count.min(bytes.len());
                self.link.payload_written();
                let sent = u32::try_from(count).unwrap_or(due.remaining);
                session.payload_sent(clock.now(), sent);
                Ok(count)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(error) => {
                let _ = session.handle_close(clock.now());
                Err(error)
            }
        }
    }

    /// `read`: `None` where there is nothing, and waiting, if it was allowed, did not help.
    fn advance(
        &mut self,
        mut read: impl FnMut(&mut T, &mut [u8], bool) -> Result<Option<usize>, T::Error>,
    ) -> Polled<'_, S, C, T::Error> {
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
            let moved = match action {
                Action::Offer => {
                    let step = link.offer(session, now);
                    return Poll::Ready(Ok(Some((step, Commands { session, clock }))));
                }
                Action::Return(step) => {
                    return Poll::Ready(Ok(Some((step, Commands { session, clock }))));
                }
                Action::Wait(Wait::Write) => transport
                    .write(link.both(session).0)
                    .map(|count| Some(Moved::Written(count))),
                Action::Wait(Wait::Flush) => transport.flush().map(|()| Some(Moved::Flushed)),
                Action::TryRead | Action::Look | Action::Wait(Wait::Read) => {
                    // What is to be sent does not wait for what may never come.
                    let wait =
                        !matches!(action, Action::TryRead) && session.poll_payload().is_none();
                    match read(transport, link.room(), wait) {
                        Ok(None) if matches!(action, Action::Wait(Wait::Read)) => {
                            return Poll::Pending;
                        }
                        result => result.map(|count| count.map(Moved::Received)),
                    }
                }
                Action::Wait(Wait::Nothing) => return Poll::Pending,
                Action::Close => Ok(Some(Moved::Received(0))),
                Action::Over => return Poll::Ready(Ok(None)),
            };
            match moved {
                Ok(None) => {}
                Ok(Some(moved)) => link.moved(moved),
                Err(error) if error.kind() == ErrorKind::Interrupted => return Poll::Pending,
                Err(error) => {
                    // The error says that the connection is over.
                    let _ = session.handle_close(clock.now());
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}
