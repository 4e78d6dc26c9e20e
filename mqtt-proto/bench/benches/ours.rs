//! Instructions per packet of mqtt-proto, counted by callgrind.

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_proto::{Item, Packet, PacketEncoder, PacketReader, Publish, TopicName, Version};
use mqtt_proto_bench::{self as fixtures, Fixture};

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
    let packet = Packet::decode(&options, &mut input);
    assert!(matches!(black_box(&packet), Ok(Some(_))));
}

#[library_benchmark]
#[bench::v3(fixtures::stream(Version::V3_1_1))]
#[bench::v5(fixtures::stream(Version::V5))]
fn decode_stream(fixture: &'static Fixture) {
    let mut scratch = [0; 256];
    let mut reader = PacketReader::new(fixture.options(), &mut scratch);
    let mut packets = 0;
    for mut input in fixture.bytes.chunks(fixtures::CHUNK) {
        loop {
            let item = reader.read(&mut input);
            match black_box(&item) {
                Ok(Some(Item::Payload { .. })) => {}
                Ok(Some(_)) => packets += 1,
                Ok(None) => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert_eq!(packets, fixtures::STREAM_PACKETS);
}

#[library_benchmark(setup = fixtures::aliases)]
#[bench::held10(10)]
#[bench::held10000(10_000)]
fn decode_alias((mut reader, mut input): (PacketReader<'static>, &'static [u8])) {
    let item = reader.read(black_box(&mut input));
    assert!(matches!(black_box(&item), Ok(Some(Item::Message { .. }))));
}

// The head alone: the payload stays with the caller.
#[library_benchmark(setup = fixtures::topic_and_buffer)]
#[bench::publish_64_v3(Version::V3_1_1, 64)]
#[bench::publish_64_v5(Version::V5, 64)]
#[bench::publish_1k_v5(Version::V5, 1024)]
#[bench::publish_64k_v5(Version::V5, 65536)]
fn encode_head(
    (topic, version, payload_len, buffer): (TopicName<'_>, Version, usize, &'static mut [u8]),
) {
    let head = fixtures::publish_head(topic);
    black_box(head.encode(version, payload_len, buffer).unwrap());
}

#[library_benchmark(setup = fixtures::buffer)]
#[bench::publish_64_v3(Version::V3_1_1, 64)]
#[bench::publish_64_v5(Version::V5, 64)]
fn encode((version, _, buffer): (Version, usize, &'static mut [u8])) {
    let packet = Packet::Publish(Publish {
        head: fixtures::publish_head(TopicName::new(black_box(fixtures::TOPIC)).unwrap()),
        payload: black_box(&[0x42; 64]),
    });
    let len = packet.encode(version, buffer);
    assert!(black_box(&len).is_ok());
}

#[library_benchmark(setup = fixtures::buffer)]
#[bench::publish_properties_v5(Version::V5, 64)]
fn encode_properties((version, _, buffer): (Version, usize, &'static mut [u8])) {
    let packet = fixtures::publish_properties_value(black_box(&[0x42; 64]));
    let len = packet.encode(version, buffer);
    assert!(black_box(&len).is_ok());
}

#[library_benchmark]
#[bench::n100(fixtures::many_properties(100))]
#[bench::n100000(fixtures::many_properties(100_000))]
fn decode_many(fixture: &'static Fixture) {
    let options = black_box(fixture.options());
    let packet = Packet::decode(&options, &mut &fixture.bytes[..]);
    assert!(matches!(black_box(&packet), Ok(Some(_))));
}

#[library_benchmark(setup = fixtures::decoded)]
#[bench::n100(100)]
#[bench::n100000(100_000)]
fn iterate_many(packet: &'static Publish<'static>) {
    for property in packet.head.properties {
        black_box(&property);
    }
}

#[library_benchmark(setup = fixtures::listed)]
#[bench::n100(100)]
#[bench::n100000(100_000)]
fn encode_many((packet, buffer): (&'static Packet<'static>, &'static mut [u8])) {
    let len = packet.encode(Version::V5, buffer);
    assert!(black_box(&len).is_ok());
}

#[library_benchmark(setup = fixtures::listed)]
#[bench::n100(100)]
#[bench::n100000(100_000)]
fn encode_pieces((packet, _): (&'static Packet<'static>, &'static mut [u8])) {
    let mut encoder = PacketEncoder::new(packet, Version::V5).unwrap();
    let mut piece = [0; 64];
    while encoder.remaining() > 0 {
        black_box(encoder.encode(black_box(&mut piece)));
    }
}

library_benchmark_group!(
    name = ours,
    benchmarks = [
        decode,
        decode_stream,
        decode_alias,
        encode,
        encode_properties,
        encode_head,
        decode_many,
        iterate_many,
        encode_many,
        encode_pieces
    ]
);
main!(library_benchmark_groups = ours);
