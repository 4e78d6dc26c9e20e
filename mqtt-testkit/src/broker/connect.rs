//! CONNECT: who is let in, with which session and on which terms.

use core::num::NonZeroU16;

use mqtt_proto::{ConnAck, Connect, Packet, Property, QoS, ReasonCode, Sequence, Version};
use mqtt_session::{Instant, Limits};

use super::connection::Connection;
use super::message::Will;
use super::{Broker, BrokerOptions, ConnectionId};

impl Broker {
    /// An error is the reason of the CONNACK that refuses.
    pub(super) fn handle_connect(
        &mut self,
        now: Instant,
        id: ConnectionId,
        connection: &mut Connection,
        connect: &Connect<'_>,
    ) -> Result<(), ReasonCode> {
        connection.output.version = connect.version;
        check(&self.options, connect)?;
        let assigned = connect
            .client_id
            .is_empty()
            .then(|| self.assign_client_id());
        let client_id = assigned.as_deref().unwrap_or(connect.client_id);
        self.take_over(now, client_id);

        let session_present = self.store.attach(
            now,
            &self.options,
            client_id,
            connect.version,
            connect.clean_start,
        );
        let expiry = session_expiry(&self.options, connect);
        let mut limits = Limits::of_client(connect);
        if connect.properties.receive_maximum().is_none() {
            limits.receive_maximum = self.options.in_flight_maximum;
        }
        if let Some(session) = self.store.sessions.get_mut(client_id) {
            session.connection = Some(id);
            session.expiry = expiry;
            session.open(
                limits,
                match connect.version {
                    // A Client of 3.1.1 is not told of a limit, so it cannot break it.
                    Version::V3_1_1 => NonZeroU16::MAX,
                    Version::V5 => self.options.receive_maximum,
                },
            );
        }
        connection.session_expiry = expiry;
        connection.will = connect.will.as_ref().map(|will| Will::new(client_id, will));
        let keep_alive = match (connect.version, self.options.server_keep_alive) {
            (Version::V5, Some(seconds)) => seconds,
            _ => connect.keep_alive,
        };
        connection.output.maximum_packet_size = limits.maximum_packet_size;
        connection.accept(client_id.to_owned(), keep_alive);

        let properties = properties(&self.options, connect, assigned.as_deref(), expiry);
        // [MQTT-3.1.4-5]
        connection.output.push(&Packet::ConnAck(ConnAck {
            session_present,
            reason: ReasonCode::Success,
            properties: Sequence::new(&properties),
        }));
        Ok(())
    }

    /// [MQTT-3.1.4-3]
    fn take_over(&mut self, now: Instant, client_id: &str) {
        self.disconnect(now, client_id, ReasonCode::SessionTakenOver);
    }

    /// [MQTT-3.2.2-16]
    fn assign_client_id(&mut self) -> String {
        loop {
            self.assigned += 1;
            let client_id = format!("assigned-{}", self.assigned);
            if !self.has_session(&client_id) {
                return client_id;
            }
        }
    }
}

/// What refuses a CONNECT before any session is touched.
fn check(options: &BrokerOptions, connect: &Connect<'_>) -> Result<(), ReasonCode> {
    if connect.properties.authentication_method().is_some() {
        // [MQTT-4.12.0-1]
        return Err(ReasonCode::BadAuthenticationMethod);
    }
    if !options.credentials.is_empty() {
        let expected = connect
            .username
            .and_then(|username| options.credentials.get(username));
        if expected.is_none_or(|password| connect.password != Some(password.as_slice())) {
            return Err(ReasonCode::BadUserNameOrPassword);
        }
    }
    if let Some(will) = &connect.will {
        if will.qos > options.maximum_qos {
            // [MQTT-3.2.2-12]
            return Err(ReasonCode::QoSNotSupported);
        }
        if will.retain && !options.retain_available {
            // [MQTT-3.2.2-13]
            return Err(ReasonCode::RetainNotSupported);
        }
    }
    Ok(())
}

/// How many seconds the session outlives the connection; in 3.1.1 that is all or nothing.
fn session_expiry(options: &BrokerOptions, connect: &Connect<'_>) -> u32 {
    let wanted = match connect.version {
        Version::V5 => connect.properties.session_expiry_interval().unwrap_or(0),
        Version::V3_1_1 if connect.clean_start => 0,
        Version::V3_1_1 => u32::MAX,
    };
    options
        .session_expiry_maximum
        .map_or(wanted, |most| wanted.min(most))
}

/// The terms, as far as they differ from what a Client presumes.
fn properties<'a>(
    options: &BrokerOptions,
    connect: &Connect<'_>,
    assigned: Option<&'a str>,
    expiry: u32,
) -> Vec<Property<'a>> {
    let mut properties = Vec::new();
    if connect.version == Version::V3_1_1 {
        return properties;
    }
    if connect.properties.session_expiry_interval().unwrap_or(0) != expiry {
        properties.push(Property::SessionExpiryInterval(expiry));
    }
    if options.receive_maximum != NonZeroU16::MAX {
        properties.push(Property::ReceiveMaximum(options.receive_maximum));
    }
    if options.maximum_qos != QoS::ExactlyOnce {
        // [MQTT-3.2.2-9]
        properties.push(Property::MaximumQoS(options.maximum_qos));
    }
    if !options.retain_available {
        properties.push(Property::RetainAvailable(false));
    }
    properties.extend(options.maximum_packet_size.map(Property::MaximumPacketSize));
    properties.extend(assigned.map(Property::AssignedClientIdentifier));
    if options.topic_alias_maximum > 0 {
        properties.push(Property::TopicAliasMaximum(options.topic_alias_maximum));
    }
    if !options.wildcard_subscription_available {
        properties.push(Property::WildcardSubscriptionAvailable(false));
    }
    if !options.subscription_identifier_available {
        properties.push(Property::SubscriptionIdentifierAvailable(false));
    }
    if !options.shared_subscription_available {
        properties.push(Property::SharedSubscriptionAvailable(false));
    }
    properties.extend(options.server_keep_alive.map(Property::ServerKeepAlive));
    properties
}
