use super::{Fields, reason};
use crate::allowed::Place;
use crate::wire::{Output, Reader};
use crate::{
    DecodeErrorKind, EncodeError, Packet, PacketType, Properties, ReasonCode, Version, property,
};

/// A CONNACK packet (section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnAck<'a> {
    /// Whether the Server continues a Session that it had.
    pub session_present: bool,
    /// The result; the return codes of 3.1.1 are mapped.
    pub reason: ReasonCode,
    /// The Server's limits and more.
    pub properties: Properties<'a>,
}

const PLACE: Place = Place::of(PacketType::ConnAck);

impl<'a> ConnAck<'a> {
    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let start = reader.offset();
        let flags = reader.u8();
        // [MQTT-3.2.2-1]
        if flags & 0xFE != 0 {
            reader.refuse(DecodeErrorKind::ReservedConnAckFlags);
        }
        if let (Version::V5, &[return_code @ 1..=5]) = (reader.version, reader.rest()) {
            reader.fail_at(
                reader.offset(),
                DecodeErrorKind::ConnAckOf3_1_1(return_code),
            );
        }
        let session_present = flags == 1;
        let reason = reason::decode(reader);
        // [MQTT-3.2.2-6] [MQTT3-3.2.2-4]
        if session_present && reason != ReasonCode::Success {
            reader.fail_at(start, DecodeErrorKind::SessionPresentWithError);
        }
        let properties = property::decode(reader, PLACE);
        Packet::ConnAck(Self {
            session_present,
            reason,
            properties,
        })
    }

    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        fields.u8(u8::from(self.session_present));
        fields.u8(match fields.version {
            // That it has one is checked below.
            Version::V3_1_1 => reason::to_return_code(self.reason).unwrap_or_default(),
            Version::V5 => self.reason.as_u8(),
        });
        fields.check_reason(self.reason);
        if self.session_present && self.reason != ReasonCode::Success {
            fields.fail(EncodeError::SessionPresentWithError);
        }
        fields.properties(self.properties, PLACE);
    }
}
