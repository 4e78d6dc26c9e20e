//! A PUBLISH of QoS 0, built and encoded; and one of QoS 1 with properties.

use std::num::{NonZeroU16, NonZeroU32};

use bytes::BytesMut;
use mountain_mqtt::codec::mqtt_writer::{MqttBufWriter, MqttWriter};
use mountain_mqtt::data::packet_identifier::{PacketIdentifier, PublishPacketIdentifier};
use mountain_mqtt::data::property::PublishProperty;
use mountain_mqtt::data::string_pair::StringPair;
use mountain_mqtt::packets::publish::Publish;
use mqtt_protocol_core::mqtt::packet as core;
use ntex_bytes::{BytePages, ByteString, Bytes};
use ntex_codec::Encoder;
use ntex_mqtt::{QoS, v3, v5};

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

/// mountain-mqtt, with properties.
pub fn properties_mountain(payload: &[u8], buffer: &mut [u8]) -> usize {
    let mut properties = heapless::Vec::<_, 16>::new();
    for property in [
        PublishProperty::MessageExpiryInterval(3600.into()),
        PublishProperty::TopicAlias(5.into()),
        PublishProperty::UserProperty(StringPair::new("origin", "boiler-room-7").into()),
        PublishProperty::UserProperty(StringPair::new("trace", "4bf92f3577b34da6").into()),
    ] {
        properties.push(property).unwrap();
    }
    let packet = Publish::new(
        false,
        false,
        crate::TOPIC,
        PublishPacketIdentifier::Qos1(PacketIdentifier(10)),
        payload,
        properties,
    );
    let mut writer = MqttBufWriter::new(buffer);
    writer.put(&packet).unwrap();
    writer.position()
}

/// mqtt-protocol-core, 3.1.1: gives a buffer of its own.
pub fn protocol_core_v3(topic: &str, payload: &[u8]) -> Vec<u8> {
    let packet = core::v3_1_1::Publish::builder()
        .topic_name(topic)
        .unwrap()
        .qos(core::Qos::AtMostOnce)
        .payload(payload)
        .build()
        .unwrap();
    packet.to_continuous_buffer()
}

/// mqtt-protocol-core, 5.0.
pub fn protocol_core_v5(topic: &str, payload: &[u8]) -> Vec<u8> {
    let packet = core::v5_0::Publish::builder()
        .topic_name(topic)
        .unwrap()
        .qos(core::Qos::AtMostOnce)
        .payload(payload)
        .build()
        .unwrap();
    packet.to_continuous_buffer()
}

/// mqtt-protocol-core, 5.0, with properties.
pub fn properties_protocol_core_v5(payload: &[u8]) -> Vec<u8> {
    let packet = core::v5_0::Publish::builder()
        .topic_name(crate::TOPIC)
        .unwrap()
        .qos(core::Qos::AtLeastOnce)
        .packet_id(10)
        .payload(payload)
        .props(vec![
            core::MessageExpiryInterval::new(3600).unwrap().into(),
            core::TopicAlias::new(5).unwrap().into(),
            core::UserProperty::new("origin", "boiler-room-7")
                .unwrap()
                .into(),
            core::UserProperty::new("trace", "4bf92f3577b34da6")
                .unwrap()
                .into(),
        ])
        .build()
        .unwrap();
    packet.to_continuous_buffer()
}

/// ntex-mqtt, 3.1.1.
pub fn ntex_v3(topic: &str, payload: &[u8], buffer: &mut BytePages) {
    let packet = v3::codec::Publish {
        dup: false,
        retain: false,
        qos: QoS::AtMostOnce,
        topic: ByteString::from(topic),
        packet_id: None,
        payload_size: payload.len() as u32,
    };
    let packet = v3::codec::Encoded::Publish(packet, Some(Bytes::copy_from_slice(payload)));
    v3::codec::Codec::new().encodev(packet, buffer).unwrap();
}

/// ntex-mqtt, 5.0.
pub fn ntex_v5(topic: &str, payload: &[u8], buffer: &mut BytePages) {
    let packet = v5::codec::Publish {
        topic: ByteString::from(topic),
        payload_size: payload.len() as u32,
        ..v5::codec::Publish::default()
    };
    let packet = v5::codec::Encoded::Publish(packet, Some(Bytes::copy_from_slice(payload)));
    v5::codec::Codec::new().encodev(packet, buffer).unwrap();
}

/// ntex-mqtt, 5.0, with properties.
pub fn properties_ntex_v5(payload: &[u8], buffer: &mut BytePages) {
    let packet = v5::codec::Publish {
        qos: QoS::AtLeastOnce,
        packet_id: NonZeroU16::new(10),
        topic: ByteString::from(crate::TOPIC),
        payload_size: payload.len() as u32,
        properties: v5::codec::PublishProperties {
            message_expiry_interval: NonZeroU32::new(3600),
            topic_alias: NonZeroU16::new(5),
            user_properties: vec![
                ("origin".into(), "boiler-room-7".into()),
                ("trace".into(), "4bf92f3577b34da6".into()),
            ],
            ..v5::codec::PublishProperties::default()
        },
        ..v5::codec::Publish::default()
    };
    let packet = v5::codec::Encoded::Publish(packet, Some(Bytes::copy_from_slice(payload)));
    v5::codec::Codec::new().encodev(packet, buffer).unwrap();
}

#[cfg(test)]
mod tests;
