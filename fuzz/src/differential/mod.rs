//! Two other codecs take what we take, refuse what we refuse and read the same in it, but for a
//! table of known differences.

mod differences;
mod peers;

use mqtt_proto::{DecodeError, DecodeErrorKind, DecodeOptions, Packet, Role, Version};

use self::differences::{DIFFERENCES, How};
use self::peers::Peer;

/// The bytes begin with a packet.
pub fn check(data: &[u8]) {
    let Some((header_len, len)) = frame(data) else {
        return;
    };
    let packet = &data[..len];
    for (peer, version) in Peer::ALL {
        compare(peer, version, header_len, packet);
    }
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

fn compare(peer: Peer, version: Version, header_len: usize, bytes: &[u8]) {
    // A CONNECT names its version itself: each codec of one version is asked for that one.
    const LEVEL: usize = 6;
    let is_connect = bytes[0] >> 4 == 1;
    if is_connect && bytes.get(header_len + LEVEL) != Some(&version.level()) {
        return;
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
    let how = match (ours, peer.read(version, header_len, bytes)) {
        (Err(_), None) => return,
        (Err(error), Some(_)) => How::Takes(error.kind, bytes[0] >> 4),
        (Ok((_, packet)), None) => How::Refuses(packet),
        (Ok((sender, packet)), Some(again)) => {
            if read(version, sender, &again) == Ok(packet) {
                return;
            }
            How::Changes(packet)
        }
    };
    let known = DIFFERENCES
        .iter()
        .any(|known| known.explains(peer, version, &how));
    assert!(known, "{peer:?} {version} {how:?} {bytes:02x?}");
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
    let options = DecodeOptions {
        topic_alias_maximum: u16::MAX,
        ..DecodeOptions::new(version, sender)
    };
    Ok(Packet::decode(&options, &mut bytes)?.expect("the packet is whole"))
}
