//! What the two drivers share: the bytes of one connection, and what is to be done with them next.

use mqtt_proto::PacketReader;
use mqtt_session::{Instant, Progress, Session, State, Storage};

use crate::Step;

/// The bytes of one connection, each way.
#[derive(Debug)]
pub(crate) struct Link<'c> {
    input: Input<'c>,
    output: Output<'c>,
    /// The transport is at its end, and the session has not heard of it yet.
    closed: bool,
    /// The transport was looked at since deadlines were last kept.
    looked: bool,
    /// The transport was looked at since a payload was last asked for: the two take turns.
    payload_turn: bool,
    /// The transport was looked at since something moved.
    drained: bool,
    /// By when the last bytes, a DISCONNECT, have to be gone: the other side may be dead.
    end: Option<Instant>,
}

/// What came. Read into `buf` before anything else happens to it, so that no await lies between
/// the transport and here.
#[derive(Debug)]
struct Input<'c> {
    reader: PacketReader<'c>,
    buf: &'c mut [u8],
    start: usize,
    end: usize,
    /// The session has not heard of it yet.
    fresh: bool,
    /// The session does not take the rest before something was sent.
    blocked: bool,
}

/// What is to go.
#[derive(Debug)]
struct Output<'c> {
    buf: &'c mut [u8],
    start: usize,
    end: usize,
    flush_due: bool,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// To call [`Link::offer`].
    Offer,
    /// To return this.
    Return(Step<'static>),
    /// To read what there is without waiting for more.
    TryRead,
    /// As [`Action::TryRead`], before a deadline is kept: a transport that cannot but wait may do so.
    Look,
    /// To wait for this.
    Wait(Wait),
    /// To be closed.
    Close,
    /// Nothing any more.
    Over,
}

/// What to wait for until the deadline. Apart from [`Action`], whose size would count in the future
/// that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wait {
    /// To write the output of [`Link::both`].
    Write,
    /// To flush the transport.
    Flush,
    /// To read.
    Read,
    /// For nothing: input is there that the session cannot take until the application acknowledges.
    Nothing,
}

/// What the transport has done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moved {
    /// Taken so many bytes.
    Written(usize),
    /// Sent what it had taken.
    Flushed,
    /// Given so many bytes.
    Received(usize),
}

impl<'c> Link<'c> {
    /// `connect_len` bytes, the CONNECT, lie at the front of `transmit`.
    pub(crate) fn new(
        reader: PacketReader<'c>,
        receive: &'c mut [u8],
        transmit: &'c mut [u8],
        connect_len: usize,
    ) -> Self {
        Self {
            input: Input {
                reader,
                buf: receive,
                start: 0,
                end: 0,
                fresh: false,
                blocked: false,
            },
            output: Output {
                buf: transmit,
                start: 0,
                end: connect_len,
                flush_due: true,
            },
            closed: false,
            looked: false,
            payload_turn: false,
            drained: false,
            end: None,
        }
    }

    #[inline(never)]
    pub(crate) fn action<S: Storage>(&mut self, session: &mut Session<S>, now: Instant) -> Action {
        if core::mem::take(&mut self.closed)
            && let Some(event) = session.handle_close(now)
        {
            return Action::Return(Step::Event(event));
        }
        let state = session.state();
        let open = is_open(state);
        let ready = open && self.input.start < self.input.end;
        // What has come counts before a deadline that it may postpone.
        if ready && self.input.fresh {
            return Action::Offer;
        }
        if state != State::Disconnected && session.poll_timeout().is_some_and(|at| at <= now) {
            // The application may have been away for long, with the answer in the transport.
            if open && !ready && !self.looked {
                self.looked = true;
                return Action::Look;
            }
            self.looked = false;
            if let Some(event) = session.handle_timeout(now) {
                return Action::Return(Step::Event(event));
            }
        }
        if let Some(step) = completed(session) {
            return Action::Return(step);
        }
        if state == State::Disconnected {
            return Action::Over;
        }
        if state == State::Disconnecting {
            let patience = session.config().ping_timeout;
            let end = *self.end.get_or_insert(now.saturating_add(patience));
            if end <= now {
                return Action::Close;
            }
        }
        if ready && !self.input.blocked {
            return Action::Offer;
        }
        if self.fill(session, now) {
            return Action::Wait(Wait::Write);
        }
        if let Some(due) = session.poll_payload() {
            self.payload_turn = !self.payload_turn && !ready;
            return if self.payload_turn {
                Action::TryRead
            } else {
                Action::Return(Step::PayloadDue(due))
            };
        }
        if self.output.flush_due {
            // Some transports flush until the other side has acknowledged, which takes its time
            // where it has been heard already and is not answered.
            if !self.drained && !ready && state != State::Disconnecting {
                self.drained = true;
                return Action::TryRead;
            }
            return Action::Wait(Wait::Flush);
        }
        match state {
            State::Disconnected | State::Disconnecting => Action::Close,
            State::Connecting | State::Connected if ready => {
                // A PINGRESP cannot be heard, so it must not be missed.
                session.set_reading(now, false);
                Action::Wait(Wait::Nothing)
            }
            State::Connecting | State::Connected => Action::Wait(Wait::Read),
        }
    }

    /// When to call [`Link::action`] again, whatever the transport does.
    pub(crate) fn deadline<S: Storage>(&self, session: &Session<S>) -> Option<Instant> {
        match (session.poll_timeout(), self.end) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Offers the session what came.
    ///
    /// [`Step::Again`] instead of a loop around this: the borrow checker of today takes a loop
    /// that returns what it borrowed on one path only for one that borrows it for ever.
    #[inline(never)]
    pub(crate) fn offer<S: Storage>(&mut self, session: &mut Session<S>, now: Instant) -> Step<'_> {
        let Input {
            reader,
            buf,
            start,
            end,
            fresh,
            blocked,
        } = &mut self.input;
        let mut input = buf.get(*start..*end).unwrap_or_default();
        let progress = session.handle_input(now, reader, &mut input);
        *start = end.saturating_sub(input.len());
        *fresh = false;
        *blocked = matches!(progress, Progress::Blocked);
        match progress {
            Progress::Event(event) => Step::Event(event),
            Progress::NeedInput | Progress::Blocked => Step::Again,
        }
    }

    /// Where to read to. Only for [`Action::TryRead`], [`Action::Look`] and [`Wait::Read`].
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.input.buf
    }

    /// What to write, for [`Wait::Write`], and where to read to meanwhile: nowhere where what
    /// came before is still there, or nothing is wanted any more.
    pub(crate) fn both<S: Storage>(&mut self, session: &Session<S>) -> (&[u8], &mut [u8]) {
        let Output {
            buf, start, end, ..
        } = &self.output;
        let output = buf.get(*start..*end).unwrap_or_default();
        let room = if is_open(session.state()) && self.input.start >= self.input.end {
            &mut *self.input.buf
        } else {
            &mut []
        };
        (output, room)
    }

    /// The transport has done this. It is at its end where it moved nothing.
    #[inline(never)]
    pub(crate) fn moved(&mut self, moved: Moved) {
        match moved {
            Moved::Written(0) | Moved::Received(0) => self.closed = true,
            Moved::Written(count) => {
                let output = &mut self.output;
                output.start = output.start.saturating_add(count).min(output.end);
                self.payload_written();
            }
            Moved::Received(count) => {
                self.input.start = 0;
                self.input.end = count.min(self.input.buf.len());
                self.input.fresh = true;
                self.drained = false;
            }
            Moved::Flushed => self.output.flush_due = false,
        }
    }

    /// Bytes that lie elsewhere were given to the transport.
    pub(crate) fn payload_written(&mut self) {
        self.output.flush_due = true;
        self.drained = false;
    }

    /// Takes what the session owes. `false`: nothing.
    pub(crate) fn fill<S: Storage>(&mut self, session: &mut Session<S>, now: Instant) -> bool {
        let output = &mut self.output;
        if output.start >= output.end {
            output.start = 0;
            output.end = session.poll_transmit(now, output.buf).min(output.buf.len());
        }
        let some = output.start < output.end;
        if some && core::mem::take(&mut self.input.blocked) {
            session.set_reading(now, true);
        }
        some
    }
}

/// Whether what comes is wanted.
fn is_open(state: State) -> bool {
    matches!(state, State::Connecting | State::Connected)
}

/// An operation that ended without a packet that says so.
pub(crate) fn completed<S: Storage>(session: &mut Session<S>) -> Option<Step<'static>> {
    let (token, completion) = session.poll_completed()?;
    Some(Step::Completed(token, completion))
}
