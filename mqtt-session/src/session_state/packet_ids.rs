use mqtt_proto::PacketId;

use crate::storage::SendTable;

/// The first identifier from `next` on that no operation uses [MQTT-2.2.1-3], [MQTT3-2.3.1-3]; `None` when all are used.
///
/// Going round rather than taking the lowest keeps an identifier out of use for long, so that
/// a late acknowledgement finds nobody.
pub(super) fn unused(table: &impl SendTable, next: PacketId) -> Option<PacketId> {
    let after = |id: &PacketId| Some(id.next());
    let mut ring = core::iter::successors(Some(next), after).take(usize::from(u16::MAX));
    ring.find(|&id| !table.has_id(id))
}
