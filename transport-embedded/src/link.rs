//! What the two drivers share: the bytes of one connection, and what is to be done with them next.

use mqtt_proto::PacketReader;
use mqtt_session::{Instant, PayloadDue, Progress, Session, State, Storage};

use crate::Step;

/// The bytes that came. Read into `buf` before anything else happens to them, so that no await
/// lies between the transport and here.
#[derive(Debug)]
pub(crate) struct Input<'c> {
    pub(crate) reader: PacketReader<'c>,
    pub(crate) buf: &'c mut [u8],
    start: usize,
    end: usize,
    /// The session does not take the rest before something was sent.
    blocked: bool,
}

/// The bytes that are to go.
#[derive(Debug)]
pub(crate) struct Output<'c> {
    buf: &'c mut [u8],
    start: usize,
    end: usize,
    flush_due: bool,
}

/// What the connection needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// To write [`Output::bytes`].
    Write,
    /// To flush the transport.
    Flush,
    /// To send the application's payload.
    Payload(PayloadDue),
    /// To read.
    Read,
    /// To wait: input is there that the session cannot take until the application acknowledges.
    Wait,
    /// To be closed.
    Close,
    /// Nothing any more.
    Over,
}

impl<'c> Input<'c> {
    pub(crate) fn new(reader: PacketReader<'c>, buf: &'c mut [u8]) -> Self {
        Self {
            reader,
            buf,
            start: 0,
            end: 0,
            blocked: false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// `count` bytes were read into the front of `buf`.
    pub(crate) fn received(&mut self, count: usize) {
        self.start = 0;
        self.end = count.min(self.buf.len());
    }

    /// Whether the session may be offered what is here.
    pub(crate) fn is_ready<S: Storage>(&self, session: &Session<S>) -> bool {
        !self.is_empty() && !self.blocked && is_open(session)
    }

    /// Offers the session what is here.
    ///
    /// [`Step::Again`] instead of a loop around this: the borrow checker of today takes a loop
    /// that returns what it borrowed on one path only for one that borrows it for ever.
    pub(crate) fn offer<S: Storage>(&mut self, session: &mut Session<S>, now: Instant) -> Step<'_> {
        let Self {
            reader,
            buf,
            start,
            end,
            blocked,
        } = self;
        let mut input = buf.get(*start..*end).unwrap_or_default();
        let progress = session.handle_input(now, reader, &mut input);
        *start = end.saturating_sub(input.len());
        match progress {
            Progress::Event(event) => Step::Event(event),
            Progress::NeedInput => Step::Again,
            Progress::Blocked => {
                *blocked = true;
                Step::Again
            }
        }
    }
}

impl<'c> Output<'c> {
    /// `count` bytes, the CONNECT, lie at the front of `buf`.
    pub(crate) fn new(buf: &'c mut [u8], count: usize) -> Self {
        Self {
            buf,
            start: 0,
            end: count,
            flush_due: true,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.buf.get(self.start..self.end).unwrap_or_default()
    }

    /// `count` bytes were given to the transport.
    pub(crate) fn written(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        self.flush_due = true;
    }

    /// The transport was flushed. 1, for something was done: 0 would be the transport's end.
    pub(crate) fn flushed(&mut self) -> usize {
        self.flush_due = false;
        1
    }

    /// Takes from the session what it owes, and says what is next.
    pub(crate) fn need<S: Storage>(
        &mut self,
        session: &mut Session<S>,
        input: &mut Input<'_>,
        now: Instant,
    ) -> Need {
        if session.state() == State::Disconnected {
            return Need::Over;
        }
        if self.start >= self.end {
            self.start = 0;
            self.end = session.poll_transmit(now, self.buf).min(self.buf.len());
        }
        if self.start < self.end {
            input.blocked = false;
            return Need::Write;
        }
        if let Some(due) = session.poll_payload() {
            return Need::Payload(due);
        }
        if self.flush_due {
            return Need::Flush;
        }
        if !is_open(session) {
            return Need::Close;
        }
        if input.is_empty() {
            Need::Read
        } else {
            Need::Wait
        }
    }
}

/// An outcome that needs no input. A session without a connection is left alone: that it is time
/// to connect again is for [`Client`](crate::Client) to say.
pub(crate) fn due<S: Storage>(session: &mut Session<S>, now: Instant) -> Option<Step<'static>> {
    if session.state() != State::Disconnected
        && let Some(event) = session.handle_timeout(now)
    {
        return Some(Step::Event(event));
    }
    completed(session)
}

pub(crate) fn completed<S: Storage>(session: &mut Session<S>) -> Option<Step<'static>> {
    let (token, completion) = session.poll_completed()?;
    Some(Step::Completed(token, completion))
}

fn is_open<S: Storage>(session: &Session<S>) -> bool {
    matches!(session.state(), State::Connecting | State::Connected)
}
