//! What an error says of the bytes where it is.

use mqtt_proto::{DecodeError, DecodeErrorKind, DecodeOptions, Packet, TopicErrorKind};

/// The error lies within the packet, the bytes there bear it out, and those before it do not have it.
///
/// `packet` begins with the packet.
pub fn check(options: &DecodeOptions, error: DecodeError, packet: &[u8]) {
    let DecodeError { kind, offset } = error;
    let Some((header, remaining)) = fixed_header(packet) else {
        // It is the fixed header that is wrong, and as soon as that byte is there.
        assert!(offset < packet.len(), "{error} is beyond the input");
        assert!(is_borne_out(kind, packet, offset), "{error}");
        let before = Packet::decode(options, &mut &packet[..offset]);
        return assert_eq!(before, Ok(None), "{error} comes too late");
    };
    let packet = &packet[..packet.len().min(header + remaining)];
    assert!(offset <= packet.len(), "{error} is beyond the packet");
    assert!(is_borne_out(kind, packet, offset), "{error}");
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

/// Whether the bytes from the offset on are wrong in that way.
fn is_borne_out(kind: DecodeErrorKind, packet: &[u8], offset: usize) -> bool {
    use DecodeErrorKind as E;
    let bytes = &packet[offset..];
    let byte = bytes.first().copied();
    let is = |wrong: fn(u8) -> bool| byte.is_some_and(wrong);
    match kind {
        E::UnknownPacketType(value) => offset == 0 && byte.map(|byte| byte >> 4) == Some(value),
        E::PacketOfOtherSide(packet) | E::ReservedFlags(packet) => {
            offset == 0 && byte.map(|byte| byte >> 4) == Some(packet as u8)
        }
        E::DupAtQoS0 => offset == 0 && is(|byte| byte & 0x0E == 0x08),
        E::InvalidQoS if offset == 0 => is(|byte| byte & 0x06 == 0x06),
        E::InvalidQoS => is(|byte| byte & 0x18 == 0x18),
        E::MalformedVariableByteInteger => is(|byte| byte >= 0x80),
        E::NonMinimalVariableByteInteger => byte == Some(0),
        E::PacketTooLarge => offset == 1,
        E::TrailingBytes => !bytes.is_empty(),
        // What is cut short by the end of its string goes on after that.
        E::InvalidUtf8 => is(|byte| byte >= 0x80),
        E::NulInString => byte == Some(0),
        E::TopicName(kind) | E::TopicFilter(kind) => match kind {
            TopicErrorKind::Nul => byte == Some(0),
            TopicErrorKind::WildcardInName => is(|byte| matches!(byte, b'+' | b'#')),
            TopicErrorKind::PlusNotAlone => byte == Some(b'+'),
            TopicErrorKind::HashNotLast => byte == Some(b'#'),
            _ => true,
        },
        E::PacketIdZero | E::MissingTopic | E::EmptyClientId => bytes.starts_with(&[0, 0]),
        E::TopicAliasInvalid(alias) => bytes.starts_with(&alias.to_be_bytes()),
        E::UnknownProperty(value) => value >= 0x80 || byte.map(u32::from) == Some(value),
        E::PropertyNotAllowed(id) | E::PropertyOfOtherSide(id) | E::PropertyRepeated(id) => {
            byte == Some(id as u8)
        }
        // The value is wrong, after the identifier.
        E::PropertyValue(id) => packet[..offset].ends_with(&[id as u8]),
        E::InvalidReasonCode(value)
        | E::UnsupportedProtocolVersion(value)
        | E::ConnAckOf3_1_1(value) => byte == Some(value),
        E::ReservedConnectFlag => is(|flags| flags & 0x01 != 0),
        E::WillFlagsWithoutWill => is(|flags| flags & 0x04 == 0 && flags & 0x38 != 0),
        E::PasswordWithoutUserName => is(|flags| flags & 0xC0 == 0x40),
        E::ReservedConnAckFlags => is(|flags| flags & 0xFE != 0),
        E::SessionPresentWithError => byte == Some(1),
        E::ReservedSubscriptionOptions => is(|options| options & 0xFC != 0),
        E::InvalidMaximumQoS => is(|options| options & 0x03 == 0x03),
        E::InvalidRetainHandling => is(|options| options & 0x30 == 0x30),
        E::NoLocalOnShared => is(|options| options & 0x04 != 0),
        E::EmptyPayload => bytes.is_empty(),
        // What is not there, or is as long as it says in vain.
        _ => true,
    }
}
