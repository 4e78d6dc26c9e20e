//! TCP over smoltcp: one interface, one connection at a time.

use core::future::poll_fn;
use core::task::Poll;

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};

use transport_embedded::Clock as _;

use crate::clock::SysTickClock;
use crate::ethernet::Ethernet;

/// The address that QEMU's user network gives its first guest.
const ADDRESS: IpAddress = IpAddress::v4(10, 0, 2, 15);
/// The host's loopback, seen from the guest.
pub const HOST: IpAddress = IpAddress::v4(10, 0, 2, 2);
const HARDWARE_ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

/// The memory of a [`Network`].
pub struct Resources<const RECEIVE: usize, const TRANSMIT: usize> {
    ethernet: Ethernet,
    sockets: [SocketStorage<'static>; 1],
    receive: [u8; RECEIVE],
    transmit: [u8; TRANSMIT],
}

impl<const RECEIVE: usize, const TRANSMIT: usize> Resources<RECEIVE, TRANSMIT> {
    /// Nothing in it yet.
    pub const fn new() -> Self {
        Self {
            ethernet: Ethernet::new(),
            sockets: [SocketStorage::EMPTY],
            receive: [0; RECEIVE],
            transmit: [0; TRANSMIT],
        }
    }
}

impl<const RECEIVE: usize, const TRANSMIT: usize> Default for Resources<RECEIVE, TRANSMIT> {
    fn default() -> Self {
        Self::new()
    }
}

/// The interface and its one socket.
pub struct Network {
    ethernet: &'static mut Ethernet,
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
    next_port: u16,
}

impl Network {
    /// Starts the controller and the interface.
    pub fn start<const RECEIVE: usize, const TRANSMIT: usize>(
        resources: &'static mut Resources<RECEIVE, TRANSMIT>,
    ) -> Self {
        let Resources {
            ethernet,
            sockets,
            receive,
            transmit,
        } = resources;
        ethernet.start(HARDWARE_ADDRESS);
        let config = Config::new(EthernetAddress(HARDWARE_ADDRESS).into());
        let mut interface = Interface::new(config, ethernet, now());
        interface.update_ip_addrs(|addresses| {
            // The list has room for one: it is empty.
            let _ = addresses.push(IpCidr::new(ADDRESS, 24));
        });
        let mut sockets = SocketSet::new(&mut sockets[..]);
        let mut socket = tcp::Socket::new(
            tcp::SocketBuffer::new(&mut receive[..]),
            tcp::SocketBuffer::new(&mut transmit[..]),
        );
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        let socket = sockets.add(socket);
        Self {
            ethernet,
            interface,
            sockets,
            socket,
            next_port: 49_152,
        }
    }

    /// Opens a connection. Whatever was left of the one before is forgotten.
    pub async fn connect(&mut self, endpoint: IpEndpoint) -> Result<TcpStream<'_>, Error> {
        self.socket().abort();
        self.poll();
        let port = self.next_port;
        self.next_port = self.next_port.checked_add(1).unwrap_or(49_152);
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(self.socket);
        socket
            .connect(self.interface.context(), endpoint, port)
            .map_err(|_| Error::Reset)?;
        let mut stream = TcpStream { network: self };
        stream
            .until(|socket| match socket.state() {
                tcp::State::SynSent | tcp::State::SynReceived => None,
                tcp::State::Established => Some(Ok(())),
                _ => Some(Err(Error::Reset)),
            })
            .await?;
        Ok(stream)
    }

    fn poll(&mut self) {
        self.interface.poll(now(), self.ethernet, &mut self.sockets);
    }

    fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.socket)
    }
}

/// An open TCP connection. A read or write that is dropped before it is ready has moved nothing.
pub struct TcpStream<'n> {
    network: &'n mut Network,
}

/// The connection was refused or reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// By the other side.
    Reset,
}

impl TcpStream<'_> {
    async fn until<R>(
        &mut self,
        mut f: impl FnMut(&mut tcp::Socket<'static>) -> Option<Result<R, Error>>,
    ) -> Result<R, Error> {
        poll_fn(|_| {
            self.network.poll();
            f(self.network.socket()).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl Read for TcpStream<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        self.until(|socket| match socket.recv_slice(buf) {
            Ok(0) if !buf.is_empty() => None,
            Ok(count) => Some(Ok(count)),
            Err(tcp::RecvError::Finished) => Some(Ok(0)),
            Err(tcp::RecvError::InvalidState) => Some(Err(Error::Reset)),
        })
        .await
    }
}

impl Write for TcpStream<'_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        self.until(|socket| match socket.send_slice(buf) {
            Ok(0) if !buf.is_empty() => None,
            Ok(count) => Some(Ok(count)),
            Err(tcp::SendError::InvalidState) => Some(Err(Error::Reset)),
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.network.poll();
        Ok(())
    }
}

impl ErrorType for TcpStream<'_> {
    type Error = Error;
}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> ErrorKind {
        ErrorKind::ConnectionReset
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("connection reset")
    }
}

impl core::error::Error for Error {}

fn now() -> Instant {
    Instant::from_millis(i64::try_from(SysTickClock.now().as_millis()).unwrap_or(i64::MAX))
}
