#[cfg(test)]
mod tests;

use core::num::NonZeroU16;
use std::collections::{BTreeSet, VecDeque};

use mqtt_proto::{
    ConnAck, Connect, DecodeOptions, Delivery, Packet, PacketId, PublishHead, QoS, ReasonCode,
    Role, Version,
};
use mqtt_session::{Duration, Instant};

/// Stands beside the client on one Network Connection, reads what passes in both directions
/// and panics where the client, or the broker as seen from there, breaks a rule.
///
/// It knows nothing of the session: it decodes the bytes and follows the specification.
#[derive(Debug)]
pub(crate) struct Witness {
    client: Stream,
    server: Stream,
    connected: bool,
    disconnected: bool,
    keep_alive: Duration,
    last_written: Instant,
    /// What the Server takes, and what it has been given and not yet acknowledged.
    to_server: Window,
    /// What the Client takes, and what it has been given and not yet acknowledged.
    to_client: Window,
    maximum_packet_size: usize,
    maximum_qos: QoS,
    retain_available: bool,
    topic_alias_maximum: u16,
    /// The aliases whose topic the client has told.
    aliases: BTreeSet<NonZeroU16>,
    pubacks_due: VecDeque<PacketId>,
    pubrecs_due: VecDeque<PacketId>,
    pubrels_due: VecDeque<PacketId>,
}

#[derive(Debug)]
struct Stream {
    options: DecodeOptions,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Window {
    receive_maximum: usize,
    in_flight: BTreeSet<PacketId>,
}

impl Witness {
    pub(crate) fn new(now: Instant, version: Version) -> Self {
        Self {
            client: Stream::new(version, Role::Client),
            server: Stream::new(version, Role::Server),
            connected: false,
            disconnected: false,
            keep_alive: Duration::ZERO,
            last_written: now,
            to_server: Window::new(),
            to_client: Window::new(),
            maximum_packet_size: usize::MAX,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            topic_alias_maximum: 0,
            aliases: BTreeSet::new(),
            pubacks_due: VecDeque::new(),
            pubrecs_due: VecDeque::new(),
            pubrels_due: VecDeque::new(),
        }
    }

    /// The client wrote these bytes.
    pub(crate) fn client_wrote(&mut self, now: Instant, bytes: &[u8]) {
        assert!(
            !self.disconnected,
            "the client wrote after its DISCONNECT [MQTT-3.14.4-1]"
        );
        self.client.bytes.extend_from_slice(bytes);
        let input = core::mem::take(&mut self.client.bytes);
        let mut rest = input.as_slice();
        while let Some((packet, len)) = self.client.next(&mut rest) {
            self.check_client_packet(now, &packet, len);
        }
        self.client.bytes = rest.to_vec();
    }

    /// These bytes came to the client.
    pub(crate) fn client_read(&mut self, now: Instant, bytes: &[u8]) {
        self.server.bytes.extend_from_slice(bytes);
        let input = core::mem::take(&mut self.server.bytes);
        let mut rest = input.as_slice();
        while let Some((packet, _)) = self.server.next(&mut rest) {
            self.check_server_packet(now, &packet);
        }
        self.server.bytes = rest.to_vec();
    }

    fn check_client_packet(&mut self, now: Instant, packet: &Packet<'_>, len: usize) {
        assert!(
            len <= self.maximum_packet_size,
            "{len} bytes sent [MQTT-3.2.2-15]: {packet:?}"
        );
        assert!(
            !self.disconnected,
            "sent after DISCONNECT [MQTT-3.14.4-1]: {packet:?}"
        );
        if self.connected && self.keep_alive > Duration::ZERO {
            let silence = now - self.last_written;
            assert!(
                silence <= self.keep_alive,
                "silent for {silence:?} [MQTT-3.1.2-20]"
            );
        }
        self.last_written = now;
        match packet {
            Packet::Connect(connect) => self.check_connect(connect),
            Packet::Publish(publish) => {
                let head = publish.head;
                let qos = head.delivery.qos();
                assert!(qos <= self.maximum_qos, "[MQTT-3.2.2-11]: {head:?}");
                assert!(
                    !head.retain || self.retain_available,
                    "[MQTT-3.2.2-14]: {head:?}"
                );
                self.check_alias(&head);
                self.to_server.open(head.delivery, "[MQTT-3.3.4-7]");
            }
            Packet::PubAck(ack) => {
                in_order(&mut self.pubacks_due, ack.packet_id, "[MQTT-4.6.0-2]");
                self.to_client.close(ack.packet_id);
            }
            Packet::PubRec(ack) => {
                in_order(&mut self.pubrecs_due, ack.packet_id, "[MQTT-4.6.0-3]");
                if ack.reason.is_error() {
                    self.to_client.close(ack.packet_id);
                }
            }
            Packet::PubComp(ack) => self.to_client.close(ack.packet_id),
            // Those of earlier connections are not in the list, and may come before.
            Packet::PubRel(ack) if self.pubrels_due.contains(&ack.packet_id) => {
                in_order(&mut self.pubrels_due, ack.packet_id, "[MQTT-4.6.0-4]");
            }
            Packet::Disconnect(_) => self.disconnected = true,
            _ => {}
        }
    }

    fn check_alias(&mut self, head: &PublishHead<'_>) {
        if let Some(alias) = head.properties.topic_alias() {
            let is_allowed = alias.get() <= self.topic_alias_maximum;
            assert!(is_allowed, "[MQTT-3.3.2-9]: {head:?}");
            if head.topic.is_some() {
                self.aliases.insert(alias);
            }
            assert!(self.aliases.contains(&alias), "nobody's alias: {head:?}");
        }
    }

    fn check_connect(&mut self, connect: &Connect<'_>) {
        assert_eq!(
            self.keep_alive,
            Duration::ZERO,
            "a second CONNECT [MQTT-3.1.0-2]"
        );
        self.keep_alive = Duration::from_secs(u64::from(connect.keep_alive));
        if let Some(maximum) = connect.properties.receive_maximum() {
            self.to_client.receive_maximum = maximum.get().into();
        }
    }

    fn check_server_packet(&mut self, now: Instant, packet: &Packet<'_>) {
        let is_connack = matches!(packet, Packet::ConnAck(_));
        assert_eq!(
            is_connack, !self.connected,
            "[MQTT-3.2.0-1], [MQTT-3.2.0-2]: {packet:?}"
        );
        match packet {
            Packet::ConnAck(connack) => self.check_connack(now, connack),
            Packet::Publish(publish) => {
                let delivery = publish.head.delivery;
                self.to_client.open(delivery, "[MQTT-3.3.4-9]");
                match delivery {
                    Delivery::AtMostOnce => {}
                    Delivery::AtLeastOnce { packet_id, .. } => {
                        self.pubacks_due.push_back(packet_id);
                    }
                    Delivery::ExactlyOnce { packet_id, .. } => {
                        self.pubrecs_due.push_back(packet_id);
                    }
                }
            }
            Packet::PubAck(ack) | Packet::PubComp(ack) => self.to_server.close(ack.packet_id),
            Packet::PubRec(ack) if ack.reason.is_error() => self.to_server.close(ack.packet_id),
            Packet::PubRec(ack) => self.pubrels_due.push_back(ack.packet_id),
            _ => {}
        }
    }

    fn check_connack(&mut self, now: Instant, connack: &ConnAck<'_>) {
        self.connected = connack.reason == ReasonCode::Success;
        self.last_written = now;
        let properties = connack.properties;
        if let Some(maximum) = properties.receive_maximum() {
            self.to_server.receive_maximum = maximum.get().into();
        }
        if let Some(seconds) = properties.server_keep_alive() {
            self.keep_alive = Duration::from_secs(seconds.into());
        }
        if let Some(maximum) = properties.maximum_packet_size() {
            self.maximum_packet_size = usize::try_from(maximum.get()).unwrap_or(usize::MAX);
        }
        if let Some(maximum) = properties.maximum_qos() {
            self.maximum_qos = maximum;
        }
        self.retain_available = properties.retain_available().unwrap_or(true);
        self.topic_alias_maximum = properties.topic_alias_maximum().unwrap_or(0);
    }
}

impl Stream {
    fn new(version: Version, sender: Role) -> Self {
        let mut options = DecodeOptions::new(version, sender);
        options.topic_alias_maximum = u16::MAX;
        Self {
            options,
            bytes: Vec::new(),
        }
    }

    fn next<'i>(&self, input: &mut &'i [u8]) -> Option<(Packet<'i>, usize)> {
        let before = input.len();
        match Packet::decode(&self.options, input) {
            Ok(packet) => packet.map(|packet| (packet, before - input.len())),
            Err(error) => panic!(
                "the {:?} sent what is not MQTT: {error}",
                self.options.sender
            ),
        }
    }
}

impl Window {
    fn new() -> Self {
        Self {
            receive_maximum: usize::from(u16::MAX),
            in_flight: BTreeSet::new(),
        }
    }

    fn open(&mut self, delivery: Delivery, statement: &str) {
        let Some(packet_id) = delivery.packet_id() else {
            return;
        };
        // Nothing is sent twice on one connection [MQTT-4.4.0-1].
        assert!(
            self.in_flight.insert(packet_id),
            "{packet_id:?} is in flight [MQTT-2.2.1-4]"
        );
        let (count, maximum) = (self.in_flight.len(), self.receive_maximum);
        assert!(
            count <= maximum,
            "{count} in flight where {maximum} are taken {statement}"
        );
    }

    fn close(&mut self, packet_id: PacketId) {
        self.in_flight.remove(&packet_id);
    }
}

fn in_order(due: &mut VecDeque<PacketId>, packet_id: PacketId, statement: &str) {
    assert_eq!(
        due.pop_front(),
        Some(packet_id),
        "an acknowledgement out of order {statement}"
    );
}
