//! The table of reason codes (section 2.4 and each packet's own), and the return codes of 3.1.1.

use crate::allowed::{Allowed, Place, Senders};
use crate::wire::Reader;
use crate::{DecodeErrorKind, EncodeError, PacketType, ReasonCode, Role, Version};

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

/// Some of the reason codes.
#[derive(Clone, Copy)]
pub(super) struct Set(u64);

impl Set {
    const EMPTY: Self = Self(0);

    /// Those that are allowed at the place from the sender.
    const fn allowed_at(place: Place, sender: Role) -> Self {
        let mut set = 0;
        let mut all = ReasonCode::ALL;
        while let [reason, rest @ ..] = all {
            let senders = allowed(*reason).senders(place);
            if !senders.and(Senders::only(sender)).is_nobody() {
                set |= Self::bit(reason.as_u8());
            }
            all = rest;
        }
        Self(set)
    }

    /// Those of a list.
    const fn of(mut reasons: &[ReasonCode]) -> Self {
        let mut set = 0;
        while let [reason, rest @ ..] = reasons {
            set |= Self::bit(reason.as_u8());
            reasons = rest;
        }
        Self(set)
    }

    /// These, and every failure.
    const fn or_failures(self) -> Self {
        let mut set = self.0;
        let mut all = ReasonCode::ALL;
        while let [reason, rest @ ..] = all {
            if reason.is_error() {
                set |= Self::bit(reason.as_u8());
            }
            all = rest;
        }
        Self(set)
    }

    /// Whether the byte is one of them.
    #[inline]
    pub(super) const fn has(self, byte: u8) -> bool {
        self.0 & Self::bit(byte) != 0
    }

    /// The failures from bit 0, the successes after them; no bit for what is neither.
    const fn bit(byte: u8) -> u64 {
        const FAILURES: u8 = ReasonCode::WildcardSubscriptionsNotSupported.as_u8() - 0x7F;
        let index = match byte {
            0..0x1C => byte.wrapping_add(FAILURES),
            0x80.. if byte.wrapping_sub(0x80) < FAILURES => byte.wrapping_sub(0x80),
            _ => return 0,
        };
        1_u64.wrapping_shl(index as u32)
    }
}

/// The reason codes of a packet, by who may send them.
#[derive(Clone, Copy)]
struct Sets {
    client: Set,
    server: Set,
}

impl Sets {
    const NONE: &Self = &Self {
        client: Set::EMPTY,
        server: Set::EMPTY,
    };

    const fn at(place: Place) -> Self {
        Self {
            client: Set::allowed_at(place, Role::Client),
            server: Set::allowed_at(place, Role::Server),
        }
    }

    const fn of(packet: PacketType, version: Version) -> &'static Self {
        match (version, packet) {
            // [MQTT3-3.9.3-2]
            (Version::V3_1_1, PacketType::SubAck) => {
                const {
                    &Self {
                        client: Set::EMPTY,
                        server: Set::of(SUBACK_RETURN_CODES),
                    }
                }
            }
            (Version::V3_1_1, _) => Self::NONE,
            (_, PacketType::ConnAck) => const { &Self::at(CONNACK) },
            (_, PacketType::PubAck) => const { &Self::at(PUBACK) },
            (_, PacketType::PubRec) => const { &Self::at(PUBREC) },
            (_, PacketType::PubRel) => const { &Self::at(PUBREL) },
            (_, PacketType::PubComp) => const { &Self::at(PUBCOMP) },
            (_, PacketType::SubAck) => const { &Self::at(SUBACK) },
            (_, PacketType::UnsubAck) => const { &Self::at(UNSUBACK) },
            (_, PacketType::Disconnect) => const { &Self::at(DISCONNECT) },
            (_, PacketType::Auth) => const { &Self::at(AUTH) },
            _ => Self::NONE,
        }
    }
}

/// The reason codes that the sender may send in the packet [MQTT-3.2.2-8], [MQTT-3.4.2-1],
/// [MQTT-3.5.2-1], [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-3.9.3-2], [MQTT-3.11.3-2],
/// [MQTT-3.14.2-1], [MQTT-3.15.2-1].
pub(super) fn set(reader: &Reader<'_>) -> Set {
    let &Reader {
        packet,
        version,
        sender,
        leniency,
        ..
    } = reader;
    match (version, packet) {
        (Version::V5, _) if leniency.reason_codes => return const { Set::of(ReasonCode::ALL) },
        (Version::V3_1_1, PacketType::SubAck) if leniency.return_codes => {
            return const { Set::of(SUBACK_RETURN_CODES).or_failures() };
        }
        _ => {}
    }
    let sets = Sets::of(packet, version);
    match sender {
        Role::Client => sets.client,
        Role::Server => sets.server,
    }
}

/// Reads a reason code that the sender may send in the packet.
pub(super) fn decode(reader: &mut Reader<'_>) -> ReasonCode {
    let byte = reader.u8();
    let reason = if reader.version == Version::V3_1_1 && reader.packet == PacketType::ConnAck {
        from_return_code(byte).or_else(|| failure(byte).filter(|_| reader.leniency.return_codes))
    } else if set(reader).has(byte) {
        ReasonCode::from_u8(byte)
    } else {
        None
    };
    reason.unwrap_or_else(|| {
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
    let sets = Sets::of(packet, version);
    let byte = reason.as_u8();
    if version == Version::V3_1_1 {
        let known = match packet {
            PacketType::ConnAck => to_return_code(reason).is_some(),
            PacketType::SubAck => sets.server.has(byte),
            _ => reason == ReasonCode::Success,
        };
        return if known {
            Ok(())
        } else {
            Err(EncodeError::NotInVersion)
        };
    }
    let allowed = Senders::new(sets.client.has(byte), sets.server.has(byte));
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

/// The failure of a byte of 5.0.
fn failure(byte: u8) -> Option<ReasonCode> {
    ReasonCode::from_u8(byte).filter(|reason| reason.is_error())
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
const SUBACK_RETURN_CODES: &[ReasonCode] = &[
    ReasonCode::Success,
    ReasonCode::GrantedQoS1,
    ReasonCode::GrantedQoS2,
    ReasonCode::UnspecifiedError,
];
