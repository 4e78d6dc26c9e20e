use mqtt_session::{self as session, AckToken, PayloadChunk};

use crate::Message;

/// The message that is arriving on one Network Connection, put together from its pieces.
///
/// Built fresh with each connection: half a message does not survive it.
pub(crate) struct Inbound {
    /// The most bytes that a message may have.
    limit: u64,
    partial: Option<Partial>,
}

enum Partial {
    Assembled {
        message: Message,
        payload: Vec<u8>,
        ack: Option<AckToken>,
    },
    Skipped {
        ack: Option<AckToken>,
    },
}

/// What the last piece of a message made of it.
pub(crate) enum Arrived {
    /// There is more to come.
    Partly,
    /// It is whole.
    Whole(Message, Option<AckToken>),
    /// It was larger than allowed, and is over.
    Oversized(Option<AckToken>),
}

impl Inbound {
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit: u64::from(limit),
            partial: None,
        }
    }

    /// A message, or its beginning.
    pub(crate) fn message(&mut self, message: &session::Message<'_>) -> Arrived {
        let ack = message.ack;
        let payload = message.payload.len() as u64 + u64::from(message.remaining);
        // Refused before anything is allocated for it. The least that a packet takes: its fixed
        // header, the topic and its length, the payload.
        if payload + message.topic.as_str().len() as u64 + 4 > self.limit {
            if message.remaining == 0 {
                return Arrived::Oversized(ack);
            }
            self.partial = Some(Partial::Skipped { ack });
            return Arrived::Partly;
        }
        let mut owned = Message {
            topic: message.topic.as_str().to_owned(),
            payload: bytes::Bytes::new(),
            qos: message.qos,
            retain: message.retain,
            dup: message.dup,
            packet_id: message.packet_id,
            properties: message.properties.into(),
        };
        if message.remaining == 0 {
            owned.payload = bytes::Bytes::copy_from_slice(message.payload);
            return Arrived::Whole(owned, ack);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(payload).unwrap_or(0));
        bytes.extend_from_slice(message.payload);
        self.partial = Some(Partial::Assembled {
            message: owned,
            payload: bytes,
            ack,
        });
        Arrived::Partly
    }

    /// More of the payload.
    pub(crate) fn payload(&mut self, chunk: &PayloadChunk<'_>) -> Arrived {
        if let Some(Partial::Assembled { payload, .. }) = &mut self.partial {
            payload.extend_from_slice(chunk.payload);
        }
        if chunk.remaining > 0 {
            return Arrived::Partly;
        }
        match self.partial.take() {
            Some(Partial::Assembled {
                mut message,
                payload,
                ack,
            }) => {
                message.payload = payload.into();
                Arrived::Whole(message, ack)
            }
            Some(Partial::Skipped { ack }) => Arrived::Oversized(ack),
            None => Arrived::Partly,
        }
    }
}
