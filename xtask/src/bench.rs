//! `cargo xtask bench`: instructions per packet of the codec and its peers, beside the table that
//! the repository keeps.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a row of ours may grow by, in percent.
const TOLERANCE: u64 = 3;

/// What the benchmarks call, in the version that `mqtt-proto/bench` depends on.
const RUNNER: &str = "gungraun-runner";
const RUNNER_VERSION: &str = "0.20.0";

/// The columns: how a benchmark's function ends, and the crate.
const CODECS: [(&str, &str); 7] = [
    ("", "mqtt-proto"),
    ("mqttrs", "mqttrs"),
    ("mountain_mqtt", "mountain-mqtt"),
    ("mqttbytes", "mqttbytes"),
    ("rumqttc", "rumqttc"),
    ("protocol_core", "mqtt-protocol-core"),
    ("ntex", "ntex-mqtt"),
];
const OURS: &str = CODECS[0].1;

/// The rows: a benchmark of ours, and in words what it does.
const ROWS: [(&str, &str); 31] = [
    ("decode publish_64_v3", "decode PUBLISH, 64 B, 3.1.1"),
    ("decode publish_64_v5", "decode PUBLISH, 64 B, 5.0"),
    ("decode publish_1k_v3", "decode PUBLISH, 1 KiB, 3.1.1"),
    ("decode publish_1k_v5", "decode PUBLISH, 1 KiB, 5.0"),
    ("decode publish_64k_v3", "decode PUBLISH, 64 KiB, 3.1.1"),
    ("decode publish_64k_v5", "decode PUBLISH, 64 KiB, 5.0"),
    (
        "decode publish_properties_v5",
        "decode PUBLISH with properties",
    ),
    ("decode connect_v5", "decode CONNECT with every property"),
    ("decode puback_v3", "decode PUBACK, 3.1.1"),
    ("decode puback_v5", "decode PUBACK, 5.0"),
    ("decode suback_v3", "decode SUBACK, 3.1.1"),
    ("decode suback_v5", "decode SUBACK, 5.0"),
    ("decode_stream v3", "decode a stream, 3.1.1"),
    ("decode_stream v5", "decode a stream, 5.0"),
    ("decode_alias held10", "decode PUBLISH by alias, of 10 held"),
    (
        "decode_alias held10000",
        "decode PUBLISH by alias, of 10,000 held",
    ),
    (
        "encode publish_64_v3",
        "build and encode PUBLISH, 64 B, 3.1.1",
    ),
    (
        "encode publish_64_v5",
        "build and encode PUBLISH, 64 B, 5.0",
    ),
    (
        "encode_properties publish_properties_v5",
        "build and encode PUBLISH with properties",
    ),
    ("encode_head publish_64_v3", "encode a head, 64 B, 3.1.1"),
    ("encode_head publish_64_v5", "encode a head, 64 B, 5.0"),
    ("encode_head publish_1k_v5", "encode a head, 1 KiB, 5.0"),
    ("encode_head publish_64k_v5", "encode a head, 64 KiB, 5.0"),
    ("decode_many n100", "decode one of 100 User Properties"),
    (
        "decode_many n100000",
        "decode one of 100,000 User Properties",
    ),
    ("iterate_many n100", "iterate over one of 100"),
    ("iterate_many n100000", "iterate over one of 100,000"),
    ("encode_many n100", "encode one of 100"),
    ("encode_many n100000", "encode one of 100,000"),
    ("encode_pieces n100", "encode one of 100 in pieces"),
    ("encode_pieces n100000", "encode one of 100,000 in pieces"),
];

/// Instructions, by row and crate.
type Counts = BTreeMap<(&'static str, &'static str), u64>;

/// Measures all codecs and writes the table; `check`: measures ours and compares with the table.
pub(crate) fn run(root: &Path, check: bool) -> Result<(), String> {
    for (program, how) in [
        ("valgrind", "apt-get install valgrind".to_owned()),
        (
            RUNNER,
            format!("cargo install --locked {RUNNER}@{RUNNER_VERSION}"),
        ),
    ] {
        if output(Command::new(program).arg("--version")).is_err() {
            return Err(format!("{program} is missing: {how}"));
        }
    }
    let bench = root.join("mqtt-proto/bench");
    let path = bench.join("RESULTS.md");
    let mut counts = Counts::new();
    // Without the peers among its dependencies: so the same is measured in CI, which builds none.
    count(&bench, &["ours", "--no-default-features"], &mut counts)?;
    if check {
        let kept = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        return compare(&kept, &counts);
    }
    count(&bench, &["peers"], &mut counts)?;
    count(&bench, &["peers_stream"], &mut counts)?;
    let faults = output(cargo(&bench).args(["run", "--quiet", "--bin", "faults"]))?;
    let table = table(&bench, &counts, &faults)?;
    println!("{table}");
    std::fs::write(&path, table).map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs a bench target and reads what it prints:
///
/// ```text
/// ours::ours::decode publish_64_v3:(fixtures :: publish(Version :: V3_1_1, 64))
///   Instructions:                         158|N/A                  (*********)
/// ```
fn count(bench: &Path, target: &[&str], counts: &mut Counts) -> Result<(), String> {
    let printed = output(
        cargo(bench)
            .args(["bench", "--quiet", "--bench"])
            .args(target),
    )?;
    let mut key = None;
    for line in printed.lines() {
        if let Some(instructions) = line.trim_start().strip_prefix("Instructions:") {
            let instructions = instructions.split('|').next().unwrap_or_default().trim();
            let instructions = instructions
                .parse()
                .map_err(|_| format!("{instructions:?} is not a count"))?;
            let key = key
                .take()
                .ok_or("a count without the name of its benchmark")?;
            counts.insert(key, instructions);
        } else if let Some((name, _)) = line.split_once(":(") {
            key = Some(row_and_crate(name).ok_or_else(|| format!("{name}: not a row"))?);
        }
    }
    Ok(())
}

/// What a benchmark measures of which crate: `theirs::encode_rumqttc_v5 publish_64_v5`.
fn row_and_crate(name: &str) -> Option<(&'static str, &'static str)> {
    let (function, case) = name.rsplit("::").next()?.split_once(' ')?;
    for (part, name) in CODECS.iter().rev() {
        let Some(at) = function.find(part) else {
            continue;
        };
        let what = if part.is_empty() {
            function
        } else {
            function.get(..at)?.trim_end_matches('_')
        };
        let what = if what.is_empty() { "decode" } else { what };
        let row = ROWS
            .iter()
            .find(|(row, _)| row.split_once(' ') == Some((what, case)))?;
        return Some((row.0, name));
    }
    None
}

fn table(bench: &Path, counts: &Counts, faults: &str) -> Result<String, String> {
    let lock = std::fs::read_to_string(bench.join("Cargo.lock")).map_err(|e| e.to_string())?;
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let valgrind = output(Command::new("valgrind").arg("--version"))?;
    let mut table = format!(
        "# Instructions per packet\n\n\
         Made by `cargo xtask bench`. Counted by callgrind ({}, {RUNNER} {RUNNER_VERSION}), {}, release,\n\
         fat LTO, one codegen unit, x86-64. The topic name has 20 bytes; PUBLISH is of QoS 0, with properties\n\
         of QoS 1 with Topic Alias, Message Expiry Interval and two User Properties; SUBACK has three reason\n\
         codes. The stream has 1,000 packets (PUBLISH of each QoS, acknowledgements, PINGRESP) in pieces of\n\
         1,460 bytes and is given per packet. A head is a PUBLISH whose payload stays with the caller,\n\
         and whose topic name has been checked before; none of the peers encodes it. What one User\n\
         Property of many costs, the packet's own cost included, shows that time is linear; pieces are\n\
         of 64 bytes. Buffers are made before the counting starts; decoding includes all validation\n\
         that the codec does, and nothing of ours allocates. The benchmarks are in `benches/`, and each\n\
         peer is used as its documentation shows. `mqtt-protocol-core` is given the packet without its\n\
         fixed header, but for the stream, of which what a peer copies to have its packets whole is\n\
         counted.\n\n\
         CI fails where a row of ours has grown by more than {TOLERANCE} %.\n\n|",
        valgrind.trim(),
        rustc.split(" (").next().unwrap_or_default(),
    );
    for (_, name) in CODECS {
        let version = version(&lock, name).unwrap_or_default();
        let _ = match name {
            OURS => write!(table, " | {name} |"),
            _ => write!(table, " {name} {version} |"),
        };
    }
    let _ = writeln!(table, "\n|---|{}", "---:|".repeat(CODECS.len()));
    for (row, words) in ROWS {
        let _ = write!(table, "| {words} |");
        for (_, name) in CODECS {
            let _ = match counts.get(&(row, name)) {
                Some(&count) => write!(table, " {} |", per_packet(row, count)),
                None => write!(table, " |"),
            };
        }
        table.push('\n');
    }
    let _ = write!(
        table,
        "\n## What the codecs look for\n\n\
         What is not looked for costs nothing. Which codec takes which forbidden packet:\n\n{faults}"
    );
    Ok(table)
}

/// The version of a package in a `Cargo.lock`.
fn version<'l>(lock: &'l str, name: &str) -> Option<&'l str> {
    let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    after.split('"').next()
}

/// The count by packet of a stream, or by property of many.
fn per_packet(row: &str, count: u64) -> u64 {
    count.div_ceil(match row.split_once(' ') {
        Some(("decode_stream", _)) => 1000,
        Some((_, "n100")) => 100,
        Some((_, "n100000")) => 100_000,
        _ => 1,
    })
}

/// Fails where a row of ours has grown.
fn compare(kept: &str, counts: &Counts) -> Result<(), String> {
    let mut faults = String::new();
    for (row, words) in ROWS {
        let now = counts
            .get(&(row, OURS))
            .map(|&count| per_packet(row, count));
        let before: Option<u64> = kept
            .lines()
            .find_map(|line| line.strip_prefix(&format!("| {words} | ")))
            .and_then(|cells| cells.split(" |").next()?.trim().parse().ok());
        let (Some(now), Some(before)) = (now, before) else {
            let _ = writeln!(faults, "{words}: not measured, or not in the table");
            continue;
        };
        println!("{words}: {now} ({before} in the table)");
        if now * 100 > before * (100 + TOLERANCE) {
            let _ = writeln!(faults, "{words}: has grown from {before} to {now}");
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("{faults}If that is worth it: cargo xtask bench"))
}

fn cargo(bench: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    // Flags meant for another build would be measured.
    cargo
        .current_dir(bench)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_TERM_COLOR", "never")
        .stderr(Stdio::inherit());
    cargo
}

/// What a command prints; its failure is an error.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(printed)
    } else {
        let program = command.get_program().display();
        Err(format!("{program} failed:\n{printed}"))
    }
}
