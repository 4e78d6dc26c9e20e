//! MQTT control packets, to and from bytes: all of MQTT 3.1.1 and 5.0, for either end.
//!
//! `no_std`, no allocation, no unsafe code, and no panic whatever the input. Packets
//! borrow what they are decoded from and what they are made of. There is one model
//! for both versions: in 3.1.1 the properties are empty, and return codes are mapped to
//! the reason codes that say the same.
//!
//! The crate knows what one packet may contain. What may follow what, with which packet
//! identifier or under which limits of the other side, is the session's to know.
//!
//! # Decode
//!
//! What arrives is judged strictly: whatever the specification forbids a sender is an
//! error, which tells what and where, and the reason code that answers it.
//!
//! ```
//! use mqtt_proto::{DecodeOptions, Packet, ReasonCode, Role, Version};
//!
//! let options = DecodeOptions::new(Version::V5, Role::Server);
//! let mut input: &[u8] = &[0x40, 0x02, 0x00, 0x07, 0xD0];
//!
//! let Some(Packet::PubAck(ack)) = Packet::decode(&options, &mut input)? else { panic!() };
//! assert_eq!(ack.packet_id.get(), 7);
//! assert_eq!(ack.reason, ReasonCode::Success);
//!
//! // Of the next packet one byte has come: nothing is taken until it is whole.
//! assert_eq!(Packet::decode(&options, &mut input)?, None);
//! assert_eq!(input, [0xD0]);
//!
//! let error = Packet::decode(&options, &mut &b"\x30\x04\0\x01#\0"[..]).unwrap_err();
//! assert_eq!(error.reason_code(), ReasonCode::MalformedPacket);
//! assert_eq!(error.to_string(), "topic name: has a wildcard in a name (at byte 4 of the packet)");
//! # Ok::<(), mqtt_proto::DecodeError>(())
//! ```
//!
//! # Encode
//!
//! Everything is checked before a byte is written.
//!
//! ```
//! use mqtt_proto::{Delivery, Packet, PacketId, Properties, Property, Publish, PublishHead, TopicName, Version};
//!
//! let properties = [Property::ContentType("text/plain"), Property::UserProperty("unit", "°C")];
//! let publish = Packet::Publish(Publish {
//!     head: PublishHead {
//!         delivery: Delivery::AtLeastOnce { packet_id: PacketId::MIN, dup: false },
//!         retain: false,
//!         topic: Some(TopicName::new("room/temperature")?),
//!         properties: Properties::from(&properties),
//!     },
//!     payload: b"21.5",
//! });
//! let mut buf = [0; 64];
//! let len = publish.encode(Version::V5, &mut buf)?;
//! assert_eq!(&buf[..4], [0x32, 0x32, 0x00, 0x10]);
//! assert_eq!(len, publish.encoded_len(Version::V5)?);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! [`PublishHead::encode`] leaves the payload to the caller; [`PacketEncoder`] writes a packet
//! in pieces, into buffers of any size.
//!
//! # Read a stream
//!
//! [`PacketReader`] takes the pieces that a connection brings. A packet that lies whole
//! in a piece is decoded where it lies; payloads of any size pass through a small buffer.
//!
//! ```
//! use mqtt_proto::{DecodeOptions, Item, PacketReader, Role, Version};
//!
//! let mut scratch = [0; 128];
//! let mut reader = PacketReader::new(DecodeOptions::new(Version::V5, Role::Server), &mut scratch);
//! let mut message: Vec<u8> = Vec::new();
//! for mut piece in [&b"\xD0\0\x30\x0B\0\x03a"[..], b"/b\0hel", b"lo"] {
//!     while let Some(item) = reader.read(&mut piece)? {
//!         match item {
//!             Item::Packet(packet) => println!("{packet:?}"),
//!             Item::Message { head, payload, .. } => {
//!                 assert_eq!(head.topic.unwrap().as_str(), "a/b");
//!                 message.extend(payload);
//!             }
//!             Item::Payload { payload, .. } => message.extend(payload),
//!             Item::Oversized { delivery } => println!("skipped: {delivery:?}"),
//!         }
//!     }
//! }
//! assert_eq!(message, b"hello");
//! # Ok::<(), mqtt_proto::DecodeError>(())
//! ```
//!
//! # Features
//!
//! - `defmt`: every public type implements `defmt::Format`.
//! - `arbitrary`: packets drawn from bytes for fuzzing, in `arbitrary`.
//! - `proptest`: strategies for packets, in `strategy`; it brings `arbitrary` along.
//!
//! # Decisions
//!
//! What known peers get wrong can be taken all the same: see [`Leniency`].
//!
//! Where the specification leaves a choice, or contradicts itself:
//!
//! - Control characters and non-characters in strings are taken.
//! - An AUTH without an Authentication Method is refused, also in the form of no
//!   bytes at all that section 3.15.2.1 of 5.0 describes.
//! - A DISCONNECT with reason code 0x00 is taken from a Server, though section 3.14.2.1
//!   lists it for the Client: an empty DISCONNECT means just that. One with 0x8C, Bad
//!   authentication method, is taken from a Server alone: section 2.4 lists it for DISCONNECT,
//!   section 3.14.2.1 does not.
//! - A Payload Format Indicator above 1 is refused: sections 3.1.3.2.3 and 3.3.2.3.2 say what 0 and 1
//!   mean, and nothing of others.
//! - `$share` filters are Shared Subscriptions in 3.1.1 too, as its servers have them. Those that
//!   5.0 refuses are taken in 3.1.1, as filters like any others.
//! - A Remaining Length in more bytes than it needs is refused in 3.1.1 too. The numbered
//!   statement is 5.0's alone, but table 2.4 of 3.1.1 says which lengths each size is for: of
//!   two bytes from 128, of three from 16,384, of four from 2,097,152.
//! - MQTT 3.1 (level 3, `MQIsdp`) and the bridges' levels 131 and 132 are refused.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::missing_errors_doc
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects
    )
)]

mod allowed;
#[cfg(feature = "arbitrary")]
pub mod arbitrary;
mod error;
mod leniency;
mod packet;
mod property;
mod reader;
mod sequence;
mod statement;
#[cfg(feature = "proptest")]
pub mod strategy;
mod types;
mod wire;

pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub use leniency::Leniency;
pub use packet::{
    Ack, Auth, ConnAck, Connect, DecodeOptions, Delivery, Disconnect, Packet, PacketEncoder,
    PacketType, Publish, PublishHead, RetainHandling, SubAck, Subscribe, Subscription,
    SubscriptionOptions, Unsubscribe, Will,
};
pub use property::{Properties, Property, PropertyId};
pub use reader::{Item, PacketReader};
pub use sequence::{Element, Sequence, SequenceIter};
pub use types::{
    PacketId, QoS, ReasonCode, Role, SubscriptionIdentifier, TopicError, TopicErrorKind,
    TopicFilter, TopicName, Version,
};
