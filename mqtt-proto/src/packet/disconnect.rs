use super::{ack, reason};
use crate::allowed::{Place, Senders};
use crate::wire::{Reader, Writer};
use crate::{DecodeError, EncodeError, PacketType, Properties, ReasonCode, Version, property};

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
    pub(super) fn decode(
        reader: &mut Reader<'a>,
        version: Version,
        senders: Senders,
    ) -> Result<Self, DecodeError> {
        let mut disconnect = Self {
            reason: ReasonCode::Success,
            properties: Properties::EMPTY,
        };
        // Sections 3.14.2.1 and 3.14.2.2.1: what ends early means success, without properties.
        if version == Version::V5 && !reader.is_empty() {
            disconnect.reason = reason::decode(reader, PacketType::Disconnect, version, senders)?;
            if !reader.is_empty() {
                disconnect.properties = property::decode(reader, version, PLACE, senders)?;
            }
        }
        Ok(disconnect)
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
