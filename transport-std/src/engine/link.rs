//! What is told of connections that end or do not come about.

use mqtt_session::{Timeout, Token};

use super::{Engine, Pending};
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
                let oldest = self.oldest_publish();
                match self.outlived.lost(oldest) {
                    0 => tracing::warn!(reason = %lost, "connection lost"),
                    losses => tracing::warn!(
                        reason = %lost,
                        losses,
                        "connection lost while the same publish, the oldest, was not over: \
                         after many losses it may be why"
                    ),
                }
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

    /// Of the publishes that are kept for the next connection.
    fn oldest_publish(&self) -> Option<Token> {
        let mut pending = self.pending.iter();
        pending
            .find(|(_, pending)| matches!(pending, Pending::Publish(_)))
            .map(|(token, _)| *token)
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

/// How many losses in a row the same publish has outlived: it may be larger than a Server takes
/// that cannot say so.
#[derive(Default)]
pub(super) struct Outlived {
    oldest: Option<Token>,
    losses: u32,
}

impl Outlived {
    /// A connection was lost, and this is the oldest publish that is not over.
    fn lost(&mut self, oldest: Option<Token>) -> u32 {
        self.losses = match oldest {
            Some(_) if oldest == self.oldest => self.losses.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.oldest = oldest;
        self.losses
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

#[cfg(test)]
mod tests {
    use mqtt_proto::{QoS, Sequence, Version};
    use mqtt_session::{Config, Heap, Instant, Payload, Publish, Session};

    use super::Outlived;

    #[test]
    fn losses_in_a_row_are_counted() {
        let mut session: Session<Heap> = Session::new(Config::new(Version::V3_1_1));
        let mut token = || {
            let publish = Publish {
                topic: "t",
                payload: Payload::Bytes(b""),
                qos: QoS::AtLeastOnce,
                retain: false,
                properties: Sequence::EMPTY,
            };
            let now = Instant::from_millis(0);
            Some(session.publish(now, &publish).expect("there is room"))
        };
        let (first, second) = (token(), token());
        let mut outlived = Outlived::default();
        for (oldest, losses) in [
            (None, 0),
            (first, 1),
            (first, 2),
            (second, 1),
            (second, 2),
            (None, 0),
            (second, 1),
        ] {
            assert_eq!(outlived.lost(oldest), losses);
        }
    }
}
