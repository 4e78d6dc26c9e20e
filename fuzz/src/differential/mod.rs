//! Other codecs, two for each version, take what we take, refuse what we refuse and read the same in
//! it, but for a table of known differences.

mod differences;
mod peers;

use mqtt_proto::{DecodeError, DecodeErrorKind, DecodeOptions, Packet, Role, Version};

use self::differences::{DIFFERENCES, Fault, How};
use self::peers::Peer;

/// The bytes begin with a packet.
pub fn check(data: &[u8]) {
    shown(data);
}

/// The same, and tells which of the known differences the packet shows, by their place in the table.
pub fn shown(data: &[u8]) -> Vec<usize> {
    let Some((header_len, len)) = frame(data) else {
        return Vec::new();
    };
    Peer::ALL
        .into_iter()
        .filter_map(|(peer, version)| compare(peer, version, header_len, &data[..len]))
        .collect()
}

/// The known differences, in words.
pub fn known() -> impl Iterator<Item = String> {
    DIFFERENCES.iter().map(ToString::to_string)
}

/// The sizes of the fixed header and of the whole packet, if it is all there.
fn frame(data: &[u8]) -> Option<(usize, usize)> {
    let mut remaining = 0;
    for (index, &byte) in data.get(1..)?.iter().take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * index);
        if byte < 0x80 {
            let header_len = index + 2;
            let len = header_len + remaining;
            return (len <= data.len()).then_some((header_len, len));
        }
    }
    None
}

/// By which row of the table they differ; `None` where they do not.
fn compare(peer: Peer, version: Version, header_len: usize, bytes: &[u8]) -> Option<usize> {
    // A CONNECT names its version itself: each codec of one version is asked for that one.
    const LEVEL: usize = 6;
    let is_connect = bytes[0] >> 4 == 1;
    if is_connect && bytes.get(header_len + LEVEL) != Some(&version.level()) {
        return None;
    }
    // The peers do not ask who sent a packet.
    let ours = match read(version, Role::Client, bytes) {
        Ok(packet) => Ok((Role::Client, packet)),
        Err(from_client) => match read(version, Role::Server, bytes) {
            Ok(packet) => Ok((Role::Server, packet)),
            // The one that says the most apart from who sent it.
            Err(from_server) => Err([from_server, from_client]
                .into_iter()
                .max_by_key(|error| weight(error.kind))
                .unwrap_or(from_client)),
        },
    };
    let again;
    let how = match (ours, peer.read(version, header_len, bytes)) {
        (Err(_), None) => return None,
        (Err(error), Some(_)) => How::Takes(Fault { error, bytes }),
        (Ok((_, packet)), None) => How::Refuses(packet),
        (Ok((sender, packet)), Some(written)) => {
            again = written;
            let again = read(version, sender, &again);
            if again == Ok(packet) {
                return None;
            }
            How::Changes(packet, again)
        }
    };
    let known = DIFFERENCES
        .iter()
        .position(|known| known.explains(peer, version, &how));
    assert!(known.is_some(), "{peer:?} {version} {how:?} {bytes:02x?}");
    known
}

fn weight(kind: DecodeErrorKind) -> u8 {
    match kind {
        DecodeErrorKind::PacketOfOtherSide(_) => 0,
        DecodeErrorKind::InvalidReasonCode(_) => 1,
        DecodeErrorKind::PropertyOfOtherSide(_) => 2,
        _ => 3,
    }
}

fn read(version: Version, sender: Role, mut bytes: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let mut options = DecodeOptions::new(version, sender);
    options.topic_alias_maximum = u16::MAX;
    Ok(Packet::decode(&options, &mut bytes)?.expect("the packet is whole"))
}
