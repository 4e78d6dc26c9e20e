//! The flags that `mqtt pub` and `mqtt sub` share, and the connection they ask for.

use std::ffi::OsString;
use std::time::Duration;

use clap::ArgAction;
use mqtt_proto::{DecodeOptions, TopicName};
use transport_std::{
    ConnectError, ConnectionLost, Message, Options, OptionsError, Property, QoS, ReasonCode,
    Version,
};

use crate::exit::Failure;
use crate::properties::PropertyArgs;
use crate::trace::trace;

#[derive(Debug, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// Print this help
    #[arg(long, action = ArgAction::HelpShort)]
    help: Option<bool>,
    /// The broker's name or address
    #[arg(short = 'h', long, default_value = "localhost", conflicts_with = "url")]
    host: String,
    /// The broker's port
    #[arg(short, long, default_value_t = 1883, conflicts_with = "url",
        value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Broker and topic in one: `mqtt://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC`
    #[arg(short = 'L', long)]
    pub(crate) url: Option<String>,
    /// The user name
    #[arg(short, long, allow_hyphen_values = true)]
    username: Option<String>,
    /// The password
    #[arg(
        short = 'P',
        long = "pw",
        value_name = "PASSWORD",
        allow_hyphen_values = true
    )]
    password: Option<OsString>,
    /// The client identifier; left out: the broker assigns one
    #[arg(short, long, allow_hyphen_values = true)]
    id: Option<String>,
    /// A client identifier of this prefix and the process id
    #[arg(short = 'I', long, allow_hyphen_values = true, conflicts_with = "id")]
    id_prefix: Option<String>,
    /// Keep Alive in seconds, at most 65535; 0: none
    #[arg(short, long, default_value_t = 60)]
    keepalive: u16,
    /// Go on with the session of the client id, which then does not end with the connection
    #[arg(short = 'c', long)]
    disable_clean_session: bool,
    /// The version of the protocol: 5 or 311, with or without `mqttv` [default: 311; with -D
    /// and -x: 5]
    #[arg(short = 'V', long, value_parser = parse_version, value_name = "VERSION")]
    protocol_version: Option<Version>,
    /// Session Expiry Interval in seconds (5.0); -1: never [default: 0; with -c: -1]
    #[arg(short = 'x', long, allow_hyphen_values = true, value_name = "SECONDS")]
    session_expiry_interval: Option<String>,
    /// A property of 5.0 for connect, publish, will or subscribe; a user-property has NAME and
    /// VALUE
    #[arg(short = 'D', long, num_args = 3..=4, action = ArgAction::Append,
        allow_negative_numbers = true, value_names = ["COMMAND", "PROPERTY", "VALUE"])]
    property: Vec<String>,
    /// What the broker publishes if this client is lost: the topic
    #[arg(long, allow_hyphen_values = true, value_name = "TOPIC")]
    will_topic: Option<String>,
    /// The will's payload [default: empty]
    #[arg(
        long,
        allow_hyphen_values = true,
        requires = "will_topic",
        value_name = "MESSAGE"
    )]
    will_payload: Option<OsString>,
    /// The will's QoS
    #[arg(long, default_value_t = 0, requires = "will_topic", value_name = "QOS",
        value_parser = clap::value_parser!(u8).range(0..=2))]
    will_qos: u8,
    /// Whether the will is retained
    #[arg(long, requires = "will_topic")]
    will_retain: bool,
    /// Tell of every packet on standard output
    #[arg(short, long)]
    pub(crate) debug: bool,
    /// Do not tell of errors, only exit with their code
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// What the flags say once they are checked.
pub(crate) struct Connection {
    /// Without a reconnect: that is for the command to choose.
    pub(crate) options: Options,
    pub(crate) version: Version,
    /// The topic of `-L`.
    pub(crate) url_topic: Option<String>,
    pub(crate) properties: PropertyArgs,
}

fn parse_version(text: &str) -> Result<Version, &'static str> {
    match text.strip_prefix("mqttv").unwrap_or(text) {
        "311" | "3.1.1" => Ok(Version::V3_1_1),
        "5" | "50" | "5.0" => Ok(Version::V5),
        "31" | "3.1" => Err("MQTT 3.1 is not supported: its successor 3.1.1 is"),
        _ => Err("it is 5 or 311"),
    }
}

/// A number of 0 to 2 that clap has checked.
pub(crate) fn qos(number: u8) -> QoS {
    QoS::from_u8(number).unwrap_or_default()
}

impl ConnectionArgs {
    /// Checks what clap cannot.
    pub(crate) fn check(&self) -> Result<Connection, Failure> {
        let properties = PropertyArgs::parse(&self.property).map_err(Failure::usage)?;
        let needs_v5 = !self.property.is_empty() || self.session_expiry_interval.is_some();
        let version = match self.protocol_version {
            Some(Version::V3_1_1) if needs_v5 => {
                return Err(Failure::usage("-D and -x are of MQTT 5.0: they need -V 5."));
            }
            Some(version) => version,
            None if needs_v5 => Version::V5,
            None => Version::V3_1_1,
        };

        let (mut options, url_topic) = match &self.url {
            Some(url) => {
                let (base, topic) = split_url(url);
                let options = Options::from_url(base).map_err(|error| {
                    Failure::usage(format_args!("Invalid URL for -L: {error}."))
                })?;
                (options, topic)
            }
            None => (Options::new(self.host.clone(), self.port), None),
        };
        options = options
            .version(version)
            .keep_alive(Duration::from_secs(self.keepalive.into()))
            .clean_start(!self.disable_clean_session)
            // The user decides how large a message may be, not this program.
            .maximum_packet_size(DecodeOptions::MAXIMUM_PACKET_SIZE)
            .maximum_outbox(2 * DecodeOptions::MAXIMUM_PACKET_SIZE as usize)
            .reconnect(None);
        options = self.identify(options)?;
        options = self.expiry(version, options)?;
        options = self.add_will(&properties, options)?;
        options = connect_properties(&properties, options);
        if self.debug {
            options = trace(options, version, self.client_id());
        }
        Ok(Connection {
            options,
            version,
            url_topic,
            properties,
        })
    }

    fn client_id(&self) -> Option<String> {
        match &self.id_prefix {
            Some(prefix) => Some(format!("{prefix}{}", std::process::id())),
            None => self.id.clone(),
        }
    }

    fn identify(&self, mut options: Options) -> Result<Options, Failure> {
        if self.id.as_deref() == Some("") {
            return Err(Failure::usage("Invalid id: it is empty."));
        }
        match self.client_id() {
            Some(id) => options = options.client_id(id),
            None if self.disable_clean_session => {
                return Err(Failure::usage(
                    "You must provide a client id if you are using the -c option.",
                ));
            }
            None => {}
        }
        if self.password.is_some() && self.username.is_none() && self.url.is_none() {
            return Err(Failure::usage("A password (-P) needs a user name (-u)."));
        }
        if let Some(username) = &self.username {
            options = options.username(username);
        }
        if let Some(password) = &self.password {
            options = options.password(password.as_encoded_bytes());
        }
        Ok(options)
    }

    fn expiry(&self, version: Version, options: Options) -> Result<Options, Failure> {
        let seconds = match self.session_expiry_interval.as_deref() {
            Some("-1" | "∞") => u32::MAX,
            Some(text) => text.parse().map_err(|_| {
                Failure::usage(format_args!(
                    "Invalid session-expiry-interval (-x) {text:?}: it is -1 or 0 to {}.",
                    u32::MAX
                ))
            })?,
            None if self.disable_clean_session && version == Version::V5 => u32::MAX,
            None => return Ok(options),
        };
        if seconds == u32::MAX && self.client_id().is_none() {
            return Err(Failure::usage(
                "You must provide a client id if you are using an infinite session expiry interval.",
            ));
        }
        Ok(options.session_expiry_interval(seconds))
    }

    fn add_will(&self, properties: &PropertyArgs, options: Options) -> Result<Options, Failure> {
        let Some(topic) = &self.will_topic else {
            return match properties.will.first() {
                Some(_) => Err(Failure::usage(
                    "Will properties given, but no will topic given.",
                )),
                None => Ok(options),
            };
        };
        check_topic("will", topic)?;
        let payload = self
            .will_payload
            .as_ref()
            .map_or(&b""[..], |text| text.as_encoded_bytes());
        let mut will = Message::new(topic, payload.to_vec())
            .qos(qos(self.will_qos))
            .retain(self.will_retain);
        for property in &properties.will {
            will = will.property(property.clone());
        }
        Ok(options.will(will))
    }
}

/// Says which byte of a topic name is wrong.
pub(crate) fn check_topic(what: &str, topic: &str) -> Result<(), Failure> {
    match TopicName::new(topic) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::usage(format_args!(
            "Invalid {what} topic '{topic}': {error}."
        ))),
    }
}

/// What the library has an option for goes there.
fn connect_properties(properties: &PropertyArgs, mut options: Options) -> Options {
    for property in &properties.connect {
        options = match property {
            Property::SessionExpiryInterval(seconds) => options.session_expiry_interval(*seconds),
            Property::ReceiveMaximum(maximum) => options.receive_maximum(maximum.get()),
            Property::MaximumPacketSize(maximum) => options.maximum_packet_size(maximum.get()),
            property => options.property(property.clone()),
        };
    }
    options
}

/// A URL without its topic, and the topic, which stands as it is.
fn split_url(url: &str) -> (&str, Option<String>) {
    let authority = url.find("://").map_or(0, |colon| colon + 3);
    match url[authority..].find('/') {
        Some(slash) => {
            let (base, path) = url.split_at(authority + slash);
            (
                base,
                Some(path[1..].to_owned()).filter(|topic| !topic.is_empty()),
            )
        }
        None => (url, None),
    }
}

/// Why there is no connection.
pub(crate) fn connect_failure(version: Version, error: &ConnectError) -> Failure {
    match error {
        ConnectError::Refused(refusal) => Failure::Refused(version, refusal.reason),
        ConnectError::Lost(lost) => lost_failure(lost),
        ConnectError::Options(error @ OptionsError::WillTopic(_)) => Failure::usage(error),
        error => Failure::other(Failure::ERRNO, format_args!("Error: {error}")),
    }
}

/// Why there is no connection any more.
pub(crate) fn lost_failure(lost: &ConnectionLost) -> Failure {
    let code = match lost {
        ConnectionLost::Server {
            reason: ReasonCode::Success,
            ..
        } => Failure::LOST,
        ConnectionLost::Server { reason, .. } => reason.as_u8(),
        ConnectionLost::Malformed(_) | ConnectionLost::Violation(_) => Failure::PROTOCOL,
        _ => Failure::LOST,
    };
    Failure::other(
        code,
        format_args!("Error: The connection was lost: {lost}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_ends_where_its_topic_begins() {
        let topic = |text: &str| Some(text.to_owned());
        assert_eq!(split_url("mqtt://h:1/a/b#"), ("mqtt://h:1", topic("a/b#")));
        assert_eq!(split_url("mqtt://u:p@h//a"), ("mqtt://u:p@h", topic("/a")));
        assert_eq!(split_url("mqtt://h/"), ("mqtt://h", None));
        assert_eq!(split_url("mqtt://h"), ("mqtt://h", None));
        assert_eq!(split_url("h/a"), ("h", topic("a")));
    }

    #[test]
    fn versions() {
        assert_eq!(parse_version("mqttv5"), Ok(Version::V5));
        assert_eq!(parse_version("311"), Ok(Version::V3_1_1));
        assert!(parse_version("mqttv31").is_err());
        assert!(parse_version("4").is_err());
    }
}
