//! What the tests of the programs share.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// What became of a program.
#[derive(Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// `mqtt pub` or `mqtt sub` at a broker.
pub(crate) fn mqtt(command: &str, address: SocketAddr) -> Command {
    let mut mqtt = Command::new(env!("CARGO_BIN_EXE_mqtt"));
    mqtt.arg(command);
    at(&mut mqtt, address);
    mqtt
}

/// The flags for a broker, which mosquitto's clients have as well.
pub(crate) fn at(command: &mut Command, address: SocketAddr) {
    command.args([
        "-h",
        &address.ip().to_string(),
        "-p",
        &address.port().to_string(),
    ]);
}

pub(crate) fn run(command: &mut Command) -> Run {
    command.stdin(Stdio::null()).output().unwrap().into()
}

pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Run {
    let mut child = spawn(command.stdin(Stdio::piped()));
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

pub(crate) fn spawn(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Asks a child of ours to end, as Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Waits for what another process brings about; a test that fails waits for long.
pub(crate) fn wait_until(mut condition: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come about");
}
