//! A mosquitto of one's own: on a free loopback port, with its files in a directory that goes with it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::PATIENCE;

pub(crate) struct Broker {
    port: u16,
    directory: TempDir,
    process: Child,
    log: Arc<Log>,
}

impl Broker {
    /// A broker that takes anyone, keeps its state on disk, and logs every packet.
    pub(crate) fn start() -> Self {
        Self::with_config("log_type all")
    }

    /// A broker with further lines of mosquitto.conf(5).
    pub(crate) fn with_config(extra: &str) -> Self {
        Self::launch(
            temporary_directory(),
            &format!("allow_anonymous true\n{extra}"),
        )
    }

    /// A broker that takes only this user.
    pub(crate) fn with_user(username: &str, password: &str) -> Self {
        let directory = temporary_directory();
        let file = directory.path().join("passwords");
        let output = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&file)
            .args([username, password])
            .output()
            .expect("mosquitto_passwd can be run: apt-get install mosquitto");
        assert!(
            output.status.success(),
            "mosquitto_passwd: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self::launch(
            directory,
            &format!("allow_anonymous false\npassword_file {}", file.display()),
        )
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends the broker in the orderly way, in which it saves its state; nothing listens on the port then.
    pub(crate) fn stop(&mut self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).expect("mosquitto can be ended");
        assert!(
            self.log.wait_closed(),
            "mosquitto does not end:\n{}",
            self.log.text()
        );
        self.process.wait().expect("mosquitto can be waited for");
    }

    /// Starts again what [`stop`](Self::stop) ended, on the same port, with the state it saved.
    pub(crate) fn start_again(&mut self) {
        (self.process, self.log) = spawn(self.directory.path());
        assert!(
            self.log.wait_running(),
            "mosquitto does not start again:\n{}",
            self.log.text()
        );
    }

    /// Waits until a line of the log contains all of `parts`; gives that line.
    pub(crate) fn wait_log(&self, parts: &[&str]) -> String {
        self.wait_log_count(parts, 1)
    }

    /// Waits until `count` lines of the log each contain all of `parts`; gives the last of these.
    pub(crate) fn wait_log_count(&self, parts: &[&str], count: usize) -> String {
        let find = |lines: &[String]| {
            lines
                .iter()
                .filter(|line| parts.iter().all(|part| line.contains(part)))
                .nth(count - 1)
                .cloned()
        };
        self.log.wait(find).unwrap_or_else(|| {
            panic!(
                "mosquitto did not say {parts:?}, {count} times:\n{}",
                self.log.text()
            )
        })
    }

    /// How many lines of the log contain all of `parts` now.
    pub(crate) fn count_log(&self, parts: &[&str]) -> usize {
        self.log
            .text()
            .lines()
            .filter(|line| parts.iter().all(|part| line.contains(part)))
            .count()
    }

    fn launch(directory: TempDir, extra: &str) -> Self {
        // Between our finding a free port and mosquitto's taking it another process may: try again.
        for _ in 0..10 {
            let port = free_port();
            write_config(directory.path(), port, extra);
            let (mut process, log) = spawn(directory.path());
            if log.wait_running() {
                return Self {
                    port,
                    directory,
                    process,
                    log,
                };
            }
            process.wait().expect("mosquitto can be waited for");
            assert!(
                log.text().contains("Address already in use"),
                "mosquitto does not start:\n{}",
                log.text()
            );
        }
        panic!("no free port in ten attempts");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Both may have happened already, and a test that fails is to fail with its own words.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            let text = self.log.text();
            let lines: Vec<_> = text.lines().collect();
            eprintln!(
                "the end of mosquitto's log:\n{}",
                lines[lines.len().saturating_sub(60)..].join("\n")
            );
        }
    }
}

/// What mosquitto says on its standard error, as a witness of its own.
#[derive(Default)]
struct Log {
    lines: Mutex<Lines>,
    more: Condvar,
}

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    /// The process has ended; there will be no more.
    closed: bool,
}

impl Log {
    /// Waits until `find` finds something in the lines, or there will be no more of them.
    fn wait<T>(&self, find: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        let lines = self.lines.lock().expect("no other holder panics");
        let waiting = |lines: &mut Lines| !lines.closed && find(&lines.all).is_none();
        let (lines, _) = self
            .more
            .wait_timeout_while(lines, PATIENCE, waiting)
            .expect("no other holder panics");
        find(&lines.all)
    }

    fn wait_running(&self) -> bool {
        self.wait(|lines| {
            lines
                .iter()
                .any(|line| line.ends_with(" running"))
                .then_some(())
        })
        .is_some()
    }

    fn wait_closed(&self) -> bool {
        let lines = self.lines.lock().expect("no other holder panics");
        let open = |lines: &mut Lines| !lines.closed;
        let (lines, _) = self
            .more
            .wait_timeout_while(lines, PATIENCE, open)
            .expect("no other holder panics");
        lines.closed
    }

    fn text(&self) -> String {
        self.lines
            .lock()
            .expect("no other holder panics")
            .all
            .join("\n")
    }
}

fn spawn(directory: &Path) -> (Child, Arc<Log>) {
    // Debian installs it where only root's PATH leads.
    let program = if Path::new("/usr/sbin/mosquitto").exists() {
        "/usr/sbin/mosquitto"
    } else {
        "mosquitto"
    };
    let mut process = Command::new(program)
        .arg("-c")
        .arg(directory.join("mosquitto.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("cannot run mosquitto ({error}): apt-get install mosquitto mosquitto-clients")
        });
    let stderr = process.stderr.take().expect("it is piped");
    let log = Arc::new(Log::default());
    let writer = Arc::clone(&log);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            writer
                .lines
                .lock()
                .expect("no other holder panics")
                .all
                .push(line);
            writer.more.notify_all();
        }
        writer.lines.lock().expect("no other holder panics").closed = true;
        writer.more.notify_all();
    });
    (process, log)
}

fn write_config(directory: &Path, port: u16, extra: &str) {
    let config = format!(
        "listener {port} 127.0.0.1\n\
         # With Nagle's algorithm each QoS 1 message waits for the delayed ACK of the one before.\n\
         set_tcp_nodelay true\n\
         # Or it drops root's rights, and cannot write where the test lets it.\n\
         user root\n\
         log_dest stderr\n\
         log_type error\n\
         log_type warning\n\
         log_type notice\n\
         log_type information\n\
         log_type subscribe\n\
         persistence true\n\
         persistence_location {}/\n\
         max_queued_messages 0\n\
         {extra}\n",
        directory.display()
    );
    fs::write(directory.join("mosquitto.conf"), config).expect("the configuration can be written");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

fn temporary_directory() -> TempDir {
    TempDir::with_prefix("mqtt-broker-").expect("a directory can be made")
}
