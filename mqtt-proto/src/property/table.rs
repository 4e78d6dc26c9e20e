//! The table of properties (section 2.2.2.2 and each packet's own).

use super::PropertyId;
use crate::PacketType;
use crate::allowed::{Allowed, Place};

/// What the specification says of one property: where it may be, and the form of its value.
///
/// ```text
/// bit 31  28 27                    0
///    ┌──────┬───────────────────────┐
///    │ form │ places, as in Allowed │
///    └──────┴───────────────────────┘
/// ```
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row(u32);

/// Declares [`Form`] and how it is packed.
macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        /// The form of a value, and of numbers the range.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Form {
            $($(#[$doc])* $name = $value,)*
        }

        impl Row {
            /// The form of the value; `None` where there is no property.
            #[inline(always)]
            pub(crate) const fn form(self) -> Option<Form> {
                match self.0 >> Allowed::BITS {
                    $($value => Some(Form::$name),)*
                    _ => None,
                }
            }
        }
    };
}

forms! {
    /// A byte that is 0 or 1.
    ZeroOrOne = 1,
    TwoBytes = 2,
    TwoBytesNotZero = 3,
    TopicAlias = 11,
    FourBytes = 4,
    FourBytesNotZero = 5,
    /// A Variable Byte Integer that is not 0.
    VariableNotZero = 6,
    Text = 7,
    TextPair = 8,
    TopicName = 9,
    Binary = 10,
}

impl Form {
    /// The bytes of a number that always has as many; 0 for what the wire tells the length of.
    pub(crate) const fn width(self) -> usize {
        match self {
            Self::ZeroOrOne => 1,
            Self::TwoBytes | Self::TwoBytesNotZero | Self::TopicAlias => 2,
            Self::FourBytes | Self::FourBytesNotZero => 4,
            _ => 0,
        }
    }
}

/// Where a property may be more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Many {
    Nowhere,
    InPublish,
    Everywhere,
}

const WILL: Place = Place::WILL;
const CONNECT: Place = Place::of(PacketType::Connect);
const CONNACK: Place = Place::of(PacketType::ConnAck);
const PUBLISH: Place = Place::of(PacketType::Publish);
const PUBACK: Place = Place::of(PacketType::PubAck);
const PUBREC: Place = Place::of(PacketType::PubRec);
const PUBREL: Place = Place::of(PacketType::PubRel);
const PUBCOMP: Place = Place::of(PacketType::PubComp);
const SUBSCRIBE: Place = Place::of(PacketType::Subscribe);
const SUBACK: Place = Place::of(PacketType::SubAck);
const UNSUBSCRIBE: Place = Place::of(PacketType::Unsubscribe);
const UNSUBACK: Place = Place::of(PacketType::UnsubAck);
const DISCONNECT: Place = Place::of(PacketType::Disconnect);
const AUTH: Place = Place::of(PacketType::Auth);

/// Declares [`PropertyId`]'s way to and from the wire and its row, from one list.
macro_rules! table {
    ($($byte:literal $id:ident $form:ident $many:ident
        both [$($both:ident)*] client [$($client:ident)*] server [$($server:ident)*],)*) => {
        impl PropertyId {
            /// Every property, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            /// The property of an identifier, which is a Variable Byte Integer on the wire; `None` where
            /// the specification defines none.
            #[must_use]
            pub const fn from_u32(id: u32) -> Option<Self> {
                match id {
                    $($byte => Some(Self::$id),)*
                    _ => None,
                }
            }
        }

        pub(super) const fn row(id: u32) -> Row {
            match id {
                $($byte => Row::new(
                    Form::$form,
                    Allowed::NOWHERE.both(&[$($both),*]).client(&[$($client),*]).server(&[$($server),*]),
                ),)*
                _ => Row::NONE,
            }
        }

        /// The form of a property's value; `None` where there is no property. Beside [`Row::form`] because
        /// the fast way, for which all else of the row is in [`Open`](super::Open), needs no load from the table with it.
        #[inline(always)]
        pub(crate) const fn form(id: u8) -> Option<Form> {
            match id {
                $($byte => Some(Form::$form),)*
                _ => None,
            }
        }

        const fn many(id: u32) -> Many {
            match id {
                $($byte => Many::$many,)*
                _ => Many::Nowhere,
            }
        }
    };
}

table! {
    0x01 PayloadFormatIndicator ZeroOrOne Nowhere both [PUBLISH] client [WILL] server [],
    0x02 MessageExpiryInterval FourBytes Nowhere both [PUBLISH] client [WILL] server [],
    // [MQTT-3.3.2-19]
    0x03 ContentType Text Nowhere both [PUBLISH] client [WILL] server [],
    // [MQTT-3.3.2-13] [MQTT-3.3.2-14]
    0x08 ResponseTopic TopicName Nowhere both [PUBLISH] client [WILL] server [],
    0x09 CorrelationData Binary Nowhere both [PUBLISH] client [WILL] server [],
    // [MQTT-3.3.4-6] A Client's PUBLISH has none.
    0x0B SubscriptionIdentifier VariableNotZero InPublish both [] client [SUBSCRIBE] server [PUBLISH],
    // [MQTT-3.14.2-2] A Server's DISCONNECT has none.
    0x11 SessionExpiryInterval FourBytes Nowhere both [] client [CONNECT DISCONNECT] server [CONNACK],
    0x12 AssignedClientIdentifier Text Nowhere both [] client [] server [CONNACK],
    0x13 ServerKeepAlive TwoBytes Nowhere both [] client [] server [CONNACK],
    0x15 AuthenticationMethod Text Nowhere both [AUTH] client [CONNECT] server [CONNACK],
    0x16 AuthenticationData Binary Nowhere both [AUTH] client [CONNECT] server [CONNACK],
    0x17 RequestProblemInformation ZeroOrOne Nowhere both [] client [CONNECT] server [],
    0x18 WillDelayInterval FourBytes Nowhere both [] client [WILL] server [],
    0x19 RequestResponseInformation ZeroOrOne Nowhere both [] client [CONNECT] server [],
    0x1A ResponseInformation Text Nowhere both [] client [] server [CONNACK],
    0x1C ServerReference Text Nowhere both [] client [] server [CONNACK DISCONNECT],
    0x1F ReasonString Text Nowhere both [PUBACK PUBREC PUBREL PUBCOMP DISCONNECT AUTH] client []
        server [CONNACK SUBACK UNSUBACK],
    0x21 ReceiveMaximum TwoBytesNotZero Nowhere both [] client [CONNECT] server [CONNACK],
    0x22 TopicAliasMaximum TwoBytes Nowhere both [] client [CONNECT] server [CONNACK],
    // [MQTT-3.3.2-8]
    0x23 TopicAlias TopicAlias Nowhere both [PUBLISH] client [] server [],
    0x24 MaximumQoS ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x25 RetainAvailable ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x26 UserProperty TextPair Everywhere both [PUBLISH PUBACK PUBREC PUBREL PUBCOMP DISCONNECT AUTH]
        client [CONNECT WILL SUBSCRIBE UNSUBSCRIBE] server [CONNACK SUBACK UNSUBACK],
    0x27 MaximumPacketSize FourBytesNotZero Nowhere both [] client [CONNECT] server [CONNACK],
    0x28 WildcardSubscriptionAvailable ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x29 SubscriptionIdentifierAvailable ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x2A SharedSubscriptionAvailable ZeroOrOne Nowhere both [] client [] server [CONNACK],
}

/// The rows, each at its identifier.
static ROWS: [Row; LAST + 1] = {
    let mut rows = [Row::NONE; LAST + 1];
    let mut ids = PropertyId::ALL;
    while let [id, rest @ ..] = ids {
        #[expect(clippy::indexing_slicing, reason = "the compiler does it")]
        {
            rows[*id as usize] = row(*id as u32);
        }
        ids = rest;
    }
    rows
};

const LAST: usize = PropertyId::SharedSubscriptionAvailable as usize;

impl Row {
    /// Of what is no property: it has no form and may be nowhere.
    const NONE: Self = Self(0);

    const fn new(form: Form, allowed: Allowed) -> Self {
        Self(allowed.bits() | (form as u32) << Allowed::BITS)
    }

    /// What the table says of the identifier.
    #[inline(always)]
    pub(crate) fn of(id: u32) -> Self {
        let row = usize::try_from(id).ok().and_then(|id| ROWS.get(id));
        row.copied().unwrap_or(Self::NONE)
    }

    /// Where it may be, sent by whom.
    pub(crate) const fn allowed(self) -> Allowed {
        Allowed::from_bits(self.0)
    }
}

/// Whether the property may be at the place more than once.
pub(crate) const fn may_repeat(id: u32, place: Place) -> bool {
    match many(id) {
        Many::Nowhere => false,
        Many::InPublish => place.index() == PUBLISH.index(),
        Many::Everywhere => true,
    }
}

/// The properties that may be more than once wherever they may be.
pub(super) const EVERYWHERE: u64 = {
    let mut bits = 0;
    let mut ids = PropertyId::ALL;
    while let [id, rest @ ..] = ids {
        if let Many::Everywhere = many(*id as u32) {
            bits |= bit(*id as u32);
        }
        ids = rest;
    }
    bits
};

pub(super) const fn bit(id: u32) -> u64 {
    1_u64.wrapping_shl(id)
}
