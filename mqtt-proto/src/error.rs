use core::fmt;

use crate::{PropertyId, ReasonCode, TopicError};

/// What is wrong with bytes that are not a packet, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// The byte, counted from the start of the packet, where it is wrong.
    pub offset: usize,
}

/// The kinds of [`DecodeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The packet is larger than the Maximum Packet Size.
    PacketTooLarge,
    // ... to be completed by the codec's author
}

impl DecodeError {
    /// The reason code that MQTT 5.0 gives this error, for a DISCONNECT or CONNACK.
    #[must_use]
    pub fn reason_code(&self) -> ReasonCode {
        todo!()
    }
}

/// Why a packet cannot be encoded: a fault of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too small.
    BufferTooSmall {
        /// The bytes that the packet needs.
        needed: usize,
    },
    /// More than a Variable Byte Integer can count.
    PacketTooLarge,
    /// A string or binary value of more than 65,535 bytes.
    StringTooLong,
    /// A string that contains U+0000.
    NulInString,
    /// A topic name or filter that is not valid.
    Topic(TopicError),
    /// The property is not one of this packet's.
    PropertyNotAllowed(PropertyId),
    /// The property may be there only once.
    PropertyRepeated(PropertyId),
    /// 3.1.1 has nothing like it (a property, a reason code, an option, an AUTH packet).
    NotInVersion,
    // ... to be completed by the codec's author
}

impl fmt::Display for DecodeError {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl core::error::Error for DecodeError {}
impl core::error::Error for EncodeError {}
