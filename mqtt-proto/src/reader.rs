use crate::{DecodeError, DecodeOptions, Delivery, Packet, PublishHead, Version};

/// Takes packets from a stream of bytes that arrives in pieces.
///
/// A packet that lies whole in the input is decoded where it lies. Only what straddles
/// two reads is copied, into `scratch`: of a PUBLISH its head, of other packets all of
/// it. Payloads are never copied and have no limit but `maximum_packet_size`.
#[derive(Debug)]
pub struct PacketReader<'s> {
    options: DecodeOptions,
    scratch: &'s mut [u8],
}

/// What a [`PacketReader`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// A PUBLISH whose head is larger than `scratch`; the rest of it is skipped.
    Oversized {
        /// Its QoS and packet identifier.
        delivery: Delivery,
    },
}

impl<'s> PacketReader<'s> {
    /// A reader for one Network Connection.
    pub fn new(options: DecodeOptions, scratch: &'s mut [u8]) -> Self {
        Self { options, scratch }
    }

    /// The version in force: that of the options, or of the CONNECT that a Server read.
    #[must_use]
    pub fn version(&self) -> Version {
        self.options.version
    }

    /// Takes what can be taken from the front of `input`, which is advanced past it.
    ///
    /// `Ok(None)`: all of `input` was taken and more is needed. After an error the
    /// stream has no meaning any more: the error is returned again, nothing is taken.
    pub fn read<'r, 'i: 'r>(
        &'r mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Item<'r>>, DecodeError> {
        let _ = (&self.scratch, input);
        todo!()
    }
}
