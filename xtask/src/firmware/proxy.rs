//! A relay before the broker, so that a connection can be cut where it hurts.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

/// Relays every connection to the broker, until the broker is gone.
pub(super) struct Proxy {
    broker: u16,
    port: u16,
    /// The bytes that may still pass to the broker before the connection is cut.
    budget: Arc<AtomicU64>,
    relaying: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a free port of the loopback.
    pub(super) fn start(broker: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let mut proxy = Self {
            broker,
            port: listener.local_addr()?.port(),
            budget: Arc::new(AtomicU64::new(u64::MAX)),
            relaying: None,
        };
        proxy.relay_from(listener);
        Ok(proxy)
    }

    /// Listens again, on the same port, after the broker was gone and a connection was refused.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        // Until it has ended, its listener has the port.
        if let Some(relaying) = self.relaying.take() {
            drop(relaying.join());
        }
        self.relay_from(TcpListener::bind(("127.0.0.1", self.port))?);
        Ok(())
    }

    fn relay_from(&mut self, listener: TcpListener) {
        let (port, budget) = (self.broker, Arc::clone(&self.budget));
        self.relaying = Some(thread::spawn(move || {
            for device in listener.incoming().map_while(Result::ok) {
                // Without a broker there is no listener either: what was accepted here is closed,
                // and the next attempt is refused.
                let Ok(broker) = TcpStream::connect(("127.0.0.1", port)) else {
                    return;
                };
                let _ = relay(device, broker, &budget);
            }
        }));
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the connection once, after so many more bytes to the broker.
    pub(super) fn cut_after(&self, bytes: u64) {
        self.budget.store(bytes, Ordering::SeqCst);
    }
}

/// Relays until either side closes or the budget is used up.
fn relay(mut device: TcpStream, mut broker: TcpStream, budget: &AtomicU64) -> io::Result<()> {
    device.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let (mut from_broker, mut to_device) = (broker.try_clone()?, device.try_clone()?);
    let back = thread::spawn(move || {
        let _ = io::copy(&mut from_broker, &mut to_device);
        to_device.shutdown(Shutdown::Both)
    });
    let mut buffer = [0; 4096];
    loop {
        let count = match device.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        let left = budget.load(Ordering::SeqCst);
        if left < count as u64 {
            budget.store(u64::MAX, Ordering::SeqCst);
            break;
        }
        if left != u64::MAX {
            budget.store(left - count as u64, Ordering::SeqCst);
        }
        if broker.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = broker.shutdown(Shutdown::Both);
    let _ = device.shutdown(Shutdown::Both);
    drop(back.join());
    Ok(())
}
