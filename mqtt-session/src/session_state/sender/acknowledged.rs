use mqtt_proto::{PacketId, QoS, ReasonCode, Version};

use super::Sender;
use crate::session_state::entry::{Entry, EntryState, Kind};
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
        self.acknowledged(packet_id, Kind::Publish(QoS::AtLeastOnce), |_| true)
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
        let Some(index) = self.known(packet_id)? else {
            // A peer whose PUBREC stays unanswered never ends its flow.
            if let (Some(link), false) = (&mut self.link, reason.is_error()) {
                link.stray = Some(packet_id);
            }
            return Ok(None);
        };
        let kind = self.table.get(index).map(|entry| entry.kind);
        if kind != Some(Kind::Publish(QoS::ExactlyOnce)) {
            return Err(Violation::WrongAcknowledgement);
        }
        if reason.is_error() {
            return Ok(self.table.remove(index).map(|entry| entry.token));
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
        // In 3.1.1 each PUBCOMP says the same, and so nothing.
        let taken = reason == ReasonCode::Success && self.version == Version::V5;
        if let Some(index) = self.known(packet_id)?.filter(|_| !taken)
            && let Some(reason) = self.table.get(index).and_then(Entry::given_up)
        {
            self.table.end(index, Completion::Unsendable(reason));
            return Ok(None);
        }
        self.acknowledged(packet_id, Kind::Publish(QoS::ExactlyOnce), |entry| {
            matches!(entry.state, EntryState::PubRelDue | EntryState::PubRelSent)
        })
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
        if let Some(index) = self.known(packet_id)? {
            let filters = self.table.get(index).map(|entry| entry.asks().filters);
            let of_old = self.version == Version::V3_1_1 && kind == Kind::Unsubscribe;
            let reasons = u32::try_from(reasons).ok();
            // [MQTT-3.8.4-6], [MQTT-3.11.3-1]
            if !of_old && reasons != filters && self.is_of(index, kind) {
                return Err(Violation::WrongReasonCount);
            }
        }
        self.acknowledged(packet_id, kind, |_| true)
    }

    fn is_of(&self, index: usize, kind: Kind) -> bool {
        self.table
            .get(index)
            .is_some_and(|entry| entry.kind == kind)
    }

    fn acknowledged(
        &mut self,
        packet_id: PacketId,
        kind: Kind,
        is_due: impl Fn(&Entry) -> bool,
    ) -> Result<Option<Token>, Violation> {
        let Some(index) = self.known(packet_id)? else {
            return Ok(None);
        };
        let fits = |entry: &Entry| entry.kind == kind && is_due(entry);
        if !self.table.get(index).is_some_and(fits) {
            return Err(Violation::WrongAcknowledgement);
        }
        Ok(self.table.remove(index).map(|entry| entry.token))
    }

    /// The entry of an identifier that the other side can know: its packet was handed out whole.
    fn known(&self, packet_id: PacketId) -> Result<Option<usize>, Violation> {
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
        Ok((entry.state != EntryState::Queued).then_some(index))
    }
}
