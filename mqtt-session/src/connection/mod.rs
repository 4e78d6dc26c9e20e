//! What dies with the Network Connection: one struct, built fresh for each.

mod automaton;
mod farewell;
mod keep_alive;
mod limits;
mod out;

pub use automaton::State;
pub(crate) use automaton::{Step, Trigger};
pub(crate) use farewell::{Farewell, client_may_send};
pub use limits::Limits;
pub(crate) use out::Out;

use automaton::step;
use keep_alive::KeepAlive;
use mqtt_proto::{Connect, Properties, ReasonCode, Version};

use crate::{DisconnectError, Instant};

/// One Network Connection, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    /// Only the automaton's table changes it.
    state: State,
    pub(crate) limits: Limits,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) farewell: Option<Farewell>,
    /// When CONNECT was given out.
    pub(crate) since: Instant,
    /// Whether it ends because the application wants it to.
    pub(crate) requested: bool,
    /// What CONNECT said.
    pub(crate) clean_start: bool,
    pub(crate) authentication: Option<Method>,
    session_expires_at_once: bool,
}

impl Connection {
    /// None.
    pub(crate) fn none() -> Self {
        Self {
            state: State::Disconnected,
            limits: Limits::DEFAULT,
            keep_alive: KeepAlive::new(Instant::default()),
            farewell: None,
            since: Instant::default(),
            requested: false,
            clean_start: false,
            authentication: None,
            session_expires_at_once: false,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// What would follow from `trigger`.
    pub(crate) fn would(&self, trigger: Trigger) -> Step {
        step(self.state, trigger)
    }

    pub(crate) fn step(&mut self, trigger: Trigger) -> Step {
        let step = self.would(trigger);
        if let Step::To(state) = step {
            self.state = state;
        }
        step
    }

    /// CONNECT was given out.
    pub(crate) fn open(&mut self, now: Instant, connect: &Connect<'_>) {
        let properties = connect.properties;
        self.step(Trigger::Connect);
        *self = Self {
            state: self.state,
            keep_alive: KeepAlive::new(now),
            since: now,
            clean_start: connect.clean_start,
            authentication: Method::of(properties),
            session_expires_at_once: properties.session_expiry_interval().unwrap_or(0) == 0,
            ..Self::none()
        };
        self.limits.keep_alive = connect.keep_alive;
    }

    /// The transport was closed.
    pub(crate) fn close(&mut self) {
        self.step(Trigger::Closed);
        *self = Self {
            state: self.state,
            ..Self::none()
        };
    }

    /// CONNACK accepts.
    pub(crate) fn start(&mut self, limits: Limits) {
        self.limits = limits;
        self.keep_alive.start(limits.keep_alive);
    }

    /// The DISCONNECT that an application asks for, if it may.
    pub(crate) fn requested_farewell(
        &self,
        version: Version,
        reason: ReasonCode,
        session_expiry_interval: Option<u32>,
    ) -> Result<Farewell, DisconnectError> {
        if self.would(Trigger::Disconnect) == Step::Refuse {
            return Err(DisconnectError::NotConnected);
        }
        let of_version = version == Version::V5 || reason == ReasonCode::Success;
        if !of_version || !client_may_send(reason) {
            return Err(DisconnectError::Reason(reason));
        }
        // [MQTT-3.14.2-2] and section 3.14.2.2.2: what CONNECT set to zero stays zero.
        if let Some(interval) = session_expiry_interval {
            let revives = self.session_expires_at_once && interval > 0;
            // [MQTT-3.2.2-15]
            let too_large = self.limits.maximum_packet_size < Farewell::MAXIMUM_LEN;
            if version == Version::V3_1_1 || revives || too_large {
                return Err(DisconnectError::SessionExpiryInterval);
            }
        }
        Ok(Farewell::new(reason, session_expiry_interval))
    }
}

/// An Authentication Method, as a number of 32 bits (FNV-1a) that tells it from others: its text may
/// be 65,535 bytes. A Server that names another one by mistake is found out; one that looks for a text of
/// the same number gains nothing, since it could name the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Method(u32);

impl Method {
    pub(crate) fn of(properties: Properties<'_>) -> Option<Self> {
        let method = properties.authentication_method()?;
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        Some(Self(method.bytes().fold(0x811C_9DC5, mix)))
    }
}
