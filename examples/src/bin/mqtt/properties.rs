//! `-D COMMAND PROPERTY VALUE`: properties of MQTT 5.0, by the names of mosquitto's clients.

use std::fmt;
use std::str::FromStr;

use mqtt_proto::TopicName;
use transport_std::{Property, SubscriptionIdentifier};

/// The properties of the command line, by the packet they are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PropertyArgs {
    pub(crate) connect: Vec<Property>,
    pub(crate) publish: Vec<Property>,
    pub(crate) will: Vec<Property>,
    pub(crate) subscribe: Vec<Property>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Command {
    Connect,
    Publish,
    Will,
    Subscribe,
}

/// What is wrong with a `-D`.
#[derive(Debug, PartialEq)]
pub(crate) enum PropertyError {
    Command(String),
    /// Known to mosquitto's clients, not to this one.
    CommandNotSupported(String),
    Name(String),
    ValueMissing(String),
    NotAllowed {
        command: String,
        name: String,
    },
    Value {
        name: String,
        value: String,
        expected: &'static str,
    },
    Repeated {
        command: String,
        name: String,
    },
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => {
                write!(
                    f,
                    "Invalid command {command:?} given in --property argument: it is connect, publish, will or subscribe."
                )
            }
            Self::CommandNotSupported(command) => {
                write!(f, "Properties for {command} are not supported.")
            }
            Self::Name(name) => {
                write!(
                    f,
                    "Invalid property name {name:?} given in --property argument."
                )
            }
            Self::ValueMissing(name) => write!(f, "No value given for the property {name}."),
            Self::NotAllowed { command, name } => {
                write!(
                    f,
                    "{name} property not allowed for {command} in --property argument."
                )
            }
            Self::Value {
                name,
                value,
                expected,
            } => {
                write!(
                    f,
                    "Property value ({value}) out of range for property {name}: it is {expected}."
                )
            }
            Self::Repeated { command, name } => {
                write!(f, "Property {name} given twice for {command}.")
            }
        }
    }
}

impl PropertyArgs {
    /// Reads the values of all `-D`, one after the other: each says itself where it ends.
    pub(crate) fn parse(values: &[String]) -> Result<Self, PropertyError> {
        let mut all = Self::default();
        let mut values = values.iter().map(String::as_str);
        while let Some(command) = values.next() {
            let kind = match command {
                "connect" => Command::Connect,
                "publish" => Command::Publish,
                "will" => Command::Will,
                "subscribe" => Command::Subscribe,
                "unsubscribe" | "disconnect" | "auth" => {
                    return Err(PropertyError::CommandNotSupported(command.into()));
                }
                _ => return Err(PropertyError::Command(command.into())),
            };
            let missing = || PropertyError::ValueMissing(command.into());
            let name = values.next().ok_or_else(missing)?;
            let allowed = commands(name).ok_or_else(|| PropertyError::Name(name.into()))?;
            let value = values
                .next()
                .ok_or_else(|| PropertyError::ValueMissing(name.into()))?;
            if !allowed.contains(&kind) {
                return Err(PropertyError::NotAllowed {
                    command: command.into(),
                    name: name.into(),
                });
            }
            let property = if name == "user-property" {
                let second = values
                    .next()
                    .ok_or_else(|| PropertyError::ValueMissing(name.into()))?;
                Property::UserProperty(value.into(), second.into())
            } else {
                property(name, value).map_err(|expected| PropertyError::Value {
                    name: name.into(),
                    value: value.into(),
                    expected,
                })?
            };
            let list = all.list(kind);
            let same = |other: &Property| {
                std::mem::discriminant(other) == std::mem::discriminant(&property)
            };
            if name != "user-property" && list.iter().any(same) {
                return Err(PropertyError::Repeated {
                    command: command.into(),
                    name: name.into(),
                });
            }
            list.push(property);
        }
        Ok(all)
    }

    fn list(&mut self, command: Command) -> &mut Vec<Property> {
        match command {
            Command::Connect => &mut self.connect,
            Command::Publish => &mut self.publish,
            Command::Will => &mut self.will,
            Command::Subscribe => &mut self.subscribe,
        }
    }
}

/// The commands that have the property; `None`: there is no such property to set.
fn commands(name: &str) -> Option<&'static [Command]> {
    use Command::{Connect, Publish, Subscribe, Will};
    Some(match name {
        "authentication-data"
        | "authentication-method"
        | "maximum-packet-size"
        | "receive-maximum"
        | "request-problem-information"
        | "request-response-information"
        | "session-expiry-interval"
        | "topic-alias-maximum" => &[Connect],
        "content-type"
        | "correlation-data"
        | "message-expiry-interval"
        | "payload-format-indicator"
        | "response-topic" => &[Publish, Will],
        "topic-alias" => &[Publish],
        "will-delay-interval" => &[Will],
        "subscription-identifier" => &[Subscribe],
        "user-property" => &[Connect, Publish, Will, Subscribe],
        _ => return None,
    })
}

/// The property with that value, or what its value is to be.
fn property(name: &str, value: &str) -> Result<Property, &'static str> {
    fn number<T: FromStr>(value: &str, expected: &'static str) -> Result<T, &'static str> {
        value.parse().map_err(|_| expected)
    }
    fn flag(value: &str) -> Result<bool, &'static str> {
        match value {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err("0 or 1"),
        }
    }
    const U16: &str = "0 to 65535";
    const U16_NOT_ZERO: &str = "1 to 65535";
    const U32: &str = "0 to 4294967295";
    const U32_NOT_ZERO: &str = "1 to 4294967295";
    const IDENTIFIER: &str = "1 to 268435455";

    Ok(match name {
        "authentication-data" => Property::AuthenticationData(value.as_bytes().to_vec().into()),
        "authentication-method" => Property::AuthenticationMethod(value.into()),
        "content-type" => Property::ContentType(value.into()),
        "correlation-data" => Property::CorrelationData(value.as_bytes().to_vec().into()),
        "maximum-packet-size" => Property::MaximumPacketSize(number(value, U32_NOT_ZERO)?),
        "message-expiry-interval" => Property::MessageExpiryInterval(number(value, U32)?),
        "payload-format-indicator" => Property::PayloadFormatIndicator(flag(value)?),
        "receive-maximum" => Property::ReceiveMaximum(number(value, U16_NOT_ZERO)?),
        "request-problem-information" => Property::RequestProblemInformation(flag(value)?),
        "request-response-information" => Property::RequestResponseInformation(flag(value)?),
        "response-topic" => match TopicName::new(value) {
            Ok(_) => Property::ResponseTopic(value.into()),
            Err(_) => return Err("a topic without wildcards"),
        },
        "session-expiry-interval" => Property::SessionExpiryInterval(number(value, U32)?),
        "subscription-identifier" => Property::SubscriptionIdentifier(
            SubscriptionIdentifier::new(number(value, IDENTIFIER)?).ok_or(IDENTIFIER)?,
        ),
        "topic-alias" => Property::TopicAlias(number(value, U16_NOT_ZERO)?),
        "topic-alias-maximum" => Property::TopicAliasMaximum(number(value, U16)?),
        "will-delay-interval" => Property::WillDelayInterval(number(value, U32)?),
        _ => return Err("unknown"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PropertyArgs, PropertyError> {
        let values: Vec<String> = text.split(' ').map(Into::into).collect();
        PropertyArgs::parse(&values)
    }

    #[test]
    fn each_says_where_it_ends() {
        let all = parse(
            "publish user-property publish connect will will-delay-interval 5 \
             connect receive-maximum 10 publish content-type text/plain \
             subscribe subscription-identifier 7",
        )
        .unwrap();
        assert_eq!(
            all.publish,
            [
                Property::UserProperty("publish".into(), "connect".into()),
                Property::ContentType("text/plain".into())
            ]
        );
        assert_eq!(all.will, [Property::WillDelayInterval(5)]);
        assert_eq!(
            all.connect,
            [Property::ReceiveMaximum(10.try_into().unwrap())]
        );
        assert_eq!(all.subscribe.len(), 1);
    }

    #[test]
    fn wrong() {
        let error = |text| parse(text).unwrap_err().to_string();
        assert_eq!(
            error("connect message-expiry-interval 3"),
            "message-expiry-interval property not allowed for connect in --property argument."
        );
        assert_eq!(
            error("publish payload-format-indicator 300"),
            "Property value (300) out of range for property payload-format-indicator: it is 0 or 1."
        );
        assert!(error("foo a b").starts_with("Invalid command \"foo\""));
        assert!(error("publish foo b").starts_with("Invalid property name \"foo\""));
        assert_eq!(
            error("publish user-property k"),
            "No value given for the property user-property."
        );
        assert_eq!(
            error("disconnect reason-string x"),
            "Properties for disconnect are not supported."
        );
        assert!(error("publish response-topic a/#").contains("a topic without wildcards"));
        assert!(error("subscribe subscription-identifier 0").contains("1 to 268435455"));
        assert_eq!(
            error("publish topic-alias 1 publish topic-alias 2"),
            "Property topic-alias given twice for publish."
        );
    }
}
