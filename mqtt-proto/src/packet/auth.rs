use super::{Size, reason};
use crate::allowed::{Place, Senders};
use crate::wire::{Output, Reader};
use crate::{
    DecodeErrorKind, DecodeOptions, EncodeError, PacketType, Properties, PropertyId, ReasonCode,
    Version, property,
};

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
    pub(super) fn decode(reader: &mut Reader<'a>, options: &DecodeOptions) -> Self {
        let sender = options.sender;
        let start = reader.offset();
        if reader.is_empty() {
            reader.fail(DecodeErrorKind::MissingAuthenticationMethod, start);
        }
        let reason = reason::decode(reader, PacketType::Auth, options);
        let (properties, census) = property::decode(reader, Version::V5, PLACE, sender);
        if !census.has(PropertyId::AuthenticationMethod) {
            reader.fail(DecodeErrorKind::MissingAuthenticationMethod, start);
        }
        Self { reason, properties }
    }

    pub(super) fn check(&self, version: Version) -> Result<Size, EncodeError> {
        if version == Version::V3_1_1 {
            return Err(EncodeError::NotInVersion);
        }
        let mut senders = Senders::ANY;
        reason::check(self.reason, PacketType::Auth, version, &mut senders)?;
        let (len, census) = property::check(self.properties, version, PLACE, &mut senders)?;
        if !census.has(PropertyId::AuthenticationMethod) {
            return Err(EncodeError::MissingAuthenticationMethod);
        }
        Ok(Size::of(1).and_properties(len, version))
    }

    pub(super) fn write(&self, size: &Size, version: Version, out: &mut impl Output) {
        out.u8(self.reason.as_u8());
        property::write(self.properties, size.properties, version, out);
    }
}
