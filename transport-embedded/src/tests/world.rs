//! A broker, a clock and a transport between them, all of which the test controls.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::vec::Vec;

use embedded_io::{ErrorKind, ErrorType};
use mqtt_session::Instant;
use mqtt_testkit::{Broker, BrokerOptions, ConnectionId};

use crate::{Clock, Timer};

/// Shared by the test, the clock and the transport.
#[derive(Clone)]
pub(super) struct World(Rc<RefCell<State>>);

struct State {
    broker: Broker,
    connection: Option<ConnectionId>,
    now: u64,
    to_client: VecDeque<u8>,
    to_broker: VecDeque<u8>,
    /// What the network holds, each way; a piece more where the broker writes.
    capacity: usize,
    /// How many bytes one read or write moves at most.
    chunk: usize,
    /// Every operation of the transport waits once before it happens, or is interrupted once.
    stalls: bool,
    stalled: bool,
    /// Every operation of the transport fails.
    broken: bool,
    /// Nothing arrives any more, either way.
    silent: bool,
    /// What comes is not seen yet.
    held: bool,
    /// Nothing can be written: the other side does not take it.
    full: bool,
    /// A flush does not end: the other side does not acknowledge.
    unacknowledged: bool,
}

impl World {
    pub(super) fn new(chunk: usize) -> Self {
        Self(Rc::new(RefCell::new(State {
            broker: Broker::new(BrokerOptions::default()),
            connection: None,
            now: 0,
            to_client: VecDeque::new(),
            to_broker: VecDeque::new(),
            capacity: usize::MAX,
            chunk,
            stalls: false,
            stalled: false,
            broken: false,
            silent: false,
            held: false,
            full: false,
            unacknowledged: false,
        })))
    }

    pub(super) fn stalling(self) -> Self {
        self.0.borrow_mut().stalls = true;
        self
    }

    /// The network holds no more than `capacity` bytes each way, and the broker takes none before
    /// all is taken that it has written.
    pub(super) fn holding(self, capacity: usize) -> Self {
        self.0.borrow_mut().capacity = capacity;
        self
    }

    /// A transport to the broker, in place of the one before.
    pub(super) fn open(&self) -> Transport {
        self.close();
        let state = &mut *self.0.borrow_mut();
        state.connection = Some(state.broker.open(Instant::from_millis(state.now)));
        Transport(self.clone())
    }

    /// The broker's side closes.
    pub(super) fn close(&self) {
        let state = &mut *self.0.borrow_mut();
        if let Some(id) = state.connection.take() {
            state
                .broker
                .handle_close(Instant::from_millis(state.now), id);
        }
        state.to_client.clear();
        state.to_broker.clear();
        state.silent = false;
    }

    pub(super) fn break_transport(&self) {
        self.0.borrow_mut().broken = true;
    }

    pub(super) fn silence(&self) {
        self.0.borrow_mut().silent = true;
    }

    pub(super) fn advance(&self, millis: u64) {
        let state = &mut *self.0.borrow_mut();
        state.now += millis;
        state.broker.handle_timeout(Instant::from_millis(state.now));
    }

    pub(super) fn is_connected(&self, client_id: &str) -> bool {
        self.0.borrow().broker.connected().any(|id| id == client_id)
    }

    /// What comes stays in the transport, unseen, until it is let go.
    pub(super) fn hold(&self, held: bool) {
        self.0.borrow_mut().held = held;
    }

    /// The other side takes nothing any more.
    pub(super) fn fill(&self) {
        self.0.borrow_mut().full = true;
    }

    /// The other side acknowledges nothing any more.
    pub(super) fn do_not_acknowledge(&self) {
        self.0.borrow_mut().unacknowledged = true;
    }

    /// Whether an operation waits only so that it can be dropped.
    pub(super) fn is_stalled(&self) -> bool {
        self.0.borrow().stalled
    }

    /// Another client's bytes, on a connection of its own.
    pub(super) fn inject(&self, packets: &[u8]) {
        let state = &mut *self.0.borrow_mut();
        let now = Instant::from_millis(state.now);
        let other = state.broker.open(now);
        state.broker.handle_input(now, other, packets);
    }
}

impl State {
    fn pump(&mut self) {
        let now = Instant::from_millis(self.now);
        let mut buf = [0; 256];
        while let Some(id) = self.connection.filter(|_| !self.silent) {
            if self.to_client.len() >= self.capacity {
                break;
            }
            let count = self.broker.poll_transmit(now, id, &mut buf);
            self.to_client.extend(&buf[..count]);
            if count == 0 {
                if self.to_broker.is_empty() {
                    break;
                }
                let bytes: Vec<u8> = self.to_broker.drain(..).collect();
                self.broker.handle_input(now, id, &bytes);
            }
        }
        while let Some(ended) = self.broker.poll_close().filter(|_| !self.silent) {
            if self.connection == Some(ended) {
                self.connection = None;
            }
        }
    }

    /// Whether an operation has to wait for no other reason than that it might be dropped.
    fn stall(&mut self) -> bool {
        self.stalled = self.stalls && !self.stalled;
        self.stalled
    }

    fn check(&mut self) -> Result<(), ErrorKind> {
        if self.broken {
            return Err(ErrorKind::ConnectionReset);
        }
        Ok(())
    }

    /// `None`: nothing has come.
    fn read(&mut self, buf: &mut [u8]) -> Result<Option<usize>, ErrorKind> {
        self.check()?;
        self.pump();
        if self.held || self.to_client.is_empty() {
            return Ok((self.connection.is_none()).then_some(0));
        }
        let count = self.chunk.min(buf.len()).min(self.to_client.len());
        for slot in &mut buf[..count] {
            *slot = self.to_client.pop_front().expect("counted");
        }
        Ok(Some(count))
    }

    /// `None`: the network holds all it can.
    fn write(&mut self, buf: &[u8]) -> Result<Option<usize>, ErrorKind> {
        self.check()?;
        self.pump();
        let room = self.capacity - self.to_broker.len();
        if room == 0 {
            return Ok(None);
        }
        let count = self.chunk.min(buf.len()).min(room);
        if self.connection.is_some() && !self.silent {
            self.to_broker.extend(&buf[..count]);
            self.pump();
        }
        Ok(Some(count))
    }
}

impl Clock for World {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.borrow().now)
    }
}

impl Timer for World {
    fn wait_until(&self, deadline: Instant) -> impl Future<Output = ()> {
        poll_fn(move |_| {
            if self.now() < deadline {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    }
}

/// Both kinds of transport.
pub(super) struct Transport(World);

impl ErrorType for Transport {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Transport {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| {
            let state = &mut *self.0.0.borrow_mut();
            if state.stall() {
                return Poll::Pending;
            }
            match state.read(buf) {
                Ok(Some(count)) => Poll::Ready(Ok(count)),
                Ok(None) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            }
        })
        .await
    }
}

impl embedded_io_async::Write for Transport {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| {
            let state = &mut *self.0.0.borrow_mut();
            if state.stall() || state.full {
                return Poll::Pending;
            }
            match state.write(buf) {
                Ok(Some(count)) => Poll::Ready(Ok(count)),
                Ok(None) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            }
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        poll_fn(|_| {
            let state = &mut *self.0.0.borrow_mut();
            if state.stall() || state.unacknowledged {
                Poll::Pending
            } else {
                Poll::Ready(Ok(()))
            }
        })
        .await
    }
}

impl embedded_io::ReadReady for Transport {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        let state = &mut *self.0.0.borrow_mut();
        state.pump();
        Ok(!state.held && !state.to_client.is_empty() || state.connection.is_none())
    }
}

impl embedded_io::Read for Transport {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        let state = &mut *self.0.0.borrow_mut();
        if state.stall() {
            return Err(ErrorKind::Interrupted);
        }
        state.read(buf)?.ok_or(ErrorKind::TimedOut)
    }
}

impl embedded_io::Write for Transport {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let state = &mut *self.0.0.borrow_mut();
        if state.stall() {
            return Err(ErrorKind::Interrupted);
        }
        state.write(buf)?.ok_or(ErrorKind::TimedOut)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        if self.0.0.borrow_mut().stall() {
            return Err(ErrorKind::Interrupted);
        }
        Ok(())
    }
}
