use super::{ack, reason};
use crate::allowed::{Place, Senders};
use crate::wire::{Reader, Writer};
use crate::{EncodeError, PacketType, Properties, ReasonCode, Version, property};

/// A DISCONNECT packet (section 3.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Disconnect<'a> {
    /// Why; always [`ReasonCode::Success`] in 3.1.1.
    pub reason: ReasonCode,
    /// Session Expiry Interval, Reason String and more.
    pub properties: Properties<'a>,
}

const PLACE: Place = Place::of(PacketType::Disconnect);

impl<'a> Disconnect<'a> {
    pub(super) fn decode(reader: &mut Reader<'a>, version: Version, senders: Senders) -> Self {
        let (reason, properties) =
            ack::read_reason(reader, PacketType::Disconnect, version, senders);
        Self { reason, properties }
    }

    pub(super) fn check(&self, version: Version) -> Result<(), EncodeError> {
        let mut senders = Senders::ANY;
        reason::check(self.reason, PacketType::Disconnect, version, &mut senders)?;
        property::check(self.properties, version, PLACE, &mut senders)
    }

    pub(super) fn write(&self, version: Version, out: &mut Writer<'_>) {
        ack::write_reason(self.reason, self.properties, version, out);
    }
}
