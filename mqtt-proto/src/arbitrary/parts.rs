//! What packets are made of.

use std::string::String;
use std::vec::Vec;

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{Draw, std};
use crate::allowed::{Place, Senders};
use crate::packet::check_reason;
use crate::property::{Form, Row, Value, may_repeat};
use crate::wire::{Output, varint};
use crate::{
    Delivery, PacketId, PacketType, Properties, Property, PropertyId, QoS, ReasonCode,
    RetainHandling, Role, SubscriptionIdentifier, SubscriptionOptions, TopicFilter, TopicName,
    Version,
};

/// Implements [`Arbitrary`] by a choice.
macro_rules! chosen {
    ($($type:ty: $choices:expr;)*) => {
        $(
            impl<'d> Arbitrary<'d> for $type {
                fn arbitrary(source: &mut Unstructured<'d>) -> Result<Self> {
                    source.choose($choices).copied()
                }
            }
        )*
    };
}

chosen! {
    Version: &[Self::V5, Self::V3_1_1];
    Role: &[Self::Client, Self::Server];
    QoS: &[Self::AtMostOnce, Self::AtLeastOnce, Self::ExactlyOnce];
    RetainHandling: &[Self::Send, Self::SendIfNew, Self::DoNotSend];
    ReasonCode: Self::ALL;
    PropertyId: Self::ALL;
    PacketType: TYPES;
}

/// The packet types, the simplest first.
pub(super) const TYPES: &[PacketType] = {
    use PacketType as T;
    &[
        T::PingReq,
        T::PingResp,
        T::Publish,
        T::PubAck,
        T::PubRec,
        T::PubRel,
        T::PubComp,
        T::Connect,
        T::ConnAck,
        T::Subscribe,
        T::SubAck,
        T::Unsubscribe,
        T::UnsubAck,
        T::Disconnect,
        T::Auth,
    ]
};

impl<'d> Arbitrary<'d> for PacketId {
    fn arbitrary(source: &mut Unstructured<'d>) -> Result<Self> {
        let id = number(source, 1, u16::MAX.into())?;
        Ok(u16::try_from(id)
            .ok()
            .and_then(Self::new)
            .unwrap_or(Self::MIN))
    }
}

impl<'d> Arbitrary<'d> for SubscriptionIdentifier {
    fn arbitrary(source: &mut Unstructured<'d>) -> Result<Self> {
        let id = number(source, 1, varint::MAX)?;
        Ok(Self::new(id).expect("in range"))
    }
}

impl<'d> Arbitrary<'d> for Delivery {
    fn arbitrary(source: &mut Unstructured<'d>) -> Result<Self> {
        Ok(match source.arbitrary()? {
            QoS::AtMostOnce => Self::AtMostOnce,
            QoS::AtLeastOnce => Self::AtLeastOnce {
                packet_id: source.arbitrary()?,
                dup: source.arbitrary()?,
            },
            QoS::ExactlyOnce => Self::ExactlyOnce {
                packet_id: source.arbitrary()?,
                dup: source.arbitrary()?,
            },
        })
    }
}

impl<'d> Arbitrary<'d> for SubscriptionOptions {
    /// Of 5.0; 3.1.1 has the QoS alone.
    fn arbitrary(source: &mut Unstructured<'d>) -> Result<Self> {
        Ok(Self {
            maximum_qos: source.arbitrary()?,
            no_local: source.arbitrary()?,
            retain_as_published: source.arbitrary()?,
            retain_handling: source.arbitrary()?,
        })
    }
}

/// A number of the range: now and then its limits, often a small one.
fn number(source: &mut Unstructured<'_>, min: u32, max: u32) -> Result<u32> {
    match source.int_in_range(0..=7)? {
        0 => Ok(min),
        1 => Ok(max),
        2..=4 => source.int_in_range(min..=max.min(200)),
        _ => source.int_in_range(min..=max),
    }
}

/// Takes whatever is written.
struct Written(Vec<u8>);

impl Output for Written {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// Where the packet's properties and reason codes stand in the tables; a ping has none.
fn place_in(packet: PacketType) -> Option<Place> {
    let is_ping = matches!(packet, PacketType::PingReq | PacketType::PingResp);
    (!is_ping).then(|| Place::of(packet))
}

impl<'a> Draw<'_, '_, 'a> {
    /// A value of a type that borrows nothing.
    pub fn value<T: for<'x> Arbitrary<'x>>(&mut self) -> Result<T> {
        self.source.arbitrary()
    }

    /// Once in `of` times.
    pub(super) fn once_in(&mut self, of: u8) -> Result<bool> {
        Ok(self.source.int_in_range(1..=of)? == of)
    }

    /// As many elements as the range says.
    pub(super) fn list<T>(
        &mut self,
        min: usize,
        max: usize,
        element: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = self.source.int_in_range(min..=max)?;
        self.so_many(count, element)
    }

    /// One element or a few, and now and then many.
    pub(super) fn one_or_more<T>(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = if self.once_in(16)? {
            self.source.int_in_range(4..=200)?
        } else {
            self.source.int_in_range(1..=3)?
        };
        self.so_many(count, element)
    }

    fn so_many<T>(
        &mut self,
        count: usize,
        mut element: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        (0..count).map(|_| element(self)).collect()
    }

    /// The length of a long string: around where the lengths of packets and properties take a byte
    /// more, seldom the most that a string can have, or any.
    fn much(&mut self) -> Result<usize> {
        const MAX: usize = u16::MAX as usize;
        match self.source.int_in_range(0..=63)? {
            63 => Ok(MAX),
            62 => self.source.int_in_range(0..=MAX),
            60..=61 => self.source.int_in_range(0x3FC0..=0x4010),
            40..=59 => self.source.int_in_range(100..=128),
            _ => self.source.int_in_range(120..=300),
        }
    }

    /// A string as MQTT takes it, without U+0000: mostly short, of letters or of any characters.
    pub fn string(&mut self) -> Result<&'a str> {
        self.string_of(&[])
    }

    /// A string in which the characters are replaced.
    fn string_of(&mut self, without: &[char]) -> Result<&'a str> {
        let text: String = match self.source.int_in_range(0..=7)? {
            0..=3 => {
                let letters = self.list(0, 6, |draw| draw.source.int_in_range(b'a'..=b'z'))?;
                letters.into_iter().map(char::from).collect()
            }
            4..=6 => {
                let characters = self.list(0, 8, |draw| draw.source.arbitrary::<char>())?;
                let replaced = |character| character == '\0' || without.contains(&character);
                let map = |character| if replaced(character) { '_' } else { character };
                characters.into_iter().map(map).collect()
            }
            _ => "s".repeat(self.much()?),
        };
        Ok(self.arena.text(&text))
    }

    /// Binary data, mostly short.
    pub fn binary(&mut self) -> Result<&'a [u8]> {
        let len = match self.source.int_in_range(0..=7)? {
            0..=6 => self.source.int_in_range(0..=8)?,
            _ => self.much()?,
        };
        self.bytes(len)
    }

    /// A payload: binary data, or seldom of so many bytes that the Remaining Length takes four.
    pub(super) fn payload(&mut self) -> Result<&'a [u8]> {
        if self.once_in(u8::MAX)? {
            let len = self.source.int_in_range(0x1F_FF80..=0x20_0040)?;
            self.bytes(len)
        } else {
            self.binary()
        }
    }

    fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let mut bytes = std::vec![0; len];
        self.source.fill_buffer(&mut bytes)?;
        Ok(self.arena.list(&bytes))
    }

    /// A topic name; often a few levels of few names, so that filters match it now and then.
    pub fn topic_name(&mut self) -> Result<TopicName<'a>> {
        let name = if self.once_in(3)? {
            self.string_of(&['+', '#'])?
        } else {
            let levels = ["a", "b", "", "$SYS", "c d"];
            let levels = self.list(1, 3, |draw| draw.source.choose(&levels).copied())?;
            self.arena.text(&levels.join("/"))
        };
        // What is not one is empty.
        TopicName::new(name).or_else(|_| Ok(TopicName::from_checked(b"/")))
    }

    /// A topic filter, with wildcards and shares.
    pub fn topic_filter(&mut self) -> Result<TopicFilter<'a>> {
        let names = ["a", "b", "", "$SYS", "c d", "+", "+"];
        let mut levels = self.list(1, 3, |draw| {
            if draw.once_in(8)? {
                draw.string_of(&['+', '#'])
            } else {
                draw.source.choose(&names).copied()
            }
        })?;
        if self.once_in(3)? {
            levels.push("#");
        }
        if self.once_in(5)? {
            let share = *self.source.choose(&["$share/g", "$share/a b"])?;
            levels.insert(0, share);
        }
        let filter = self.arena.text(&levels.join("/"));
        // What is not one is empty, or a share of nothing.
        TopicFilter::new(filter).or_else(|_| Ok(TopicFilter::from_checked(b"#")))
    }

    /// The property with any value that it may have.
    pub fn property(&mut self, id: PropertyId) -> Result<Property<'a>> {
        let form = Row::of(id as u32).form().expect("it is a property");
        let value = self.value_of(form)?;
        let mut out = Written(Vec::new());
        value.write(id, &mut out);
        let (_, property) =
            Property::parse(self.arena.list(&out.0)).expect("the value is in range");
        Ok(property)
    }

    fn value_of(&mut self, form: Form) -> Result<Value<'a>> {
        let mut number = |min, max| number(self.source, min, max);
        Ok(match form {
            Form::ZeroOrOne => Value::Byte(number(0, 1)? as u8),
            Form::TwoBytes => Value::TwoBytes(number(0, u16::MAX.into())? as u16),
            Form::TwoBytesNotZero | Form::TopicAlias => {
                Value::TwoBytes(number(1, u16::MAX.into())? as u16)
            }
            Form::FourBytes => Value::FourBytes(number(0, u32::MAX)?),
            Form::FourBytesNotZero => Value::FourBytes(number(1, u32::MAX)?),
            Form::VariableNotZero => Value::VariableByteInteger(number(1, varint::MAX)?),
            Form::Text => Value::Text(self.string()?.as_bytes()),
            Form::TextPair => Value::TextPair(self.string()?.as_bytes(), self.string()?.as_bytes()),
            Form::TopicName => Value::Binary(self.topic_name()?.as_bytes()),
            Form::Binary => Value::Binary(self.binary()?),
        })
    }

    /// Properties that `sender` may send in a packet of the type, in any order: none in one that
    /// has none or that only the other end sends.
    pub fn properties(
        &mut self,
        packet: PacketType,
        version: Version,
        sender: Role,
    ) -> Result<Properties<'a>> {
        match place_in(packet) {
            Some(place) => self.properties_at(place, version, sender),
            None => Ok(Properties::EMPTY),
        }
    }

    /// Properties that a Will may have.
    pub fn will_properties(&mut self, version: Version) -> Result<Properties<'a>> {
        self.properties_at(Place::WILL, version, Role::Client)
    }

    fn properties_at(
        &mut self,
        place: Place,
        version: Version,
        sender: Role,
    ) -> Result<Properties<'a>> {
        if version == Version::V3_1_1 {
            return Ok(Properties::EMPTY);
        }
        let ids = PropertyId::ALL.iter().copied();
        let may_be_there = |id: &PropertyId| {
            let senders = Row::of(*id as u32).allowed().senders(place);
            !senders.and(Senders::only(sender)).is_nobody()
        };
        let mut left: Vec<PropertyId> = ids.filter(may_be_there).collect();
        if left.is_empty() {
            return Ok(Properties::EMPTY);
        }
        let mut list: Vec<Property<'a>> = Vec::new();
        let wanted = match self.source.int_in_range(0..=7)? {
            0..=2 => 0,
            3..=6 => self.source.int_in_range(1..=4)?,
            _ => self.source.int_in_range(1..=left.len())?,
        };
        while list.len() < wanted && !left.is_empty() {
            let at = self.source.choose_index(left.len())?;
            let id = left.swap_remove(at);
            list.push(self.property(id)?);
            if may_repeat(id as u32, place) {
                left.push(id);
            }
        }
        let position =
            |list: &[Property<'_>], id| list.iter().position(|property| property.id() == id);
        if position(&list, PropertyId::AuthenticationMethod).is_none() {
            let data = position(&list, PropertyId::AuthenticationData);
            let data = data.is_some() && place == Place::of(PacketType::Connect);
            if data || place == Place::of(PacketType::Auth) {
                let at = self.source.int_in_range(0..=list.len())?;
                list.insert(at, self.property(PropertyId::AuthenticationMethod)?);
            }
        }
        Ok(Properties::new(self.arena.list(&list)))
    }

    /// Any properties at all, whether a packet may have them or not, and some that none may have.
    pub fn wild_properties(&mut self) -> Result<Properties<'a>> {
        let list = self.list(0, 3, |draw| {
            if draw.once_in(8)? {
                let wild = draw.wild_string()?;
                let properties = [
                    Property::MaximumQoS(QoS::ExactlyOnce),
                    Property::ReasonString(wild),
                    Property::UserProperty("", wild),
                    Property::UserProperty(wild, ""),
                    Property::AuthenticationData(wild.as_bytes()),
                ];
                return draw.source.choose(&properties).copied();
            }
            let id = draw.source.arbitrary()?;
            draw.property(id)
        })?;
        Ok(Properties::new(self.arena.list(&list)))
    }

    /// A string that MQTT does not take: with U+0000, or too long.
    pub(super) fn wild_string(&mut self) -> Result<&'a str> {
        let text = if self.once_in(8)? {
            "s".repeat(usize::from(u16::MAX) + 1)
        } else {
            [self.string()?, "\0", self.string()?].concat()
        };
        Ok(self.arena.text(&text))
    }

    /// A reason code that `sender` may send in a packet of the type.
    ///
    /// # Panics
    ///
    /// Where there is none: a PUBLISH, say, has no reason code, and only a Server sends a SUBACK.
    pub fn reason_code(
        &mut self,
        packet: PacketType,
        version: Version,
        sender: Role,
    ) -> Result<ReasonCode> {
        let allowed = |reason: &ReasonCode| {
            place_in(packet).is_some()
                && check_reason(*reason, packet, version, &mut Senders::only(sender)).is_ok()
        };
        let reasons: Vec<ReasonCode> = ReasonCode::ALL.iter().copied().filter(allowed).collect();
        assert!(
            !reasons.is_empty(),
            "no {packet:?} with a reason code comes from a {sender:?} in {version:?}"
        );
        self.source.choose(&reasons).copied()
    }
}
