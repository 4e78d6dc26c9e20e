use super::{Fields, reason};
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
        let missing = DecodeErrorKind::MissingAuthenticationMethod;
        if reader.is_empty() {
            reader.fail_at(reader.offset(), missing);
        }
        let reason = reason::decode(reader);
        let (properties, census) = property::decode_counted(reader, PLACE);
        if !census.has(PropertyId::AuthenticationMethod) {
            reader.fail_at(reader.offset(), missing);
        }
        Packet::Auth(Self { reason, properties })
    }

    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        if fields.version == Version::V3_1_1 {
            fields.fail(EncodeError::NotInVersion);
        }
        fields.check_reason(self.reason);
        fields.u8(self.reason.as_u8());
        let census = fields.properties(self.properties, PLACE);
        if !census.has(PropertyId::AuthenticationMethod) {
            fields.fail(EncodeError::MissingAuthenticationMethod);
        }
    }
}
