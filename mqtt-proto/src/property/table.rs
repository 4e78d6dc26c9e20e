//! The table of properties (section 2.2.2.2 and each packet's own), and the checks that decoder and encoder share.

use super::PropertyId;
use crate::PacketType;
use crate::allowed::{Allowed, Place, Senders};

/// What the specification says of one property.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: PropertyId,
    pub(crate) wire: Wire,
    pub(crate) range: Range,
    /// In which packets, sent by whom.
    pub(crate) allowed: Allowed,
    /// Where it may be more than once.
    pub(crate) many: Many,
}

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Byte,
    TwoBytes,
    FourBytes,
    VariableByteInteger,
    Text,
    Binary,
    TextPair,
}

/// The values that are allowed, of those that the form can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    Any,
    ZeroOrOne,
    NotZero,
    /// A topic name, so without wildcards.
    Topic,
}

/// Where a property may be more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Many {
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
    ($($byte:literal $id:ident $wire:ident $range:ident $many:ident
        both [$($both:ident)*] client [$($client:ident)*] server [$($server:ident)*],)*) => {
        impl PropertyId {
            /// Every property, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            const fn row(byte: u8) -> Option<Row> {
                match byte {
                    $($byte => Some(Row {
                        id: Self::$id,
                        wire: Wire::$wire,
                        range: Range::$range,
                        allowed: Allowed::NOWHERE.both(&[$($both),*]).client(&[$($client),*]).server(&[$($server),*]),
                        many: Many::$many,
                    }),)*
                    _ => None,
                }
            }
        }
    };
}

table! {
    0x01 PayloadFormatIndicator Byte ZeroOrOne Nowhere both [PUBLISH] client [WILL] server [],
    0x02 MessageExpiryInterval FourBytes Any Nowhere both [PUBLISH] client [WILL] server [],
    // [MQTT-3.3.2-19]
    0x03 ContentType Text Any Nowhere both [PUBLISH] client [WILL] server [],
    // [MQTT-3.3.2-13] [MQTT-3.3.2-14]
    0x08 ResponseTopic Text Topic Nowhere both [PUBLISH] client [WILL] server [],
    0x09 CorrelationData Binary Any Nowhere both [PUBLISH] client [WILL] server [],
    // [MQTT-3.3.4-6] A Client's PUBLISH has none.
    0x0B SubscriptionIdentifier VariableByteInteger NotZero InPublish both [] client [SUBSCRIBE] server [PUBLISH],
    // [MQTT-3.14.2-2] A Server's DISCONNECT has none.
    0x11 SessionExpiryInterval FourBytes Any Nowhere both [] client [CONNECT DISCONNECT] server [CONNACK],
    0x12 AssignedClientIdentifier Text Any Nowhere both [] client [] server [CONNACK],
    0x13 ServerKeepAlive TwoBytes Any Nowhere both [] client [] server [CONNACK],
    0x15 AuthenticationMethod Text Any Nowhere both [AUTH] client [CONNECT] server [CONNACK],
    0x16 AuthenticationData Binary Any Nowhere both [AUTH] client [CONNECT] server [CONNACK],
    0x17 RequestProblemInformation Byte ZeroOrOne Nowhere both [] client [CONNECT] server [],
    0x18 WillDelayInterval FourBytes Any Nowhere both [] client [WILL] server [],
    0x19 RequestResponseInformation Byte ZeroOrOne Nowhere both [] client [CONNECT] server [],
    0x1A ResponseInformation Text Any Nowhere both [] client [] server [CONNACK],
    0x1C ServerReference Text Any Nowhere both [] client [] server [CONNACK DISCONNECT],
    0x1F ReasonString Text Any Nowhere both [PUBACK PUBREC PUBREL PUBCOMP DISCONNECT AUTH] client []
        server [CONNACK SUBACK UNSUBACK],
    0x21 ReceiveMaximum TwoBytes NotZero Nowhere both [] client [CONNECT] server [CONNACK],
    0x22 TopicAliasMaximum TwoBytes Any Nowhere both [] client [CONNECT] server [CONNACK],
    // [MQTT-3.3.2-8]
    0x23 TopicAlias TwoBytes NotZero Nowhere both [PUBLISH] client [] server [],
    0x24 MaximumQoS Byte ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x25 RetainAvailable Byte ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x26 UserProperty TextPair Any Everywhere both [PUBLISH PUBACK PUBREC PUBREL PUBCOMP DISCONNECT AUTH]
        client [CONNECT WILL SUBSCRIBE UNSUBSCRIBE] server [CONNACK SUBACK UNSUBACK],
    0x27 MaximumPacketSize FourBytes NotZero Nowhere both [] client [CONNECT] server [CONNACK],
    0x28 WildcardSubscriptionAvailable Byte ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x29 SubscriptionIdentifierAvailable Byte ZeroOrOne Nowhere both [] client [] server [CONNACK],
    0x2A SharedSubscriptionAvailable Byte ZeroOrOne Nowhere both [] client [] server [CONNACK],
}

/// The rows, each at its identifier.
static ROWS: [Option<Row>; LAST + 1] = {
    let mut rows = [const { None }; LAST + 1];
    let mut ids = PropertyId::ALL;
    while let [id, rest @ ..] = ids {
        #[expect(clippy::indexing_slicing, reason = "the compiler does it")]
        {
            rows[*id as usize] = PropertyId::row(*id as u8);
        }
        ids = rest;
    }
    rows
};

const LAST: usize = PropertyId::SharedSubscriptionAvailable as usize;

impl PropertyId {
    /// What the table says of the identifier; `None` where the specification defines none.
    #[inline(always)]
    pub(crate) fn row_of(byte: u8) -> Option<&'static Row> {
        ROWS.get(usize::from(byte))?.as_ref()
    }
}

impl Row {
    /// Whether the number is one that the property may have.
    pub(crate) const fn holds(&self, number: u32) -> bool {
        match self.range {
            Range::ZeroOrOne => number <= 1,
            Range::NotZero => number != 0,
            Range::Any | Range::Topic => true,
        }
    }

    /// Whether it may be at the place more than once.
    pub(crate) fn may_repeat(&self, place: Place) -> bool {
        match self.many {
            Many::Nowhere => false,
            Many::InPublish => place == PUBLISH,
            Many::Everywhere => true,
        }
    }
}

/// Why a property may not be where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotAllowed,
    WrongSender,
    Repeated,
}

/// The properties of one place as they go by: which there were, and who may have sent them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Census {
    place: Place,
    pub(crate) senders: Senders,
    /// 0 as long as there was none.
    pub(crate) topic_alias: u16,
    seen: u64,
}

impl Census {
    pub(crate) const fn new(place: Place, senders: Senders) -> Self {
        Self {
            place,
            senders,
            topic_alias: 0,
            seen: 0,
        }
    }

    #[inline]
    pub(crate) fn admit(&mut self, row: &Row) -> Result<(), Refusal> {
        let allowed = row.allowed.senders(self.place);
        if allowed.is_nobody() {
            return Err(Refusal::NotAllowed);
        }
        self.senders = self.senders.and(allowed);
        if self.senders.is_nobody() {
            return Err(Refusal::WrongSender);
        }
        let bit = bit(row.id);
        if self.seen & bit != 0 && !row.may_repeat(self.place) {
            return Err(Refusal::Repeated);
        }
        self.seen |= bit;
        Ok(())
    }

    /// Section 3.1.2.11.10: in a CONNECT, Authentication Data needs an Authentication Method.
    pub(crate) fn lacks_method(&self) -> bool {
        self.place == CONNECT
            && self.has(PropertyId::AuthenticationData)
            && !self.has(PropertyId::AuthenticationMethod)
    }

    pub(crate) const fn has(&self, id: PropertyId) -> bool {
        self.seen & bit(id) != 0
    }
}

const fn bit(id: PropertyId) -> u64 {
    1_u64.wrapping_shl(id as u32)
}
