//! `mqtt decode`: packets from hex, field by field.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Write};
use std::process::ExitCode;

use mqtt_proto::{DecodeError, DecodeErrorKind, DecodeOptions, Packet, Role, Version};
use serde_json::{Map, Value, json};

use crate::fault;
use crate::fields::packet_fields;

/// Shows what MQTT packets written as hex are, field by field.
///
/// There is one answer for each argument or line of input, in order, on standard output; a line
/// may hold several packets. Spaces, colons, commas, dashes and `0x` between bytes are skipped.
/// Arguments of a single byte each, of which none could be a packet, are one line together.
/// For what is no packet the byte where it goes wrong is marked, and the statement of the
/// specification told that it breaks, or else the section. Names are those of the version spoken.
/// Files are not read, nor is `-`: write `xxd -p FILE | tr -d '\n' | mqtt decode`, since a packet
/// has to be on one line. Exit code: 0 if every line held
/// packets and nothing else, 1 if one did not, 2 for wrong usage.
#[derive(Debug, clap::Args)]
pub(crate) struct DecodeArgs {
    /// The packets; none: one a line from standard input
    #[arg(value_name = "HEX")]
    packets: Vec<OsString>,
    /// The version spoken; a CONNECT says its own
    #[arg(long, default_value = "5", value_parser = parse_version)]
    version: Version,
    /// Who sent the packets; left out: whoever may
    #[arg(long, value_parser = parse_role, value_name = "client|server")]
    from: Option<Role>,
    /// One JSON object a line: the first packet of each line of input, and in `following` the others
    #[arg(long)]
    json: bool,
}

fn parse_version(text: &str) -> Result<Version, &'static str> {
    match text {
        "3.1.1" => Ok(Version::V3_1_1),
        "5" | "5.0" => Ok(Version::V5),
        _ => Err("it is 3.1.1 or 5"),
    }
}

fn parse_role(text: &str) -> Result<Role, &'static str> {
    match text {
        "client" => Ok(Role::Client),
        "server" => Ok(Role::Server),
        _ => Err("it is client or server"),
    }
}

pub(crate) fn run(args: &DecodeArgs) -> ExitCode {
    match decode_all(args, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads the answers has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every line held packets and nothing else.
fn decode_all(args: &DecodeArgs, out: &mut impl Write) -> io::Result<bool> {
    let mut all = true;
    if args.packets.is_empty() {
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        let mut number: u64 = 0;
        while input.read_until(b'\n', &mut line)? > 0 {
            number += 1;
            all &= answer(args, &line, &format!("{number}: "), out)?;
            line.clear();
        }
    } else {
        let lines = lines(&args.packets);
        for (index, line) in lines.iter().enumerate() {
            let label = if lines.len() > 1 {
                format!("{}: ", index + 1)
            } else {
                String::new()
            };
            all &= answer(args, line, &label, out)?;
        }
    }
    Ok(all)
}

/// The lines that the arguments are: where each is a single byte, one line, which the shell took apart.
fn lines(arguments: &[OsString]) -> Vec<Vec<u8>> {
    let lines: Vec<_> = arguments
        .iter()
        .map(|argument| argument.as_encoded_bytes().to_vec())
        .collect();
    let is_byte = |line: &Vec<u8>| parse_hex(line).is_ok_and(|bytes| bytes.len() == 1);
    if lines.iter().all(is_byte) {
        vec![lines.join(&b' ')]
    } else {
        lines
    }
}

/// Answers one line; whether it held packets and nothing else.
fn answer(args: &DecodeArgs, line: &[u8], label: &str, out: &mut impl Write) -> io::Result<bool> {
    let bytes = match parse_hex(line) {
        Ok(bytes) => bytes,
        Err(error) => {
            if args.json {
                let answer = json!({
                    "ok": false, "error": error.to_string(), "reason_code": null, "reason": null,
                    "offset": null, "statement": null, "sentence": null, "section": null,
                    "column": error.column,
                });
                writeln!(out, "{answer}")?;
            } else {
                writeln!(out, "{label}error: {error}")?;
            }
            return Ok(false);
        }
    };
    let outcomes = decode_line(&bytes, args.version, args.from);
    if args.json {
        writeln!(out, "{}", json_answer(&outcomes, bytes.len()))?;
    } else {
        text_answer(&outcomes, &bytes, label, out)?;
    }
    Ok(matches!(outcomes.last(), Some((_, Outcome::Packet { .. }))))
}

/// What a row of bytes begins with.
enum Outcome {
    Packet {
        fields: Map<String, Value>,
        consumed: usize,
        version: Version,
    },
    Incomplete {
        /// The bytes that are yet to come; `None` when the Remaining Length is among them.
        missing: Option<usize>,
    },
    Error(Fault),
}

/// What is wrong, and the statement that it breaks or the section that it goes against.
#[derive(Clone, Copy)]
struct Fault {
    error: DecodeError,
    statement: Option<&'static str>,
    section: Option<&'static str>,
}

impl Fault {
    fn sentence(&self) -> Option<&'static str> {
        self.statement.and_then(fault::sentence)
    }
}

/// What a line holds, with where each begins: packets, on from where the one before ended, in the
/// version of a CONNECT that came before. Only the last may be something else.
fn decode_line(bytes: &[u8], mut version: Version, from: Option<Role>) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    let mut start = 0;
    loop {
        let outcome = decode(&bytes[start..], version, from);
        let Outcome::Packet {
            consumed,
            version: spoken,
            ..
        } = outcome
        else {
            outcomes.push((start, outcome));
            return outcomes;
        };
        outcomes.push((start, outcome));
        version = spoken;
        start += consumed;
        if start == bytes.len() {
            return outcomes;
        }
    }
}

fn decode(bytes: &[u8], version: Version, from: Option<Role>) -> Outcome {
    let Some(from) = from else {
        return match decode(bytes, version, Some(Role::Client)) {
            Outcome::Error(by_client) => match decode(bytes, version, Some(Role::Server)) {
                // The side that may send it, or else the one that makes sense of more of it.
                Outcome::Error(by_server)
                    if matches!(by_server.error.kind, DecodeErrorKind::PacketOfOtherSide(_))
                        || by_server.error.offset < by_client.error.offset =>
                {
                    Outcome::Error(by_client)
                }
                outcome => outcome,
            },
            outcome => outcome,
        };
    };
    let mut options = DecodeOptions::new(version, from);
    // What was agreed on when the connection began is not known here.
    options.topic_alias_maximum = u16::MAX;
    let mut rest = bytes;
    match Packet::decode(&options, &mut rest) {
        Ok(Some(packet)) => {
            let version = match &packet {
                Packet::Connect(connect) => connect.version,
                _ => version,
            };
            Outcome::Packet {
                fields: packet_fields(&packet, version),
                consumed: bytes.len() - rest.len(),
                version,
            }
        }
        Ok(None) => Outcome::Incomplete {
            missing: packet_len(bytes).map(|len| len - bytes.len()),
        },
        Err(error) => Outcome::Error(Fault {
            error,
            statement: error.statement(&options, bytes),
            section: error.section(&options, bytes),
        }),
    }
}

/// The size of the packet, once its Remaining Length is there, which is known to be right.
fn packet_len(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(1..)?;
    let last = length.iter().position(|byte| byte & 0x80 == 0)?;
    let digits = length[..=last].iter().rev();
    let remaining = digits.fold(0, |value, byte| value << 7 | usize::from(byte & 0x7F));
    Some(1 + last + 1 + remaining)
}

/// The answer about what comes first, with the answers about what follows it.
fn json_answer(outcomes: &[(usize, Outcome)], len: usize) -> Value {
    let mut answers = outcomes
        .iter()
        .map(|(start, outcome)| json_outcome(*start, outcome, len));
    let mut answer = answers.next().unwrap_or_default();
    if answer["ok"] == true {
        answer["following"] = answers.collect();
    }
    answer
}

fn json_outcome(start: usize, outcome: &Outcome, len: usize) -> Value {
    match outcome {
        Outcome::Packet {
            fields, consumed, ..
        } => json!({
            "ok": true, "packet": fields, "consumed": consumed, "trailing": len - start - consumed,
        }),
        Outcome::Incomplete { missing } => json!({
            "ok": false, "incomplete": true, "len": len - start, "missing": missing,
        }),
        Outcome::Error(fault) => json!({
            "ok": false, "error": fault.error.kind.to_string(),
            "reason_code": fault.error.reason_code().as_u8(),
            "reason": fault.error.reason_code().name(), "offset": start + fault.error.offset,
            "statement": fault.statement, "sentence": fault.sentence(), "section": fault.section,
        }),
    }
}

fn text_answer(
    outcomes: &[(usize, Outcome)],
    bytes: &[u8],
    label: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    for (start, outcome) in outcomes {
        match outcome {
            Outcome::Packet {
                fields, consumed, ..
            } => {
                let name = fields
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                writeln!(out, "{label}{name}, {}", count(*consumed, "byte"))?;
                for (name, value) in fields.iter().skip(1) {
                    write_field(out, 1, name, value)?;
                }
            }
            Outcome::Incomplete { missing } => {
                let position = if *start == 0 {
                    String::new()
                } else {
                    format!(" at byte {start}")
                };
                let len = count(bytes.len() - start, "byte");
                let missing = match missing {
                    Some(missing) => count(*missing, "more byte"),
                    None => "more bytes, beginning with how many".into(),
                };
                writeln!(
                    out,
                    "{label}incomplete: {len}{position}, and the packet has {missing}"
                )?;
                fault::dump(out, bytes, bytes.len())?;
            }
            Outcome::Error(fault) => {
                let offset = start + fault.error.offset;
                let (kind, reason) = (fault.error.kind, fault.error.reason_code());
                writeln!(out, "{label}error: {kind}, at byte {offset}: {reason}")?;
                if let (Some(id), Some(sentence)) = (fault.statement, fault.sentence()) {
                    writeln!(out, "  [{id}] {sentence}")?;
                }
                if let Some(section) = fault.section {
                    writeln!(out, "  See section {section} of the specification.")?;
                }
                fault::dump(out, bytes, offset)?;
            }
        }
    }
    Ok(())
}

fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A value as indented text: `name: value`, with what is inside of it on the lines below.
fn write_field(out: &mut impl Write, depth: usize, name: &str, value: &Value) -> io::Result<()> {
    write!(out, "{:1$}{name}:", "", depth * 2)?;
    match value {
        Value::Array(list) if list.is_empty() => writeln!(out, " none"),
        Value::Object(fields) if fields.is_empty() => writeln!(out, " none"),
        Value::Array(list) if !list.iter().any(Value::is_object) => {
            let list: Vec<String> = list.iter().map(scalar).collect();
            writeln!(out, " {}", list.join(", "))
        }
        Value::Array(list) => {
            writeln!(out)?;
            for (index, value) in list.iter().enumerate() {
                write_field(out, depth + 1, &(index + 1).to_string(), value)?;
            }
            Ok(())
        }
        Value::Object(fields) => {
            writeln!(out)?;
            for (name, value) in fields {
                write_field(out, depth + 1, name, value)?;
            }
            Ok(())
        }
        _ => writeln!(out, " {}", scalar(value)),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        // Escaped: what a packet carries must not write to the terminal on its own.
        Value::String(text) => format!("{text:?}"),
        _ => value.to_string(),
    }
}

/// What is wrong with a line of hex.
#[derive(Debug, PartialEq, Eq)]
struct HexError {
    /// The character, counted from 1.
    column: usize,
    kind: HexErrorKind,
}

#[derive(Debug, PartialEq, Eq)]
enum HexErrorKind {
    NotHex(char),
    HalfByte,
}

impl std::fmt::Display for HexError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            HexErrorKind::NotHex(found) => write!(f, "{found:?} is not a hexadecimal digit")?,
            HexErrorKind::HalfByte => f.write_str("a digit stands alone: a byte has two")?,
        }
        write!(f, ", column {}", self.column)
    }
}

fn parse_hex(line: &[u8]) -> Result<Vec<u8>, HexError> {
    let text = String::from_utf8_lossy(line);
    // Some editors begin a file with a byte order mark, which they do not show.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text).trim_end();
    let mut bytes = Vec::with_capacity(line.len() / 2);
    let mut characters = (1..).zip(text.chars()).peekable();
    while let Some((column, character)) = characters.next() {
        if matches!(character, ' ' | '\t' | ':' | ',' | '-') {
            continue;
        }
        let high = digit(column, character)?;
        match characters.next() {
            Some((_, 'x' | 'X')) if high == 0 => {
                // A prefix without a byte behind it is a mistake as well.
                if !characters
                    .peek()
                    .is_some_and(|(_, next)| next.is_ascii_hexdigit())
                {
                    return Err(HexError {
                        column: column + 1,
                        kind: HexErrorKind::NotHex('x'),
                    });
                }
            }
            Some((column, character)) if !matches!(character, ' ' | '\t' | ':' | ',' | '-') => {
                bytes.push(high << 4 | digit(column, character)?);
            }
            _ => {
                return Err(HexError {
                    column,
                    kind: HexErrorKind::HalfByte,
                });
            }
        }
    }
    Ok(bytes)
}

fn digit(column: usize, character: char) -> Result<u8, HexError> {
    character
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or(HexError {
            column,
            kind: HexErrorKind::NotHex(character),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_as_people_write_it() {
        let expected = Ok(vec![0xC0, 0x00, 0x3A]);
        for text in [
            "c0003A",
            "C0 00 3a",
            "c0:00:3a",
            "0xc0 0x00 0X3a",
            "0xc0003a",
            " c0, 00-3a\r\n",
            "\u{FEFF}c0 00 3a",
        ] {
            assert_eq!(parse_hex(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(parse_hex(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_not_hex_is_pointed_at() {
        let error = |column, kind| Err(HexError { column, kind });
        assert_eq!(parse_hex(b"c0 0g"), error(5, HexErrorKind::NotHex('g')));
        assert_eq!(parse_hex(b"c0 0"), error(4, HexErrorKind::HalfByte));
        assert_eq!(
            parse_hex("c0\u{FEFF}".as_bytes()),
            error(3, HexErrorKind::NotHex('\u{FEFF}'))
        );
        assert_eq!(parse_hex(b"c 0"), error(1, HexErrorKind::HalfByte));
        assert_eq!(parse_hex(b"c0 0x"), error(5, HexErrorKind::NotHex('x')));
        assert_eq!(
            parse_hex("é0".as_bytes()),
            error(1, HexErrorKind::NotHex('é'))
        );
        assert_eq!(
            parse_hex(b"\xff"),
            error(1, HexErrorKind::NotHex('\u{FFFD}'))
        );
    }
}
