use mqtt_proto::{PacketId, QoS, ReasonCode, Version};

use super::Sender;
use super::table::Operations;
use crate::session_state::entry::{EntryState, Kind, Section};
use crate::storage::SendTable;
use crate::{Completion, Instant, Storage, Token, Violation};

/// `handle_*`: an acknowledgement came, or time has passed. Each gives the operation that is over.
///
/// An acknowledgement for an identifier that is not in use is harmless (it may be late, from a
/// Session that was lost since) and is ignored, but for PUBREC, whose sender waits for a PUBREL.
/// One of another kind than the operation's is a Protocol Error.
impl<S: Storage> Sender<S> {
    /// PUBACK came.
    ///
    /// # Errors
    /// [`Violation::WrongAcknowledgement`]: the identifier is another kind of operation's, or its
    /// packet was not handed out whole.
    pub fn handle_puback(&mut self, packet_id: PacketId) -> Result<Option<Token>, Violation> {
        let index = self.known(packet_id, Kind::Publish(QoS::AtLeastOnce))?;
        Ok(index.and_then(|index| self.table.remove(index)))
    }

    /// PUBREC came. With an error it is the end [MQTT-4.4.0-2]; otherwise PUBREL is due [MQTT-4.3.3-4].
    ///
    /// # Errors
    /// Those of [`handle_puback`](Self::handle_puback).
    pub fn handle_pubrec(
        &mut self,
        packet_id: PacketId,
        reason: ReasonCode,
    ) -> Result<Option<Token>, Violation> {
        let Some(index) = self.known(packet_id, Kind::Publish(QoS::ExactlyOnce))? else {
            // A peer whose PUBREC stays unanswered never ends its flow.
            if let (Some(link), false) = (&mut self.link, reason.is_error()) {
                link.stray = Some(packet_id);
            }
            return Ok(None);
        };
        if reason.is_error() {
            return Ok(self.table.remove(index));
        }
        self.table.release(index);
        Ok(None)
    }

    /// PUBCOMP came. Of a message that was not sent again, because the other side does not take it
    /// any more, it tells whether it was taken before; where it was not, the operation ends as
    /// [`Completion::Unsendable`].
    ///
    /// # Errors
    /// Those of [`handle_puback`](Self::handle_puback), and where PUBREC has not come.
    pub fn handle_pubcomp(
        &mut self,
        packet_id: PacketId,
        reason: ReasonCode,
    ) -> Result<Option<Token>, Violation> {
        let Some(index) = self.known(packet_id, Kind::Publish(QoS::ExactlyOnce))? else {
            return Ok(None);
        };
        let Some(entry) = self.table.get(index) else {
            return Ok(None);
        };
        if entry.section() != Section::Released {
            return Err(Violation::WrongAcknowledgement);
        }
        // In 3.1.1 each PUBCOMP says the same, and so nothing.
        let taken = reason == ReasonCode::Success && self.version == Version::V5;
        if let (Some(reason), false) = (entry.given_up(), taken) {
            self.table.end(index, Completion::Unsendable(reason));
            return Ok(None);
        }
        Ok(self.table.remove(index))
    }

    /// SUBACK came, with so many reason codes.
    ///
    /// # Errors
    /// [`Violation::WrongReasonCount`]: there is not one reason code for each filter. Those of
    /// [`handle_puback`](Self::handle_puback).
    pub fn handle_suback(
        &mut self,
        packet_id: PacketId,
        reasons: usize,
    ) -> Result<Option<Token>, Violation> {
        self.answered(packet_id, Kind::Subscribe, reasons)
    }

    /// UNSUBACK came, with so many reason codes; in 3.1.1 there are none.
    ///
    /// # Errors
    /// [`Violation::WrongReasonCount`]: there is not one reason code for each filter. Those of
    /// [`handle_puback`](Self::handle_puback).
    pub fn handle_unsuback(
        &mut self,
        packet_id: PacketId,
        reasons: usize,
    ) -> Result<Option<Token>, Violation> {
        self.answered(packet_id, Kind::Unsubscribe, reasons)
    }

    /// Time has passed: messages that expired before they were sent are over.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.table.expiry().has_come(now) {
            self.table.update(&|entry| {
                if entry.expiry().has_come(now) {
                    EntryState::Ended(Completion::Expired)
                } else {
                    entry.state
                }
            });
        }
    }

    fn answered(
        &mut self,
        packet_id: PacketId,
        kind: Kind,
        reasons: usize,
    ) -> Result<Option<Token>, Violation> {
        let Some(index) = self.known(packet_id, kind)? else {
            return Ok(None);
        };
        let filters = self.table.get(index).map(|entry| entry.asks().filters);
        let of_old = self.version == Version::V3_1_1 && kind == Kind::Unsubscribe;
        // [MQTT-3.8.4-6], [MQTT-3.11.3-1]
        if !of_old && u32::try_from(reasons).ok() != filters {
            return Err(Violation::WrongReasonCount);
        }
        Ok(self.table.remove(index))
    }

    /// The entry of an identifier that the other side can know: its packet was handed out whole,
    /// and is of this kind.
    fn known(&self, packet_id: PacketId, kind: Kind) -> Result<Option<usize>, Violation> {
        let Some(index) = self.table.find(packet_id) else {
            return Ok(None);
        };
        let Some(entry) = self.table.get(index) else {
            return Ok(None);
        };
        let handing_out = self
            .link
            .as_ref()
            .and_then(|link| link.handing_out.as_ref());
        if handing_out.is_some_and(|it| it.token == entry.token) {
            return Err(Violation::WrongAcknowledgement);
        }
        if entry.state == EntryState::Queued {
            return Ok(None);
        }
        if entry.kind != kind {
            return Err(Violation::WrongAcknowledgement);
        }
        Ok(Some(index))
    }
}
