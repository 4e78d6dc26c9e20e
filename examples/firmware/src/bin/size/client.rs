//! A client: connects, subscribes, publishes, receives what it published, disconnects.

use core::num::NonZeroU16;
use core::task::Poll;

use crate::PolledClock;
use cortex_m::singleton;
use firmware::uart::Uart;
use mqtt_proto::{
    Connect, Properties, Property, QoS, ReasonCode, Subscription, TopicFilter, Version,
};
use mqtt_session::{Config, ConnectError, Event, Inline, Payload, Publish, Session};
use transport_embedded::{Client, Commands, Connection, Resources, Step};

type Tables = Inline<256, 4, 4>;
type Link<'c, 'k> = Connection<'c, Tables, &'k PolledClock, Uart>;
type Device<'a> = Commands<'a, Tables, &'a PolledClock>;

/// The highest QoS that this row has.
const HIGHEST: QoS = if cfg!(feature = "size-qos2") {
    QoS::ExactlyOnce
} else {
    QoS::AtLeastOnce
};

pub fn run(clock: &PolledClock) -> bool {
    let (Some(session), Some(resources)) = (session(clock), resources()) else {
        return false;
    };
    let mut client = Client::new(session, clock, resources.buffers());
    // Served where it lies.
    match &mut open(&mut client, clock) {
        Ok(connection) => serve(connection),
        Err(_) => false,
    }
}

// Each in a frame of its own, which is gone when the connection is served.

#[inline(never)]
fn session(clock: &PolledClock) -> Option<&'static mut Session<Tables>> {
    singleton!(: Session<Tables> = Session::new(Config::new(version(clock))))
}

fn resources() -> Option<&'static mut Resources<256, 128, 128>> {
    singleton!(: Resources<256, 128, 128> = Resources::new())
}

#[inline(never)]
fn open<'c, 'k>(
    client: &'c mut Client<'_, Tables, &'k PolledClock>,
    clock: &PolledClock,
) -> Result<Link<'c, 'k>, ConnectError> {
    client.connect(Uart, &connect(clock))
}

/// One version, known when it is built, or both.
fn version(clock: &PolledClock) -> Version {
    use transport_embedded::Clock;
    if cfg!(feature = "size-full") && clock.now().as_millis() == u64::MAX {
        Version::V3_1_1
    } else {
        Version::V5
    }
}

fn connect(clock: &PolledClock) -> Connect<'static> {
    const PROPERTIES: &[Property<'_>] = &[
        Property::SessionExpiryInterval(60),
        Property::ReceiveMaximum(NonZeroU16::new(4).unwrap()),
    ];
    let mut connect = Connect::new(version(clock), "size");
    connect.properties = PROPERTIES.into();
    #[cfg(feature = "size-full")]
    {
        connect.username = Some("user");
        connect.password = Some(b"password");
        connect.will = mqtt_proto::TopicName::new("size/will")
            .ok()
            .map(|topic| mqtt_proto::Will {
                topic,
                payload: b"gone",
                qos: QoS::AtLeastOnce,
                retain: true,
                properties: (&[
                    Property::WillDelayInterval(5),
                    Property::ContentType("text/plain"),
                ])
                    .into(),
            });
    }
    connect
}

#[cfg(not(feature = "size-async"))]
#[inline(never)]
fn serve(connection: &mut Link<'_, '_>) -> bool {
    let mut state = State::default();
    loop {
        match connection.poll() {
            Poll::Ready(Ok(Some((Step::Event(event), mut device)))) => {
                if !state.event(&event, &mut device) {
                    return false;
                }
            }
            #[cfg(feature = "size-full")]
            Poll::Ready(Ok(Some((Step::PayloadDue(due), _)))) => {
                let chunk = [b'x'; 32];
                let length = usize::try_from(due.remaining).unwrap_or(usize::MAX);
                let Ok(_) = connection.blocking_send_payload(chunk.get(..length).unwrap_or(&chunk));
            }
            Poll::Ready(Ok(Some(_))) => {}
            Poll::Ready(Ok(None)) => return state.done(),
            Poll::Ready(Err(_)) => return false,
            Poll::Pending => cortex_m::asm::nop(),
        }
    }
}

#[cfg(feature = "size-async")]
#[inline(never)]
fn serve(connection: &mut Link<'_, '_>) -> bool {
    use core::pin::pin;
    use core::task::{Context, Waker};

    let mut serving = pin!(serve_async(connection));
    loop {
        if let Poll::Ready(success) = serving
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return success;
        }
    }
}

#[cfg(feature = "size-async")]
async fn serve_async(connection: &mut Link<'_, '_>) -> bool {
    let mut state = State::default();
    loop {
        match connection.next().await {
            Ok(Some((Step::Event(event), mut device))) => {
                if !state.event(&event, &mut device) {
                    return false;
                }
            }
            Ok(Some((Step::PayloadDue(due), _))) => {
                let chunk = [b'x'; 32];
                let length = usize::try_from(due.remaining).unwrap_or(usize::MAX);
                let bytes = chunk.get(..length).unwrap_or(&chunk);
                let Ok(_) = connection.send_payload(bytes).await;
            }
            Ok(Some(_)) => {}
            Ok(None) => return state.done(),
            Err(_) => return false,
        }
    }
}

/// What is still awaited.
#[derive(Default)]
struct State {
    published: u8,
    received: u8,
    payload: u32,
}

impl State {
    const PUBLISHED: u8 = if cfg!(feature = "size-full") {
        3
    } else if cfg!(feature = "size-qos2") {
        2
    } else {
        1
    };
    const RECEIVED: u8 = Self::PUBLISHED + 1;

    fn done(&self) -> bool {
        self.published == Self::PUBLISHED && self.received == Self::RECEIVED
    }

    #[inline(never)]
    fn event(&mut self, event: &Event<'_>, device: &mut Device<'_>) -> bool {
        match event {
            Event::Connected(_) => {
                let Ok(filter) = TopicFilter::new("size/#") else {
                    return false;
                };
                let subscription = [Subscription::new(filter, HIGHEST)];
                return device
                    .subscribe((&subscription).into(), Properties::EMPTY)
                    .is_ok();
            }
            Event::Subscribed(_) => return publish(device),
            Event::Message(message) => {
                #[cfg(feature = "size-full")]
                self.read(message.properties);
                self.payload = self.payload.wrapping_add(message.payload.len() as u32);
                self.received += u8::from(message.remaining == 0);
            }
            Event::Payload(chunk) => {
                self.payload = self.payload.wrapping_add(chunk.payload.len() as u32);
                self.received += u8::from(chunk.remaining == 0);
            }
            Event::Published(_) => self.published += 1,
            #[cfg(feature = "size-full")]
            Event::Unsubscribed(_) => {
                return device.disconnect(ReasonCode::Success, Some(0)).is_ok();
            }
            _ => return true,
        }
        if !self.done() {
            return true;
        }
        #[cfg(feature = "size-full")]
        {
            let Ok(filter) = TopicFilter::new("size/#") else {
                return false;
            };
            device
                .unsubscribe((&[filter]).into(), Properties::EMPTY)
                .is_ok()
        }
        #[cfg(not(feature = "size-full"))]
        device.disconnect(ReasonCode::Success, None).is_ok()
    }

    /// All that a message can have.
    #[cfg(feature = "size-full")]
    fn read(&mut self, properties: Properties<'_>) {
        for property in properties {
            self.payload = self.payload.wrapping_add(property.id() as u32);
        }
        for (name, value) in properties.user_properties() {
            self.payload = self.payload.wrapping_add((name.len() + value.len()) as u32);
        }
    }
}

fn publish(device: &mut Device<'_>) -> bool {
    let mut message = Publish {
        topic: "size/out",
        payload: Payload::Bytes(b"payload"),
        qos: QoS::AtMostOnce,
        retain: false,
        properties: Properties::EMPTY,
    };
    let mut success = device.publish(&message).is_ok();
    message.qos = QoS::AtLeastOnce;
    success &= device.publish(&message).is_ok();
    if cfg!(feature = "size-qos2") {
        message.qos = QoS::ExactlyOnce;
        success &= device.publish(&message).is_ok();
    }
    #[cfg(feature = "size-full")]
    {
        let properties = [
            Property::UserProperty("name", "value"),
            Property::CorrelationData(b"7"),
            Property::MessageExpiryInterval(60),
        ];
        message.properties = (&properties).into();
        message.payload = Payload::Streamed(400);
        success &= device.publish(&message).is_ok();
    }
    success
}
