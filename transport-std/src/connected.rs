use mqtt_session::Limits;

use crate::Properties;

/// What the Server said when it accepted a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connected {
    /// Whether it continues a Session that it had.
    pub session_present: bool,
    /// How many attempts it took since the client was made or the connection before was lost.
    pub attempt: u32,
    /// The client identifier in force, the assigned one if the Server assigned one.
    pub client_id: String,
    /// What the Server allows.
    pub limits: Limits,
    /// The properties of CONNACK; empty in 3.1.1.
    pub properties: Properties,
}
