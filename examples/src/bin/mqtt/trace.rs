//! `-d`: a line on standard output for each packet, as mosquitto's clients print them.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use mqtt_proto::{
    Ack, DecodeOptions, Delivery, Packet, PacketId, Publish, Role, SubAck, Subscription, Version,
};
use transport_std::{Options, Wire};

use crate::exit::connack_code;

/// Has the client tell of its packets.
pub(crate) fn trace(options: Options, version: Version, client_id: Option<String>) -> Options {
    let tracer = Mutex::new(Tracer {
        client_id,
        sent: Stream::new(version, Role::Client),
        received: Stream::new(version, Role::Server),
    });
    options.on_wire(move |wire| {
        let mut tracer = tracer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = io::stdout().lock();
        for line in tracer.lines(wire) {
            // Where nobody reads on, printing the messages finds out.
            let _ = writeln!(out, "{line}");
        }
    })
}

struct Tracer {
    /// As given, or as the broker assigned it.
    client_id: Option<String>,
    sent: Stream,
    received: Stream,
}

/// One direction of a connection, put together from its pieces.
struct Stream {
    options: DecodeOptions,
    buffer: Vec<u8>,
}

impl Stream {
    fn new(version: Version, sender: Role) -> Self {
        let mut options = DecodeOptions::new(version, sender);
        options.topic_alias_maximum = u16::MAX;
        Self {
            options,
            buffer: Vec::new(),
        }
    }

    /// Calls `tell` with each packet that is whole.
    fn take(&mut self, bytes: &[u8], mut tell: impl FnMut(&Packet<'_>)) {
        self.buffer.extend_from_slice(bytes);
        let mut rest = &self.buffer[..];
        // What is no packet, the client tells of.
        while let Ok(Some(packet)) = Packet::decode(&self.options, &mut rest) {
            tell(&packet);
        }
        let taken = self.buffer.len() - rest.len();
        self.buffer.drain(..taken);
    }
}

impl Tracer {
    fn lines(&mut self, wire: Wire<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        let Self {
            client_id,
            sent,
            received,
        } = self;
        match wire {
            Wire::Opened => {
                sent.buffer.clear();
                received.buffer.clear();
            }
            Wire::Sent(bytes) => sent.take(bytes, |packet| {
                let id = client_id.as_deref().unwrap_or("(null)");
                for text in sent_texts(packet) {
                    lines.push(format!("Client {id} sending {text}"));
                }
            }),
            Wire::Received(bytes) => {
                let version = received.options.version;
                received.take(bytes, |packet| {
                    if let Packet::ConnAck(connack) = packet
                        && let Some(assigned) = connack.properties.assigned_client_identifier()
                    {
                        *client_id = Some(assigned.to_owned());
                    }
                    let id = client_id.as_deref().unwrap_or("(null)");
                    lines.push(format!(
                        "Client {id} received {}",
                        received_text(packet, version)
                    ));
                    if let Packet::SubAck(suback) = packet {
                        lines.push(subscribed_text(suback));
                    }
                });
            }
        }
        lines
    }
}

/// One for each filter of a SUBSCRIBE or UNSUBSCRIBE, one for each other packet.
fn sent_texts(packet: &Packet<'_>) -> Vec<String> {
    vec![match packet {
        Packet::Connect(_) => "CONNECT".into(),
        Packet::Publish(publish) => publish_text(publish),
        Packet::PubAck(ack) => sent_ack("PUBACK", ack),
        Packet::PubRec(ack) => sent_ack("PUBREC", ack),
        Packet::PubRel(ack) => format!("PUBREL (m{})", ack.packet_id.get()),
        Packet::PubComp(ack) => format!("PUBCOMP (m{})", ack.packet_id.get()),
        Packet::Subscribe(subscribe) => {
            let id = subscribe.packet_id.get();
            let filters = subscribe.subscriptions.iter();
            return filters
                .map(|subscription| subscribe_text(id, subscription))
                .collect();
        }
        Packet::Unsubscribe(unsubscribe) => {
            let id = unsubscribe.packet_id.get();
            let filters = unsubscribe.filters.iter();
            return filters
                .map(|filter| format!("UNSUBSCRIBE (Mid: {id}, Topic: {filter})"))
                .collect();
        }
        Packet::PingReq => "PINGREQ".into(),
        Packet::Disconnect(_) => "DISCONNECT".into(),
        Packet::Auth(_) => "AUTH".into(),
        // A client sends no other.
        _ => return Vec::new(),
    }]
}

fn received_text(packet: &Packet<'_>, version: Version) -> String {
    match packet {
        Packet::ConnAck(connack) => format!("CONNACK ({})", connack_code(version, connack.reason)),
        Packet::Publish(publish) => publish_text(publish),
        Packet::PubAck(ack) => received_ack("PUBACK", ack),
        Packet::PubComp(ack) => received_ack("PUBCOMP", ack),
        Packet::PubRec(ack) => format!("PUBREC (Mid: {})", ack.packet_id.get()),
        Packet::PubRel(ack) => format!("PUBREL (Mid: {})", ack.packet_id.get()),
        Packet::SubAck(_) => "SUBACK".into(),
        Packet::UnsubAck(_) => "UNSUBACK".into(),
        Packet::PingResp => "PINGRESP".into(),
        Packet::Disconnect(disconnect) => format!("DISCONNECT ({})", disconnect.reason.as_u8()),
        Packet::Auth(_) => "AUTH".into(),
        // A server sends no other.
        packet => format!("{:?}", packet.packet_type()),
    }
}

fn publish_text(publish: &Publish<'_>) -> String {
    let delivery: Delivery = publish.head.delivery;
    format!(
        "PUBLISH (d{}, q{}, r{}, m{}, '{}', ... ({} bytes))",
        u8::from(delivery.dup()),
        delivery.qos(),
        u8::from(publish.head.retain),
        delivery.packet_id().map_or(0, PacketId::get),
        publish.head.topic.map_or("", |topic| topic.as_str()),
        publish.payload.len(),
    )
}

fn sent_ack(name: &str, ack: &Ack<'_>) -> String {
    format!(
        "{name} (m{}, rc{})",
        ack.packet_id.get(),
        ack.reason.as_u8()
    )
}

fn received_ack(name: &str, ack: &Ack<'_>) -> String {
    format!(
        "{name} (Mid: {}, RC:{})",
        ack.packet_id.get(),
        ack.reason.as_u8()
    )
}

/// The options as on the wire, but for the QoS, which is told on its own.
fn subscribe_text(id: u16, subscription: Subscription<'_>) -> String {
    let options = subscription.options;
    let bits = u8::from(options.no_local) << 2
        | u8::from(options.retain_as_published) << 3
        | (options.retain_handling as u8) << 4;
    let (filter, qos) = (subscription.filter, options.maximum_qos);
    format!("SUBSCRIBE (Mid: {id}, Topic: {filter}, QoS: {qos}, Options: 0x{bits:02x})")
}

fn subscribed_text(suback: &SubAck<'_>) -> String {
    let codes: Vec<String> = suback
        .reasons
        .iter()
        .map(|reason| reason.as_u8().to_string())
        .collect();
    format!(
        "Subscribed (mid: {}): {}",
        suback.packet_id.get(),
        codes.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracer(client_id: Option<&str>) -> Tracer {
        Tracer {
            client_id: client_id.map(Into::into),
            sent: Stream::new(Version::V5, Role::Client),
            received: Stream::new(Version::V5, Role::Server),
        }
    }

    #[test]
    fn packets_in_pieces_are_told_once_whole() {
        let mut tracer = tracer(None);
        assert!(tracer.lines(Wire::Opened).is_empty());
        assert!(tracer.lines(Wire::Received(&[0x20, 8, 0])).is_empty());
        // The assigned client identifier is the client's from then on.
        let rest = [0, 5, 0x12, 0, 2, b'i', b'd', 0xD0, 0];
        assert_eq!(
            tracer.lines(Wire::Received(&rest)),
            [
                "Client id received CONNACK (0)",
                "Client id received PINGRESP"
            ]
        );
        assert_eq!(
            tracer.lines(Wire::Sent(&[0xC0, 0, 0xE0])),
            ["Client id sending PINGREQ"]
        );
        // A new connection has nothing of the one before.
        assert!(tracer.lines(Wire::Opened).is_empty());
        assert_eq!(
            tracer.lines(Wire::Sent(&[0xE0, 0])),
            ["Client id sending DISCONNECT"]
        );
    }

    #[test]
    fn each_filter_has_a_line() {
        let mut tracer = tracer(Some("x"));
        let subscribe = [0x82, 11, 0, 1, 0, 0, 1, b'a', 0x2D, 0, 1, b'b', 2];
        assert_eq!(
            tracer.lines(Wire::Sent(&subscribe)),
            [
                "Client x sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 1, Options: 0x2c)",
                "Client x sending SUBSCRIBE (Mid: 1, Topic: b, QoS: 2, Options: 0x00)",
            ]
        );
        assert_eq!(
            tracer.lines(Wire::Received(&[0x90, 5, 0, 1, 0, 1, 0x87])),
            ["Client x received SUBACK", "Subscribed (mid: 1): 1, 135"]
        );
    }
}
