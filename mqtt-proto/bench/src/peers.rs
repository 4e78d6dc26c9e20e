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

/// A PUBLISH of QoS 0, built and encoded; and one of QoS 1 with properties.
pub mod encode {
    use bytes::BytesMut;
    use mountain_mqtt::codec::mqtt_writer::{MqttBufWriter, MqttWriter};
    use mountain_mqtt::data::packet_identifier::PublishPacketIdentifier;
    use mountain_mqtt::packets::publish::Publish;

    /// mqttrs.
    pub fn mqttrs(topic: &str, payload: &[u8], buffer: &mut [u8]) -> usize {
        let packet = mqttrs::Packet::Publish(mqttrs::Publish {
            dup: false,
            qospid: mqttrs::QosPid::AtMostOnce,
            retain: false,
            topic_name: topic,
            payload,
        });
        mqttrs::encode_slice(&packet, buffer).unwrap()
    }

    /// mountain-mqtt.
    pub fn mountain(topic: &str, payload: &[u8], buffer: &mut [u8]) -> usize {
        let packet: Publish<'_, 16> = Publish::new(
            false,
            false,
            topic,
            PublishPacketIdentifier::None,
            payload,
            heapless::Vec::new(),
        );
        let mut writer = MqttBufWriter::new(buffer);
        writer.put(&packet).unwrap();
        writer.position()
    }

    /// mqttbytes, 3.1.1.
    pub fn mqttbytes_v4(topic: &str, payload: &[u8], buffer: &mut BytesMut) -> usize {
        let packet = mqttbytes::v4::Publish::new(topic, mqttbytes::QoS::AtMostOnce, payload);
        packet.write(buffer).unwrap()
    }

    /// mqttbytes, 5.0.
    pub fn mqttbytes_v5(topic: &str, payload: &[u8], buffer: &mut BytesMut) -> usize {
        let packet = mqttbytes::v5::Publish::new(topic, mqttbytes::QoS::AtMostOnce, payload);
        packet.write(buffer).unwrap()
    }

    fn user_properties() -> Vec<(String, String)> {
        vec![
            ("origin".into(), "boiler-room-7".into()),
            ("trace".into(), "4bf92f3577b34da6".into()),
        ]
    }

    /// mqttbytes, 5.0, with properties.
    pub fn properties_mqttbytes_v5(payload: &[u8], buffer: &mut BytesMut) -> usize {
        let mut packet =
            mqttbytes::v5::Publish::new(crate::TOPIC, mqttbytes::QoS::AtLeastOnce, payload);
        packet.pkid = 10;
        packet.properties = Some(mqttbytes::v5::PublishProperties {
            payload_format_indicator: None,
            message_expiry_interval: Some(3600),
            topic_alias: Some(5),
            response_topic: None,
            correlation_data: None,
            user_properties: user_properties(),
            subscription_identifiers: Vec::new(),
            content_type: None,
        });
        packet.write(buffer).unwrap()
    }

    /// The codec of rumqttc, 3.1.1.
    pub fn rumqttc_v4(topic: &str, payload: &[u8], buffer: &mut BytesMut) -> usize {
        let packet = rumqttc::Publish::new(topic, rumqttc::QoS::AtMostOnce, payload);
        packet.write(buffer).unwrap()
    }

    /// The codec of rumqttc, 5.0.
    pub fn rumqttc_v5(topic: &str, payload: &[u8], buffer: &mut BytesMut) -> usize {
        use rumqttc::v5::mqttbytes::QoS;
        use rumqttc::v5::mqttbytes::v5::Publish;
        let packet = Publish::new(topic, QoS::AtMostOnce, payload.to_vec(), None);
        packet.write(buffer).unwrap()
    }

    /// The codec of rumqttc, 5.0, with properties.
    pub fn properties_rumqttc_v5(payload: &[u8], buffer: &mut BytesMut) -> usize {
        use rumqttc::v5::mqttbytes::QoS;
        use rumqttc::v5::mqttbytes::v5::{Publish, PublishProperties};
        let properties = PublishProperties {
            message_expiry_interval: Some(3600),
            topic_alias: Some(5),
            user_properties: user_properties(),
            ..PublishProperties::default()
        };
        let mut packet = Publish::new(
            crate::TOPIC,
            QoS::AtLeastOnce,
            payload.to_vec(),
            Some(properties),
        );
        packet.pkid = 10;
        packet.write(buffer).unwrap()
    }
}
