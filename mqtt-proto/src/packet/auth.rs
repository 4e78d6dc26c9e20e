use super::{Check, Size, reason};
use crate::allowed::Place;
use crate::wire::{Output, Reader};
use crate::{
    DecodeErrorKind, EncodeError, Packet, PacketType, Properties, PropertyId, ReasonCode, Version,
    property,
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
    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let start = reader.offset();
        if reader.is_empty() {
            reader.fail(DecodeErrorKind::MissingAuthenticationMethod, start);
        }
        let reason = reason::decode(reader);
        let (properties, census) = property::decode_counted(reader, PLACE);
        if !census.has(PropertyId::AuthenticationMethod) {
            reader.fail(DecodeErrorKind::MissingAuthenticationMethod, start);
        }
        Packet::Auth(Self { reason, properties })
    }

    pub(super) fn check(&self, check: &mut Check) {
        if check.version == Version::V3_1_1 {
            check.fail(EncodeError::NotInVersion);
        }
        check.reason(self.reason, PacketType::Auth);
        check.count(1);
        let census = check.properties(self.properties, PLACE);
        if !census.has(PropertyId::AuthenticationMethod) {
            check.fail(EncodeError::MissingAuthenticationMethod);
        }
    }

    pub(super) fn write(&self, size: &Size, version: Version, out: &mut impl Output) {
        out.u8(self.reason.as_u8());
        property::write(self.properties, size.properties, version, out);
    }
}
