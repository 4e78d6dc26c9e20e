//! Between a property and its value as the wire has it.

use core::num::{NonZeroU16, NonZeroU32};

use nom::Parser;
use nom::sequence::pair;

use super::table::Wire;
use super::{Property, PropertyId};
use crate::wire::{Output, field, integer, varint};
use crate::{DecodeErrorKind, QoS, SubscriptionIdentifier, TopicName};

/// A value in one of the few forms that values have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Number(u32),
    /// A string, a topic name or binary data.
    Bytes(&'a [u8]),
    /// Two strings.
    Pair(&'a [u8], &'a [u8]),
}

impl<'a> Value<'a> {
    /// Takes a value from the front of `rest`, but checks only that it is there; what is wrong at which byte.
    #[inline]
    pub(crate) fn take(wire: Wire, rest: &mut &'a [u8]) -> Result<Self, (DecodeErrorKind, usize)> {
        let value = match wire {
            Wire::Byte => integer.map(|[byte]| Self::Number(byte.into())).parse(*rest),
            Wire::TwoBytes => integer
                .map(|bytes| Self::Number(u16::from_be_bytes(bytes).into()))
                .parse(*rest),
            Wire::FourBytes => integer
                .map(|bytes| Self::Number(u32::from_be_bytes(bytes)))
                .parse(*rest),
            Wire::VariableByteInteger => {
                let (number, len) = varint::decode(rest)?.ok_or((DecodeErrorKind::Truncated, 0))?;
                Ok((rest.get(len..).unwrap_or_default(), Self::Number(number)))
            }
            Wire::Text | Wire::Binary => field.map(Self::Bytes).parse(*rest),
            Wire::TextPair => pair(field, field)
                .map(|(name, value)| Self::Pair(name, value))
                .parse(*rest),
        };
        let (after, value) = value.map_err(|_: nom::Err<()>| (DecodeErrorKind::Truncated, 0))?;
        *rest = after;
        Ok(value)
    }

    /// The bytes that it takes.
    pub(crate) const fn len(&self, wire: Wire) -> usize {
        match (self, wire) {
            (Self::Number(number), Wire::VariableByteInteger) => varint::len(*number as usize),
            (Self::Number(_), Wire::FourBytes) => 4,
            (Self::Number(_), Wire::TwoBytes) => 2,
            (Self::Number(_), _) => 1,
            (Self::Bytes(bytes), _) => bytes.len().saturating_add(2),
            (Self::Pair(name, value), _) => {
                name.len().saturating_add(value.len()).saturating_add(4)
            }
        }
    }

    pub(crate) fn write(&self, wire: Wire, out: &mut impl Output) {
        match (*self, wire) {
            (Self::Number(number), Wire::FourBytes) => out.u32(number),
            (Self::Number(number), Wire::VariableByteInteger) => out.varint(number as usize),
            // The property's own type keeps it within the form.
            (Self::Number(number), wire) => {
                let [.., high, low] = number.to_be_bytes();
                if wire == Wire::TwoBytes {
                    out.u8(high);
                }
                out.u8(low);
            }
            (Self::Bytes(bytes), _) => out.binary(bytes),
            (Self::Pair(name, value), _) => {
                out.binary(name);
                out.binary(value);
            }
        }
    }
}

/// A Rust type in which a property's value is kept.
trait Field<'a>: Sized {
    /// `None` for a value that the type cannot hold; the table's range lets none through.
    fn from_value(value: Value<'a>) -> Option<Self>;
    fn to_value(self) -> Value<'a>;
}

/// Implements [`Field`] for a type that is one variant of [`Value`].
macro_rules! field {
    ($($type:ty: $variant:ident($inner:ident) => $from:expr, $self:ident => $to:expr;)*) => {
        $(
            impl<'a> Field<'a> for $type {
                fn from_value(value: Value<'a>) -> Option<Self> {
                    match value {
                        Value::$variant($inner) => $from,
                        _ => None,
                    }
                }

                fn to_value($self) -> Value<'a> {
                    Value::$variant($to)
                }
            }
        )*
    };
}

field! {
    bool: Number(number) => Some(number != 0), self => u32::from(self);
    u16: Number(number) => u16::try_from(number).ok(), self => u32::from(self);
    u32: Number(number) => Some(number), self => self;
    NonZeroU16: Number(number) => u16::try_from(number).ok().and_then(Self::new), self => u32::from(self.get());
    NonZeroU32: Number(number) => Self::new(number), self => self.get();
    SubscriptionIdentifier: Number(number) => Self::new(number), self => self.get();
    QoS: Number(number) => u8::try_from(number).ok().and_then(Self::from_u8), self => u32::from(self.as_u8());
    &'a str: Bytes(bytes) => core::str::from_utf8(bytes).ok(), self => self.as_bytes();
    TopicName<'a>: Bytes(bytes) => Some(TopicName::from_checked(bytes)), self => self.as_bytes();
    &'a [u8]: Bytes(bytes) => Some(bytes), self => self;
}

/// Declares both directions for the properties with one value.
macro_rules! conversions {
    ($($id:ident)*) => {
        impl<'a> Property<'a> {
            /// The property of a value that is in range; `None` only for a value of another form.
            pub(crate) fn from_value(id: PropertyId, value: Value<'a>) -> Option<Self> {
                Some(match id {
                    $(PropertyId::$id => Self::$id(Field::from_value(value)?),)*
                    PropertyId::UserProperty => match value {
                        Value::Pair(name, value) => Self::UserProperty(
                            core::str::from_utf8(name).ok()?,
                            core::str::from_utf8(value).ok()?,
                        ),
                        _ => return None,
                    },
                })
            }

            pub(crate) fn to_value(self) -> Value<'a> {
                match self {
                    $(Self::$id(value) => value.to_value(),)*
                    Self::UserProperty(name, value) => {
                        Value::Pair(name.as_bytes(), value.as_bytes())
                    }
                }
            }

            /// Which property it is.
            #[must_use]
            pub const fn id(&self) -> PropertyId {
                match self {
                    $(Self::$id(_) => PropertyId::$id,)*
                    Self::UserProperty(..) => PropertyId::UserProperty,
                }
            }
        }
    };
}

conversions! {
    PayloadFormatIndicator MessageExpiryInterval ContentType ResponseTopic CorrelationData
    SubscriptionIdentifier SessionExpiryInterval AssignedClientIdentifier ServerKeepAlive
    AuthenticationMethod AuthenticationData RequestProblemInformation WillDelayInterval
    RequestResponseInformation ResponseInformation ServerReference ReasonString ReceiveMaximum
    TopicAliasMaximum TopicAlias MaximumQoS RetainAvailable MaximumPacketSize
    WildcardSubscriptionAvailable SubscriptionIdentifierAvailable SharedSubscriptionAvailable
}
