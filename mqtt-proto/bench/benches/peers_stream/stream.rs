//! A stream that arrives in pieces: each is given to the codec, which has decoded as many packets as
//! are whole before the next one comes. Every function tells how many there were.

use std::hint::black_box;
use std::pin::pin;
use std::slice::Chunks;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BytesMut};
use mountain_mqtt::error::{PacketReadError, PacketWriteError};
use mountain_mqtt::packet_client::{Connection, PacketClient};
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{
    PacketBuildResult, PacketBuilder, PacketData, RawPacket,
};
use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
use ntex_codec::Decoder;
use ntex_mqtt::{v3, v5};
use rumqttc::v5::mqttbytes as rumqttc_v5;

use mqtt_proto_bench::{CHUNK, Fixture};

/// A stream, and a buffer with room for the pieces that are at hand at once.
pub fn input(fixture: &'static Fixture) -> (&'static [u8], BytesMut) {
    (&fixture.bytes, BytesMut::with_capacity(4 * CHUNK))
}

/// What most have in common: pieces are appended, and packets taken from the front.
fn count<P>(
    (stream, buffer): &mut (&[u8], BytesMut),
    mut read: impl FnMut(&mut BytesMut) -> Option<P>,
) -> usize {
    let mut packets = 0;
    for chunk in stream.chunks(CHUNK) {
        buffer.extend_from_slice(chunk);
        while let Some(packet) = read(buffer) {
            black_box(&packet);
            packets += 1;
        }
    }
    packets
}

/// What is at hand of a stream, where a codec says by an error that it is too little.
macro_rules! unless_insufficient {
    ($read:expr, $insufficient:pat) => {
        match $read {
            Ok(packet) => Some(packet),
            Err($insufficient) => None,
            Err(error) => panic!("{error:?}"),
        }
    };
}

/// mqttrs: a packet that is whole is copied out, which tells its size, and borrowed from the copy.
pub fn mqttrs((stream, buffer): &mut (&[u8], BytesMut)) -> usize {
    let mut whole = [0; CHUNK];
    let mut packets = 0;
    for chunk in stream.chunks(CHUNK) {
        buffer.extend_from_slice(chunk);
        loop {
            let len = mqttrs::clone_packet(buffer, &mut whole).unwrap();
            if len == 0 {
                break;
            }
            black_box(&mqttrs::decode_slice(&whole[..len]).unwrap().unwrap());
            buffer.advance(len);
            packets += 1;
        }
    }
    packets
}

/// mqttbytes, 3.1.1.
pub fn mqttbytes_v4(input: &mut (&[u8], BytesMut)) -> usize {
    count(input, |buffer| {
        unless_insufficient!(
            mqttbytes::v4::read(buffer, usize::MAX),
            mqttbytes::Error::InsufficientBytes(_)
        )
    })
}

/// mqttbytes, 5.0.
pub fn mqttbytes_v5(input: &mut (&[u8], BytesMut)) -> usize {
    count(input, |buffer| {
        unless_insufficient!(
            mqttbytes::v5::read(buffer, usize::MAX),
            mqttbytes::Error::InsufficientBytes(_)
        )
    })
}

/// The codec of rumqttc, 3.1.1.
pub fn rumqttc_v4(input: &mut (&[u8], BytesMut)) -> usize {
    count(input, |buffer| {
        unless_insufficient!(
            rumqttc::Packet::read(buffer, usize::MAX),
            rumqttc::Error::InsufficientBytes(_)
        )
    })
}

/// The codec of rumqttc, 5.0.
pub fn rumqttc_v5(input: &mut (&[u8], BytesMut)) -> usize {
    count(input, |buffer| {
        unless_insufficient!(
            rumqttc_v5::v5::Packet::read(buffer, None),
            rumqttc_v5::Error::InsufficientBytes(_)
        )
    })
}

/// ntex-mqtt, which hands over a payload in the pieces in which it comes.
pub mod ntex {
    use super::{CHUNK, Decoder, Fixture, black_box, v3, v5};
    use ntex_bytes::BytesMut;

    /// A stream, a codec, and a buffer with room for the pieces that are at hand at once.
    pub fn input<C: Default>(fixture: &'static Fixture) -> (&'static [u8], C, BytesMut) {
        let buffer = BytesMut::with_capacity(4 * CHUNK);
        (&fixture.bytes, C::default(), buffer)
    }

    /// 3.1.1.
    pub fn v3((stream, codec, buffer): &mut (&[u8], v3::codec::Codec, BytesMut)) -> usize {
        let mut packets = 0;
        for chunk in stream.chunks(CHUNK) {
            buffer.extend_from_slice(chunk);
            while let Some(item) = codec.decode(buffer).unwrap() {
                let is_more = matches!(black_box(&item), v3::codec::Decoded::PayloadChunk(..));
                packets += usize::from(!is_more);
            }
        }
        packets
    }

    /// 5.0.
    pub fn v5((stream, codec, buffer): &mut (&[u8], v5::codec::Codec, BytesMut)) -> usize {
        let mut packets = 0;
        for chunk in stream.chunks(CHUNK) {
            buffer.extend_from_slice(chunk);
            while let Some(item) = codec.decode(buffer).unwrap() {
                let is_more = matches!(black_box(&item), v5::codec::Decoded::PayloadChunk(..));
                packets += usize::from(!is_more);
            }
        }
        packets
    }
}

/// mqtt-protocol-core: its `PacketBuilder` finds the packets, which are parsed as its connection
/// does it.
fn protocol_core(stream: &[u8], parse: impl Fn(&RawPacket)) -> usize {
    let mut builder = PacketBuilder::new();
    let mut packets = 0;
    for chunk in stream.chunks(CHUNK) {
        let mut chunk = Cursor::new(chunk);
        loop {
            match builder.feed(&mut chunk) {
                PacketBuildResult::Complete(packet) => parse(&packet),
                PacketBuildResult::Incomplete => break,
                PacketBuildResult::Error(error) => panic!("{error:?}"),
            }
            packets += 1;
        }
    }
    packets
}

/// Parses a packet of the stream in the types of a version.
macro_rules! parse {
    ($version:ident, $packet:expr) => {
        match ($packet.packet_type(), &$packet.data) {
            (3, PacketData::Publish(body)) => {
                let publish = $version::Publish::parse($packet.flags(), body.clone());
                _ = black_box(&publish.unwrap());
            }
            (4, _) => _ = black_box(&$packet.parse_exact($version::Puback::parse).unwrap()),
            (6, _) => _ = black_box(&$packet.parse_exact($version::Pubrel::parse).unwrap()),
            (13, _) => _ = black_box(&$packet.parse_exact($version::Pingresp::parse).unwrap()),
            (other, _) => panic!("packet type {other} is not in the stream"),
        }
    };
}

/// mqtt-protocol-core, 3.1.1.
pub fn protocol_core_v3(stream: &[u8]) -> usize {
    protocol_core(stream, |packet| parse!(v3_1_1, packet))
}

/// mqtt-protocol-core, 5.0.
pub fn protocol_core_v5(stream: &[u8]) -> usize {
    protocol_core(stream, |packet| parse!(v5_0, packet))
}

/// mountain-mqtt, 5.0: its `PacketClient` asks a connection, here one that never has to wait.
pub fn mountain(stream: &[u8]) -> usize {
    let mut buffer = [0; CHUNK];
    let mut client = PacketClient::new(Pieces::new(stream), &mut buffer);
    let mut packets = 0;
    loop {
        let next = pin!(client.receive::<16, 16, 16>());
        match next.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(packet)) => _ = black_box(&packet),
            Poll::Ready(Err(PacketReadError::ConnectionReceive)) => return packets,
            Poll::Ready(Err(error)) => panic!("{error:?}"),
            Poll::Pending => panic!("nothing to wait for"),
        }
        packets += 1;
    }
}

/// A connection on which the stream comes in pieces.
struct Pieces<'a> {
    chunks: Chunks<'a, u8>,
    /// What is left of the piece that is at hand.
    rest: &'a [u8],
}

impl<'a> Pieces<'a> {
    fn new(stream: &'a [u8]) -> Self {
        Self {
            chunks: stream.chunks(CHUNK),
            rest: &[],
        }
    }
}

impl Connection for Pieces<'_> {
    async fn send(&mut self, _: &[u8]) -> Result<(), PacketWriteError> {
        Ok(())
    }

    async fn receive(&mut self, mut buf: &mut [u8]) -> Result<(), PacketReadError> {
        while !buf.is_empty() {
            if self.rest.is_empty() {
                let next = self.chunks.next();
                self.rest = next.ok_or(PacketReadError::ConnectionReceive)?;
            }
            let len = buf.len().min(self.rest.len());
            let (now, later) = buf.split_at_mut(len);
            let (bytes, rest) = self.rest.split_at(len);
            now.copy_from_slice(bytes);
            (buf, self.rest) = (later, rest);
        }
        Ok(())
    }

    async fn receive_if_ready(&mut self, buf: &mut [u8]) -> Result<bool, PacketReadError> {
        self.receive(buf).await.map(|()| true)
    }
}
