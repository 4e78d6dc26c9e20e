//! Which packet's decoder reads what follows a fixed header.

use super::{Ack, Auth, ConnAck, Connect, Disconnect, Packet, SubAck, Subscribe, Unsubscribe};
use crate::wire::Reader;
use crate::{PacketType, Role};

/// Reads what follows the fixed header, of any packet but PUBLISH, whose payload may come in pieces.
///
/// Each packet is made by a function of its own, where it is returned, and not moved there.
pub(crate) type Decoder = for<'a> fn(&mut Reader<'a>) -> Packet<'a>;

/// The decoder of what the sender may send. Where the sender is known when a program is built, what
/// only the other end sends is not linked.
#[inline(always)]
pub(crate) const fn of(sender: Role) -> Decoder {
    match sender {
        Role::Client => of_client,
        Role::Server => of_server,
    }
}

fn of_client<'a>(reader: &mut Reader<'a>) -> Packet<'a> {
    match reader.packet {
        PacketType::Connect => Connect::decode(reader),
        PacketType::Subscribe => Subscribe::decode(reader),
        PacketType::Unsubscribe => Unsubscribe::decode(reader),
        PacketType::PingReq => Packet::PingReq,
        _ => of_both(reader),
    }
}

fn of_server<'a>(reader: &mut Reader<'a>) -> Packet<'a> {
    match reader.packet {
        PacketType::ConnAck => ConnAck::decode(reader),
        PacketType::SubAck | PacketType::UnsubAck => SubAck::decode(reader),
        PacketType::PingResp => Packet::PingResp,
        _ => of_both(reader),
    }
}

fn of_both<'a>(reader: &mut Reader<'a>) -> Packet<'a> {
    match reader.packet {
        PacketType::Disconnect => Disconnect::decode(reader),
        PacketType::Auth => Auth::decode(reader),
        // The fixed header has let through no other.
        _ => Ack::decode(reader),
    }
}
