use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use smol::io::{AsyncRead, AsyncWrite};

/// What [`Options::on_wire`](crate::Options::on_wire) is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire<'a> {
    /// A transport was opened: what follows has nothing to do with what came before.
    Opened,
    /// Bytes that the transport took; a packet may be in pieces.
    Sent(&'a [u8]),
    /// Bytes that came; a packet may be in pieces.
    Received(&'a [u8]),
}

/// A hook for what passes.
pub(crate) type Tap = Arc<dyn Fn(Wire<'_>) + Send + Sync>;

/// A transport whose bytes a hook sees, if there is one.
pub(crate) struct Tapped<S> {
    stream: S,
    tap: Option<Tap>,
}

impl<S> Tapped<S> {
    pub(crate) fn new(stream: S, tap: Option<Tap>) -> Self {
        let tapped = Self { stream, tap };
        tapped.tell(Wire::Opened);
        tapped
    }

    fn tell(&self, wire: Wire<'_>) {
        if let Some(tap) = &self.tap {
            tap(wire);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(size)) = outcome {
            self.tell(Wire::Received(&buf[..size]));
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(size)) = outcome {
            self.tell(Wire::Sent(&buf[..size]));
        }
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
