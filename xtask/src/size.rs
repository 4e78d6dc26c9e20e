//! `cargo xtask size`: flash, static RAM and stack of the firmware `size` with more and more of
//! MQTT in it, beside the table that the repository keeps.

mod image;
mod packets;

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bare_metal::{Build, TARGET};
use crate::firmware::{broker, free_port};
use crate::process::{Listen, Process};
use image::{Image, Origins};

/// What a row may grow by, in percent.
const TOLERANCE: u32 = 2;

/// The rows: their names, the features of the firmware, what talks to it.
const ROWS: [(&str, &str, Peer); 6] = [
    ("nothing", "", Peer::Nothing),
    (
        "the codec: all packets, both ways",
        "size-codec",
        Peer::Packets,
    ),
    ("a client: 5.0, QoS 0 and 1", "size-client", Peer::Broker),
    ("the same with QoS 2", "size-qos2", Peer::Broker),
    (
        "the full client: both versions, all properties, streamed payloads",
        "size-full",
        Peer::Broker,
    ),
    (
        "the full client over the asynchronous driver",
        "size-async",
        Peer::Broker,
    ),
];

#[derive(Clone, Copy)]
enum Peer {
    Nothing,
    Packets,
    Broker,
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    flash: u32,
    ram: u32,
    stack: u32,
}

/// Measures all rows; `update`: writes the table, otherwise compares with it.
pub(crate) fn run(root: &Path, update: bool) -> Result<(), String> {
    let folder = root.join("target/firmware/size");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut rows = Vec::new();
    let mut panics = String::new();
    let mut base = None;
    let mut last = PathBuf::new();
    for (name, features, peer) in ROWS {
        let build = Build {
            package: &root.join("examples/firmware"),
            target: TARGET,
            bin: "size",
            features,
        };
        let path = build.run()?;
        let image = Image::read(&path)?;
        for function in image.panicking()? {
            let _ = writeln!(panics, "{name}: {function} can panic");
        }
        let size = Size {
            flash: image.flash,
            ram: image.ram,
            stack: stack(&folder, &path, peer)?,
        };
        last = path;
        match base {
            None => base = Some(size),
            Some(base) => rows.push((name, size.without(base))),
        }
    }
    let mut table = table(&rows, &crate::bare_metal::compiler()?);
    table += &origins(&Origins::read(&last)?);
    println!("{table}");
    if !panics.is_empty() {
        return Err(panics);
    }
    let path = root.join("examples/firmware/SIZE.md");
    if update {
        // What people wrote below the table stays.
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let notes = old.find("\n## ").map_or("", |at| &old[at..]);
        let table = format!("{table}{notes}");
        return std::fs::write(&path, table)
            .map_err(|error| format!("{}: {error}", path.display()));
    }
    compare(&path, &table, &rows)
}

impl Size {
    fn without(self, base: Self) -> Self {
        Self {
            flash: self.flash.saturating_sub(base.flash),
            ram: self.ram.saturating_sub(base.ram),
            stack: self.stack.saturating_sub(base.stack),
        }
    }
}

/// Runs the firmware and returns the stack that it says it used.
fn stack(folder: &Path, firmware: &Path, peer: Peer) -> Result<u32, String> {
    let mut broker_process = None;
    let mut listener = None;
    let port = match peer {
        Peer::Broker => {
            let port = free_port()?;
            broker_process = Some(broker(folder, port)?);
            port
        }
        Peer::Nothing | Peer::Packets => {
            let socket = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
            let port = socket
                .local_addr()
                .map_err(|error| error.to_string())?
                .port();
            listener = Some(socket);
            port
        }
    };
    let mut qemu = Command::new("qemu-system-arm");
    qemu.args([
        "-cpu",
        "cortex-m3",
        "-machine",
        "lm3s6965evb",
        "-display",
        "none",
    ])
    .args(["-monitor", "none", "-nic", "none"])
    .args(["-semihosting-config", "enable=on,target=native,chardev=out"])
    .args(["-chardev", "stdio,id=out", "-serial"])
    .arg(format!("tcp:127.0.0.1:{port}"))
    .arg("-kernel")
    .arg(firmware);
    let mut device = Process::start("device", &mut qemu, Listen::Output)?;
    if let Some(listener) = listener {
        talk(&listener, peer).map_err(|error| format!("the talk with the device: {error}"))?;
    }
    let stack = device.next_line()?;
    device.expect_exit()?;
    drop(broker_process);
    stack
        .trim()
        .parse()
        .map_err(|_| format!("the device said {stack:?}"))
}

/// Sends packets and takes them back, or sends nothing but the end.
fn talk(listener: &TcpListener, peer: Peer) -> std::io::Result<()> {
    let (mut device, _) = listener.accept()?;
    if matches!(peer, Peer::Packets) {
        for (head, packet) in packets::all() {
            let length = u8::try_from(packet.len()).map_err(std::io::Error::other)?;
            device.write_all(&[length, head])?;
            device.write_all(&packet)?;
            let mut back = vec![0; packet.len()];
            device.read_exact(&mut back)?;
            if back != packet {
                return Err(std::io::Error::other(format!(
                    "{packet:02x?} came back as {back:02x?}"
                )));
            }
        }
    }
    device.write_all(&[0])?;
    // Until the emulator ends.
    let _ = device.read(&mut [0]);
    Ok(())
}

fn table(rows: &[(&str, Size)], rustc: &str) -> String {
    let mut table = format!(
        "# What MQTT costs on a Cortex-M3\n\n\
         Bytes more than the same firmware without MQTT, measured by `cargo xtask size`, which fails\n\
         where a row has grown by more than {TOLERANCE} %: flash is `.text`, `.rodata` and `.data`; static RAM\n\
         includes a session with four messages in flight each way and its 256 byte outbox, and 512\n\
         bytes of buffers; the stack is the most that was used in a whole run against mosquitto.\n\
         `opt-level = \"z\"`, fat LTO, {rustc}.\n\n\
         | firmware | flash | static RAM | stack |\n|---|---:|---:|---:|\n"
    );
    for (name, Size { flash, ram, stack }) in rows {
        let _ = writeln!(table, "| {name} | {flash} | {ram} | {stack} |");
    }
    table
}

/// What the last row is made of.
fn origins(origins: &Origins) -> String {
    let mut text = String::from(
        "\nThe code of the last of them, with that of the firmware around it, comes from:\n\n",
    );
    for (name, size) in &origins.crates {
        let _ = writeln!(text, "- {name}: {size}");
    }
    text.push_str("\nand of its files the largest are:\n\n");
    for (name, size) in origins.files.iter().take(20) {
        let _ = writeln!(text, "- `{name}`: {size}");
    }
    text
}

/// Fails where a row has grown since the table was written, unless by another compiler's doing.
fn compare(path: &PathBuf, table: &str, rows: &[(&str, Size)]) -> Result<(), String> {
    let old =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let compiler = |table: &str| {
        table
            .lines()
            .find(|line| line.contains("fat LTO"))
            .map(str::to_owned)
    };
    if compiler(&old) != compiler(table) {
        println!("another compiler than the table's: not compared");
        return Ok(());
    }
    let mut faults = String::new();
    for (name, size) in rows {
        let Some(row) = old
            .lines()
            .find_map(|line| line.strip_prefix(&format!("| {name} | ")))
        else {
            let _ = writeln!(faults, "{name}: not in the table");
            continue;
        };
        let before = row
            .trim_end_matches('|')
            .split('|')
            .map(|cell| cell.trim().parse().unwrap_or(0));
        let now = [
            ("flash", size.flash),
            ("static RAM", size.ram),
            ("stack", size.stack),
        ];
        for ((what, now), before) in now.into_iter().zip(before) {
            let limit: u32 = before;
            if now > limit.saturating_add(limit * TOLERANCE / 100) {
                let _ = writeln!(
                    faults,
                    "{name}: {what} has grown from {before} to {now} bytes"
                );
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{faults}If that is worth it: cargo xtask size --update"
    ))
}
