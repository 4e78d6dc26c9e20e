//! How `mqtt sub` prints a message: the payload, `-v`, or a format string of `-F`.

use chrono::{DateTime, Local};
use serde_json::{Map, Value, json};
use transport_std::{Message, PacketId, Properties, Property, QoS};

/// What is printed of a message.
pub(crate) struct View<'a> {
    pub(crate) message: &'a Message,
    /// When it came.
    pub(crate) time: DateTime<Local>,
}

/// A way to print messages, read from the command line once.
#[derive(Debug)]
pub(crate) enum Format {
    /// The payload and nothing else.
    Payload,
    /// `-v`: the topic, a space, the payload.
    Verbose,
    /// `-F`
    Custom { pieces: Vec<Piece>, pretty: bool },
}

/// A part of a format string.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    Literal(Vec<u8>),
    /// `%c`, with flags, field width and maximum width.
    Parameter(Parameter, Field),
    /// `@c`: what strftime makes of `%c`.
    Time(String),
    /// `@N`
    Nanoseconds,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Parameter {
    TopicAlias,
    ContentType,
    CorrelationData,
    MessageExpiryInterval,
    PayloadFormatIndicator,
    IsoTime,
    Json,
    JsonRawPayload,
    PayloadLength,
    PacketId,
    UserProperties,
    Payload,
    QoS,
    ResponseTopic,
    Retain,
    SubscriptionIdentifier,
    Topic,
    UnixTime,
    PayloadHex,
    PayloadHexUpper,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Field {
    left: bool,
    zero: bool,
    width: usize,
    maximum: Option<usize>,
}

/// What is wrong with a format string, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct FormatError {
    /// The character in the format string, counted from 1.
    column: usize,
    kind: FormatErrorKind,
}

#[derive(Debug, PartialEq)]
enum FormatErrorKind {
    Incomplete,
    Parameter(char),
    Time(char),
    Escape(char),
    Width,
}

impl std::fmt::Display for FormatError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            FormatErrorKind::Incomplete => f.write_str("Incomplete format specifier")?,
            FormatErrorKind::Parameter(found) => write!(f, "Invalid format specifier '{found}'")?,
            FormatErrorKind::Time(found) => write!(f, "Invalid time specifier '{found}'")?,
            FormatErrorKind::Escape(found) => write!(f, "Invalid escape specifier '{found}'")?,
            FormatErrorKind::Width => write!(f, "Field wider than {MAXIMUM_WIDTH}")?,
        }
        write!(f, " at column {} of the format.", self.column)
    }
}

/// What a field may be wide at most: a typing error should not fill the memory.
const MAXIMUM_WIDTH: usize = 10_000;

/// The payload was to be printed as JSON and is not.
#[derive(Debug, PartialEq)]
pub(crate) struct NotJson;

impl Format {
    /// Reads a format string.
    pub(crate) fn parse(format: &str, pretty: bool) -> Result<Self, FormatError> {
        let mut pieces = Vec::new();
        let mut characters = (1..).zip(format.chars());
        let mut literal = String::new();
        while let Some((start, character)) = characters.next() {
            let mut next = || {
                characters.next().ok_or(FormatError {
                    column: start,
                    kind: FormatErrorKind::Incomplete,
                })
            };
            let piece = match character {
                '%' => match parse_parameter(&mut next)? {
                    None => {
                        literal.push('%');
                        continue;
                    }
                    Some((parameter, field)) => Piece::Parameter(parameter, field),
                },
                '@' => match next()? {
                    (_, '@') => {
                        literal.push('@');
                        continue;
                    }
                    (_, 'N') => Piece::Nanoseconds,
                    (column, found) => parse_time(column, found)?,
                },
                '\\' => {
                    literal.push(parse_escape(next()?)?);
                    continue;
                }
                _ => {
                    literal.push(character);
                    continue;
                }
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal).into_bytes()));
            }
            pieces.push(piece);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.into_bytes()));
        }
        Ok(Self::Custom { pieces, pretty })
    }

    /// What is printed of a message, and after it `eol`. As mosquitto_sub has it, an empty
    /// payload alone prints nothing, and with its topic as `(null)`.
    pub(crate) fn render(&self, view: &View<'_>, eol: &str) -> Result<Vec<u8>, NotJson> {
        let mut out = Vec::with_capacity(view.message.payload.len() + 64);
        match self {
            Self::Payload | Self::Verbose if view.message.payload.is_empty() && eol.is_empty() => {}
            Self::Payload if view.message.payload.is_empty() => return Ok(out),
            Self::Payload => out.extend_from_slice(&view.message.payload),
            Self::Verbose => {
                out.extend_from_slice(view.message.topic.as_bytes());
                out.push(b' ');
                let payload = if view.message.payload.is_empty() {
                    b"(null)"
                } else {
                    &view.message.payload[..]
                };
                out.extend_from_slice(payload);
            }
            Self::Custom { pieces, pretty } => {
                for piece in pieces {
                    render_piece(&mut out, piece, view, *pretty)?;
                }
            }
        }
        out.extend_from_slice(eol.as_bytes());
        Ok(out)
    }
}

/// What follows a `%`; `None`: another `%`.
fn parse_parameter(
    next: &mut impl FnMut() -> Result<(usize, char), FormatError>,
) -> Result<Option<(Parameter, Field)>, FormatError> {
    let mut field = Field::default();
    let mut current = next()?;
    while let (_, flag @ ('-' | '0')) = current {
        field.left |= flag == '-';
        field.zero |= flag == '0';
        current = next()?;
    }
    let mut number = |current: &mut (usize, char)| {
        let mut value = 0;
        while let Some(digit) = current.1.to_digit(10) {
            value = value * 10 + digit as usize;
            if value > MAXIMUM_WIDTH {
                return Err(FormatError {
                    column: current.0,
                    kind: FormatErrorKind::Width,
                });
            }
            *current = next()?;
        }
        Ok(value)
    };
    field.width = number(&mut current)?;
    if current.1 == '.' {
        current.1 = '0';
        field.maximum = Some(number(&mut current)?);
    }
    let parameter = match current.1 {
        '%' => return Ok(None),
        'A' => Parameter::TopicAlias,
        'C' => Parameter::ContentType,
        'D' => Parameter::CorrelationData,
        'E' => Parameter::MessageExpiryInterval,
        'F' => Parameter::PayloadFormatIndicator,
        'I' => Parameter::IsoTime,
        'j' => Parameter::Json,
        'J' => Parameter::JsonRawPayload,
        'l' => Parameter::PayloadLength,
        'm' => Parameter::PacketId,
        'P' => Parameter::UserProperties,
        'p' => Parameter::Payload,
        'q' => Parameter::QoS,
        'R' => Parameter::ResponseTopic,
        'r' => Parameter::Retain,
        'S' => Parameter::SubscriptionIdentifier,
        't' => Parameter::Topic,
        'U' => Parameter::UnixTime,
        'x' => Parameter::PayloadHex,
        'X' => Parameter::PayloadHexUpper,
        found => {
            return Err(FormatError {
                column: current.0,
                kind: FormatErrorKind::Parameter(found),
            });
        }
    };
    Ok(Some((parameter, field)))
}

fn parse_time(column: usize, found: char) -> Result<Piece, FormatError> {
    use chrono::format::{Item, StrftimeItems};
    let format = format!("%{found}");
    if StrftimeItems::new(&format).any(|item| matches!(item, Item::Error)) {
        return Err(FormatError {
            column,
            kind: FormatErrorKind::Time(found),
        });
    }
    Ok(Piece::Time(format))
}

fn parse_escape((column, found): (usize, char)) -> Result<char, FormatError> {
    Ok(match found {
        '\\' => '\\',
        '0' => '\0',
        'a' => '\x07',
        'e' => '\x1B',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0B',
        _ => {
            return Err(FormatError {
                column,
                kind: FormatErrorKind::Escape(found),
            });
        }
    })
}

fn render_piece(
    out: &mut Vec<u8>,
    piece: &Piece,
    view: &View<'_>,
    pretty: bool,
) -> Result<(), NotJson> {
    match piece {
        Piece::Literal(literal) => out.extend_from_slice(literal),
        Piece::Time(format) => {
            out.extend_from_slice(view.time.format(format).to_string().as_bytes());
        }
        Piece::Nanoseconds => {
            let nanoseconds = format!("{:09}", view.time.timestamp_subsec_nanos());
            out.extend_from_slice(nanoseconds.as_bytes());
        }
        Piece::Parameter(parameter, field) => {
            render_parameter(out, *parameter, *field, view, pretty)?;
        }
    }
    Ok(())
}

fn render_parameter(
    out: &mut Vec<u8>,
    parameter: Parameter,
    field: Field,
    view: &View<'_>,
    pretty: bool,
) -> Result<(), NotJson> {
    let properties = &view.message.properties;
    match parameter {
        Parameter::Topic => text(out, field, &view.message.topic),
        Parameter::ContentType => text(out, field, properties.content_type().unwrap_or_default()),
        Parameter::ResponseTopic => {
            text(out, field, properties.response_topic().unwrap_or_default());
        }
        Parameter::IsoTime => {
            text(
                out,
                field,
                &view.time.format("%Y-%m-%dT%H:%M:%S%z").to_string(),
            );
        }
        Parameter::PayloadLength => number(out, field, Some(view.message.payload.len() as u64)),
        Parameter::PacketId => number(out, field, Some(packet_id(view.message).into())),
        Parameter::TopicAlias => {
            number(out, field, topic_alias(properties));
        }
        Parameter::MessageExpiryInterval => {
            number(
                out,
                field,
                properties.message_expiry_interval().map(Into::into),
            );
        }
        Parameter::PayloadFormatIndicator => {
            number(
                out,
                field,
                properties.payload_format_indicator().map(Into::into),
            );
        }
        Parameter::SubscriptionIdentifier => {
            let id = properties.subscription_identifiers().next();
            number(out, field, id.map(|id| id.get().into()));
        }
        Parameter::QoS => out.extend_from_slice(view.message.qos.to_string().as_bytes()),
        Parameter::Retain => out.push(if view.message.retain { b'1' } else { b'0' }),
        Parameter::Payload => binary(out, field, &view.message.payload),
        Parameter::PayloadHex => binary(
            out,
            field,
            hex(&view.message.payload, b"0123456789abcdef").as_bytes(),
        ),
        Parameter::PayloadHexUpper => {
            binary(
                out,
                field,
                hex(&view.message.payload, b"0123456789ABCDEF").as_bytes(),
            );
        }
        Parameter::CorrelationData => {
            out.extend(properties.correlation_data().into_iter().flatten());
        }
        Parameter::UserProperties => {
            let list: Vec<String> = properties
                .user_properties()
                .map(|(name, value)| format!("{name}:{value}"))
                .collect();
            out.extend_from_slice(list.join(" ").as_bytes());
        }
        Parameter::UnixTime => {
            let (seconds, nanoseconds) =
                (view.time.timestamp(), view.time.timestamp_subsec_nanos());
            out.extend_from_slice(format!("{seconds}.{nanoseconds:09}").as_bytes());
        }
        Parameter::Json => {
            json_object(
                out,
                view,
                String::from_utf8_lossy(&view.message.payload).into(),
                pretty,
            );
        }
        Parameter::JsonRawPayload => {
            let payload = serde_json::from_slice(&view.message.payload).map_err(|_| NotJson)?;
            json_object(out, view, payload, pretty);
        }
    }
    Ok(())
}

/// 0 at QoS 0.
fn packet_id(message: &Message) -> u16 {
    message.packet_id.map_or(0, PacketId::get)
}

fn topic_alias(properties: &Properties) -> Option<u64> {
    properties.iter().find_map(|property| match property {
        Property::TopicAlias(alias) => Some(alias.get().into()),
        _ => None,
    })
}

/// Text, its widths counted in characters.
fn text(out: &mut Vec<u8>, field: Field, text: &str) {
    let maximum = field.maximum.unwrap_or(usize::MAX);
    let cut: String = text.chars().take(maximum).collect();
    pad(out, field, cut.chars().count(), b' ', cut.as_bytes());
}

/// A number, or as much room as it would take.
fn number(out: &mut Vec<u8>, field: Field, value: Option<u64>) {
    let digits = value.map(|value| value.to_string()).unwrap_or_default();
    let padding = if field.zero && !field.left {
        b'0'
    } else {
        b' '
    };
    pad(out, field, digits.len(), padding, digits.as_bytes());
}

/// Bytes, or their hexadecimal digits, their widths counted as such.
fn binary(out: &mut Vec<u8>, field: Field, bytes: &[u8]) {
    let padding = if field.zero && !field.left {
        b'0'
    } else {
        b' '
    };
    let cut = &bytes[..bytes.len().min(field.maximum.unwrap_or(usize::MAX))];
    pad(out, field, cut.len(), padding, cut);
}

fn pad(out: &mut Vec<u8>, field: Field, width: usize, padding: u8, content: &[u8]) {
    let missing = std::iter::repeat_n(padding, field.width.saturating_sub(width));
    if field.left {
        out.extend_from_slice(content);
        out.extend(missing);
    } else {
        out.extend(missing);
        out.extend_from_slice(content);
    }
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> String {
    let digit = |nibble: u8| char::from(digits[usize::from(nibble & 0x0F)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// The object of `%j` and `%J`, as mosquitto_sub names its members.
fn json_object(out: &mut Vec<u8>, view: &View<'_>, payload: Value, pretty: bool) {
    let mut fields = Map::new();
    let time = view.time.format("%Y-%m-%dT%H:%M:%S.%6fZ%z").to_string();
    fields.insert("tst".into(), time.into());
    fields.insert("topic".into(), view.message.topic.as_str().into());
    fields.insert("qos".into(), view.message.qos.as_u8().into());
    fields.insert("retain".into(), u8::from(view.message.retain).into());
    fields.insert("payloadlen".into(), view.message.payload.len().into());
    if view.message.qos != QoS::AtMostOnce {
        fields.insert("mid".into(), packet_id(view.message).into());
    }
    if !view.message.properties.is_empty() {
        fields.insert(
            "properties".into(),
            json_properties(&view.message.properties),
        );
    }
    fields.insert("payload".into(), payload);
    let value = Value::Object(fields);
    let text = if pretty {
        format!("{value:#}")
    } else {
        value.to_string()
    };
    out.extend_from_slice(text.as_bytes());
}

fn json_properties(properties: &Properties) -> Value {
    let mut fields = Map::new();
    for property in properties.iter() {
        let (name, value): (_, Value) = match property {
            Property::PayloadFormatIndicator(value) => {
                ("payload-format-indicator", u8::from(*value).into())
            }
            Property::MessageExpiryInterval(value) => ("message-expiry-interval", (*value).into()),
            Property::ContentType(value) => ("content-type", value.as_str().into()),
            Property::ResponseTopic(value) => ("response-topic", value.as_str().into()),
            Property::CorrelationData(value) => {
                ("correlation-data", String::from_utf8_lossy(value).into())
            }
            Property::SubscriptionIdentifier(value) => {
                ("subscription-identifier", value.get().into())
            }
            Property::TopicAlias(value) => ("topic-alias", value.get().into()),
            Property::UserProperty(name, value) => {
                let users = fields.entry("user-properties").or_insert_with(|| json!({}));
                if let Value::Object(users) = users {
                    insert_repeatable(users, name, value.as_str().into());
                }
                continue;
            }
            // Not properties of a message.
            _ => continue,
        };
        insert_repeatable(&mut fields, name, value);
    }
    fields.into()
}

/// A name that comes again gets a list of its values: none is lost.
fn insert_repeatable(fields: &mut Map<String, Value>, name: &str, value: Value) {
    match fields.get_mut(name) {
        None => {
            fields.insert(name.into(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = json!([first.take(), value]),
    }
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
