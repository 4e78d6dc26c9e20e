//! Packets of each type.

use std::vec::Vec;

use arbitrary::Result;

use super::parts::TYPES;
use super::{Draw, std};
use crate::{
    Ack, Auth, ConnAck, Connect, Disconnect, Packet, PacketType, Properties, Publish, PublishHead,
    ReasonCode, Role, Sequence, SubAck, Subscribe, Subscription, SubscriptionOptions, Unsubscribe,
    Version, Will,
};

/// The packet types that `sender` may send in the version, the simplest first.
#[must_use]
pub fn packet_types(version: Version, sender: Role) -> Vec<PacketType> {
    let types = TYPES.iter().copied();
    types
        .filter(|packet| packet.is_sent_by(sender, version))
        .collect()
}

impl<'a> Draw<'_, '_, 'a> {
    /// A packet that `sender` may send in the version.
    pub fn packet(&mut self, version: Version, sender: Role) -> Result<Packet<'a>> {
        let packet = *self.source.choose(&packet_types(version, sender))?;
        self.packet_of(packet, version, sender)
    }

    /// A packet of the type, with parts that `sender` may send in the version.
    ///
    /// # Panics
    ///
    /// Where `sender` sends no such packet in the version: the type is not one of [`packet_types`].
    pub fn packet_of(
        &mut self,
        packet: PacketType,
        version: Version,
        sender: Role,
    ) -> Result<Packet<'a>> {
        assert!(
            packet.is_sent_by(sender, version),
            "no {packet:?} comes from a {sender:?} in {version:?}"
        );
        Ok(match packet {
            PacketType::Connect => Packet::Connect(self.connect(version)?),
            PacketType::ConnAck => Packet::ConnAck(self.connack(version)?),
            PacketType::Publish => Packet::Publish(self.publish(version, sender)?),
            PacketType::PubAck => Packet::PubAck(self.ack(packet, version, sender)?),
            PacketType::PubRec => Packet::PubRec(self.ack(packet, version, sender)?),
            PacketType::PubRel => Packet::PubRel(self.ack(packet, version, sender)?),
            PacketType::PubComp => Packet::PubComp(self.ack(packet, version, sender)?),
            PacketType::Subscribe => Packet::Subscribe(self.subscribe(version)?),
            PacketType::SubAck => Packet::SubAck(self.suback(packet, version)?),
            PacketType::Unsubscribe => Packet::Unsubscribe(self.unsubscribe(version)?),
            PacketType::UnsubAck => Packet::UnsubAck(self.suback(packet, version)?),
            PacketType::PingReq => Packet::PingReq,
            PacketType::PingResp => Packet::PingResp,
            PacketType::Disconnect => Packet::Disconnect(Disconnect {
                reason: self.reason_code(packet, version, sender)?,
                properties: self.properties(packet, version, sender)?,
            }),
            PacketType::Auth => Packet::Auth(Auth {
                reason: self.reason_code(packet, version, sender)?,
                properties: self.properties(packet, version, sender)?,
            }),
        })
    }

    /// A CONNECT of the version.
    pub fn connect(&mut self, version: Version) -> Result<Connect<'a>> {
        let v5 = version == Version::V5;
        let client_id = self.string()?;
        let will = if self.source.arbitrary()? {
            Some(self.will(version)?)
        } else {
            None
        };
        let username = self.optional(Self::string)?;
        let password = self.optional(Self::binary)?;
        Ok(Connect {
            version,
            clean_start: self.source.arbitrary::<bool>()? || (!v5 && client_id.is_empty()),
            keep_alive: self.source.arbitrary()?,
            client_id,
            will,
            username,
            password: password.filter(|_| v5 || username.is_some()),
            properties: self.properties(PacketType::Connect, version, Role::Client)?,
        })
    }

    /// A Will of the version.
    pub fn will(&mut self, version: Version) -> Result<Will<'a>> {
        Ok(Will {
            topic: self.topic_name()?,
            payload: self.binary()?,
            qos: self.source.arbitrary()?,
            retain: self.source.arbitrary()?,
            properties: self.will_properties(version)?,
        })
    }

    /// A CONNACK of the version.
    pub fn connack(&mut self, version: Version) -> Result<ConnAck<'a>> {
        let reason = self.reason_code(PacketType::ConnAck, version, Role::Server)?;
        Ok(ConnAck {
            session_present: self.source.arbitrary::<bool>()? && reason == ReasonCode::Success,
            reason,
            properties: self.properties(PacketType::ConnAck, version, Role::Server)?,
        })
    }

    /// A PUBLISH; in 5.0 a Topic Alias now and then, alone or with the topic name.
    pub fn publish(&mut self, version: Version, sender: Role) -> Result<Publish<'a>> {
        let delivery = self.source.arbitrary()?;
        let topic = self.topic_name()?;
        let properties = self.properties(PacketType::Publish, version, sender)?;
        let named = properties.topic_alias().is_none() || self.source.arbitrary()?;
        Ok(Publish {
            head: PublishHead {
                delivery,
                retain: self.source.arbitrary()?,
                topic: named.then_some(topic),
                properties,
            },
            payload: self.payload()?,
        })
    }

    /// What a PUBACK, PUBREC, PUBREL or PUBCOMP carries.
    ///
    /// # Panics
    ///
    /// As [`reason_code`](Self::reason_code) does.
    pub fn ack(&mut self, packet: PacketType, version: Version, sender: Role) -> Result<Ack<'a>> {
        Ok(Ack {
            packet_id: self.source.arbitrary()?,
            reason: self.reason_code(packet, version, sender)?,
            properties: self.properties(packet, version, sender)?,
        })
    }

    /// A SUBSCRIBE of the version.
    pub fn subscribe(&mut self, version: Version) -> Result<Subscribe<'a>> {
        let list = self.one_or_more(|draw| draw.subscription(version))?;
        Ok(Subscribe {
            packet_id: self.source.arbitrary()?,
            properties: self.properties(PacketType::Subscribe, version, Role::Client)?,
            subscriptions: Sequence::new(self.arena.list(&list)),
        })
    }

    /// A filter with options that the version has.
    pub fn subscription(&mut self, version: Version) -> Result<Subscription<'a>> {
        let filter = self.topic_filter()?;
        if version == Version::V3_1_1 {
            return Ok(Subscription::new(filter, self.source.arbitrary()?));
        }
        let mut options: SubscriptionOptions = self.source.arbitrary()?;
        options.no_local &= filter.share_name().is_none();
        Ok(Subscription { filter, options })
    }

    /// What a SUBACK or UNSUBACK carries.
    ///
    /// # Panics
    ///
    /// As [`reason_code`](Self::reason_code) does.
    pub fn suback(&mut self, packet: PacketType, version: Version) -> Result<SubAck<'a>> {
        let none = packet == PacketType::UnsubAck && version == Version::V3_1_1;
        let reasons = if none {
            Vec::new()
        } else {
            self.one_or_more(|draw| draw.reason_code(packet, version, Role::Server))?
        };
        Ok(SubAck {
            packet_id: self.source.arbitrary()?,
            properties: self.properties(packet, version, Role::Server)?,
            reasons: Sequence::new(self.arena.list(&reasons)),
        })
    }

    /// An UNSUBSCRIBE of the version.
    pub fn unsubscribe(&mut self, version: Version) -> Result<Unsubscribe<'a>> {
        let filters = self.one_or_more(Self::topic_filter)?;
        Ok(Unsubscribe {
            packet_id: self.source.arbitrary()?,
            properties: self.properties(PacketType::Unsubscribe, version, Role::Client)?,
            filters: Sequence::new(self.arena.list(&filters)),
        })
    }

    /// A packet with parts that need not belong together: an encoder has to refuse many of these.
    pub fn wild_packet(&mut self) -> Result<Packet<'a>> {
        let (version, sender) = (self.source.arbitrary()?, self.source.arbitrary()?);
        let mut packet = self.packet(version, sender)?;
        let other = self.optional(|draw| draw.source.arbitrary::<ReasonCode>())?;
        let reason = |reason: &mut ReasonCode| *reason = other.unwrap_or(*reason);
        let change = other.is_some();
        let properties = match &mut packet {
            Packet::Connect(connect) => {
                if change {
                    self.make_wild(connect)?;
                }
                &mut connect.properties
            }
            Packet::ConnAck(connack) => {
                reason(&mut connack.reason);
                &mut connack.properties
            }
            Packet::Publish(publish) => {
                publish.head.topic = publish.head.topic.filter(|_| !change);
                &mut publish.head.properties
            }
            Packet::PubAck(ack)
            | Packet::PubRec(ack)
            | Packet::PubRel(ack)
            | Packet::PubComp(ack) => {
                reason(&mut ack.reason);
                &mut ack.properties
            }
            Packet::Subscribe(subscribe) => {
                if change {
                    subscribe.subscriptions = self.wild_subscriptions(subscribe.subscriptions)?;
                }
                &mut subscribe.properties
            }
            Packet::SubAck(suback) | Packet::UnsubAck(suback) => {
                if let Some(other) = other {
                    let reasons = if self.once_in(4)? { &[][..] } else { &[other] };
                    suback.reasons = Sequence::new(self.arena.list(reasons));
                }
                &mut suback.properties
            }
            Packet::Unsubscribe(unsubscribe) => {
                if change {
                    unsubscribe.filters = Sequence::EMPTY;
                }
                &mut unsubscribe.properties
            }
            Packet::PingReq | Packet::PingResp => return Ok(packet),
            Packet::Disconnect(disconnect) => {
                reason(&mut disconnect.reason);
                &mut disconnect.properties
            }
            Packet::Auth(auth) => {
                reason(&mut auth.reason);
                &mut auth.properties
            }
        };
        let wild: Option<Properties<'a>> = self.optional(Self::wild_properties)?;
        *properties = wild.unwrap_or(*properties);
        Ok(packet)
    }

    fn make_wild(&mut self, connect: &mut Connect<'a>) -> Result<()> {
        match self.source.int_in_range(0..=4)? {
            0 => connect.clean_start = false,
            1 => connect.client_id = self.wild_string()?,
            2 => connect.username = Some(self.wild_string()?),
            3 => {
                connect.username = None;
                connect.password = Some(self.binary()?);
            }
            _ => {
                let mut will = self.will(connect.version)?;
                will.properties = self.wild_properties()?;
                connect.will = Some(will);
            }
        }
        Ok(())
    }

    /// None, or with No Local where it was not.
    fn wild_subscriptions(
        &mut self,
        subscriptions: Sequence<'a, Subscription<'a>>,
    ) -> Result<Sequence<'a, Subscription<'a>>> {
        if self.source.arbitrary()? {
            return Ok(Sequence::EMPTY);
        }
        let mut list: Vec<_> = subscriptions.iter().collect();
        for subscription in &mut list {
            subscription.options.no_local ^= true;
        }
        Ok(Sequence::new(self.arena.list(&list)))
    }

    fn optional<T>(&mut self, some: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.source.arbitrary()? {
            some(self).map(Some)
        } else {
            Ok(None)
        }
    }
}
