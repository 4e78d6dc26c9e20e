//! Between a property and its value as the wire has it.

use core::num::{NonZeroU16, NonZeroU32};

use super::table::{Range, Row, Wire};
use super::{Property, PropertyId};
use crate::wire::{Reader, Writer};
use crate::{DecodeErrorKind, QoS, SubscriptionIdentifier, TopicName};

/// A value in one of the few forms that values have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Number(u32),
    Text(&'a str),
    Topic(TopicName<'a>),
    Binary(&'a [u8]),
    Pair(&'a str, &'a str),
}

impl<'a> Value<'a> {
    pub(crate) fn read(row: &Row, reader: &mut Reader<'a>) -> Self {
        let start = reader.offset();
        let number = match row.wire {
            Wire::Byte => u32::from(reader.u8()),
            Wire::TwoBytes => u32::from(reader.u16()),
            Wire::FourBytes => reader.u32(),
            Wire::VariableByteInteger => reader.varint(),
            Wire::Text if row.range == Range::Topic => return Self::Topic(reader.topic_name()),
            Wire::Text => return Self::Text(reader.string()),
            Wire::Binary => return Self::Binary(reader.binary()),
            // [MQTT-1.5.7-1]
            Wire::TextPair => return Self::Pair(reader.string(), reader.string()),
        };
        if !row.holds(number) {
            let kind = match row.id {
                // [MQTT-3.3.2-8], with a reason code of its own.
                PropertyId::TopicAlias => DecodeErrorKind::TopicAliasInvalid(0),
                id => DecodeErrorKind::PropertyValue(id),
            };
            reader.fail(kind, start);
        }
        Self::Number(number)
    }

    /// Passes over a value that has been validated.
    pub(crate) fn skip(wire: Wire, reader: &mut Reader<'a>) {
        match wire {
            Wire::Byte => drop(reader.section(1)),
            Wire::TwoBytes => drop(reader.section(2)),
            Wire::FourBytes => drop(reader.section(4)),
            Wire::VariableByteInteger => drop(reader.varint()),
            Wire::Text | Wire::Binary => drop(reader.binary()),
            Wire::TextPair => drop((reader.binary(), reader.binary())),
        }
    }

    pub(crate) fn write(&self, wire: Wire, out: &mut Writer<'_>) {
        match (*self, wire) {
            (Self::Number(number), Wire::FourBytes) => out.u32(number),
            (Self::Number(number), Wire::VariableByteInteger) => out.varint(number),
            // The property's own type keeps it within the form.
            (Self::Number(number), wire) => {
                let [.., high, low] = number.to_be_bytes();
                if wire == Wire::TwoBytes {
                    out.u8(high);
                }
                out.u8(low);
            }
            (Self::Text(text), _) => out.string(text),
            (Self::Topic(topic), _) => out.string(topic.as_str()),
            (Self::Binary(bytes), _) => out.binary(bytes),
            (Self::Pair(name, value), _) => {
                out.string(name);
                out.string(value);
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
    &'a str: Text(text) => Some(text), self => self;
    TopicName<'a>: Topic(topic) => Some(topic), self => self;
    &'a [u8]: Binary(bytes) => Some(bytes), self => self;
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
                        Value::Pair(name, value) => Self::UserProperty(name, value),
                        _ => return None,
                    },
                })
            }

            pub(crate) fn to_value(self) -> Value<'a> {
                match self {
                    $(Self::$id(value) => value.to_value(),)*
                    Self::UserProperty(name, value) => Value::Pair(name, value),
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
