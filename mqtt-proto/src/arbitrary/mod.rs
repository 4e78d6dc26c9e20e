//! Packets drawn from bytes, with the feature `arbitrary`: valid ones with every type, property and
//! reason code, and invalid ones.
//!
//! [`AnyPacket`] implements [`Arbitrary`], and owns what it is made of: it is what a fuzz target or
//! a test takes. [`Draw`] draws the parts, of the version, sender and type that one asks for, and
//! keeps in an [`Arena`] what they borrow. The strategies of `proptest` in `strategy` draw in the
//! same way. No bytes at all draw the simplest packet; fewer and lower bytes draw simpler ones.
//!
//! ```
//! use mqtt_proto::arbitrary::{AnyPacket, Arena, Draw};
//! use mqtt_proto::{Packet, PacketType, Role, Version};
//! use arbitrary::{Arbitrary, Unstructured};
//!
//! # fn main() -> arbitrary::Result<()> {
//! let mut source = Unstructured::new(b"any bytes: a fuzzer's, or at random");
//! let arena = Arena::new();
//! let mut draw = Draw::new(&mut source, &arena);
//! let packet = draw.packet_of(PacketType::Subscribe, Version::V5, Role::Client)?;
//! assert!(packet.encoded_len(Version::V5).is_ok());
//!
//! let any = AnyPacket::arbitrary(&mut source)?;
//! let mut input = any.bytes();
//! assert_eq!(Packet::decode(&any.options(), &mut input), Ok(Some(any.packet())));
//! # Ok(())
//! # }
//! ```
#![expect(clippy::expect_used, reason = "for tests only")]
#![expect(
    clippy::missing_errors_doc,
    reason = "all fail only as their source does"
)]

extern crate std;

mod packets;
mod parts;

use core::fmt;
use std::vec;
use std::vec::Vec;

// Where all of this crate is imported, `arbitrary` is this module and not the crate of that name.
pub use arbitrary::{Arbitrary, Error, Result, Unstructured};

pub use packets::packet_types;

use crate::{DecodeOptions, Packet, PacketType, Role, Version};

/// Keeps what drawn parts borrow.
#[derive(Debug, Default)]
pub struct Arena(bumpalo::Bump);

impl Arena {
    /// With nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn list<T: Copy>(&self, list: &[T]) -> &[T] {
        self.0.alloc_slice_copy(list)
    }

    fn text(&self, text: &str) -> &str {
        self.0.alloc_str(text)
    }
}

/// Draws packets and their parts from a source of bytes.
///
/// Each method fails only as [`Unstructured`] does.
///
/// A string or binary value is mostly short, now and then of about the size that a Variable Byte
/// Integer of one byte counts, seldom of that of two bytes, of any size, or of 65,535 bytes; a
/// payload very seldom of about the size that three bytes count, and never of more. A packet has few
/// filters or reason codes, now and then up to 200, and no more properties than it has kinds of them.
#[derive(Debug)]
pub struct Draw<'s, 'd, 'a> {
    source: &'s mut Unstructured<'d>,
    arena: &'a Arena,
}

impl<'s, 'd, 'a> Draw<'s, 'd, 'a> {
    /// What is drawn borrows the arena, not the source.
    pub fn new(source: &'s mut Unstructured<'d>, arena: &'a Arena) -> Self {
        Self { source, arena }
    }
}

/// A valid packet that owns what it is made of, with the version and the sender that it is valid for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AnyPacket {
    version: Version,
    sender: Role,
    bytes: Vec<u8>,
}

impl AnyPacket {
    /// Draws a packet that `sender` may send in the version.
    pub fn draw(source: &mut Unstructured<'_>, version: Version, sender: Role) -> Result<Self> {
        let packet = *source.choose(&packet_types(version, sender))?;
        Self::draw_of(source, packet, version, sender)
    }

    /// Draws a packet of a type that `sender` may send in the version: of [`packet_types`].
    ///
    /// # Panics
    ///
    /// As [`Draw::packet_of`] does.
    pub fn draw_of(
        source: &mut Unstructured<'_>,
        packet: PacketType,
        version: Version,
        sender: Role,
    ) -> Result<Self> {
        let arena = Arena::new();
        let packet = Draw::new(source, &arena).packet_of(packet, version, sender)?;
        let size = packet.encoded_len(version).expect("the packet is valid");
        let mut bytes = vec![0; size];
        packet
            .encode(version, &mut bytes)
            .expect("the packet has room");
        Ok(Self {
            version,
            sender,
            bytes,
        })
    }

    /// The version that it is of.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Who may send it.
    #[must_use]
    pub const fn sender(&self) -> Role {
        self.sender
    }

    /// Its encoding.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Options with which it is decoded: every Topic Alias is taken.
    #[must_use]
    pub const fn options(&self) -> DecodeOptions {
        let mut options = DecodeOptions::new(self.version, self.sender);
        options.topic_alias_maximum = u16::MAX;
        options
    }

    /// The packet.
    #[must_use]
    pub fn packet(&self) -> Packet<'_> {
        Packet::decode(&self.options(), &mut self.bytes())
            .expect("what is valid can be decoded")
            .expect("the packet is whole")
    }
}

impl fmt::Debug for AnyPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyPacket")
            .field("version", &self.version)
            .field("sender", &self.sender)
            .field("packet", &self.packet())
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for AnyPacket {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "AnyPacket {{ version: {}, sender: {}, packet: {} }}",
            self.version,
            self.sender,
            self.packet()
        );
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Arena {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Arena {{ allocated: {} }}", self.0.allocated_bytes());
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Draw<'_, '_, '_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Draw {{ left: {} }}", self.source.len());
    }
}

impl<'d> Arbitrary<'d> for AnyPacket {
    fn arbitrary(source: &mut Unstructured<'d>) -> Result<Self> {
        let (version, sender) = (source.arbitrary()?, source.arbitrary()?);
        Self::draw(source, version, sender)
    }
}
