use core::num::NonZeroU16;

use mqtt_proto::{Property, QoS};

use super::Sender;
use crate::storage::AliasTable;
use crate::{Publish, Storage};

/// How a PUBLISH says its topic shorter (section 3.3.2.3.4).
#[derive(Clone, Copy)]
pub(super) struct Alias {
    number: NonZeroU16,
    /// Whether the other side has been told its topic.
    pub(super) is_known: bool,
}

/// The bytes of the property: a topic name must be longer for an alias to spare any.
const PROPERTY: usize = 3;
/// The longest head around the topic name, with the property: fixed header, lengths.
const HEAD: usize = 5 + 2 + 1 + PROPERTY;

impl Alias {
    pub(super) fn property(self) -> Property<'static> {
        Property::TopicAlias(self.number)
    }
}

/// The aliases of a connection go to topics as they come, until the other side takes no more
/// [MQTT-3.2.2-17], [MQTT-3.3.2-9]; nobody's is taken from it.
impl<S: Storage> Sender<S> {
    /// The alias with which a message goes out.
    ///
    /// The first message that has it must leave for the others to mean anything: so it is only for
    /// what belongs to this connection, cannot expire before, and is not too large for the other side.
    pub(super) fn alias_of(&self, publish: &Publish<'_>) -> Option<Alias> {
        let link = self.link.as_ref()?;
        let limits = link.limits.as_ref()?;
        let topic = publish.topic;
        let fits = publish.qos == QoS::AtMostOnce
            && publish.properties.is_empty()
            && topic.len() > PROPERTY;
        if limits.topic_alias_maximum == 0 || !fits {
            return None;
        }
        if let Some(number) = link.aliases.get(topic) {
            return Some(Alias {
                number,
                is_known: true,
            });
        }
        let longest = publish.payload.len().saturating_add(topic.len());
        let longest = u32::try_from(longest.saturating_add(HEAD)).unwrap_or(u32::MAX);
        let next = link.aliases.next();
        let number = next.filter(|number| number.get() <= limits.topic_alias_maximum)?;
        (longest <= limits.maximum_packet_size).then_some(Alias {
            number,
            is_known: false,
        })
    }

    /// The message that tells the topic of an alias was taken.
    pub(super) fn told(&mut self, alias: Alias, topic: &str) {
        if let (Some(link), false) = (&mut self.link, alias.is_known) {
            link.aliases.add(topic, alias.number);
        }
    }
}
