//! The session driven by hand, over a blocking socket and without a transport crate: what a
//! program does that has a runtime of its own.
//!
//! ```text
//! cargo run -p examples --bin by_hand
//! cargo run -p examples --bin by_hand -- --broker mqtt://localhost:1883
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant as Clock};

use mqtt_proto::{
    Connect, Properties, QoS, ReasonCode, Sequence, Subscription, TopicFilter, Version,
};
use mqtt_session::{Config, Event, Heap, Instant, Progress, Publish, Session, State};
use mqtt_testkit::TcpBroker;

/// Publishes a message to itself: bytes and time go into the session, bytes and events come out.
fn talk(address: &str) -> Result<(), Box<dyn Error>> {
    let mut socket = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
    let epoch = Clock::now();
    let now = || Instant::from_millis(u64::try_from(epoch.elapsed().as_millis()).unwrap_or(0));
    let (mut transmit, mut scratch, mut buffer) = ([0; 1024], [0; 512], [0; 1024]);

    // Commands. Only CONNECT goes out at once, the rest when it is due.
    let mut session: Session<Heap> = Session::new(Config::new(Version::V5));
    let connect = Connect::new(Version::V5, "by-hand");
    let (length, mut reader) = session.connect(now(), &connect, &mut transmit, &mut scratch)?;
    socket.write_all(&transmit[..length])?;
    let filter = Subscription::new(TopicFilter::new("by-hand/#")?, QoS::ExactlyOnce);
    session.subscribe(Sequence::new(&[filter]), Properties::EMPTY)?;
    let greeting = Publish::new("by-hand/greeting", b"hello").qos(QoS::ExactlyOnce);
    session.publish(now(), &greeting)?;

    let (mut published, mut received) = (false, false);
    loop {
        // Pay the debts: send what the session owes.
        loop {
            match session.poll_transmit(now(), &mut transmit) {
                0 => break,
                length => socket.write_all(&transmit[..length])?,
            }
        }
        if session.state() == State::Disconnecting {
            session.handle_close(now());
            return Ok(());
        }

        // Wait for bytes, but not beyond the moment that the session names.
        let wait = session
            .poll_timeout()
            .map(|due| Duration::from(due - now()));
        // Zero would be an error: a little late is harmless.
        socket.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
        let mut input = match socket.read(&mut buffer) {
            Ok(0) => return Err("the server closed the connection".into()),
            Ok(length) => &buffer[..length],
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                &[]
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(event) = session.handle_timeout(now()) {
            return Err(format!("{event:?}").into());
        }

        // Take the events. They borrow the input and the reader, never the session.
        loop {
            match session.handle_input(now(), &mut reader, &mut input) {
                Progress::Event(Event::Message(message)) => {
                    let payload = String::from_utf8_lossy(message.payload);
                    println!("{} at QoS {}: {payload}", message.topic, message.qos);
                    received = true;
                }
                Progress::Event(Event::Published(_)) => published = true,
                Progress::Event(Event::Disconnected(why)) => return Err(format!("{why:?}").into()),
                Progress::Event(_) => {}
                Progress::NeedInput => break,
                // The rest is taken once what is due was sent.
                Progress::Blocked => {
                    let length = session.poll_transmit(now(), &mut transmit);
                    socket.write_all(&transmit[..length])?;
                }
            }
        }
        if published && received {
            session.disconnect(now(), ReasonCode::Success, None)?;
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => TcpBroker::start()
            .map_err(Into::into)
            .and_then(|broker| talk(&broker.addr().to_string())),
        ["--broker", address] => talk(address.strip_prefix("mqtt://").unwrap_or(address)),
        _ => {
            eprintln!("usage: by_hand [--broker mqtt://HOST:PORT]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
