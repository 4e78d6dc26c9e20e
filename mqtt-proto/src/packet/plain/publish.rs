//! The fast ways for PUBLISH.

use crate::allowed::Senders;
use crate::packet::{Delivery, PUBLISH, Publish, PublishHead};
use crate::property::{self, Census, Open};
use crate::wire::{Output, Writer, u16, varint};
use crate::{DecodeOptions, PacketId, PacketType, Properties, QoS, Sequence, TopicName, Version};

/// A PUBLISH that is right, with what has come of its payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainPublish<'a> {
    pub(crate) publish: Publish<'a>,
    /// The bytes of its fixed header.
    pub(crate) header_len: usize,
    /// The bytes before its payload.
    pub(crate) head_len: usize,
    /// 0 where there is none.
    pub(crate) topic_alias: u16,
    /// What follows it.
    pub(crate) rest: &'a [u8],
    /// The bytes of its payload that are still to come.
    pub(crate) due: u32,
}

impl<'a> Publish<'a> {
    /// Whether a PUBLISH of a QoS that is expected comes, with at least what all have: the fixed header
    /// and the length of the topic name.
    #[inline(always)]
    pub(crate) fn comes(input: &[u8], maximum_qos: QoS) -> bool {
        // Shorter ones come too seldom to be worth it.
        input.first_chunk::<7>().is_some_and(|&[first, ..]| {
            first & !flags(maximum_qos) == PacketType::Publish.first_byte()
        })
    }

    /// Takes a PUBLISH with a plain topic name, or a Topic Alias in place of it, of a QoS that is
    /// expected, whole if it must be, and with properties if it may have some.
    ///
    /// At most QoS 0: only what is so plain that there is no call to make, with a topic name of a usual
    /// length.
    #[inline(always)]
    pub(crate) fn decode_plain(
        options: &DecodeOptions,
        input: &'a [u8],
        maximum_qos: QoS,
        must_be_whole: bool,
        may_have_properties: bool,
    ) -> Option<PlainPublish<'a>> {
        if !Self::comes(input, maximum_qos) {
            return None;
        }
        let &[first, ref len @ .., _, _] = input.first_chunk::<7>()?;
        let flags = first & flags(maximum_qos);
        let (remaining, len_len) = varint::decode(len).ok()??;
        let header_len = len_len.wrapping_add(1);
        let packet_len = remaining.wrapping_add(header_len as u32);
        if packet_len > options.maximum_packet_size {
            return None;
        }
        let packet_len = usize::try_from(packet_len).ok()?;
        let (packet, rest, due) = match input.split_at_checked(packet_len) {
            Some((packet, rest)) => (packet, rest, 0),
            None if must_be_whole => return None,
            None => (input, &[][..], packet_len.wrapping_sub(input.len()) as u32),
        };
        let topic_len = u16(&mut input.get(header_len..)?)?;
        let (name, mut payload) = packet
            .get(header_len..)?
            .split_at_checked(usize::from(topic_len).wrapping_add(2))?;
        let name = name.get(2..)?;
        let mut delivery = Delivery::AtMostOnce;
        if flags & 0b0110 != 0 {
            let packet_id = PacketId::new(u16(&mut payload)?)?;
            let dup = first & 0b1000 != 0;
            delivery = match first & 0b0110 {
                0b0010 => Delivery::AtLeastOnce { packet_id, dup },
                0b0100 => Delivery::ExactlyOnce { packet_id, dup },
                _ => return None,
            };
        } else if flags & 0b1000 != 0 {
            return None;
        }
        let (mut properties, mut topic_alias) = (Properties::EMPTY, 0);
        if options.version == Version::V5 {
            if let (0, after) = payload.split_first()? {
                payload = after;
            } else if may_have_properties {
                let (list, after);
                (list, topic_alias, after) = match property::take_alias(payload) {
                    Some(alone) => alone,
                    None => {
                        let open = Open::at(PUBLISH, options.sender);
                        let found = property::take_plain(payload, open)?;
                        (found.properties, found.topic_alias, found.after)
                    }
                };
                if topic_alias > options.topic_alias_maximum {
                    return None;
                }
                (properties, payload) = (Sequence::from_wire(list), after);
            } else {
                return None;
            }
        }
        // Section 3.3.2.1
        let topic = if topic_alias > 0 && name.is_empty() {
            None
        } else if maximum_qos == QoS::AtMostOnce {
            Some(TopicName::usual(name)?)
        } else {
            Some(TopicName::plain(name)?)
        };
        let head = PublishHead {
            delivery,
            retain: first & 1 != 0,
            topic,
            properties,
        };
        Some(PlainPublish {
            publish: Self { head, payload },
            header_len,
            head_len: packet.len().wrapping_sub(payload.len()),
            topic_alias,
            rest,
            due,
        })
    }
}

/// The bits of the first byte in which a PUBLISH may differ from others.
#[inline(always)]
const fn flags(maximum_qos: QoS) -> u8 {
    match maximum_qos {
        QoS::AtMostOnce => 0b0001,
        _ => 0b1111,
    }
}

impl PublishHead<'_> {
    /// Writes a head with a topic name, and of the payload what is at hand. Unless `ALL`, the topic name
    /// is of a usual length, and there are no properties: that takes no call. With `None` nothing has been
    /// written.
    #[inline(always)]
    pub(in crate::packet) fn encode_plain<const ALL: bool>(
        &self,
        version: Version,
        payload_len: usize,
        payload: &[u8],
        buf: &mut [u8],
    ) -> Option<usize> {
        let mut properties_len = 0;
        let mut properties_start = usize::from(version == Version::V5);
        if ALL && !self.properties.is_empty() {
            let mut census = Census::new(PUBLISH, Senders::ANY);
            properties_len = property::plain_len(self.properties, version, &mut census)?;
            properties_start = varint::len(properties_len);
        }
        let topic = self.topic?.as_bytes();
        // From 5 bytes on, with the 4 before them, the head has the 8 that are written as one word (4 would
        // do, but make more instructions); up to 32 are copied without a call. These are other bounds than
        // those of `TopicName::usual`, which tell how many bytes are looked at without a call.
        let is_usual = (5..=32).contains(&topic.len()) && self.properties.is_empty();
        if !ALL && !is_usual {
            return None;
        }
        let packet_id = self.delivery.packet_id();
        let packet_id_len: usize = if packet_id.is_some() { 2 } else { 0 };
        let len = topic
            .len()
            .wrapping_add(packet_id_len)
            .wrapping_add(properties_start)
            .wrapping_add(properties_len);
        let remaining = len.wrapping_add(2).wrapping_add(payload_len) as u32;
        let (start, start_len) = start(self.first_byte(), remaining, topic.len() as u16);
        // Near the limit it is for others to tell whether it is kept.
        if payload_len > LARGE || ALL && properties_len > LARGE {
            return None;
        }
        let head_len = start_len.wrapping_add(len);
        let needed = head_len.wrapping_add(payload.len());
        let (head, rest) = buf.get_mut(..needed)?.split_at_mut_checked(head_len)?;
        // What the word is too long by is written over, and so is the length of no properties where
        // there are some, or the version has none.
        *head.first_chunk_mut()? = start;
        *head.last_mut()? = 0;
        let mut out = Writer::new(head.get_mut(start_len..)?);
        out.short(topic);
        if let Some(packet_id) = packet_id {
            out.u16(packet_id.get());
        }
        if ALL && !self.properties.is_empty() {
            out.varint(properties_len);
            property::plain_write(self.properties, out);
        }
        Writer::new(rest).bytes(payload);
        Some(needed)
    }
}

/// More bytes than this are not counted here.
const LARGE: usize = varint::MAX as usize / 4;

/// A fixed header and the length of what follows it, in one word, and how many bytes of it they are.
///
/// With nothing to ask, a long Remaining Length takes no more time than a short one.
#[inline(always)]
fn start(first: u8, remaining: u32, next_len: u16) -> ([u8; 8], usize) {
    // Seven bits to a byte.
    let halves = remaining & 0x3FFF | (remaining & !0x3FFF) << 2;
    let bytes = halves & 0x007F_007F | (halves & 0x3F80_3F80) << 1;
    // With the last of them moved to the end of four, all before it have a next one.
    let unused = (bytes | 1).leading_zeros() & !7;
    let four = u64::from(bytes).wrapping_shl(unused) | 0x0080_8080;
    let lens = (four | u64::from(next_len.swap_bytes()) << 32).wrapping_shr(unused);
    let word = lens << 8 | u64::from(first);
    (word.to_le_bytes(), 7_u32.wrapping_sub(unused / 8) as usize)
}
