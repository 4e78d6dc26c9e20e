//! The specification's statements about the contents of packets, each by the packet that breaks it.
//! `MQTT3-` are the statements of 3.1.1 where the identifiers differ.

mod contents;
mod finds;
mod tables;
mod traps;

use mqtt_proto::{DecodeError, DecodeErrorKind, DecodeOptions, Packet, Role, Version};

fn options(version: Version, sender: Role) -> DecodeOptions {
    let mut options = DecodeOptions::new(version, sender);
    options.topic_alias_maximum = 10;
    options
}

fn refusal(version: Version, sender: Role, bytes: &[u8]) -> Option<DecodeError> {
    let mut input = bytes;
    let result = Packet::decode(&options(version, sender), &mut input);
    if result.is_err() {
        assert_eq!(input, bytes, "an error takes nothing");
    }
    result.err()
}

#[track_caller]
fn refused(
    statement: &str,
    version: Version,
    sender: Role,
    bytes: &[u8],
    kind: DecodeErrorKind,
    offset: usize,
) {
    let error = refusal(version, sender, bytes);
    assert_eq!(
        error,
        Some(DecodeError { kind, offset }),
        "{statement}: {bytes:02x?}"
    );
}

#[track_caller]
fn accepted<'a>(statement: &str, version: Version, sender: Role, bytes: &'a [u8]) -> Packet<'a> {
    let mut input = bytes;
    match Packet::decode(&options(version, sender), &mut input) {
        Ok(Some(packet)) if input.is_empty() => packet,
        other => panic!("{statement}: {other:?}, {input:?}"),
    }
}
