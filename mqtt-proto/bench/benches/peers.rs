//! Instructions per packet of the peers, counted in the same way.

use std::hint::black_box;

use bytes::BytesMut;
use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_proto::Version;
use mqtt_proto_bench::{self as fixtures, Fixture, peers};
use mqtt_protocol_core::mqtt::Arc;
use ntex_bytes::{BytePages, BytesMut as NtexBytes};
use ntex_mqtt::{v3, v5};

#[library_benchmark]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn mqttrs(input: &'static Fixture) {
    black_box(&peers::mqttrs(black_box(&input.bytes)));
}

#[library_benchmark]
#[bench::publish_64_v5(fixtures::publish(Version::V5, 64))]
#[bench::publish_1k_v5(fixtures::publish(Version::V5, 1024))]
#[bench::publish_64k_v5(fixtures::publish(Version::V5, 65536))]
#[bench::publish_properties_v5(fixtures::publish_properties())]
#[bench::connect_v5(fixtures::connect())]
#[bench::puback_v5(fixtures::puback(Version::V5))]
#[bench::suback_v5(fixtures::suback(Version::V5))]
fn mountain_mqtt(input: &'static Fixture) {
    black_box(&peers::mountain(black_box(&input.bytes)));
}

#[library_benchmark(setup = peers::buffer)]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn mqttbytes_v4(mut input: BytesMut) -> BytesMut {
    black_box(&peers::mqttbytes_v4(black_box(&mut input)));
    input
}

#[library_benchmark(setup = peers::buffer)]
#[bench::publish_64_v5(fixtures::publish(Version::V5, 64))]
#[bench::publish_1k_v5(fixtures::publish(Version::V5, 1024))]
#[bench::publish_64k_v5(fixtures::publish(Version::V5, 65536))]
#[bench::publish_properties_v5(fixtures::publish_properties())]
#[bench::connect_v5(fixtures::connect())]
#[bench::puback_v5(fixtures::puback(Version::V5))]
#[bench::suback_v5(fixtures::suback(Version::V5))]
fn mqttbytes_v5(mut input: BytesMut) -> BytesMut {
    black_box(&peers::mqttbytes_v5(black_box(&mut input)));
    input
}

#[library_benchmark(setup = peers::buffer)]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn rumqttc_v4(mut input: BytesMut) -> BytesMut {
    black_box(&peers::rumqttc_v4(black_box(&mut input)));
    input
}

#[library_benchmark(setup = peers::buffer)]
#[bench::publish_64_v5(fixtures::publish(Version::V5, 64))]
#[bench::publish_1k_v5(fixtures::publish(Version::V5, 1024))]
#[bench::publish_64k_v5(fixtures::publish(Version::V5, 65536))]
#[bench::publish_properties_v5(fixtures::publish_properties())]
#[bench::connect_v5(fixtures::connect())]
#[bench::puback_v5(fixtures::puback(Version::V5))]
#[bench::suback_v5(fixtures::suback(Version::V5))]
fn rumqttc_v5(mut input: BytesMut) -> BytesMut {
    black_box(&peers::rumqttc_v5(black_box(&mut input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
fn protocol_core_publish_v3(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(&peers::protocol_core::publish_v3(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
fn protocol_core_puback_v3(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(&peers::protocol_core::puback_v3(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn protocol_core_suback_v3(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(&peers::protocol_core::suback_v3(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::publish_64_v5(fixtures::publish(Version::V5, 64))]
#[bench::publish_1k_v5(fixtures::publish(Version::V5, 1024))]
#[bench::publish_64k_v5(fixtures::publish(Version::V5, 65536))]
#[bench::publish_properties_v5(fixtures::publish_properties())]
fn protocol_core_publish_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(&peers::protocol_core::publish_v5(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::connect_v5(fixtures::connect())]
fn protocol_core_connect_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(&peers::protocol_core::connect_v5(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::puback_v5(fixtures::puback(Version::V5))]
fn protocol_core_puback_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(&peers::protocol_core::puback_v5(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::suback_v5(fixtures::suback(Version::V5))]
fn protocol_core_suback_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(&peers::protocol_core::suback_v5(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::ntex::connection_v3)]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn ntex_v3(mut input: (v3::codec::Codec, NtexBytes)) -> (v3::codec::Codec, NtexBytes) {
    black_box(&peers::ntex::v3(black_box(&mut input)));
    input
}

#[library_benchmark(setup = peers::ntex::connection_v5)]
#[bench::publish_64_v5(fixtures::publish(Version::V5, 64))]
#[bench::publish_1k_v5(fixtures::publish(Version::V5, 1024))]
#[bench::publish_64k_v5(fixtures::publish(Version::V5, 65536))]
#[bench::publish_properties_v5(fixtures::publish_properties())]
#[bench::connect_v5(fixtures::connect())]
#[bench::puback_v5(fixtures::puback(Version::V5))]
#[bench::suback_v5(fixtures::suback(Version::V5))]
fn ntex_v5(mut input: (v5::codec::Codec, NtexBytes)) -> (v5::codec::Codec, NtexBytes) {
    black_box(&peers::ntex::v5(black_box(&mut input)));
    input
}

#[library_benchmark(setup = fixtures::buffer)]
#[bench::publish_64_v3(Version::V3_1_1, 64)]
fn encode_mqttrs((_, _, buffer): (Version, usize, &'static mut [u8])) {
    peers::encode::mqttrs(black_box(fixtures::TOPIC), black_box(&[0x42; 64]), buffer);
}

#[library_benchmark(setup = fixtures::buffer)]
#[bench::publish_64_v5(Version::V5, 64)]
fn encode_mountain_mqtt((_, _, buffer): (Version, usize, &'static mut [u8])) {
    peers::encode::mountain(black_box(fixtures::TOPIC), black_box(&[0x42; 64]), buffer);
}

#[library_benchmark(setup = fixtures::buffer)]
#[bench::publish_properties_v5(Version::V5, 64)]
fn encode_properties_mountain_mqtt((_, _, buffer): (Version, usize, &'static mut [u8])) {
    peers::encode::properties_mountain(black_box(&[0x42; 64]), buffer);
}

#[library_benchmark(setup = peers::empty_buffer)]
#[bench::publish_64_v3(256)]
fn encode_mqttbytes_v4(mut buffer: BytesMut) -> BytesMut {
    peers::encode::mqttbytes_v4(
        black_box(fixtures::TOPIC),
        black_box(&[0x42; 64]),
        &mut buffer,
    );
    buffer
}

#[library_benchmark(setup = peers::empty_buffer)]
#[bench::publish_64_v5(256)]
fn encode_mqttbytes_v5(mut buffer: BytesMut) -> BytesMut {
    peers::encode::mqttbytes_v5(
        black_box(fixtures::TOPIC),
        black_box(&[0x42; 64]),
        &mut buffer,
    );
    buffer
}

#[library_benchmark(setup = peers::empty_buffer)]
#[bench::publish_properties_v5(256)]
fn encode_properties_mqttbytes_v5(mut buffer: BytesMut) -> BytesMut {
    peers::encode::properties_mqttbytes_v5(black_box(&[0x42; 64]), &mut buffer);
    buffer
}

#[library_benchmark(setup = peers::empty_buffer)]
#[bench::publish_64_v3(256)]
fn encode_rumqttc_v4(mut buffer: BytesMut) -> BytesMut {
    peers::encode::rumqttc_v4(
        black_box(fixtures::TOPIC),
        black_box(&[0x42; 64]),
        &mut buffer,
    );
    buffer
}

#[library_benchmark(setup = peers::empty_buffer)]
#[bench::publish_64_v5(256)]
fn encode_rumqttc_v5(mut buffer: BytesMut) -> BytesMut {
    peers::encode::rumqttc_v5(
        black_box(fixtures::TOPIC),
        black_box(&[0x42; 64]),
        &mut buffer,
    );
    buffer
}

#[library_benchmark(setup = peers::empty_buffer)]
#[bench::publish_properties_v5(256)]
fn encode_properties_rumqttc_v5(mut buffer: BytesMut) -> BytesMut {
    peers::encode::properties_rumqttc_v5(black_box(&[0x42; 64]), &mut buffer);
    buffer
}

#[library_benchmark]
#[bench::publish_64_v3(&[0x42; 64])]
fn encode_protocol_core_v3(payload: &[u8]) -> Vec<u8> {
    peers::encode::protocol_core_v3(black_box(fixtures::TOPIC), black_box(payload))
}

#[library_benchmark]
#[bench::publish_64_v5(&[0x42; 64])]
fn encode_protocol_core_v5(payload: &[u8]) -> Vec<u8> {
    peers::encode::protocol_core_v5(black_box(fixtures::TOPIC), black_box(payload))
}

#[library_benchmark]
#[bench::publish_properties_v5(&[0x42; 64])]
fn encode_properties_protocol_core_v5(payload: &[u8]) -> Vec<u8> {
    peers::encode::properties_protocol_core_v5(black_box(payload))
}

#[library_benchmark(setup = peers::ntex::pages)]
#[bench::publish_64_v3()]
fn encode_ntex_v3(mut buffer: BytePages) -> BytePages {
    peers::encode::ntex_v3(
        black_box(fixtures::TOPIC),
        black_box(&[0x42; 64]),
        &mut buffer,
    );
    buffer
}

#[library_benchmark(setup = peers::ntex::pages)]
#[bench::publish_64_v5()]
fn encode_ntex_v5(mut buffer: BytePages) -> BytePages {
    peers::encode::ntex_v5(
        black_box(fixtures::TOPIC),
        black_box(&[0x42; 64]),
        &mut buffer,
    );
    buffer
}

#[library_benchmark(setup = peers::ntex::pages)]
#[bench::publish_properties_v5()]
fn encode_properties_ntex_v5(mut buffer: BytePages) -> BytePages {
    peers::encode::properties_ntex_v5(black_box(&[0x42; 64]), &mut buffer);
    buffer
}

library_benchmark_group!(
    name = theirs,
    benchmarks = [
        mqttrs,
        mountain_mqtt,
        mqttbytes_v4,
        mqttbytes_v5,
        rumqttc_v4,
        rumqttc_v5,
        protocol_core_publish_v3,
        protocol_core_puback_v3,
        protocol_core_suback_v3,
        protocol_core_publish_v5,
        protocol_core_connect_v5,
        protocol_core_puback_v5,
        protocol_core_suback_v5,
        ntex_v3,
        ntex_v5,
        encode_mqttrs,
        encode_mountain_mqtt,
        encode_properties_mountain_mqtt,
        encode_mqttbytes_v4,
        encode_mqttbytes_v5,
        encode_properties_mqttbytes_v5,
        encode_rumqttc_v4,
        encode_rumqttc_v5,
        encode_properties_rumqttc_v5,
        encode_protocol_core_v3,
        encode_protocol_core_v5,
        encode_properties_protocol_core_v5,
        encode_ntex_v3,
        encode_ntex_v5,
        encode_properties_ntex_v5
    ]
);
main!(library_benchmark_groups = theirs);
