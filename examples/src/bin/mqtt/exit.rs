//! How a command ends, said as mosquitto's clients say it.

use std::fmt;
use std::process::ExitCode;

use mqtt_proto::{ReasonCode, Version};

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong: exit code 1.
    Usage(String),
    /// The Server refused: the exit code is the code of its CONNACK.
    Refused(Version, ReasonCode),
    /// The exit code, and what to tell.
    Other(u8, String),
}

impl Failure {
    /// A number of the C library's (`MOSQ_ERR_`): something failed, errno says what.
    pub(crate) const ERRNO: u8 = 1;
    /// The Server did what the protocol does not allow.
    pub(crate) const PROTOCOL: u8 = 2;
    /// The connection was lost.
    pub(crate) const LOST: u8 = 7;
    /// The broker does not take a QoS so high.
    const QOS: u8 = 24;
    /// The message is too large.
    pub(crate) const OVERSIZE: u8 = 25;
    /// The broker does not retain messages.
    const RETAIN: u8 = 28;
    /// No message came in the time of `-W`.
    pub(crate) const TIMEOUT: u8 = 27;

    /// The number for what the broker said, when it accepted, that it does not take.
    pub(crate) fn not_supported(reason: ReasonCode) -> u8 {
        match reason {
            ReasonCode::QoSNotSupported => Self::QOS,
            ReasonCode::PacketTooLarge => Self::OVERSIZE,
            ReasonCode::RetainNotSupported => Self::RETAIN,
            _ => Self::ERRNO,
        }
    }

    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::Usage(text.to_string())
    }

    pub(crate) fn other(code: u8, text: impl fmt::Display) -> Self {
        Self::Other(code, text.to_string())
    }

    /// Tells the user, unless `quiet`, which does not silence wrong usage.
    pub(crate) fn report(&self, command: &str, quiet: bool) -> ExitCode {
        match self {
            Self::Usage(text) => {
                eprintln!("Error: {text}\n\nUse 'mqtt {command} --help' to see usage.");
                ExitCode::from(Self::ERRNO)
            }
            Self::Refused(version, reason) => {
                if !quiet {
                    eprintln!("Connection error: {}", refusal(*version, *reason));
                }
                ExitCode::from(connack_code(*version, *reason))
            }
            Self::Other(code, text) => {
                if !quiet {
                    eprintln!("{text}");
                }
                ExitCode::from(*code)
            }
        }
    }
}

/// The number in a CONNACK of `version` for `reason`.
pub(crate) fn connack_code(version: Version, reason: ReasonCode) -> u8 {
    match version {
        Version::V3_1_1 => return_code(reason),
        Version::V5 => reason.as_u8(),
    }
}

/// The return code of 3.1.1 (section 3.2.2.3) that `reason` was mapped from.
pub(crate) fn return_code(reason: ReasonCode) -> u8 {
    match reason {
        ReasonCode::UnsupportedProtocolVersion => 1,
        ReasonCode::ClientIdentifierNotValid => 2,
        ReasonCode::ServerUnavailable => 3,
        ReasonCode::BadUserNameOrPassword => 4,
        ReasonCode::NotAuthorized => 5,
        reason => reason.as_u8(),
    }
}

/// In the words of mosquitto's clients.
fn refusal(version: Version, reason: ReasonCode) -> &'static str {
    match (version, return_code(reason)) {
        (Version::V3_1_1, 1) => "Connection Refused: unacceptable protocol version.",
        (Version::V3_1_1, 2) => "Connection Refused: identifier rejected.",
        (Version::V3_1_1, 3) => "Connection Refused: broker unavailable.",
        (Version::V3_1_1, 4) => "Connection Refused: bad user name or password.",
        (Version::V3_1_1, 5) => "Connection Refused: not authorised.",
        _ => reason.name(),
    }
}
