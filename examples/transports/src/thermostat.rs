//! The device, whatever its transport: takes what is published to `thermostat/7/set` for its own,
//! says so on `thermostat/7/state`, and disconnects when it is told `off`.

use core::num::NonZeroU16;

use embedded_io_async::{Read, Write};
use mqtt_proto::{
    Connect, Properties, Property, QoS, ReasonCode, Subscription, TopicFilter, Version,
};
use mqtt_session::{Config, Duration, Event, Inline, Payload, Publish, Reconnect, Session};
use transport_embedded::{Clock, Commands, Connection, Resources, Step, Timer};

/// 512 bytes of outgoing packets kept for resending, 4 operations in flight, 2 incoming messages.
pub type Tables = Inline<512, 4, 2>;

/// All the memory that MQTT takes: put it in a `static`, by `StaticCell`.
#[derive(Debug)]
pub struct Memory {
    /// The session, which outlives every connection.
    pub session: Session<Tables>,
    /// The buffers, used by one connection after the other.
    pub buffers: Resources<256, 128, 128>,
}

// Holds the README here, and the documentation of transport-embedded, to what it is on a microcontroller.
#[cfg(target_pointer_width = "32")]
const _: () = {
    let session: usize = 288 + 512 + 4 * 24 + 2 * 16;
    assert!(size_of::<Memory>() <= session.next_multiple_of(8) + (256 + 128 + 128));
    let odd: usize = 288 + 7 + 24 + 16;
    assert!(size_of::<Session<Inline<7, 1, 1>>>() <= odd.next_multiple_of(8));
};

impl Memory {
    /// `seed`: from the serial number or a random source. It spreads the reconnects of a thousand
    /// devices.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut config = Config::new(Version::V5);
        config.reconnect = Some(Reconnect {
            minimum: Duration::from_secs(1),
            maximum: Duration::from_secs(60),
            seed,
        });
        Self {
            session: Session::new(config),
            buffers: Resources::new(),
        }
    }
}

/// The CONNECT: a session that outlives the connection by an hour.
#[must_use]
pub fn connect() -> Connect<'static> {
    const PROPERTIES: &[Property<'_>] = &[
        Property::SessionExpiryInterval(3600),
        // The Server must not send more at once than the tables can track.
        Property::ReceiveMaximum(NonZeroU16::new(2).unwrap()),
    ];
    let mut connect = Connect::new(Version::V5, "thermostat-7");
    connect.clean_start = false;
    connect.keep_alive = 30;
    connect.properties = PROPERTIES.into();
    connect
}

/// Serves an asynchronous connection to its end.
///
/// # Errors
/// The transport failed.
pub async fn serve<C: Timer, T: Read + Write>(
    connection: &mut Connection<'_, Tables, C, T>,
) -> Result<(), T::Error> {
    while let Some((step, mut commands)) = connection.next().await? {
        handle(&step, &mut commands);
    }
    Ok(())
}

/// What the device does about what happened.
pub fn handle<C: Clock>(step: &Step<'_>, commands: &mut Commands<'_, Tables, C>) {
    // A command is refused where the outbox or the table is full, or the peer does not allow it: a
    // real device would try again after the next outcome. And it would put a value together that
    // comes in pieces, since the network cuts where it likes.
    match step {
        Step::Event(Event::Connected(connack)) if !connack.session_present => {
            if let Ok(filter) = TopicFilter::new("thermostat/7/set") {
                let set = [Subscription::new(filter, QoS::AtLeastOnce)];
                let _ = commands.subscribe((&set).into(), Properties::EMPTY);
            }
        }
        Step::Event(Event::Message(message)) if message.remaining == 0 => {
            if message.payload == b"off" {
                let _ = commands.disconnect(ReasonCode::Success, None);
                return;
            }
            // The message is still in the buffer of the connection while its answer is published.
            let _ = commands.publish(&Publish {
                topic: "thermostat/7/state",
                payload: Payload::Bytes(message.payload),
                qos: QoS::AtLeastOnce,
                retain: true,
                properties: Properties::EMPTY,
            });
        }
        _ => {}
    }
}
