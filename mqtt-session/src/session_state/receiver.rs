mod received;

#[cfg(test)]
mod tests;

pub(crate) use received::{Received, ReceivedState};

use mqtt_proto::{Delivery, PacketId, PacketType, QoS, ReasonCode, Version};

use crate::connection::Out;
use crate::storage::ReceiveTable;
use crate::{AckToken, AcknowledgeError, Storage, Violation};

/// The receiver of section 4.3, whichever side it is on: QoS 1 and 2 messages from PUBLISH until
/// their last acknowledgement. What a QoS 2 message needs so as not to be delivered twice
/// outlives the Network Connection.
///
/// A [`Session`](crate::Session) has one; a Server can have one for each of its Clients.
///
/// ```text
///  PUBLISH ─> Delivering ─> Unacknowledged ─> AckDue ─PUBACK, or PUBREC with an error─> forgotten
///             last chunk    acknowledge          └─PUBREC─> AwaitingRel ─PUBREL─> CompDue ─PUBCOMP─> forgotten
/// ```
///
/// Each message is answered as its QoS asks for [MQTT-3.3.4-1], [MQTT-4.5.0-2], under its packet
/// identifier [MQTT-2.2.1-5]: by PUBACK [MQTT-4.3.2-4], [MQTT3-4.3.2-2], or by PUBREC and PUBCOMP
/// [MQTT-4.3.3-8], [MQTT3-4.3.3-2].
///
/// Acknowledgements are not queued, they follow from the table: PUBACKs leave in the order of their
/// messages [MQTT-4.6.0-2], PUBRECs in that of theirs [MQTT-4.6.0-3].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receiver<S: Storage> {
    version: Version,
    manual_ack: bool,
    next_token: u64,
    table: S::Receive,
    link: Link,
}

/// What dies with the Network Connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Link {
    receive_maximum: u16,
    incoming: Incoming,
    /// A PUBREL came that belongs to nothing: its PUBCOMP is due.
    stray: Option<PacketId>,
}

/// What becomes of the payload that is coming in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Incoming {
    Nothing,
    /// Handed over; at QoS 1 and 2 it is the last entry's, which is `Delivering`.
    Delivered,
    /// Known already, and swallowed.
    Duplicate(PacketId),
}

/// What to do with a PUBLISH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reception {
    /// Deliver it; with a token where the application is to acknowledge it.
    Deliver(Option<AckToken>),
    /// It was delivered before; drop it and its payload.
    Duplicate,
}

/// Getters.
impl<S: Storage> Receiver<S> {
    /// A receiver that knows no message. With `manual_ack`, each is acknowledged by
    /// [`acknowledge`](Self::acknowledge); otherwise with the last of its payload.
    #[must_use]
    pub fn new(version: Version, manual_ack: bool) -> Self {
        let table = S::Receive::default();
        let link = Link::new(table.capacity());
        Self {
            version,
            manual_ack,
            next_token: 0,
            table,
            link,
        }
    }

    /// How many messages can be tracked at once: the most that a Receive Maximum may announce.
    #[must_use]
    pub fn capacity(&self) -> u16 {
        self.table.capacity()
    }

    /// How many messages are tracked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no message is tracked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// Whether no more packets can be taken until [`poll_transmit`](Self::poll_transmit) has given
    /// acknowledgements that are due, or the application has acknowledged: the table is full, though
    /// the other side has done nothing wrong.
    ///
    /// In 3.1.1 there is no Receive Maximum that keeps the table from being full. In 5.0 the send
    /// quota begins anew with each connection [MQTT-4.9.0-1], while QoS 2 messages of the one before
    /// keep their places until their PUBCOMP is out.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        if self.link.stray.is_some() {
            return true;
        }
        let keeps_to_quota = self.version == Version::V3_1_1 || !self.is_quota_used();
        self.is_full()
            && keeps_to_quota
            && self.link.incoming == Incoming::Nothing
            && self.table.is_unpaid()
    }
}

/// The life of a Network Connection.
impl<S: Storage> Receiver<S> {
    /// A Network Connection begins on which this side announced `receive_maximum`; what the
    /// capacity cannot track is not accepted, whatever was announced.
    ///
    /// The other side sends again what it has no acknowledgement of: QoS 1 is taken anew, QoS 2
    /// by its packet identifier.
    pub fn open(&mut self, receive_maximum: u16) {
        self.close();
        self.link = Link::new(receive_maximum.min(self.table.capacity()));
    }

    /// The other side has no Session: its packet identifiers begin anew [MQTT-3.2.2-5].
    pub fn session_lost(&mut self) {
        self.table = S::Receive::default();
    }

    /// The Network Connection is over. A message that was cut off is forgotten: it comes again.
    pub fn close(&mut self) {
        self.link = Link::new(self.link.receive_maximum);
        self.table.retain(|received| {
            received.counted = false;
            if matches!(
                received.state,
                ReceivedState::AckDue | ReceivedState::CompDue
            ) {
                // The repeated PUBLISH or PUBREL will ask for it.
                received.state = ReceivedState::AwaitingRel;
            }
            received.exactly_once && received.state != ReceivedState::Delivering
        });
    }
}

/// `handle_*`: a packet came.
impl<S: Storage> Receiver<S> {
    /// A PUBLISH came, of whose payload `remaining` bytes are still to come.
    ///
    /// # Errors
    /// [`Violation::ReceiveMaximumExceeded`]: more are in flight than were announced or can be
    /// tracked. [`Violation::PacketIdInUse`]: another message has its identifier.
    pub fn handle_publish(
        &mut self,
        delivery: Delivery,
        remaining: u32,
    ) -> Result<Reception, Violation> {
        let reception = self.receive(delivery, ReasonCode::Success)?;
        self.link.incoming = match reception {
            Reception::Duplicate => delivery
                .packet_id()
                .map_or(Incoming::Nothing, Incoming::Duplicate),
            Reception::Deliver(_) => Incoming::Delivered,
        };
        self.came(remaining);
        Ok(reception)
    }

    /// A piece of the payload came, `remaining` bytes are still to come. Whether to deliver it.
    pub fn handle_payload(&mut self, remaining: u32) -> bool {
        let deliver = self.link.incoming == Incoming::Delivered;
        self.came(remaining);
        deliver
    }

    /// A PUBLISH came that cannot be delivered, and is refused with `reason` (in 3.1.1, which
    /// cannot refuse, acknowledged [MQTT3-3.3.5-2]). `false`: it was delivered before.
    ///
    /// # Errors
    /// Those of [`handle_publish`](Self::handle_publish).
    pub fn handle_refused(
        &mut self,
        delivery: Delivery,
        reason: ReasonCode,
    ) -> Result<bool, Violation> {
        let reason = match self.version {
            Version::V3_1_1 => ReasonCode::Success,
            Version::V5 => reason,
        };
        let is_new = self.receive(delivery, reason)? != Reception::Duplicate;
        if is_new {
            self.delivered(ReceivedState::AckDue);
        }
        Ok(is_new)
    }

    /// PUBREL came: PUBCOMP is due [MQTT-4.3.3-11]. `false`: it belongs to nothing, and is
    /// answered with Packet Identifier not found.
    ///
    /// # Errors
    /// [`Violation::WrongAcknowledgement`]: the message is of QoS 1, or its PUBREC was not handed out.
    pub fn handle_pubrel(&mut self, packet_id: PacketId) -> Result<bool, Violation> {
        let Some(index) = self.table.find(packet_id) else {
            self.link.stray = Some(packet_id);
            return Ok(false);
        };
        let received = self.table.get(index);
        match received.map(|received| (received.exactly_once, received.state)) {
            Some((true, ReceivedState::AwaitingRel)) => {
                self.set_state(index, ReceivedState::CompDue);
                Ok(true)
            }
            Some((true, ReceivedState::CompDue)) => Ok(true),
            // A 3.1.1 Server may repeat a message before it has our PUBREC, and the PUBREL that
            // answers this one comes behind it.
            Some((true, ReceivedState::AckDue)) if self.version == Version::V3_1_1 => {
                self.set_state(index, ReceivedState::CompDue);
                Ok(true)
            }
            _ => Err(Violation::WrongAcknowledgement),
        }
    }

    fn receive(&mut self, delivery: Delivery, reason: ReasonCode) -> Result<Reception, Violation> {
        let Some(packet_id) = delivery.packet_id() else {
            return Ok(Reception::Deliver(None));
        };
        let exactly_once = delivery.qos() == QoS::ExactlyOnce;
        if let Some(index) = self.table.find(packet_id) {
            return self.receive_again(index, exactly_once, delivery.dup());
        }
        if self.is_full() || self.is_quota_used() {
            return Err(Violation::ReceiveMaximumExceeded);
        }
        let token = self.next_token;
        self.next_token = self.next_token.wrapping_add(1);
        self.table.push(Received {
            token,
            packet_id,
            exactly_once,
            state: ReceivedState::Delivering,
            reason,
            counted: true,
        });
        let token = self.manual_ack.then_some(AckToken(token));
        Ok(Reception::Deliver(token))
    }

    /// A PUBLISH whose identifier is known already.
    fn receive_again(
        &mut self,
        index: usize,
        exactly_once: bool,
        dup: bool,
    ) -> Result<Reception, Violation> {
        let Some(received) = self.table.get(index) else {
            return Err(Violation::PacketIdInUse);
        };
        // What comes again from an earlier connection counts on this one as what is new does.
        if !received.counted && self.is_quota_used() {
            return Err(Violation::ReceiveMaximumExceeded);
        }
        let state = match (received.exactly_once, received.state) {
            // [MQTT-4.3.3-10], whatever DUP says.
            (true, ReceivedState::AwaitingRel) if exactly_once => ReceivedState::AckDue,
            (true, state @ (ReceivedState::Unacknowledged | ReceivedState::AckDue))
                if exactly_once =>
            {
                state
            }
            // A 3.1.1 Server may repeat a message before it has our PUBACK.
            (false, state) if !exactly_once && dup => state,
            _ => return Err(Violation::PacketIdInUse),
        };
        self.table.change(index, |received| {
            received.state = state;
            received.counted = true;
        });
        Ok(Reception::Duplicate)
    }

    fn came(&mut self, remaining: u32) {
        if remaining > 0 {
            return;
        }
        if self.link.incoming == Incoming::Delivered {
            self.delivered(if self.manual_ack {
                ReceivedState::Unacknowledged
            } else {
                ReceivedState::AckDue
            });
        }
        self.link.incoming = Incoming::Nothing;
    }

    /// The last of a message came; at QoS 0 nothing is kept of it.
    fn delivered(&mut self, state: ReceivedState) {
        let last = self.table.len().wrapping_sub(1);
        self.table.change(last, |received| {
            if received.state == ReceivedState::Delivering {
                received.state = state;
            }
        });
    }
}

/// Commands. An `Err` leaves the receiver as it was.
impl<S: Storage> Receiver<S> {
    /// Acknowledges a message: its PUBACK or PUBREC is due as soon as those before it are.
    ///
    /// # Errors
    /// See [`AcknowledgeError`].
    pub fn acknowledge(
        &mut self,
        ack: AckToken,
        reason: ReasonCode,
    ) -> Result<(), AcknowledgeError> {
        if !self.allows(reason) {
            return Err(AcknowledgeError::Reason(reason));
        }
        let index = self.table.position(ack.0);
        let index = index.ok_or(AcknowledgeError::Unknown)?;
        let Some(received) = self.table.get(index) else {
            return Err(AcknowledgeError::Unknown);
        };
        let state = match received.state {
            ReceivedState::Unacknowledged if received.counted => ReceivedState::AckDue,
            // Of an earlier connection: the repeated PUBLISH asks for it.
            ReceivedState::Unacknowledged => ReceivedState::AwaitingRel,
            ReceivedState::Delivering => return Err(AcknowledgeError::Incomplete),
            _ => return Err(AcknowledgeError::Unknown),
        };
        self.table.change(index, |received| {
            received.reason = reason;
            received.state = state;
        });
        Ok(())
    }

    /// Whether PUBACK and PUBREC may carry it (tables 3-4 and 3-5); 3.1.1 has no reason codes.
    fn allows(&self, reason: ReasonCode) -> bool {
        use ReasonCode as R;
        match self.version {
            Version::V3_1_1 => reason == R::Success,
            Version::V5 => matches!(
                reason,
                R::Success
                    | R::NoMatchingSubscribers
                    | R::UnspecifiedError
                    | R::ImplementationSpecificError
                    | R::NotAuthorized
                    | R::TopicNameInvalid
                    | R::PacketIdentifierInUse
                    | R::QuotaExceeded
                    | R::PayloadFormatInvalid
            ),
        }
    }
}

/// `poll_*`: what is owed.
impl<S: Storage> Receiver<S> {
    /// Writes the acknowledgements that are due to the front of `buf` (at least 8 bytes) and
    /// returns their size. The other side takes packets of at most `maximum_packet_size` bytes:
    /// below 5 it gets no reason codes, below 4 nothing.
    pub fn poll_transmit(&mut self, maximum_packet_size: u32, buf: &mut [u8]) -> usize {
        let mut out = Out::new(buf, maximum_packet_size);
        self.transmit(&mut out);
        out.len()
    }

    /// Writes all that is due; `false` where `out` has no room for the rest of it.
    pub(crate) fn transmit(&mut self, out: &mut Out<'_>) -> bool {
        if let Some(packet_id) = self.link.stray {
            let reason = ReasonCode::PacketIdentifierNotFound;
            if !out.ack(self.version, PacketType::PubComp, packet_id, reason) {
                return false;
            }
            self.link.stray = None;
        }
        let coming = match self.link.incoming {
            Incoming::Duplicate(packet_id) => Some(packet_id),
            Incoming::Nothing | Incoming::Delivered => None,
        };
        while let Some(index) = self.table.next_due(coming) {
            let Some(received) = self.table.get(index) else {
                break;
            };
            let (kind, reason, is_over) = match (received.state, received.exactly_once) {
                (ReceivedState::CompDue, _) => (PacketType::PubComp, ReasonCode::Success, true),
                (_, false) => (PacketType::PubAck, received.reason, true),
                (_, true) => {
                    let reason = received.reason;
                    (PacketType::PubRec, reason, reason.is_error())
                }
            };
            if !out.ack(self.version, kind, received.packet_id, reason) {
                return false;
            }
            if is_over {
                // [MQTT-4.3.2-5], [MQTT-4.3.3-9], [MQTT-4.3.3-12]: its identifier is free again.
                self.table.remove(index);
            } else {
                self.set_state(index, ReceivedState::AwaitingRel);
            }
        }
        true
    }

    fn is_full(&self) -> bool {
        self.table.len() >= usize::from(self.table.capacity())
    }

    /// Whether as many are in flight as were announced.
    fn is_quota_used(&self) -> bool {
        self.table.counted() >= usize::from(self.link.receive_maximum)
    }

    fn set_state(&mut self, index: usize, state: ReceivedState) {
        self.table.change(index, |received| received.state = state);
    }
}

impl Link {
    fn new(receive_maximum: u16) -> Self {
        Self {
            receive_maximum,
            incoming: Incoming::Nothing,
            stray: None,
        }
    }
}
