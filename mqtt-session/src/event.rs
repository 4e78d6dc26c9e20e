use core::fmt;

use mqtt_proto::{
    Auth, ConnAck, DecodeError, Delivery, Disconnect, PacketId, PacketType, Properties, QoS,
    ReasonCode, Sequence, TopicName,
};

/// The handle of one operation. Unlike packet identifiers, never used again.
// Packed, so that on a machine of 32 bits what has one in it is not aligned to, and told apart by, 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(Rust, packed(4))]
pub struct Token(pub(crate) u64);

/// The handle with which one received message is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(Rust, packed(4))]
pub struct AckToken(pub(crate) u64);

/// What became of a call to `handle_input`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress<'a> {
    /// Something happened. Call again: there may be more in the input.
    Event(Event<'a>),
    /// All input was taken; read more from the transport.
    NeedInput,
    /// The rest of the input cannot be taken until debts are paid: call `poll_transmit`,
    /// or `acknowledge` what was received, then call again with the same input. Who waits for the
    /// application then says so with `set_reading(false)`, lest a PINGRESP is missed.
    Blocked,
}

/// An outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event<'a> {
    /// The Server accepted the connection.
    Connected(ConnAck<'a>),
    /// An Application Message came, or its beginning.
    Message(Message<'a>),
    /// More of the payload of the message before.
    Payload(PayloadChunk<'a>),
    /// A PUBLISH came whose head does not fit the scratch buffer. It was skipped and, at QoS 1 and 2,
    /// acknowledged: with [`ReasonCode::QuotaExceeded`] in 5.0.
    Oversized(Delivery),
    /// A publish of QoS 1 or 2 is over.
    Published(Published<'a>),
    /// A SUBSCRIBE was answered.
    Subscribed(Subscribed<'a>),
    /// An UNSUBSCRIBE was answered; no reasons in 3.1.1.
    Unsubscribed(Subscribed<'a>),
    /// The Server sent AUTH.
    Authenticated(Auth<'a>),
    /// A packet of the protocol's own workings was taken, with nothing to be done about it: PUBREC,
    /// PUBREL, PINGRESP, a repeated message. For logs and tests.
    Handled(PacketType),
    /// The Network Connection is over. Send what `poll_transmit` still gives, then close the transport.
    Disconnected(Disconnected<'a>),
    /// It is time to open a new transport and call `connect`.
    ReconnectDue,
}

/// An Application Message, or its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Message<'a> {
    /// What it was published to.
    pub topic: TopicName<'a>,
    /// The payload, or its first piece.
    pub payload: &'a [u8],
    /// The bytes of the payload still to come, as [`Event::Payload`]. A connection lost before
    /// the last of them voids the message; at QoS 1 and 2 the Server will send it again.
    pub remaining: u32,
    /// The QoS it was sent with.
    pub qos: QoS,
    /// The packet identifier it was sent with, for logs: it is acknowledged with `ack`. `None` at QoS 0.
    pub packet_id: Option<PacketId>,
    /// Whether the Server may have sent it before.
    pub dup: bool,
    /// Whether it was retained.
    pub retain: bool,
    /// The properties of the message.
    pub properties: Properties<'a>,
    /// What to acknowledge it with; `None` at QoS 0 and where the session does it itself.
    pub ack: Option<AckToken>,
}

/// A piece of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PayloadChunk<'a> {
    /// The piece.
    pub payload: &'a [u8],
    /// The bytes still to come.
    pub remaining: u32,
}

/// A publish of QoS 1 or 2 that the Server answered: PUBACK, PUBCOMP, or a PUBREC that refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Published<'a> {
    /// The operation.
    pub token: Token,
    /// The result. At QoS 2 the Server takes the message with its PUBREC; a PUBCOMP that then does
    /// not know the packet identifier any more changes nothing about that.
    pub reason: ReasonCode,
    /// Reason String and User Properties.
    pub properties: Properties<'a>,
}

/// A SUBSCRIBE or UNSUBSCRIBE that the Server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Subscribed<'a> {
    /// The operation.
    pub token: Token,
    /// The result for each filter, in order. A QoS above the one asked for is told as it came: no
    /// statement forbids it, and each message says its own QoS.
    pub reasons: Sequence<'a, ReasonCode>,
    /// Reason String and User Properties.
    pub properties: Properties<'a>,
}

/// How an operation ended that no packet ended. Taken with `poll_completed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Completion {
    /// A QoS 0 publish was handed to the transport whole.
    Sent,
    /// The Server had taken a QoS 2 message (PUBREC) before it lost the Session.
    Taken,
    /// Its Message Expiry Interval passed before it could be sent.
    Expired,
    /// The Session or, at QoS 0, the connection was lost, and it cannot be told whether it arrived.
    Discarded,
    /// The Server that is connected now does not allow it, and says so with its limits. It was not
    /// sent on this connection; where it was on an earlier one, its acknowledgement was lost, so it
    /// may have arrived.
    Unsendable(ReasonCode),
}

/// Why a Network Connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Disconnected<'a> {
    /// `disconnect` was called.
    Requested,
    /// The Server refused the connection.
    Refused(ConnAck<'a>),
    /// The Server sent DISCONNECT (5.0).
    Server(Disconnect<'a>),
    /// The Server sent bytes that are not MQTT.
    Malformed(DecodeError),
    /// The Server sent a packet that the protocol does not allow now.
    Violation(Violation),
    /// The Server did not answer in time.
    Timeout(Timeout),
    /// The transport was closed without a DISCONNECT.
    Closed,
}

/// What a Server did that the protocol does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Violation {
    /// A packet came before CONNACK.
    BeforeConnAck,
    /// A second CONNACK came.
    SecondConnAck,
    /// More QoS 1 and 2 messages at once than our Receive Maximum.
    ReceiveMaximumExceeded,
    /// A message with a higher QoS, or an acknowledgement of another kind, than belongs to its packet identifier.
    WrongAcknowledgement,
    /// A SUBACK or UNSUBACK with another number of reason codes than filters were sent.
    WrongReasonCount,
    /// CONNACK with Session Present although a Clean Start was asked for, or with an error.
    SessionPresent,
    /// A message with the packet identifier of another whose handshake is not over.
    PacketIdInUse,
    /// AUTH, although CONNECT named no Authentication Method; or before CONNACK one that does not
    /// continue the authentication.
    UnexpectedAuth,
    /// A CONNACK or AUTH whose Authentication Method is not that of CONNECT, or a CONNACK with
    /// one although CONNECT named none.
    AuthenticationMethod,
    /// A packet that only a Client sends.
    ClientPacket,
}

impl Violation {
    /// The reason code that the DISCONNECT carries (5.0).
    #[must_use]
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            Self::ReceiveMaximumExceeded => ReasonCode::ReceiveMaximumExceeded,
            _ => ReasonCode::ProtocolError,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeConnAck => "a packet before CONNACK",
            Self::SecondConnAck => "a second CONNACK",
            Self::ReceiveMaximumExceeded => {
                "more unacknowledged messages than our Receive Maximum allows"
            }
            Self::WrongAcknowledgement => {
                "a packet of another kind than belongs to its packet identifier"
            }
            Self::WrongReasonCount => "another number of reason codes than of topic filters",
            Self::SessionPresent => {
                "Session Present in a CONNACK that refuses, or after a Clean Start"
            }
            Self::PacketIdInUse => "a packet identifier whose handshake is not over, used again",
            Self::UnexpectedAuth => "an AUTH that belongs to no authentication",
            Self::AuthenticationMethod => "another Authentication Method than that of CONNECT",
            Self::ClientPacket => "a packet that only a client sends",
        })
    }
}

/// What did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Timeout {
    /// CONNACK.
    ConnAck,
    /// PINGRESP.
    PingResp,
}

/// A piece of a streamed payload that is to go to the transport now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PayloadDue {
    /// Whose payload.
    pub token: Token,
    /// The first byte of it that is wanted.
    pub offset: u32,
    /// How many bytes are still to go, from `offset` on.
    pub remaining: u32,
}
