//! The driver over `embedded-io-async`.

use core::future::{Future, pending, poll_fn};
use core::mem;
use core::pin::{Pin, pin};
use core::task::Poll;

use embassy_futures::poll_once;
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use mqtt_session::{Instant, Storage};

use crate::link::{Action, Moved, Wait};
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
    /// While a write or a flush waits, what comes is read: a Server may take nothing before all is
    /// taken that it has written. See [`Connection`] for what that asks of the transport.
    ///
    /// The last bytes, such as a DISCONNECT, have the session's `ping_timeout` to leave: the other
    /// side may be dead.
    ///
    /// Cancel-safe: a dropped future has lost no byte and no event.
    ///
    /// In manual-ack mode on 3.1.1, which has no Receive Maximum, a Server may send more than the
    /// session can track. Then nothing is read, and only deadlines are kept, until the
    /// application acknowledges: drop the future to do so. No PINGRESP is missed meanwhile.
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
            let moved = match action {
                Action::Offer => {
                    let step = link.offer(session, now);
                    return Ok(Some((step, Commands { session, clock })));
                }
                Action::Return(step) => return Ok(Some((step, Commands { session, clock }))),
                Action::TryRead | Action::Look => match poll_once(transport.read(link.room())) {
                    Poll::Ready(result) => Some(result.map(Moved::Received)),
                    Poll::Pending => None,
                },
                Action::Wait(wait) => {
                    let (output, room) = link.both(session);
                    let exchange = pin!(exchange(transport, wait, output, room));
                    before(clock, deadline, exchange).await
                }
                Action::Close => Some(Ok(Moved::Received(0))),
                Action::Over => return Ok(None),
            };
            match moved {
                None => {}
                Some(Ok(moved)) => link.moved(moved),
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
    /// Nothing is copied: `bytes` go to the transport as they are. Meanwhile what comes is read; then
    /// it is 0 too, and what came is [`next`](Self::next)'s to tell.
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
        let (_, room) = self.link.both(session);
        let moved = {
            let exchange = exchange(&mut self.transport, Wait::Write, bytes, room);
            before(*clock, deadline, pin!(exchange)).await
        };
        match moved {
            None => Ok(0),
            Some(Ok(Moved::Written(count))) => {
                let count = count.min(bytes.len());
                self.link.payload_written();
                let sent = u32::try_from(count).unwrap_or(due.remaining);
                session.payload_sent(clock.now(), sent);
                Ok(count)
            }
            Some(Ok(moved)) => {
                self.link.moved(moved);
                Ok(0)
            }
            Some(Err(error)) => {
                let _ = session.handle_close(clock.now());
                Err(error)
            }
        }
    }
}

/// Does `what`. A write of `output` or a flush reads meanwhile: a Server may take nothing
/// before all is taken that it has written.
///
/// A read and a write both want the transport, so only one of their futures lives at a time, and it
/// is only the waker of that one which the transport must keep. While there is something to send, it
/// is that of the write or the flush; the read is polled whenever something wakes us. Most transports
/// do so when bytes come, since they keep the waker of a read that was dropped.
async fn exchange<T: Read + Write>(
    transport: &mut T,
    what: Wait,
    output: &[u8],
    room: &mut [u8],
) -> Result<Moved, T::Error> {
    match what {
        Wait::Read => return transport.read(room).await.map(Moved::Received),
        Wait::Nothing => return pending().await,
        Wait::Write | Wait::Flush => {}
    }
    // What can be done at once is not waited for.
    let mut wait = false;
    loop {
        let send = async {
            match what {
                Wait::Flush => transport.flush().await.map(|()| Moved::Flushed),
                _ => transport.write(output).await.map(Moved::Written),
            }
        };
        if let Some(sent) = polled(send, wait).await {
            return sent;
        }
        wait = true;
        if !room.is_empty()
            && let Some(read) = polled(transport.read(room), false).await
        {
            return read.map(Moved::Received);
        }
    }
}

/// The output of `future` if it has one now or, with `wait`, when next it is woken.
async fn polled<F: Future>(future: F, mut wait: bool) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if mem::take(&mut wait) => Poll::Pending,
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// The output of `future`, or `None` if the deadline came first. Pinned by the caller, since a future that
/// is moved into another takes its place in it twice.
async fn before<C: Timer, F: Future>(
    clock: &C,
    deadline: Option<Instant>,
    future: Pin<&mut F>,
) -> Option<F::Output> {
    let Some(deadline) = deadline else {
        return Some(future.await);
    };
    match select(future, clock.wait_until(deadline)).await {
        Either::First(output) => Some(output),
        Either::Second(()) => None,
    }
}
