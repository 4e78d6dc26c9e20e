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

/// What a row may differ by, in percent.
const TOLERANCE: u64 = 2;

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
        let (path, image) = build(root, features)?;
        for place in image.panicking()? {
            let _ = writeln!(panics, "{name}: {place} can panic");
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
    let (_, everything) = build(root, "size-everything")?;
    for place in everything.panicking()? {
        let _ = writeln!(panics, "what a Client can call: {place} can panic");
    }
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
    let old =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    compare(&old, &table, &rows)
}

/// Builds the firmware `size` with these features.
fn build(root: &Path, features: &str) -> Result<(PathBuf, Image), String> {
    let path = Build {
        package: &root.join("examples/firmware"),
        target: TARGET,
        bin: "size",
        features,
    }
    .run()?;
    let image = Image::read(&path)?;
    Ok((path, image))
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
         where a row differs by more than {TOLERANCE} %: flash is `.text`, `.rodata` and `.data`; static RAM\n\
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

/// Fails where a row is not what the table says: larger is worse, and smaller leaves room to
/// grow unseen.
fn compare(old: &str, table: &str, rows: &[(&str, Size)]) -> Result<(), String> {
    let mut faults = String::new();
    for (name, size) in rows {
        let Some(before) = row(old, name) else {
            let _ = writeln!(faults, "{name}: not in the table");
            continue;
        };
        for (what, before, now) in [
            ("flash", before.flash, size.flash),
            ("static RAM", before.ram, size.ram),
            ("stack", before.stack, size.stack),
        ] {
            if u64::from(now.abs_diff(before)) * 100 <= u64::from(before) * TOLERANCE {
                continue;
            }
            let verb = if now > before { "grown" } else { "shrunk" };
            let _ = writeln!(
                faults,
                "{name}: {what} has {verb} from {before} to {now} bytes"
            );
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let compiler = |table: &str| {
        let line = table.lines().find(|line| line.contains("fat LTO"));
        line.unwrap_or("none").to_owned()
    };
    let (before, now) = (compiler(old), compiler(table));
    if before != now {
        let _ = writeln!(
            faults,
            "The compiler is another than the table's:\n  {before}\n  {now}"
        );
    }
    Err(format!(
        "{faults}Where that is as it should be: cargo xtask size --update"
    ))
}

/// A row of the table in SIZE.md.
fn row(table: &str, name: &str) -> Option<Size> {
    let cells = table
        .lines()
        .find_map(|line| line.strip_prefix(&format!("| {name} | ")))?;
    let mut cells = cells.split('|').map(|cell| cell.trim().parse().ok());
    Some(Size {
        flash: cells.next()??,
        ram: cells.next()??,
        stack: cells.next()??,
    })
}

#[cfg(test)]
mod tests {
    use super::{Size, compare, row, table};

    const SIZE: Size = Size {
        flash: 10_000,
        ram: 1_000,
        stack: 500,
    };

    fn compared(now: Size, rustc: &str) -> Result<(), String> {
        let old = table(&[("row", SIZE)], "rustc 1");
        let rows = [("row", now)];
        compare(&old, &table(&rows, rustc), &rows)
    }

    #[test]
    fn a_table_is_read_as_it_is_written() {
        let table = table(&[("other", SIZE.without(SIZE)), ("row", SIZE)], "rustc 1");
        assert_eq!(row(&table, "row"), Some(SIZE));
        assert_eq!(row(&table, "ro"), None);
        assert_eq!(row("| row | 1 | x | 3 |", "row"), None);
        assert_eq!(row("| row | 1 | 2 |", "row"), None);
    }

    #[test]
    fn two_percent_either_way_are_let_pass() {
        for flash in [9_800, 10_000, 10_200] {
            assert_eq!(compared(Size { flash, ..SIZE }, "rustc 1"), Ok(()));
        }
    }

    #[test]
    fn a_row_that_has_grown_or_shrunk_fails() {
        for (now, fault) in [
            (
                Size {
                    flash: 10_201,
                    ..SIZE
                },
                "row: flash has grown from 10000 to 10201 bytes\n",
            ),
            (
                Size {
                    flash: 9_799,
                    ..SIZE
                },
                "row: flash has shrunk from 10000 to 9799 bytes\n",
            ),
            (
                Size { ram: 1_021, ..SIZE },
                "row: static RAM has grown from 1000 to 1021 bytes\n",
            ),
            (
                Size { stack: 489, ..SIZE },
                "row: stack has shrunk from 500 to 489 bytes\n",
            ),
        ] {
            let error = compared(now, "rustc 1").unwrap_err();
            assert!(error.starts_with(fault), "{error}");
            assert!(error.ends_with("cargo xtask size --update"), "{error}");
            assert!(!error.contains("compiler"), "{error}");
        }
    }

    #[test]
    fn another_compiler_is_compared_too_and_named() {
        assert_eq!(compared(SIZE, "rustc 2"), Ok(()));
        let error = compared(SIZE.without(SIZE), "rustc 2").unwrap_err();
        assert!(error.contains("rustc 1.\n"), "{error}");
        assert!(error.contains("rustc 2.\n"), "{error}");
    }

    #[test]
    fn a_row_that_the_table_has_not_fails() {
        let error = compare("", "", &[("row", SIZE)]).unwrap_err();
        assert!(error.starts_with("row: not in the table"), "{error}");
    }
}
