//! Strategies of `proptest` for packets and their parts, with the feature `proptest`.
//!
//! Packets borrow what they are made of, so the strategies leak it: a value lives as long as the
//! test's process, takes a few hundred bytes, and is as easy to pass around as a number.
#![expect(clippy::expect_used, reason = "for tests only")]

extern crate std;

use std::boxed::Box;
use std::string::String;
use std::vec::Vec;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::allowed::{Place, Senders};
use crate::packet::check_reason;
use crate::property::{Range, Row, Value, Wire, row};
use crate::wire::varint;
use crate::{
    Ack, Auth, ConnAck, Connect, Delivery, Disconnect, Packet, PacketId, PacketType, Properties,
    Property, PropertyId, Publish, PublishHead, QoS, ReasonCode, RetainHandling, Role, Sequence,
    SubAck, Subscribe, Subscription, SubscriptionOptions, TopicFilter, TopicName, Unsubscribe,
    Version, Will,
};

/// Both versions.
pub fn version() -> impl Strategy<Value = Version> {
    select(&[Version::V3_1_1, Version::V5][..])
}

/// Both ends.
pub fn role() -> impl Strategy<Value = Role> {
    select(&[Role::Client, Role::Server][..])
}

/// Every QoS.
pub fn qos() -> impl Strategy<Value = QoS> {
    select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..])
}

/// Every packet identifier, the least and the greatest more often.
pub fn packet_id() -> impl Strategy<Value = PacketId> {
    prop_oneof![Just(1), Just(u16::MAX), 1..=u16::MAX]
        .prop_map(|id| PacketId::new(id).expect("not 0"))
}

/// Strings as MQTT takes them: without U+0000.
pub fn string() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        4 => "[a-z]{0,6}",
        2 => "[^\u{0}]{0,8}",
        1 => (120_usize..300).prop_map(|len| "s".repeat(len)),
    ]
    .prop_map(leak_str)
}

/// Binary data, mostly short.
pub fn binary() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![6 => vec(any::<u8>(), 0..9), 1 => vec(any::<u8>(), 100..300)].prop_map(leak)
}

/// Topic names; a few levels of few names, so that filters match them now and then.
pub fn topic_name() -> impl Strategy<Value = TopicName<'static>> {
    prop_oneof![
        4 => vec(select(&["", "a", "b", "$SYS", "c d"][..]), 1..4).prop_map(|levels| levels.join("/")),
        1 => "[^\u{0}+#]{1,8}",
        1 => (120_usize..300).prop_map(|len| "t".repeat(len)),
    ]
    .prop_filter_map("a topic name", |name| TopicName::new(leak_str(name)).ok())
}

/// Topic filters, with wildcards and shares.
pub fn topic_filter() -> impl Strategy<Value = TopicFilter<'static>> {
    let levels = vec(select(&["", "a", "b", "$SYS", "c d", "+", "+"][..]), 1..4);
    let share = option::weighted(0.2, select(&["$share/g", "$share/a b"][..]));
    (share, levels, any::<bool>()).prop_filter_map("a topic filter", |(share, mut levels, hash)| {
        if hash {
            levels.push("#");
        }
        levels.splice(0..0, share);
        TopicFilter::new(leak_str(levels.join("/"))).ok()
    })
}

/// A property with any value that it may have.
pub fn property(id: PropertyId) -> impl Strategy<Value = Property<'static>> {
    let row = row(id as u32).expect("every property is in the table");
    value(row).prop_map(move |value| Property::from_value(row.id, value).expect("in range"))
}

/// Properties that `sender` may send in a packet of the type.
pub fn properties(
    packet: PacketType,
    version: Version,
    sender: Role,
) -> BoxedStrategy<Properties<'static>> {
    properties_at(Place::of(packet), version, sender)
}

/// Properties that a Will may have.
pub fn will_properties(version: Version) -> BoxedStrategy<Properties<'static>> {
    properties_at(Place::WILL, version, Role::Client)
}

/// Any properties at all, whether a packet may have them or not.
pub fn wild_properties() -> impl Strategy<Value = Properties<'static>> {
    let any_property = select(PropertyId::ALL).prop_flat_map(property);
    prop_oneof![2 => Just(Vec::new()), 3 => vec(any_property, 1..4)]
        .prop_map(|list| Properties::new(leak(list)))
}

/// A reason code that `sender` may send in a packet of the type.
pub fn reason_code(
    packet: PacketType,
    version: Version,
    sender: Role,
) -> impl Strategy<Value = ReasonCode> {
    let allowed = |reason: &ReasonCode| {
        check_reason(*reason, packet, version, &mut Senders::only(sender)).is_ok()
    };
    let reasons: Vec<ReasonCode> = ReasonCode::ALL.iter().copied().filter(allowed).collect();
    select(reasons)
}

/// A packet that `sender` may send in the version.
pub fn packet(version: Version, sender: Role) -> BoxedStrategy<Packet<'static>> {
    let types = packet_types(version, sender);
    select(types)
        .prop_flat_map(move |packet| packet_of(packet, version, sender))
        .boxed()
}

/// The packet types that `sender` may send in the version.
#[must_use]
pub fn packet_types(version: Version, sender: Role) -> Vec<PacketType> {
    use PacketType as T;
    let mut types = Vec::from([T::Publish, T::PubAck, T::PubRec, T::PubRel, T::PubComp]);
    match sender {
        Role::Client => types.extend([
            T::Connect,
            T::Subscribe,
            T::Unsubscribe,
            T::PingReq,
            T::Disconnect,
        ]),
        Role::Server => types.extend([T::ConnAck, T::SubAck, T::UnsubAck, T::PingResp]),
    }
    match (version, sender) {
        (Version::V5, Role::Client) => types.push(T::Auth),
        (Version::V5, Role::Server) => types.extend([T::Auth, T::Disconnect]),
        (Version::V3_1_1, _) => {}
    }
    types
}

/// A packet of the type, with parts that `sender` may send in the version.
pub fn packet_of(
    packet: PacketType,
    version: Version,
    sender: Role,
) -> BoxedStrategy<Packet<'static>> {
    let properties = properties(packet, version, sender);
    let reason = || reason_code(packet, version, sender);
    match packet {
        PacketType::Connect => connect(version).prop_map(Packet::Connect).boxed(),
        PacketType::ConnAck => (any::<bool>(), reason(), properties)
            .prop_map(|(present, reason, properties)| {
                let session_present = present && reason == ReasonCode::Success;
                Packet::ConnAck(ConnAck {
                    session_present,
                    reason,
                    properties,
                })
            })
            .boxed(),
        PacketType::Publish => publish(version, sender).prop_map(Packet::Publish).boxed(),
        PacketType::PubAck | PacketType::PubRec | PacketType::PubRel | PacketType::PubComp => {
            (packet_id(), reason(), properties)
                .prop_map(move |(packet_id, reason, properties)| {
                    ack(
                        packet,
                        Ack {
                            packet_id,
                            reason,
                            properties,
                        },
                    )
                })
                .boxed()
        }
        PacketType::Subscribe => (packet_id(), properties, vec(subscription(version), 1..4))
            .prop_map(|(packet_id, properties, list)| {
                Packet::Subscribe(Subscribe {
                    packet_id,
                    properties,
                    subscriptions: Sequence::new(leak(list)),
                })
            })
            .boxed(),
        PacketType::Unsubscribe => (packet_id(), properties, vec(topic_filter(), 1..4))
            .prop_map(|(packet_id, properties, list)| {
                Packet::Unsubscribe(Unsubscribe {
                    packet_id,
                    properties,
                    filters: Sequence::new(leak(list)),
                })
            })
            .boxed(),
        PacketType::SubAck | PacketType::UnsubAck => {
            let none = packet == PacketType::UnsubAck && version == Version::V3_1_1;
            let reasons = vec(reason(), if none { 0..1 } else { 1..4 });
            (packet_id(), properties, reasons)
                .prop_map(move |(packet_id, properties, list)| {
                    let suback = SubAck {
                        packet_id,
                        properties,
                        reasons: Sequence::new(leak(list)),
                    };
                    if packet == PacketType::SubAck {
                        Packet::SubAck(suback)
                    } else {
                        Packet::UnsubAck(suback)
                    }
                })
                .boxed()
        }
        PacketType::PingReq => Just(Packet::PingReq).boxed(),
        PacketType::PingResp => Just(Packet::PingResp).boxed(),
        PacketType::Disconnect => (reason(), properties)
            .prop_map(|(reason, properties)| Packet::Disconnect(Disconnect { reason, properties }))
            .boxed(),
        PacketType::Auth => (reason(), properties)
            .prop_map(|(reason, properties)| Packet::Auth(Auth { reason, properties }))
            .boxed(),
    }
}

/// A CONNECT of the version.
pub fn connect(version: Version) -> impl Strategy<Value = Connect<'static>> {
    let will = (
        topic_name(),
        binary(),
        qos(),
        any::<bool>(),
        will_properties(version),
    )
        .prop_map(|(topic, payload, qos, retain, properties)| Will {
            topic,
            payload,
            qos,
            retain,
            properties,
        });
    (
        (any::<bool>(), any::<u16>(), string()),
        option::of(will),
        option::of(string()),
        option::of(binary()),
        properties(PacketType::Connect, version, Role::Client),
    )
        .prop_map(
            move |((clean_start, keep_alive, client_id), will, username, password, properties)| {
                let v5 = version == Version::V5;
                Connect {
                    version,
                    clean_start: clean_start || (!v5 && client_id.is_empty()),
                    keep_alive,
                    client_id,
                    will,
                    username,
                    password: password.filter(|_| v5 || username.is_some()),
                    properties,
                }
            },
        )
}

/// A PUBLISH; in 5.0 a Topic Alias now and then, alone or with the topic name.
pub fn publish(version: Version, sender: Role) -> impl Strategy<Value = Publish<'static>> {
    let topic = (topic_name(), any::<bool>());
    (
        delivery(),
        any::<bool>(),
        topic,
        properties(PacketType::Publish, version, sender),
        binary(),
    )
        .prop_map(|(delivery, retain, (topic, named), properties, payload)| {
            let topic = (named || properties.topic_alias().is_none()).then_some(topic);
            Publish {
                head: PublishHead {
                    delivery,
                    retain,
                    topic,
                    properties,
                },
                payload,
            }
        })
}

/// Every QoS with what belongs to it.
pub fn delivery() -> impl Strategy<Value = Delivery> {
    (qos(), packet_id(), any::<bool>()).prop_map(|(qos, packet_id, dup)| match qos {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
    })
}

/// A filter with options that the version has.
pub fn subscription(version: Version) -> impl Strategy<Value = Subscription<'static>> {
    let handling = select(
        &[
            RetainHandling::Send,
            RetainHandling::SendIfNew,
            RetainHandling::DoNotSend,
        ][..],
    );
    (
        topic_filter(),
        qos(),
        any::<bool>(),
        any::<bool>(),
        handling,
    )
        .prop_map(
            move |(filter, maximum_qos, no_local, retain_as_published, retain_handling)| {
                if version == Version::V3_1_1 {
                    return Subscription::new(filter, maximum_qos);
                }
                let no_local = no_local && filter.share_name().is_none();
                let options = SubscriptionOptions {
                    maximum_qos,
                    no_local,
                    retain_as_published,
                    retain_handling,
                };
                Subscription { filter, options }
            },
        )
}

/// A packet with parts that need not belong together: an encoder has to refuse many of these.
pub fn wild_packet() -> impl Strategy<Value = Packet<'static>> {
    let packets = (version(), role()).prop_flat_map(|(version, sender)| packet(version, sender));
    (
        packets,
        select(ReasonCode::ALL),
        option::of(wild_properties()),
        any::<bool>(),
    )
        .prop_map(|(mut packet, other, wild, change)| {
            let reason = |reason: &mut ReasonCode| {
                if change {
                    *reason = other;
                }
            };
            let properties = match &mut packet {
                Packet::Connect(connect) => {
                    if change && let Some(will) = &mut connect.will {
                        will.properties = wild.unwrap_or_default();
                    }
                    connect.clean_start &= !change;
                    &mut connect.properties
                }
                Packet::ConnAck(connack) => {
                    reason(&mut connack.reason);
                    &mut connack.properties
                }
                Packet::Publish(publish) => {
                    if change {
                        publish.head.topic = None;
                    }
                    &mut publish.head.properties
                }
                Packet::PubAck(ack)
                | Packet::PubRec(ack)
                | Packet::PubRel(ack)
                | Packet::PubComp(ack) => {
                    reason(&mut ack.reason);
                    &mut ack.properties
                }
                Packet::Subscribe(subscribe) => {
                    if change {
                        subscribe.subscriptions = Sequence::EMPTY;
                    }
                    &mut subscribe.properties
                }
                Packet::SubAck(suback) | Packet::UnsubAck(suback) => {
                    if change {
                        suback.reasons = Sequence::new(leak(Vec::from([other])));
                    }
                    &mut suback.properties
                }
                Packet::Unsubscribe(unsubscribe) => &mut unsubscribe.properties,
                Packet::PingReq | Packet::PingResp => return packet,
                Packet::Disconnect(disconnect) => {
                    reason(&mut disconnect.reason);
                    &mut disconnect.properties
                }
                Packet::Auth(auth) => {
                    reason(&mut auth.reason);
                    &mut auth.properties
                }
            };
            if let Some(wild) = wild {
                *properties = wild;
            }
            packet
        })
}

fn ack(packet: PacketType, ack: Ack<'static>) -> Packet<'static> {
    match packet {
        PacketType::PubAck => Packet::PubAck(ack),
        PacketType::PubRec => Packet::PubRec(ack),
        PacketType::PubRel => Packet::PubRel(ack),
        _ => Packet::PubComp(ack),
    }
}

fn properties_at(
    place: Place,
    version: Version,
    sender: Role,
) -> BoxedStrategy<Properties<'static>> {
    if version == Version::V3_1_1 {
        return Just(Properties::EMPTY).boxed();
    }
    let needs_method = place == Place::of(PacketType::Auth);
    let each: Vec<_> = PropertyId::ALL
        .iter()
        .filter_map(|&id| row(id as u32))
        .filter(|row| {
            !row.allowed
                .senders(place)
                .and(Senders::only(sender))
                .is_nobody()
        })
        .map(|row| {
            let certain = needs_method && row.id == PropertyId::AuthenticationMethod;
            let many = if row.may_repeat(place) { 4 } else { 2 };
            let count = if certain { 1..2 } else { 0..many };
            let list = vec(property(row.id), count);
            if certain {
                list.boxed()
            } else {
                prop_oneof![3 => Just(Vec::new()), 1 => list].boxed()
            }
        })
        .collect();
    each.prop_map(|lists| lists.concat())
        .prop_shuffle()
        .prop_map(|mut list| {
            let has_method = list
                .iter()
                .any(|property| property.id() == PropertyId::AuthenticationMethod);
            list.retain(|property| has_method || property.id() != PropertyId::AuthenticationData);
            Properties::new(leak(list))
        })
        .boxed()
}

fn value(row: &'static Row) -> BoxedStrategy<Value<'static>> {
    let max = match (row.range, row.wire) {
        (Range::ZeroOrOne, _) => 1,
        (_, Wire::Byte) => u8::MAX.into(),
        (_, Wire::TwoBytes) => u16::MAX.into(),
        (_, Wire::VariableByteInteger) => varint::MAX,
        _ => u32::MAX,
    };
    let min = u32::from(row.range == Range::NotZero);
    match row.wire {
        Wire::Byte | Wire::TwoBytes | Wire::FourBytes | Wire::VariableByteInteger => {
            prop_oneof![Just(min), Just(max), min..=max.min(200), min..=max]
                .prop_map(Value::Number)
                .boxed()
        }
        Wire::Text if row.range == Range::Topic => topic_name().prop_map(Value::Topic).boxed(),
        Wire::Text => string().prop_map(Value::Text).boxed(),
        Wire::Binary => binary().prop_map(Value::Binary).boxed(),
        Wire::TextPair => (string(), string())
            .prop_map(|(name, value)| Value::Pair(name, value))
            .boxed(),
    }
}

fn leak<T>(list: Vec<T>) -> &'static [T] {
    Box::leak(list.into_boxed_slice())
}

fn leak_str(string: impl Into<String>) -> &'static str {
    String::leak(string.into())
}
