//! Where the head of a packet ends, found from its lengths alone, as its bytes come.

use crate::allowed::Senders;
use crate::packet::{FixedHeader, PUBLISH};
use crate::property::{self, Census, Form, Row};
use crate::wire::{Reader, varint};
use crate::{DecodeError, DecodeErrorKind, DecodeOptions, Delivery, PacketId, PacketType, Version};

/// The part of a packet that has to be whole to be decoded (of a PUBLISH all but its payload),
/// as far as it has been passed over.
///
/// A PUBLISH whose head finds no room is passed over to its end, and refused for what decoding would
/// refuse, but for what its topic name and its texts contain. Of it no more is remembered than its
/// acknowledgement needs.
///
/// All numbers are within one packet, which has less than 2^29 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) header: FixedHeader,
    /// The offset in the packet of the next byte.
    pub(super) at: u32,
    /// Whether it finds no room.
    pub(super) is_oversized: bool,
    /// What is wrong, where decoding what has come would not find it.
    pub(super) error: Option<DecodeError>,
    awaited: Awaited,
    /// The bytes of the awaited field that have come.
    field: [u8; 5],
    field_len: usize,
    /// The bytes to be passed over before the awaited field.
    gap: u32,
    /// Where fields have to end: with the properties, once they are passed over one by one, or with the packet.
    limit: u32,
    topic_len: u32,
    packet_id: u16,
    /// Of the properties that are passed over.
    census: Census,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    FixedHeader,
    TopicLength,
    PacketId,
    PropertiesLength,
    /// Nothing: the gap leads to the end of a head that finds room.
    HeadEnd,
    /// A property, but for the bytes of a text or binary value.
    Property,
    /// The length of the first value of a User Property.
    NameLength,
    /// The length of a text or binary value.
    ValueLength,
    /// Nothing: the gap leads to the end of a packet that is passed over.
    End,
}

impl Head {
    /// Before the first byte.
    pub(super) const START: Self = Self {
        header: FixedHeader::UNKNOWN,
        at: 0,
        is_oversized: false,
        error: None,
        awaited: Awaited::FixedHeader,
        field: [0; 5],
        field_len: 0,
        gap: 0,
        limit: u32::MAX,
        topic_len: 0,
        packet_id: 0,
        census: Census::new(PUBLISH, Senders::ANY),
    };

    /// Passes over what has come; whether that was all of the head, or of the packet where the head
    /// finds no room, or whether something is wrong.
    #[inline(never)] // What it needs of the stack is then not there while the packet is decoded.
    pub(super) fn advance(
        &mut self,
        options: &DecodeOptions,
        room: u32,
        input: &mut &[u8],
    ) -> bool {
        loop {
            if self.error.is_some() {
                return true;
            }
            if self.needed() > room {
                self.pass_over(options);
            }
            let gap = usize::try_from(self.gap)
                .unwrap_or(usize::MAX)
                .min(input.len());
            *input = input.get(gap..).unwrap_or_default();
            let gap = gap as u32;
            self.gap = self.gap.wrapping_sub(gap);
            self.at = self.at.wrapping_add(gap);
            if self.gap > 0 {
                return false;
            }
            match self.awaited {
                Awaited::HeadEnd | Awaited::End => return true,
                // A property starts where others end, or there is none left.
                Awaited::Property if self.at == self.limit => self.end_properties(),
                _ if self.at >= self.limit => self.truncated(),
                _ => {
                    let Some((&byte, rest)) = input.split_first() else {
                        return false;
                    };
                    *input = rest;
                    self.byte(options, byte);
                }
            }
        }
    }

    /// The bytes, from the packet's start, that the head has at least.
    fn needed(&self) -> u32 {
        let field = match self.awaited {
            Awaited::HeadEnd => 0,
            Awaited::TopicLength | Awaited::PacketId if self.field_len == 0 => 2,
            _ => 1,
        };
        let end = self.at.wrapping_add(self.gap).wrapping_add(field);
        end.min(self.header.packet_len())
    }

    /// Goes on where the head finds no room.
    fn pass_over(&mut self, options: &DecodeOptions) {
        let header = &self.header;
        if header.packet_type != PacketType::Publish {
            let kind = DecodeErrorKind::ScratchTooSmall(header.packet_len());
            self.error = Some(DecodeError { kind, offset: 0 });
            self.gap = 0;
            return;
        }
        self.is_oversized = true;
        if self.awaited != Awaited::HeadEnd {
            return;
        }
        if options.version == Version::V3_1_1 {
            self.await_end();
        } else {
            self.awaited = Awaited::Property;
            self.limit = self.at.wrapping_add(self.gap);
            self.gap = 0;
            self.census = Census::new(PUBLISH, Senders::only(options.sender));
        }
    }

    /// Takes a byte of the awaited field, and acts on the field when it is whole.
    #[inline(never)] // The loop around it leaves it no registers.
    fn byte(&mut self, options: &DecodeOptions, byte: u8) {
        if let Some(to) = self.field.get_mut(self.field_len) {
            *to = byte;
        }
        self.field_len = self.field_len.wrapping_add(1);
        self.at = self.at.wrapping_add(1);
        let field = self.field.get(..self.field_len).unwrap_or_default();
        let value = match self.awaited {
            Awaited::FixedHeader => match FixedHeader::decode(options, field) {
                Ok(None) => return,
                Ok(Some(header)) => {
                    self.header = header;
                    0
                }
                Err(error) => return self.error = Some(error),
            },
            Awaited::PropertiesLength => match varint::decode(field) {
                Ok(None) => return,
                Ok(Some((value, _))) => value,
                Err((kind, _)) => return self.wrong(self.at.wrapping_sub(1), kind),
            },
            Awaited::Property => return self.property(options),
            _ => match *field {
                [high, low] => u32::from(u16::from_be_bytes([high, low])),
                _ => return,
            },
        };
        self.field(options, value);
        self.field_len = 0;
    }

    fn field(&mut self, options: &DecodeOptions, value: u32) {
        let before_properties = match options.version {
            Version::V3_1_1 => Awaited::HeadEnd,
            Version::V5 => Awaited::PropertiesLength,
        };
        match self.awaited {
            Awaited::FixedHeader => {
                self.limit = self.header.packet_len();
                if self.header.packet_type == PacketType::Publish {
                    self.awaited = Awaited::TopicLength;
                } else {
                    self.pass(self.header.remaining, Awaited::HeadEnd);
                }
            }
            Awaited::TopicLength => {
                self.topic_len = value;
                if self.header.flags & 0b0110 == 0 {
                    self.pass(value, before_properties);
                } else {
                    self.pass(value, Awaited::PacketId);
                }
            }
            Awaited::PacketId => {
                self.packet_id = value as u16;
                self.awaited = before_properties;
                if value == 0 {
                    self.wrong(self.field_start(), DecodeErrorKind::PacketIdZero);
                }
            }
            Awaited::PropertiesLength => self.pass(value, Awaited::HeadEnd),
            Awaited::NameLength => self.pass(value, Awaited::ValueLength),
            Awaited::ValueLength => self.pass(value, Awaited::Property),
            Awaited::Property | Awaited::HeadEnd | Awaited::End => {}
        }
    }

    /// Decodes what has come of a property: a number is whole when it fits, a text goes on at its length.
    fn property(&mut self, options: &DecodeOptions) {
        let field = self.field.get(..self.field_len).unwrap_or_default();
        let start = usize::try_from(self.field_start()).unwrap_or(usize::MAX);
        let mut reader = Reader::new(field, start, PacketType::Publish, options);
        let mut census = self.census;
        property::take_one(&mut reader, &mut census);
        let mut awaited = Awaited::Property;
        if let Some(error) = reader.error() {
            if error.kind != DecodeErrorKind::Truncated {
                return self.error = Some(error);
            }
            // The identifier alone tells the form. One of more bytes is none of a property.
            awaited = match field.first().and_then(|&id| Row::of(id.into()).form()) {
                Some(Form::Text | Form::TopicName | Form::Binary) => Awaited::ValueLength,
                Some(Form::TextPair) => Awaited::NameLength,
                _ if self.at < self.limit => return,
                _ => return self.error = Some(error),
            };
        }
        self.census = census;
        self.field_len = 0;
        self.awaited = awaited;
    }

    /// What is wrong with the properties together, or goes wrong because the topic name is not kept.
    fn end_properties(&mut self) {
        let alias = self.census.topic_alias;
        let kind = match (self.topic_len, alias) {
            // Section 3.3.2.1
            (0, 0) => DecodeErrorKind::MissingTopic,
            (0, _) | (_, 0) => return self.await_end(),
            // Passing over the name would leave the alias unknown or, worse, standing for an older one.
            _ => DecodeErrorKind::TopicAliasNoRoom(alias),
        };
        self.wrong(self.header.len as u32, kind);
    }

    /// Passes over so many bytes, if they can follow, before what is awaited next.
    fn pass(&mut self, len: u32, awaited: Awaited) {
        if len > self.limit.wrapping_sub(self.at) {
            // The properties are a field of their own, after their length.
            if self.awaited == Awaited::PropertiesLength {
                self.field_len = 0;
            }
            return self.truncated();
        }
        self.gap = len;
        self.awaited = awaited;
    }

    fn await_end(&mut self) {
        self.awaited = Awaited::End;
        // A topic that is still to be passed over is part of what is left.
        self.gap = self.header.packet_len().wrapping_sub(self.at);
    }

    /// The offset of the awaited field.
    const fn field_start(&self) -> u32 {
        self.at.wrapping_sub(self.field_len as u32)
    }

    /// The awaited field does not fit.
    fn truncated(&mut self) {
        self.wrong(self.field_start(), DecodeErrorKind::Truncated);
    }

    /// Something is wrong: where the head finds room it ends here, since decoding what has come tells it.
    fn wrong(&mut self, offset: u32, kind: DecodeErrorKind) {
        if self.is_oversized {
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            self.error = Some(DecodeError { kind, offset });
        }
        self.awaited = Awaited::HeadEnd;
        self.gap = 0;
    }

    /// The QoS and packet identifier of a PUBLISH.
    pub(super) fn delivery(&self) -> Delivery {
        let flags = self.header.flags;
        let dup = flags & 0b1000 != 0;
        match PacketId::new(self.packet_id) {
            None => Delivery::AtMostOnce,
            Some(packet_id) if flags & 0b0110 == 0b0010 => Delivery::AtLeastOnce { packet_id, dup },
            Some(packet_id) => Delivery::ExactlyOnce { packet_id, dup },
        }
    }
}
