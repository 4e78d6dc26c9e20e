extern crate std;

use std::vec::Vec;

use proptest::prelude::*;

use super::codec::{take_any, take_plain};
use super::table::may_repeat;
use super::{Census, Open, Properties, Property, PropertyId, check, plain};
use crate::allowed::{Place, Senders};
use crate::wire::{Output, Reader};
use crate::{
    DecodeOptions, EncodeError, PacketType, QoS, Role, SubscriptionIdentifier, TopicName, Version,
};

/// Properties, right and wrong ones, of which few belong together.
const PIECES: &[&[u8]] = &[
    b"\x01\x01",
    b"\x01\x02",
    b"\x02\0\0\0\0",
    b"\x03\0\x0Atext/plain",
    b"\x08\0\x01t",
    b"\x08\0\x01+",
    b"\x08\0\0",
    b"\x09\0\x01\0",
    b"\x0B\x01",
    b"\x0B\x80\x01",
    b"\x0B\0",
    b"\x11\0\0\0\x01",
    b"\x12\0\0",
    b"\x15\0\x01m",
    b"\x16\0\x01d",
    b"\x1C\0\x01s",
    b"\x1F\0\x08\xE2\x82\xAC euro",
    b"\x1F\0\x02\xE2\x82",
    b"\x21\0\x01",
    b"\x21\0\0",
    b"\x23\0\x07",
    b"\x23\0\0",
    b"\x24\x02",
    b"\x26\0\x01k\0\x01v",
    b"\x26\0\0\0\x11seventeen letters",
    b"\x26\0\x01k\0\x02v\0",
    b"\x27\0\0\0\0",
    b"\x27\0\0\x01\0",
    b"\x2B\0",
    b"\x80\x01",
    b"\x26\0",
];

/// The same of a caller's.
fn listed() -> Vec<Property<'static>> {
    std::vec![
        Property::PayloadFormatIndicator(true),
        Property::MessageExpiryInterval(1),
        Property::ContentType("text/plain"),
        Property::ContentType("\0"),
        Property::ResponseTopic(TopicName::new("t").unwrap()),
        Property::CorrelationData(b"\0"),
        Property::CorrelationData(&[0; 65_535]),
        Property::CorrelationData(&[0; 65_536]),
        Property::SubscriptionIdentifier(SubscriptionIdentifier::new(127).unwrap()),
        Property::SubscriptionIdentifier(SubscriptionIdentifier::new(128).unwrap()),
        Property::SessionExpiryInterval(0),
        Property::AuthenticationMethod("m"),
        Property::AuthenticationData(b"d"),
        Property::ServerReference("s"),
        Property::ReceiveMaximum(1.try_into().unwrap()),
        Property::TopicAlias(7.try_into().unwrap()),
        Property::MaximumQoS(QoS::AtLeastOnce),
        Property::MaximumQoS(QoS::ExactlyOnce),
        Property::UserProperty("k", "v"),
        Property::UserProperty("", "seventeen letters"),
        Property::UserProperty("k", "v\0"),
    ]
}

/// Counts, and notes whether anything is wrong.
#[derive(Default)]
struct Counted {
    len: usize,
    failed: bool,
}

impl Output for Counted {
    fn fail(&mut self, _: EncodeError) {
        self.failed = true;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
    }

    fn binary(&mut self, bytes: &[u8]) {
        self.failed |= bytes.len() > 65_535;
        self.len += 2 + bytes.len();
    }

    fn text(&mut self, string: &[u8]) {
        self.failed |= string.contains(&0);
        self.binary(string);
    }
}

const PLACES: &[Place] = &[
    Place::WILL,
    Place::of(PacketType::Connect),
    Place::of(PacketType::ConnAck),
    Place::of(PacketType::Publish),
    Place::of(PacketType::Subscribe),
    Place::of(PacketType::Disconnect),
    Place::of(PacketType::Auth),
];

proptest! {
    #[test]
    fn the_fast_way_takes_what_is_right(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..4),
        place in prop::sample::select(PLACES),
        sender in prop::sample::select(&[Role::Client, Role::Server][..]),
        cut in prop::option::of(0_usize..40),
        topic_alias_maximum in prop::sample::select(&[0, 1, u16::MAX][..]),
    ) {
        let mut bytes = std::vec![0];
        bytes.extend(pieces.concat());
        bytes[0] = u8::try_from(bytes.len() - 1).unwrap();
        bytes.extend(b"after");
        bytes.truncate(cut.unwrap_or(usize::MAX));

        let options = DecodeOptions { topic_alias_maximum, ..DecodeOptions::new(Version::V5, sender) };
        let mut reader = Reader::new(&bytes, 0, PacketType::Publish, &options);
        let mut counted = Census::new(place, Senders::only(sender));
        let taken = take_any(&mut reader, &mut counted);
        let slowly = reader.error().is_none().then(|| (taken, reader.rest()));

        // Where it may send none, the sender sends no packet.
        prop_assume!(Open::at(place, sender).ids().is_some());
        let mut reader = Reader::new(&bytes, 0, PacketType::Publish, &options);
        let mut census = Census::new(place, Senders::only(sender));
        let taken = take_plain(&mut reader, &mut census);
        prop_assert_eq!(taken.map(|taken| (taken, reader.rest())), slowly);
        if slowly.is_some() {
            let once = |id: &PropertyId| !may_repeat(*id as u32, place);
            let expected: Vec<_> = seen(&counted).into_iter().filter(once).collect();
            prop_assert_eq!(seen(&census), expected);
            prop_assert_eq!(census.topic_alias, counted.topic_alias);
        } else {
            prop_assert!(seen(&census).is_empty());
        }
    }

    #[test]
    fn the_fast_way_counts_what_is_right(
        list in prop::collection::vec(prop::sample::select(listed()), 0..4),
        place in prop::sample::select(PLACES),
        version in prop::sample::select(&[Version::V3_1_1, Version::V5][..]),
    ) {
        let properties = Properties::new(&list);
        let mut out = Counted::default();
        let mut counted = Census::new(place, Senders::ANY);
        check(properties, version, &mut counted, &mut out);
        // It is not asked in 3.1.1.
        let slowly = (!out.failed && version == Version::V5).then_some(out.len);

        let mut census = Census::new(place, Senders::ANY);
        prop_assert_eq!(plain::len(properties, version, &mut census), slowly);
        if slowly.is_some() {
            prop_assert_eq!(seen(&census), seen(&counted));
            prop_assert_eq!(census.senders(), counted.senders());
        }
    }
}

fn seen(census: &Census) -> Vec<PropertyId> {
    let ids = PropertyId::ALL.iter();
    ids.filter(|&&id| census.has(id)).copied().collect()
}
