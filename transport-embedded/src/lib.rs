//! An MQTT 3.1.1 and 5.0 client for firmware: the sans-IO session of `mqtt-session`, driven over
//! [`embedded-io-async`](embedded_io_async) or blocking [`embedded-io`](embedded_io).
//!
//! No heap, no unsafe code, no panic, no memory but what you give it. Payloads of any size pass
//! through buffers of any size, in both directions. What it costs is measured in
//! `examples/firmware/SIZE.md` of the repository, which also has a device that runs.
//!
//! It is *not* a network stack, a TLS implementation or an executor: bring any that speak
//! `embedded-io`.
//!
//! # A complete program
//!
//! ```
//! use embedded_io_async::{Read, Write};
//! use mqtt_proto::{Connect, Properties, Property, QoS, Subscription, TopicFilter, Version};
//! use mqtt_session::{Config, Duration, Event, Inline, Payload, Publish, Reconnect, Session};
//! use transport_embedded::{Client, Resources, Step, Timer};
//!
//! /// 1 KiB of outgoing packets kept for resending, 4 operations in flight, 2 incoming messages.
//! type Tables = Inline<1024, 4, 2>;
//!
//! async fn device<C: Timer, T: Read + Write>(clock: C, mut open: impl AsyncFnMut() -> Option<T>) {
//!     let mut config = Config::new(Version::V5);
//!     config.reconnect = Some(Reconnect {
//!         minimum: Duration::from_secs(1),
//!         maximum: Duration::from_secs(60),
//!         seed: 0x1234_5678, // from the serial number: it spreads a thousand devices
//!     });
//!     // In a task these live in its future, which is static; or use `StaticCell`.
//!     let mut session = Session::<Tables>::new(config);
//!     let mut resources = Resources::<512, 256, 256>::new();
//!     let mut client = Client::new(&mut session, clock, resources.buffers());
//!
//!     let properties = [
//!         Property::SessionExpiryInterval(3600),
//!         // The Server must not send more at once than the session can track.
//!         Property::ReceiveMaximum(2.try_into().unwrap()),
//!     ];
//!     let mut connect = Connect::new(Version::V5, "thermostat-7");
//!     connect.clean_start = false;
//!     connect.properties = (&properties).into();
//!
//!     // What a Server has of a device that has just started, it does not know.
//!     let mut subscribe_due = true;
//!     loop {
//!         match open().await {
//!             Some(socket) => {
//!                 let Ok(mut connection) = client.connect(socket, &connect) else {
//!                     return; // the CONNECT does not fit: a mistake in this program
//!                 };
//!                 while let Ok(Some((step, mut commands))) = connection.next().await {
//!                     match step {
//!                         Step::Event(Event::Connected(connack)) => {
//!                             subscribe_due |= !connack.session_present;
//!                         }
//!                         // One that comes in pieces is ignored here; see below.
//!                         Step::Event(Event::Message(message)) if message.remaining == 0 => {
//!                             // The message borrows the buffers, the commands do not.
//!                             let echo = Publish {
//!                                 topic: "thermostat/7/state",
//!                                 payload: Payload::Bytes(message.payload),
//!                                 qos: QoS::AtLeastOnce,
//!                                 retain: true,
//!                                 properties: Properties::EMPTY,
//!                             };
//!                             if let Err(error) = commands.publish(&echo) {
//!                                 // For instance: the outbox is full, try again later.
//!                                 drop(error);
//!                             }
//!                         }
//!                         _ => {}
//!                     }
//!                     if subscribe_due {
//!                         // Refused while the tables are full: the next step tries again.
//!                         let filter = TopicFilter::new("thermostat/7/set").unwrap();
//!                         let set = [Subscription::new(filter, QoS::AtLeastOnce)];
//!                         let taken = commands.subscribe((&set).into(), Properties::EMPTY);
//!                         subscribe_due = taken.is_err();
//!                     }
//!                 }
//!             }
//!             None => client.connect_failed(),
//!         }
//!         // Longer after each failure; the session's own policy.
//!         client.reconnect_due().await;
//!     }
//! }
//! ```
//!
//! A message that is published elsewhere, say by a task that reads a sensor, comes in over a
//! channel: `select(connection.next(), channel.receive())`, then `connection.commands()`. Every
//! future here may be dropped at any time; see [`Connection`].
//!
//! # Payloads larger than RAM
//!
//! A message comes as [`Event::Message`](mqtt_session::Event::Message) with what has arrived of
//! its payload, and `remaining` bytes follow as
//! [`Event::Payload`](mqtt_session::Event::Payload). Whoever does not want it ignores them: it is
//! skipped without a disconnect. A short one too comes in pieces where it lies across two reads: a
//! device that must have it copies the pieces into a buffer of its own until `remaining` is 0.
//!
//! To send one, publish
//! [`Payload::Streamed`](mqtt_session::Payload::Streamed) with its length; [`Step::PayloadDue`]
//! then asks for the bytes from an offset on, and from 0 again when the connection was lost half
//! way: answer with [`Connection::send_payload`].
//!
//! # Capacities, and what they cost
//!
//! All in bytes of RAM on a 32 bit core.
//!
//! | what | holds | cost |
//! |---|---|---|
//! | [`Inline<OUTBOX, SEND, RECEIVE>`](mqtt_session::Inline) | the session | at most 288 + `OUTBOX` + 24 `SEND` + 16 `RECEIVE`, rounded up to a multiple of 8 |
//! | `OUTBOX` | every packet at QoS 1 and 2 until it is acknowledged, every SUBSCRIBE and UNSUBSCRIBE, every QoS 0 message until it is sent; of a streamed message the head only | the largest of them, times those in flight |
//! | `SEND` | operations that have not ended | 1 to 8 is usual |
//! | `RECEIVE` | QoS 1 and 2 messages on their way in | 1 suffices in 5.0, and is to be said in the CONNECT's Receive Maximum; 3.1.1 has none, so there as many as the Server keeps in flight (mosquitto: 20): more QoS 2 messages at once end the connection |
//! | [`Buffers::receive`] | what was read; the piece in which payloads come | 64 works, 512 and more is faster |
//! | [`Buffers::scratch`] | a packet, or the head of a PUBLISH; bounds what is taken | the longest topic and properties, plus 10; the largest CONNACK |
//! | [`Buffers::transmit`] | packets on their way out, in pieces; the CONNECT, whole | the CONNECT: credentials and will; 64 to 256 |
//!
//! The program above, for example, has at most 288 + 1024 + 4 · 24 + 2 · 16 = 1440 bytes of session
//! and 1024 of buffers. Begin with an `OUTBOX` of what you publish at QoS 1 and 2 within one round
//! trip to the Server; a publish that is refused because it is full says so, and nothing is lost.
//!
//! # Which transport
//!
//! Each of these runs in the repository's tests, as a program to begin with: `examples/transports`
//! has embassy-net, TLS and the modem, `examples/firmware` smoltcp.
//!
//! **embassy-net.** `TcpSocket` implements the traits. Clock and timer: `EmbassyClock`, with the
//! feature `embassy-time`. Pass `&mut socket` to [`Client::connect`]; after [`Connection::next`]
//! gave `None` or an error, `close` the socket and `flush` it. Call `set_nagle_enabled(false)`,
//! and `set_timeout`, by which an attempt to connect ends too.
//!
//! **smoltcp.** A struct with the interface and the socket implements `Read` and `Write` in
//! thirty lines, with `poll_fn`: `examples/firmware/src/net.rs`. Turn delayed acknowledgements
//! and Nagle's algorithm off.
//!
//! **embedded-tls.** A read that is dropped, or times out, within a record loses bytes, and the
//! driver drops a read when a deadline comes. So let pumps move bytes between the halves of the
//! `TlsConnection` and two pipes of `embassy_sync`, and hand the driver the other ends:
//! `examples/transports/src/tls.rs`. A record takes 16 KiB unless the server agrees to less. Give
//! it a `CertVerifier`: with the `UnsecureProvider` that its examples show, nobody is verified.
//! And a random number generator that nobody can guess.
//!
//! **A UART modem.** With AT commands that open a socket in transparent mode, the UART is the
//! transport: [`Connection::poll`] from the main loop where it implements `ReadReady`
//! (`examples/transports/src/modem.rs`), otherwise a buffered asynchronous UART, which drops
//! nothing; one with DMA into the caller's buffer, or out of it, does.
//!
//! # Features
//!
//! - `embassy-time`: `EmbassyClock`.
//! - `defmt`: `defmt::Format` on every public type, here and in the two cores.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod asynchronous;
mod blocking;
mod buffers;
mod client;
mod clock;
mod commands;
mod connection;
#[cfg(feature = "defmt")]
mod format;
mod link;
mod step;
#[cfg(test)]
mod tests;

pub use buffers::{Buffers, Resources};
pub use client::Client;
#[cfg(feature = "embassy-time")]
pub use clock::EmbassyClock;
pub use clock::{Clock, Timer};
pub use commands::Commands;
pub use connection::Connection;
pub use step::Step;
