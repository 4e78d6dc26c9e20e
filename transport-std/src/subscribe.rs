use mqtt_proto::{QoS, RetainHandling, SubscriptionOptions};

use crate::{Properties, Property};

/// A topic filter and how it is subscribed to.
///
/// ```
/// use transport_std::{Filter, QoS, RetainHandling};
///
/// let filter = Filter::new("sensors/+/temperature", QoS::AtLeastOnce)
///     .no_local(true)
///     .retain_handling(RetainHandling::DoNotSend);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The topic filter, with its `$share/{ShareName}/` if it has one.
    pub filter: String,
    /// How it is subscribed to. 3.1.1 has the QoS only.
    pub options: SubscriptionOptions,
}

impl Filter {
    /// A filter with the highest QoS at which messages are to come, and default options.
    pub fn new(filter: impl Into<String>, maximum_qos: QoS) -> Self {
        Self {
            filter: filter.into(),
            options: SubscriptionOptions {
                maximum_qos,
                ..SubscriptionOptions::default()
            },
        }
    }

    /// Whether one's own messages stay away (5.0).
    #[must_use]
    pub fn no_local(mut self, no_local: bool) -> Self {
        self.options.no_local = no_local;
        self
    }

    /// Whether messages keep the RETAIN flag that they were published with (5.0).
    #[must_use]
    pub fn retain_as_published(mut self, retain_as_published: bool) -> Self {
        self.options.retain_as_published = retain_as_published;
        self
    }

    /// When retained messages are sent (5.0).
    #[must_use]
    pub fn retain_handling(mut self, retain_handling: RetainHandling) -> Self {
        self.options.retain_handling = retain_handling;
        self
    }
}

impl<S: Into<String>> From<(S, QoS)> for Filter {
    fn from((filter, maximum_qos): (S, QoS)) -> Self {
        Self::new(filter, maximum_qos)
    }
}

/// What is asked for with one SUBSCRIBE: one or more filters, and properties in 5.0.
///
/// Made from a filter with its QoS, from several of them, or piece by piece:
///
/// ```
/// use transport_std::{Filter, Property, QoS, Subscribe};
///
/// let one = Subscribe::from(("a/#", QoS::AtLeastOnce));
/// let two = Subscribe::from([("a/#", QoS::AtLeastOnce), ("b", QoS::AtMostOnce)]);
/// let all = Subscribe::new()
///     .filter(Filter::new("a/#", QoS::ExactlyOnce).no_local(true))
///     .property(Property::UserProperty("why".into(), "because".into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscribe {
    /// At least one.
    pub filters: Vec<Filter>,
    /// Subscription Identifier and User Properties (5.0).
    pub properties: Properties,
}

impl Subscribe {
    /// Without a filter yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a filter.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        self.filters.push(filter.into());
        self
    }

    /// Adds a property (5.0).
    #[must_use]
    pub fn property(mut self, property: Property) -> Self {
        self.properties.push(property);
        self
    }
}

impl<F: Into<Filter>> From<F> for Subscribe {
    fn from(filter: F) -> Self {
        Self::new().filter(filter)
    }
}

impl<F: Into<Filter>, const N: usize> From<[F; N]> for Subscribe {
    fn from(filters: [F; N]) -> Self {
        filters.into_iter().collect()
    }
}

impl<F: Into<Filter>> From<Vec<F>> for Subscribe {
    fn from(filters: Vec<F>) -> Self {
        filters.into_iter().collect()
    }
}

impl<F: Into<Filter>> FromIterator<F> for Subscribe {
    fn from_iter<I: IntoIterator<Item = F>>(filters: I) -> Self {
        Self {
            filters: filters.into_iter().map(Into::into).collect(),
            properties: Properties::new(),
        }
    }
}
