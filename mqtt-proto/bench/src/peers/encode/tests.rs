//! Each codec is measured by the same packet.

use mqtt_proto::Version;
use ntex_bytes::{BytePageSize, BytePages};

use super::*;
use crate::{TOPIC, publish, publish_properties};

const PAYLOAD: &[u8] = &[0x42; 64];

/// What a codec writes.
type Write<'a> = &'a dyn Fn() -> Vec<u8>;

fn into_slice(encode: impl Fn(&mut [u8]) -> usize) -> Vec<u8> {
    let mut buffer = vec![0; 256];
    let count = encode(&mut buffer);
    buffer.truncate(count);
    buffer
}

fn into_bytes(encode: impl Fn(&mut BytesMut) -> usize) -> Vec<u8> {
    let mut buffer = BytesMut::new();
    encode(&mut buffer);
    buffer.to_vec()
}

fn into_pages(encode: impl Fn(&mut BytePages)) -> Vec<u8> {
    let mut buffer = BytePages::new(BytePageSize::default());
    encode(&mut buffer);
    buffer.freeze().to_vec()
}

#[test]
fn write_3_1_1() {
    let codecs: &[(&str, Write<'_>)] = &[
        ("mqttrs", &|| into_slice(|b| mqttrs(TOPIC, PAYLOAD, b))),
        ("mqttbytes", &|| {
            into_bytes(|b| mqttbytes_v4(TOPIC, PAYLOAD, b))
        }),
        ("rumqttc", &|| into_bytes(|b| rumqttc_v4(TOPIC, PAYLOAD, b))),
        ("mqtt-protocol-core", &|| protocol_core_v3(TOPIC, PAYLOAD)),
        ("ntex-mqtt", &|| into_pages(|b| ntex_v3(TOPIC, PAYLOAD, b))),
    ];
    for (name, write) in codecs {
        assert_eq!(write(), publish(Version::V3_1_1, 64).bytes, "{name}");
    }
}

#[test]
fn write_5_0() {
    let codecs: &[(&str, Write<'_>)] = &[
        ("mountain-mqtt", &|| {
            into_slice(|b| mountain(TOPIC, PAYLOAD, b))
        }),
        ("mqttbytes", &|| {
            into_bytes(|b| mqttbytes_v5(TOPIC, PAYLOAD, b))
        }),
        ("rumqttc", &|| into_bytes(|b| rumqttc_v5(TOPIC, PAYLOAD, b))),
        ("mqtt-protocol-core", &|| protocol_core_v5(TOPIC, PAYLOAD)),
        ("ntex-mqtt", &|| into_pages(|b| ntex_v5(TOPIC, PAYLOAD, b))),
    ];
    for (name, write) in codecs {
        assert_eq!(write(), publish(Version::V5, 64).bytes, "{name}");
    }
}

/// The order of the properties is each codec's own.
#[test]
fn write_properties() {
    let codecs: &[(&str, Write<'_>)] = &[
        ("mountain-mqtt", &|| {
            into_slice(|b| properties_mountain(PAYLOAD, b))
        }),
        ("mqttbytes", &|| {
            into_bytes(|b| properties_mqttbytes_v5(PAYLOAD, b))
        }),
        ("rumqttc", &|| {
            into_bytes(|b| properties_rumqttc_v5(PAYLOAD, b))
        }),
        ("mqtt-protocol-core", &|| {
            properties_protocol_core_v5(PAYLOAD)
        }),
        ("ntex-mqtt", &|| {
            into_pages(|b| properties_ntex_v5(PAYLOAD, b))
        }),
    ];
    let mut expected = publish_properties().bytes.clone();
    expected.sort_unstable();
    for (name, write) in codecs {
        let mut written = write();
        written.sort_unstable();
        assert_eq!(written, expected, "{name}");
    }
}
