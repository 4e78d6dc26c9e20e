use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use mqtt_proto::{
    self as proto, Connect, DecodeOptions, Leniency, Packet, Sequence, TopicName, Version, Will,
};

use crate::packet_limit::PacketLimit;
use crate::tap::{Tap, Wire};
use crate::url::Address;
use crate::{
    ConnectError, Connected, ConnectionLost, Message, OptionsError, Properties, Property,
    SubscribeError, UrlError,
};

/// What the client is told at its start.
///
/// ```
/// use std::time::Duration;
/// use transport_std::{Message, Options, Version};
///
/// let options = Options::from_url("mqtt://user:pass@localhost:1883")?
///     .client_id("pump-7")
///     .version(Version::V3_1_1)
///     .keep_alive(Duration::from_secs(30))
///     .will(Message::new("pump/7/state", "lost").retain(true));
/// # Ok::<(), transport_std::UrlError>(())
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) address: Address,
    pub(crate) version: Version,
    pub(crate) client_id: String,
    pub(crate) keep_alive: u16,
    pub(crate) clean_start: bool,
    pub(crate) will: Option<Message>,
    pub(crate) properties: Properties,
    pub(crate) session_expiry_interval: Option<u32>,
    pub(crate) receive_maximum: u16,
    pub(crate) maximum_in_flight: Option<u16>,
    pub(crate) leniency: Leniency,
    pub(crate) maximum_packet_size: u32,
    pub(crate) maximum_outgoing_packet_size: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) ping_timeout: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) reconnect: Option<Reconnect>,
    pub(crate) maximum_outbox: usize,
    pub(crate) inbound_capacity: usize,
    pub(crate) maximum_inbox: usize,
    pub(crate) hooks: Hooks,
}

const MAXIMUM_IN_FLIGHT_3_1_1: u16 = 20;

/// A hook of the user's: runs on the client's callback thread, never on the I/O thread.
pub(crate) type Hook<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// What the user wants called.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) connect: Option<Hook<Connected>>,
    pub(crate) connect_failed: Option<Hook<ConnectError>>,
    pub(crate) connection_lost: Option<Hook<ConnectionLost>>,
    pub(crate) reconnecting: Option<Hook<u32>>,
    pub(crate) resubscribe_failed: Option<Hook<SubscribeError>>,
    pub(crate) default_handler: Option<Arc<dyn Fn(Message) + Send + Sync>>,
    pub(crate) wire: Option<Tap>,
}

/// When to connect again: the delay doubles from `minimum` to `maximum`, and a random half of
/// it is taken off, so that a thousand clients do not return as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The delay before the first attempt.
    pub minimum: Duration,
    /// The longest delay.
    pub maximum: Duration,
}

impl Default for Reconnect {
    /// From one second to two minutes.
    fn default() -> Self {
        Self {
            minimum: Duration::from_secs(1),
            maximum: Duration::from_secs(120),
        }
    }
}

/// Where to, and as whom.
impl Options {
    /// Options for a Server at `host` (a name or an IP address) and `port`.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self::at(Address {
            host: host.into(),
            port,
            username: None,
            password: None,
        })
    }

    /// Options from a URL: `mqtt://[user[:password]@]host[:port]`, or `tcp://` for the same.
    /// What is special in a URL stands percent-encoded. Without a port it is 1883.
    ///
    /// # Errors
    ///
    /// [`UrlError`] says which part of the URL is wrong.
    pub fn from_url(url: &str) -> Result<Self, UrlError> {
        Address::parse(url).map(Self::at)
    }

    fn at(address: Address) -> Self {
        Self {
            address,
            version: Version::V5,
            client_id: String::new(),
            keep_alive: 60,
            clean_start: true,
            will: None,
            properties: Properties::new(),
            session_expiry_interval: None,
            receive_maximum: u16::MAX,
            maximum_in_flight: None,
            leniency: Leniency::STRICT,
            maximum_packet_size: 16 << 20,
            maximum_outgoing_packet_size: DecodeOptions::MAXIMUM_PACKET_SIZE,
            connect_timeout: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
            reconnect: Some(Reconnect::default()),
            maximum_outbox: 16 << 20,
            inbound_capacity: 1024,
            maximum_inbox: 16 << 20,
            hooks: Hooks::default(),
        }
    }

    /// The version to speak. Default: 5.0.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// The client identifier. Default: empty, and the Server assigns one; the one that it
    /// assigned in 5.0 is kept for reconnects.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// The user name. Default: that of the URL, or none.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.address.username = Some(username.into());
        self
    }

    /// The password. In 3.1.1 only with a user name. Default: that of the URL, or none.
    #[must_use]
    pub fn password(mut self, password: impl Into<Vec<u8>>) -> Self {
        self.address.password = Some(password.into());
        self
    }

    /// What the Server publishes when the connection is lost; not after `disconnect`.
    #[must_use]
    pub fn will(mut self, will: Message) -> Self {
        self.will = Some(will);
        self
    }

    /// A property of CONNECT (5.0): User Property, Request Problem Information and the like.
    /// Those that have an option of their own are set with it.
    #[must_use]
    pub fn property(mut self, property: Property) -> Self {
        self.properties.push(property);
        self
    }
}

/// The session.
impl Options {
    /// Whether the first connection begins a new Session (Clean Start; Clean Session in 3.1.1).
    /// Default: `true`.
    ///
    /// In 5.0 a reconnect always asks for the Session of the connection before. In 3.1.1 the flag
    /// says also that the Session ends with the connection, and stands as given.
    #[must_use]
    pub fn clean_start(mut self, clean_start: bool) -> Self {
        self.clean_start = clean_start;
        self
    }

    /// How many seconds the Server keeps the Session after a connection is over (5.0);
    /// `u32::MAX`: for ever. Default: 0, it does not.
    #[must_use]
    pub fn session_expiry_interval(mut self, seconds: u32) -> Self {
        self.session_expiry_interval = Some(seconds);
        self
    }

    /// The longest time without a packet from us, in whole seconds, rounded up, at most 65,535;
    /// zero turns it off. Default: 60 s. A Server of 5.0 may set another.
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: Duration) -> Self {
        let seconds = keep_alive.as_secs() + u64::from(keep_alive.subsec_nanos() > 0);
        self.keep_alive = u16::try_from(seconds).unwrap_or(u16::MAX);
        self
    }

    /// How long the Server may take to answer a PINGREQ. Default: 10 s.
    #[must_use]
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// How long opening the transport may take, and then how long the CONNACK. Default: 10 s each.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a `disconnect` waits for what is in flight, and the drop of the last
    /// [`Client`](crate::Client). Default: 10 s.
    #[must_use]
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// When to connect again after a loss or a failed attempt; `None`: never, and the client is
    /// closed then. Default: [`Reconnect::default`].
    #[must_use]
    pub fn reconnect(mut self, reconnect: impl Into<Option<Reconnect>>) -> Self {
        self.reconnect = reconnect.into();
        self
    }
}

/// Limits.
impl Options {
    /// How many messages of QoS 1 and 2 may come before they are acknowledged (5.0).
    /// Default: 65,535.
    #[must_use]
    pub fn receive_maximum(mut self, receive_maximum: u16) -> Self {
        self.receive_maximum = receive_maximum;
        self
    }

    /// How many messages of QoS 1 and 2 may be in flight to the Server, whatever it allows.
    /// Default: in 5.0 as many as it says, in 3.1.1, in which it cannot say, 20: mosquitto, by
    /// default, takes no more of QoS 2 and closes the connection.
    #[must_use]
    pub fn maximum_in_flight(mut self, messages: u16) -> Self {
        self.maximum_in_flight = Some(messages);
        self
    }

    /// What is taken from the Server against the specification. Default: nothing.
    #[must_use]
    pub fn leniency(mut self, leniency: Leniency) -> Self {
        self.leniency = leniency;
        self
    }

    /// The largest packet taken, in bytes, payload and all. Default: 16 MiB.
    ///
    /// A Server of 5.0 is told, and drops what is larger. In 3.1.1 a larger message is skipped,
    /// acknowledged, logged and counted ([`Statistics::oversized`](crate::Statistics::oversized)).
    #[must_use]
    pub fn maximum_packet_size(mut self, bytes: u32) -> Self {
        self.maximum_packet_size = bytes;
        self
    }

    /// The largest packet sent, in bytes, payload and all: CONNECT, PUBLISH, SUBSCRIBE or
    /// UNSUBSCRIBE. Default: 268,435,460, the largest that MQTT can express.
    ///
    /// A Server of 5.0 says what it takes, and a larger message fails without being sent. One of
    /// 3.1.1 cannot: it closes the connection, the client connects again and sends the message
    /// again, without end. Where the limit of such a Server is known (mosquitto's
    /// `max_packet_size`), set it here: what is larger is then refused by the call, with
    /// [`PublishError::PacketTooLarge`](crate::PublishError::PacketTooLarge) and the like.
    #[must_use]
    pub fn maximum_outgoing_packet_size(mut self, bytes: u32) -> Self {
        self.maximum_outgoing_packet_size = bytes;
        self
    }

    /// The most bytes that outgoing messages may take until they are over: topic, payload,
    /// properties and 32 more each. Default: 16 MiB.
    #[must_use]
    pub fn maximum_outbox(mut self, bytes: usize) -> Self {
        self.maximum_outbox = bytes;
        self
    }

    /// How many messages may wait in each subscription for its consumer before the client
    /// stops reading from the Server. Default: 1024. While somebody waits for an outcome it is
    /// [`maximum_inbox`](Self::maximum_inbox) alone that stops it.
    #[must_use]
    pub fn inbound_capacity(mut self, messages: usize) -> Self {
        self.inbound_capacity = messages;
        self
    }

    /// The most bytes of received messages that may wait for their consumers, all subscriptions
    /// together: topic, payload, properties and 256 more each, counted in each subscription that
    /// a message waits in. Default: 16 MiB.
    ///
    /// Once they are reached the client reads nothing more until a message is taken, even where
    /// somebody waits for an outcome. What it keeps is therefore never more than this and one
    /// message of [`maximum_packet_size`](Self::maximum_packet_size) more. What it means for those
    /// that wait, [`Handle::wait`](crate::Handle::wait) says.
    #[must_use]
    pub fn maximum_inbox(mut self, bytes: usize) -> Self {
        self.maximum_inbox = bytes;
        self
    }
}

/// Hooks. They run on the client's callback thread, one at a time and in order with the
/// callbacks of subscriptions; they may use the client and block.
impl Options {
    /// Called each time the Server accepted the connection.
    #[must_use]
    pub fn on_connect(mut self, hook: impl Fn(&Connected) + Send + Sync + 'static) -> Self {
        self.hooks.connect = Some(Arc::new(hook));
        self
    }

    /// Called each time an attempt to connect failed, but for the one that
    /// [`Client::connect`](crate::Client::connect) returns.
    #[must_use]
    pub fn on_connect_failed(
        mut self,
        hook: impl Fn(&ConnectError) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.connect_failed = Some(Arc::new(hook));
        self
    }

    /// Called each time a connection that stood was lost; not after `disconnect`.
    #[must_use]
    pub fn on_connection_lost(
        mut self,
        hook: impl Fn(&ConnectionLost) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.connection_lost = Some(Arc::new(hook));
        self
    }

    /// Called before each attempt to connect again, with the number of the attempt since the
    /// loss, or since the first attempt of all failed, from 1.
    #[must_use]
    pub fn on_reconnecting(mut self, hook: impl Fn(&u32) + Send + Sync + 'static) -> Self {
        self.hooks.reconnecting = Some(Arc::new(hook));
        self
    }

    /// Called when a subscription could not be restored after the Server had lost the Session.
    #[must_use]
    pub fn on_resubscribe_failed(
        mut self,
        hook: impl Fn(&SubscribeError) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.resubscribe_failed = Some(Arc::new(hook));
        self
    }

    /// Called with all bytes as they pass a Network Connection, for logs and captures.
    ///
    /// Unlike the other hooks it runs on the client's I/O thread, which it must not keep waiting,
    /// and must not use the client.
    #[must_use]
    pub fn on_wire(mut self, hook: impl Fn(Wire<'_>) + Send + Sync + 'static) -> Self {
        self.hooks.wire = Some(Arc::new(hook));
        self
    }

    /// Takes the messages that match no subscription of this client, as a Session that the
    /// Server kept brings them. Without it they are acknowledged, logged and counted
    /// ([`Statistics::unhandled`](crate::Statistics::unhandled)).
    #[must_use]
    pub fn default_handler(mut self, handler: impl Fn(Message) + Send + Sync + 'static) -> Self {
        self.hooks.default_handler = Some(Arc::new(handler));
        self
    }
}

impl Options {
    /// Whether a Server could be asked for this at all.
    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        if self.version == Version::V3_1_1 && self.client_id.is_empty() && !self.clean_start {
            return Err(OptionsError::ClientIdNeeded);
        }
        if self.inbound_capacity == 0 {
            return Err(OptionsError::Zero("inbound_capacity"));
        }
        if self.maximum_inbox == 0 {
            return Err(OptionsError::Zero("maximum_inbox"));
        }
        if self.maximum_in_flight == Some(0) {
            return Err(OptionsError::Zero("maximum_in_flight"));
        }
        self.with_connect(true, |connect| {
            let packet = Packet::Connect(*connect);
            packet.encoded_len(self.version)?;
            Ok(self.packet_limit().check(&packet)?)
        })?
    }

    pub(crate) fn packet_limit(&self) -> PacketLimit {
        PacketLimit {
            version: self.version,
            bytes: self.maximum_outgoing_packet_size,
        }
    }

    /// Makes the CONNECT: of the `first` connection, or of a reconnect.
    pub(crate) fn with_connect<R>(
        &self,
        first: bool,
        with: impl FnOnce(&Connect<'_>) -> R,
    ) -> Result<R, OptionsError> {
        // No property of CONNECT has a topic but the will's.
        let mut properties = self.properties.borrow().map_err(OptionsError::WillTopic)?;
        if self.version == Version::V5 {
            properties.extend(
                self.session_expiry_interval
                    .map(proto::Property::SessionExpiryInterval),
            );
            let maximum = NonZeroU16::new(self.receive_maximum)
                .ok_or(OptionsError::Zero("receive_maximum"))?;
            if maximum < NonZeroU16::MAX {
                properties.push(proto::Property::ReceiveMaximum(maximum));
            }
            let maximum = NonZeroU32::new(self.maximum_packet_size)
                .ok_or(OptionsError::Zero("maximum_packet_size"))?;
            properties.push(proto::Property::MaximumPacketSize(maximum));
        }
        let will_properties = match &self.will {
            Some(will) => will.properties.borrow().map_err(OptionsError::WillTopic)?,
            None => Vec::new(),
        };
        let will = match &self.will {
            Some(will) => Some(Will {
                topic: TopicName::new(&will.topic).map_err(OptionsError::WillTopic)?,
                payload: &will.payload,
                qos: will.qos,
                retain: will.retain,
                properties: Sequence::new(&will_properties),
            }),
            None => None,
        };
        Ok(with(&Connect {
            version: self.version,
            clean_start: self.clean_start && (first || self.version == Version::V3_1_1),
            keep_alive: self.keep_alive,
            client_id: &self.client_id,
            will,
            username: self.address.username.as_deref(),
            password: self.address.password.as_deref(),
            properties: Sequence::new(&properties),
        }))
    }

    /// What the session is told.
    pub(crate) fn config(&self) -> mqtt_session::Config {
        let mut config = mqtt_session::Config::new(self.version);
        config.connect_timeout = self.connect_timeout.into();
        config.ping_timeout = self.ping_timeout.into();
        config.manual_ack = true;
        config.leniency = self.leniency;
        let maximum_in_flight = self.maximum_in_flight.unwrap_or(match self.version {
            Version::V3_1_1 => MAXIMUM_IN_FLIGHT_3_1_1,
            Version::V5 => u16::MAX,
        });
        config.maximum_in_flight = NonZeroU16::new(maximum_in_flight).unwrap_or(NonZeroU16::MIN);
        config.reconnect = self.reconnect.map(|policy| mqtt_session::Reconnect {
            minimum: policy.minimum.into(),
            maximum: policy.maximum.into(),
            seed: seed(),
        });
        config
    }
}

/// Differs from process to process and from call to call.
fn seed() -> u32 {
    let bits = RandomState::new().build_hasher().finish().to_ne_bytes();
    let [a, b, c, d, ..] = bits;
    u32::from_ne_bytes([a, b, c, d])
}

impl fmt::Debug for Options {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("host", &self.address.host)
            .field("port", &self.address.port)
            .field("version", &self.version)
            .field("client_id", &self.client_id)
            .field("username", &self.address.username)
            .finish_non_exhaustive()
    }
}
