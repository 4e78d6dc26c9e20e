//! Where a packet, or the head of a PUBLISH, ends: found from its lengths alone.

use crate::packet::FixedHeader;
use crate::wire::varint;
use crate::{DecodeError, DecodeOptions, PacketType, Version};

/// What the bytes at hand tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The fixed header, once it is whole.
    pub(super) header: Option<FixedHeader>,
    /// Where the head of a PUBLISH ends, or any other packet; where this lies beyond the bytes
    /// at hand, they are needed up to there to go on.
    pub(super) end: usize,
}

/// Looks at the start of a packet.
///
/// A length that points beyond the packet ends the frame there: decoding it
/// finds the same error that decoding the whole packet would.
#[inline]
pub(super) fn find(options: &DecodeOptions, bytes: &[u8]) -> Result<Frame, DecodeError> {
    let Some(header) = FixedHeader::decode(options, bytes)? else {
        return Ok(Frame {
            header: None,
            end: bytes.len().saturating_add(1),
        });
    };
    let packet_end = usize::try_from(header.packet_len()).unwrap_or(usize::MAX);
    let end = if header.packet_type == PacketType::Publish {
        let bytes = bytes.get(..packet_end).unwrap_or(bytes);
        publish_head(options.version, &header, bytes, packet_end).min(packet_end)
    } else {
        packet_end
    };
    Ok(Frame {
        header: Some(header),
        end,
    })
}

/// Where the head of a PUBLISH ends, or a place beyond `bytes` up to which more is needed to tell.
fn publish_head(version: Version, header: &FixedHeader, bytes: &[u8], packet_end: usize) -> usize {
    let topic_start = header.len.saturating_add(2);
    let Some((length, _)) = bytes.get(header.len..).and_then(<[u8]>::split_first_chunk) else {
        return topic_start;
    };
    let mut at = topic_start.saturating_add(usize::from(u16::from_be_bytes(*length)));
    if at > packet_end {
        return topic_start;
    }
    if header.flags & 0b0110 != 0 {
        at = at.saturating_add(2);
    }
    if version == Version::V3_1_1 || at >= packet_end {
        return at;
    }
    match varint::decode(bytes.get(at..).unwrap_or_default()) {
        Err((_, index)) => at.saturating_add(index).saturating_add(1),
        Ok(None) => at.max(bytes.len()).saturating_add(1),
        Ok(Some((properties_len, len))) => {
            let properties = at.saturating_add(len);
            let end =
                properties.saturating_add(usize::try_from(properties_len).unwrap_or(usize::MAX));
            if end > packet_end { properties } else { end }
        }
    }
}
