use super::{Fields, ack};
use crate::wire::{Output, Reader};
use crate::{Packet, Properties, ReasonCode};

/// A DISCONNECT packet (section 3.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Disconnect<'a> {
    /// Why; always [`ReasonCode::Success`] in 3.1.1.
    pub reason: ReasonCode,
    /// Session Expiry Interval, Reason String and more.
    pub properties: Properties<'a>,
}

impl<'a> Disconnect<'a> {
    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let (reason, properties) = ack::read_reason(reader);
        Packet::Disconnect(Self { reason, properties })
    }

    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        ack::encode_reason(self.reason, self.properties, fields);
    }
}
