//! Between a property's value and the bytes of the wire.

use core::num::{NonZeroU16, NonZeroU32};

use nom::sequence::pair;
use nom::{IResult, Parser};

use super::{Property, PropertyId};
use crate::wire::{Output, field, integer, varint};
use crate::{QoS, SubscriptionIdentifier, TopicName};

/// A value in one of the few forms that values have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Byte(u8),
    TwoBytes(u16),
    FourBytes(u32),
    VariableByteInteger(u32),
    /// A string of the caller's.
    Text(&'a [u8]),
    /// Binary data, or a topic name, of which only the length is to be checked.
    Binary(&'a [u8]),
    /// Two strings of the caller's.
    TextPair(&'a [u8], &'a [u8]),
}

impl Value<'_> {
    /// Writes the property that has the identifier and this value.
    #[inline]
    pub(crate) fn write(self, id: PropertyId, out: &mut impl Output) {
        out.u8(id as u8);
        match self {
            Self::Byte(number) => out.u8(number),
            Self::TwoBytes(number) => out.u16(number),
            Self::FourBytes(number) => out.u32(number),
            Self::VariableByteInteger(number) => out.varint(number as usize),
            Self::Binary(bytes) => out.binary(bytes),
            Self::Text(string) => out.text(string),
            Self::TextPair(name, value) => {
                out.text(name);
                out.text(value);
            }
        }
    }
}

/// What is done with a value.
pub(super) trait Visit {
    type Output;
    fn take(self, value: Value<'_>) -> Self::Output;
}

/// A Rust type in which a property's value is kept.
pub(super) trait Field<'a>: Sized {
    /// A parser of nom's, for what has been validated.
    fn parse(input: &'a [u8]) -> IResult<&'a [u8], Self, ()>;
    fn to_value(self) -> Value<'a>;
}

/// Implements [`Field`] for types that are written in the same form.
macro_rules! field {
    ($($type:ty: $parser:expr, $form:ident($self:ident => $value:expr);)*) => {
        $(
            impl<'a> Field<'a> for $type {
                #[inline]
                fn parse(input: &'a [u8]) -> IResult<&'a [u8], Self, ()> {
                    $parser.parse(input)
                }

                #[inline]
                fn to_value($self) -> Value<'a> {
                    Value::$form($value)
                }
            }
        )*
    };
}

field! {
    bool: integer.map(|[byte]| byte != 0), Byte(self => self.into());
    QoS: integer.map_opt(|[byte]| Self::from_u8(byte)), Byte(self => self.as_u8());
    u16: integer.map(Self::from_be_bytes), TwoBytes(self => self);
    NonZeroU16: u16::parse.map_opt(Self::new), TwoBytes(self => self.get());
    u32: integer.map(Self::from_be_bytes), FourBytes(self => self);
    NonZeroU32: u32::parse.map_opt(Self::new), FourBytes(self => self.get());
    SubscriptionIdentifier: varint::parse.map_opt(Self::new), VariableByteInteger(self => self.get());
    &'a str: field.map_opt(utf8), Text(self => self.as_bytes());
    TopicName<'a>: field.map(TopicName::from_checked), Binary(self => self.as_bytes());
    &'a [u8]: field, Binary(self => self);
}

fn utf8(bytes: &[u8]) -> Option<&str> {
    core::str::from_utf8(bytes).ok()
}

/// Declares both directions, for the properties of one value by its type: so what reads a type is
/// there once.
macro_rules! conversions {
    ($($type:ty: $($id:ident)*;)*) => {
        impl<'a> Property<'a> {
            /// A parser of nom's, for what has been validated.
            pub(crate) fn parse(input: &'a [u8]) -> IResult<&'a [u8], Self, ()> {
                let (input, id) = integer.map_opt(|[byte]| PropertyId::from_u32(byte.into())).parse(input)?;
                match id {
                    PropertyId::UserProperty => pair(field, field)
                        .map_opt(|(name, value)| Some(Self::UserProperty(utf8(name)?, utf8(value)?)))
                        .parse(input),
                    $(
                        $(PropertyId::$id)|* => <$type>::parse
                            .map_opt(|value| match id {
                                $(PropertyId::$id => Some(Self::$id(value)),)*
                                _ => None,
                            })
                            .parse(input),
                    )*
                }
            }

            pub(crate) fn to_value(self) -> Value<'a> {
                match self {
                    Self::UserProperty(name, value) => {
                        Value::TextPair(name.as_bytes(), value.as_bytes())
                    }
                    $($(Self::$id(value))|* => value.to_value(),)*
                }
            }

            /// Has the visitor take the value, by code of its own for each type that it may have.
            #[inline(always)]
            pub(super) fn visit<V: Visit>(&self, visitor: V) -> V::Output {
                match *self {
                    // The one that comes most.
                    Self::UserProperty(name, value) => {
                        visitor.take(Value::TextPair(name.as_bytes(), value.as_bytes()))
                    }
                    $($(Self::$id(value))|* => visitor.take(value.to_value()),)*
                }
            }

            /// Which property it is.
            #[must_use]
            pub const fn id(&self) -> PropertyId {
                match self {
                    Self::UserProperty(..) => PropertyId::UserProperty,
                    $($(Self::$id(_) => PropertyId::$id,)*)*
                }
            }
        }
    };
}

conversions! {
    bool: PayloadFormatIndicator RequestProblemInformation RequestResponseInformation
        RetainAvailable WildcardSubscriptionAvailable SubscriptionIdentifierAvailable
        SharedSubscriptionAvailable;
    QoS: MaximumQoS;
    u16: ServerKeepAlive TopicAliasMaximum;
    NonZeroU16: ReceiveMaximum TopicAlias;
    u32: MessageExpiryInterval SessionExpiryInterval WillDelayInterval;
    NonZeroU32: MaximumPacketSize;
    SubscriptionIdentifier: SubscriptionIdentifier;
    &'a str: ContentType AssignedClientIdentifier AuthenticationMethod ResponseInformation
        ServerReference ReasonString;
    TopicName<'a>: ResponseTopic;
    &'a [u8]: CorrelationData AuthenticationData;
}
