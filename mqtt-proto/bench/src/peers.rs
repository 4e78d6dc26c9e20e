//! The same packets through other codecs from crates.io, each in the way its own documentation shows.
//! Buffers that a program would have anyway are made by the setup, outside of what is counted.

use bytes::BytesMut;
use mountain_mqtt::codec::mqtt_reader::MqttBufReader;
use mountain_mqtt::codec::read::Read;
use mountain_mqtt::packets::packet_generic::PacketGeneric;
use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};

use crate::Fixture;

/// The input of a codec that reads from a growing buffer.
#[must_use]
pub fn buffer(fixture: &Fixture) -> BytesMut {
    BytesMut::from(&fixture.bytes[..])
}

/// mqttrs: 3.1.1, borrowed.
pub fn mqttrs(bytes: &[u8]) -> mqttrs::Packet<'_> {
    mqttrs::decode_slice(bytes).unwrap().unwrap()
}

/// mqttbytes, 3.1.1.
pub fn mqttbytes_v4(buffer: &mut BytesMut) -> mqttbytes::v4::Packet {
    mqttbytes::v4::read(buffer, usize::MAX).unwrap()
}

/// mqttbytes, 5.0.
pub fn mqttbytes_v5(buffer: &mut BytesMut) -> mqttbytes::v5::Packet {
    mqttbytes::v5::read(buffer, usize::MAX).unwrap()
}

/// The codec of rumqttc, 3.1.1.
pub fn rumqttc_v4(buffer: &mut BytesMut) -> rumqttc::Packet {
    rumqttc::Packet::read(buffer, usize::MAX).unwrap()
}

/// The codec of rumqttc, 5.0.
pub fn rumqttc_v5(buffer: &mut BytesMut) -> rumqttc::v5::mqttbytes::v5::Packet {
    rumqttc::v5::mqttbytes::v5::Packet::read(buffer, None).unwrap()
}

/// mountain-mqtt: 5.0, borrowed.
pub fn mountain(bytes: &[u8]) -> PacketGeneric<'_, 16, 16, 16> {
    PacketGeneric::read(&mut MqttBufReader::new(bytes)).unwrap()
}

/// mqtt-protocol-core: the body of a packet, its fixed header taken off as its connection does it.
pub mod protocol_core {
    use super::{Fixture, v3_1_1, v5_0};
    use mqtt_protocol_core::mqtt::Arc;

    /// The flags and the body of the packet.
    #[must_use]
    pub fn body(fixture: &Fixture) -> (u8, Arc<[u8]>) {
        let header = 1
            + fixture.bytes[1..]
                .iter()
                .position(|byte| byte & 0x80 == 0)
                .unwrap()
            + 1;
        (fixture.bytes[0] & 0x0F, Arc::from(&fixture.bytes[header..]))
    }

    /// PUBLISH of 3.1.1.
    pub fn publish_v3(body: &(u8, Arc<[u8]>)) -> v3_1_1::Publish {
        v3_1_1::Publish::parse(body.0, body.1.clone()).unwrap().0
    }

    /// PUBLISH of 5.0.
    pub fn publish_v5(body: &(u8, Arc<[u8]>)) -> v5_0::Publish {
        v5_0::Publish::parse(body.0, body.1.clone()).unwrap().0
    }

    /// CONNECT of 5.0.
    pub fn connect_v5(body: &(u8, Arc<[u8]>)) -> v5_0::Connect {
        v5_0::Connect::parse(&body.1).unwrap().0
    }

    /// PUBACK of 3.1.1.
    pub fn puback_v3(body: &(u8, Arc<[u8]>)) -> v3_1_1::Puback {
        v3_1_1::Puback::parse(&body.1).unwrap().0
    }

    /// PUBACK of 5.0.
    pub fn puback_v5(body: &(u8, Arc<[u8]>)) -> v5_0::Puback {
        v5_0::Puback::parse(&body.1).unwrap().0
    }

    /// SUBACK of 3.1.1.
    pub fn suback_v3(body: &(u8, Arc<[u8]>)) -> v3_1_1::Suback {
        v3_1_1::Suback::parse(&body.1).unwrap().0
    }

    /// SUBACK of 5.0.
    pub fn suback_v5(body: &(u8, Arc<[u8]>)) -> v5_0::Suback {
        v5_0::Suback::parse(&body.1).unwrap().0
    }
}
