use mqtt_proto::{Disconnect, Packet, Properties, Property, ReasonCode, Version};

use super::Out;

/// The DISCONNECT that is due, the last packet of its connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Farewell {
    reason: ReasonCode,
    session_expiry_interval: Option<u32>,
    /// Its bytes that were handed out.
    count: u8,
}

/// Fixed header, reason code, property length, Session Expiry Interval.
const LEN: usize = 2 + 1 + 1 + 5;

impl Farewell {
    /// The bytes of one with a Session Expiry Interval.
    pub(crate) const MAXIMUM_LEN: u32 = LEN as u32;

    pub(crate) fn new(reason: ReasonCode, session_expiry_interval: Option<u32>) -> Self {
        Self {
            reason,
            session_expiry_interval,
            count: 0,
        }
    }

    /// Writes what fits of it, or nothing where the other side does not take it. Whether that was the last.
    pub(crate) fn transmit(&mut self, version: Version, out: &mut Out<'_>) -> bool {
        let property = self
            .session_expiry_interval
            .map(Property::SessionExpiryInterval);
        let properties = Properties::new(property.as_slice());
        let packet = Packet::Disconnect(Disconnect {
            reason: self.reason,
            properties,
        });
        let mut bytes = [0; LEN];
        let Ok(len) = packet.encode(version, &mut bytes) else {
            return true;
        };
        if out.is_too_large(len) {
            return true;
        }
        let rest = bytes.get(usize::from(self.count)..len).unwrap_or_default();
        let written = out.bytes(rest, 0);
        self.count = self
            .count
            .saturating_add(u8::try_from(written).unwrap_or(u8::MAX));
        usize::from(self.count) >= len
    }
}

/// Whether a Client may send a DISCONNECT with this reason (table 3-10).
pub(crate) const fn client_may_send(reason: ReasonCode) -> bool {
    use ReasonCode as R;
    matches!(
        reason,
        R::Success
            | R::DisconnectWithWillMessage
            | R::UnspecifiedError
            | R::MalformedPacket
            | R::ProtocolError
            | R::ImplementationSpecificError
            | R::TopicNameInvalid
            | R::ReceiveMaximumExceeded
            | R::TopicAliasInvalid
            | R::PacketTooLarge
            | R::MessageRateTooHigh
            | R::QuotaExceeded
            | R::AdministrativeAction
            | R::PayloadFormatInvalid
    )
}
