use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use mqtt_proto::PacketReader;
use mqtt_session::{Instant, Progress};
use smol::Timer;
use smol::future::or;
use smol::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::engine::{Ended, Engine};
use crate::inbound::Inbound;

/// Bytes read and written with one system call.
const BUFFER: usize = 64 << 10;
/// The smallest buffer that `poll_transmit` takes.
const SMALLEST: usize = 8;
/// How long the last packet of a connection may take to leave, and the other side to close.
const FAREWELL: Duration = Duration::from_millis(500);

/// What dies with a Network Connection.
pub(crate) struct Connection<'c, S> {
    stream: S,
    reader: PacketReader<'c>,
    pub(crate) inbound: Inbound,
    input: Input,
    pub(crate) output: Output,
}

impl<'c, S: AsyncRead + AsyncWrite + Unpin> Connection<'c, S> {
    pub(crate) fn new(
        stream: S,
        reader: PacketReader<'c>,
        inbound: Inbound,
        output: Output,
    ) -> Self {
        Self {
            stream,
            reader,
            inbound,
            input: Input {
                buffer: vec![0; BUFFER],
                start: 0,
                end: 0,
                blocked: false,
            },
            output,
        }
    }

    /// Gives the session what was read, for as long as the consumers can take it.
    pub(crate) fn take_input(&mut self, engine: &mut Engine, now: Instant) -> Option<Ended> {
        self.input.blocked = false;
        while !self.input.is_empty() && !self.input.blocked && engine.is_reading(now) {
            let mut rest = self.input.unread();
            let progress = engine
                .session
                .handle_input(now, &mut self.reader, &mut rest);
            let (ended, blocked) = match progress {
                Progress::Event(event) => (engine.event(event, &mut self.inbound), false),
                Progress::NeedInput => (None, false),
                Progress::Blocked => (None, true),
            };
            let rest = rest.len();
            self.input.start = self.input.end - rest;
            self.input.blocked = blocked;
            if ended.is_some() {
                return ended;
            }
        }
        None
    }

    /// Takes what the session owes the Server, once all before it has been written.
    pub(crate) fn fill_output(&mut self, engine: &mut Engine, now: Instant) {
        self.output.fresh = false;
        if !self.output.is_empty() {
            return;
        }
        engine.written();
        self.output.clear();
        while self.output.room(0).len() >= SMALLEST {
            let size = engine.session.poll_transmit(now, self.output.room(0));
            if size == 0 {
                break;
            }
            self.output.extend(size);
            self.output.fresh = true;
        }
        engine.completions();
    }

    /// Whether input that was blocked may go on, since the session was relieved of something.
    pub(crate) fn is_unblocked(&self) -> bool {
        self.input.blocked && self.output.fresh
    }

    /// Writes, and reads if `reading`. Ready when something was done, or the transport is closed.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reading: bool,
    ) -> Poll<Result<(), Option<io::Error>>> {
        let written = self.output.poll_write(cx, Pin::new(&mut self.stream));
        let read = if reading && self.input.is_empty() {
            Pin::new(&mut self.stream).poll_read(cx, &mut self.input.buffer)
        } else {
            Poll::Pending
        };
        match (written, read) {
            (_, Poll::Ready(Ok(size))) if size > 0 => {
                // The last words of a Server that takes no more explain why: a write that failed
                // fails again after them.
                self.input.start = 0;
                self.input.end = size;
                Poll::Ready(Ok(()))
            }
            (Poll::Ready(Err(error)), _) | (_, Poll::Ready(Err(error))) => {
                Poll::Ready(Err(Some(error)))
            }
            (_, Poll::Ready(Ok(_))) => Poll::Ready(Err(None)),
            (written, Poll::Pending) => written.map(|_| Ok(())),
        }
    }

    /// Sends what is left to send, and closes.
    pub(crate) async fn farewell(mut self, engine: &mut Engine, now: Instant) {
        let Self {
            stream,
            output,
            input,
            ..
        } = &mut self;
        let goodbye = async {
            loop {
                stream.write_all(output.unwritten()).await?;
                output.clear();
                let size = engine.session.poll_transmit(now, output.room(0));
                if size == 0 {
                    break;
                }
                output.extend(size);
            }
            stream.close().await?;
            // Closed with bytes unread, TCP would take back what was just sent.
            while stream.read(&mut input.buffer).await? > 0 {}
            Ok(())
        };
        let outcome: io::Result<()> = or(goodbye, async {
            Timer::after(FAREWELL).await;
            Ok(())
        })
        .await;
        if let Err(error) = outcome {
            tracing::debug!(%error, "the Server closed first");
        }
        engine.completions();
    }
}

/// Bytes that were read.
struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether the session cannot take the rest now.
    blocked: bool,
}

impl Input {
    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
}

/// Bytes to be written.
pub(crate) struct Output {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether bytes were written that the transport may hold back.
    unflushed: bool,
    /// Whether the last fill gave something.
    fresh: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            unflushed: false,
            fresh: false,
        }
    }

    /// Whether all has been written.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end && !self.unflushed
    }

    fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    fn unwritten(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The free end of the buffer, of at least `size` bytes.
    pub(crate) fn room(&mut self, size: usize) -> &mut [u8] {
        if self.buffer.len() - self.end < size {
            self.buffer.resize(self.end + size, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// So many bytes were put into the room.
    pub(crate) fn extend(&mut self, size: usize) {
        self.end += size;
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        mut stream: Pin<&mut impl AsyncWrite>,
    ) -> Poll<io::Result<()>> {
        if self.is_empty() {
            return Poll::Pending;
        }
        if self.start < self.end {
            let size = ready!(stream.as_mut().poll_write(cx, self.unwritten()))?;
            if size == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.start += size;
            self.unflushed = true;
        }
        if self.start == self.end {
            ready!(stream.poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}
