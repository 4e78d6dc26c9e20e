//! What fuzzing has found, each find by its name.

use mqtt_proto::Packet;
use mqtt_proto::Role::Server;
use mqtt_proto::Version::V5;

use super::accepted;

/// Target `differential`: section 3.1.2.11.10 forbids Authentication Data without a method in
/// CONNECT alone. A CONNACK that refuses the method need not repeat it.
#[test]
fn a_connack_with_authentication_data_and_no_method() {
    let bytes = [0x20, 6, 0, 0x8C, 3, 0x16, 0, 0];
    let packet = accepted("section 3.2.2.3.18", V5, Server, &bytes);
    let Packet::ConnAck(connack) = packet else {
        panic!()
    };
    assert_eq!(connack.properties.authentication_data(), Some(&[][..]));
    let mut buf = [0; 8];
    assert_eq!(packet.encode(V5, &mut buf), Ok(8));
    assert_eq!(buf, bytes);
}
