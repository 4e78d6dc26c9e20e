//! The project's own commands: `cargo xtask --help` lists them.

mod bare_metal;
mod bench;
mod firmware;
mod no_std;
mod process;
mod size;
mod spec;

use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
enum Task {
    /// Run what CI runs: all of its jobs, or the ones named.
    Ci {
        /// Jobs of .ci/run, for example: fmt clippy test
        jobs: Vec<String>,
    },
    /// Count the codec's instructions per packet beside its peers', and write mqtt-proto/bench/RESULTS.md.
    Bench {
        /// Count ours alone, and compare with the table instead.
        #[arg(long)]
        check: bool,
    },
    /// Build the firmware of examples/firmware and run it in QEMU against a mosquitto of its own.
    Firmware,
    /// Build what needs no std for targets that have none.
    NoStd,
    /// Measure flash, RAM and stack on a Cortex-M3, and compare with examples/firmware/SIZE.md.
    Size {
        /// Write the table instead.
        #[arg(long)]
        update: bool,
    },
    /// Check the citations of the specifications' conformance statements and print the coverage.
    Spec {
        /// List every statement with what cites it.
        #[arg(long)]
        verbose: bool,
    },
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match Task::parse() {
        Task::Ci { jobs } => ci(&root, &jobs),
        Task::Bench { check } => report(bench::run(&root, check)),
        Task::Size { update } => report(size::run(&root, update)),
        Task::Firmware => report(firmware::run(&root)),
        Task::NoStd => report(no_std::run(&root)),
        Task::Spec { verbose } => report(spec::run(&root, verbose)),
    }
}

fn report(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::FAILURE
        }
    }
}

fn ci(root: &Path, jobs: &[String]) -> ExitCode {
    match Command::new("bash")
        .arg(".ci/run")
        .args(jobs)
        .current_dir(root)
        .status()
    {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run bash .ci/run: {error}");
            ExitCode::FAILURE
        }
    }
}
