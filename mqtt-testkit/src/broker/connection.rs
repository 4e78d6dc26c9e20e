use core::num::{NonZeroU16, NonZeroU32};
use std::collections::BTreeMap;

use mqtt_proto::{
    ConnAck, DecodeOptions, Disconnect, Packet, Properties, PublishHead, ReasonCode, Role, Version,
};
use mqtt_session::{Duration, Instant};

use super::BrokerOptions;
use super::message::Will;
use super::output::Output;
use super::store::Store;

/// What dies with one Network Connection: the server's end of it.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    phase: Phase,
    input: Vec<u8>,
    pub(crate) output: Output,
    last_packet: Instant,
    /// The longest silence that is tolerated.
    patience: Option<Duration>,
    aliases: BTreeMap<NonZeroU16, String>,
    pub(crate) will: Option<Will>,
    /// What the CONNECT said, which a DISCONNECT may not raise from 0.
    pub(crate) session_expiry: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// CONNECT has not come.
    Opened,
    Connected {
        client_id: String,
    },
    /// Nothing is read any more; what is written still goes out.
    Ended,
}

impl Connection {
    pub(crate) fn new(now: Instant, options: &BrokerOptions) -> Self {
        Self {
            phase: Phase::Opened,
            input: Vec::new(),
            output: Output::new(Version::V3_1_1),
            last_packet: now,
            patience: Some(options.connect_timeout),
            aliases: BTreeMap::new(),
            will: None,
            session_expiry: 0,
        }
    }

    /// Whose connection it is, once CONNECT was accepted.
    pub(crate) fn client_id(&self) -> Option<&str> {
        match &self.phase {
            Phase::Connected { client_id } => Some(client_id),
            Phase::Opened | Phase::Ended => None,
        }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// When its silence has lasted too long [MQTT-3.1.2-22].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.is_ended() {
            return None;
        }
        self.patience.map(|patience| self.last_packet + patience)
    }

    /// The bytes that have come and are not taken yet, with `bytes` after them.
    pub(crate) fn take_input(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut input = core::mem::take(&mut self.input);
        input.extend_from_slice(bytes);
        input
    }

    /// Gives back what [`take_input`](Self::take_input) gave, of which so many bytes were taken.
    pub(crate) fn keep_input(&mut self, mut input: Vec<u8>, taken: usize) {
        if !self.is_ended() {
            input.drain(..taken);
            self.input = input;
        }
    }

    /// The next whole packet; the reason for which the connection is over where the bytes are none.
    pub(crate) fn decode<'i>(
        &mut self,
        now: Instant,
        options: &BrokerOptions,
        input: &mut &'i [u8],
    ) -> Result<Option<Packet<'i>>, ReasonCode> {
        let mut decode = DecodeOptions::new(self.output.version, Role::Client);
        decode.maximum_packet_size = options
            .maximum_packet_size
            .map_or(DecodeOptions::MAXIMUM_PACKET_SIZE, NonZeroU32::get);
        decode.topic_alias_maximum = options.topic_alias_maximum;
        let packet = Packet::decode(&decode, input).map_err(|error| error.reason_code())?;
        if packet.is_some() {
            self.last_packet = now;
        }
        Ok(packet)
    }

    /// CONNECT was accepted.
    pub(crate) fn accept(&mut self, client_id: String, keep_alive: u16) {
        self.phase = Phase::Connected { client_id };
        // One and a half times the Keep Alive; 0 turns it off.
        self.patience =
            (keep_alive > 0).then(|| Duration::from_millis(u64::from(keep_alive) * 1500));
    }

    /// CONNECT was refused [MQTT-3.2.2-6], [MQTT-3.2.2-7].
    pub(crate) fn refuse(&mut self, reason: ReasonCode) {
        self.output.push(&Packet::ConnAck(ConnAck {
            session_present: false,
            reason,
            properties: Properties::EMPTY,
        }));
        self.phase = Phase::Ended;
    }

    /// Nothing more is read. With a reason, a Client of 5.0 is told [MQTT-3.14.0-1].
    pub(crate) fn end(&mut self, reason: Option<ReasonCode>) {
        if let (Phase::Connected { .. }, Version::V5, Some(reason)) =
            (&self.phase, self.output.version, reason)
        {
            self.output.push(&Packet::Disconnect(Disconnect {
                reason,
                properties: Properties::EMPTY,
            }));
        }
        self.phase = Phase::Ended;
        self.input.clear();
    }

    /// Writes what is to be sent to the front of `buf`.
    pub(crate) fn poll_transmit(
        &mut self,
        now: Instant,
        store: &mut Store,
        buf: &mut [u8],
    ) -> usize {
        if let Phase::Connected { client_id } = &self.phase
            && let Some(session) = store.sessions.get_mut(client_id)
        {
            session.transmit(now, &mut self.output);
        }
        self.output.take(buf)
    }

    /// The topic of a PUBLISH, by its name or its alias (section 3.3.2.3.4).
    pub(crate) fn resolve_alias(
        &mut self,
        options: &BrokerOptions,
        head: &PublishHead<'_>,
    ) -> Result<String, ReasonCode> {
        let alias = head.properties.topic_alias();
        if alias.is_some_and(|alias| alias.get() > options.topic_alias_maximum) {
            return Err(ReasonCode::TopicAliasInvalid);
        }
        match (head.topic, alias) {
            (Some(topic), alias) => {
                let topic = topic.as_str().to_owned();
                if let Some(alias) = alias {
                    self.aliases.insert(alias, topic.clone());
                }
                Ok(topic)
            }
            (None, Some(alias)) => self
                .aliases
                .get(&alias)
                .cloned()
                .ok_or(ReasonCode::ProtocolError),
            (None, None) => Err(ReasonCode::ProtocolError),
        }
    }
}
