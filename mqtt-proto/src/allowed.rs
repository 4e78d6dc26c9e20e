//! Who may send what in which packet: the terms in which the tables of properties and reason codes speak.

use crate::{PacketType, Role};

/// A place where a property or a reason code may stand: a packet type, or the Will in a CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u8);

impl Place {
    pub(crate) const WILL: Self = Self(0);

    pub(crate) const fn of(packet_type: PacketType) -> Self {
        let number = packet_type as u8;
        Self(match packet_type {
            // In place of PINGREQ and PINGRESP, which have neither properties nor reason codes.
            PacketType::Disconnect | PacketType::Auth => number.wrapping_sub(2),
            _ => number,
        })
    }

    /// All of them, to be told apart by [`index`](Self::index).
    pub(crate) const COUNT: usize = PLACES as usize;

    /// The place of an index, which must be below [`COUNT`](Self::COUNT).
    pub(crate) const fn at(index: usize) -> Self {
        Self(index as u8)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where the Client, and where the Server, may send something.
///
/// ```text
/// bit 27            14 13             0
///    ┌────────────────┬────────────────┐
///    │ Server, places │ Client, places │
///    └────────────────┴────────────────┘
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed(u32);

/// Who may have sent a packet, as far as what has been seen of it tells: an [`Allowed`] at the
/// first of places.
///
/// A decoder starts from the sender that it knows, an encoder from both; each part
/// of the packet narrows it down, and a packet that nobody may send is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Senders(u32);

const PLACES: u32 = 14;
const CLIENT: u32 = 1;
const SERVER: u32 = 1 << PLACES;

impl Allowed {
    pub(crate) const NOWHERE: Self = Self(0);
    /// How many bits it takes.
    pub(crate) const BITS: u32 = 2 * PLACES;

    /// At one place alone.
    pub(crate) const fn at(place: Place, senders: Senders) -> Self {
        Self(senders.0.wrapping_shl(place.0 as u32))
    }

    /// From either end.
    pub(crate) const fn both(self, places: &[Place]) -> Self {
        self.or(Senders::ANY, places)
    }

    /// From the Client.
    pub(crate) const fn client(self, places: &[Place]) -> Self {
        self.or(Senders(CLIENT), places)
    }

    /// From the Server.
    pub(crate) const fn server(self, places: &[Place]) -> Self {
        self.or(Senders(SERVER), places)
    }

    const fn or(self, senders: Senders, mut places: &[Place]) -> Self {
        let mut all = self.0;
        while let [first, rest @ ..] = places {
            all |= Self::at(*first, senders).0;
            places = rest;
        }
        Self(all)
    }

    /// Who may send it there.
    pub(crate) const fn senders(self, place: Place) -> Senders {
        Senders(self.0.wrapping_shr(place.0 as u32)).and(Senders::ANY)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_nowhere(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// From [`bits`](Self::bits), with any others above them.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits & ((1 << Self::BITS) - 1))
    }
}

impl Senders {
    pub(crate) const ANY: Self = Self(CLIENT | SERVER);

    pub(crate) const fn new(client: bool, server: bool) -> Self {
        Self(if client { CLIENT } else { 0 } | if server { SERVER } else { 0 })
    }

    pub(crate) const fn only(role: Role) -> Self {
        Self(match role {
            Role::Client => CLIENT,
            Role::Server => SERVER,
        })
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_nobody(self) -> bool {
        self.0 == 0
    }
}
