//! The fast way for CONNECT.

use crate::allowed::{Place, Senders};
use crate::packet::connect::{Flags, PLACE, PROTOCOL_NAME};
use crate::packet::{Connect, Will};
use crate::property::{self, Census};
use crate::wire::{binary, string};
use crate::{Properties, Role, Sequence, TopicName, Version};

impl<'a> Connect<'a> {
    /// Takes all that follows the fixed header, if it is right, in registers. `None` tells nothing: it
    /// is then for [`decode_any`](Self::decode_any) to say what is wrong.
    #[inline(always)]
    pub(in crate::packet) fn decode_plain(body: &'a [u8]) -> Option<Self> {
        let mut rest = body;
        if binary(&mut rest)? != PROTOCOL_NAME {
            return None;
        }
        let (&[level, flags, high, low], after) = rest.split_first_chunk()?;
        rest = after;
        let version = match level {
            4 => Version::V3_1_1,
            5 => Version::V5,
            _ => return None,
        };
        let flags = Flags(flags);
        if flags.wrong(version).is_some() {
            return None;
        }
        let properties = take_properties(&mut rest, version, PLACE)?;
        let client_id = string::take(&mut rest)?;
        if version == Version::V3_1_1 && client_id.is_empty() && !flags.has(Flags::CLEAN_START) {
            return None;
        }
        let mut will = None;
        if flags.has(Flags::WILL) {
            will = Some(Will {
                properties: take_properties(&mut rest, version, Place::WILL)?,
                topic: TopicName::plain(binary(&mut rest)?)?,
                payload: binary(&mut rest)?,
                qos: flags.will_qos()?,
                retain: flags.has(Flags::WILL_RETAIN),
            });
        }
        let mut username = None;
        if flags.has(Flags::USER_NAME) {
            username = Some(string::take(&mut rest)?);
        }
        let mut password = None;
        if flags.has(Flags::PASSWORD) {
            password = Some(binary(&mut rest)?);
        }
        rest.is_empty().then_some(Self {
            version,
            clean_start: flags.has(Flags::CLEAN_START),
            keep_alive: u16::from_be_bytes([high, low]),
            client_id,
            will,
            username,
            password,
            properties,
        })
    }
}

/// Takes properties that are right; none in 3.1.1.
#[inline(always)]
fn take_properties<'a>(
    rest: &mut &'a [u8],
    version: Version,
    place: Place,
) -> Option<Properties<'a>> {
    if version == Version::V3_1_1 {
        return Some(Sequence::from_wire(&[]));
    }
    let census = Census::new(place, Senders::only(Role::Client));
    let open = census.open_to(Role::Client);
    let taken = property::take_plain(rest, open)?;
    if census.with(open, taken.open, 0).lacks_method() {
        return None;
    }
    *rest = taken.after;
    Some(Sequence::from_wire(taken.properties))
}
