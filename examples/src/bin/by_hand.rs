//! The session driven by hand, over a blocking socket and without a transport crate: what a
//! program does that has a runtime of its own.
//!
//! Bytes and time go into the session, bytes and events come out; the rest is this page.
//!
//! ```text
//! cargo run -p examples --bin by_hand
//! cargo run -p examples --bin by_hand -- --broker localhost:1883
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::{Duration, Instant as Clock};

use mqtt_proto::{Connect, Properties, QoS, ReasonCode, Subscription, TopicFilter, Version};
use mqtt_session::{Config, Event, Heap, Instant, Payload, Progress, Publish, Session};
use mqtt_testkit::TcpBroker;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => TcpBroker::start()
            .map_err(Into::into)
            .and_then(|broker| talk(&broker.addr().to_string())),
        ["--broker", address] => talk(address.strip_prefix("mqtt://").unwrap_or(address)),
        _ => {
            eprintln!("usage: by_hand [--broker HOST:PORT]");
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

fn talk(address: &str) -> Result<(), Box<dyn Error>> {
    let mut socket = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
    let epoch = Clock::now();
    let now = || Instant::from_millis(u64::try_from(epoch.elapsed().as_millis()).unwrap_or(0));

    let mut session: Session<Heap> = Session::new(Config::new(Version::V5));
    let (mut transmit, mut scratch, mut input) = ([0; 1024], [0; 512], [0; 1024]);

    // The one packet that is there before the connection's reader is.
    let mut connect = Connect::new(Version::V5, "by-hand");
    connect.keep_alive = 5;
    let (length, mut reader) = session.connect(now(), &connect, &mut transmit, &mut scratch)?;
    socket.write_all(&transmit[..length])?;

    let mut done = false;
    while !done {
        // Pay the debts: send what the session owes.
        loop {
            match session.poll_transmit(now(), &mut transmit) {
                0 => break,
                length => socket.write_all(&transmit[..length])?,
            }
        }

        // Wait for bytes, but not beyond the moment that the session names.
        let wait = session
            .poll_timeout()
            .map(|due| Duration::from(due - now()));
        socket.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
        let mut rest = match socket.read(&mut input) {
            Ok(0) => {
                session.handle_close(now());
                return Err("the server closed the connection".into());
            }
            Ok(length) => &input[..length],
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                &[]
            }
            Err(error) => return Err(error.into()),
        };
        while let Some(event) = session.handle_timeout(now()) {
            done |= react(event)?.is_some();
        }

        // Take the events. Those of one packet borrow the input, never the session.
        loop {
            let reaction = match session.handle_input(now(), &mut reader, &mut rest) {
                Progress::Event(event) => react(event)?,
                Progress::NeedInput => break,
                Progress::Blocked => {
                    let length = session.poll_transmit(now(), &mut transmit);
                    socket.write_all(&transmit[..length])?;
                    continue;
                }
            };
            match reaction {
                Some(Next::Subscribe) => {
                    let filter = TopicFilter::new("by-hand/#")?;
                    let subscriptions = [Subscription::new(filter, QoS::ExactlyOnce)];
                    session.subscribe((&subscriptions).into(), Properties::EMPTY)?;
                }
                Some(Next::Publish) => {
                    session.publish(
                        now(),
                        &Publish {
                            topic: "by-hand/greeting",
                            payload: Payload::Bytes(b"hello"),
                            qos: QoS::ExactlyOnce,
                            retain: false,
                            properties: Properties::EMPTY,
                        },
                    )?;
                }
                Some(Next::Disconnect) => session.disconnect(now(), ReasonCode::Success, None)?,
                Some(Next::End) => done = true,
                None => {}
            }
        }
    }
    Ok(())
}

/// What this program does next.
enum Next {
    Subscribe,
    Publish,
    Disconnect,
    End,
}

fn react(event: Event<'_>) -> Result<Option<Next>, String> {
    Ok(match event {
        Event::Connected(_) => Some(Next::Subscribe),
        Event::Subscribed(_) => Some(Next::Publish),
        Event::Message(message) => {
            let payload = String::from_utf8_lossy(message.payload);
            println!("{} at QoS {}: {payload}", message.topic, message.qos);
            Some(Next::Disconnect)
        }
        other => return Err(format!("unexpected: {other:?}")),
    })
}
