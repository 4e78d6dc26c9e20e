//! `mqtt`: publish, subscribe and decode from the command line.
#![forbid(unsafe_code)]

mod decode;
#[expect(dead_code, reason = "for pub and sub, which are to come")]
mod exit;
mod fields;
#[expect(dead_code, reason = "for sub, which is to come")]
mod format;

use std::process::ExitCode;

use clap::Parser as _;

/// Publishes, subscribes and decodes MQTT.
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Decode(decode::DecodeArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Command::Decode(args) => decode::run(args),
    }
}
