//! Where the head of a packet ends, found from its lengths alone, as its bytes come.

use crate::packet::FixedHeader;
use crate::property::{Form, Row};
use crate::wire::varint;
use crate::{DecodeError, DecodeErrorKind, DecodeOptions, Delivery, PacketId, PacketType, Version};

/// The part of a packet that has to be whole to be decoded (of a PUBLISH all but its payload),
/// as far as it has been passed over.
///
/// A PUBLISH whose head finds no room is passed over to its end. Of it no more is remembered than
/// its acknowledgement needs; a Topic Alias in it is told.
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    FixedHeader,
    TopicLength,
    PacketId,
    PropertiesLength,
    /// Nothing: the gap leads to the end of a head that finds room.
    HeadEnd,
    PropertyId,
    /// The length of the first value of a User Property.
    NameLength,
    /// The length of a text or binary value.
    ValueLength,
    TopicAlias,
    VariableByteInteger,
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
                Awaited::PropertyId if self.at == self.limit && self.field_len == 0 => {
                    self.await_end();
                }
                _ if self.at >= self.limit => self.wrong(self.at, DecodeErrorKind::Truncated),
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

    /// Goes on where the head finds no room: of the properties nothing is of interest but a Topic
    /// Alias, where one is taken.
    fn pass_over(&mut self, options: &DecodeOptions) {
        let header = &self.header;
        if header.packet_type != PacketType::Publish {
            let kind = DecodeErrorKind::ScratchTooSmall(header.packet_len());
            self.error = Some(DecodeError { kind, offset: 0 });
            self.gap = 0;
            return;
        }
        self.is_oversized = true;
        if !matches!(self.awaited, Awaited::PropertiesLength | Awaited::HeadEnd) {
            return;
        }
        if header.flags & 0b0110 != 0 && self.packet_id == 0 {
            // At its second byte, as far after the fixed header as the topic name is long, and 3 more.
            let header_len = header.packet_len().wrapping_sub(header.remaining);
            let offset = header_len.wrapping_add(self.topic_len).wrapping_add(3);
            self.wrong(offset, DecodeErrorKind::PacketIdZero);
        } else if options.version == Version::V3_1_1 || options.topic_alias_maximum == 0 {
            self.await_end();
        } else if self.awaited == Awaited::HeadEnd {
            self.awaited = Awaited::PropertyId;
            self.limit = self.at.wrapping_add(self.gap);
            self.gap = 0;
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
            Awaited::PropertiesLength | Awaited::PropertyId | Awaited::VariableByteInteger => {
                match varint::decode(field) {
                    Ok(None) => return,
                    Ok(Some((value, _))) => value,
                    Err((kind, _)) => return self.wrong_before(kind),
                }
            }
            _ => match *field {
                [high, low] => u32::from(u16::from_be_bytes([high, low])),
                _ => return,
            },
        };
        self.field_len = 0;
        self.field(options, value);
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
            }
            Awaited::PropertiesLength => self.pass(value, Awaited::HeadEnd),
            Awaited::PropertyId => self.property(value),
            Awaited::NameLength => self.pass(value, Awaited::ValueLength),
            Awaited::ValueLength => self.pass(value, Awaited::PropertyId),
            Awaited::TopicAlias => {
                let alias = value as u16;
                if alias == 0 || alias > options.topic_alias_maximum {
                    self.wrong_before(DecodeErrorKind::TopicAliasInvalid(alias));
                } else if self.topic_len > 0 {
                    // Passing over the name would leave the alias unknown or, worse, standing for an older one.
                    self.wrong_before(DecodeErrorKind::TopicAliasNoRoom(alias));
                }
                self.awaited = Awaited::PropertyId;
            }
            Awaited::VariableByteInteger => self.awaited = Awaited::PropertyId,
            Awaited::HeadEnd | Awaited::End => {}
        }
    }

    fn property(&mut self, id: u32) {
        let Some(form) = Row::of(id).form() else {
            return self.wrong_before(DecodeErrorKind::UnknownProperty(id));
        };
        let (len, awaited) = match form {
            Form::TopicAlias => (0, Awaited::TopicAlias),
            Form::ZeroOrOne => (1, Awaited::PropertyId),
            Form::TwoBytes | Form::TwoBytesNotZero => (2, Awaited::PropertyId),
            Form::FourBytes | Form::FourBytesNotZero => (4, Awaited::PropertyId),
            Form::VariableNotZero => (0, Awaited::VariableByteInteger),
            Form::Text | Form::TopicName | Form::Binary => (0, Awaited::ValueLength),
            Form::TextPair => (0, Awaited::NameLength),
        };
        self.pass(len, awaited);
    }

    /// Passes over so many bytes, if they can follow, before what is awaited next.
    fn pass(&mut self, len: u32, awaited: Awaited) {
        if len > self.limit.wrapping_sub(self.at) {
            return self.wrong(self.at, DecodeErrorKind::Truncated);
        }
        self.gap = len;
        self.awaited = awaited;
    }

    fn await_end(&mut self) {
        self.awaited = Awaited::End;
        // A topic that is still to be passed over is part of what is left.
        self.gap = self.header.packet_len().wrapping_sub(self.at);
    }

    /// Something is wrong at the byte before.
    fn wrong_before(&mut self, kind: DecodeErrorKind) {
        self.wrong(self.at.wrapping_sub(1), kind);
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
