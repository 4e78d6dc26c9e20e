//! The broker: bytes and time in, bytes and deadlines out, for any number of connections.

mod connect;
mod connection;
mod message;
mod options;
mod output;
mod packets;
mod session;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use mqtt_proto::{Packet, ReasonCode};
use mqtt_session::Instant;

use connection::Connection;
pub use options::BrokerOptions;
use packets::{End, Handler};
use store::Store;

/// One Network Connection of a [`Broker`]. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// A small MQTT Server of both versions, without I/O and without a clock.
///
/// Like the session it has four kinds of method: getters; commands; `handle_*`, something happened;
/// `poll_*`, take what the broker owes. After any call, pay the debts: send what
/// [`poll_transmit`](Self::poll_transmit) gives for *every* connection (a message of one is for
/// others), close those that [`poll_close`](Self::poll_close) names, and call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) says.
///
/// The same calls give the same bytes, and a clone goes on as the original would: a test can
/// fork the whole Server.
///
/// ```
/// use mqtt_proto::{Connect, Packet, Version};
/// use mqtt_session::Instant;
/// use mqtt_testkit::{Broker, BrokerOptions};
///
/// let now = Instant::default();
/// let mut broker = Broker::new(BrokerOptions::default());
/// let client = broker.open(now);
///
/// let mut buf = [0; 64];
/// let connect = Packet::Connect(Connect::new(Version::V3_1_1, "trace"));
/// let len = connect.encode(Version::V3_1_1, &mut buf).unwrap();
/// broker.handle_input(now, client, &buf[..len]);
///
/// let len = broker.poll_transmit(now, client, &mut buf);
/// assert_eq!(buf[..len], [0x20, 2, 0, 0]); // CONNACK
/// ```
#[derive(Clone, Debug)]
pub struct Broker {
    options: BrokerOptions,
    store: Store,
    connections: BTreeMap<ConnectionId, Connection>,
    ended: VecDeque<ConnectionId>,
    refusals: BTreeMap<ReasonCode, u64>,
    opened: u64,
    assigned: u64,
}

/// Getters.
impl Broker {
    /// A broker that knows nobody.
    #[must_use]
    pub fn new(options: BrokerOptions) -> Self {
        Self {
            options,
            store: Store::default(),
            connections: BTreeMap::new(),
            ended: VecDeque::new(),
            refusals: BTreeMap::new(),
            opened: 0,
            assigned: 0,
        }
    }

    /// What it was told at its start.
    #[must_use]
    pub fn options(&self) -> &BrokerOptions {
        &self.options
    }

    /// The Client Identifiers of those who are connected, in order.
    pub fn connected(&self) -> impl Iterator<Item = &str> {
        self.store
            .sessions
            .iter()
            .filter(|(_, session)| session.connection.is_some())
            .map(|(client_id, _)| client_id.as_str())
    }

    /// Whether a Client has a session here, connected or not.
    #[must_use]
    pub fn has_session(&self, client_id: &str) -> bool {
        self.store.sessions.contains_key(client_id)
    }

    /// The messages that a Client has not got yet: queued, or sent and not acknowledged.
    #[must_use]
    pub fn queued(&self, client_id: &str) -> usize {
        self.store
            .sessions
            .get(client_id)
            .map_or(0, session::Session::queued)
    }

    /// The payload of the retained message of a topic.
    #[must_use]
    pub fn retained(&self, now: Instant, topic: &str) -> Option<&[u8]> {
        self.store
            .retained(now, topic)
            .map(|message| message.payload.as_slice())
    }

    /// How many connections the broker has ended for each reason. To a Client of 3.1.1, which is
    /// told none, it looks like a network that failed: a test had better look here.
    #[must_use]
    pub fn refusals(&self) -> &BTreeMap<ReasonCode, u64> {
        &self.refusals
    }

    /// Messages that were dropped because a Client's queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.store.dropped
    }
}

/// Commands.
impl Broker {
    /// Ends a Client's connection, in 5.0 with a DISCONNECT of this reason.
    pub fn disconnect(&mut self, now: Instant, client_id: &str, reason: ReasonCode) {
        let id = self
            .store
            .sessions
            .get(client_id)
            .and_then(|session| session.connection);
        if let Some(id) = id {
            self.with_connection(id, |broker, connection| {
                broker.end(now, id, connection, End::Refused(reason));
            });
        }
    }

    /// Forgets every session that is not connected and every retained message, as a Server does
    /// that has lost its disk. Wills are not published.
    pub fn forget(&mut self) {
        self.store.forget();
    }

    /// Crashes and starts again: every connection is gone without a word; the sessions that
    /// outlive a connection and the retained messages are as they were.
    pub fn restart(&mut self, now: Instant) {
        while let Some((&id, _)) = self.connections.first_key_value() {
            self.handle_close(now, id);
        }
        self.ended.clear();
    }
}

/// `handle_*`: something happened.
impl Broker {
    /// A transport was opened.
    pub fn open(&mut self, now: Instant) -> ConnectionId {
        self.opened += 1;
        let id = ConnectionId(self.opened);
        self.connections
            .insert(id, Connection::new(now, &self.options));
        id
    }

    /// Bytes came on a connection. Of one that is over they mean nothing.
    pub fn handle_input(&mut self, now: Instant, id: ConnectionId, bytes: &[u8]) {
        self.with_connection(id, |broker, connection| {
            let input = connection.take_input(bytes);
            let mut rest = input.as_slice();
            while !connection.is_ended() {
                let handled = match connection.decode(now, &broker.options, &mut rest) {
                    Ok(None) => break,
                    Ok(Some(packet)) => broker.handle_packet(now, id, connection, &packet),
                    Err(reason) => Err(End::Refused(reason)),
                };
                if let Err(end) = handled {
                    broker.end(now, id, connection, end);
                }
            }
            let taken = input.len() - rest.len();
            connection.keep_input(input, taken);
        });
    }

    /// A transport was closed, by either side.
    pub fn handle_close(&mut self, now: Instant, id: ConnectionId) {
        if let Some(mut connection) = self.connections.remove(&id) {
            self.detach(now, &mut connection, true);
        }
        self.ended.retain(|ended| *ended != id);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let silent: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.deadline().is_some_and(|it| it <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in silent {
            self.with_connection(id, |broker, connection| {
                broker.end(
                    now,
                    id,
                    connection,
                    End::Refused(ReasonCode::KeepAliveTimeout),
                );
            });
        }
        self.store.handle_timeout(now, &self.options);
    }
}

/// `poll_*`: what the broker owes.
impl Broker {
    /// Writes what is to be sent on a connection to the front of `buf` and returns its size;
    /// 0: nothing is due.
    pub fn poll_transmit(&mut self, now: Instant, id: ConnectionId, buf: &mut [u8]) -> usize {
        self.connections.get_mut(&id).map_or(0, |connection| {
            connection.poll_transmit(now, &mut self.store, buf)
        })
    }

    /// A connection that the broker has ended: send what `poll_transmit` still gives for it, close
    /// its transport and say so with [`handle_close`](Self::handle_close).
    pub fn poll_close(&mut self) -> Option<ConnectionId> {
        self.ended.pop_front()
    }

    /// When `handle_timeout` is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let silence = self
            .connections
            .values()
            .filter_map(Connection::deadline)
            .min();
        silence.into_iter().chain(self.store.poll_timeout()).min()
    }
}

impl Broker {
    fn handle_packet(
        &mut self,
        now: Instant,
        id: ConnectionId,
        connection: &mut Connection,
        packet: &Packet<'_>,
    ) -> Result<(), End> {
        let Some(client_id) = connection.client_id().map(str::to_owned) else {
            return match packet {
                Packet::Connect(connect) => {
                    if let Err(reason) = self.handle_connect(now, id, connection, connect) {
                        connection.refuse(reason);
                        self.ended.push_back(id);
                        *self.refusals.entry(reason).or_default() += 1;
                    }
                    Ok(())
                }
                // [MQTT-3.1.0-1]
                _ => Err(End::Refused(ReasonCode::ProtocolError)),
            };
        };
        let (options, store) = (&self.options, &mut self.store);
        Handler {
            now,
            options,
            store,
            connection,
            client_id: &client_id,
        }
        .handle(packet)
    }

    /// The broker ends a connection.
    fn end(&mut self, now: Instant, id: ConnectionId, connection: &mut Connection, end: End) {
        if connection.is_ended() {
            return;
        }
        if let End::Refused(reason) = end {
            *self.refusals.entry(reason).or_default() += 1;
        }
        if connection.client_id().is_none()
            && let End::Refused(
                reason @ (ReasonCode::UnsupportedProtocolVersion
                | ReasonCode::ClientIdentifierNotValid),
            ) = end
        {
            // A CONNECT that could not be decoded [MQTT3-3.1.2-2], [MQTT3-3.1.3-8]: answered in the
            // form that every version since 3.1 understands.
            connection.refuse(reason);
            self.ended.push_back(id);
            return;
        }
        self.detach(now, connection, end != End::Requested);
        connection.end(match end {
            End::Refused(reason) => Some(reason),
            End::Requested | End::RequestedWithWill => None,
        });
        self.ended.push_back(id);
    }

    /// Parts a session from its connection.
    fn detach(&mut self, now: Instant, connection: &mut Connection, with_will: bool) {
        let will = connection.will.take().filter(|_| with_will);
        if let Some(client_id) = connection.client_id() {
            self.store.detach(now, &self.options, client_id, will);
        }
    }

    /// Lends a connection out of the table, so that what it causes can reach the others.
    fn with_connection(&mut self, id: ConnectionId, body: impl FnOnce(&mut Self, &mut Connection)) {
        if let Some(mut connection) = self.connections.remove(&id) {
            body(self, &mut connection);
            self.connections.insert(id, connection);
        }
    }
}
