//! What mqttjs/mqtt-packet's encoder rejects, made of our types as far as they can say it: either
//! a type has no such value, or our encoder refuses it too.

use mqtt_proto::{
    Ack, ConnAck, Connect, Delivery, Packet, PacketId, Properties, Property, Publish, PublishHead,
    QoS, ReasonCode, SubAck, Subscribe, Subscription, SubscriptionIdentifier, TopicFilter,
    TopicName, Unsubscribe, Version, Will,
};
use serde_json::Value;

/// The case, and what of it is refused: a field that has no such value in our types, or else the
/// encoder's words.
const CASES: &[(&str, &str)] = &[
    ("mqttjs-000", "cmd"),
    ("mqttjs-068", "returnCode"),
    ("mqttjs-080", "packet is larger than MQTT can express"),
    ("mqttjs-081", "properties.subscriptionIdentifier"),
    ("mqttjs-116", "unsubscriptions"),
    ("mqttjs-117", "unsubscriptions"),
    ("mqttjs-135", "protocolId"),
    ("mqttjs-136", "protocolVersion"),
    // Of MQTT 3.1, which wants a Client Identifier; 3.1.1 does not.
    ("mqttjs-137", "protocolVersion"),
    (
        "mqttjs-138",
        "client identifier is empty without clean session in MQTT 3.1.1",
    ),
    ("mqttjs-139", "keepalive"),
    ("mqttjs-140", "keepalive"),
    ("mqttjs-141", "will"),
    ("mqttjs-142", "will.topic"),
    ("mqttjs-143", "will.payload"),
    ("mqttjs-144", "username"),
    ("mqttjs-145", "password"),
    ("mqttjs-146", "password without user name in MQTT 3.1.1"),
    ("mqttjs-147", "properties.messageExpiryInterval"),
    ("mqttjs-148", "properties.topicAlias"),
    ("mqttjs-149", "properties.subscriptionIdentifier"),
    ("mqttjs-157", "cmd"),
    ("mqttjs-158", "protocolId"),
    ("mqttjs-159", "messageId"),
    ("mqttjs-160", "messageId"),
    ("mqttjs-161", "messageId"),
    ("mqttjs-162", "messageId"),
    ("mqttjs-163", "messageId"),
    ("mqttjs-164", "messageId"),
    ("mqttjs-165", "messageId"),
    ("mqttjs-166", "messageId"),
];

#[test]
fn what_another_encoder_rejects_cannot_be_encoded() {
    let file = include_str!("vectors/mqttjs-encoder-rejects.json");
    let vectors: Vec<Value> = serde_json::from_str(file).unwrap();
    let mut seen = Vec::new();
    for vector in &vectors {
        let id = vector["id"].as_str().unwrap();
        if vector["expected"] == "accept" {
            // The source keeps no packet for it.
            assert!(vector["packet_object"].is_null(), "{id}");
            continue;
        }
        let (_, refused) = CASES.iter().find(|(case, _)| *case == id).expect(id);
        let refusals = refusals(&vector["packet_object"], &vector["version"]);
        assert!(
            refusals.iter().any(|refusal| refusal == refused),
            "{id}: {refusals:?}"
        );
        seen.push(id);
    }
    assert_eq!(seen.len(), CASES.len());
}

/// All of the packet that is refused.
fn refusals(packet: &Value, version: &Value) -> Vec<String> {
    let version = match version.as_u64() {
        Some(5) => Version::V5,
        _ => Version::V3_1_1,
    };
    let mut fields = Fields {
        of: packet,
        refused: Vec::new(),
    };
    let result = fields.encode(version);
    let mut refusals = fields.refused;
    refusals.extend(result.err());
    refusals
}

struct Fields<'v> {
    of: &'v Value,
    refused: Vec<String>,
}

impl<'v> Fields<'v> {
    /// The field as our type has it; absent, the default.
    fn get<T: Default>(&mut self, name: &str, read: impl FnOnce(&'v Value) -> Option<T>) -> T {
        let field = name.split('.').fold(self.of, |value, name| &value[name]);
        if field.is_null() {
            return T::default();
        }
        read(field).unwrap_or_else(|| {
            self.refused.push(name.into());
            T::default()
        })
    }

    fn number<T: TryFrom<u64> + Default>(&mut self, name: &str) -> T {
        self.get(name, |value| value.as_u64()?.try_into().ok())
    }

    fn packet_id(&mut self) -> PacketId {
        let packet_id = self.get("messageId", |value| {
            Some(PacketId::new(value.as_u64()?.try_into().ok()?))
        });
        packet_id.unwrap_or(PacketId::MIN)
    }

    fn encode(&mut self, version: Version) -> Result<(), String> {
        let command = self.get("cmd", Value::as_str);
        let packet_id = self.packet_id();
        let ack = Ack::new(packet_id, ReasonCode::Success);
        let filter = TopicFilter::new("test").unwrap();
        match command {
            "connect" => self.connect(),
            "connack" => {
                self.number::<u8>("returnCode");
                encode(
                    version,
                    &Packet::ConnAck(ConnAck {
                        session_present: false,
                        reason: ReasonCode::Success,
                        properties: Properties::EMPTY,
                    }),
                )
            }
            "publish" => self.publish(version, packet_id),
            "puback" => encode(version, &Packet::PubAck(ack)),
            "pubrec" => encode(version, &Packet::PubRec(ack)),
            "pubrel" => encode(version, &Packet::PubRel(ack)),
            "subscribe" => encode(
                version,
                &Packet::Subscribe(Subscribe {
                    packet_id,
                    properties: Properties::EMPTY,
                    subscriptions: (&[Subscription::new(filter, QoS::AtMostOnce)]).into(),
                }),
            ),
            "suback" | "unsuback" => encode(
                version,
                &Packet::SubAck(SubAck {
                    packet_id,
                    properties: Properties::EMPTY,
                    reasons: (&[ReasonCode::Success]).into(),
                }),
            ),
            "unsubscribe" => {
                self.get("unsubscriptions", |value| {
                    let list = value.as_array()?.iter();
                    list.map(|filter| TopicFilter::new(filter.as_str()?).ok())
                        .collect::<Option<Vec<_>>>()
                });
                encode(
                    version,
                    &Packet::Unsubscribe(Unsubscribe {
                        packet_id,
                        properties: Properties::EMPTY,
                        filters: (&[filter]).into(),
                    }),
                )
            }
            _ => {
                self.refused.push("cmd".into());
                Ok(())
            }
        }
    }

    fn connect(&mut self) -> Result<(), String> {
        let protocol = self.get("protocolId", |value| value.as_str().map(Some));
        let level = self.number::<u8>("protocolVersion");
        let version = match (protocol, level) {
            (Some("MQTT"), 5) => Version::V5,
            (Some("MQTT"), 4) => Version::V3_1_1,
            _ => {
                self.refused.push("protocolVersion".into());
                Version::V3_1_1
            }
        };
        let client_id = self.get("clientId", Value::as_str);
        let mut connect = Connect::new(version, client_id);
        connect.clean_start = self.get("clean", Value::as_bool);
        connect.keep_alive = self.number("keepalive");
        connect.username = self.get("username", |value| value.as_str().map(Some));
        connect.password = self.get("password", |value| Some(Some(value.as_str()?.as_bytes())));
        let topic = self.get("will.topic", |value| {
            Some(TopicName::new(value.as_str()?).ok())
        });
        let payload = self.get("will.payload", Value::as_str).as_bytes();
        if !self.of["will"].is_null() {
            self.get("will", |value| value.as_object().map(drop));
            let Some(topic) = topic else {
                self.refused.push("will.topic".into());
                return Ok(());
            };
            connect.will = Some(Will {
                topic,
                payload,
                qos: QoS::AtMostOnce,
                retain: false,
                properties: Properties::EMPTY,
            });
        }
        encode(version, &Packet::Connect(connect))
    }

    fn publish(&mut self, version: Version, packet_id: PacketId) -> Result<(), String> {
        let mut properties = Vec::new();
        let expiry = self.number("properties.messageExpiryInterval");
        let identifier = self.get("properties.subscriptionIdentifier", |value| {
            SubscriptionIdentifier::new(value.as_u64()?.try_into().ok()?).map(Some)
        });
        let alias = self.get("properties.topicAlias", |value| {
            u16::try_from(value.as_u64()?)
                .ok()
                .map(|alias| alias.try_into().ok())
        });
        if version == Version::V5 {
            properties.push(Property::MessageExpiryInterval(expiry));
            properties.extend(identifier.map(Property::SubscriptionIdentifier));
            properties.extend(alias.map(Property::TopicAlias));
        }
        let qos = self.number::<u8>("qos");
        let dup = self.get("dup", Value::as_bool);
        let delivery = match qos {
            0 => Delivery::AtMostOnce,
            1 => Delivery::AtLeastOnce { packet_id, dup },
            _ => Delivery::ExactlyOnce { packet_id, dup },
        };
        // The Remaining Length that the source asks for; the payload is not kept whole in the file.
        let length = self.number::<usize>("length");
        let head = PublishHead {
            delivery,
            retain: false,
            topic: TopicName::new(self.get("topic", Value::as_str)).ok(),
            properties: Properties::new(&properties),
        };
        if length > 65_535 {
            let head_len = 2 + "test".len();
            return head
                .encoded_len(version, length - head_len)
                .map(drop)
                .map_err(|error| error.to_string());
        }
        let payload = b"test";
        encode(version, &Packet::Publish(Publish { head, payload }))
    }
}

fn encode(version: Version, packet: &Packet<'_>) -> Result<(), String> {
    match packet.encode(version, &mut [0; 256]) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
