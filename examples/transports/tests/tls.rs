//! The device over embedded-tls, the broker behind rustls, in memory.

mod common;

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use common::{Server, run};
use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embassy_sync::pipe::{self, Pipe};
use embedded_io_async::{ErrorType, Read, Write};
use embedded_tls::TlsError;
use rand_core::OsRng;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use transport_embedded::{Client, EmbassyClock};
use transports::thermostat::{self, Memory};
use transports::tls::{self, Halves, Records, Trust};

const NAME: &str = "broker.example";

/// Signs the certificates of servers.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        Self {
            certificate,
            issuer,
        }
    }

    fn server(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

type Wire = Pipe<NoopRawMutex, 512>;
type Reader<'p> = pipe::Reader<'p, NoopRawMutex, 512>;
type Writer<'p> = pipe::Writer<'p, NoopRawMutex, 512>;

/// The server's side of TLS.
struct TlsServer<'p> {
    tls: ServerConnection,
    reader: Reader<'p>,
    writer: Writer<'p>,
}

impl<'p> TlsServer<'p> {
    fn new(config: &Arc<ServerConfig>, reader: Reader<'p>, writer: Writer<'p>) -> Self {
        Self {
            tls: ServerConnection::new(Arc::clone(config)).unwrap(),
            reader,
            writer,
        }
    }

    async fn close(&mut self) {
        self.tls.send_close_notify();
        self.flush().await.unwrap();
    }
}

/// TLS failed on the server's side.
#[derive(Debug)]
struct Failed(#[expect(dead_code, reason = "shown by Debug")] rustls::Error);

impl ErrorType for TlsServer<'_> {
    type Error = Failed;
}

impl core::fmt::Display for Failed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Debug::fmt(self, f)
    }
}

impl core::error::Error for Failed {}

impl embedded_io::Error for Failed {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl Read for TlsServer<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Failed> {
        loop {
            match self.tls.reader().read(buf) {
                Ok(count) => return Ok(count),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
            let mut bytes = [0; 512];
            let count = self.reader.read(&mut bytes).await;
            let mut bytes = &bytes[..count];
            while !bytes.is_empty() {
                self.tls.read_tls(&mut bytes).unwrap();
                self.tls.process_new_packets().map_err(Failed)?;
            }
            self.flush().await?;
        }
    }
}

impl Write for TlsServer<'_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Failed> {
        Ok(self.tls.writer().write(buf).unwrap())
    }

    async fn flush(&mut self) -> Result<(), Failed> {
        let mut bytes = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut bytes).unwrap();
        }
        self.writer
            .write_all(&bytes)
            .await
            .unwrap_or_else(|never| match never {});
        Ok(())
    }
}

/// Two pipes: what the device writes and what it reads.
struct Cable {
    up: Wire,
    down: Wire,
}

impl Cable {
    const fn new() -> Self {
        Self {
            up: Pipe::new(),
            down: Pipe::new(),
        }
    }

    /// The device's ends and the server's.
    fn ends(&mut self) -> ((Reader<'_>, Writer<'_>), (Reader<'_>, Writer<'_>)) {
        let (server_reader, device_writer) = self.up.split();
        let (device_reader, server_writer) = self.down.split();
        (
            (device_reader, device_writer),
            (server_reader, server_writer),
        )
    }
}

/// What a device is made of.
struct Device {
    authority: CertificateDer<'static>,
    records: Box<Records>,
    memory: Memory,
}

impl Device {
    fn new(authority: &Authority) -> Self {
        Self {
            authority: authority.certificate.clone(),
            records: Box::default(),
            memory: Memory::new(7),
        }
    }

    /// One connection, from its beginning to its end. `true`: another is wanted.
    async fn connection(
        &mut self,
        (reader, writer): (Reader<'_>, Writer<'_>),
    ) -> Result<bool, TlsError> {
        let Memory { session, buffers } = &mut self.memory;
        let mut client = Client::new(session, EmbassyClock, buffers.buffers());
        let (reader, writer) = (Mutex::new(reader), Mutex::new(writer));
        let socket = Halves {
            reader: &reader,
            writer: &writer,
        };
        let trust = Trust::new(&self.authority, OsRng);
        tls::run(socket, &mut self.records, NAME, trust, async |plain| {
            let mut connection = client.connect(plain, &thermostat::connect()).unwrap();
            let Ok(()) = thermostat::serve(&mut connection).await;
        })
        .await?;
        Ok(client.reconnect_due().await)
    }
}

#[test]
fn is_set_and_turned_off() {
    let authority = Authority::new();
    let config = authority.server(NAME);
    let mut device = Device::new(&authority);
    let mut server = Server::start();

    // A server that ends TLS without a word of MQTT.
    let mut cable = Cable::new();
    let (ends, (reader, writer)) = cable.ends();
    let mut tls = TlsServer::new(&config, reader, writer);
    let cut = async {
        let mut buf = [0; 256];
        assert_ne!(tls.read(&mut buf).await.unwrap(), 0);
        tls.close().await;
    };
    let (reconnect, ()) = run(join(device.connection(ends), cut));
    assert!(reconnect.unwrap());
    let late = tls.reader.try_read(&mut [0]);
    assert!(late.is_err(), "said when TLS was over");

    let mut cable = Cable::new();
    let (ends, (reader, writer)) = cable.ends();
    let tls = TlsServer::new(&config, reader, writer);
    let (reconnect, served) = run(join(device.connection(ends), server.serve(tls)));
    served.unwrap();
    assert!(!reconnect.unwrap());
    assert_eq!(server.states, ["21.5"]);
    assert!(!server.has_device());
}

/// What the device makes of a server that it should not trust.
fn refusal(trusted: &Authority, config: &Arc<ServerConfig>) -> TlsError {
    let mut device = Device::new(trusted);
    let mut server = Server::start();
    let mut cable = Cable::new();
    let (ends, (reader, writer)) = cable.ends();
    let tls = TlsServer::new(config, reader, writer);
    let serve = async {
        let _ = server.serve(tls).await;
        std::future::pending::<()>().await;
    };
    match run(select(device.connection(ends), serve)) {
        Either::First(Err(error)) => error,
        Either::First(Ok(_)) => panic!("it was trusted"),
        Either::Second(()) => unreachable!(),
    }
}

#[test]
fn another_authority_is_refused() {
    let other = Authority::new();
    let error = refusal(&Authority::new(), &other.server(NAME));
    assert!(matches!(error, TlsError::InvalidCertificate), "{error:?}");
}

#[test]
fn another_name_is_refused() {
    let authority = Authority::new();
    let error = refusal(&authority, &authority.server("other.example"));
    assert!(matches!(error, TlsError::InvalidCertificate), "{error:?}");
}
