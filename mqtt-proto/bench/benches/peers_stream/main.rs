//! Instructions of the peers for a stream.
//!
//! All of it is a crate of its own: what the library called in two places would be built into
//! neither, and the peers' other counts would be larger for it.

mod stream;

use bytes::BytesMut;
use gungraun::{library_benchmark, library_benchmark_group, main};
use mqtt_proto::Version;
use mqtt_proto_bench::{self as fixtures, Fixture, STREAM_PACKETS};
use ntex_bytes::BytesMut as NtexBytes;
use ntex_mqtt::{v3, v5};

/// A stream and a buffer for what of it is at hand.
type Stream = (&'static [u8], BytesMut);
type NtexStream<C> = (&'static [u8], C, NtexBytes);

#[library_benchmark(setup = stream::input)]
#[bench::v3(fixtures::stream(Version::V3_1_1))]
fn decode_stream_mqttrs(mut input: Stream) -> Stream {
    assert_eq!(stream::mqttrs(&mut input), STREAM_PACKETS);
    input
}

#[library_benchmark]
#[bench::v5(fixtures::stream(Version::V5))]
fn decode_stream_mountain_mqtt(stream: &'static Fixture) {
    assert_eq!(stream::mountain(&stream.bytes), STREAM_PACKETS);
}

#[library_benchmark(setup = stream::input)]
#[bench::v3(fixtures::stream(Version::V3_1_1))]
fn decode_stream_mqttbytes_v4(mut input: Stream) -> Stream {
    assert_eq!(stream::mqttbytes_v4(&mut input), STREAM_PACKETS);
    input
}

#[library_benchmark(setup = stream::input)]
#[bench::v5(fixtures::stream(Version::V5))]
fn decode_stream_mqttbytes_v5(mut input: Stream) -> Stream {
    assert_eq!(stream::mqttbytes_v5(&mut input), STREAM_PACKETS);
    input
}

#[library_benchmark(setup = stream::input)]
#[bench::v3(fixtures::stream(Version::V3_1_1))]
fn decode_stream_rumqttc_v4(mut input: Stream) -> Stream {
    assert_eq!(stream::rumqttc_v4(&mut input), STREAM_PACKETS);
    input
}

#[library_benchmark(setup = stream::input)]
#[bench::v5(fixtures::stream(Version::V5))]
fn decode_stream_rumqttc_v5(mut input: Stream) -> Stream {
    assert_eq!(stream::rumqttc_v5(&mut input), STREAM_PACKETS);
    input
}

#[library_benchmark]
#[bench::v3(fixtures::stream(Version::V3_1_1))]
fn decode_stream_protocol_core_v3(stream: &'static Fixture) {
    assert_eq!(stream::protocol_core_v3(&stream.bytes), STREAM_PACKETS);
}

#[library_benchmark]
#[bench::v5(fixtures::stream(Version::V5))]
fn decode_stream_protocol_core_v5(stream: &'static Fixture) {
    assert_eq!(stream::protocol_core_v5(&stream.bytes), STREAM_PACKETS);
}

#[library_benchmark(setup = stream::ntex::input)]
#[bench::v3(fixtures::stream(Version::V3_1_1))]
fn decode_stream_ntex_v3(mut input: NtexStream<v3::codec::Codec>) -> NtexStream<v3::codec::Codec> {
    assert_eq!(stream::ntex::v3(&mut input), STREAM_PACKETS);
    input
}

#[library_benchmark(setup = stream::ntex::input)]
#[bench::v5(fixtures::stream(Version::V5))]
fn decode_stream_ntex_v5(mut input: NtexStream<v5::codec::Codec>) -> NtexStream<v5::codec::Codec> {
    assert_eq!(stream::ntex::v5(&mut input), STREAM_PACKETS);
    input
}

library_benchmark_group!(
    name = theirs,
    benchmarks = [
        decode_stream_mqttrs,
        decode_stream_mountain_mqtt,
        decode_stream_mqttbytes_v4,
        decode_stream_mqttbytes_v5,
        decode_stream_rumqttc_v4,
        decode_stream_rumqttc_v5,
        decode_stream_protocol_core_v3,
        decode_stream_protocol_core_v5,
        decode_stream_ntex_v3,
        decode_stream_ntex_v5
    ]
);
main!(library_benchmark_groups = theirs);
