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
/// In place of SUBSCRIBE, which has no reason code.
const SUBACK_3_1_1: Place = Place::of(PacketType::Subscribe);
/// In place of CONNECT, which has none either: what has no reason code in 3.1.1, or others.
const NONE_3_1_1: Place = Place::of(PacketType::Connect);

/// Where each reason code may stand, sent by whom.
const fn allowed(reason: ReasonCode) -> Allowed {
    use ReasonCode as R;
    let none = Allowed::NOWHERE;
    match reason {
        // Section 3.14.2.1 lists it for a Client's DISCONNECT, and lets either end leave it out,
        // which means the same: so it is taken from a Server too.
        R::Success => none
            .both(&[PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT])
            // [MQTT3-3.9.3-2] The return codes are those reason codes as they stand.
            .server(&[CONNACK, SUBACK, SUBACK_3_1_1, UNSUBACK, AUTH]),
        R::GrantedQoS1 | R::GrantedQoS2 => none.server(&[SUBACK, SUBACK_3_1_1]),
        R::DisconnectWithWillMessage => none.client(&[DISCONNECT]),
        // Sections 3.4.2.1 and 3.5.2.1: sent only by the Server.
        R::NoMatchingSubscribers => none.server(&[PUBACK, PUBREC]),
        R::NoSubscriptionExisted => none.server(&[UNSUBACK]),
        R::ContinueAuthentication => none.both(&[AUTH]),
        R::ReAuthenticate => none.client(&[AUTH]),
        R::UnspecifiedError => none.both(&[PUBACK, PUBREC, DISCONNECT]).server(&[
            CONNACK,
            SUBACK,
            SUBACK_3_1_1,
            UNSUBACK,
        ]),
        R::ImplementationSpecificError => none
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

static SUCCESSES: [Allowed; 0x1A] = rows(false);
static FAILURES: [Allowed; 0x23] = rows(true);

/// The rows of those that are errors, or of the others; nowhere may be what is none. No reason code is
/// left out: with one beyond the last row this does not compile.
const fn rows<const LEN: usize>(are_errors: bool) -> [Allowed; LEN] {
    let mut rows = [Allowed::NOWHERE; LEN];
    let mut all = ReasonCode::ALL;
    while let [reason, rest @ ..] = all {
        if reason.is_error() == are_errors {
            let index = (reason.as_u8() & 0x7F) as usize;
            assert!(index < LEN, "a reason code beyond the last row");
            #[expect(clippy::indexing_slicing, reason = "the compiler does it")]
            {
                rows[index] = allowed(*reason);
            }
        }
        all = rest;
    }
    rows
}

/// Where the byte may stand as a reason code.
fn row(byte: u8) -> Allowed {
    let rows = if byte < 0x80 {
        &SUCCESSES[..]
    } else {
        &FAILURES[..]
    };
    let row = rows.get(usize::from(byte & 0x7F));
    row.copied().unwrap_or(Allowed::NOWHERE)
}

const fn place(packet: PacketType, version: Version) -> Place {
    match (version, packet) {
        (Version::V5, _) => Place::of(packet),
        (Version::V3_1_1, PacketType::SubAck) => SUBACK_3_1_1,
        (Version::V3_1_1, _) => NONE_3_1_1,
    }
}

/// Whether the sender may send the byte as a reason code of the packet [MQTT-3.2.2-8],
/// [MQTT-3.4.2-1], [MQTT-3.5.2-1], [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-3.9.3-2], [MQTT-3.11.3-2],
/// [MQTT-3.14.2-1], [MQTT-3.15.2-1].
fn is_allowed(reader: &Reader<'_>, byte: u8) -> bool {
    let row = row(byte);
    let is_taken_anyway = match reader.version {
        Version::V5 => reader.leniency.reason_codes,
        Version::V3_1_1 => reader.leniency.return_codes && byte >= 0x80,
    };
    if is_taken_anyway {
        return !row.is_nowhere();
    }
    let senders = row.senders(place(reader.packet, reader.version));
    !senders.and(Senders::only(reader.sender)).is_nobody()
}

/// Reads a reason code that the sender may send in the packet.
pub(super) fn decode(reader: &mut Reader<'_>) -> ReasonCode {
    let byte = reader.u8();
    let reason = match (reader.version, reader.packet) {
        (Version::V3_1_1, PacketType::ConnAck) => from_return_code(byte),
        _ => None,
    };
    reason
        .or_else(|| ReasonCode::from_u8(byte).filter(|_| is_allowed(reader, byte)))
        .unwrap_or_else(|| {
            reader.refuse(DecodeErrorKind::InvalidReasonCode(byte));
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
    let allowed = row(reason.as_u8()).senders(place(packet, version));
    if version == Version::V3_1_1 {
        let is_known = match packet {
            PacketType::ConnAck => to_return_code(reason).is_some(),
            PacketType::SubAck => !allowed.is_nobody(),
            _ => reason == ReasonCode::Success,
        };
        return if is_known {
            Ok(())
        } else {
            Err(EncodeError::NotInVersion)
        };
    }
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

/// The reason codes that say what the return codes of a CONNACK in 3.1.1 do (its table 3.1), each at
/// its number.
const RETURN_CODES: [ReasonCode; 6] = [
    ReasonCode::Success,
    ReasonCode::UnsupportedProtocolVersion,
    ReasonCode::ClientIdentifierNotValid,
    ReasonCode::ServerUnavailable,
    ReasonCode::BadUserNameOrPassword,
    ReasonCode::NotAuthorized,
];

fn from_return_code(byte: u8) -> Option<ReasonCode> {
    RETURN_CODES.get(usize::from(byte)).copied()
}

/// The return code that says the same in a CONNACK of 3.1.1.
pub(crate) fn to_return_code(reason: ReasonCode) -> Option<u8> {
    let number = RETURN_CODES.iter().position(|&code| code == reason)?;
    Some(number as u8)
}
