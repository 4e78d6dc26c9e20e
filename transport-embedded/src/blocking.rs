//! The driver over blocking `embedded-io`.

use core::task::Poll;

use embedded_io::{Error as _, ErrorKind, Read, ReadReady, Write};
use mqtt_session::Storage;

use crate::link::{Need, due};
use crate::{Clock, Commands, Connection, Step};

type Polled<'a, S, C, E> = Poll<Result<Option<(Step<'a>, Commands<'a, S, C>)>, E>>;

/// The blocking driver. A write may block; [`poll`](Self::poll) waits for nothing else.
impl<S: Storage, C: Clock, T: Read + Write> Connection<'_, S, C, T> {
    /// Moves bytes and keeps the session's deadlines until there is something for the
    /// application, or until a read times out.
    ///
    /// `Ready(Ok(None))`: the connection is over, all was sent, and the transport can be closed.
    /// `Pending`: a read ended with [`ErrorKind::TimedOut`] or [`ErrorKind::Interrupted`], or the
    /// session waits for the application's acknowledgement; call again.
    ///
    /// The transport's `read` blocks, so deadlines (keep-alive!) are kept only as precisely as it
    /// times out: let it do so after a second at most. Prefer [`poll`](Self::poll) where the
    /// transport implements `ReadReady`.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub fn blocking_next(&mut self) -> Polled<'_, S, C, T::Error> {
        self.advance(|transport, buf| match transport.read(buf) {
            Ok(count) => Ok(Some(count)),
            Err(error) => match error.kind() {
                ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(None),
                _ => Err(error),
            },
        })
    }

    /// Sends bytes of the payload that [`Step::PayloadDue`] asked for, from its `offset` on, and
    /// returns how many the transport took: maybe fewer than given, and 0 where the session has
    /// something to do first. [`poll`](Self::poll) then asks for the rest.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub fn blocking_send_payload(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        let Commands { session, clock } = &mut self.commands;
        let Need::Payload(due) = self.output.need(session, &mut self.input, clock.now()) else {
            return Ok(0);
        };
        let limit = usize::try_from(due.remaining).unwrap_or(usize::MAX);
        let bytes = bytes.get(..limit).unwrap_or(bytes);
        match self.transport.write(bytes) {
            Ok(count) => {
                let count = count.min(bytes.len());
                self.output.written(0);
                session.payload_sent(clock.now(), u32::try_from(count).unwrap_or(due.remaining));
                Ok(count)
            }
            Err(error) => {
                let _ = session.handle_close(clock.now());
                Err(error)
            }
        }
    }

    fn advance(
        &mut self,
        mut read: impl FnMut(&mut T, &mut [u8]) -> Result<Option<usize>, T::Error>,
    ) -> Polled<'_, S, C, T::Error> {
        let Self {
            commands: Commands { session, clock },
            input,
            output,
            transport,
            payload_turn,
        } = self;
        let clock = *clock;
        let step = loop {
            let now = clock.now();
            if let Some(step) = due(session, now) {
                break step;
            }
            if input.is_ready(session) {
                break input.offer(session, now);
            }
            let moved = match output.need(session, input, now) {
                Need::Write => transport
                    .write(output.bytes())
                    .inspect(|&count| output.written(count)),
                Need::Flush => transport.flush().map(|()| output.flushed()),
                Need::Payload(due) if *payload_turn || !input.is_empty() => {
                    *payload_turn = false;
                    break Step::PayloadDue(due);
                }
                Need::Payload(due) => match read(transport, input.buf) {
                    Ok(Some(count)) => {
                        *payload_turn = true;
                        input.received(count);
                        Ok(count)
                    }
                    Ok(None) => break Step::PayloadDue(due),
                    Err(error) => Err(error),
                },
                Need::Read => match read(transport, input.buf) {
                    Ok(Some(count)) => {
                        input.received(count);
                        Ok(count)
                    }
                    Ok(None) => return Poll::Pending,
                    Err(error) => Err(error),
                },
                Need::Wait => return Poll::Pending,
                Need::Close => Ok(0),
                Need::Over => return Poll::Ready(Ok(None)),
            };
            match moved {
                Ok(1..) => {}
                Ok(0) => {
                    if let Some(event) = session.handle_close(clock.now()) {
                        break Step::Event(event);
                    }
                }
                Err(error) => {
                    // The error says that the connection is over.
                    let _ = session.handle_close(clock.now());
                    return Poll::Ready(Err(error));
                }
            }
        };
        Poll::Ready(Ok(Some((step, Commands { session, clock }))))
    }
}

/// The blocking driver, where the transport can say whether it has bytes.
impl<S: Storage, C: Clock, T: Read + ReadReady + Write> Connection<'_, S, C, T> {
    /// Moves what bytes there are and keeps the session's deadlines.
    ///
    /// `Pending`: there is nothing for the application now; call again when bytes have come, and
    /// by [`poll_timeout`](mqtt_session::Session::poll_timeout) at the latest.
    /// `Ready(Ok(None))`: the connection is over, all was sent, and the transport can be closed.
    ///
    /// # Errors
    /// The transport failed; the connection is over, and the session knows.
    pub fn poll(&mut self) -> Polled<'_, S, C, T::Error> {
        self.advance(|transport, buf| {
            if transport.read_ready()? {
                transport.read(buf).map(Some)
            } else {
                Ok(None)
            }
        })
    }
}
