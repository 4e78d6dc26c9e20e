use mqtt_proto::{
    Delivery, Packet, PacketId, Publish, PublishHead, QoS, Sequence, TopicName, Version,
};

use crate::Message;

/// The largest packet that is sent.
#[derive(Clone, Copy)]
pub(crate) struct PacketLimit {
    pub(crate) version: Version,
    pub(crate) bytes: u32,
}

/// A packet is larger than the limit.
#[derive(Debug)]
pub(crate) struct Exceeded {
    pub(crate) size: usize,
    pub(crate) limit: u32,
}

impl PacketLimit {
    /// What cannot be encoded passes: the session says what is wrong with it.
    pub(crate) fn check(self, packet: &Packet<'_>) -> Result<(), Exceeded> {
        match packet.encoded_len(self.version) {
            Ok(size) if size as u64 > u64::from(self.bytes) => Err(Exceeded {
                size,
                limit: self.bytes,
            }),
            _ => Ok(()),
        }
    }

    /// Of the PUBLISH that the message makes.
    pub(crate) fn check_message(
        self,
        topic: TopicName<'_>,
        message: &Message,
    ) -> Result<(), Exceeded> {
        let Ok(properties) = message.properties.borrow() else {
            return Ok(());
        };
        let delivery = match message.qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            // As large as with QoS 2.
            _ => Delivery::AtLeastOnce {
                packet_id: PacketId::MIN,
                dup: false,
            },
        };
        self.check(&Packet::Publish(Publish {
            head: PublishHead {
                delivery,
                retain: message.retain,
                topic: Some(topic),
                properties: Sequence::new(&properties),
            },
            payload: &message.payload,
        }))
    }
}
