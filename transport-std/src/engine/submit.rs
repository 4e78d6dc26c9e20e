//! From the user's operations to the session.

use mqtt_proto::{
    self as proto, EncodeError, Packet, PacketId, PropertyId, Sequence, Subscription, TopicFilter,
};
use mqtt_session::{Instant, Payload, Publish, Token};

use super::{Engine, Pending};
use crate::command::{Operation, PublishOutcome};
use crate::{Filter, Message, PublishError, Subscribe, SubscribeError, UnsubscribeError};

impl Engine {
    /// Gives the operation back if the session has no room for it now.
    pub(super) fn submit(&mut self, now: Instant, operation: Operation) -> Option<Operation> {
        match operation {
            Operation::Publish { message, outcome } => self.publish(now, message, outcome),
            Operation::Subscribe {
                subscribe,
                sink,
                promise,
            } => {
                let result = self.send_subscribe(&subscribe.filters, &subscribe.properties);
                match result {
                    Ok(token) => {
                        let route = self
                            .routes
                            .add(subscribe.filters, subscribe.properties, sink);
                        self.pending
                            .insert(token, Pending::Subscribe { route, promise });
                    }
                    Err(SubscribeError::Full) => {
                        return Some(Operation::Subscribe {
                            subscribe,
                            sink,
                            promise,
                        });
                    }
                    Err(error) => promise.give(Err(error)),
                }
                None
            }
            Operation::Unsubscribe { filters, promise } => {
                match self.send_unsubscribe(&filters) {
                    Ok(token) => {
                        let unsubscribe = Pending::Unsubscribe {
                            filters,
                            before: self.routes.next(),
                            promise,
                        };
                        self.pending.insert(token, unsubscribe);
                    }
                    Err(UnsubscribeError::Full) => {
                        return Some(Operation::Unsubscribe { filters, promise });
                    }
                    Err(error) => promise.give(Err(error)),
                }
                None
            }
            Operation::Restore { route: id } => {
                let route = self.routes.get_mut(id)?;
                let Subscribe {
                    filters,
                    properties,
                } = Subscribe {
                    filters: route.filters.clone(),
                    properties: route.properties.clone(),
                };
                match self.send_subscribe(&filters, &properties) {
                    Ok(token) => {
                        self.pending.insert(token, Pending::Restore { route: id });
                    }
                    Err(SubscribeError::Full) => return Some(Operation::Restore { route: id }),
                    Err(error) => self.not_restored(id, error),
                }
                None
            }
            Operation::CleanUp { filters } => {
                match self.send_unsubscribe(&filters) {
                    Ok(token) => {
                        self.pending.insert(token, Pending::CleanUp);
                    }
                    Err(UnsubscribeError::Full) => return Some(Operation::CleanUp { filters }),
                    Err(error) => {
                        tracing::warn!(%error, "subscriptions that nobody wants are left");
                    }
                }
                None
            }
        }
    }

    fn publish(
        &mut self,
        now: Instant,
        message: Message,
        outcome: PublishOutcome,
    ) -> Option<Operation> {
        use mqtt_session::PublishError as E;
        let properties = match message.properties.borrow() {
            Ok(properties) => properties,
            Err(error) => {
                outcome.give(Err(PublishError::ResponseTopic(error)));
                return None;
            }
        };
        let result = self.session.publish(
            now,
            &Publish {
                topic: &message.topic,
                payload: Payload::Bytes(&message.payload),
                qos: message.qos,
                retain: message.retain,
                properties: Sequence::new(&properties),
            },
        );
        let error = match result {
            Ok(token) => {
                self.pending.insert(token, Pending::Publish(outcome));
                return None;
            }
            Err(E::TooManyInFlight | E::OutboxFull) => {
                drop(properties);
                return Some(Operation::Publish { message, outcome });
            }
            Err(E::Topic(error)) => PublishError::Topic(error),
            Err(E::Encode(error)) => PublishError::Encode(error),
            Err(E::Property(id)) => PublishError::Property(id),
            Err(E::NotSupported(reason)) => PublishError::NotSupported(reason),
            Err(E::NotConnected) => PublishError::NotConnected,
            Err(_) => PublishError::TooLarge {
                size: message.size(),
                limit: self.options.maximum_outbox,
            },
        };
        outcome.give(Err(error));
        None
    }

    fn send_subscribe(
        &mut self,
        filters: &[Filter],
        properties: &crate::Properties,
    ) -> Result<Token, SubscribeError> {
        use mqtt_session::SubscribeError as E;
        let mut subscriptions = Vec::with_capacity(filters.len());
        for Filter { filter, options } in filters {
            let checked = TopicFilter::new(filter).map_err(|error| SubscribeError::Filter {
                filter: filter.clone(),
                error,
            })?;
            subscriptions.push(Subscription {
                filter: checked,
                options: *options,
            });
        }
        // All that can be wrong with a property by itself is a Response Topic, valid or not no property of SUBSCRIBE.
        let not_allowed = EncodeError::PropertyNotAllowed(PropertyId::ResponseTopic);
        let properties = properties
            .borrow()
            .map_err(|_| SubscribeError::Encode(not_allowed))?;
        let subscriptions = Sequence::new(&subscriptions);
        let properties = Sequence::new(&properties);
        let packet = proto::Subscribe {
            packet_id: PacketId::MIN,
            properties,
            subscriptions,
        };
        self.options
            .packet_limit()
            .check(&Packet::Subscribe(packet))?;
        self.session
            .subscribe(subscriptions, properties)
            .map_err(|error| match error {
                E::NoFilters => SubscribeError::NoFilters,
                E::Encode(error) => SubscribeError::Encode(error),
                E::TooManyInFlight | E::OutboxFull => SubscribeError::Full,
                E::NotSupported(reason) => SubscribeError::NotSupported(reason),
                _ => SubscribeError::TooLarge,
            })
    }

    fn send_unsubscribe(&mut self, filters: &[String]) -> Result<Token, UnsubscribeError> {
        use mqtt_session::SubscribeError as E;
        let mut checked = Vec::with_capacity(filters.len());
        for filter in filters {
            checked.push(
                TopicFilter::new(filter).map_err(|error| UnsubscribeError::Filter {
                    filter: filter.clone(),
                    error,
                })?,
            );
        }
        let filters = Sequence::new(&checked);
        let packet = proto::Unsubscribe {
            packet_id: PacketId::MIN,
            properties: Sequence::EMPTY,
            filters,
        };
        self.options
            .packet_limit()
            .check(&Packet::Unsubscribe(packet))?;
        self.session
            .unsubscribe(filters, Sequence::EMPTY)
            .map_err(|error| match error {
                E::NoFilters => UnsubscribeError::NoFilters,
                E::Encode(error) => UnsubscribeError::Encode(error),
                E::TooManyInFlight | E::OutboxFull => UnsubscribeError::Full,
                _ => UnsubscribeError::TooLarge,
            })
    }
}
