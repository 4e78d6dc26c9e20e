use core::future::{Future, pending};
use core::task::Poll;

use embassy_futures::poll_once;
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use mqtt_session::{Instant, Storage};

use crate::link::{Input, Need, Output, due};
use crate::{Clock, Commands, Step, Timer};

/// One MQTT connection.
///
/// Over a transport of `embedded-io-async` it is driven by [`next`](Self::next), over one of
/// `embedded-io` by [`poll`](Self::poll), or [`blocking_next`](Self::blocking_next) where the
/// transport has no `ReadReady`.
///
/// # Cancellation
/// Every future here may be dropped at any await, as `select` does: no byte and no state is
/// lost, and the next call goes on where the dropped one stood. What came lies in the receive
/// buffer before anything else happens to it, and how much of the transmit buffer has gone is
/// remembered with each write. The transport has to play its part: `read`, `write` and `flush`
/// must be side-effect-free on cancel, which `embedded-io-async` encourages, and the sockets of
/// `embassy-net` are. A transport that is not (DMA into the caller's buffer, `embedded-tls`)
/// belongs in a task of its own behind a pipe.
///
/// # End
/// Dropping the connection tells the session that it is closed. The transport is dropped with it.
#[derive(Debug)]
pub struct Connection<'c, S: Storage, C: Clock, T> {
    pub(crate) commands: Commands<'c, S, C>,
    pub(crate) input: Input<'c>,
    pub(crate) output: Output<'c>,
    pub(crate) transport: T,
    /// Whether the input was looked at since a payload was last asked for: the two take turns.
    pub(crate) payload_turn: bool,
}

impl<'c, S: Storage, C: Clock, T> Connection<'c, S, C, T> {
    pub(crate) fn new(
        commands: Commands<'c, S, C>,
        input: Input<'c>,
        output: Output<'c>,
        transport: T,
    ) -> Self {
        Self {
            commands,
            input,
            output,
            transport,
            payload_turn: false,
        }
    }

    /// Publish, subscribe and the like.
    pub fn commands(&mut self) -> Commands<'_, S, C> {
        Commands {
            session: self.commands.session,
            clock: self.commands.clock,
        }
    }
}

/// The asynchronous driver.
impl<S: Storage, C: Timer, T: Read + Write> Connection<'_, S, C, T> {
    /// Moves bytes and keeps the session's deadlines until there is something for the
    /// application. The event borrows the buffers; the [`Commands`] beside it are for publishing,
    /// acknowledging and the like while it is held.
    ///
    /// `Ok(None)`: the connection is over, all was sent, and the transport can be closed. It comes
    /// after [`Event::Disconnected`](mqtt_session::Event::Disconnected), which says why.
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
            let deadline = session.poll_timeout();
            let moved = match output.need(session, input, now) {
                Need::Write => before(clock, deadline, transport.write(output.bytes()))
                    .await
                    .map(|result| result.inspect(|&count| output.written(count))),
                Need::Flush => before(clock, deadline, transport.flush())
                    .await
                    .map(|result| result.map(|()| output.flushed())),
                Need::Payload(due) if *payload_turn || !input.is_empty() => {
                    *payload_turn = false;
                    break Step::PayloadDue(due);
                }
                Need::Payload(_) => {
                    *payload_turn = true;
                    match poll_once(transport.read(input.buf)) {
                        Poll::Ready(result) => Some(result.inspect(|&count| input.received(count))),
                        Poll::Pending => None,
                    }
                }
                Need::Read => before(clock, deadline, transport.read(input.buf))
                    .await
                    .map(|result| result.inspect(|&count| input.received(count))),
                Need::Wait => before(clock, deadline, pending()).await,
                Need::Close => Some(Ok(0)),
                Need::Over => return Ok(None),
            };
            match moved {
                None | Some(Ok(1..)) => {}
                Some(Ok(0)) => {
                    if let Some(event) = session.handle_close(clock.now()) {
                        break Step::Event(event);
                    }
                }
                Some(Err(error)) => {
                    // The error says that the connection is over.
                    let _ = session.handle_close(clock.now());
                    return Err(error);
                }
            }
        };
        Ok(Some((step, Commands { session, clock })))
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
        let now = clock.now();
        let Need::Payload(due) = self.output.need(session, &mut self.input, now) else {
            return Ok(0);
        };
        let limit = usize::try_from(due.remaining).unwrap_or(usize::MAX);
        let bytes = bytes.get(..limit).unwrap_or(bytes);
        let sent = before(*clock, session.poll_timeout(), self.transport.write(bytes)).await;
        let now = clock.now();
        match sent {
            None => Ok(0),
            Some(Ok(count)) => {
                let count = count.min(bytes.len());
                self.output.written(0);
                session.payload_sent(now, u32::try_from(count).unwrap_or(due.remaining));
                Ok(count)
            }
            Some(Err(error)) => {
                let _ = session.handle_close(now);
                Err(error)
            }
        }
    }
}

impl<S: Storage, C: Clock, T> Drop for Connection<'_, S, C, T> {
    fn drop(&mut self) {
        let now = self.commands.clock.now();
        let _ = self.commands.session.handle_close(now);
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
