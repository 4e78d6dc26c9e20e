//! Strategies of `proptest` for packets and their parts, with the feature `proptest`.
//!
//! Each is a [`Draw`] from random bytes, so it shrinks as these do: to fewer and lower ones.
//!
//! Packets borrow what they are made of, so the strategies leak it: a value lives as long as the
//! test's process, takes a few hundred bytes, seldom 65,535 or some times that, very seldom 2 MiB, and
//! is as easy to pass around as a number.
#![expect(clippy::expect_used, reason = "for tests only")]
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method's path has one lifetime for the sources, not all of them"
)]

extern crate std;

use std::boxed::Box;

use ::arbitrary::{Arbitrary, Result, Unstructured};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::arbitrary::{Arena, Draw};
use crate::{
    Connect, Packet, PacketType, Properties, Property, PropertyId, Publish, ReasonCode, Role,
    Subscription, TopicFilter, TopicName, Version,
};

/// Any value of a type that can be drawn: [`Version`], [`Role`], [`QoS`](crate::QoS),
/// [`PacketId`](crate::PacketId), [`Delivery`](crate::Delivery), [`ReasonCode`] and others.
pub fn any_of<T>() -> BoxedStrategy<T>
where
    T: for<'d> Arbitrary<'d> + core::fmt::Debug + 'static,
{
    drawn(|draw| draw.value())
}

/// Strings as MQTT takes them: without U+0000.
pub fn string() -> BoxedStrategy<&'static str> {
    drawn(|draw| draw.string())
}

/// Binary data, mostly short.
pub fn binary() -> BoxedStrategy<&'static [u8]> {
    drawn(|draw| draw.binary())
}

/// Topic names; a few levels of few names, so that filters match them now and then.
pub fn topic_name() -> BoxedStrategy<TopicName<'static>> {
    drawn(|draw| draw.topic_name())
}

/// Topic filters, with wildcards and shares.
pub fn topic_filter() -> BoxedStrategy<TopicFilter<'static>> {
    drawn(|draw| draw.topic_filter())
}

/// The property with any value that it may have.
pub fn property(id: PropertyId) -> BoxedStrategy<Property<'static>> {
    drawn(move |draw| draw.property(id))
}

/// Properties that `sender` may send in a packet of the type: none in one that has none or that
/// only the other end sends.
pub fn properties(
    packet: PacketType,
    version: Version,
    sender: Role,
) -> BoxedStrategy<Properties<'static>> {
    drawn(move |draw| draw.properties(packet, version, sender))
}

/// A reason code that `sender` may send in a packet of the type.
///
/// # Panics
///
/// When a value is drawn, where there is none: a PUBLISH, say, has no reason code, and only a
/// Server sends a SUBACK.
pub fn reason_code(
    packet: PacketType,
    version: Version,
    sender: Role,
) -> BoxedStrategy<ReasonCode> {
    drawn(move |draw| draw.reason_code(packet, version, sender))
}

/// A packet that `sender` may send in the version.
pub fn packet(version: Version, sender: Role) -> BoxedStrategy<Packet<'static>> {
    drawn(move |draw| draw.packet(version, sender))
}

/// A packet of the type, with parts that `sender` may send in the version.
///
/// # Panics
///
/// When a value is drawn, where `sender` sends no such packet in the version: the type is not one of
/// [`packet_types`](crate::arbitrary::packet_types).
pub fn packet_of(
    packet: PacketType,
    version: Version,
    sender: Role,
) -> BoxedStrategy<Packet<'static>> {
    drawn(move |draw| draw.packet_of(packet, version, sender))
}

/// A CONNECT of the version.
pub fn connect(version: Version) -> BoxedStrategy<Connect<'static>> {
    drawn(move |draw| draw.connect(version))
}

/// A PUBLISH; in 5.0 a Topic Alias now and then, alone or with the topic name.
pub fn publish(version: Version, sender: Role) -> BoxedStrategy<Publish<'static>> {
    drawn(move |draw| draw.publish(version, sender))
}

/// A filter with options that the version has.
pub fn subscription(version: Version) -> BoxedStrategy<Subscription<'static>> {
    drawn(move |draw| draw.subscription(version))
}

/// A packet with parts that need not belong together: an encoder has to refuse many of these.
pub fn wild_packet() -> BoxedStrategy<Packet<'static>> {
    drawn(|draw| draw.wild_packet())
}

/// What is drawn from random bytes, leaked.
fn drawn<T: core::fmt::Debug + 'static>(
    draw: impl Fn(&mut Draw<'_, '_, 'static>) -> Result<T> + 'static,
) -> BoxedStrategy<T> {
    vec(any::<u8>(), 0..400)
        .prop_map(move |bytes| {
            let mut source = Unstructured::new(&bytes);
            let arena = Box::leak(Box::new(Arena::new()));
            draw(&mut Draw::new(&mut source, arena)).expect("bytes that end are no error")
        })
        .boxed()
}
