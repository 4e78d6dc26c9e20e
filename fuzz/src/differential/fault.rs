//! A packet that we refuse, and whether what we say of it can be seen in its bytes.

use mqtt_proto::DecodeErrorKind as E;
use mqtt_proto::PacketType as T;
use mqtt_proto::{DecodeError, TopicErrorKind};

/// A packet that we refuse and a peer takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault<'a> {
    pub(super) error: DecodeError,
    /// All of the packet.
    pub(super) bytes: &'a [u8],
}

const TYPES: [T; 15] = [
    T::Connect,
    T::ConnAck,
    T::Publish,
    T::PubAck,
    T::PubRec,
    T::PubRel,
    T::PubComp,
    T::Subscribe,
    T::SubAck,
    T::Unsubscribe,
    T::UnsubAck,
    T::PingReq,
    T::PingResp,
    T::Disconnect,
    T::Auth,
];

impl Fault<'_> {
    /// The type that the first byte names.
    pub(super) fn packet(&self) -> Option<T> {
        let number = usize::from(self.bytes[0] >> 4);
        TYPES.get(number.checked_sub(1)?).copied()
    }

    /// Whether the bytes bear the error out, so that a decoder that refuses at random, or with
    /// another error than the one that is there, is not excused. `false` for kinds that no peer is
    /// excused by.
    pub(super) fn is_visible(&self) -> bool {
        let flags = self.bytes[0] & 0x0F;
        let byte = self.bytes.get(self.error.offset).copied();
        let before = self.before(self.error.offset);
        match self.error.kind {
            E::ReservedFlags(packet) => {
                let expected = match packet {
                    T::PubRel | T::Subscribe | T::Unsubscribe => 2,
                    _ => 0,
                };
                Some(packet) == self.packet() && packet != T::Publish && flags != expected
            }
            E::DupAtQoS0 => flags & 0b1110 == 0b1000,
            E::PacketIdZero | E::EmptyClientId | E::MissingTopic => {
                self.two_at(self.error.offset) == Some(0)
            }
            E::NulInString => byte == Some(0),
            E::NonMinimalVariableByteInteger => {
                byte == Some(0) && before.is_some_and(|before| before >= 0x80)
            }
            E::ReservedConnectFlag => byte.is_some_and(|flags| flags & 0b1 != 0),
            E::WillFlagsWithoutWill => {
                byte.is_some_and(|flags| flags & 0b100 == 0 && flags & 0b11_1000 != 0)
            }
            E::InvalidQoS => byte.is_some_and(|flags| flags & 0b1_1100 == 0b1_1100),
            E::PasswordWithoutUserName => byte.is_some_and(|flags| flags >> 6 == 0b01),
            E::ReservedConnAckFlags => byte.is_some_and(|flags| flags > 1),
            E::SessionPresentWithError => self
                .two_at(self.error.offset)
                .is_some_and(|two| two > 0x100),
            E::ReservedSubscriptionOptions => byte.is_some_and(|options| options >> 2 != 0),
            E::NoLocalOnShared => byte.is_some_and(|options| options & 0b100 != 0),
            E::TopicName(kind) | E::TopicFilter(kind) => match kind {
                // The two bytes of its length, in front of it.
                TopicErrorKind::Empty => self
                    .error
                    .offset
                    .checked_sub(2)
                    .is_some_and(|length| self.two_at(length) == Some(0)),
                TopicErrorKind::WildcardInName => matches!(byte, Some(b'+' | b'#')),
                TopicErrorKind::PlusNotAlone => byte == Some(b'+'),
                TopicErrorKind::HashNotLast => byte == Some(b'#'),
                TopicErrorKind::EmptyShareName => self
                    .bytes
                    .get(..self.error.offset)
                    .is_some_and(|before| before.ends_with(b"$share/")),
                TopicErrorKind::Share => self.bytes.windows(6).any(|six| six == b"$share"),
                _ => false,
            },
            E::TopicAliasInvalid(alias) => alias == 0 && self.two_at(self.error.offset) == Some(0),
            E::PropertyRepeated(id) => {
                let at_second = byte == Some(id as u8);
                let first = self.bytes[..self.error.offset].contains(&(id as u8));
                at_second && first
            }
            E::PropertyOfOtherSide(id) => byte == Some(id as u8),
            E::PropertyValue(id) => self.before(self.error.offset) == Some(id as u8),
            E::TrailingBytes => self.error.offset < self.bytes.len(),
            E::EmptyPayload => self.is_at_end(),
            E::Truncated => self.error.offset <= self.bytes.len(),
            E::AuthenticationDataWithoutMethod | E::MissingAuthenticationMethod => true,
            _ => false,
        }
    }

    /// Whether what is wrong is that the packet ends.
    pub(super) fn is_at_end(&self) -> bool {
        self.error.offset == self.bytes.len()
    }

    fn before(&self, offset: usize) -> Option<u8> {
        self.bytes.get(offset.checked_sub(1)?).copied()
    }

    fn two_at(&self, offset: usize) -> Option<u16> {
        let two = self.bytes.get(offset..)?.first_chunk()?;
        Some(u16::from_be_bytes(*two))
    }
}
