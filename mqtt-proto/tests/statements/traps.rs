//! What others accepted and should not have: the traps that concern the codec.

use mqtt_proto::DecodeErrorKind as E;
use mqtt_proto::Role::{Client, Server};
use mqtt_proto::TopicErrorKind as T;
use mqtt_proto::Version::V5;
use mqtt_proto::{DecodeError, DecodeOptions, Packet, PacketType};

use super::refused;

#[test]
fn pubrel_with_flags_0() {
    refused(
        "[MQTT-3.6.1-1]",
        V5,
        Server,
        &[0x60, 2, 0, 1],
        E::ReservedFlags(PacketType::PubRel),
        0,
    );
}

#[test]
fn packet_id_0() {
    refused(
        "[MQTT-2.2.1-4]",
        V5,
        Server,
        &[0x32, 6, 0, 1, b't', 0, 0, 0],
        E::PacketIdZero,
        5,
    );
}

#[test]
fn qos_0_with_dup() {
    refused(
        "[MQTT-3.3.1-2]",
        V5,
        Server,
        &[0x38, 4, 0, 1, b't', 0],
        E::DupAtQoS0,
        0,
    );
}

#[test]
fn u_0000() {
    refused(
        "[MQTT-1.5.4-2]",
        V5,
        Server,
        &[0x30, 4, 0, 1, 0, 0],
        E::NulInString,
        4,
    );
}

#[test]
fn wildcards_in_a_topic_name() {
    let bytes = [0x30, 6, 0, 3, b'a', b'/', b'+', 0];
    refused(
        "[MQTT-3.3.2-2]",
        V5,
        Server,
        &bytes,
        E::TopicName(T::WildcardInName),
        6,
    );
}

#[test]
fn a_missing_property_length() {
    refused(
        "[MQTT-2.2.2-1]",
        V5,
        Server,
        &[0x30, 3, 0, 1, b't'],
        E::Truncated,
        5,
    );
}

#[test]
fn a_non_minimal_variable_byte_integer() {
    let kind = E::NonMinimalVariableByteInteger;
    refused("[MQTT-1.5.5-1]", V5, Server, &[0x30, 0x84, 0x00], kind, 2);
}

#[test]
fn a_5_byte_header_that_claims_256_mib() {
    let mut options = DecodeOptions::new(V5, Server);
    options.maximum_packet_size = 1_000_000;
    let error = Packet::decode(&options, &mut &[0x30, 0xFF, 0xFF, 0xFF, 0x7F][..]).unwrap_err();
    assert_eq!(
        error,
        DecodeError {
            kind: E::PacketTooLarge,
            offset: 1
        }
    );
}

#[test]
fn a_client_that_sends_a_reason_code_of_the_servers() {
    for reason in [0x89, 0x8B, 0x8D, 0x8E, 0x9C, 0xA0] {
        refused(
            "[MQTT-3.14.2-1]",
            V5,
            Client,
            &[0xE0, 1, reason],
            E::InvalidReasonCode(reason),
            2,
        );
    }
    refused(
        "[MQTT-3.4.2-1]",
        V5,
        Client,
        &[0x40, 3, 0, 1, 0x10],
        E::InvalidReasonCode(0x10),
        4,
    );
}
