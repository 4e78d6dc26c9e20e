//! What is told of connections that end or do not come about.

use mqtt_session::Timeout;

use super::Engine;
use crate::dispatch::Job;
use crate::options::Hook;
use crate::shared::LinkState;
use crate::{ConnectError, ConnectPhase, ConnectionLost, PublishError, Refusal};

/// How a Network Connection ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By our own DISCONNECT.
    Requested,
    /// By a CONNACK that refuses.
    Refused(Refusal),
    /// In any other way.
    Lost(ConnectionLost),
}

impl Engine {
    /// The connection is over. Gives the error, unless it was asked for.
    pub(crate) fn ended(&mut self, told: bool, ended: Ended) -> Option<ConnectError> {
        for outcome in self.unwritten.drain(..) {
            outcome.give(Err(PublishError::Discarded));
        }
        let error = match ended {
            Ended::Requested => return None,
            Ended::Refused(refusal) => ConnectError::Refused(refusal),
            Ended::Lost(ConnectionLost::Timeout(Timeout::ConnAck)) => ConnectError::Timeout {
                phase: ConnectPhase::ConnAck,
                after: self.options.connect_timeout,
            },
            Ended::Lost(lost) if self.shared.link.is_connected() => {
                tracing::warn!(reason = %lost, "connection lost");
                let error = ConnectError::Lost(lost.clone());
                self.shared
                    .link
                    .set(LinkState::Connecting(Some(error.clone())));
                self.hook(self.options.hooks.connection_lost.clone(), lost);
                return Some(error);
            }
            Ended::Lost(lost) => ConnectError::Lost(lost),
        };
        self.not_connected(told, error.clone());
        Some(error)
    }

    /// An attempt to connect failed. `told`: the user is waiting for it and gets the error.
    pub(crate) fn not_connected(&self, told: bool, error: ConnectError) {
        tracing::warn!(%error, attempt = self.attempt, "not connected");
        if !told {
            self.hook(self.options.hooks.connect_failed.clone(), error.clone());
        }
        self.shared.link.set(LinkState::Connecting(Some(error)));
    }

    pub(crate) fn reconnecting(&self, attempt: u32) {
        tracing::info!(attempt, "reconnecting");
        self.hook(self.options.hooks.reconnecting.clone(), attempt);
    }

    pub(super) fn hook<T: Send + 'static>(&self, hook: Option<Hook<T>>, value: T) {
        if let Some(hook) = hook {
            // The thread outlives the driver.
            let _ = self
                .jobs
                .try_send(Job::Hook(Box::new(move || hook(&value))));
        }
    }
}

impl From<mqtt_session::Disconnected<'_>> for Ended {
    fn from(disconnected: mqtt_session::Disconnected<'_>) -> Self {
        use mqtt_session::Disconnected as D;
        Self::Lost(match disconnected {
            D::Requested => return Self::Requested,
            D::Refused(connack) => {
                return Self::Refused(Refusal {
                    reason: connack.reason,
                    properties: connack.properties.into(),
                });
            }
            D::Server(disconnect) => ConnectionLost::Server {
                reason: disconnect.reason,
                properties: disconnect.properties.into(),
            },
            D::Malformed(error) => ConnectionLost::Malformed(error),
            D::Violation(violation) => ConnectionLost::Violation(violation),
            D::Timeout(timeout) => ConnectionLost::Timeout(timeout),
            D::Closed => ConnectionLost::Closed,
        })
    }
}
