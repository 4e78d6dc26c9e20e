//! Codecs from crates.io, each reduced to one function.

use bytes::BytesMut;
use mountain_mqtt::codec::mqtt_reader::MqttBufReader;
use mountain_mqtt::codec::mqtt_writer::{MqttBufWriter, MqttWriter};
use mountain_mqtt::codec::read::Read;
use mountain_mqtt::packets::packet_generic::PacketGeneric;
use mqtt_proto::Version;
use mqtt_protocol_core::mqtt::Arc;
use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
use mqttbytes::v4;

/// Another codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// mqttbytes 0.6, of which 3.1.1: its 5.0 has no AUTH and prints what it reads.
    MqttBytes,
    /// mqtt-protocol-core 0.7. It decodes what follows the fixed header: its own framing is left out.
    ProtocolCore,
    /// mountain-mqtt 0.2, which has 5.0 alone.
    Mountain,
}

/// How many properties, and how many filters or reason codes after the first, there is room for in
/// what mountain-mqtt reads.
pub(super) const MOUNTAIN_ROOM: usize = 64;

impl Peer {
    pub(super) const ALL: [(Self, Version); 4] = [
        (Self::MqttBytes, Version::V3_1_1),
        (Self::ProtocolCore, Version::V3_1_1),
        (Self::ProtocolCore, Version::V5),
        (Self::Mountain, Version::V5),
    ];

    /// The one packet, decoded and encoded again; `None` where it is refused.
    pub(super) fn read(
        self,
        version: Version,
        header_len: usize,
        packet: &[u8],
    ) -> Option<Vec<u8>> {
        let (header, body) = packet.split_at_checked(header_len)?;
        let first = *header.first()?;
        match (self, version) {
            (Self::MqttBytes, _) => mqttbytes_v4(packet),
            (Self::ProtocolCore, Version::V3_1_1) => core_v3_1_1(first, body),
            (Self::ProtocolCore, Version::V5) => core_v5(first, body),
            (Self::Mountain, _) => mountain_v5(packet),
        }
    }
}

fn mqttbytes_v4(packet: &[u8]) -> Option<Vec<u8>> {
    let read = v4::read(&mut BytesMut::from(packet), usize::MAX).ok()?;
    let mut out = BytesMut::new();
    let written = match read {
        v4::Packet::Connect(packet) => packet.write(&mut out),
        v4::Packet::ConnAck(packet) => packet.write(&mut out),
        v4::Packet::Publish(packet) => packet.write(&mut out),
        v4::Packet::PubAck(packet) => packet.write(&mut out),
        v4::Packet::PubRec(packet) => packet.write(&mut out),
        v4::Packet::PubRel(packet) => packet.write(&mut out),
        v4::Packet::PubComp(packet) => packet.write(&mut out),
        v4::Packet::Subscribe(packet) => packet.write(&mut out),
        v4::Packet::SubAck(packet) => packet.write(&mut out),
        v4::Packet::Unsubscribe(packet) => packet.write(&mut out),
        v4::Packet::UnsubAck(packet) => packet.write(&mut out),
        v4::Packet::PingReq => v4::PingReq.write(&mut out),
        v4::Packet::PingResp => v4::PingResp.write(&mut out),
        v4::Packet::Disconnect => v4::Disconnect.write(&mut out),
    };
    written.ok().map(|_| out.to_vec())
}

/// Parses a body, which has to be used up.
macro_rules! core_packet {
    ($type:ty, $body:expr) => {{
        let (packet, used) = <$type>::parse($body).ok()?;
        (used == $body.len()).then(|| packet.to_continuous_buffer())
    }};
}

fn core_v3_1_1(first: u8, body: &[u8]) -> Option<Vec<u8>> {
    match first >> 4 {
        1 => core_packet!(v3_1_1::Connect, body),
        2 => core_packet!(v3_1_1::Connack, body),
        3 => {
            let (packet, _) = v3_1_1::Publish::parse(first & 0x0F, Arc::from(body)).ok()?;
            Some(packet.to_continuous_buffer())
        }
        4 => core_packet!(v3_1_1::Puback, body),
        5 => core_packet!(v3_1_1::Pubrec, body),
        6 => core_packet!(v3_1_1::Pubrel, body),
        7 => core_packet!(v3_1_1::Pubcomp, body),
        8 => core_packet!(v3_1_1::Subscribe, body),
        9 => core_packet!(v3_1_1::Suback, body),
        10 => core_packet!(v3_1_1::Unsubscribe, body),
        11 => core_packet!(v3_1_1::Unsuback, body),
        12 => core_packet!(v3_1_1::Pingreq, body),
        13 => core_packet!(v3_1_1::Pingresp, body),
        14 => core_packet!(v3_1_1::Disconnect, body),
        _ => None,
    }
}

fn core_v5(first: u8, body: &[u8]) -> Option<Vec<u8>> {
    match first >> 4 {
        1 => core_packet!(v5_0::Connect, body),
        2 => core_packet!(v5_0::Connack, body),
        3 => {
            let (packet, _) = v5_0::Publish::parse(first & 0x0F, Arc::from(body)).ok()?;
            Some(packet.to_continuous_buffer())
        }
        4 => core_packet!(v5_0::Puback, body),
        5 => core_packet!(v5_0::Pubrec, body),
        6 => core_packet!(v5_0::Pubrel, body),
        7 => core_packet!(v5_0::Pubcomp, body),
        8 => core_packet!(v5_0::Subscribe, body),
        9 => core_packet!(v5_0::Suback, body),
        10 => core_packet!(v5_0::Unsubscribe, body),
        11 => core_packet!(v5_0::Unsuback, body),
        12 => core_packet!(v5_0::Pingreq, body),
        13 => core_packet!(v5_0::Pingresp, body),
        14 => core_packet!(v5_0::Disconnect, body),
        15 => core_packet!(v5_0::Auth, body),
        _ => None,
    }
}

fn mountain_v5(packet: &[u8]) -> Option<Vec<u8>> {
    type Generic<'a> = PacketGeneric<'a, MOUNTAIN_ROOM, MOUNTAIN_ROOM, MOUNTAIN_ROOM>;
    let read = Generic::read(&mut MqttBufReader::new(packet)).ok()?;
    // It may write lengths that the packet left out.
    let mut out = vec![0; packet.len() + 8];
    let mut writer = MqttBufWriter::new(&mut out);
    let written = match read {
        Generic::Connect(packet) => writer.put(&packet),
        Generic::Connack(packet) => writer.put(&packet),
        Generic::Publish(packet) => writer.put(&packet),
        Generic::Puback(packet) => writer.put(&packet),
        Generic::Pubrec(packet) => writer.put(&packet),
        Generic::Pubrel(packet) => writer.put(&packet),
        Generic::Pubcomp(packet) => writer.put(&packet),
        Generic::Subscribe(packet) => writer.put(&packet),
        Generic::Suback(packet) => writer.put(&packet),
        Generic::Unsubscribe(packet) => writer.put(&packet),
        Generic::Unsuback(packet) => writer.put(&packet),
        Generic::Pingreq(packet) => writer.put(&packet),
        Generic::Pingresp(packet) => writer.put(&packet),
        Generic::Disconnect(packet) => writer.put(&packet),
        Generic::Auth(packet) => writer.put(&packet),
    };
    written.ok()?;
    let len = writer.position();
    out.truncate(len);
    Some(out)
}
