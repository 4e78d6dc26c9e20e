//! The project's own commands: `cargo xtask --help` lists them.

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
}

fn main() -> ExitCode {
    match Task::parse() {
        Task::Ci { jobs } => ci(&jobs),
    }
}

fn ci(jobs: &[String]) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
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
