use super::reason;
use crate::allowed::{Place, Senders};
use crate::wire::{Reader, Writer};
use crate::{DecodeErrorKind, EncodeError, PacketType, Properties, ReasonCode, Version, property};

/// An AUTH packet (section 3.15 of 5.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Auth<'a> {
    /// Success, Continue authentication or Re-authenticate.
    pub reason: ReasonCode,
    /// The Authentication Method, its data and more.
    pub properties: Properties<'a>,
}

const PLACE: Place = Place::of(PacketType::Auth);

impl<'a> Auth<'a> {
    /// Section 3.15.2.1 lets an AUTH of Success without properties end before its reason
    /// code; section 3.15.2.2.2 demands a property of every AUTH. The latter wins: there
    /// is nothing that such a packet could mean.
    pub(super) fn decode(reader: &mut Reader<'a>, senders: Senders) -> Self {
        let start = reader.offset();
        if reader.is_empty() {
            reader.fail(DecodeErrorKind::MissingAuthenticationMethod, start);
        }
        let reason = reason::decode(reader, PacketType::Auth, Version::V5, senders);
        let properties = property::decode(reader, Version::V5, PLACE, senders);
        if properties.authentication_method().is_none() {
            reader.fail(DecodeErrorKind::MissingAuthenticationMethod, start);
        }
        Self { reason, properties }
    }

    pub(super) fn check(&self, version: Version) -> Result<(), EncodeError> {
        if version == Version::V3_1_1 {
            return Err(EncodeError::NotInVersion);
        }
        let mut senders = Senders::ANY;
        reason::check(self.reason, PacketType::Auth, version, &mut senders)?;
        property::check(self.properties, version, PLACE, &mut senders)?;
        if self.properties.authentication_method().is_none() {
            return Err(EncodeError::MissingAuthenticationMethod);
        }
        Ok(())
    }

    pub(super) fn write(&self, version: Version, out: &mut Writer<'_>) {
        out.u8(self.reason.as_u8());
        property::write(self.properties, version, out);
    }
}
