//! A process that this command started, and ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// After so long without what is waited for something is wrong; a slow machine needs a small part of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// What of a process is read here.
#[derive(Clone, Copy)]
pub(crate) enum Listen {
    Nothing,
    Output,
    Errors,
}

/// A child process whose lines are read as they come.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(
        name: &'static str,
        command: &mut Command,
        listen: Listen,
    ) -> Result<Self, String> {
        command.stdin(Stdio::null());
        match listen {
            Listen::Nothing => {}
            Listen::Output => _ = command.stdout(Stdio::piped()),
            Listen::Errors => _ = command.stderr(Stdio::piped()),
        }
        let mut child = command.spawn().map_err(|error| {
            format!("cannot start {}: {error}", command.get_program().display())
        })?;
        let (sender, lines) = channel();
        let output = child
            .stdout
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        let errors = child
            .stderr
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        if let Some(output) = output.or(errors) {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Self {
            name,
            child,
            lines,
            seen: Vec::new(),
        })
    }

    /// Waits for this line; others before it are passed over.
    pub(crate) fn expect(&mut self, line: &str) -> Result<(), String> {
        self.wait(line, |seen| seen == line)
    }

    /// Waits for a line that contains this.
    pub(crate) fn expect_part(&mut self, part: &str) -> Result<(), String> {
        self.expect_parts(&[part]).map(drop)
    }

    /// Waits for a line that contains all of these, and returns it.
    pub(crate) fn expect_parts(&mut self, parts: &[&str]) -> Result<String, String> {
        self.wait(&parts.join(" … "), |seen| {
            parts.iter().all(|part| seen.contains(part))
        })?;
        Ok(self.seen.last().cloned().unwrap_or_default())
    }

    /// Waits for a line, which must be this one.
    pub(crate) fn expect_next(&mut self, line: &str) -> Result<(), String> {
        let mut first = true;
        self.wait(line, |seen| {
            std::mem::replace(&mut first, false) && seen == line
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the limit of a wait is this machine's time"
    )]
    fn wait(&mut self, what: &str, mut found: impl FnMut(&str) -> bool) -> Result<(), String> {
        // For all lines together: a broker goes on telling of pings while what is waited for never comes.
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                return Err(format!(
                    "the {} did not say \"{what}\"; the last that it said:\n{}",
                    self.name,
                    self.seen[self.seen.len().saturating_sub(20)..].join("\n")
                ));
            };
            let hit = found(&line);
            self.seen.push(line);
            if hit {
                return Ok(());
            }
        }
    }

    /// Waits for a line, whatever it says.
    pub(crate) fn next_line(&mut self) -> Result<String, String> {
        self.expect_parts(&[])
    }

    /// Waits for its end, which must be a success.
    pub(crate) fn expect_exit(&mut self) -> Result<(), String> {
        // Its last lines; then the reading thread ends.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!(
                "the {} ended with {status}:\n{}",
                self.name,
                self.seen.join("\n")
            )),
            Err(error) => Err(format!("the {}: {error}", self.name)),
        }
    }

    /// Kills it without notice.
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map(drop)
            .map_err(|error| format!("cannot kill the {}: {error}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}
