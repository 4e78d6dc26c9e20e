//! From an error to the conformance statement that the packet breaks.

use crate::wire::varint;
use crate::{
    DecodeError, DecodeErrorKind, DecodeOptions, PacketType, PropertyId, Role, TopicErrorKind,
    Version,
};

impl DecodeError {
    /// The identifier of the conformance statement that the packet breaks, for people to look
    /// up: `MQTT-2.1.3-1` is 5.0's, `MQTT3-2.2.2-2` is 3.1.1's. `options` and `packet`, which
    /// begins with the packet, are those that [`Packet::decode`](crate::Packet::decode) was given.
    ///
    /// `None`: the text forbids it without a numbered statement, in [`section`](Self::section),
    /// a limit of the caller's was met, or the text leaves it open.
    #[must_use]
    pub fn statement(&self, options: &DecodeOptions, packet: &[u8]) -> Option<&'static str> {
        of_version(self.statements(options.sender, packet), options, packet)
    }

    /// The number of the section of the specification, `2.2.2.2`, that the packet goes against: of
    /// 5.0's text or 3.1.1's, whichever version the packet is of. It is for what has no
    /// [`statement`](Self::statement), and takes the same arguments.
    ///
    /// `None`: there is a statement, or a limit of the caller's was met.
    #[must_use]
    pub fn section(&self, options: &DecodeOptions, packet: &[u8]) -> Option<&'static str> {
        if self.statement(options, packet).is_some() {
            return None;
        }
        of_version(self.sections(packet), options, packet)
    }

    /// The sections of 5.0 and of 3.1.1 that rule what no statement does.
    fn sections(&self, packet: &[u8]) -> Pair {
        use DecodeErrorKind as E;
        match self.kind {
            E::UnknownPacketType(_) | E::PacketOfOtherSide(_) => both("2.1.2", "2.2.1"),
            E::MalformedVariableByteInteger => both("1.5.5", "2.2.3"),
            // Table 2.4, see "Decisions" of this crate.
            E::NonMinimalVariableByteInteger => (None, Some("2.2.3")),
            // The Remaining Length and the fields disagree.
            E::Truncated | E::TrailingBytes => both("2.1.4", "2.2.3"),
            E::MissingTopic => of_5("3.3.2.1"),
            E::TopicAliasUnknown(_) => of_5("3.3.4"),
            E::UnknownProperty(_) | E::PropertyNotAllowed(_) => of_5("2.2.2.2"),
            E::PropertyOfOtherSide(id) | E::PropertyRepeated(id) | E::PropertyValue(id) => {
                properties(packet_type(packet), id)
            }
            E::AuthenticationDataWithoutMethod => of_5("3.1.2.11.10"),
            E::ConnAckOf3_1_1(_) => of_5("3.2.2.2"),
            E::InvalidReasonCode(_) => (None, Some("3.2.2.3")),
            E::ReservedConnAckFlags => (None, Some("3.2.2.1")),
            E::InvalidMaximumQoS | E::InvalidRetainHandling => of_5("3.8.3.1"),
            _ => (None, None),
        }
    }

    /// The statements of 5.0 and of 3.1.1.
    fn statements(&self, sender: Role, packet: &[u8]) -> Pair {
        use DecodeErrorKind as E;
        let packet_type = packet_type(packet);
        let byte = packet.get(self.offset).copied().unwrap_or_default();
        match self.kind {
            E::ReservedFlags(packet_type) => reserved_flags(packet_type),
            // In a PUBLISH it is in the first byte, otherwise it is the Will's.
            E::InvalidQoS if self.offset == 0 => both("MQTT-3.3.1-4", "MQTT3-3.3.1-4"),
            E::InvalidQoS => both("MQTT-3.1.2-12", "MQTT3-3.1.2-14"),
            E::DupAtQoS0 => both("MQTT-3.3.1-2", "MQTT3-3.3.1-2"),
            E::NonMinimalVariableByteInteger => of_5("MQTT-1.5.5-1"),
            E::PacketTooLarge => of_5(match sender {
                Role::Client => "MQTT-3.2.2-15",
                Role::Server => "MQTT-3.1.2-24",
            }),
            E::InvalidUtf8 => both("MQTT-1.5.4-1", "MQTT3-1.5.3-1"),
            E::NulInString => both("MQTT-1.5.4-2", "MQTT3-1.5.3-2"),
            E::PacketIdZero => packet_id_zero(packet_type, sender),
            E::Truncated if self.is_property_length_missing(packet) => of_5("MQTT-2.2.2-1"),
            E::TopicName(TopicErrorKind::WildcardInName)
                if packet_type == Some(PacketType::Publish) =>
            {
                match property_length(packet) {
                    Some(at) if self.offset > at => of_5("MQTT-3.3.2-14"),
                    _ => both("MQTT-3.3.2-2", "MQTT3-3.3.2-2"),
                }
            }
            E::TopicName(kind) | E::TopicFilter(kind) => topic(kind),
            E::TopicAliasInvalid(0) => of_5("MQTT-3.3.2-8"),
            E::TopicAliasInvalid(_) => of_5(match sender {
                Role::Client => "MQTT-3.3.2-9",
                Role::Server => "MQTT-3.3.2-11",
            }),
            E::PropertyOfOtherSide(PropertyId::SubscriptionIdentifier) => of_5("MQTT-3.3.4-6"),
            E::PropertyOfOtherSide(PropertyId::SessionExpiryInterval) => of_5("MQTT-3.14.2-2"),
            E::MissingAuthenticationMethod => of_5("MQTT-4.12.0-5"),
            E::InvalidReasonCode(_) => reason_code(packet_type),
            E::InvalidProtocolName => both("MQTT-3.1.2-1", "MQTT3-3.1.2-1"),
            E::UnsupportedProtocolVersion(_) => both("MQTT-3.1.2-2", "MQTT3-3.1.2-2"),
            E::ReservedConnectFlag => both("MQTT-3.1.2-3", "MQTT3-3.1.2-3"),
            E::WillFlagsWithoutWill if byte & 0x18 != 0 => both("MQTT-3.1.2-11", "MQTT3-3.1.2-13"),
            E::WillFlagsWithoutWill => both("MQTT-3.1.2-13", "MQTT3-3.1.2-15"),
            E::PasswordWithoutUserName => (None, Some("MQTT3-3.1.2-22")),
            E::EmptyClientId => (None, Some("MQTT3-3.1.3-7")),
            E::ReservedConnAckFlags => of_5("MQTT-3.2.2-1"),
            E::SessionPresentWithError => both("MQTT-3.2.2-6", "MQTT3-3.2.2-4"),
            E::ReservedSubscriptionOptions => both("MQTT-3.8.3-5", "MQTT3-3-8.3-4"),
            E::InvalidMaximumQoS => (None, Some("MQTT3-3-8.3-4")),
            E::NoLocalOnShared => of_5("MQTT-3.8.3-4"),
            E::EmptyPayload => empty_payload(packet_type),
            _ => (None, None),
        }
    }

    /// Whether the packet ends where a Property Length is due.
    fn is_property_length_missing(&self, packet: &[u8]) -> bool {
        let end = || {
            let (remaining, len) = varint::decode(packet.get(1..)?).ok()??;
            len.checked_add(1)?
                .checked_add(usize::try_from(remaining).ok()?)
        };
        [property_length(packet), will_property_length(packet)]
            .into_iter()
            .any(|at| at.is_some() && at == end() && at == Some(self.offset))
    }
}

type Pair = (Option<&'static str>, Option<&'static str>);

const fn both(v5: &'static str, v3_1_1: &'static str) -> Pair {
    (Some(v5), Some(v3_1_1))
}

const fn of_5(v5: &'static str) -> Pair {
    (Some(v5), None)
}

fn of_version((v5, v3_1_1): Pair, options: &DecodeOptions, packet: &[u8]) -> Option<&'static str> {
    match spoken(options, packet) {
        Version::V5 => v5,
        Version::V3_1_1 => v3_1_1,
    }
}

/// Where the body of the packet begins.
fn body(packet: &[u8]) -> Option<usize> {
    let (_, len) = varint::decode(packet.get(1..)?).ok()??;
    len.checked_add(1)
}

/// Where the Property Length is in a packet of 5.0 that may not leave it out.
fn property_length(packet: &[u8]) -> Option<usize> {
    let body = body(packet)?;
    let before = match packet_type(packet)? {
        // The protocol's name and level, the Connect Flags and the Keep Alive.
        PacketType::Connect => 10,
        // Flags and a reason code, or a Packet Identifier.
        PacketType::ConnAck
        | PacketType::Subscribe
        | PacketType::SubAck
        | PacketType::Unsubscribe
        | PacketType::UnsubAck => 2,
        PacketType::Publish => {
            let topic = u16::from_be_bytes(*packet.get(body..)?.first_chunk()?);
            let has_packet_id = packet.first()? & 0b0110 != 0;
            usize::from(topic).checked_add(if has_packet_id { 4 } else { 2 })?
        }
        // A reason code; without one there is no Property Length either.
        PacketType::Auth => 1,
        _ => return None,
    };
    body.checked_add(before)
}

/// Where the Property Length of the Will is in a CONNECT of 5.0 that has one.
fn will_property_length(packet: &[u8]) -> Option<usize> {
    // The Connect Flags, and that of the Will.
    const FLAGS: usize = 7;
    const WILL: u8 = 0b100;
    let flags = packet.get(body(packet)?.checked_add(FLAGS)?)?;
    if packet_type(packet)? != PacketType::Connect || flags & WILL == 0 {
        return None;
    }
    let mut at = property_length(packet)?;
    let (properties, len) = varint::decode(packet.get(at..)?).ok()??;
    at = at
        .checked_add(len)?
        .checked_add(usize::try_from(properties).ok()?)?;
    let client_id = u16::from_be_bytes(*packet.get(at..)?.first_chunk()?);
    at.checked_add(2)?.checked_add(client_id.into())
}

/// The version of the packet: a CONNECT names it itself.
fn spoken(options: &DecodeOptions, packet: &[u8]) -> Version {
    // The Protocol Name and its length come before.
    const LEVEL: usize = 6;
    let level = || packet.get(body(packet)?.checked_add(LEVEL)?).copied();
    match packet_type(packet) {
        Some(PacketType::Connect) => match level() {
            Some(4) => Version::V3_1_1,
            Some(5) => Version::V5,
            _ => options.version,
        },
        _ => options.version,
    }
}

fn packet_type(packet: &[u8]) -> Option<PacketType> {
    PacketType::from_u8(packet.first()?.wrapping_shr(4))
}

const fn reserved_flags(packet_type: PacketType) -> Pair {
    match packet_type {
        PacketType::PubRel => both("MQTT-3.6.1-1", "MQTT3-3.6.1-1"),
        PacketType::Subscribe => both("MQTT-3.8.1-1", "MQTT3-3.8.1-1"),
        PacketType::Unsubscribe => both("MQTT-3.10.1-1", "MQTT3-3.10.1-1"),
        PacketType::Disconnect => both("MQTT-3.14.1-1", "MQTT3-3.14.1-1"),
        PacketType::Auth => of_5("MQTT-3.15.1-1"),
        _ => both("MQTT-2.1.3-1", "MQTT3-2.2.2-2"),
    }
}

const fn packet_id_zero(packet_type: Option<PacketType>, sender: Role) -> Pair {
    match packet_type {
        Some(
            PacketType::PubAck | PacketType::PubRec | PacketType::PubRel | PacketType::PubComp,
        ) => both("MQTT-2.2.1-5", "MQTT3-2.3.1-6"),
        Some(PacketType::SubAck | PacketType::UnsubAck) => both("MQTT-2.2.1-6", "MQTT3-2.3.1-7"),
        _ => match sender {
            Role::Client => both("MQTT-2.2.1-3", "MQTT3-2.3.1-1"),
            Role::Server => both("MQTT-2.2.1-4", "MQTT3-2.3.1-1"),
        },
    }
}

const fn topic(kind: TopicErrorKind) -> Pair {
    match kind {
        TopicErrorKind::Empty => both("MQTT-4.7.3-1", "MQTT3-4.7.3-1"),
        TopicErrorKind::TooLong => both("MQTT-4.7.3-3", "MQTT3-4.7.3-3"),
        TopicErrorKind::Nul => both("MQTT-4.7.3-2", "MQTT3-4.7.3-2"),
        TopicErrorKind::WildcardInName => both("MQTT-4.7.0-1", "MQTT3-4.7.1-1"),
        TopicErrorKind::PlusNotAlone => both("MQTT-4.7.1-2", "MQTT3-4.7.1-3"),
        TopicErrorKind::HashNotLast => both("MQTT-4.7.1-1", "MQTT3-4.7.1-2"),
        TopicErrorKind::EmptyShareName => of_5("MQTT-4.8.2-1"),
        TopicErrorKind::Share => of_5("MQTT-4.8.2-2"),
    }
}

const fn reason_code(packet_type: Option<PacketType>) -> Pair {
    match packet_type {
        Some(PacketType::ConnAck) => of_5("MQTT-3.2.2-8"),
        Some(PacketType::PubAck) => of_5("MQTT-3.4.2-1"),
        Some(PacketType::PubRec) => of_5("MQTT-3.5.2-1"),
        Some(PacketType::PubRel) => of_5("MQTT-3.6.2-1"),
        Some(PacketType::PubComp) => of_5("MQTT-3.7.2-1"),
        Some(PacketType::SubAck) => both("MQTT-3.9.3-2", "MQTT3-3.9.3-2"),
        Some(PacketType::UnsubAck) => of_5("MQTT-3.11.3-2"),
        Some(PacketType::Disconnect) => of_5("MQTT-3.14.2-1"),
        Some(PacketType::Auth) => of_5("MQTT-3.15.2-1"),
        _ => (None, None),
    }
}

const fn empty_payload(packet_type: Option<PacketType>) -> Pair {
    match packet_type {
        Some(PacketType::Subscribe) => both("MQTT-3.8.3-2", "MQTT3-3.8.3-3"),
        Some(PacketType::Unsubscribe) => both("MQTT-3.10.3-2", "MQTT3-3.10.3-2"),
        Some(PacketType::SubAck) => both("MQTT-3.8.4-6", "MQTT3-3.8.4-5"),
        Some(PacketType::UnsubAck) => of_5("MQTT-3.11.3-2"),
        _ => (None, None),
    }
}

/// The section of 5.0 about the properties of the packet.
const fn properties(packet_type: Option<PacketType>, id: PropertyId) -> Pair {
    match (packet_type, id) {
        (
            Some(PacketType::Connect),
            PropertyId::WillDelayInterval
            | PropertyId::PayloadFormatIndicator
            | PropertyId::MessageExpiryInterval
            | PropertyId::ContentType
            | PropertyId::ResponseTopic
            | PropertyId::CorrelationData,
        ) => of_5("3.1.3.2"),
        (Some(PacketType::Connect), _) => of_5("3.1.2.11"),
        (Some(PacketType::ConnAck), _) => of_5("3.2.2.3"),
        (Some(PacketType::Publish), _) => of_5("3.3.2.3"),
        (Some(PacketType::PubAck), _) => of_5("3.4.2.2"),
        (Some(PacketType::PubRec), _) => of_5("3.5.2.2"),
        (Some(PacketType::PubRel), _) => of_5("3.6.2.2"),
        (Some(PacketType::PubComp), _) => of_5("3.7.2.2"),
        (Some(PacketType::Subscribe), _) => of_5("3.8.2.1"),
        (Some(PacketType::SubAck), _) => of_5("3.9.2.1"),
        (Some(PacketType::Unsubscribe), _) => of_5("3.10.2.1"),
        (Some(PacketType::UnsubAck), _) => of_5("3.11.2.1"),
        (Some(PacketType::Disconnect), _) => of_5("3.14.2.2"),
        (Some(PacketType::Auth), _) => of_5("3.15.2.2"),
        _ => (None, None),
    }
}
