//! Packets that the specifications forbid, and which codec takes them all the same: what a codec
//! does not look for costs it nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mqtt_proto::{DecodeOptions, Packet, Role, Version};

use crate::Fixture;
use crate::peers;

/// A packet and what is wrong with it, with the statement.
pub struct Fault {
    /// In words.
    pub name: &'static str,
    /// The bytes in 3.1.1, where it is a fault there.
    pub v3: Option<&'static [u8]>,
    /// The bytes in 5.0, where it is a fault there.
    pub v5: Option<&'static [u8]>,
}

/// What is looked for.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "U+0000 in a topic name [MQTT-1.5.4-2]",
        v3: Some(b"\x30\x05\0\x03a\0b"),
        v5: Some(b"\x30\x06\0\x03a\0b\0"),
    },
    Fault {
        name: "a wildcard in a topic name [MQTT-3.3.2-2]",
        v3: Some(b"\x30\x05\0\x03a/#"),
        v5: Some(b"\x30\x06\0\x03a/#\0"),
    },
    Fault {
        name: "a topic name that is not UTF-8 [MQTT-1.5.4-1]",
        v3: Some(b"\x30\x05\0\x03a\xFFb"),
        v5: Some(b"\x30\x06\0\x03a\xFFb\0"),
    },
    Fault {
        name: "packet identifier 0 [MQTT-2.2.1-5]",
        v3: Some(b"\x40\x02\0\0"),
        v5: Some(b"\x40\x02\0\0"),
    },
    Fault {
        name: "DUP at QoS 0 [MQTT-3.3.1-2]",
        v3: Some(b"\x38\x03\0\x01a"),
        v5: Some(b"\x38\x04\0\x01a\0"),
    },
    Fault {
        name: "a Remaining Length in more bytes than it needs [MQTT-1.5.5-1]",
        v3: None,
        v5: Some(b"\x30\x84\0\0\x01a\0"),
    },
    Fault {
        name: "a property twice (section 3.3.2.3.3)",
        v3: None,
        v5: Some(b"\x30\x0E\0\x01a\x0A\x02\0\0\0\x01\x02\0\0\0\x01"),
    },
    Fault {
        name: "a property of another packet (section 2.2.2.2)",
        v3: None,
        v5: Some(b"\x30\x09\0\x01a\x05\x11\0\0\0\x01"),
    },
    Fault {
        name: "U+0000 in a User Property [MQTT-1.5.4-2]",
        v3: None,
        v5: Some(b"\x30\x0B\0\x01a\x07\x26\0\x01k\0\x01\0"),
    },
    Fault {
        name: "a reason code that PUBACK has not [MQTT-3.4.2-1]",
        v3: None,
        v5: Some(b"\x40\x03\0\x01\x01"),
    },
    Fault {
        name: "a return code that SUBACK has not [MQTT3-3.9.3-2]",
        v3: Some(b"\x90\x03\0\x01\x03"),
        v5: Some(b"\x90\x04\0\x01\0\x03"),
    },
];

/// The codecs, by the names of the table.
pub const CODECS: &[&str] = &[
    "mqtt-proto",
    "mqttrs",
    "mountain-mqtt",
    "mqttbytes",
    "rumqttc",
    "mqtt-protocol-core",
    "ntex-mqtt",
];

/// Whether the codec takes the packet; `None` where it does not speak the version.
#[must_use]
pub fn takes(codec: &str, version: Version, packet: &'static [u8]) -> Option<bool> {
    let fixture = Fixture {
        version,
        sender: Role::Server,
        bytes: packet.to_vec(),
    };
    let v5 = version == Version::V5;
    let mut buffer = peers::buffer(&fixture);
    let taken = |decode: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(decode)).is_ok();
    Some(match (codec, v5) {
        ("mqtt-proto", _) => {
            let options = DecodeOptions::new(version, Role::Server);
            Packet::decode(&options, &mut &packet[..]).is_ok()
        }
        ("mqttrs", false) => taken(&mut || drop(peers::mqttrs(packet))),
        ("mountain-mqtt", true) => taken(&mut || drop(peers::mountain(packet))),
        ("mqttbytes", false) => taken(&mut || drop(peers::mqttbytes_v4(&mut buffer))),
        ("mqttbytes", true) => taken(&mut || drop(peers::mqttbytes_v5(&mut buffer))),
        ("rumqttc", false) => taken(&mut || drop(peers::rumqttc_v4(&mut buffer))),
        ("rumqttc", true) => taken(&mut || drop(peers::rumqttc_v5(&mut buffer))),
        ("mqtt-protocol-core", _) => {
            let body = peers::protocol_core::body(&fixture);
            taken(&mut || match (packet[0] >> 4, v5) {
                (3, false) => drop(peers::protocol_core::publish_v3(&body)),
                (3, true) => drop(peers::protocol_core::publish_v5(&body)),
                (4, false) => drop(peers::protocol_core::puback_v3(&body)),
                (4, true) => drop(peers::protocol_core::puback_v5(&body)),
                (_, false) => drop(peers::protocol_core::suback_v3(&body)),
                (_, true) => drop(peers::protocol_core::suback_v5(&body)),
            })
        }
        ("ntex-mqtt", false) => {
            let mut connection = peers::ntex::connection_v3(&fixture);
            taken(&mut || drop(peers::ntex::v3(&mut connection)))
        }
        ("ntex-mqtt", true) => {
            let mut connection = peers::ntex::connection_v5(&fixture);
            taken(&mut || drop(peers::ntex::v5(&mut connection)))
        }
        _ => return None,
    })
}
