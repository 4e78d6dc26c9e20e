//! Over TLS 1.3, by embedded-tls, on any transport of embedded-io-async.
//!
//! A read of embedded-tls that is dropped within a record loses bytes, and a write may leave half a
//! record behind. The driver drops both when a deadline comes. So the driver gets the ends of two
//! pipes, whose operations can be dropped, and two pumps, which nobody drops, move the bytes.

use embassy_futures::join::join3;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_sync::pipe::{Pipe, Reader, Writer};
use embassy_sync::signal::Signal;
use embedded_io_async::{BufRead, ErrorType, Read, Write};
use embedded_tls::pki::CertVerifier;
use embedded_tls::{
    Aes128GcmSha256, Certificate, CryptoProvider, CryptoRngCore, NoClock, TlsConfig, TlsConnection,
    TlsContext, TlsError, TlsReader, TlsVerifier, TlsWriter,
};

/// Something happened, once.
type Event = Signal<NoopRawMutex, ()>;

/// What a pipe holds, in bytes. There are two.
pub const PIPE: usize = 256;
/// The largest server certificate, in bytes.
const CERTIFICATE: usize = 1024;

/// The memory of TLS: in a `static`, it is by far the largest.
#[derive(Debug)]
pub struct Records {
    /// One record as it comes. A server sends up to 16 KiB in one, unless it was agreed otherwise
    /// (`TlsConfig::with_max_fragment_length`, which many servers do not know) or you configure
    /// your own server to send less.
    pub read: [u8; 16_640],
    /// One record as it goes, and the handshake's messages.
    pub write: [u8; 1024],
}

impl Records {
    /// Zeroes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            read: [0; 16_640],
            write: [0; 1024],
        }
    }
}

impl Default for Records {
    fn default() -> Self {
        Self::new()
    }
}

/// Who is trusted, and where randomness comes from.
///
/// **What is verified**: that each certificate is signed by the one above it, the topmost by the
/// given authority, with ECDSA on P-256; that the server's is for the name; and that the server has
/// its key.
/// **What is not**: dates, because there is no clock here (give [`CertVerifier`] a `TlsClock`
/// where there is one); whether a certificate may sign others; and revocation. So trust an
/// authority of your own that signs nothing but servers, not the public ones. `UnsecureProvider`,
/// which embedded-tls shows first, verifies nothing.
#[derive(Debug)]
pub struct Trust<'c, R> {
    rng: R,
    verifier: Verifier<'c>,
}

/// Has no `Debug` of its own.
struct Verifier<'c>(CertVerifier<'c, Aes128GcmSha256, NoClock, CERTIFICATE>);

impl core::fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Verifier")
    }
}

impl<'c, R: CryptoRngCore> Trust<'c, R> {
    /// `authority`: a certificate in DER. `rng`: the hardware's generator, or one seeded from it.
    /// Numbers that can be guessed make keys that can be guessed.
    pub fn new(authority: &'c [u8], rng: R) -> Self {
        Self {
            rng,
            verifier: Verifier(CertVerifier::new(Certificate::X509(authority))),
        }
    }
}

impl<R: CryptoRngCore> CryptoProvider for Trust<'_, R> {
    type CipherSuite = Aes128GcmSha256;
    /// This device has no certificate: it proves who it is in the CONNECT.
    type Signature = &'static [u8];

    fn rng(&mut self) -> impl CryptoRngCore {
        &mut self.rng
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Aes128GcmSha256>, TlsError> {
        Ok(&mut self.verifier.0)
    }
}

/// Opens TLS with the server of that name, has `mqtt` use the connection, and closes TLS when it
/// is done: what `mqtt` wrote before has left by then.
///
/// # Errors
/// The handshake failed: for instance, the server is not the one it should be. What fails later
/// looks to `mqtt` like a connection that was closed.
pub async fn run<S: Read + Write + Clone, R>(
    socket: S,
    records: &mut Records,
    name: &str,
    trust: Trust<'_, impl CryptoRngCore>,
    mqtt: impl AsyncFnOnce(Plain<'_>) -> R,
) -> Result<R, TlsError> {
    let config = TlsConfig::new().with_server_name(name);
    let mut tls = TlsConnection::new(socket, &mut records.read, &mut records.write);
    tls.open(TlsContext::new(&config, trust)).await?;

    let (mut incoming, mut outgoing) = (Pipe::new(), Pipe::new());
    let (from_server, to_driver) = incoming.split();
    let (from_driver, to_server) = outgoing.split();
    let (over, stop, drain) = (Event::new(), Event::new(), Event::new());
    let answer = {
        let (reader, writer) = tls.split();
        let receive = async {
            let _ = select(receive(reader, to_driver), stop.wait()).await;
            over.signal(());
        };
        let send = async {
            let _ = send(writer, from_driver, &drain).await;
            over.signal(());
        };
        let mqtt = async {
            let answer = mqtt(Plain {
                from_server,
                to_server,
                over: &over,
            })
            .await;
            stop.signal(());
            drain.signal(());
            answer
        };
        join3(receive, send, mqtt).await.2
    };
    // Where the server has closed TLS, embedded-tls would send an alert that is not encrypted.
    if tls.is_opened() {
        let _ = tls.close().await;
    }
    Ok(answer)
}

/// Until TLS is over.
async fn receive<S: Read>(
    mut reader: TlsReader<'_, S, Aes128GcmSha256>,
    to_driver: Writer<'_, NoopRawMutex, PIPE>,
) -> Result<(), TlsError> {
    loop {
        let count = to_driver.write(reader.fill_buf().await?).await;
        reader.consume(count);
    }
}

/// Until TLS is over, or `drain` was said and all is sent.
async fn send<S: Write>(
    mut writer: TlsWriter<'_, S, Aes128GcmSha256>,
    from_driver: Reader<'_, NoopRawMutex, PIPE>,
    drain: &Event,
) -> Result<(), TlsError> {
    let mut bytes = [0; PIPE];
    loop {
        // The pipe is looked at first.
        match select(from_driver.read(&mut bytes), drain.wait()).await {
            Either::First(count) => {
                writer
                    .write_all(bytes.get(..count).unwrap_or_default())
                    .await?;
                writer.flush().await?;
            }
            Either::Second(()) => return Ok(()),
        }
    }
}

/// The transport inside of TLS. What is dropped has moved nothing.
pub struct Plain<'p> {
    from_server: Reader<'p, NoopRawMutex, PIPE>,
    to_server: Writer<'p, NoopRawMutex, PIPE>,
    over: &'p Event,
}

impl ErrorType for Plain<'_> {
    type Error = core::convert::Infallible;
}

impl Read for Plain<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        match select(self.from_server.read(buf), self.over.wait()).await {
            Either::First(count) => Ok(count),
            Either::Second(()) => {
                self.over.signal(()); // it stays so
                Ok(0)
            }
        }
    }
}

impl Write for Plain<'_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        Ok(self.to_server.write(buf).await)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(()) // the pump does, after each piece
    }
}

/// A transport in halves, as `TcpSocket::split` gives them, made one that can be cloned:
/// embedded-tls wants a clone for each direction.
#[derive(Debug)]
pub struct Halves<'h, R, W> {
    /// Used by whoever reads.
    pub reader: &'h Mutex<NoopRawMutex, R>,
    /// Used by whoever writes.
    pub writer: &'h Mutex<NoopRawMutex, W>,
}

impl<R, W> Clone for Halves<'_, R, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, W> Copy for Halves<'_, R, W> {}

impl<R: ErrorType, W> ErrorType for Halves<'_, R, W> {
    type Error = R::Error;
}

impl<R: Read, W> Read for Halves<'_, R, W> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, R::Error> {
        self.reader.lock().await.read(buf).await
    }
}

impl<R: ErrorType, W: Write<Error = R::Error>> Write for Halves<'_, R, W> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, R::Error> {
        self.writer.lock().await.write(buf).await
    }

    async fn flush(&mut self) -> Result<(), R::Error> {
        self.writer.lock().await.flush().await
    }
}
