//! Who may send what in which packet: the terms in which the tables of properties and reason codes speak.

use crate::{PacketType, Role};

/// A place where a property or a reason code may stand: a packet type, or the Will in a CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u16);

impl Place {
    pub(crate) const WILL: Self = Self(1);

    pub(crate) const fn of(packet_type: PacketType) -> Self {
        Self(1_u16.wrapping_shl(packet_type as u32))
    }
}

/// Where the Client, and where the Server, may send something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed {
    client: u16,
    server: u16,
}

impl Allowed {
    pub(crate) const NOWHERE: Self = Self {
        client: 0,
        server: 0,
    };

    /// From either end.
    pub(crate) const fn both(self, places: &[Place]) -> Self {
        self.client(places).server(places)
    }

    /// From the Client.
    pub(crate) const fn client(self, places: &[Place]) -> Self {
        Self {
            client: self.client | union(places),
            ..self
        }
    }

    /// From the Server.
    pub(crate) const fn server(self, places: &[Place]) -> Self {
        Self {
            server: self.server | union(places),
            ..self
        }
    }

    /// Who may send it there.
    pub(crate) const fn senders(self, place: Place) -> Senders {
        Senders::new(self.client & place.0 != 0, self.server & place.0 != 0)
    }
}

const fn union(mut places: &[Place]) -> u16 {
    let mut all = 0;
    while let [first, rest @ ..] = places {
        all |= first.0;
        places = rest;
    }
    all
}

/// Who may have sent a packet, as far as what has been seen of it tells.
///
/// A decoder starts from the sender that it knows, an encoder from both; each part
/// of the packet narrows it down, and a packet that nobody may send is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Senders(u8);

const CLIENT: u8 = 1;
const SERVER: u8 = 2;

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
