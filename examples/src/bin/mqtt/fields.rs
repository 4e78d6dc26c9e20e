//! A packet as named fields: the one walk behind the text and the JSON of `mqtt decode`.

use mqtt_proto::{
    Ack, Connect, Packet, PacketId, PacketType, Properties, Property, Publish, ReasonCode,
    RetainHandling, Sequence, SubAck, Subscription, TopicName, Version, Will,
};
use serde_json::{Map, Value, json};

use crate::exit::return_code;

/// Every field of `packet`, in the order of the specification, after `type`, its name.
///
/// Binary data is an object of `len`, `text` (`null` where it is not UTF-8) and `hex`;
/// `properties` is an object of those that are there, with a list for those that may repeat.
pub(crate) fn packet_fields(packet: &Packet<'_>, version: Version) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("type".into(), type_name(packet.packet_type()).into());
    match packet {
        Packet::Connect(connect) => connect_fields(&mut fields, connect),
        Packet::ConnAck(connack) => {
            fields.insert("session_present".into(), connack.session_present.into());
            reason(&mut fields, version, PacketType::ConnAck, connack.reason);
            properties(&mut fields, version, connack.properties);
        }
        Packet::Publish(publish) => publish_fields(&mut fields, version, publish),
        Packet::PubAck(ack) | Packet::PubRec(ack) | Packet::PubRel(ack) | Packet::PubComp(ack) => {
            ack_fields(&mut fields, version, packet.packet_type(), ack);
        }
        Packet::Subscribe(subscribe) => {
            fields.insert("packet_id".into(), subscribe.packet_id.get().into());
            properties(&mut fields, version, subscribe.properties);
            let list: Vec<Value> = subscribe
                .subscriptions
                .iter()
                .map(|subscription| subscription_value(version, subscription))
                .collect();
            fields.insert("subscriptions".into(), list.into());
        }
        Packet::SubAck(suback) | Packet::UnsubAck(suback) => {
            suback_fields(&mut fields, version, packet.packet_type(), suback);
        }
        Packet::Unsubscribe(unsubscribe) => {
            fields.insert("packet_id".into(), unsubscribe.packet_id.get().into());
            properties(&mut fields, version, unsubscribe.properties);
            let list: Vec<Value> = unsubscribe
                .filters
                .iter()
                .map(|filter| filter.as_str().into())
                .collect();
            fields.insert("filters".into(), list.into());
        }
        Packet::PingReq | Packet::PingResp => {}
        Packet::Disconnect(disconnect) => {
            if version == Version::V5 {
                reason(
                    &mut fields,
                    version,
                    PacketType::Disconnect,
                    disconnect.reason,
                );
                properties(&mut fields, version, disconnect.properties);
            }
        }
        Packet::Auth(auth) => {
            reason(&mut fields, version, PacketType::Auth, auth.reason);
            properties(&mut fields, version, auth.properties);
        }
    }
    fields
}

fn type_name(packet_type: PacketType) -> &'static str {
    match packet_type {
        PacketType::Connect => "CONNECT",
        PacketType::ConnAck => "CONNACK",
        PacketType::Publish => "PUBLISH",
        PacketType::PubAck => "PUBACK",
        PacketType::PubRec => "PUBREC",
        PacketType::PubRel => "PUBREL",
        PacketType::PubComp => "PUBCOMP",
        PacketType::Subscribe => "SUBSCRIBE",
        PacketType::SubAck => "SUBACK",
        PacketType::Unsubscribe => "UNSUBSCRIBE",
        PacketType::UnsubAck => "UNSUBACK",
        PacketType::PingReq => "PINGREQ",
        PacketType::PingResp => "PINGRESP",
        PacketType::Disconnect => "DISCONNECT",
        PacketType::Auth => "AUTH",
    }
}

fn connect_fields(fields: &mut Map<String, Value>, connect: &Connect<'_>) {
    fields.insert("version".into(), connect.version.to_string().into());
    let clean = match connect.version {
        Version::V3_1_1 => "clean_session",
        Version::V5 => "clean_start",
    };
    fields.insert(clean.into(), connect.clean_start.into());
    fields.insert("keep_alive".into(), connect.keep_alive.into());
    properties(fields, connect.version, connect.properties);
    fields.insert("client_id".into(), connect.client_id.into());
    fields.insert(
        "will".into(),
        connect
            .will
            .as_ref()
            .map_or(Value::Null, |will| will_value(connect.version, will)),
    );
    fields.insert("username".into(), connect.username.into());
    fields.insert(
        "password".into(),
        connect.password.map_or(Value::Null, binary),
    );
}

fn will_value(version: Version, will: &Will<'_>) -> Value {
    let mut fields = Map::new();
    fields.insert("qos".into(), will.qos.as_u8().into());
    fields.insert("retain".into(), will.retain.into());
    properties(&mut fields, version, will.properties);
    fields.insert("topic".into(), will.topic.as_str().into());
    let payload = match version {
        Version::V3_1_1 => "message",
        Version::V5 => "payload",
    };
    fields.insert(payload.into(), binary(will.payload));
    fields.into()
}

fn publish_fields(fields: &mut Map<String, Value>, version: Version, publish: &Publish<'_>) {
    let delivery = publish.head.delivery;
    fields.insert("dup".into(), delivery.dup().into());
    fields.insert("qos".into(), delivery.qos().as_u8().into());
    fields.insert("retain".into(), publish.head.retain.into());
    fields.insert(
        "topic".into(),
        publish.head.topic.map(TopicName::as_str).into(),
    );
    fields.insert(
        "packet_id".into(),
        delivery.packet_id().map(PacketId::get).into(),
    );
    properties(fields, version, publish.head.properties);
    fields.insert("payload".into(), binary(publish.payload));
}

fn ack_fields(
    fields: &mut Map<String, Value>,
    version: Version,
    packet: PacketType,
    ack: &Ack<'_>,
) {
    fields.insert("packet_id".into(), ack.packet_id.get().into());
    if version == Version::V5 {
        reason(fields, version, packet, ack.reason);
        properties(fields, version, ack.properties);
    }
}

fn suback_fields(
    fields: &mut Map<String, Value>,
    version: Version,
    packet: PacketType,
    suback: &SubAck<'_>,
) {
    fields.insert("packet_id".into(), suback.packet_id.get().into());
    properties(fields, version, suback.properties);
    if version == Version::V3_1_1 && packet == PacketType::UnsubAck {
        return;
    }
    let codes: Vec<Value> = suback
        .reasons
        .iter()
        .map(|reason| reason.as_u8().into())
        .collect();
    let names: Vec<Value> = suback
        .reasons
        .iter()
        .map(|reason| reason_name(version, packet, reason).into())
        .collect();
    let key = match version {
        Version::V3_1_1 => "return_codes",
        Version::V5 => "reason_codes",
    };
    fields.insert(key.into(), codes.into());
    fields.insert("reasons".into(), names.into());
}

fn subscription_value(version: Version, subscription: Subscription<'_>) -> Value {
    let options = subscription.options;
    let mut fields = Map::new();
    fields.insert("filter".into(), subscription.filter.as_str().into());
    let qos = match version {
        Version::V3_1_1 => "requested_qos",
        Version::V5 => "maximum_qos",
    };
    fields.insert(qos.into(), options.maximum_qos.as_u8().into());
    if version == Version::V5 {
        fields.insert("no_local".into(), options.no_local.into());
        fields.insert(
            "retain_as_published".into(),
            options.retain_as_published.into(),
        );
        let retain_handling = match options.retain_handling {
            RetainHandling::Send => 0,
            RetainHandling::SendIfNew => 1,
            RetainHandling::DoNotSend => 2,
        };
        fields.insert("retain_handling".into(), retain_handling.into());
    }
    fields.into()
}

fn reason(
    fields: &mut Map<String, Value>,
    version: Version,
    packet: PacketType,
    reason: ReasonCode,
) {
    let (key, code) = match version {
        Version::V3_1_1 => ("return_code", return_code(reason)),
        Version::V5 => ("reason_code", reason.as_u8()),
    };
    fields.insert(key.into(), code.into());
    let name = reason_name(version, packet, reason);
    fields.insert("reason".into(), name.into());
}

/// What the specification of the version calls it, in the packet.
fn reason_name(version: Version, packet: PacketType, reason: ReasonCode) -> &'static str {
    match (version, packet, reason) {
        // Tables 3-8 and 3-13 of 5.0.
        (Version::V5, PacketType::SubAck, ReasonCode::Success) => "Granted QoS 0",
        (Version::V5, PacketType::Disconnect, ReasonCode::Success) => "Normal disconnection",
        (Version::V5, ..) => reason.name(),
        // Section 3.9.3 of 3.1.1.
        (_, PacketType::SubAck, ReasonCode::Success) => "Success - Maximum QoS 0",
        (_, PacketType::SubAck, ReasonCode::GrantedQoS1) => "Success - Maximum QoS 1",
        (_, PacketType::SubAck, ReasonCode::GrantedQoS2) => "Success - Maximum QoS 2",
        (_, PacketType::SubAck, _) => "Failure",
        // Table 3.1 of 3.1.1.
        _ => match return_code(reason) {
            0 => "Connection Accepted",
            1 => "Connection Refused, unacceptable protocol version",
            2 => "Connection Refused, identifier rejected",
            3 => "Connection Refused, Server unavailable",
            4 => "Connection Refused, bad user name or password",
            5 => "Connection Refused, not authorized",
            _ => reason.name(),
        },
    }
}

/// 3.1.1 has no properties: there, the field is left out.
fn properties(fields: &mut Map<String, Value>, version: Version, properties: Properties<'_>) {
    if version == Version::V5 {
        fields.insert("properties".into(), properties_value(properties));
    }
}

fn properties_value(properties: Sequence<'_, Property<'_>>) -> Value {
    let mut fields = Map::new();
    for property in properties {
        let (name, value) = property_value(property);
        // The two that may be there more than once are lists, be there one or more.
        if matches!(
            property,
            Property::UserProperty(..) | Property::SubscriptionIdentifier(_)
        ) {
            if let Value::Array(list) = fields
                .entry(name)
                .or_insert_with(|| Value::Array(Vec::new()))
            {
                list.push(value);
            }
        } else {
            fields.insert(name.into(), value);
        }
    }
    fields.into()
}

fn property_value(property: Property<'_>) -> (&'static str, Value) {
    match property {
        Property::PayloadFormatIndicator(value) => ("payload_format_indicator", value.into()),
        Property::MessageExpiryInterval(value) => ("message_expiry_interval", value.into()),
        Property::ContentType(value) => ("content_type", value.into()),
        Property::ResponseTopic(value) => ("response_topic", value.as_str().into()),
        Property::CorrelationData(value) => ("correlation_data", binary(value)),
        Property::SubscriptionIdentifier(value) => ("subscription_identifier", value.get().into()),
        Property::SessionExpiryInterval(value) => ("session_expiry_interval", value.into()),
        Property::AssignedClientIdentifier(value) => ("assigned_client_identifier", value.into()),
        Property::ServerKeepAlive(value) => ("server_keep_alive", value.into()),
        Property::AuthenticationMethod(value) => ("authentication_method", value.into()),
        Property::AuthenticationData(value) => ("authentication_data", binary(value)),
        Property::RequestProblemInformation(value) => ("request_problem_information", value.into()),
        Property::WillDelayInterval(value) => ("will_delay_interval", value.into()),
        Property::RequestResponseInformation(value) => {
            ("request_response_information", value.into())
        }
        Property::ResponseInformation(value) => ("response_information", value.into()),
        Property::ServerReference(value) => ("server_reference", value.into()),
        Property::ReasonString(value) => ("reason_string", value.into()),
        Property::ReceiveMaximum(value) => ("receive_maximum", value.get().into()),
        Property::TopicAliasMaximum(value) => ("topic_alias_maximum", value.into()),
        Property::TopicAlias(value) => ("topic_alias", value.get().into()),
        Property::MaximumQoS(value) => ("maximum_qos", value.as_u8().into()),
        Property::RetainAvailable(value) => ("retain_available", value.into()),
        Property::UserProperty(name, value) => {
            ("user_property", json!({ "name": name, "value": value }))
        }
        Property::MaximumPacketSize(value) => ("maximum_packet_size", value.get().into()),
        Property::WildcardSubscriptionAvailable(value) => {
            ("wildcard_subscription_available", value.into())
        }
        Property::SubscriptionIdentifierAvailable(value) => {
            ("subscription_identifier_available", value.into())
        }
        Property::SharedSubscriptionAvailable(value) => {
            ("shared_subscription_available", value.into())
        }
    }
}

fn binary(bytes: &[u8]) -> Value {
    json!({ "len": bytes.len(), "text": core::str::from_utf8(bytes).ok(), "hex": hex(bytes) })
}

fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
