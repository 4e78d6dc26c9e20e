use std::collections::VecDeque;

use mqtt_session::{Duration, Instant};

use super::Faults;
use super::rng::Rng;
use crate::ConnectionId;

/// The transport between a client and the broker.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: ConnectionId,
    pub(crate) to_broker: Pipe,
    pub(crate) to_client: Pipe,
}

/// One direction of a link: what is under way, in order.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    parcels: VecDeque<(Instant, Parcel)>,
    closed: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parcel {
    Bytes(Vec<u8>),
    /// The end of the stream: the sender closed it, or the link was cut.
    Closed,
}

impl Link {
    pub(crate) fn new(id: ConnectionId) -> Self {
        Self {
            id,
            to_broker: Pipe::default(),
            to_client: Pipe::default(),
        }
    }

    /// When the next parcel arrives at either end.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.to_broker
            .next()
            .into_iter()
            .chain(self.to_client.next())
            .min()
    }

    /// Cuts the link: of what is under way each end gets a random part, then each learns at a
    /// time of its own.
    pub(crate) fn cut(&mut self, now: Instant, faults: &Faults, rng: &mut Rng) {
        self.to_broker.cut(now, faults, rng);
        self.to_client.cut(now, faults, rng);
    }
}

impl Pipe {
    pub(crate) fn next(&self) -> Option<Instant> {
        self.parcels.front().map(|(due, _)| *due)
    }

    /// What arrives at `now`.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Parcel> {
        if self.next()? > now {
            return None;
        }
        self.parcels.pop_front().map(|(_, parcel)| parcel)
    }

    /// Sends bytes in pieces, each with a delay of its own. A closed pipe swallows them.
    pub(crate) fn send(&mut self, now: Instant, bytes: &[u8], faults: &Faults, rng: &mut Rng) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.closed {
            let (piece, after) = rest.split_at(rng.size(faults.split).min(rest.len()));
            self.push(now, Parcel::Bytes(piece.to_vec()), faults, rng);
            rest = after;
        }
    }

    /// Ends the stream behind what is under way.
    pub(crate) fn close(&mut self, now: Instant, faults: &Faults, rng: &mut Rng) {
        if !self.closed {
            self.push(now, Parcel::Closed, faults, rng);
            self.closed = true;
        }
    }

    fn cut(&mut self, now: Instant, faults: &Faults, rng: &mut Rng) {
        if self.closed {
            return;
        }
        let arrives = rng.up_to(u64::try_from(self.parcels.len()).unwrap_or(u64::MAX));
        self.parcels
            .truncate(usize::try_from(arrives).unwrap_or(usize::MAX));
        if let Some((_, Parcel::Bytes(last))) = self.parcels.back_mut() {
            last.truncate(rng.size(last.len()));
        }
        self.close(now, faults, rng);
    }

    /// Nothing overtakes: as on a stream, a parcel arrives no sooner than the one before.
    fn push(&mut self, now: Instant, parcel: Parcel, faults: &Faults, rng: &mut Rng) {
        let delay = Duration::from_millis(rng.up_to(faults.delay.as_millis()));
        let before = self.parcels.back().map_or(now, |(due, _)| *due);
        self.parcels.push_back(((now + delay).max(before), parcel));
    }
}
