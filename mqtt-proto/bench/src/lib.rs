//! The packets that every codec is measured with, as bytes and as values.

#[cfg(feature = "peers")]
pub mod faults;
#[cfg(feature = "peers")]
pub mod peers;

use core::num::{NonZeroU16, NonZeroU32};

use mqtt_proto::{
    Ack, Connect, DecodeOptions, Delivery, Packet, PacketId, PacketReader, Property, Publish,
    PublishHead, QoS, ReasonCode, Role, SubAck, TopicName, Version, Will,
};

/// A topic name of 20 bytes.
pub const TOPIC: &str = "sensors/kitchen/temp";

/// One row of the table: its name, who sends the packet, its version and its bytes.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The version spoken.
    pub version: Version,
    /// Who sends it.
    pub sender: Role,
    /// The packet, or many.
    pub bytes: Vec<u8>,
}

impl Fixture {
    /// What our decoder is told.
    #[must_use]
    pub fn options(&self) -> DecodeOptions {
        let mut options = DecodeOptions::new(self.version, self.sender);
        options.topic_alias_maximum = 16;
        options
    }
}

fn fixture(version: Version, sender: Role, packet: &Packet<'_>) -> &'static Fixture {
    let mut bytes = vec![0; packet.encoded_len(version).unwrap()];
    packet.encode(version, &mut bytes).unwrap();
    leak(Fixture {
        version,
        sender,
        bytes,
    })
}

/// So that what is counted moves a reference, not a fixture.
fn leak(fixture: Fixture) -> &'static Fixture {
    Box::leak(Box::new(fixture))
}

fn packet_id() -> PacketId {
    PacketId::new(10).unwrap()
}

/// A buffer to encode into, which stays; beside it what the caller of the setup gave.
#[must_use]
pub fn buffer(version: Version, payload_len: usize) -> (Version, usize, &'static mut [u8]) {
    (version, payload_len, vec![0; 256].leak())
}

/// What [`buffer`] gives, and a topic name that has been checked.
#[must_use]
pub fn topic_and_buffer(
    version: Version,
    payload_len: usize,
) -> (TopicName<'static>, Version, usize, &'static mut [u8]) {
    let (version, payload_len, buffer) = buffer(version, payload_len);
    (topic(), version, payload_len, buffer)
}

fn topic() -> TopicName<'static> {
    TopicName::new(TOPIC).unwrap()
}

/// The head of a PUBLISH of QoS 0.
#[inline]
#[must_use]
pub fn publish_head(topic: TopicName<'_>) -> PublishHead<'_> {
    PublishHead {
        delivery: Delivery::AtMostOnce,
        retain: false,
        topic: Some(topic),
        properties: (&[]).into(),
    }
}

/// A PUBLISH of QoS 0 on the 20-byte topic.
#[inline]
#[must_use]
pub fn publish_value(payload: &[u8]) -> Packet<'_> {
    Packet::Publish(Publish {
        head: publish_head(topic()),
        payload,
    })
}

/// The properties of the PUBLISH with properties.
pub const PUBLISH_PROPERTIES: &[Property<'static>] = &[
    Property::MessageExpiryInterval(3600),
    Property::TopicAlias(NonZeroU16::new(5).unwrap()),
    Property::UserProperty("origin", "boiler-room-7"),
    Property::UserProperty("trace", "4bf92f3577b34da6"),
];

/// A PUBLISH of QoS 1 with alias, expiry and two user properties.
#[inline]
#[must_use]
pub fn publish_properties_value(payload: &[u8]) -> Packet<'_> {
    Packet::Publish(Publish {
        head: PublishHead {
            delivery: Delivery::AtLeastOnce {
                packet_id: packet_id(),
                dup: false,
            },
            retain: false,
            topic: Some(topic()),
            properties: PUBLISH_PROPERTIES.into(),
        },
        payload,
    })
}

/// A PUBLISH of QoS 0 as bytes.
#[must_use]
pub fn publish(version: Version, payload_len: usize) -> &'static Fixture {
    fixture(
        version,
        Role::Server,
        &publish_value(&vec![0x42; payload_len]),
    )
}

/// A PUBLISH with properties as bytes.
#[must_use]
pub fn publish_properties() -> &'static Fixture {
    fixture(
        Version::V5,
        Role::Server,
        &publish_properties_value(&[0x42; 64]),
    )
}

/// A CONNECT with every property and a Will with every property.
#[must_use]
pub fn connect() -> &'static Fixture {
    let will_properties = [
        Property::WillDelayInterval(30),
        Property::PayloadFormatIndicator(true),
        Property::MessageExpiryInterval(3600),
        Property::ContentType("text/plain"),
        Property::ResponseTopic(TopicName::new("reply/to/me").unwrap()),
        Property::CorrelationData(b"0123456789abcdef"),
        Property::UserProperty("reason", "lost"),
    ];
    let properties = [
        Property::SessionExpiryInterval(3600),
        Property::ReceiveMaximum(NonZeroU16::new(20).unwrap()),
        Property::MaximumPacketSize(NonZeroU32::new(65_536).unwrap()),
        Property::TopicAliasMaximum(16),
        Property::RequestResponseInformation(true),
        Property::RequestProblemInformation(true),
        Property::UserProperty("firmware", "1.2.3"),
        Property::AuthenticationMethod("SCRAM-SHA-1"),
        Property::AuthenticationData(b"n,,n=user,r=fyko"),
    ];
    let connect = Connect {
        clean_start: false,
        will: Some(Will {
            topic: TopicName::new("devices/boiler-7/status").unwrap(),
            payload: b"offline",
            qos: QoS::AtLeastOnce,
            retain: true,
            properties: (&will_properties).into(),
        }),
        username: Some("boiler-7"),
        password: Some(b"correct horse battery staple"),
        properties: (&properties).into(),
        ..Connect::new(Version::V5, "boiler-7-main-unit")
    };
    fixture(Version::V5, Role::Client, &Packet::Connect(connect))
}

/// A PUBACK.
#[must_use]
pub fn puback(version: Version) -> &'static Fixture {
    fixture(
        version,
        Role::Server,
        &Packet::PubAck(Ack::new(packet_id(), ReasonCode::Success)),
    )
}

/// A SUBACK of three filters.
#[must_use]
pub fn suback(version: Version) -> &'static Fixture {
    let reasons = [
        ReasonCode::Success,
        ReasonCode::GrantedQoS1,
        ReasonCode::GrantedQoS2,
    ];
    fixture(
        version,
        Role::Server,
        &Packet::SubAck(SubAck {
            packet_id: packet_id(),
            properties: (&[]).into(),
            reasons: (&reasons).into(),
        }),
    )
}

fn many(len: usize) -> Packet<'static> {
    Packet::Publish(Publish {
        head: PublishHead {
            properties: (&*vec![Property::UserProperty("k", "v"); len].leak()).into(),
            ..publish_head(topic())
        },
        payload: &[],
    })
}

/// A PUBLISH with many User Properties.
#[must_use]
pub fn many_properties(len: usize) -> &'static Fixture {
    fixture(Version::V5, Role::Server, &many(len))
}

/// The same, decoded.
#[must_use]
pub fn decoded(len: usize) -> &'static Publish<'static> {
    let fixture = many_properties(len);
    match Packet::decode(&fixture.options(), &mut &fixture.bytes[..]) {
        Ok(Some(Packet::Publish(publish))) => Box::leak(Box::new(publish)),
        other => panic!("{other:?}"),
    }
}

/// The same as it is to be encoded, and a buffer for it.
#[must_use]
pub fn listed(len: usize) -> (&'static Packet<'static>, &'static mut [u8]) {
    let packet = many(len);
    let buffer = vec![0; packet.encoded_len(Version::V5).unwrap()].leak();
    (Box::leak(Box::new(packet)), buffer)
}

/// A reader that holds so many Topic Aliases, and a PUBLISH by one of those that came last.
#[must_use]
pub fn aliases(held: u16) -> (PacketReader<'static>, &'static [u8]) {
    let publish = |alias, topic| {
        let properties = [Property::TopicAlias(alias)];
        let publish = PublishHead {
            delivery: Delivery::AtMostOnce,
            retain: false,
            topic,
            properties: (&properties).into(),
        };
        let mut bytes = vec![0; publish.encoded_len(Version::V5, 0).unwrap()];
        publish.encode(Version::V5, 0, &mut bytes).unwrap();
        bytes
    };
    let mut options = DecodeOptions::new(Version::V5, Role::Server);
    options.topic_alias_maximum = held;
    let mut reader = PacketReader::new(options, vec![0; 1 << 20].leak());
    for alias in 1..=held {
        let alias = NonZeroU16::new(alias).unwrap();
        let bytes = publish(alias, Some(TopicName::new(TOPIC).unwrap()));
        reader.read(&mut &bytes[..]).unwrap();
    }
    let last = NonZeroU16::new(held).unwrap();
    (reader, publish(last, None).leak())
}

/// How many packets a [`stream`] has.
pub const STREAM_PACKETS: usize = 1000;
/// The pieces in which a stream arrives, in bytes.
pub const CHUNK: usize = 1460;

/// 1,000 packets as a Server sends them: publishes of all QoS and sizes, acknowledgements, PINGRESP.
#[must_use]
pub fn stream(version: Version) -> &'static Fixture {
    let payload = [0x42; 512];
    let mut bytes = Vec::new();
    for n in 0..STREAM_PACKETS {
        let packet_id = PacketId::new(n as u16 + 1).unwrap();
        let topic = Some(topic());
        let head = |delivery| PublishHead {
            delivery,
            retain: false,
            topic,
            properties: (&[]).into(),
        };
        let packet = match n % 10 {
            0..=3 => Packet::Publish(Publish {
                head: head(Delivery::AtMostOnce),
                payload: &payload[..64],
            }),
            4 | 5 => Packet::Publish(Publish {
                head: head(Delivery::AtLeastOnce {
                    packet_id,
                    dup: false,
                }),
                payload: &payload[..128],
            }),
            6 => Packet::Publish(Publish {
                head: head(Delivery::ExactlyOnce {
                    packet_id,
                    dup: false,
                }),
                payload: &payload,
            }),
            7 => Packet::PubAck(Ack::new(packet_id, ReasonCode::Success)),
            8 => Packet::PubRel(Ack::new(packet_id, ReasonCode::Success)),
            _ => Packet::PingResp,
        };
        bytes.extend_from_slice(&fixture(version, Role::Server, &packet).bytes);
    }
    leak(Fixture {
        version,
        sender: Role::Server,
        bytes,
    })
}
