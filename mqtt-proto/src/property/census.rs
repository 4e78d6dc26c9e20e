//! Which properties there were, and which may still come: the checks that decoder and encoder share.

use core::num::NonZeroU64;

use super::PropertyId;
use super::table::{EVERYWHERE, Row, bit, may_repeat, row};
use crate::allowed::{Allowed, Place, Senders};
use crate::{PacketType, Role};

/// The properties that may still come at one place, each the bit of its identifier: the rows of the
/// table turned about, where flash is not dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    ids: u64,
    /// Those of them that may be more than once.
    repeatable: u64,
}

impl Open {
    /// Before the first.
    #[inline(always)]
    pub(crate) fn at(place: Place, sender: Role) -> Self {
        let of = match sender {
            Role::Client => &OPEN_TO_CLIENT,
            Role::Server => &OPEN_TO_SERVER,
        };
        of.get(place.index()).copied().unwrap_or(Self::NONE)
    }

    /// Where there may be none.
    const NONE: Self = Self {
        ids: 0,
        repeatable: 0,
    };

    /// Counts in what has the identifier of a property.
    #[inline(always)]
    pub(crate) const fn admit(&mut self, id: u8) -> Option<()> {
        let id = id as u32;
        if self.ids & bit(id) == 0 {
            return None;
        }
        self.ids &= (!1_u64).rotate_left(id);
        Some(())
    }

    /// Has what may be more than once come again: for after each that may be so somewhere.
    #[inline(always)]
    pub(crate) const fn reopen(&mut self) {
        self.ids |= self.repeatable;
    }

    /// The identifiers of those that may still come: User Properties always may.
    pub(super) const fn ids(self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.ids)
    }

    /// With other identifiers.
    pub(super) const fn with(self, ids: NonZeroU64) -> Self {
        Self {
            ids: ids.get(),
            ..self
        }
    }
}

static OPEN_TO_CLIENT: [Open; Place::COUNT] = open_to(Senders::only(Role::Client));
static OPEN_TO_SERVER: [Open; Place::COUNT] = open_to(Senders::only(Role::Server));

const fn open_to(sender: Senders) -> [Open; Place::COUNT] {
    let mut places = [Open::NONE; Place::COUNT];
    let mut index = 0;
    while index < Place::COUNT {
        let place = Place::at(index);
        let mut open = Open::NONE;
        let mut ids = PropertyId::ALL;
        while let [id, rest @ ..] = ids {
            let id = *id as u32;
            if !row(id).allowed().senders(place).and(sender).is_nobody() {
                open.ids |= bit(id);
                if may_repeat(id, place) {
                    open.repeatable |= bit(id);
                }
            }
            ids = rest;
        }
        #[expect(clippy::indexing_slicing, reason = "the compiler does it")]
        {
            places[index] = open;
        }
        index = index.wrapping_add(1);
    }
    places
}

/// The properties of one place as they go by: which there were, and who may have sent them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Census {
    place: Place,
    /// The place, for those who may have sent all that went by.
    open: Allowed,
    /// 0 as long as there was none.
    pub(crate) topic_alias: u16,
    seen: u64,
}

/// Why a property may not be where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotAllowed,
    WrongSender,
    Repeated,
}

impl Census {
    #[inline]
    pub(crate) const fn new(place: Place, senders: Senders) -> Self {
        Self {
            place,
            open: Allowed::at(place, senders),
            topic_alias: 0,
            seen: 0,
        }
    }

    /// Counts a property in.
    #[inline]
    pub(crate) fn admit(&mut self, id: u32, row: Row) -> Result<(), Refusal> {
        let open = self.open.and(row.allowed());
        if open.is_nowhere() {
            return Err(if row.allowed().senders(self.place).is_nobody() {
                Refusal::NotAllowed
            } else {
                Refusal::WrongSender
            });
        }
        self.open = open;
        let bit = bit(id);
        if self.seen & bit & !EVERYWHERE != 0 && !may_repeat(id, self.place) {
            return Err(Refusal::Repeated);
        }
        self.seen |= bit;
        Ok(())
    }

    /// What may still come, from the sender that is known, before the first.
    #[inline(always)]
    pub(crate) fn open_to(&self, sender: Role) -> Open {
        Open::at(self.place, sender)
    }

    /// With what came between two states of what may come, but for what may be more than once.
    #[inline(always)]
    pub(crate) const fn with(self, before: Open, after: Open, topic_alias: u16) -> Self {
        Self {
            topic_alias,
            seen: self.seen | before.ids & !after.ids,
            ..self
        }
    }

    /// Counts in, where there were none, a whole list: what is in it, and what is in it more than once.
    #[inline(always)]
    pub(super) fn admit_all(&mut self, seen: u64, again: u64) -> Option<()> {
        let may_send = |role| {
            let open = Open::at(self.place, role);
            (seen & !open.ids) | (again & !open.repeatable) == 0
        };
        let senders = Senders::new(may_send(Role::Client), may_send(Role::Server));
        self.open = self.open.and(Allowed::at(self.place, senders));
        self.seen = seen;
        (!self.open.is_nowhere()).then_some(())
    }

    /// Who may have sent all that went by.
    pub(crate) const fn senders(&self) -> Senders {
        self.open.senders(self.place)
    }

    /// Section 3.1.2.11.10: in a CONNECT, Authentication Data needs an Authentication Method.
    pub(crate) fn lacks_method(&self) -> bool {
        self.place == Place::of(PacketType::Connect)
            && self.has(PropertyId::AuthenticationData)
            && !self.has(PropertyId::AuthenticationMethod)
    }

    pub(crate) const fn has(&self, id: PropertyId) -> bool {
        self.seen & bit(id as u32) != 0
    }
}
