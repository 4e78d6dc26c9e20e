//! `mqtt`: publish, subscribe and decode from the command line.
#![forbid(unsafe_code)]

mod connection;
mod decode;
mod exit;
mod fault;
mod fields;
mod format;
mod properties;
mod publish;
mod subscribe;
mod trace;

use std::process::ExitCode;

use clap::Parser as _;

use crate::exit::Failure;

/// Publishes, subscribes and decodes MQTT.
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Pub(Box<publish::PublishArgs>),
    Sub(Box<subscribe::SubscribeArgs>),
    Decode(decode::DecodeArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match &cli.command {
        Command::Pub(args) => finish("pub", args.connection.quiet, publish::run(args)),
        Command::Sub(args) => finish("sub", args.connection.quiet, subscribe::run(args)),
        Command::Decode(args) => decode::run(args),
    }
}

fn finish(command: &str, quiet: bool, outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(command, quiet),
    }
}

/// Help and version are no errors. What is wrong usage ends `pub` and `sub` with 1, as it ends
/// mosquitto's clients, and all else with 2, as is usual.
fn usage(error: &clap::Error) -> ExitCode {
    // Where there is nobody to tell, the exit code still does.
    drop(error.print());
    let mosquitto = std::env::args_os()
        .nth(1)
        .is_some_and(|name| name == "pub" || name == "sub");
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if mosquitto => ExitCode::from(Failure::ERRNO),
        _ => ExitCode::from(2),
    }
}
