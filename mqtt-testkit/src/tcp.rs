use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use mqtt_session::{Duration, Instant};

use crate::{Broker, BrokerOptions, ConnectionId};

/// The [`Broker`] behind a real TCP listener, for tests and tryouts; it stops when dropped.
///
/// ```
/// use std::io::{Read, Write};
/// use mqtt_testkit::TcpBroker;
///
/// # fn main() -> std::io::Result<()> {
/// let broker = TcpBroker::start()?;
/// println!("connect to {}", broker.url());
///
/// let mut client = std::net::TcpStream::connect(broker.addr())?;
/// client.write_all(&[0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'a'])?;
/// let mut connack = [0; 4];
/// client.read_exact(&mut connack)?;
/// assert_eq!(connack, [0x20, 2, 0, 0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TcpBroker {
    addr: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What its threads share. Each connection has a thread that reads and one that writes.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something was done to the broker: there may be more to send, to close or to wait for.
    changed: Condvar,
    epoch: std::time::Instant,
}

#[derive(Debug)]
struct State {
    broker: Broker,
    connections: BTreeMap<ConnectionId, Transport>,
    stopping: bool,
}

#[derive(Debug)]
struct Transport {
    stream: Arc<TcpStream>,
    /// The broker has ended the connection: close it once everything is written.
    ended: bool,
}

impl TcpBroker {
    /// Starts a generous broker on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when it does not let us listen.
    pub fn start() -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0), BrokerOptions::default())
    }

    /// Starts a broker on an address; port 0 is any that is free.
    ///
    /// # Errors
    /// What the operating system says when it does not let us listen.
    pub fn start_on(addr: impl ToSocketAddrs, options: BrokerOptions) -> io::Result<Self> {
        Self::resume_on(addr, Broker::new(options))
    }

    /// Starts with a broker that may have sessions and retained messages already.
    ///
    /// # Errors
    /// What the operating system says when it does not let us listen.
    pub fn resume_on(addr: impl ToSocketAddrs, broker: Broker) -> io::Result<Self> {
        let listener = TcpListener::bind(addr)?;
        let addr = listener.local_addr()?;
        let state = State {
            broker,
            connections: BTreeMap::new(),
            stopping: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            epoch: clock(),
        });
        let accepting = Arc::clone(&shared);
        let timing = Arc::clone(&shared);
        let threads = vec![
            thread::spawn(move || accept(&accepting, &listener)),
            thread::spawn(move || keep_time(&timing)),
        ];
        Ok(Self {
            addr,
            shared,
            threads,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it listens, as a Client wants it said: `mqtt://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.addr)
    }

    /// Looks at the broker, or does something to it, between two packets.
    pub fn with<R>(&self, body: impl FnOnce(&mut Broker, Instant) -> R) -> R {
        let now = self.shared.now();
        self.shared.change(|state| body(&mut state.broker, now))
    }

    /// Cuts every connection without a word, as a network that fails does. Clients may connect again.
    pub fn cut(&self) {
        let state = self.shared.lock();
        for transport in state.connections.values() {
            transport.cut();
        }
    }

    /// Stops, and gives the broker back for another [`resume_on`](Self::resume_on).
    #[must_use]
    pub fn stop(mut self) -> Broker {
        self.stop_threads();
        let now = self.shared.now();
        let mut broker = self.shared.lock().broker.clone();
        broker.restart(now);
        broker
    }

    fn stop_threads(&mut self) {
        if self.threads.is_empty() {
            return;
        }
        self.shared.change(|state| {
            state.stopping = true;
            for transport in state.connections.values() {
                transport.cut();
            }
        });
        // Nothing but a connection wakes the thread that accepts.
        let ip = if self.addr.ip().is_unspecified() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            self.addr.ip()
        };
        drop(TcpStream::connect((ip, self.addr.port())));
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

impl Drop for TcpBroker {
    fn drop(&mut self) {
        self.stop_threads();
    }
}

/// How long a Client may take to close its side after the broker has closed its own, before the
/// connection is torn down: closing at once could destroy the DISCONNECT on its way.
const LINGER: std::time::Duration = std::time::Duration::from_secs(1);

/// Takes connections until told to stop, and returns when all of them are over.
fn accept(shared: &Shared, listener: &TcpListener) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let opened = stream
                .ok()
                .map(Arc::new)
                .map(|stream| (shared.open(&stream), stream));
            match opened {
                Some((Some(id), stream)) => {
                    scope.spawn(move || serve(shared, id, &stream));
                }
                Some((None, _)) => return,
                // A Client that was gone before it was accepted.
                None => {}
            }
        }
    });
}

fn serve(shared: &Shared, id: ConnectionId, stream: &TcpStream) {
    // A small packet must not wait for the acknowledgement of the one before.
    drop(stream.set_nodelay(true));
    thread::scope(|scope| {
        scope.spawn(|| write(shared, id, stream));
        read(shared, id, stream);
    });
}

fn read(shared: &Shared, id: ConnectionId, mut stream: &TcpStream) {
    let mut buf = [0; 8 * 1024];
    loop {
        match stream.read(&mut buf) {
            Ok(len) if len > 0 => {
                let now = shared.now();
                shared.change(|state| state.broker.handle_input(now, id, &buf[..len]));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => break,
        }
    }
    let now = shared.now();
    shared.change(|state| {
        state.broker.handle_close(now, id);
        state.connections.remove(&id);
    });
}

fn write(shared: &Shared, id: ConnectionId, mut stream: &TcpStream) {
    let mut buf = [0; 8 * 1024];
    let mut state = shared.lock();
    while let Some(ended) = state.connections.get(&id).map(|transport| transport.ended) {
        let len = state.broker.poll_transmit(shared.now(), id, &mut buf);
        if len > 0 {
            drop(state);
            if stream.write_all(&buf[..len]).is_err() {
                break;
            }
            state = shared.lock();
        } else if ended {
            drop(stream.shutdown(Shutdown::Write));
            let is_open = |state: &mut State| state.connections.contains_key(&id);
            drop(shared.changed.wait_timeout_while(state, LINGER, is_open));
            break;
        } else {
            state = shared
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
    drop(stream.shutdown(Shutdown::Both));
}

fn keep_time(shared: &Shared) {
    let mut state = shared.lock();
    while !state.stopping {
        let wait = state.broker.poll_timeout().map(|due| due - shared.now());
        state = match wait {
            Some(Duration::ZERO) => {
                drop(state);
                let now = shared.now();
                shared.change(|state| state.broker.handle_timeout(now));
                shared.lock()
            }
            Some(wait) => {
                let waited = shared.changed.wait_timeout(state, wait.into());
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
        };
    }
}

impl Shared {
    fn now(&self) -> Instant {
        let elapsed = clock().saturating_duration_since(self.epoch);
        Instant::from_millis(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the state and wakes everyone whom it may concern.
    fn change<R>(&self, body: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = body(&mut state);
        while let Some(id) = state.broker.poll_close() {
            if let Some(transport) = state.connections.get_mut(&id) {
                transport.ended = true;
            }
        }
        drop(state);
        self.changed.notify_all();
        result
    }

    /// `None`: the broker is stopping.
    fn open(&self, stream: &Arc<TcpStream>) -> Option<ConnectionId> {
        let now = self.now();
        self.change(|state| {
            if state.stopping {
                return None;
            }
            let id = state.broker.open(now);
            let transport = Transport {
                stream: Arc::clone(stream),
                ended: false,
            };
            state.connections.insert(id, transport);
            Some(id)
        })
    }
}

impl Transport {
    fn cut(&self) {
        drop(self.stream.shutdown(Shutdown::Both));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a transport asks its clock; this one serves real sockets"
)]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}
