//! The other side: a broker in memory, and an application that sets the thermostat and then turns it off.
#![allow(dead_code, reason = "each test uses its part")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use embassy_time::MockDriver;
use embedded_io_async::{Read, Write};
use mqtt_proto::{
    Connect, DecodeOptions, Delivery, Packet, PacketId, Properties, Publish, PublishHead, QoS,
    Role, Subscribe, Subscription, TopicFilter, TopicName, Version,
};
use mqtt_session::Instant;
use mqtt_testkit::{Broker, BrokerOptions, ConnectionId};

/// The broker, with the connections of the device and of the application.
pub(crate) struct Server {
    broker: Broker,
    application: ConnectionId,
    device: Option<ConnectionId>,
    /// What the device said of its state.
    pub(crate) states: Vec<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut broker = Broker::new(BrokerOptions::default());
        let application = broker.open(Instant::default());
        let mut server = Self {
            broker,
            application,
            device: None,
            states: Vec::new(),
        };
        let filter = [Subscription::new(
            TopicFilter::new("thermostat/7/state").unwrap(),
            QoS::AtMostOnce,
        )];
        server.say(&Packet::Connect(Connect::new(Version::V5, "application")));
        server.say(&Packet::Subscribe(Subscribe {
            packet_id: PacketId::new(1).unwrap(),
            properties: Properties::EMPTY,
            subscriptions: (&filter).into(),
        }));
        server.set("21.5", true);
        server
    }

    /// Whether the device is connected.
    pub(crate) fn has_device(&self) -> bool {
        self.broker.connected().any(|id| id == "thermostat-7")
    }

    /// The transport of the device was opened.
    pub(crate) fn open(&mut self) {
        self.device = Some(self.broker.open(Instant::default()));
    }

    /// The transport of the device was closed.
    pub(crate) fn close(&mut self) {
        if let Some(device) = self.device.take() {
            self.broker.handle_close(Instant::default(), device);
        }
    }

    /// Bytes of the device.
    pub(crate) fn handle_input(&mut self, bytes: &[u8]) {
        let Some(device) = self.device else { return };
        self.broker.handle_input(Instant::default(), device, bytes);
        self.listen();
    }

    /// Bytes for the device.
    pub(crate) fn poll_transmit(&mut self, buf: &mut [u8]) -> usize {
        self.device.map_or(0, |device| {
            self.broker.poll_transmit(Instant::default(), device, buf)
        })
    }

    /// Serves the device on a transport until that is closed.
    pub(crate) async fn serve<T: Read + Write>(
        &mut self,
        mut transport: T,
    ) -> Result<(), T::Error> {
        self.open();
        let mut buf = [0; 256];
        let result = loop {
            match transport.read(&mut buf).await {
                Ok(0) => break Ok(()),
                Ok(count) => self.handle_input(&buf[..count]),
                Err(error) => break Err(error),
            }
            loop {
                let count = self.poll_transmit(&mut buf);
                if count == 0 {
                    break;
                }
                transport.write_all(&buf[..count]).await?;
            }
            transport.flush().await?;
        };
        self.close();
        result
    }

    fn say(&mut self, packet: &Packet<'_>) {
        let mut buf = [0; 256];
        let count = packet.encode(Version::V5, &mut buf).unwrap();
        self.broker
            .handle_input(Instant::default(), self.application, &buf[..count]);
    }

    fn set(&mut self, value: &str, retain: bool) {
        self.say(&Packet::Publish(Publish {
            head: PublishHead {
                delivery: Delivery::AtMostOnce,
                retain,
                topic: Some(TopicName::new("thermostat/7/set").unwrap()),
                properties: Properties::EMPTY,
            },
            payload: value.as_bytes(),
        }));
    }

    /// What the application is told; after the first state it has seen enough.
    fn listen(&mut self) {
        let mut buf = [0; 256];
        let count = self
            .broker
            .poll_transmit(Instant::default(), self.application, &mut buf);
        let mut input = &buf[..count];
        let options = DecodeOptions::new(Version::V5, Role::Server);
        while let Some(packet) = Packet::decode(&options, &mut input).unwrap() {
            if let Packet::Publish(publish) = packet {
                self.states
                    .push(String::from_utf8(publish.payload.to_vec()).unwrap());
                self.set("off", false);
            }
        }
    }
}

/// Runs a future to its end, in virtual time: a millisecond for each time that it is polled.
///
/// Fails where it does not end in a virtual hour, instead of running for ever.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..3_600_000 {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
        MockDriver::get().advance(embassy_time::Duration::from_millis(1));
    }
    panic!("does not end");
}
