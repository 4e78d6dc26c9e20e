//! What is valid is encoded, into just as many bytes as it says, and decoded to the same; what is
//! not is refused before a byte is written.

use arbitrary::{Arbitrary, Result, Unstructured};
use mqtt_proto::arbitrary::{Arena, Draw};
use mqtt_proto::{
    DecodeOptions, EncodeError, Packet, PacketEncoder, Publish, PublishHead, Role, Version,
};

/// From the bytes, a valid packet is drawn and then one that need not be.
pub fn check(data: &[u8]) {
    // Bytes that end are no error of a source.
    check_drawn(&mut Unstructured::new(data)).expect("packets can be drawn from any bytes");
}

fn check_drawn(source: &mut Unstructured<'_>) -> Result<()> {
    let arena = Arena::new();
    let (version, sender) = (Version::arbitrary(source)?, Role::arbitrary(source)?);
    let packet = Draw::new(source, &arena).packet(version, sender)?;
    let bytes = encode(&packet, version).expect("a valid packet");
    assert!(is_decoded_by(&packet, &bytes, version, sender));
    if let Packet::Publish(publish) = &packet {
        check_head(publish, version, &bytes);
        check_lengths(&publish.head, version);
    }

    let packet = Draw::new(source, &arena).wild_packet()?;
    let version = Version::arbitrary(source)?;
    if let Ok(bytes) = encode(&packet, version) {
        let version = match &packet {
            Packet::Connect(connect) => connect.version,
            _ => version,
        };
        let decoded = |sender| is_decoded_by(&packet, &bytes, version, sender);
        assert!(decoded(Role::Client) || decoded(Role::Server), "{packet:?}");
    }
    Ok(())
}

/// Encodes it into a buffer of the right size, and into one that lacks a byte.
fn encode(packet: &Packet<'_>, version: Version) -> std::result::Result<Vec<u8>, EncodeError> {
    const UNTOUCHED: u8 = 0xA5;
    let needed = match packet.encoded_len(version) {
        Ok(needed) => needed,
        Err(error) => {
            let mut buf = [UNTOUCHED; 64];
            assert_eq!(packet.encode(version, &mut buf), Err(error));
            assert_eq!(buf, [UNTOUCHED; 64]);
            return Err(error);
        }
    };
    let mut buf = vec![UNTOUCHED; needed - 1];
    let refused = packet.encode(version, &mut buf);
    assert_eq!(refused, Err(EncodeError::BufferTooSmall { needed }));
    assert!(buf.iter().all(|&byte| byte == UNTOUCHED));
    buf.extend([UNTOUCHED; 2]);
    assert_eq!(packet.encode(version, &mut buf), Ok(needed));
    assert_eq!(buf.pop(), Some(UNTOUCHED));
    // A large packet in no more pieces than there is time for.
    let least = 1 + needed / 0x400;
    for size in [least, least + 6, needed] {
        assert_eq!(encode_in_pieces(packet, version, size), buf);
    }
    Ok(buf)
}

/// Encodes it into one small buffer after another.
fn encode_in_pieces(packet: &Packet<'_>, version: Version, size: usize) -> Vec<u8> {
    let mut encoder = PacketEncoder::new(packet, version).expect("it can be encoded");
    let mut bytes = Vec::new();
    let mut buf = vec![0; size];
    while encoder.remaining() > 0 {
        let expected = encoder.remaining().min(size);
        assert_eq!(encoder.encode(&mut buf), expected);
        bytes.extend(&buf[..expected]);
    }
    assert_eq!(encoder.encode(&mut buf), 0);
    bytes
}

/// Whether the bytes, and not fewer, are the packet to a receiver.
fn is_decoded_by(packet: &Packet<'_>, bytes: &[u8], version: Version, sender: Role) -> bool {
    let mut options = DecodeOptions::new(version, sender);
    options.topic_alias_maximum = u16::MAX;
    let whole = Packet::decode(&options, &mut &bytes[..]) == Ok(Some(*packet));
    if whole {
        for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(Packet::decode(&options, &mut &bytes[..cut]), Ok(None));
        }
    }
    whole
}

/// The head alone is the packet up to its payload.
fn check_head(publish: &Publish<'_>, version: Version, bytes: &[u8]) {
    let payload = publish.payload;
    let needed = publish.head.encoded_len(version, payload.len());
    assert_eq!(needed, Ok(bytes.len() - payload.len()));
    let mut head = vec![0; bytes.len()];
    let len = publish.head.encode(version, payload.len(), &mut head);
    assert_eq!(len, needed);
    head.truncate(bytes.len() - payload.len());
    head.extend(payload);
    assert_eq!(head, bytes);
}

/// Before a larger payload the Remaining Length takes a byte more, and there is a largest payload.
fn check_lengths(head: &PublishHead<'_>, version: Version) {
    let four_bytes = head.encoded_len(version, 0x20_0000);
    let rest = four_bytes.expect("there is room") - 5;
    for (bytes, most) in [(1, 0x7F), (2, 0x3FFF), (3, 0x1F_FFFF), (4, 0xFFF_FFFF)] {
        let needed = 1 + bytes + rest;
        let more = match bytes {
            4 => Err(EncodeError::PacketTooLarge),
            _ => Ok(needed + 1),
        };
        if let Some(payload) = usize::checked_sub(most, rest) {
            assert_eq!(head.encoded_len(version, payload), Ok(needed));
            assert_eq!(head.encoded_len(version, payload + 1), more);
        }
    }
}
