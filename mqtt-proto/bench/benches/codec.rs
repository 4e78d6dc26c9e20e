//! Instructions per packet, counted by callgrind.

use std::hint::black_box;

use bytes::BytesMut;
use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_proto::{Item, Packet, PacketReader, PublishHead, Version};
use mqtt_proto_bench::{self as fixtures, Fixture, peers};
use mqtt_protocol_core::mqtt::Arc;

#[library_benchmark]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_64_v5(fixtures::publish(Version::V5, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_1k_v5(fixtures::publish(Version::V5, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::publish_64k_v5(fixtures::publish(Version::V5, 65536))]
#[bench::publish_properties_v5(fixtures::publish_properties())]
#[bench::connect_v5(fixtures::connect())]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::puback_v5(fixtures::puback(Version::V5))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
#[bench::suback_v5(fixtures::suback(Version::V5))]
fn decode(fixture: &'static Fixture) {
    let options = black_box(fixture.options());
    let mut input = black_box(&fixture.bytes[..]);
    black_box(Packet::decode(&options, &mut input))
        .unwrap()
        .unwrap();
}

#[library_benchmark]
#[bench::v3(fixtures::stream(Version::V3_1_1))]
#[bench::v5(fixtures::stream(Version::V5))]
fn decode_stream(fixture: &'static Fixture) {
    let mut scratch = [0; 256];
    let mut reader = PacketReader::new(fixture.options(), &mut scratch);
    let mut packets = 0;
    for mut input in fixture.bytes.chunks(fixtures::CHUNK) {
        while let Some(item) = black_box(reader.read(&mut input)).unwrap() {
            packets += usize::from(!matches!(item, Item::Payload { .. }));
        }
    }
    assert_eq!(packets, fixtures::STREAM_PACKETS);
}

#[library_benchmark]
#[bench::publish_64_v3(Version::V3_1_1, 64)]
#[bench::publish_64_v5(Version::V5, 64)]
#[bench::publish_1k_v5(Version::V5, 1024)]
#[bench::publish_64k_v5(Version::V5, 65536)]
fn encode_head(version: Version, payload_len: usize) -> usize {
    let mut buffer = [0; 256];
    let Packet::Publish(publish) = fixtures::publish_value(&[]) else {
        unreachable!()
    };
    let head: PublishHead<'_> = black_box(publish.head);
    let len = head
        .encode(version, black_box(payload_len), black_box(&mut buffer))
        .unwrap();
    black_box(&buffer);
    len
}

#[library_benchmark]
#[bench::publish_64_v3(Version::V3_1_1, vec![0; 256])]
#[bench::publish_64_v5(Version::V5, vec![0; 256])]
fn encode(version: Version, mut buffer: Vec<u8>) -> Vec<u8> {
    let packet = black_box(fixtures::publish_value(&[0x42; 64]));
    packet.encode(version, black_box(&mut buffer)).unwrap();
    buffer
}

#[library_benchmark]
#[bench::publish_properties_v5(vec![0; 256])]
fn encode_properties(mut buffer: Vec<u8>) -> Vec<u8> {
    let packet = black_box(fixtures::publish_properties_value(&[0x42; 64]));
    packet.encode(Version::V5, black_box(&mut buffer)).unwrap();
    buffer
}

#[library_benchmark]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn mqttrs(input: &'static Fixture) {
    black_box(peers::mqttrs(black_box(&input.bytes)));
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
    black_box(peers::mountain(black_box(&input.bytes)));
}

#[library_benchmark(setup = peers::buffer)]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn mqttbytes_v4(mut input: BytesMut) -> BytesMut {
    black_box(peers::mqttbytes_v4(black_box(&mut input)));
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
    black_box(peers::mqttbytes_v5(black_box(&mut input)));
    input
}

#[library_benchmark(setup = peers::buffer)]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn rumqttc_v4(mut input: BytesMut) -> BytesMut {
    black_box(peers::rumqttc_v4(black_box(&mut input)));
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
    black_box(peers::rumqttc_v5(black_box(&mut input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::publish_64_v3(fixtures::publish(Version::V3_1_1, 64))]
#[bench::publish_1k_v3(fixtures::publish(Version::V3_1_1, 1024))]
#[bench::publish_64k_v3(fixtures::publish(Version::V3_1_1, 65536))]
fn protocol_core_publish_v3(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(peers::protocol_core::publish_v3(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::puback_v3(fixtures::puback(Version::V3_1_1))]
fn protocol_core_puback_v3(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(peers::protocol_core::puback_v3(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::suback_v3(fixtures::suback(Version::V3_1_1))]
fn protocol_core_suback_v3(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(peers::protocol_core::suback_v3(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::publish_64_v5(fixtures::publish(Version::V5, 64))]
#[bench::publish_1k_v5(fixtures::publish(Version::V5, 1024))]
#[bench::publish_64k_v5(fixtures::publish(Version::V5, 65536))]
#[bench::publish_properties_v5(fixtures::publish_properties())]
fn protocol_core_publish_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(peers::protocol_core::publish_v5(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::connect_v5(fixtures::connect())]
fn protocol_core_connect_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(peers::protocol_core::connect_v5(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::puback_v5(fixtures::puback(Version::V5))]
fn protocol_core_puback_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(peers::protocol_core::puback_v5(black_box(&input)));
    input
}

#[library_benchmark(setup = peers::protocol_core::body)]
#[bench::suback_v5(fixtures::suback(Version::V5))]
fn protocol_core_suback_v5(input: (u8, Arc<[u8]>)) -> (u8, Arc<[u8]>) {
    black_box(peers::protocol_core::suback_v5(black_box(&input)));
    input
}

library_benchmark_group!(
    name = ours,
    benchmarks = [
        decode,
        decode_stream,
        encode,
        encode_properties,
        encode_head
    ]
);
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
        protocol_core_suback_v5
    ]
);
main!(library_benchmark_groups = ours, theirs);
