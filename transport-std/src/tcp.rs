use std::future::Future;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::Duration;

use smol::Timer;
use smol::future::or;
use smol::io::{AsyncRead, AsyncWrite};
use smol::net::TcpStream;

use crate::ConnectError;
use crate::error::ConnectPhase;
use crate::url::Address;

/// What opens Network Connections.
pub(crate) trait Transport {
    /// What it opens.
    type Stream: AsyncRead + AsyncWrite + Unpin;

    /// Opens one. Dropped, it leaves nothing behind.
    fn open(&self) -> impl Future<Output = Result<Self::Stream, ConnectError>> + Send;
}

/// TCP.
pub(crate) struct Tcp {
    pub(crate) address: Address,
    pub(crate) timeout: Duration,
}

impl Transport for Tcp {
    type Stream = TcpStream;

    async fn open(&self) -> Result<Self::Stream, ConnectError> {
        let late = async {
            Timer::after(self.timeout).await;
            Err(ConnectError::Timeout {
                phase: ConnectPhase::Transport,
                after: self.timeout,
            })
        };
        or(self.connect(), late).await
    }
}

impl Tcp {
    /// Tries every address of the host in the order of the resolver.
    async fn connect(&self) -> Result<TcpStream, ConnectError> {
        let host = self.address.host.clone();
        let port = self.address.port;
        // Resolvers block.
        let resolved = smol::unblock(move || {
            (host.as_str(), port)
                .to_socket_addrs()
                .map(Iterator::collect::<Vec<_>>)
        });
        let addresses = resolved.await.map_err(|source| ConnectError::Resolve {
            host: self.address.host.clone(),
            source: Arc::new(source),
        })?;
        // An address that swallows what is sent to it must leave time for the others; the last
        // one has all the time that is left.
        let count = addresses.len();
        let share = self.timeout / u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        let mut attempts = Vec::new();
        for (address, others) in addresses.into_iter().zip((0..count).rev()) {
            let late = async {
                match others {
                    0 => std::future::pending().await,
                    _ => Timer::after(share).await,
                };
                Err(io::ErrorKind::TimedOut.into())
            };
            match or(TcpStream::connect(address), late).await {
                Ok(stream) => {
                    // A small packet must not wait for the acknowledgement of the one before:
                    // the driver gathers what belongs together itself.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY not set");
                    }
                    return Ok(stream);
                }
                Err(error) => attempts.push((address, Arc::new(error))),
            }
        }
        Err(ConnectError::Unreachable {
            host: self.address.host.clone(),
            attempts,
        })
    }
}
