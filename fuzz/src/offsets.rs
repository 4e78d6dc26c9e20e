//! What an error says of the bytes where it is.

use mqtt_proto::{
    DecodeError, DecodeErrorKind, DecodeOptions, Packet, PacketType, PropertyId, TopicErrorKind,
};

/// The error lies within the packet, the bytes there bear it out, and those before it do not have it.
///
/// `packet` begins with the packet.
pub fn check(options: &DecodeOptions, error: DecodeError, packet: &[u8]) {
    let offset = error.offset;
    let Some((header, remaining)) = fixed_header(packet) else {
        // It is the fixed header that is wrong, and as soon as that byte is there.
        assert!(offset < packet.len(), "{error} is beyond the input");
        assert!(is_borne_out(error, packet), "{error}");
        let before = Packet::decode(options, &mut &packet[..offset]);
        return assert_eq!(before, Ok(None), "{error} comes too late");
    };
    let packet = &packet[..packet.len().min(header + remaining)];
    assert!(offset <= packet.len(), "{error} is beyond the packet");
    assert!(is_borne_out(error, packet), "{error}");
    if offset >= header {
        check_shortened(options, error, packet[0], &packet[header..offset]);
    }
}

/// A packet that ends where the error is has no error, or lacks something at its end.
fn check_shortened(options: &DecodeOptions, error: DecodeError, first: u8, body: &[u8]) {
    use DecodeErrorKind as E;
    let mut packet = vec![first];
    let mut left = body.len();
    while left >= 0x80 {
        packet.push(left as u8 | 0x80);
        left >>= 7;
    }
    packet.push(left as u8);
    packet.extend(body);
    let shortened = Packet::decode(options, &mut packet.as_slice());
    let is_at_end = |error: DecodeError| {
        use TopicErrorKind as T;
        match error.kind {
            E::Truncated => true,
            E::EmptyPayload
            | E::AuthenticationDataWithoutMethod
            | E::MissingAuthenticationMethod
            | E::InvalidProtocolName
            | E::TopicName(T::Empty)
            | E::TopicFilter(T::Empty | T::Share | T::EmptyShareName) => {
                error.offset == packet.len()
            }
            _ => false,
        }
    };
    assert!(
        match shortened {
            Ok(whole) => whole.is_some(),
            Err(error) => is_at_end(error),
        },
        "{error}, but of the bytes before: {shortened:?}"
    );
}

/// The size of a right fixed header, and the Remaining Length.
fn fixed_header(packet: &[u8]) -> Option<(usize, usize)> {
    let mut remaining = 0;
    for (at, &byte) in packet.iter().skip(1).take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * at);
        if byte < 0x80 {
            return (byte > 0 || at == 0).then_some((2 + at, remaining));
        }
    }
    None
}

/// Whether the bytes of the packet are wrong where and as the error says, so that a decoder that
/// refuses at random, or with another error than the one that is there, is seen. `false` for what no
/// decoder says that takes packets of every size and every Topic Alias.
pub fn is_borne_out(error: DecodeError, packet: &[u8]) -> bool {
    use DecodeErrorKind as E;
    use PacketType as P;
    use TopicErrorKind as T;
    let Some((before, bytes)) = packet.split_at_checked(error.offset) else {
        return false;
    };
    let is_first = before.is_empty();
    let byte = bytes.first().copied();
    let is = |wrong: fn(u8) -> bool| byte.is_some_and(wrong);
    // Not in the fixed header.
    let has_property = |id: PropertyId| before.iter().skip(2).any(|&byte| byte == id as u8);
    let is_of = |packet_type| P::from_u8(packet[0] >> 4) == Some(packet_type);
    let has_share = || before.windows(7).any(|seven| seven == b"$share/");
    match error.kind {
        E::UnknownPacketType(value) => {
            is_first && packet[0] >> 4 == value && matches!(value, 0 | 15)
        }
        E::PacketOfOtherSide(packet_type) => is_first && is_of(packet_type),
        E::ReservedFlags(packet_type) => {
            let flags = match packet_type {
                P::PubRel | P::Subscribe | P::Unsubscribe => 2,
                _ => 0,
            };
            is_first && is_of(packet_type) && packet_type != P::Publish && packet[0] & 0x0F != flags
        }
        E::DupAtQoS0 => is_first && is(|byte| byte & 0xFE == 0x38),
        E::InvalidQoS if is_first => is(|byte| byte & 0xF6 == 0x36),
        E::InvalidQoS => is(|flags| flags & 0x1C == 0x1C),
        E::MalformedVariableByteInteger => {
            is(|byte| byte >= 0x80) && matches!(before, [.., a, b, c] if a & b & c & 0x80 != 0)
        }
        E::NonMinimalVariableByteInteger => byte == Some(0) && matches!(before, [.., 0x80..=0xFF]),
        E::TrailingBytes => !bytes.is_empty(),
        // What is cut short by the end of its string goes on after that.
        E::InvalidUtf8 => is(|byte| byte >= 0x80),
        E::NulInString => byte == Some(0),
        // The two bytes of its length.
        E::TopicName(T::Empty) | E::TopicFilter(T::Empty) => before.ends_with(&[0, 0]),
        E::TopicName(T::WildcardInName) => is(|byte| matches!(byte, b'+' | b'#')),
        E::TopicFilter(T::PlusNotAlone) => byte == Some(b'+'),
        E::TopicFilter(T::HashNotLast) => byte == Some(b'#'),
        E::TopicFilter(T::EmptyShareName) => before.ends_with(b"$share/"),
        E::TopicFilter(T::Share) => has_share(),
        E::PacketIdZero | E::MissingTopic | E::EmptyClientId => bytes.starts_with(&[0, 0]),
        // The value is wrong, after the identifier.
        E::TopicAliasInvalid(alias) => {
            alias == 0
                && before.ends_with(&[PropertyId::TopicAlias as u8])
                && bytes.starts_with(&[0, 0])
        }
        E::PropertyValue(id) => before.ends_with(&[id as u8]),
        E::UnknownProperty(value) => value >= 0x80 || byte.map(u32::from) == Some(value),
        E::PropertyNotAllowed(id) | E::PropertyOfOtherSide(id) => byte == Some(id as u8),
        E::PropertyRepeated(id) => byte == Some(id as u8) && has_property(id),
        E::AuthenticationDataWithoutMethod => {
            is_of(P::Connect) && has_property(PropertyId::AuthenticationData)
        }
        E::MissingAuthenticationMethod => is_of(P::Auth),
        E::InvalidReasonCode(value) | E::UnsupportedProtocolVersion(value) => byte == Some(value),
        E::ConnAckOf3_1_1(value) => bytes == [value],
        E::InvalidProtocolName => fixed_header(packet).is_some_and(|(header, _)| {
            let same = before.get(header + 2..);
            same.is_some_and(|same| b"MQTT".starts_with(same))
        }),
        E::ReservedConnectFlag => is(|flags| flags & 0x01 != 0),
        E::WillFlagsWithoutWill => is(|flags| flags & 0x04 == 0 && flags & 0x38 != 0),
        E::PasswordWithoutUserName => is(|flags| flags & 0xC0 == 0x40),
        E::ReservedConnAckFlags => is(|flags| flags & 0xFE != 0),
        // The reason code comes next.
        E::SessionPresentWithError => matches!(bytes, [1, 1..=0xFF, ..]),
        E::ReservedSubscriptionOptions => is(|options| options & 0xFC != 0),
        E::InvalidMaximumQoS => is(|options| options & 0x03 == 0x03),
        E::InvalidRetainHandling => is(|options| options & 0x30 == 0x30),
        E::NoLocalOnShared => is(|options| options & 0x04 != 0) && has_share(),
        E::EmptyPayload => bytes.is_empty(),
        // It is as long as it says in vain, or not there at all.
        E::Truncated => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_said_of(packet: &[u8], kind: DecodeErrorKind) -> Vec<usize> {
        (0..=packet.len())
            .filter(|&offset| is_borne_out(DecodeError { kind, offset }, packet))
            .collect()
    }

    #[test]
    fn what_is_false_is_not_borne_out() {
        use DecodeErrorKind as E;
        use PacketType as P;
        let none = Vec::<usize>::new();
        assert_eq!(is_said_of(&[0xC1, 0], E::ReservedFlags(P::PingReq)), [0]);
        assert_eq!(is_said_of(&[0xC0, 0], E::ReservedFlags(P::PingReq)), none);
        assert_eq!(is_said_of(&[0xC1, 0], E::ReservedFlags(P::PingResp)), none);
        assert_eq!(
            is_said_of(&[0x62, 2, 0, 1], E::ReservedFlags(P::PubRel)),
            none
        );
        assert_eq!(is_said_of(&[0x33, 0], E::ReservedFlags(P::Publish)), none);

        let kind = E::NonMinimalVariableByteInteger;
        assert_eq!(is_said_of(&[0xC0, 0x80, 0], kind), [2]);
        assert_eq!(is_said_of(&[0x40, 2, 0, 1], kind), none);

        let kind = E::PropertyRepeated(PropertyId::SubscriptionIdentifier);
        let subscribe = [0x82, 11, 0, 1, 4, 11, 1, 11, 2, 0, 1, b'a', 0];
        assert_eq!(is_said_of(&subscribe, kind), [7]);
        assert_eq!(
            is_said_of(&[0x82, 9, 0, 1, 2, 11, 1, 0, 1, b'a', 0], kind),
            none
        );

        let kind = E::SessionPresentWithError;
        assert_eq!(is_said_of(&[0x20, 2, 1, 5], kind), [2]);
        assert_eq!(is_said_of(&[0x20, 2, 1, 0], kind), none);
    }
}
