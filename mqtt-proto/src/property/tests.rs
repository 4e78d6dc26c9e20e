extern crate std;

use std::vec::Vec;

use proptest::prelude::*;

use super::codec::take_any;
use super::{Census, PropertyId, plain};
use crate::allowed::{Place, Senders};
use crate::wire::Reader;
use crate::{DecodeOptions, PacketType, Role, Version};

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
    ) {
        let mut bytes = std::vec![0];
        bytes.extend(pieces.concat());
        bytes[0] = u8::try_from(bytes.len() - 1).unwrap();
        bytes.extend(b"after");
        bytes.truncate(cut.unwrap_or(usize::MAX));

        let options = DecodeOptions::new(Version::V5, sender);
        let mut reader = Reader::new(&bytes, 0, PacketType::Publish, &options);
        let mut counted = Census::new(place, Senders::only(sender));
        let taken = take_any(&mut reader, &mut counted);
        let slowly = reader.error().is_none().then(|| (taken, reader.rest()));

        let mut census = Census::new(place, Senders::only(sender));
        prop_assert_eq!(plain::take(&bytes, &mut census), slowly);
        if slowly.is_some() {
            let seen = |census: &Census| -> Vec<_> {
                PropertyId::ALL.iter().filter(|&&id| census.has(id)).copied().collect()
            };
            prop_assert_eq!(seen(&census), seen(&counted));
            prop_assert_eq!(census.topic_alias, counted.topic_alias);
        }
    }
}
