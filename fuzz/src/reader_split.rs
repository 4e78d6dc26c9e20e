//! However a stream is split into reads, a `PacketReader` finds in it what decoding the whole finds.

use mqtt_proto::{
    DecodeError, DecodeOptions, Item, Packet, PacketReader, Publish, PublishHead, Version,
};

/// The first byte says how the rest, a stream of packets, is split: into pieces of that many bytes.
pub fn check(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    let size = usize::from(size).max(1);
    // Whatever straddles two reads fits.
    let ample = stream.len() * 2 + 64;
    for options in crate::every_options() {
        let whole = read(&options, stream, stream.len().max(1), ample);
        let split = read(&options, stream, size, ample);
        assert_eq!(whole, split, "in pieces of {size}");
        // What does not fit is passed over or refused, in whatever pieces it came.
        for scratch in [size, 255 - size] {
            let whole = read(&options, stream, stream.len().max(1), scratch);
            for size in [size, 1] {
                let split = read(&options, stream, size, scratch);
                assert_eq!(
                    whole, split,
                    "in pieces of {size}, {scratch} bytes of scratch"
                );
            }
        }

        // `Packet::decode` does not resolve topic aliases: so without them.
        let options = DecodeOptions {
            topic_alias_maximum: 0,
            ..options
        };
        let split = read(&options, stream, size, ample);
        let decoded = decode(&options, stream);
        assert!(
            split.packets.starts_with(&decoded.packets),
            "in pieces of {size}"
        );
        // It waits for a packet to be whole, where the reader tells what is wrong with its head.
        if decoded.error.is_some() {
            assert_eq!(split.error, decoded.error, "in pieces of {size}");
        }
    }
}

/// What was found in a stream.
#[derive(Debug, Default, PartialEq)]
struct Found {
    /// The packets, each encoded again; the payload of the last may be cut short.
    packets: Vec<u8>,
    error: Option<DecodeError>,
}

fn read(options: &DecodeOptions, stream: &[u8], size: usize, scratch: usize) -> Found {
    let scratch_len = scratch;
    let mut scratch = vec![0; scratch];
    let mut reader = PacketReader::new(*options, &mut scratch);
    let mut found = Found::default();
    for piece in stream.chunks(size) {
        let mut input = piece;
        loop {
            let version = reader.version();
            match reader.read(&mut input) {
                Ok(Some(Item::Packet(packet))) => found.packet(&packet, version),
                Ok(Some(Item::Message {
                    head,
                    payload,
                    remaining,
                })) => {
                    found.head(&head, payload.len() + remaining as usize, version);
                    found.packets.extend_from_slice(payload);
                }
                Ok(Some(Item::Payload { payload, .. })) => {
                    assert!(!payload.is_empty());
                    found.packets.extend_from_slice(payload);
                }
                Ok(Some(Item::Oversized { delivery })) => {
                    assert!(scratch_len < stream.len() * 2 + 64, "scratch is ample");
                    found.packets.extend(format!("{delivery:?}").into_bytes());
                }
                Ok(None) => {
                    assert!(input.is_empty(), "input is left over");
                    break;
                }
                Err(error) => {
                    let rest = input;
                    assert_eq!(reader.read(&mut input), Err(error), "an error stays");
                    assert_eq!(input, rest, "nothing is taken after an error");
                    found.error = Some(error);
                    return found;
                }
            }
        }
    }
    found
}

fn decode(options: &DecodeOptions, mut stream: &[u8]) -> Found {
    let mut options = *options;
    let mut found = Found::default();
    loop {
        match Packet::decode(&options, &mut stream) {
            Ok(Some(Packet::Publish(Publish { head, payload }))) => {
                found.head(&head, payload.len(), options.version);
                found.packets.extend_from_slice(payload);
            }
            Ok(Some(packet)) => {
                found.packet(&packet, options.version);
                if let Packet::Connect(connect) = packet {
                    options.version = connect.version;
                }
            }
            Ok(None) => return found,
            Err(error) => {
                found.error = Some(error);
                return found;
            }
        }
    }
}

impl Found {
    fn packet(&mut self, packet: &Packet<'_>, version: Version) {
        let size = packet
            .encoded_len(version)
            .expect("what was decoded can be encoded");
        let start = self.packets.len();
        self.packets.resize(start + size, 0);
        packet
            .encode(version, &mut self.packets[start..])
            .expect("it has room");
    }

    fn head(&mut self, head: &PublishHead<'_>, payload: usize, version: Version) {
        let size = head
            .encoded_len(version, payload)
            .expect("what was decoded can be encoded");
        let start = self.packets.len();
        self.packets.resize(start + size, 0);
        head.encode(version, payload, &mut self.packets[start..])
            .expect("it has room");
    }
}
