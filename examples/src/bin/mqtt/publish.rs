//! `mqtt pub`: publishes what the command line, a file or standard input says, and exits.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use transport_std::{
    Bytes, Client, ConnectionLost, Message, PublishError, PublishHandle, ReasonCode,
};

use crate::connection::{
    Connection, ConnectionArgs, check_topic, connect_failure, lost_failure, qos,
};
use crate::exit::Failure;

/// Publishes messages on a topic, and exits.
///
/// The flags, the output and the exit codes are those of mosquitto_pub.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// The topic
    #[arg(short, long, allow_hyphen_values = true)]
    topic: Option<String>,
    #[command(flatten)]
    source: Source,
    /// The QoS
    #[arg(short, long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    qos: u8,
    /// Have the broker keep the message
    #[arg(short, long)]
    retain: bool,
    /// Publish so many times; not with -l
    #[arg(long, default_value_t = 1, conflicts_with = "stdin_line",
        value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Seconds between two of them
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    repeat_delay: Duration,
}

/// Where the message comes from: one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// The message
    #[arg(short, long, allow_hyphen_values = true)]
    message: Option<OsString>,
    /// A file that is the message
    #[arg(short, long, allow_hyphen_values = true)]
    file: Option<PathBuf>,
    /// Standard input is the message
    #[arg(short, long)]
    stdin_file: bool,
    /// Each line of standard input is a message
    #[arg(short = 'l', long)]
    stdin_line: bool,
    /// An empty message
    #[arg(short, long)]
    null_message: bool,
}

/// What a payload may have at most, whatever the topic: packets have no more.
const MAXIMUM_PAYLOAD: u64 = 268_435_455;

/// A number of seconds, with or without a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

pub(crate) fn run(args: &PublishArgs) -> Result<(), Failure> {
    let connection = args.connection.check()?;
    let Some(topic) = args.topic.clone().or_else(|| connection.url_topic.clone()) else {
        return Err(Failure::usage(
            "Both topic and message must be supplied: -t is missing.",
        ));
    };
    check_topic("publish", &topic)?;
    let mut message = Message::new(topic, Bytes::new())
        .qos(qos(args.qos))
        .retain(args.retain);
    for property in &connection.properties.publish {
        message = message.property(property.clone());
    }
    // Before the connection: what cannot be read needs none.
    let payload = args.source.read()?;
    let mut publisher = Publisher::connect(connection, message, args.connection.quiet)?;
    match payload {
        Some(payload) => {
            for round in 0..args.repeat {
                if round > 0 {
                    std::thread::sleep(args.repeat_delay);
                }
                publisher.publish(payload.clone())?;
                publisher.settle(0)?;
            }
        }
        None => publisher.publish_lines(&mut io::stdin().lock())?,
    }
    publisher.finish()
}

impl Source {
    /// The message; `None`: the lines of standard input are the messages.
    fn read(&self) -> Result<Option<Bytes>, Failure> {
        if self.stdin_line {
            return Ok(None);
        }
        if let Some(message) = &self.message {
            return Ok(Some(message.as_encoded_bytes().to_vec().into()));
        }
        let payload = match &self.file {
            Some(path) => File::open(path)
                .and_then(|file| read_all(&mut &file))
                .map_err(|error| format!("file {path:?}: {error}")),
            None if self.stdin_file => read_all(&mut io::stdin().lock())
                .map_err(|error| format!("standard input: {error}")),
            None => Ok(Bytes::new()),
        };
        payload.map(Some).map_err(|error| {
            Failure::other(
                Failure::ERRNO,
                format_args!("Error: Unable to read {error}."),
            )
        })
    }
}

fn read_all(input: &mut impl Read) -> io::Result<Bytes> {
    let mut payload = Vec::new();
    input.take(MAXIMUM_PAYLOAD + 1).read_to_end(&mut payload)?;
    if payload.len() as u64 > MAXIMUM_PAYLOAD {
        return Err(too_long());
    }
    Ok(payload.into())
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("longer than the {MAXIMUM_PAYLOAD} bytes that MQTT allows"),
    )
}

/// A connection with what was published over it.
struct Publisher {
    client: Client,
    /// What every message is but for its payload.
    template: Message,
    /// Publishes whose outcome is not known, with their numbers.
    pending: VecDeque<(u64, PublishHandle)>,
    published: u64,
    /// Why the connection is over.
    lost: Arc<Mutex<Option<ConnectionLost>>>,
    quiet: bool,
}

/// Lines of standard input that may be on their way at once.
const PENDING: usize = 1000;

impl Publisher {
    fn connect(connection: Connection, template: Message, quiet: bool) -> Result<Self, Failure> {
        let lost = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&lost);
        let options = connection.options.on_connection_lost(move |why| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        });
        let client = Client::connect(options)
            .map_err(|error| connect_failure(connection.version, &error))?;
        Ok(Self {
            client,
            template,
            pending: VecDeque::new(),
            published: 0,
            lost,
            quiet,
        })
    }

    fn publish(&mut self, payload: Bytes) -> Result<(), Failure> {
        let mut message = self.template.clone();
        message.payload = payload;
        self.published += 1;
        match self.client.publish(message) {
            Ok(handle) => {
                self.pending.push_back((self.published, handle));
                Ok(())
            }
            Err(error) => self.outcome(self.published, Err(error)),
        }
    }

    fn publish_lines(&mut self, input: &mut impl BufRead) -> Result<(), Failure> {
        loop {
            let mut line = Vec::new();
            let count = input
                .take(MAXIMUM_PAYLOAD + 2)
                .read_until(b'\n', &mut line)
                .and_then(|count| {
                    if count as u64 > MAXIMUM_PAYLOAD + 1 {
                        Err(too_long())
                    } else {
                        Ok(count)
                    }
                })
                .map_err(|error| {
                    let number = self.published + 1;
                    Failure::other(
                        Failure::ERRNO,
                        format_args!(
                            "Error: Unable to read line {number} of standard input: {error}."
                        ),
                    )
                })?;
            if count == 0 {
                return Ok(());
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            self.publish(line.into())?;
            self.settle(PENDING)?;
        }
    }

    /// Waits until no more than `remaining` outcomes are unknown.
    fn settle(&mut self, remaining: usize) -> Result<(), Failure> {
        while self.pending.len() > remaining {
            if let Some((number, handle)) = self.pending.pop_front() {
                self.outcome(number, handle.wait())?;
            }
        }
        Ok(())
    }

    /// A message that the broker refused is a warning, as with mosquitto_pub.
    fn outcome(
        &self,
        number: u64,
        outcome: Result<ReasonCode, PublishError>,
    ) -> Result<(), Failure> {
        let error = match outcome {
            Ok(_) => return Ok(()),
            Err(PublishError::Refused {
                reason,
                reason_string,
            }) => {
                if !self.quiet {
                    let text = reason_string
                        .map(|text| format!(" ({text})"))
                        .unwrap_or_default();
                    eprintln!("Warning: Publish {number} failed: {}{text}.", reason.name());
                }
                return Ok(());
            }
            Err(error) => error,
        };
        let code = match &error {
            PublishError::Discarded | PublishError::Closed | PublishError::NotConnected => {
                // The hook that knows why may not have run yet: this waits for it.
                let _ = self.client.disconnect();
                let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
                return Err(lost.as_ref().map_or_else(
                    || Failure::other(Failure::LOST, "Error: The connection was lost."),
                    lost_failure,
                ));
            }
            PublishError::NotSupported(reason) => Failure::not_supported(*reason),
            PublishError::TooLarge { .. } => Failure::OVERSIZE,
            _ => Failure::ERRNO,
        };
        Err(Failure::other(
            code,
            format_args!("Error: Publish {number} failed: {error}."),
        ))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.settle(0)?;
        // Every outcome is known: that the broker may have gone meanwhile changes nothing.
        let _ = self.client.disconnect();
        Ok(())
    }
}
