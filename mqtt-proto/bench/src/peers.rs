//! The same packets through other codecs from crates.io, each in the way its own documentation shows.
//! Buffers that a program would have anyway are made by the setup, outside of what is counted.

pub mod encode;

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

/// An output buffer of a codec that writes to a growing buffer, large enough.
#[must_use]
pub fn empty_buffer(capacity: usize) -> BytesMut {
    BytesMut::with_capacity(capacity)
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

/// ntex-mqtt: a codec and its input, which is not a `BytesMut` as others have it.
pub mod ntex {
    use super::Fixture;
    use ntex_bytes::{BytePageSize, BytePages, BytesMut};
    use ntex_codec::Decoder;
    use ntex_mqtt::{v3, v5};

    /// With room for more, as a connection's is: else decoding would make some.
    fn input(bytes: &[u8]) -> BytesMut {
        let mut input = BytesMut::with_capacity(bytes.len() + 4096);
        input.extend_from_slice(bytes);
        input
    }

    /// A connection of 3.1.1 on which a PINGRESP came, so that caches are made, and the packet has
    /// arrived.
    #[must_use]
    pub fn connection_v3(fixture: &Fixture) -> (v3::codec::Codec, BytesMut) {
        let codec = v3::codec::Codec::new();
        codec.decode(&mut input(b"\xD0\0")).unwrap().unwrap();
        (codec, input(&fixture.bytes))
    }

    /// The same of 5.0.
    #[must_use]
    pub fn connection_v5(fixture: &Fixture) -> (v5::codec::Codec, BytesMut) {
        let codec = v5::codec::Codec::new();
        codec.decode(&mut input(b"\xD0\0")).unwrap().unwrap();
        (codec, input(&fixture.bytes))
    }

    /// Pages to encode into, after they were used once.
    #[must_use]
    pub fn pages() -> BytePages {
        super::encode::ntex_v5(
            crate::TOPIC,
            &[0x42; 64],
            &mut BytePages::new(BytePageSize::Size4),
        );
        BytePages::new(BytePageSize::Size4)
    }

    /// 3.1.1.
    pub fn v3((codec, input): &mut (v3::codec::Codec, BytesMut)) -> v3::codec::Decoded {
        codec.decode(input).unwrap().unwrap()
    }

    /// 5.0.
    pub fn v5((codec, input): &mut (v5::codec::Codec, BytesMut)) -> v5::codec::Decoded {
        codec.decode(input).unwrap().unwrap()
    }
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
