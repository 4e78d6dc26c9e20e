use super::Fields;
use crate::allowed::Place;
use crate::property;
use crate::wire::{HAS_FAST_PATHS, Output, Reader};
use crate::{
    DecodeErrorKind, EncodeError, Packet, PacketType, Properties, QoS, TopicName, Version,
};

/// A CONNECT packet (section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Connect<'a> {
    /// The version asked for.
    pub version: Version,
    /// Clean Start in 5.0, Clean Session in 3.1.1.
    pub clean_start: bool,
    /// Seconds; 0 turns it off.
    pub keep_alive: u16,
    /// May be empty: the Server then assigns one (in 3.1.1 only with `clean_start`).
    pub client_id: &'a str,
    /// What the Server publishes if the connection is lost.
    pub will: Option<Will<'a>>,
    /// The user name.
    pub username: Option<&'a str>,
    /// The password; in 3.1.1 only with a user name [MQTT3-3.1.2-22].
    pub password: Option<&'a [u8]>,
    /// Session Expiry Interval, Receive Maximum and more.
    pub properties: Properties<'a>,
}

impl<'a> Connect<'a> {
    /// A clean start without credentials or will, with a keep-alive of 60 seconds.
    #[must_use]
    pub const fn new(version: Version, client_id: &'a str) -> Self {
        Self {
            version,
            clean_start: true,
            keep_alive: 60,
            client_id,
            will: None,
            username: None,
            password: None,
            properties: Properties::EMPTY,
        }
    }

    /// By the version that the packet names, not by one agreed before.
    #[inline(never)]
    pub(super) fn decode(reader: &mut Reader<'a>) -> Packet<'a> {
        if HAS_FAST_PATHS && let Some(connect) = Self::decode_plain(reader.rest()) {
            reader.take_rest();
            return Packet::Connect(connect);
        }
        Self::decode_any(reader)
    }

    pub(super) fn decode_any(reader: &mut Reader<'a>) -> Packet<'a> {
        let version = decode_version(reader);
        reader.version = version;
        let flags = Flags::decode(reader);
        let keep_alive = reader.u16();
        let properties = property::decode(reader, PLACE);
        // The payload's fields in their order [MQTT-3.1.3-1].
        // [MQTT-3.1.3-3] [MQTT-3.1.3-4]
        let client_id = reader.string();
        // [MQTT3-3.1.3-7] [MQTT3-3.1.3-8]
        if version == Version::V3_1_1 && client_id.is_empty() && !flags.has(Flags::CLEAN_START) {
            reader.refuse(DecodeErrorKind::EmptyClientId);
        }
        // [MQTT-3.1.2-9]
        let will = flags.has(Flags::WILL).then(|| Will::decode(reader, flags));
        // [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.3-12]
        let username = flags.has(Flags::USER_NAME).then(|| reader.string());
        // [MQTT-3.1.2-18] [MQTT-3.1.2-19]
        let password = flags.has(Flags::PASSWORD).then(|| reader.binary());
        Packet::Connect(Self {
            version,
            clean_start: flags.has(Flags::CLEAN_START),
            keep_alive,
            client_id,
            will,
            username,
            password,
            properties,
        })
    }

    /// As the version that the packet names has it.
    pub(super) fn encode(&self, fields: &mut Fields<impl Output>) {
        fields.version = self.version;
        let v3 = self.version == Version::V3_1_1;
        if v3 && self.client_id.is_empty() && !self.clean_start {
            fields.fail(EncodeError::EmptyClientId);
        }
        if v3 && self.password.is_some() && self.username.is_none() {
            fields.fail(EncodeError::PasswordWithoutUserName);
        }
        fields.checked(PROTOCOL_NAME);
        fields.u8(self.version.level());
        fields.u8(Flags::of(self).0);
        fields.u16(self.keep_alive);
        fields.properties(self.properties, PLACE);
        fields.string(self.client_id);
        if let Some(will) = &self.will {
            fields.properties(will.properties, Place::WILL);
            fields.checked(will.topic.as_bytes());
            fields.binary(will.payload);
        }
        if let Some(username) = self.username {
            fields.string(username);
        }
        if let Some(password) = self.password {
            fields.binary(password);
        }
    }
}

/// The Will Message (section 3.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Will<'a> {
    /// Where it is published.
    pub topic: TopicName<'a>,
    /// At most 65,535 bytes.
    pub payload: &'a [u8],
    /// The QoS it is published with.
    pub qos: QoS,
    /// Whether it is published as a retained message.
    pub retain: bool,
    /// Will Delay Interval and the properties of the message.
    pub properties: Properties<'a>,
}

impl<'a> Will<'a> {
    fn decode(reader: &mut Reader<'a>, flags: Flags) -> Self {
        let properties = property::decode(reader, Place::WILL);
        // [MQTT-3.1.3-11]
        let topic = reader.topic_name();
        let payload = reader.binary();
        Self {
            topic,
            payload,
            qos: flags.will_qos().unwrap_or_default(),
            retain: flags.has(Flags::WILL_RETAIN),
            properties,
        }
    }
}

pub(super) const PLACE: Place = Place::of(PacketType::Connect);

/// [MQTT-3.1.2-1]
pub(super) const PROTOCOL_NAME: &[u8] = b"MQTT";
/// The name of MQTT 3.1, which is told from what is no MQTT at all.
const PROTOCOL_NAME_3_1: &[u8] = b"MQIsdp";
const LEVEL_3_1: u8 = 3;

fn decode_version(reader: &mut Reader<'_>) -> Version {
    let name = reader.binary();
    let same = name.iter().zip(PROTOCOL_NAME).take_while(|(a, b)| a == b);
    let same = same.count();
    let is_mqtt = same == PROTOCOL_NAME.len() && same == name.len();
    let next = reader.rest().first();
    let may_be_3_1 = name == PROTOCOL_NAME_3_1 && next.is_none_or(|&level| level == LEVEL_3_1);
    if !is_mqtt && !may_be_3_1 {
        reader.fail_at(reader.in_string(same), DecodeErrorKind::InvalidProtocolName);
    }
    match reader.u8() {
        4 => Version::V3_1_1,
        5 => Version::V5,
        // [MQTT-3.1.2-2] [MQTT3-3.1.2-2]
        level => {
            reader.refuse(DecodeErrorKind::UnsupportedProtocolVersion(level));
            Version::V5
        }
    }
}

/// The Connect Flags (section 3.1.2.3).
#[derive(Clone, Copy)]
pub(super) struct Flags(pub(super) u8);

impl Flags {
    const RESERVED: u8 = 0x01;
    pub(super) const CLEAN_START: u8 = 0x02;
    pub(super) const WILL: u8 = 0x04;
    const WILL_QOS: u8 = 0x18;
    pub(super) const WILL_RETAIN: u8 = 0x20;
    pub(super) const PASSWORD: u8 = 0x40;
    pub(super) const USER_NAME: u8 = 0x80;

    fn decode(reader: &mut Reader<'_>) -> Self {
        let flags = Self(reader.u8());
        if let Some(wrong) = flags.wrong(reader.version) {
            reader.refuse(wrong);
        }
        flags
    }

    /// What is wrong with them in a packet of the version.
    #[inline(always)]
    pub(super) fn wrong(self, version: Version) -> Option<DecodeErrorKind> {
        if self.has(Self::RESERVED) {
            // [MQTT-3.1.2-3]
            Some(DecodeErrorKind::ReservedConnectFlag)
        } else if !self.has(Self::WILL) && self.has(Self::WILL_QOS | Self::WILL_RETAIN) {
            // [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT3-3.1.2-11]
            Some(DecodeErrorKind::WillFlagsWithoutWill)
        } else if self.will_qos().is_none() {
            // [MQTT-3.1.2-12]
            Some(DecodeErrorKind::InvalidQoS)
        } else if version == Version::V3_1_1
            && self.has(Self::PASSWORD)
            && !self.has(Self::USER_NAME)
        {
            // [MQTT3-3.1.2-22]
            Some(DecodeErrorKind::PasswordWithoutUserName)
        } else {
            None
        }
    }

    fn of(connect: &Connect<'_>) -> Self {
        let mut flags = 0;
        let mut set = |condition: bool, bits: u8| flags |= if condition { bits } else { 0 };
        set(connect.clean_start, Self::CLEAN_START);
        set(connect.username.is_some(), Self::USER_NAME);
        set(connect.password.is_some(), Self::PASSWORD);
        if let Some(will) = &connect.will {
            set(true, Self::WILL | (will.qos.as_u8() << 3));
            set(will.retain, Self::WILL_RETAIN);
        }
        Self(flags)
    }

    /// Whether any of the bits is set.
    pub(super) const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    pub(super) const fn will_qos(self) -> Option<QoS> {
        QoS::from_u8((self.0 & Self::WILL_QOS) >> 3)
    }
}
