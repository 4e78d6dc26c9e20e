use super::Fields;
use crate::allowed::Place;
use crate::sequence::Wired;
use crate::wire::{Output, Reader, binary};
use crate::{
    DecodeErrorKind, Element, EncodeError, Packet, PacketId, PacketType, Properties, QoS, Sequence,
    TopicFilter, Version, property,
};

/// A SUBSCRIBE packet (section 3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Subscribe<'a> {
    /// The packet identifier that SUBACK will carry.
    pub packet_id: PacketId,
    /// Subscription Identifier and User Properties.
    pub properties: Properties<'a>,
    /// At least one.
    pub subscriptions: Sequence<'a, Subscription<'a>>,
}

/// A filter and how it is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Subscription<'a> {
    /// What is subscribed to.
    pub filter: TopicFilter<'a>,
    /// How.
    pub options: SubscriptionOptions,
}

/// The Subscription Options (section 3.8.3.1); 3.1.1 has the QoS only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SubscriptionOptions {
    /// The highest QoS at which messages are to come.
    pub maximum_qos: QoS,
    /// Whether one's own messages stay away (5.0).
    pub no_local: bool,
    /// Whether forwarded messages keep their RETAIN flag (5.0).
    pub retain_as_published: bool,
    /// Whether retained messages are sent at subscription (5.0).
    pub retain_handling: RetainHandling,
}

/// When retained messages are sent (5.0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum RetainHandling {
    /// At every subscription.
    #[default]
    Send = 0,
    /// At a subscription that did not exist before.
    SendIfNew = 1,
    /// Never.
    DoNotSend = 2,
}

impl<'a> Subscription<'a> {
    /// A subscription with default options but for the QoS.
    #[must_use]
    pub const fn new(filter: TopicFilter<'a>, maximum_qos: QoS) -> Self {
        Self {
            filter,
            options: SubscriptionOptions {
                maximum_qos,
                no_local: false,
                retain_as_published: false,
                retain_handling: RetainHandling::Send,
            },
        }
    }
}

const PLACE: Place = Place::of(PacketType::Subscribe);

impl<'a> Subscribe<'a> {
    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        let packet_id = reader.packet_id();
        let properties = property::decode(reader, PLACE);
        let subscriptions = Sequence::from_wire(reader.rest());
        // [MQTT-3.8.3-2] [MQTT3-3.8.3-3]
        reader.expect_payload();
        while !reader.is_empty() {
            check_subscription(reader);
        }
        Packet::Subscribe(Self {
            packet_id,
            properties,
            subscriptions,
        })
    }

    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        fields.u16(self.packet_id.get());
        if self.subscriptions.is_empty() {
            fields.fail(EncodeError::EmptyPayload);
        }
        fields.properties(self.properties, PLACE);
        fields.list(
            self.subscriptions,
            |fields, Subscription { filter, options }| {
                if fields.version == Version::V3_1_1 && options.as_u8() > 2 {
                    fields.fail(EncodeError::NotInVersion);
                }
                if options.no_local && filter.is_shared() {
                    fields.fail(EncodeError::NoLocalOnShared);
                }
                fields.topic_filter(filter);
                fields.u8(options.as_u8());
            },
        );
    }
}

fn check_subscription(reader: &mut Reader<'_>) {
    // [MQTT-3.8.3-1]
    let filter = reader.topic_filter();
    match SubscriptionOptions::from_u8(reader.u8(), reader.version) {
        // [MQTT-3.8.3-4]
        Ok(options) if options.no_local && filter.is_shared() => {
            reader.refuse(DecodeErrorKind::NoLocalOnShared);
        }
        Ok(_) => {}
        Err(kind) => reader.refuse(kind),
    }
}

impl SubscriptionOptions {
    fn from_u8(byte: u8, version: Version) -> Result<Self, DecodeErrorKind> {
        // [MQTT-3.8.3-5] [MQTT3-3-8.3-4]
        let reserved = if version == Version::V5 {
            0b1100_0000
        } else {
            0b1111_1100
        };
        if byte & reserved != 0 {
            return Err(DecodeErrorKind::ReservedSubscriptionOptions);
        }
        Ok(Self {
            maximum_qos: QoS::from_u8(byte & 0b11).ok_or(DecodeErrorKind::InvalidMaximumQoS)?,
            no_local: byte & 0b100 != 0,
            retain_as_published: byte & 0b1000 != 0,
            retain_handling: match byte >> 4 {
                0 => RetainHandling::Send,
                1 => RetainHandling::SendIfNew,
                2 => RetainHandling::DoNotSend,
                _ => return Err(DecodeErrorKind::InvalidRetainHandling),
            },
        })
    }

    const fn as_u8(self) -> u8 {
        self.maximum_qos.as_u8()
            | (self.no_local as u8) << 2
            | (self.retain_as_published as u8) << 3
            | (self.retain_handling as u8) << 4
    }
}

impl<'a> Element<'a> for Subscription<'a> {}

impl<'a> Wired<'a> for Subscription<'a> {
    fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let filter = TopicFilter::from_checked(binary(rest)?);
        let (&options, after) = rest.split_first()?;
        *rest = after;
        // What 3.1.1 allows is what 5.0 reads the same.
        let options = SubscriptionOptions::from_u8(options, Version::V5).ok()?;
        Some(Self { filter, options })
    }
}
