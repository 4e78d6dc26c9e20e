//! A TCP proxy that cuts a connection after a given number of bytes.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use super::PATIENCE;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToServer,
    ToClient,
}

/// Where one connection is cut: so many bytes pass in this direction, and then both ends are closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) direction: Direction,
    pub(crate) after: usize,
}

#[derive(Default)]
struct State {
    /// What will be done to the connections to come, in order; afterwards they are left alone.
    cuts: Mutex<VecDeque<Cut>>,
    open: Mutex<Vec<TcpStream>>,
    done_cuts: Mutex<usize>,
    cut_done: Condvar,
    passed: [AtomicUsize; 2],
    stopped: AtomicBool,
}

pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A proxy in front of a server on loopback, which need not be there yet.
    pub(crate) fn start(server_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let acceptor = thread::spawn({
            let state = Arc::clone(&state);
            move || accept(&listener, server_port, &state)
        });
        Self {
            port,
            state,
            acceptor: Some(acceptor),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The next connection, or the one after those already said, is cut here.
    pub(crate) fn cut_next(&self, cut: Cut) {
        self.state
            .cuts
            .lock()
            .expect("no other holder panics")
            .push_back(cut);
    }

    /// Cuts what is open now.
    pub(crate) fn cut_now(&self) {
        for stream in self
            .state
            .open
            .lock()
            .expect("no other holder panics")
            .drain(..)
        {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits until `count` of the cuts asked for have been made.
    pub(crate) fn wait_cuts(&self, count: usize) {
        let done = self.state.done_cuts.lock().expect("no other holder panics");
        let (done, _) = self
            .state
            .cut_done
            .wait_timeout_while(done, PATIENCE, |done| *done < count)
            .expect("no other holder panics");
        assert!(*done >= count, "the flow ended before it was cut");
    }

    /// The bytes that passed in all connections.
    pub(crate) fn passed(&self, direction: Direction) -> usize {
        self.state.passed[direction as usize].load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        self.cut_now();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &TcpListener, server_port: u16, state: &Arc<State>) {
    for client in listener.incoming() {
        if state.stopped.load(Ordering::SeqCst) {
            return;
        }
        let client = client.expect("a connection can be accepted");
        // A server that is not there looks to the client like one that hangs up.
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)) else {
            continue;
        };
        let cut = state
            .cuts
            .lock()
            .expect("no other holder panics")
            .pop_front();
        {
            let mut open = state.open.lock().expect("no other holder panics");
            open.clear(); // one client at a time: what came before is over
            open.push(client.try_clone().expect("a socket can be cloned"));
            open.push(server.try_clone().expect("a socket can be cloned"));
        }
        for direction in [Direction::ToServer, Direction::ToClient] {
            let (from, to) = match direction {
                Direction::ToServer => (&client, &server),
                Direction::ToClient => (&server, &client),
            };
            to.set_nodelay(true).expect("a TCP socket");
            let from = from.try_clone().expect("a socket can be cloned");
            let to = to.try_clone().expect("a socket can be cloned");
            let limit = cut
                .filter(|cut| cut.direction == direction)
                .map(|cut| cut.after);
            let state = Arc::clone(state);
            thread::spawn(move || forward(from, to, direction, limit, &state));
        }
    }
}

fn forward(
    mut from: TcpStream,
    mut to: TcpStream,
    direction: Direction,
    limit: Option<usize>,
    state: &State,
) {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut buffer = [0; 16 * 1024];
    while left > 0 {
        let wanted = left.min(buffer.len());
        match from.read(&mut buffer[..wanted]) {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
                left -= count;
                state.passed[direction as usize].fetch_add(count, Ordering::SeqCst);
            }
        }
    }
    if left == 0 {
        *state.done_cuts.lock().expect("no other holder panics") += 1;
        state.cut_done.notify_all();
    }
    // Each may be closed already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
