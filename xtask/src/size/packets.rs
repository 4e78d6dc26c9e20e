//! Packets for the codec to take apart and put together again, with as much in them as there can be.

use std::num::{NonZeroU16, NonZeroU32};

use mqtt_proto::{
    Ack, Auth, ConnAck, Connect, Delivery, Disconnect, Packet, PacketId, Property, Publish,
    PublishHead, QoS, ReasonCode, SubAck, Subscribe, Subscription, TopicFilter, TopicName,
    Unsubscribe, Version, Will,
};

/// Each with the byte that tells the firmware its version (bit 0) and sender (bit 1: the Server).
pub(crate) fn all() -> Vec<(u8, Vec<u8>)> {
    let mut packets = Vec::new();
    for version in [Version::V3_1_1, Version::V5] {
        for_version(version, &mut |server, packet| {
            let mut buffer = [0; 255];
            let length = packet
                .encode(version, &mut buffer)
                .expect("the packet is valid");
            let head = u8::from(version == Version::V5) | u8::from(server) << 1;
            packets.push((head, buffer[..length].to_vec()));
        });
    }
    packets
}

fn for_version(version: Version, each: &mut dyn FnMut(bool, Packet<'_>)) {
    let v5 = version == Version::V5;
    let packet_id = PacketId::new(258).expect("not zero");
    let topic = TopicName::new("a/b").expect("valid");
    let filter = TopicFilter::new("a/+/#").expect("valid");
    let some = |properties: &'static [Property<'static>]| -> mqtt_proto::Properties<'static> {
        if v5 {
            properties.into()
        } else {
            mqtt_proto::Properties::EMPTY
        }
    };
    let user = || {
        some(
            const {
                &[
                    Property::ReasonString("because"),
                    Property::UserProperty("name", "value"),
                ]
            },
        )
    };
    let only_user = || some(const { &[Property::UserProperty("name", "value")] });
    let message = some(
        const {
            &[
                Property::PayloadFormatIndicator(true),
                Property::MessageExpiryInterval(60),
                Property::ContentType("text/plain"),
                Property::CorrelationData(b"7"),
                Property::UserProperty("name", "value"),
            ]
        },
    );

    let mut connect = Connect::new(version, "client");
    connect.username = Some("user");
    connect.password = Some(b"password");
    connect.properties = some(
        const {
            &[
                Property::SessionExpiryInterval(60),
                Property::ReceiveMaximum(NonZeroU16::new(4).unwrap()),
                Property::MaximumPacketSize(NonZeroU32::new(1000).unwrap()),
                Property::TopicAliasMaximum(2),
                Property::RequestResponseInformation(true),
                Property::AuthenticationMethod("method"),
                Property::AuthenticationData(b"data"),
            ]
        },
    );
    connect.will = Some(Will {
        topic,
        payload: b"gone",
        qos: QoS::AtLeastOnce,
        retain: true,
        properties: message,
    });
    each(false, Packet::Connect(connect));

    each(
        true,
        Packet::ConnAck(ConnAck {
            session_present: false,
            reason: ReasonCode::Success,
            properties: some(
                const {
                    &[
                        Property::AssignedClientIdentifier("assigned"),
                        Property::ServerKeepAlive(30),
                        Property::MaximumQoS(QoS::AtLeastOnce),
                        Property::RetainAvailable(false),
                    ]
                },
            ),
        }),
    );
    for delivery in [
        Delivery::AtMostOnce,
        Delivery::AtLeastOnce {
            packet_id,
            dup: true,
        },
        Delivery::ExactlyOnce {
            packet_id,
            dup: false,
        },
    ] {
        let head = PublishHead {
            delivery,
            retain: false,
            topic: Some(topic),
            properties: message,
        };
        each(
            false,
            Packet::Publish(Publish {
                head,
                payload: b"payload",
            }),
        );
    }
    let ack = |reason| Ack {
        packet_id,
        reason,
        properties: user(),
    };
    each(true, Packet::PubAck(ack(ReasonCode::Success)));
    each(true, Packet::PubRec(ack(ReasonCode::Success)));
    each(true, Packet::PubRel(ack(ReasonCode::Success)));
    each(true, Packet::PubComp(ack(ReasonCode::Success)));
    each(
        false,
        Packet::Subscribe(Subscribe {
            packet_id,
            properties: only_user(),
            subscriptions: (&[Subscription::new(filter, QoS::ExactlyOnce)]).into(),
        }),
    );
    each(
        true,
        Packet::SubAck(SubAck {
            packet_id,
            reasons: (&[ReasonCode::GrantedQoS1]).into(),
            properties: user(),
        }),
    );
    each(
        false,
        Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties: only_user(),
            filters: (&[filter]).into(),
        }),
    );
    each(false, Packet::PingReq);
    each(true, Packet::PingResp);
    each(
        false,
        Packet::Disconnect(Disconnect {
            reason: ReasonCode::Success,
            properties: user(),
        }),
    );
    if v5 {
        each(
            true,
            Packet::UnsubAck(SubAck {
                packet_id,
                reasons: (&[ReasonCode::Success]).into(),
                properties: user(),
            }),
        );
        each(
            true,
            Packet::Auth(Auth {
                reason: ReasonCode::ContinueAuthentication,
                properties: (&[
                    Property::AuthenticationMethod("method"),
                    Property::AuthenticationData(b"data"),
                ])
                    .into(),
            }),
        );
    }
}
