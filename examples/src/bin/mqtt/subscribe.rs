//! `mqtt sub`: prints the messages of its subscriptions as they come.
//!
//! On purpose unlike mosquitto_sub: a refused subscription is told of, and if none is granted the
//! exit code is its reason code, not 0; so is that of a DISCONNECT from the server. A width in
//! `-F` cuts nothing off a payload, `%j` of what is not UTF-8 is JSON all the same, and no member
//! of it is there twice. What `-C` leaves of a session's messages, the next run gets.

use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use mqtt_proto::{TopicFilter, TopicName};
use transport_std::{
    Client, ConnectError, ConnectionLost, Filter, Message, Options, QoS, Reconnect, RetainHandling,
    Subscribe, SubscribeError, Subscribing, Subscription, Version,
};

use crate::connection::{ConnectionArgs, connect_failure, lost_failure, qos};
use crate::exit::Failure;
use crate::format::{Format, View};
use crate::publish::seconds;

/// Subscribes to topics, and prints the messages that come.
///
/// The flags, the output and the exit codes are those of mosquitto_sub.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct SubscribeArgs {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// A topic filter; may be repeated
    #[arg(short, long, allow_hyphen_values = true)]
    topic: Vec<String>,
    /// A topic filter whose messages are not printed; may be repeated
    #[arg(short = 'T', long, allow_hyphen_values = true)]
    filter_out: Vec<String>,
    /// A topic filter to unsubscribe from; may be repeated
    #[arg(short = 'U', long, allow_hyphen_values = true)]
    unsubscribe: Vec<String>,
    /// The highest QoS at which messages are to come
    #[arg(short, long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    qos: u8,
    /// Exit after so many messages
    #[arg(short = 'C', value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Exit after so many seconds, with code 27
    #[arg(short = 'W', value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Exit once the broker has acknowledged the subscriptions
    #[arg(short = 'E')]
    exit_after_subscribe: bool,
    /// Print the topic before the payload
    #[arg(short, long)]
    verbose: bool,
    /// Print messages as this says; see mosquitto_sub(1), OUTPUT FORMAT
    #[arg(short = 'F', value_name = "FORMAT", allow_hyphen_values = true)]
    format: Option<String>,
    /// Print JSON (%j, %J) over several lines
    #[arg(long)]
    pretty: bool,
    /// No end of line after a message
    #[arg(short = 'N')]
    no_eol: bool,
    /// Do not print retained messages
    #[arg(short = 'R')]
    no_retain: bool,
    /// Print retained messages only, and exit when another comes
    #[arg(long)]
    retained_only: bool,
    /// Have the broker forget the retained messages that come; all that -T lets through
    #[arg(long)]
    remove_retained: bool,
    /// Leave the retain flag as the message was published with (5.0)
    #[arg(long)]
    retain_as_published: bool,
    /// When retained messages are sent (5.0): always, new (subscriptions), never
    #[arg(long, value_name = "WHEN", value_parser = parse_retain_handling)]
    retain_handling: Option<RetainHandling>,
}

fn parse_retain_handling(text: &str) -> Result<RetainHandling, &'static str> {
    match text {
        "always" => Ok(RetainHandling::Send),
        "new" => Ok(RetainHandling::SendIfNew),
        "never" => Ok(RetainHandling::DoNotSend),
        _ => Err("it is always, new or never"),
    }
}

/// What ends the program.
enum Stop {
    /// All messages of `-C` came, a signal, or whoever reads the output has seen enough.
    Done,
    Failed(Failure),
}

pub(crate) fn run(args: &SubscribeArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let connection = args.connection.check()?;
    let version = connection.version;
    let format = args.output_format()?;
    let mut topics = args.topic.clone();
    topics.extend(connection.url_topic.clone());
    args.check_filters(version, &topics)?;

    let (stop, stopped) = mpsc::channel();
    let signal = stop.clone();
    ctrlc::set_handler(move || drop(signal.send(Stop::Done)))
        .map_err(|error| Failure::other(Failure::ERRNO, format_args!("Error: {error}.")))?;

    let sink = Arc::new(Sink::new(args, format, stop.clone()));
    let unclaimed = Arc::clone(&sink);
    let options = watch(connection.options, version, &stop, args.connection.quiet)
        .default_handler(move |message| {
            let _ = unclaimed.take(&message);
        })
        .inbound_capacity(CAPACITY);
    let mut subscribe: Subscribe = topics.iter().map(|topic| args.filter(topic)).collect();
    for property in &connection.properties.subscribe {
        subscribe = subscribe.property(property.clone());
    }
    // Subscribed before there is a connection: what a session brings first is to be printed too.
    let (client, subscribing) = if topics.is_empty() {
        Client::start(options).map(|client| (client, None))
    } else {
        Client::start_subscribed(options, subscribe.clone())
            .map(|(client, subscribing)| (client, Some(subscribing)))
    }
    .map_err(|error| connect_failure(version, &error))?;
    sink.open(client.clone());
    let consumer = Consumer {
        client: client.clone(),
        subscribe,
        unsubscribe: args.unsubscribe.clone(),
        quiet: args.connection.quiet,
        exit_after_subscribe: args.exit_after_subscribe,
        sink: Arc::clone(&sink),
        stop,
    };
    let consumer = std::thread::spawn(move || consumer.run(subscribing));

    let outcome = match args.timeout {
        Some(timeout) => stopped.recv_timeout(timeout.saturating_sub(started.elapsed())),
        None => stopped.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    sink.close();
    // Without a connection nothing can be waited for, and what is not drained after all is not
    // what ends the program.
    let drain = if client.is_connected() {
        DRAIN
    } else {
        Duration::ZERO
    };
    let _ = client.disconnect_timeout(drain);
    // Its result is the subscription, with the messages that nobody took. They are the session's
    // still, and would be acknowledged if it were dropped before the disconnect.
    drop(consumer);
    match outcome {
        Ok(Stop::Done) | Err(RecvTimeoutError::Disconnected) => Ok(()),
        Ok(Stop::Failed(failure)) => Err(failure),
        Err(RecvTimeoutError::Timeout) => Err(Failure::other(Failure::TIMEOUT, "Timed out")),
    }
}

/// How long the last acknowledgements, and what --remove-retained publishes, may take at the end.
const DRAIN: Duration = Duration::from_secs(1);

/// Messages that may wait to be printed before the client stops reading from the broker. Of
/// QoS 0, those beyond it are lost while the SUBACK is waited for.
const CAPACITY: usize = 100_000;

/// Tells of what becomes of the connection, and stops where connecting again would not help.
fn watch(options: Options, version: Version, stop: &Sender<Stop>, quiet: bool) -> Options {
    let (lost, failed, refused) = (stop.clone(), stop.clone(), stop.clone());
    let ever = Arc::new(AtomicBool::new(false));
    let connected = Arc::clone(&ever);
    options
        .reconnect(Reconnect::default())
        .on_connect(move |_| connected.store(true, Ordering::Relaxed))
        .on_connection_lost(move |why| match why {
            ConnectionLost::Server { .. }
            | ConnectionLost::Malformed(_)
            | ConnectionLost::Violation(_) => drop(lost.send(Stop::Failed(lost_failure(why)))),
            why if !quiet => eprintln!("Warning: The connection was lost: {why}. Reconnecting."),
            _ => {}
        })
        .on_connect_failed(move |why| {
            if !ever.load(Ordering::Relaxed) || matches!(why, ConnectError::Refused(_)) {
                drop(failed.send(Stop::Failed(connect_failure(version, why))));
            } else if !quiet {
                eprintln!("Warning: {why}. Reconnecting.");
            }
        })
        .on_resubscribe_failed(move |why| {
            let text = format!("Error: Subscribing again failed: {why}.");
            drop(refused.send(Stop::Failed(Failure::other(Failure::ERRNO, text))));
        })
}

impl SubscribeArgs {
    fn output_format(&self) -> Result<Format, Failure> {
        match &self.format {
            Some(format) => Format::parse(format, self.pretty).map_err(Failure::usage),
            None if self.verbose => Ok(Format::Verbose),
            None => Ok(Format::Payload),
        }
    }

    fn check_filters(&self, version: Version, topics: &[String]) -> Result<(), Failure> {
        if topics.is_empty() && self.unsubscribe.is_empty() {
            return Err(Failure::usage("You must specify a topic to subscribe to."));
        }
        for (what, filters) in [
            ("subscription", topics),
            ("filter out", &self.filter_out),
            ("unsubscribe", &self.unsubscribe),
        ] {
            for filter in filters {
                if let Err(error) = TopicFilter::new(filter) {
                    return Err(Failure::usage(format_args!(
                        "Invalid {what} topic '{filter}': {error}."
                    )));
                }
            }
        }
        if self.no_retain && self.retained_only {
            return Err(Failure::usage(
                "-R and --retained-only leave nothing to print.",
            ));
        }
        let v5_only = self.retain_as_published || self.retain_handling.is_some();
        if v5_only && version == Version::V3_1_1 {
            return Err(Failure::usage(
                "--retain-as-published and --retain-handling are of MQTT 5.0: they need -V 5.",
            ));
        }
        Ok(())
    }

    fn filter(&self, topic: &str) -> Filter {
        Filter::new(topic, qos(self.qos))
            .retain_as_published(self.retain_as_published)
            .retain_handling(self.retain_handling.unwrap_or_default())
    }
}

/// Subscribes and unsubscribes, and takes the messages. It has a thread of its own: signals and
/// `-W` are to end the program at any time.
struct Consumer {
    client: Client,
    subscribe: Subscribe,
    unsubscribe: Vec<String>,
    quiet: bool,
    exit_after_subscribe: bool,
    sink: Arc<Sink>,
    stop: Sender<Stop>,
}

impl Consumer {
    fn run(mut self, subscribing: Option<Subscribing>) -> Option<Subscription> {
        let subscription = match subscribing {
            None => None,
            Some(subscribing) => match self.granted(subscribing.wait()) {
                Ok(subscription) => Some(subscription),
                // Of what ended the client, its hooks tell.
                Err(None) => return None,
                Err(Some(failure)) => {
                    drop(self.stop.send(Stop::Failed(failure)));
                    return None;
                }
            },
        };
        self.unsubscribe();
        if self.exit_after_subscribe {
            drop(self.stop.send(Stop::Done));
        } else if let Some(subscription) = &subscription {
            for message in subscription {
                if self.sink.take(&message).is_break() {
                    break;
                }
            }
        }
        subscription
    }

    /// Tries without the filters that the broker refuses; it is an error if that leaves none.
    fn granted(
        &mut self,
        mut outcome: Result<Subscription, SubscribeError>,
    ) -> Result<Subscription, Option<Failure>> {
        loop {
            match outcome {
                Ok(subscription) => return Ok(subscription),
                Err(SubscribeError::Refused { filter, reason, .. }) => {
                    if !self.quiet {
                        let reason = reason.name();
                        eprintln!("Warning: Subscription to '{filter}' denied: {reason}.");
                    }
                    self.subscribe
                        .filters
                        .retain(|other| other.filter != filter);
                    if self.subscribe.filters.is_empty() {
                        let text = "All subscription requests were denied.";
                        return Err(Some(Failure::other(reason.as_u8(), text)));
                    }
                }
                Err(SubscribeError::Closed) => return Err(None),
                Err(error) => {
                    let text = format_args!("Error: Unable to subscribe: {error}.");
                    return Err(Some(Failure::other(Failure::ERRNO, text)));
                }
            }
            outcome = self.client.subscribe(self.subscribe.clone());
        }
    }

    fn unsubscribe(&self) {
        if self.unsubscribe.is_empty() {
            return;
        }
        let outcome = self
            .client
            .unsubscribe(&self.unsubscribe)
            .and_then(|handle| handle.wait());
        if let Err(error) = outcome
            && !self.quiet
        {
            eprintln!("Warning: {error}.");
        }
    }
}

/// Where messages go: to standard output, if they are to be printed.
struct Sink {
    state: Mutex<SinkState>,
    client: OnceLock<Client>,
    format: Format,
    eol: &'static str,
    filter_out: Vec<String>,
    no_retain: bool,
    retained_only: bool,
    remove_retained: bool,
    quiet: bool,
}

struct SinkState {
    /// Messages still to be printed.
    remaining: Option<u64>,
    /// Taken when nothing is printed any more.
    stop: Option<Sender<Stop>>,
}

impl Sink {
    fn new(args: &SubscribeArgs, format: Format, stop: Sender<Stop>) -> Self {
        Self {
            state: Mutex::new(SinkState {
                remaining: args.count,
                stop: Some(stop),
            }),
            client: OnceLock::new(),
            format,
            eol: if args.no_eol { "" } else { "\n" },
            filter_out: args.filter_out.clone(),
            no_retain: args.no_retain,
            retained_only: args.retained_only,
            remove_retained: args.remove_retained,
            quiet: args.connection.quiet,
        }
    }

    /// With what retained messages are removed.
    fn open(&self, client: Client) {
        drop(self.client.set(client));
    }

    /// Nothing more is printed.
    fn close(&self) {
        self.lock().stop = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SinkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message. `Break`: it was the last.
    fn take(&self, message: &Message) -> ControlFlow<()> {
        let mut state = self.lock();
        if state.stop.is_none() {
            return ControlFlow::Break(());
        }
        match self.handle(&mut state.remaining, message) {
            None => ControlFlow::Continue(()),
            Some(last) => {
                let stop = state.stop.take();
                drop(stop.map(|stop| stop.send(last)));
                ControlFlow::Break(())
            }
        }
    }

    /// Prints the message, if it is to be printed; what ends the program with it.
    fn handle(&self, remaining: &mut Option<u64>, message: &Message) -> Option<Stop> {
        if self.retained_only && !message.retain {
            return Some(Stop::Done);
        }
        if (self.no_retain && message.retain) || self.is_filtered_out(&message.topic) {
            return None;
        }
        if self.remove_retained && message.retain {
            self.remove(&message.topic);
        }
        match self.print(message) {
            Ok(()) => {
                let remaining = remaining.as_mut()?;
                *remaining = remaining.saturating_sub(1);
                (*remaining == 0).then_some(Stop::Done)
            }
            // Whoever reads the output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Some(Stop::Done),
            Err(error) => {
                let text = format!("Error: Unable to write to standard output: {error}.");
                Some(Stop::Failed(Failure::other(Failure::ERRNO, text)))
            }
        }
    }

    fn is_filtered_out(&self, topic: &str) -> bool {
        let Ok(topic) = TopicName::new(topic) else {
            return false;
        };
        self.filter_out
            .iter()
            .filter_map(|filter| TopicFilter::new(filter).ok())
            .any(|filter| filter.matches(topic))
    }

    fn remove(&self, topic: &str) {
        let Some(client) = self.client.get() else {
            return;
        };
        let message = Message::new(topic, "").qos(QoS::AtLeastOnce).retain(true);
        if let Err(error) = client.publish(message)
            && !self.quiet
        {
            eprintln!("Warning: The retained message of '{topic}' stays: {error}.");
        }
    }

    fn print(&self, message: &Message) -> io::Result<()> {
        let view = View {
            message,
            time: chrono::Local::now(),
        };
        let Ok(text) = self.format.render(&view, self.eol) else {
            if !self.quiet {
                let topic = &message.topic;
                eprintln!("Error: Message payload is not valid JSON on topic {topic}.");
            }
            return Ok(());
        };
        let mut out = io::stdout().lock();
        out.write_all(&text)?;
        out.flush()
    }
}
