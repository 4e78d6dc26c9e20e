//! What happens to the session, read from the input: a byte that chooses, and what that takes.

use mqtt_proto::QoS;

/// One thing that happens.
pub(super) enum Op<'a> {
    /// Time passes, in milliseconds.
    Wait(u64),
    /// The Server sends anything.
    Bytes(&'a [u8]),
    /// The Server answers the oldest packet that is not answered, in two pieces.
    Answer { split: usize },
    /// The Server leaves it unanswered.
    Skip,
    /// The Server sends a message with so many bytes of payload.
    Message { qos: QoS, size: usize },
    /// The application publishes a message.
    Publish {
        qos: QoS,
        retain: bool,
        size: u8,
        streamed: bool,
    },
    /// The application publishes to whatever topic.
    PublishAnything(&'a [u8]),
    /// The application subscribes to so many filters, maybe none.
    Subscribe(u8),
    /// The application unsubscribes from so many filters, maybe none.
    Unsubscribe(u8),
    /// The application acknowledges one of the messages it holds.
    Acknowledge(u8),
    /// The application disconnects with a reason code.
    Disconnect(u8),
    /// The transport is closed.
    Close,
}

pub(super) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte; zeros follow the last.
    pub(super) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        byte
    }

    /// A byte that tells how many follow, and these.
    fn bytes(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    fn qos(&mut self) -> QoS {
        match self.byte() % 3 {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        }
    }

    pub(super) fn op(&mut self) -> Option<Op<'a>> {
        if self.is_empty() {
            return None;
        }
        Some(match self.byte() % 14 {
            0 => Op::Wait(u64::from(self.byte())),
            1 => Op::Wait(u64::from(self.byte()) * 1000),
            2 => Op::Bytes(self.bytes()),
            3 | 4 => Op::Answer {
                split: usize::from(self.byte()),
            },
            5 => Op::Skip,
            6 => Op::Message {
                qos: self.qos(),
                size: usize::from(self.byte()),
            },
            7 => {
                let flags = self.byte();
                let (retain, streamed) = (flags & 1 != 0, flags & 2 != 0);
                Op::Publish {
                    qos: self.qos(),
                    retain,
                    size: self.byte(),
                    streamed,
                }
            }
            8 => Op::PublishAnything(self.bytes()),
            9 => Op::Subscribe(self.byte()),
            10 => Op::Unsubscribe(self.byte()),
            11 => Op::Acknowledge(self.byte()),
            12 => Op::Disconnect(self.byte()),
            _ => Op::Close,
        })
    }
}
