//! What the device does, whatever board it runs on.

use cortex_m_semihosting::hprintln;
use firmware::clock::SysTickClock;
use firmware::net::{Network, TcpStream};
use mqtt_proto::{
    Connect, Properties, Property, QoS, ReasonCode, Subscription, TopicFilter, TopicName, Version,
};
use mqtt_session::{
    Config, Disconnected, Duration, Event, Inline, Message, Payload, Publish, Reconnect, Token,
};
use sha2::{Digest, Sha256};
use smoltcp::wire::IpEndpoint;
use transport_embedded::{Client, Commands, Connection, Step};

/// Tracks 20 incoming messages: as many as mosquitto sends at once in 3.1.1, which has no Receive Maximum.
pub type Storage = Inline<1024, 8, 20>;
type Device<'a> = Commands<'a, Storage, SysTickClock>;

const VERSION: Version = if cfg!(feature = "v3") {
    Version::V3_1_1
} else {
    Version::V5
};

/// How large the log is that is sent for `device/log/get`: sixteen times the RAM.
const LOG: u32 = 1024 * 1024;

/// What the device listens to from its first connection on.
const FILTERS: [&str; 6] = [
    "device/request",
    "device/publish",
    "device/image/get",
    "device/log/get",
    "device/stop",
    "device/other/#",
];

/// The session's configuration.
pub fn config() -> Config {
    let mut config = Config::new(VERSION);
    config.reconnect = Some(Reconnect {
        minimum: Duration::from_millis(100),
        maximum: Duration::from_secs(2),
        seed: 1,
    });
    config
}

/// Connects, again and again, until `device/stop` comes.
pub async fn run(
    client: &mut Client<'_, Storage, SysTickClock>,
    network: &mut Network,
    broker: IpEndpoint,
) {
    let mut state = State::default();
    loop {
        match network.connect(broker).await {
            Ok(socket) => match client.connect(socket, &connect()) {
                Ok(mut connection) => {
                    if state.serve(&mut connection).await {
                        return;
                    }
                }
                Err(error) => {
                    hprintln!("connect: {:?}", error);
                    return;
                }
            },
            Err(_) => {
                hprintln!("no connection");
                client.connect_failed();
            }
        }
        if !client.reconnect_due().await {
            hprintln!("no reconnect");
            return;
        }
    }
}

fn connect() -> Connect<'static> {
    const PROPERTIES: &[Property<'_>] = &[
        Property::SessionExpiryInterval(3600),
        Property::ReceiveMaximum(core::num::NonZeroU16::new(20).unwrap()),
    ];
    let mut connect = Connect::new(VERSION, "device");
    connect.clean_start = false;
    connect.keep_alive = 2;
    if VERSION == Version::V5 {
        connect.properties = PROPERTIES.into();
    }
    connect
}

/// What the device remembers from one event to the next.
#[derive(Default)]
struct State {
    image: Option<Image>,
    log: Option<Token>,
    stopping: bool,
}

/// An image that is coming: only its digest is kept.
struct Image {
    digest: Sha256,
    length: u32,
}

impl State {
    /// Serves one connection to its end. `true`: the device was told to stop.
    async fn serve(
        &mut self,
        connection: &mut Connection<'_, Storage, SysTickClock, TcpStream<'_>>,
    ) -> bool {
        self.image = None;
        loop {
            let due = match connection.next().await {
                Ok(Some((Step::Event(event), mut device))) => {
                    self.event(&event, &mut device);
                    continue;
                }
                Ok(Some((Step::Completed(token, completion), _))) => {
                    if self.log == Some(token) {
                        self.log = None;
                    }
                    hprintln!("completed {:?}", completion);
                    continue;
                }
                Ok(Some((Step::PayloadDue(due), _))) => due,
                Ok(Some((Step::Again, _))) => continue,
                Ok(None) => return self.stopping,
                Err(error) => {
                    hprintln!("transport: {:?}", error);
                    return false;
                }
            };
            let mut chunk = [0; 256];
            for (byte, offset) in chunk.iter_mut().zip(due.offset..) {
                *byte = log_byte(offset);
            }
            if let Err(error) = connection.send_payload(&chunk).await {
                hprintln!("transport: {:?}", error);
                return false;
            }
        }
    }

    fn event(&mut self, event: &Event<'_>, device: &mut Device<'_>) {
        match event {
            Event::Connected(connack) => {
                hprintln!("connected session_present={}", connack.session_present);
                if !connack.session_present {
                    for filter in FILTERS {
                        subscribe(device, filter);
                    }
                }
            }
            Event::Subscribed(_) => hprintln!("subscribed"),
            Event::Unsubscribed(_) => hprintln!("unsubscribed"),
            Event::Message(message) => self.message(message, device),
            Event::Payload(chunk) => self.payload(chunk.payload, chunk.remaining, device),
            Event::Published(published) => {
                if self.log == Some(published.token) {
                    self.log = None;
                    hprintln!("log sent {:?}", published.reason);
                } else {
                    hprintln!("published {:?}", published.reason);
                }
            }
            Event::Oversized(delivery) => hprintln!("oversized {:?}", delivery.qos()),
            Event::Disconnected(Disconnected::Closed) => hprintln!("closed"),
            Event::Disconnected(_) => hprintln!("disconnected"),
            _ => {}
        }
    }

    fn message(&mut self, message: &Message<'_>, device: &mut Device<'_>) {
        match message.topic.as_str() {
            "device/image/get" => subscribe(device, "device/image"),
            "device/image" => {
                hprintln!("image {:?}", message.qos);
                self.image = Some(Image {
                    digest: Sha256::new(),
                    length: 0,
                });
                self.payload(message.payload, message.remaining, device);
            }
            "device/request" => answer(message, device),
            "device/log/get" => {
                match device.publish(&publish(
                    "device/log",
                    Payload::Streamed(LOG),
                    QoS::AtLeastOnce,
                )) {
                    Ok(token) => self.log = Some(token),
                    Err(error) => hprintln!("log: {:?}", error),
                }
            }
            "device/publish" => {
                for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    if let Err(error) =
                        device.publish(&publish("device/out", Payload::Bytes(b"out"), qos))
                    {
                        hprintln!("publish: {:?}", error);
                    }
                }
            }
            "device/stop" => {
                self.stopping = true;
                if let Err(error) = device.disconnect(
                    ReasonCode::Success,
                    Some(0).filter(|_| VERSION == Version::V5),
                ) {
                    hprintln!("disconnect: {:?}", error);
                }
            }
            _ => hprintln!(
                "unwanted {}",
                message.payload.len() as u32 + message.remaining
            ),
        }
    }

    fn payload(&mut self, piece: &[u8], remaining: u32, device: &mut Device<'_>) {
        let Some(image) = &mut self.image else { return };
        image.digest.update(piece);
        image.length += piece.len() as u32;
        if remaining > 0 {
            return;
        }
        if let Some(Image { digest, length }) = self.image.take() {
            hprintln!("image {} {:02x?}", length, digest.finalize().as_slice());
            // One image is enough, until the next is asked for.
            unsubscribe(device, "device/image");
        }
    }
}

fn subscribe(device: &mut Device<'_>, filter: &str) {
    let Ok(filter) = TopicFilter::new(filter) else {
        return;
    };
    let subscription = [Subscription::new(filter, QoS::ExactlyOnce)];
    if let Err(error) = device.subscribe((&subscription).into(), Properties::EMPTY) {
        hprintln!("subscribe: {:?}", error);
    }
}

fn unsubscribe(device: &mut Device<'_>, filter: &str) {
    let Ok(filter) = TopicFilter::new(filter) else {
        return;
    };
    if let Err(error) = device.unsubscribe((&[filter]).into(), Properties::EMPTY) {
        hprintln!("unsubscribe: {:?}", error);
    }
}

/// Answers where the request says, with the correlation data that it brought (5.0).
fn answer(request: &Message<'_>, device: &mut Device<'_>) {
    let topic = request
        .properties
        .response_topic()
        .map_or("device/response", TopicName::as_str);
    let properties = request
        .properties
        .correlation_data()
        .map(Property::CorrelationData);
    let mut answer = publish(topic, Payload::Bytes(request.payload), QoS::AtLeastOnce);
    answer.properties = properties.as_slice().into();
    if let Err(error) = device.publish(&answer) {
        hprintln!("answer: {:?}", error);
    }
}

fn publish<'a>(topic: &'a str, payload: Payload<'a>, qos: QoS) -> Publish<'a> {
    Publish {
        topic,
        payload,
        qos,
        retain: false,
        properties: Properties::EMPTY,
    }
}

/// The log is generated, not stored: each byte from its place.
fn log_byte(offset: u32) -> u8 {
    (offset.wrapping_mul(2_654_435_761) >> 24) as u8
}
