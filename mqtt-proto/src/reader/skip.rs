//! Passing over a PUBLISH whose head finds no room, with no more than a few bytes of memory.

use crate::packet::FixedHeader;
use crate::property::Wire;
use crate::wire::varint;
use crate::{DecodeError, DecodeErrorKind, DecodeOptions, Delivery, PacketId, PropertyId, Version};

/// What is left to be passed over, and what is awaited of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Skip {
    flags: u8,
    packet_id: Option<PacketId>,
    has_topic: bool,
    /// 0 in 3.1.1, or where no alias is taken: the properties are then of no interest.
    topic_alias_maximum: u16,
    awaited: Awaited,
    /// The bytes of the awaited field that have come.
    field: [u8; 4],
    field_len: usize,
    /// The bytes to be passed over before the awaited field.
    gap: u32,
    /// The offset in the packet of the next byte.
    at: u32,
    properties_end: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    TopicLength,
    PacketId,
    PropertiesLength,
    PropertyId,
    /// The length of a text or binary value; whether a second one follows, as in a User Property.
    ValueLength {
        pair: bool,
    },
    TopicAlias,
    VariableByteInteger,
    /// Nothing: only the gap up to the end is left.
    End,
}

impl Skip {
    /// Starts after the fixed header.
    pub(super) fn new(options: &DecodeOptions, header: &FixedHeader) -> Self {
        Self {
            flags: header.flags,
            packet_id: None,
            has_topic: false,
            topic_alias_maximum: match options.version {
                Version::V3_1_1 => 0,
                Version::V5 => options.topic_alias_maximum,
            },
            awaited: Awaited::TopicLength,
            field: [0; 4],
            field_len: 0,
            gap: 0,
            at: u32::try_from(header.len).unwrap_or_default(),
            properties_end: 0,
            end: header.packet_len(),
        }
    }

    /// Passes over what has come; the QoS and packet identifier once all has.
    pub(super) fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Delivery>, DecodeError> {
        loop {
            let gap = usize::try_from(self.gap)
                .unwrap_or(usize::MAX)
                .min(input.len());
            *input = input.get(gap..).unwrap_or_default();
            self.move_on(gap);
            if self.gap > 0 {
                return Ok(None);
            }
            match self.awaited {
                Awaited::End => return Ok(Some(self.delivery())),
                // A property starts where others end, or there is none left.
                Awaited::PropertyId if self.at == self.properties_end && self.field_len == 0 => {
                    self.await_end();
                }
                _ if self.at >= self.limit() => return Err(self.error(DecodeErrorKind::Truncated)),
                _ => {
                    let Some((&byte, rest)) = input.split_first() else {
                        return Ok(None);
                    };
                    *input = rest;
                    self.byte(byte)?;
                }
            }
        }
    }

    fn move_on(&mut self, len: usize) {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        self.gap = self.gap.saturating_sub(len);
        self.at = self.at.saturating_add(len);
    }

    /// Takes a byte of the awaited field, and acts on the field when it is whole.
    fn byte(&mut self, byte: u8) -> Result<(), DecodeError> {
        if let Some(to) = self.field.get_mut(self.field_len) {
            *to = byte;
        }
        self.field_len = self.field_len.saturating_add(1);
        self.at = self.at.saturating_add(1);
        let field = self.field.get(..self.field_len).unwrap_or_default();
        let value = match self.awaited {
            Awaited::PropertiesLength | Awaited::PropertyId | Awaited::VariableByteInteger => {
                match varint::decode(field) {
                    Ok(None) => return Ok(()),
                    Ok(Some((value, _))) => value,
                    Err((kind, _)) => return Err(self.error_before(kind)),
                }
            }
            _ => match *field {
                [high, low] => u32::from(u16::from_be_bytes([high, low])),
                _ => return Ok(()),
            },
        };
        self.field_len = 0;
        self.field(value)
    }

    fn field(&mut self, value: u32) -> Result<(), DecodeError> {
        match self.awaited {
            Awaited::TopicLength => {
                self.has_topic = value > 0;
                self.pass(value)?;
                if self.flags & 0b0110 == 0 {
                    self.await_properties();
                } else {
                    self.awaited = Awaited::PacketId;
                }
            }
            Awaited::PacketId => {
                self.packet_id = u16::try_from(value).ok().and_then(PacketId::new);
                if self.packet_id.is_none() {
                    return Err(self.error_before(DecodeErrorKind::PacketIdZero));
                }
                self.await_properties();
            }
            Awaited::PropertiesLength => {
                self.properties_end = self.at.saturating_add(value);
                if self.properties_end > self.end {
                    return Err(self.error(DecodeErrorKind::Truncated));
                }
                self.awaited = Awaited::PropertyId;
            }
            Awaited::PropertyId => self.property(value)?,
            Awaited::ValueLength { pair } => {
                self.pass(value)?;
                self.awaited = if pair {
                    Awaited::ValueLength { pair: false }
                } else {
                    Awaited::PropertyId
                };
            }
            Awaited::TopicAlias => {
                let alias = u16::try_from(value).unwrap_or_default();
                if alias == 0 || alias > self.topic_alias_maximum {
                    return Err(self.error_before(DecodeErrorKind::TopicAliasInvalid(alias)));
                }
                // Passing over the name would leave the alias unknown or, worse, standing for an older one.
                if self.has_topic {
                    return Err(self.error_before(DecodeErrorKind::TopicAliasNoRoom(alias)));
                }
                self.awaited = Awaited::PropertyId;
            }
            Awaited::VariableByteInteger => self.awaited = Awaited::PropertyId,
            Awaited::End => {}
        }
        Ok(())
    }

    fn property(&mut self, id: u32) -> Result<(), DecodeError> {
        let Some(row) = u8::try_from(id).ok().and_then(PropertyId::row_of) else {
            return Err(self.error_before(DecodeErrorKind::UnknownProperty(id)));
        };
        self.awaited = match row.wire {
            Wire::TwoBytes if row.id == PropertyId::TopicAlias => Awaited::TopicAlias,
            Wire::Byte => return self.pass(1),
            Wire::TwoBytes => return self.pass(2),
            Wire::FourBytes => return self.pass(4),
            Wire::VariableByteInteger => Awaited::VariableByteInteger,
            Wire::Text | Wire::Binary => Awaited::ValueLength { pair: false },
            Wire::TextPair => Awaited::ValueLength { pair: true },
        };
        Ok(())
    }

    fn await_properties(&mut self) {
        if self.topic_alias_maximum == 0 {
            self.await_end();
        } else {
            self.awaited = Awaited::PropertiesLength;
        }
    }

    fn await_end(&mut self) {
        self.awaited = Awaited::End;
        // A topic that is still to be passed over is part of what is left.
        self.gap = self.end.saturating_sub(self.at);
    }

    fn pass(&mut self, len: u32) -> Result<(), DecodeError> {
        if len > self.limit().saturating_sub(self.at) {
            return Err(self.error(DecodeErrorKind::Truncated));
        }
        self.gap = len;
        Ok(())
    }

    /// Where fields have to end: with the properties, once they have begun, or with the packet.
    const fn limit(&self) -> u32 {
        if self.properties_end == 0 {
            self.end
        } else {
            self.properties_end
        }
    }

    fn delivery(&self) -> Delivery {
        let dup = self.flags & 0b1000 != 0;
        match self.packet_id {
            None => Delivery::AtMostOnce,
            Some(packet_id) if self.flags & 0b0110 == 0b0010 => {
                Delivery::AtLeastOnce { packet_id, dup }
            }
            Some(packet_id) => Delivery::ExactlyOnce { packet_id, dup },
        }
    }

    /// An error at the next byte.
    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            kind,
            offset: usize::try_from(self.at).unwrap_or(usize::MAX),
        }
    }

    /// An error at the byte before.
    fn error_before(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            kind,
            offset: usize::try_from(self.at.saturating_sub(1)).unwrap_or(usize::MAX),
        }
    }
}
