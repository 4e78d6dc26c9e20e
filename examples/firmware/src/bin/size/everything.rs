//! What a Client's firmware can call, all of it: for `cargo xtask size` to look whether any of it
//! can panic. It is linked, and need not run: of nothing that comes from [`any`] does the compiler
//! know the value, so nothing is left out.

use core::future::Future;
use core::hint::black_box as any;
use core::pin::pin;
use core::task::{Context, Waker};

use crate::PolledClock;
use firmware::uart::Uart;
use mqtt_proto::{
    Connect, DecodeOptions, Packet, PacketEncoder, PacketId, PacketReader, Properties, PublishHead,
    QoS, ReasonCode, Role, Subscription, SubscriptionIdentifier, TopicFilter, TopicName, Version,
};
use mqtt_session::{
    Config, Duration, Event, Inline, Instant, Limits, Payload, Progress, Publish, Reconnect,
    Session, Violation,
};
use transport_embedded::{Client, Commands, Connection, Resources, Step};

type Tables = Inline<256, 4, 4>;

pub fn run(clock: &PolledClock) -> bool {
    values();
    packets();
    session();
    blocking(clock);
    let waker = Waker::noop();
    let mut serving = pin!(asynchronous(clock));
    serving
        .as_mut()
        .poll(&mut Context::from_waker(waker))
        .is_ready()
}

fn values() {
    let (number, text) = (any(7_u8), any("a/b"));
    any(QoS::from_u8(number).map(QoS::as_u8));
    any(Version::V5.level());
    if let Some(reason) = ReasonCode::from_u8(number) {
        any((reason.as_u8(), reason.is_error(), reason.name()));
    }
    if let Some(packet_id) = PacketId::new(number.into()) {
        any((packet_id.get(), packet_id.next()));
    }
    any(SubscriptionIdentifier::new(number.into()).map(SubscriptionIdentifier::get));
    if let (Ok(name), Ok(filter)) = (TopicName::new(text), TopicFilter::new(text)) {
        any((name.as_str(), name.as_bytes()));
        any((filter.as_str(), filter.as_bytes()));
        any((filter.share_name(), filter.matched_part()));
        any((filter.has_wildcard(), filter.matches(name)));
    }
    let moment = Instant::from_millis(any(7));
    let length = Duration::from_secs(any(7));
    any(moment.saturating_add(length).as_millis());
    any(moment.saturating_since(any(moment)).as_millis());
    any(Duration::from_millis(any(7)));
    any(any(Violation::BeforeConnAck).reason_code());
    let payload = any(Payload::Streamed(7));
    any((payload.len(), payload.is_empty()));
}

/// Of either sender, in either version.
fn packets() {
    let options = any(DecodeOptions::new(Version::V5, Role::Server));
    let (mut buffer, bytes) = ([0; 64], [0; 64]);
    let mut input = any(&bytes[..]);
    match Packet::decode(&options, &mut input) {
        Ok(Some(packet)) => {
            any(packet.packet_type());
            any(packet.encoded_len(options.version).is_ok());
            any(packet.encode(options.version, any(&mut buffer)).is_ok());
            if let Ok(mut encoder) = PacketEncoder::new(&packet, options.version) {
                any(encoder.remaining());
                any(encoder.encode(any(&mut buffer)));
            }
            contents(&packet);
        }
        Ok(None) => {}
        Err(error) => {
            any((error.reason_code(), error.statement(&options, any(&bytes))));
        }
    }
    let mut reader = PacketReader::new(options, any(&mut buffer));
    any(reader.read(&mut input).is_ok());
    any(reader.version());
    any(reader.into_scratch());
}

fn contents(packet: &Packet<'_>) {
    match packet {
        Packet::Connect(connect) => {
            any(Limits::of_client(connect));
            properties(connect.properties);
        }
        Packet::ConnAck(connack) => _ = any(Limits::of_server(connack, any(7))),
        Packet::Publish(publish) => head(&publish.head),
        Packet::Subscribe(subscribe) => {
            any((
                subscribe.subscriptions.len(),
                subscribe.subscriptions.is_empty(),
            ));
            for subscription in subscribe.subscriptions {
                any(subscription);
            }
        }
        Packet::Unsubscribe(unsubscribe) => {
            any((unsubscribe.filters.len(), unsubscribe.filters.is_empty()));
            for filter in unsubscribe.filters {
                any(filter);
            }
        }
        Packet::SubAck(suback) | Packet::UnsubAck(suback) => {
            any((suback.reasons.len(), suback.reasons.is_empty()));
            for reason in suback.reasons {
                any(reason);
            }
        }
        _ => {}
    }
}

fn head(head: &PublishHead<'_>) {
    let mut buffer = [0; 64];
    any((
        head.delivery.qos(),
        head.delivery.packet_id(),
        head.delivery.dup(),
    ));
    any(head.encoded_len(any(Version::V5), any(7)).is_ok());
    any(head
        .encode(any(Version::V5), any(7), any(&mut buffer))
        .is_ok());
}

fn properties(properties: Properties<'_>) {
    any((properties.len(), properties.is_empty()));
    for property in properties {
        any(property.id());
    }
    for (name, value) in properties.user_properties() {
        any((name, value));
    }
    for identifier in properties.subscription_identifiers() {
        any(identifier);
    }
    any(properties.payload_format_indicator());
    any(properties.message_expiry_interval());
    any(properties.content_type());
    any(properties.response_topic());
    any(properties.correlation_data());
    any(properties.session_expiry_interval());
    any(properties.assigned_client_identifier());
    any(properties.server_keep_alive());
    any(properties.authentication_method());
    any(properties.authentication_data());
    any(properties.request_problem_information());
    any(properties.will_delay_interval());
    any(properties.request_response_information());
    any(properties.response_information());
    any(properties.server_reference());
    any(properties.reason_string());
    any(properties.receive_maximum());
    any(properties.topic_alias_maximum());
    any(properties.topic_alias());
    any(properties.maximum_qos());
    any(properties.retain_available());
    any(properties.maximum_packet_size());
    any(properties.wildcard_subscription_available());
    any(properties.subscription_identifier_available());
    any(properties.shared_subscription_available());
}

fn config() -> Config {
    let mut config = Config::new(any(Version::V5));
    config.manual_ack = any(true);
    config.maximum_topic_aliases = any(7);
    config.reconnect = any(Some(Reconnect {
        minimum: Duration::from_millis(100),
        maximum: Duration::from_secs(2),
        seed: 1,
    }));
    config
}

fn connect() -> Connect<'static> {
    any(Connect::new(any(Version::V5), "size"))
}

/// The session without a driver.
fn session() {
    let now = Instant::from_millis(any(7));
    let mut session = Session::<Tables>::new(config());
    getters(&session);
    let (mut transmit, mut scratch, input) = ([0; 64], [0; 64], [0; 64]);
    if let Ok((count, mut reader)) =
        session.connect(now, &connect(), any(&mut transmit), any(&mut scratch))
    {
        any(count);
        match session.handle_input(now, &mut reader, &mut any(&input[..])) {
            Progress::Event(event) => _ = any(event),
            Progress::NeedInput => session.set_reading(now, any(true)),
            Progress::Blocked => session.set_reading(now, any(false)),
        }
    }
    any(session.handle_timeout(now));
    any(session.handle_close(now));
    any(session.poll_transmit(now, any(&mut transmit)));
    any(session.poll_payload());
    session.payload_sent(now, any(7));
    any(session.poll_completed());
    any(session.poll_timeout());
}

fn getters(session: &Session<Tables>) {
    any((session.config(), session.version(), session.state()));
    any((session.limits(), session.pending(), session.in_flight()));
    any(session.outbox_len());
}

/// Through [`Commands`], which hand them to the session.
fn commands(commands: &mut Commands<'_, Tables, &PolledClock>, event: &Event<'_>) {
    getters(commands.session());
    let mut publish = any(Publish::new(any("a/b"), any(b"7")))
        .qos(any(QoS::ExactlyOnce))
        .retain(any(true));
    if let Ok(token) = commands.publish(&publish) {
        any(commands.session().is_pending(token));
    }
    publish.payload = any(Payload::Streamed(7));
    any(commands.publish(&publish).is_ok());
    if let Ok(filter) = TopicFilter::new(any("a/b")) {
        let subscription = [any(Subscription::new(filter, QoS::ExactlyOnce))];
        let subscriptions = (&subscription).into();
        any(commands
            .subscribe(subscriptions, any(Properties::EMPTY))
            .is_ok());
        let filters = [filter];
        any(commands
            .unsubscribe((&filters).into(), any(Properties::EMPTY))
            .is_ok());
    }
    match event {
        Event::Message(message) => {
            properties(message.properties);
            if let Some(ack) = message.ack {
                any(commands.acknowledge(ack, any(ReasonCode::Success)).is_ok());
            }
        }
        Event::Authenticated(auth) => _ = any(commands.auth(auth).is_ok()),
        _ => _ = any(event),
    }
    any(commands
        .disconnect(any(ReasonCode::Success), any(Some(7)))
        .is_ok());
}

/// What a driver gives.
fn step(step: Step<'_>, mut with: Commands<'_, Tables, &PolledClock>) {
    match step {
        Step::Event(event) => commands(&mut with, &event),
        other => _ = any(other),
    }
}

fn blocking(clock: &PolledClock) {
    let mut session = Session::new(config());
    let mut resources = Resources::<64, 64, 64>::new();
    let mut client = Client::new(&mut session, clock, resources.buffers());
    getters(client.session());
    getters(client.commands().session());
    if let Some((next, with)) = client.poll() {
        step(next, with);
    }
    client.connect_failed();
    let Ok(mut connection) = client.connect(Uart, &connect()) else {
        return;
    };
    let connection: &mut Connection<'_, _, _, _> = &mut connection;
    getters(connection.commands().session());
    if let core::task::Poll::Ready(Ok(Some((next, with)))) = connection.poll() {
        step(next, with);
    }
    if let core::task::Poll::Ready(Ok(Some((next, with)))) = connection.blocking_next() {
        step(next, with);
    }
    any(connection.blocking_send_payload(any(b"7")).is_ok());
}

async fn asynchronous(clock: &PolledClock) {
    let mut session = Session::new(config());
    let mut resources = Resources::<64, 64, 64>::new();
    let mut client = Client::new(&mut session, clock, resources.buffers());
    if let Some((next, with)) = client.next().await {
        step(next, with);
    }
    any(client.reconnect_due().await);
    let Ok(mut connection) = client.connect(Uart, &connect()) else {
        return;
    };
    if let Ok(Some((next, with))) = connection.next().await {
        step(next, with);
    }
    any(connection.send_payload(any(b"7")).await.is_ok());
}
