//! The table of reason codes (section 2.4 and each packet's own), and the return codes of 3.1.1.

use crate::allowed::{Allowed, Place, Senders};
use crate::wire::Reader;
use crate::{DecodeErrorKind, EncodeError, PacketType, ReasonCode, Version};

const CONNACK: Place = Place::of(PacketType::ConnAck);
const PUBACK: Place = Place::of(PacketType::PubAck);
const PUBREC: Place = Place::of(PacketType::PubRec);
const PUBREL: Place = Place::of(PacketType::PubRel);
const PUBCOMP: Place = Place::of(PacketType::PubComp);
const SUBACK: Place = Place::of(PacketType::SubAck);
const UNSUBACK: Place = Place::of(PacketType::UnsubAck);
const DISCONNECT: Place = Place::of(PacketType::Disconnect);
const AUTH: Place = Place::of(PacketType::Auth);

/// Where each reason code may stand, sent by whom.
const fn allowed(reason: ReasonCode) -> Allowed {
    use ReasonCode as R;
    let none = Allowed::NOWHERE;
    match reason {
        // Section 3.14.2.1 lists it for a Client's DISCONNECT, and lets either end leave it out,
        // which means the same: so it is taken from a Server too.
        R::Success => none
            .both(&[PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT])
            .server(&[CONNACK, SUBACK, UNSUBACK, AUTH]),
        R::GrantedQoS1 | R::GrantedQoS2 => none.server(&[SUBACK]),
        R::DisconnectWithWillMessage => none.client(&[DISCONNECT]),
        // Sections 3.4.2.1 and 3.5.2.1: sent only by the Server.
        R::NoMatchingSubscribers => none.server(&[PUBACK, PUBREC]),
        R::NoSubscriptionExisted => none.server(&[UNSUBACK]),
        R::ContinueAuthentication => none.both(&[AUTH]),
        R::ReAuthenticate => none.client(&[AUTH]),
        R::UnspecifiedError | R::ImplementationSpecificError => none
            .both(&[PUBACK, PUBREC, DISCONNECT])
            .server(&[CONNACK, SUBACK, UNSUBACK]),
        R::MalformedPacket | R::ProtocolError | R::PacketTooLarge => {
            none.both(&[DISCONNECT]).server(&[CONNACK])
        }
        R::UnsupportedProtocolVersion
        | R::ClientIdentifierNotValid
        | R::BadUserNameOrPassword
        | R::ServerUnavailable
        | R::Banned => none.server(&[CONNACK]),
        R::NotAuthorized => none
            .both(&[PUBACK, PUBREC])
            .server(&[CONNACK, SUBACK, UNSUBACK, DISCONNECT]),
        // Section 2.4 lists 0x8C for DISCONNECT, where a re-authentication ends.
        R::ServerBusy
        | R::BadAuthenticationMethod
        | R::RetainNotSupported
        | R::QoSNotSupported
        | R::UseAnotherServer
        | R::ServerMoved
        | R::ConnectionRateExceeded => none.server(&[CONNACK, DISCONNECT]),
        R::ServerShuttingDown
        | R::KeepAliveTimeout
        | R::SessionTakenOver
        | R::MaximumConnectTime => none.server(&[DISCONNECT]),
        R::TopicFilterInvalid => none.server(&[SUBACK, UNSUBACK, DISCONNECT]),
        R::PacketIdentifierInUse => none.both(&[PUBACK, PUBREC]).server(&[SUBACK, UNSUBACK]),
        R::PacketIdentifierNotFound => none.both(&[PUBREL, PUBCOMP]),
        R::ReceiveMaximumExceeded
        | R::TopicAliasInvalid
        | R::MessageRateTooHigh
        | R::AdministrativeAction => none.both(&[DISCONNECT]),
        R::QuotaExceeded => none
            .both(&[PUBACK, PUBREC, DISCONNECT])
            .server(&[CONNACK, SUBACK]),
        R::TopicNameInvalid | R::PayloadFormatInvalid => {
            none.both(&[PUBACK, PUBREC, DISCONNECT]).server(&[CONNACK])
        }
        R::SharedSubscriptionsNotSupported
        | R::SubscriptionIdentifiersNotSupported
        | R::WildcardSubscriptionsNotSupported => none.server(&[SUBACK, DISCONNECT]),
    }
}

/// Reads a reason code that `senders` may send in the packet [MQTT-3.2.2-8], [MQTT-3.4.2-1],
/// [MQTT-3.5.2-1], [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-3.9.3-2], [MQTT-3.11.3-2],
/// [MQTT-3.14.2-1], [MQTT-3.15.2-1].
pub(crate) fn decode(
    reader: &mut Reader<'_>,
    packet: PacketType,
    version: Version,
    senders: Senders,
) -> ReasonCode {
    let start = reader.offset();
    let byte = reader.u8();
    let reason = match (version, packet) {
        (Version::V3_1_1, PacketType::ConnAck) => from_return_code(byte),
        // [MQTT3-3.9.3-2]
        (Version::V3_1_1, _) => {
            ReasonCode::from_u8(byte).filter(|&reason| is_suback_return_code(reason))
        }
        (Version::V5, _) => ReasonCode::from_u8(byte).filter(|&reason| {
            !allowed(reason)
                .senders(Place::of(packet))
                .and(senders)
                .is_nobody()
        }),
    };
    reason.unwrap_or_else(|| {
        reader.fail(DecodeErrorKind::InvalidReasonCode(byte), start);
        ReasonCode::Success
    })
}

/// Whether the reason code may be in the packet; `senders` are narrowed to those who may send it there.
pub(crate) fn check(
    reason: ReasonCode,
    packet: PacketType,
    version: Version,
    senders: &mut Senders,
) -> Result<(), EncodeError> {
    if version == Version::V3_1_1 {
        let known = match packet {
            PacketType::ConnAck => to_return_code(reason).is_some(),
            PacketType::SubAck => is_suback_return_code(reason),
            _ => reason == ReasonCode::Success,
        };
        return if known {
            Ok(())
        } else {
            Err(EncodeError::NotInVersion)
        };
    }
    let allowed = allowed(reason).senders(Place::of(packet));
    if allowed.is_nobody() {
        return Err(EncodeError::ReasonCodeNotAllowed(reason));
    }
    *senders = senders.and(allowed);
    if senders.is_nobody() {
        Err(EncodeError::NobodyMaySend)
    } else {
        Ok(())
    }
}

/// The reason code of a CONNACK's return code in 3.1.1 (its table 3.1).
const fn from_return_code(byte: u8) -> Option<ReasonCode> {
    Some(match byte {
        0 => ReasonCode::Success,
        1 => ReasonCode::UnsupportedProtocolVersion,
        2 => ReasonCode::ClientIdentifierNotValid,
        3 => ReasonCode::ServerUnavailable,
        4 => ReasonCode::BadUserNameOrPassword,
        5 => ReasonCode::NotAuthorized,
        _ => return None,
    })
}

/// The return code that says the same in a CONNACK of 3.1.1.
pub(crate) const fn to_return_code(reason: ReasonCode) -> Option<u8> {
    Some(match reason {
        ReasonCode::Success => 0,
        ReasonCode::UnsupportedProtocolVersion => 1,
        ReasonCode::ClientIdentifierNotValid => 2,
        ReasonCode::ServerUnavailable => 3,
        ReasonCode::BadUserNameOrPassword => 4,
        ReasonCode::NotAuthorized => 5,
        _ => return None,
    })
}

/// The return codes of SUBACK in 3.1.1 are those reason codes as they stand.
const fn is_suback_return_code(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::Success
            | ReasonCode::GrantedQoS1
            | ReasonCode::GrantedQoS2
            | ReasonCode::UnspecifiedError
    )
}
