use mqtt_proto::{PacketType, QoS, ReasonCode};

use super::table::Operations;
use super::{HandingOut, Sender, refused, too_large};
use crate::connection::{Limits, Out};
use crate::session_state::entry::{Entry, EntryState, Kind};
use crate::session_state::outbox;
use crate::storage::SendTable;
use crate::{Completion, Instant, PayloadDue, Storage, Token};

/// `poll_*`: what is owed.
impl<S: Storage> Sender<S> {
    /// Writes what is to be sent to the front of `buf` (at least 8 bytes) and returns its size.
    /// 0: nothing is due, or the payload of [`poll_payload`](Self::poll_payload) is.
    pub fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> usize {
        let limits = self.limits().copied().unwrap_or_default();
        let mut out = Out::new(buf, limits.maximum_packet_size);
        self.transmit(now, &mut out);
        out.len()
    }

    /// The streamed payload whose bytes are due next.
    #[must_use]
    pub fn poll_payload(&self) -> Option<PayloadDue> {
        let handing_out = self.link.as_ref()?.handing_out.as_ref()?;
        let index = self.table.position_in_rest(handing_out.token)?;
        let packet = self.table.bytes(index);
        let head = u32::try_from(packet.len()).ok()?;
        let remaining = outbox::wire_len(packet)?.checked_sub(handing_out.count)?;
        Some(PayloadDue {
            token: handing_out.token,
            offset: handing_out.count.checked_sub(head)?,
            remaining,
        })
    }

    /// So many bytes of the payload due were given to the transport.
    pub fn payload_sent(&mut self, count: u32) {
        let Some(due) = self.poll_payload() else {
            return;
        };
        if let Some(handing_out) = self.handing_out() {
            handing_out.count = handing_out.count.wrapping_add(count.min(due.remaining));
        }
        if count >= due.remaining
            && let Some(index) = self.table.position_in_rest(due.token)
        {
            self.handed_out(index);
        }
    }

    /// An operation that ended without a packet that says so.
    pub fn poll_completed(&mut self) -> Option<(Token, Completion)> {
        self.table.take_ended()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called; maybe earlier than needed.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.expiry().deadline()
    }

    /// The same, `NEVER` for `None`.
    pub(crate) fn expiry(&self) -> Instant {
        self.table.expiry()
    }

    /// Writes all that is due; `false` where `out` has no room for the rest of it.
    pub(crate) fn transmit(&mut self, now: Instant, out: &mut Out<'_>) -> bool {
        loop {
            if !self.transmit_rest(out) {
                return false;
            }
            let Some(link) = &mut self.link else {
                return true;
            };
            if let Some(packet_id) = link.stray {
                let reason = ReasonCode::PacketIdentifierNotFound;
                if !out.ack(self.version, PacketType::PubRel, packet_id, reason) {
                    return false;
                }
                link.stray = None;
                continue;
            }
            let started = link.limits.is_some();
            if started
                && let Some(index) = self.table.pubrel_due()
                && let Some(packet_id) = self.table.get(index).and_then(|entry| entry.packet_id)
            {
                if !out.ack(
                    self.version,
                    PacketType::PubRel,
                    packet_id,
                    ReasonCode::Success,
                ) {
                    return false;
                }
                self.table.set_state(index, EntryState::PubRelSent);
                continue;
            }
            match self.next_packet(now) {
                None => return true,
                Some((index, Some(completion))) => self.withdraw(index, completion),
                Some(_) if out.is_full() => return false,
                Some((index, None)) => self.hand_out(index),
            }
        }
    }

    /// Writes more of the packet that is partly handed out; `false` where its end was not reached.
    pub(crate) fn transmit_rest(&mut self, out: &mut Out<'_>) -> bool {
        let Some(link) = &mut self.link else {
            return true;
        };
        let Some(handing_out) = &mut link.handing_out else {
            return true;
        };
        let index = self.table.position_in_rest(handing_out.token);
        let (Some(index), Some(entry)) = (index, index.and_then(|index| self.table.get(index)))
        else {
            // The operation was ended by a call that has no place here.
            link.handing_out = None;
            return true;
        };
        let packet = self.table.bytes(index);
        let count = usize::try_from(handing_out.count).unwrap_or(usize::MAX);
        // [MQTT-3.3.1-1], and by nothing else [MQTT-3.3.1-3].
        let again = entry.state == EntryState::Resend && entry.kind.is_acknowledged_publish();
        let flags = if count == 0 && again { outbox::DUP } else { 0 };
        let written = out.bytes(packet.get(count..).unwrap_or_default(), flags);
        let written = u32::try_from(written).unwrap_or(u32::MAX);
        handing_out.count = handing_out.count.wrapping_add(written);
        if outbox::wire_len(packet).is_some_and(|len| handing_out.count < len) {
            return false;
        }
        self.handed_out(index);
        true
    }

    /// The packet to be handed out next, and how it ends where it is not to be.
    fn next_packet(&mut self, now: Instant) -> Option<(usize, Option<Completion>)> {
        let first = self.table.unsent()?;
        let Some(limits) = &self.link.as_ref()?.limits else {
            let is_auth = |entry: &Entry| entry.kind == Kind::Auth;
            return Some((self.table.unsent_control(first, is_auth)?, None));
        };
        let ending = self.ending(first, now, limits);
        let entry = self.table.get(first)?;
        // [MQTT-3.3.4-7], [MQTT-4.9.0-2]; nothing but PUBLISH is delayed [MQTT-3.3.4-8], [MQTT-4.9.0-3].
        let receive_maximum = usize::from(limits.receive_maximum.get());
        if ending.is_none()
            && entry.kind.is_acknowledged_publish()
            && self.table.in_flight() >= receive_maximum
        {
            let control = self.table.unsent_control(first, |_| true)?;
            return Some((control, self.ending(control, now, limits)));
        }
        Some((first, ending))
    }

    /// Ends an operation that is not to be sent. A QoS 2 message that was sent on an earlier
    /// connection ends later: its receiver may hold the packet identifier, would take the
    /// next message under it for a duplicate [MQTT-4.3.3-10], and so has to hear PUBREL first.
    /// At QoS 1 a receiver holds nothing [MQTT-4.3.2-5].
    fn withdraw(&mut self, index: usize, completion: Completion) {
        let entry = self.table.get(index).map(|entry| (entry.state, entry.kind));
        match (entry, completion) {
            (
                Some((EntryState::Resend, Kind::Publish(QoS::ExactlyOnce))),
                Completion::Unsendable(reason),
            ) => self.table.give_up(index, reason),
            // Nobody has its token. It was for before CONNACK, which told the limits.
            (Some((_, Kind::Auth)), _) => {
                self.table.remove(index);
            }
            _ => self.table.end(index, completion),
        }
    }

    /// How an entry ends instead of being sent.
    fn ending(&self, index: usize, now: Instant, limits: &Limits) -> Option<Completion> {
        let entry = self.table.get(index)?;
        if entry.expiry().has_come(now) {
            return Some(Completion::Expired);
        }
        let packet = self.table.bytes(index);
        let wire_len = outbox::wire_len(packet).unwrap_or(u32::MAX);
        let reason = match entry.kind {
            Kind::Publish(qos) => refused(limits, qos, outbox::retain(packet)),
            Kind::Subscribe | Kind::Unsubscribe | Kind::Auth => entry.asks().refused_by(limits),
        };
        let reason = reason.or_else(|| too_large(limits, wire_len));
        reason.map(Completion::Unsendable)
    }

    fn hand_out(&mut self, index: usize) {
        let Some(entry) = self.table.get(index) else {
            return;
        };
        let handing_out = HandingOut {
            token: entry.token,
            count: 0,
        };
        if let Some(link) = &mut self.link {
            link.handing_out = Some(handing_out);
        }
        self.table.begin(index);
    }

    fn handed_out(&mut self, index: usize) {
        if let Some(link) = &mut self.link {
            link.handing_out = None;
        }
        let kind = self.table.get(index).map(|entry| entry.kind);
        match kind {
            Some(Kind::Publish(QoS::AtMostOnce)) => self.table.end(index, Completion::Sent),
            Some(Kind::Auth) => {
                self.table.remove(index);
            }
            _ => self.table.set_state(index, EntryState::Sent),
        }
    }

    fn handing_out(&mut self) -> Option<&mut HandingOut> {
        self.link.as_mut()?.handing_out.as_mut()
    }
}
