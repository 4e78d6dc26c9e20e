//! Packets out of a stream of bytes that arrives in pieces.

mod aliases;
mod head;

use core::fmt;

use crate::packet::{Decoder, PlainPublish, decoder};
use crate::wire::{HAS_FAST_PATHS, Reader};
use crate::{
    DecodeError, DecodeErrorKind, DecodeOptions, Delivery, Packet, PacketType, Publish,
    PublishHead, QoS, TopicName, Version,
};
use aliases::Aliases;
use head::Head;

/// Takes packets from a stream of bytes that arrives in pieces.
///
/// A packet that lies whole in the input is decoded where it lies. Only what straddles
/// two reads is copied, into `scratch`: of a PUBLISH its head (fixed header, topic name,
/// packet identifier, properties), of other packets all of it. Payloads are never copied
/// and have no limit but `maximum_packet_size`.
///
/// The size of `scratch` bounds what is taken, whether it straddles or not, so that the
/// same bytes come to the same in whatever pieces they arrive: a PUBLISH with a larger head
/// is passed over ([`Item::Oversized`]), another packet that is larger is an error
/// ([`DecodeErrorKind::ScratchTooSmall`]). With less than
/// [`MINIMUM_SCRATCH`](Self::MINIMUM_SCRATCH) every packet is one.
///
/// The topic names behind the peer's Topic Aliases are kept at the end of `scratch`, which
/// leaves that much less for packets:
///
/// ```text
/// scratch  | a packet, or the head of one ->    <- topic names of aliases |
/// ```
///
/// The first takes 18 bytes more than its length, the name of every other alias 14 bytes more. Where
/// the peer has an alias stand for another name, that takes the bytes of the one before if it is no
/// longer. If it is, it takes 14 bytes and at least twice what the one before had, but at most 65,535;
/// what the one before had is then lost for this connection: in all an alias takes less than four times
/// its longest name, and 14 bytes for each time. A PUBLISH whose head and name find no room together is an error
/// ([`DecodeErrorKind::TopicAliasNoRoom`]).
///
/// However many aliases there are, a packet costs no more than its own bytes and as many steps as an
/// alias has bits.
///
/// A reader belongs to one Network Connection: make a new one for the next.
pub struct PacketReader<'s> {
    options: DecodeOptions,
    decoder: Decoder,
    scratch: &'s mut [u8],
    aliases: Aliases,
    /// Of the packet that comes; of one that finds room, what has come is in scratch.
    head: Head,
    /// The bytes of a payload that come before it.
    payload_due: u32,
}

/// What a [`PacketReader`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Item<'a> {
    /// Any packet but PUBLISH.
    Packet(Packet<'a>),
    /// A PUBLISH, with what has arrived of its payload. A Topic Alias has been resolved:
    /// `head.topic` is `Some`.
    Message {
        /// What comes before the payload.
        head: PublishHead<'a>,
        /// The first piece of the payload, maybe empty.
        payload: &'a [u8],
        /// The bytes of the payload still to come, as [`Item::Payload`].
        remaining: u32,
    },
    /// The next piece of a payload; never empty.
    Payload {
        /// The piece.
        payload: &'a [u8],
        /// The bytes still to come.
        remaining: u32,
    },
    /// A PUBLISH whose head is larger than the room in `scratch`. All of it has been passed
    /// over; its acknowledgement is still due. Whether its topic name and the texts among its
    /// properties are right is not known (UTF-8, U+0000, wildcards, an empty name); all else of
    /// it is.
    Oversized {
        /// Its QoS and packet identifier.
        delivery: Delivery,
    },
}

impl<'s> PacketReader<'s> {
    /// The bytes of `scratch` that a fixed header needs.
    pub const MINIMUM_SCRATCH: usize = 5;

    /// A reader for one Network Connection.
    #[inline(always)] // So that it is seen who the sender is.
    pub const fn new(options: DecodeOptions, scratch: &'s mut [u8]) -> Self {
        Self {
            decoder: decoder::of(options.sender),
            options,
            scratch,
            aliases: Aliases::EMPTY,
            head: Head::START,
            payload_due: 0,
        }
    }

    /// The version in force: that of the options, or of the CONNECT that a Server read.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.options.version
    }

    /// Ends the reader and gives its `scratch` back, for the reader of the next connection.
    #[must_use]
    pub const fn into_scratch(self) -> &'s mut [u8] {
        self.scratch
    }

    /// Takes what can be taken from the front of `input`, which is advanced past it.
    ///
    /// `Ok(None)`: all of `input` was taken and more is needed. After an error the
    /// stream has no meaning any more: the error is returned again, nothing is taken.
    ///
    /// # Errors
    /// What [`Packet::decode`] refuses is refused here in the same way, with offsets from the
    /// packet's start across any split, but for what does not fit into `scratch`: of a PUBLISH that
    /// is passed over ([`Item::Oversized`]) it is not looked at what its topic name and the texts
    /// among its properties contain, and a Topic Alias in place of its topic name is not resolved;
    /// another packet that is larger is refused for that alone. The reader adds [`DecodeErrorKind::ScratchTooSmall`],
    /// [`DecodeErrorKind::TopicAliasUnknown`] and [`DecodeErrorKind::TopicAliasNoRoom`].
    #[inline(always)] // Fast paths and a call: most programs have it in one place.
    pub fn read<'r, 'i: 'r>(
        &'r mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Item<'r>>, DecodeError> {
        if HAS_FAST_PATHS && self.is_between_packets() {
            // One that is less plain is none of the others.
            if Publish::comes(input, QoS::ExactlyOnce) {
                if let Some(PlainPublish { publish, due, .. }) = self.take_plain(input, false) {
                    return Ok(Some(Item::Message {
                        head: publish.head,
                        payload: publish.payload,
                        remaining: due,
                    }));
                }
            } else if self.room() >= Self::MINIMUM_SCRATCH
                && let Some((packet, rest)) = Packet::decode_plain(&self.options, input)
            {
                *input = rest;
                return Ok(Some(Item::Packet(packet)));
            }
        }
        self.read_less_plain(input)
    }

    #[inline(never)]
    fn read_less_plain<'r, 'i: 'r>(
        &'r mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Item<'r>>, DecodeError> {
        if HAS_FAST_PATHS
            && self.is_between_packets()
            && let Some(publish) = self.take_plain(input, true)
        {
            return self.resolve_plain(publish).map(Some);
        }
        self.read_any(input)
    }

    /// Whether what comes next is the first byte of a packet.
    const fn is_between_packets(&self) -> bool {
        self.head.at == 0 && self.head.error.is_none() && self.payload_due == 0
    }

    /// Takes a PUBLISH as [`Publish::decode_plain`] does, if its head finds room.
    #[inline(always)]
    fn take_plain<'i>(
        &mut self,
        input: &mut &'i [u8],
        may_have_properties: bool,
    ) -> Option<PlainPublish<'i>> {
        let maximum_qos = QoS::ExactlyOnce;
        let taken = Publish::decode_plain(
            &self.options,
            input,
            maximum_qos,
            false,
            may_have_properties,
        )?;
        if taken.head_len > self.room() {
            return None;
        }
        *input = taken.rest;
        self.payload_due = taken.due;
        Some(taken)
    }

    /// Resolves the Topic Alias, if there is one.
    #[inline(always)]
    fn resolve_plain<'r>(&'r mut self, taken: PlainPublish<'r>) -> Result<Item<'r>, DecodeError> {
        let Publish { mut head, payload } = taken.publish;
        if taken.topic_alias > 0 {
            // As if it had been put together in scratch.
            let room = self.scratch.get_mut(taken.head_len..).unwrap_or_default();
            let topic = resolve(head.topic, taken.topic_alias, &mut self.aliases, room);
            head.topic = Some(topic.map_err(|kind| {
                let offset = taken.header_len;
                *self.head.error.insert(DecodeError { kind, offset })
            })?);
        }
        Ok(Item::Message {
            head,
            payload,
            remaining: taken.due,
        })
    }

    #[inline(always)]
    fn read_any<'r, 'i: 'r>(
        &'r mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Item<'r>>, DecodeError> {
        let room = self.room();
        let Self {
            options,
            decoder,
            scratch,
            aliases,
            head,
            payload_due,
        } = self;
        if let Some(error) = head.error {
            return Err(error);
        }
        if input.is_empty() {
            return Ok(None);
        }
        if *payload_due > 0 {
            let (payload, remaining) = take_payload(input, *payload_due);
            *payload_due = remaining;
            return Ok(Some(Item::Payload { payload, remaining }));
        }
        if room < Self::MINIMUM_SCRATCH {
            head.error = Some(DecodeError {
                kind: DecodeErrorKind::ScratchTooSmall(Self::MINIMUM_SCRATCH as u32),
                offset: 0,
            });
        }
        let held = usize::try_from(head.at).unwrap_or(usize::MAX);
        let before = *input;
        let is_whole = head.advance(options, u32::try_from(room).unwrap_or(u32::MAX), input);
        if let Some(error) = head.error {
            return Err(error);
        }
        let taken = before.len().wrapping_sub(input.len());
        let taken = before.get(..taken).unwrap_or_default();
        let is_in_scratch = held > 0 || !is_whole;
        if is_in_scratch && !head.is_oversized {
            let to = scratch.get_mut(held..).unwrap_or_default();
            for (to, from) in to.iter_mut().zip(taken) {
                *to = *from;
            }
        }
        if !is_whole {
            return Ok(None);
        }
        let Head {
            header,
            at,
            is_oversized,
            ..
        } = *head;
        let delivery = head.delivery();
        *head = Head::START;
        if is_oversized {
            return Ok(Some(Item::Oversized { delivery }));
        }
        let end = usize::try_from(at).unwrap_or(usize::MAX);
        // Aliases find the same room wherever the packet lies.
        let (front, room) = scratch.split_at_mut_checked(end).unwrap_or_default();
        let bytes: &'r [u8] = if is_in_scratch { front } else { taken };
        let body = bytes.get(header.len..).unwrap_or_default();
        let mut reader = Reader::new(body, header.len, header.packet_type, options);
        let mut result;
        if header.packet_type == PacketType::Publish {
            let payload = take_payload(input, header.packet_len().wrapping_sub(at));
            *payload_due = payload.1;
            let item = message(&mut reader, header.flags, aliases, room, payload);
            result = Ok(Some(item));
        } else {
            result = Ok(Some(Item::Packet(decoder(&mut reader))));
        }
        if let Some(error) = reader.finish() {
            head.error = Some(error);
            result = Err(error);
        } else if let Ok(Some(Item::Packet(Packet::Connect(connect)))) = &result {
            options.version = connect.version;
        }
        result
    }

    /// The bytes of scratch that aliases leave.
    const fn room(&self) -> usize {
        self.scratch.len().wrapping_sub(self.aliases.used())
    }
}

/// Reads the head of a PUBLISH, and resolves its alias. Apart, so that what it needs of the stack is
/// not there while other packets are decoded.
#[inline(never)]
fn message<'r>(
    reader: &mut Reader<'r>,
    flags: u8,
    aliases: &mut Aliases,
    room: &'r mut [u8],
    (payload, remaining): (&'r [u8], u32),
) -> Item<'r> {
    let start = reader.offset();
    let (mut head, alias) = PublishHead::decode(reader, flags);
    if alias != 0 && reader.error().is_none() {
        match resolve(head.topic, alias, aliases, room) {
            Ok(topic) => head.topic = Some(topic),
            Err(kind) => reader.fail_at(start, kind),
        }
    }
    Item::Message {
        head,
        payload,
        remaining,
    }
}

/// Finds the topic name behind an alias, or lets the alias stand for the one that came with it.
#[inline(always)] // Finding a name takes less than the call would.
fn resolve<'r>(
    topic: Option<TopicName<'r>>,
    alias: u16,
    aliases: &mut Aliases,
    room: &'r mut [u8],
) -> Result<TopicName<'r>, DecodeErrorKind> {
    match topic {
        Some(topic) if aliases.record(room, alias, topic.as_bytes()) => Ok(topic),
        Some(_) => Err(DecodeErrorKind::TopicAliasNoRoom(alias)),
        // Section 3.3.4: an alias that stands for nothing is a Protocol Error.
        None => aliases
            .topic(room, alias)
            .ok_or(DecodeErrorKind::TopicAliasUnknown(alias)),
    }
}

/// What there is of the payload's next `remaining` bytes, and how many are still to come.
fn take_payload<'i>(input: &mut &'i [u8], remaining: u32) -> (&'i [u8], u32) {
    let payload = take(
        input,
        usize::try_from(remaining)
            .unwrap_or(usize::MAX)
            .min(input.len()),
    );
    (
        payload,
        // No more than that were taken.
        remaining.wrapping_sub(payload.len() as u32),
    )
}

/// Takes the first `len` bytes, of which there must be so many.
fn take<'i>(input: &mut &'i [u8], len: usize) -> &'i [u8] {
    let (taken, rest) = input.split_at_checked(len).unwrap_or_default();
    *input = rest;
    taken
}

impl fmt::Debug for PacketReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketReader")
            .field("options", &self.options)
            .field("scratch", &self.scratch.len())
            .field("aliases", &self.aliases)
            .field("head", &self.head)
            .field("payload_due", &self.payload_due)
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for PacketReader<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "PacketReader {{ options: {}, scratch: {} }}",
            self.options,
            self.scratch.len()
        );
    }
}

#[cfg(test)]
mod tests;
