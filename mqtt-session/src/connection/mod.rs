//! What dies with the Network Connection: one struct, built fresh for each.

mod automaton;
mod farewell;
mod keep_alive;
mod limits;
mod out;

pub use automaton::State;
pub(crate) use automaton::{Step, Trigger, step};
pub(crate) use farewell::{Farewell, client_may_send};
pub use limits::Limits;
pub(crate) use out::Out;

use keep_alive::KeepAlive;
use mqtt_proto::{Connect, ReasonCode, Version};

use crate::{DisconnectError, Instant};

/// One Network Connection, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Connection {
    pub(crate) state: State,
    pub(crate) limits: Limits,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) farewell: Option<Farewell>,
    /// When CONNECT was given out.
    pub(crate) since: Instant,
    /// Whether it ends because the application wants it to.
    pub(crate) requested: bool,
    /// What CONNECT said.
    pub(crate) clean_start: bool,
    pub(crate) authentication: bool,
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
            authentication: false,
            session_expires_at_once: false,
        }
    }

    /// One on which CONNECT was given out.
    pub(crate) fn open(now: Instant, connect: &Connect<'_>) -> Self {
        let properties = connect.properties;
        Self {
            state: State::Connecting,
            keep_alive: KeepAlive::new(now),
            since: now,
            clean_start: connect.clean_start,
            authentication: properties.authentication_method().is_some(),
            session_expires_at_once: properties.session_expiry_interval().unwrap_or(0) == 0,
            ..Self::none()
        }
    }

    /// CONNACK accepts.
    pub(crate) fn start(&mut self, limits: Limits) {
        self.state = State::Connected;
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
        if step(self.state, Trigger::Disconnect) == Step::Refuse {
            return Err(DisconnectError::NotConnected);
        }
        let of_version = version == Version::V5 || reason == ReasonCode::Success;
        if !of_version || !client_may_send(reason) {
            return Err(DisconnectError::Reason(reason));
        }
        // [MQTT-3.14.2-2] and section 3.14.2.2.2: what CONNECT set to zero stays zero.
        if let Some(interval) = session_expiry_interval {
            let revives = self.session_expires_at_once && interval > 0;
            if version == Version::V3_1_1 || revives {
                return Err(DisconnectError::SessionExpiryInterval);
            }
        }
        Ok(Farewell::new(reason, session_expiry_interval))
    }
}
