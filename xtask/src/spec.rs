//! `cargo xtask spec`: which conformance statements are followed where, and proved where.
//!
//! A statement is cited as `[MQTT-4.6.0-2]` (5.0) or `[MQTT3-1.5.3-1]` (3.1.1). One that binds
//! the codec or a client must be cited by code and by a test, or stand in `spec/exceptions.tsv`
//! with a reason. An identifier in quotes, as `"MQTT-4.6.0-2"`, is no citation, but has to exist.
//!
//! Code that only [names](NAMING) a statement, or that tests are made of, does not follow it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose Rust files are searched for citations.
const SEARCHED: &[&str] = &[
    "mqtt-proto",
    "mqtt-session",
    "mqtt-testkit",
    "transport-std",
    "transport-embedded",
];

/// The files in which a citation says what an error means.
const NAMING: &[&str] = &["/error.rs", "/statement.rs"];

/// The folders of what tests and benchmarks are made of: a Server, the judge of a simulation, peers.
const EQUIPMENT: &[&str] = &["mqtt-testkit/", "mqtt-proto/bench/"];

/// Whether what stands in the file, tests apart, is a client or its codec.
fn follows(name: &str) -> bool {
    !NAMING.iter().any(|end| name.ends_with(end))
        && !EQUIPMENT.iter().any(|folder| name.starts_with(folder))
}

struct Statement {
    binds: String,
    same_as: Option<String>,
    cited_by_code: Vec<String>,
    cited_by_test: Vec<String>,
    exception: Option<Exception>,
}

struct Exception {
    kind: String,
    reason: String,
}

impl Statement {
    /// Whether a codec or a client has to follow it; the rest is a Server's business.
    fn applies(&self) -> bool {
        self.binds != "server"
    }

    fn binds_codec(&self) -> bool {
        self.binds.contains("codec")
    }
}

/// Checks the citations and prints the coverage; `verbose` lists each statement.
pub(crate) fn run(root: &Path, verbose: bool) -> Result<(), String> {
    let mut statements = BTreeMap::new();
    load(
        &root.join("spec/normative-5.0.tsv"),
        "MQTT-",
        &mut statements,
    )?;
    load(
        &root.join("spec/normative-3.1.1.tsv"),
        "MQTT3-",
        &mut statements,
    )?;
    let mut faults = load_exceptions(&root.join("spec/exceptions.tsv"), &mut statements)?;
    for folder in SEARCHED {
        for file in rust_files(&root.join(folder))? {
            search(root, &file, &mut statements, &mut faults)?;
        }
    }
    share_citations(&mut statements);
    faults.extend(judge(&statements));
    print(&statements, verbose);
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\n{} faults in the citations",
        faults.join("\n"),
        faults.len()
    ))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn load(
    path: &Path,
    prefix: &str,
    statements: &mut BTreeMap<String, Statement>,
) -> Result<(), String> {
    for line in read(path)?
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let mut columns = line.split('\t');
        let (Some(id), Some(_text), Some(binds)) = (columns.next(), columns.next(), columns.next())
        else {
            return Err(format!("{}: not three columns: {line}", path.display()));
        };
        let same_as = columns
            .next()
            .filter(|id| !id.is_empty())
            .map(str::to_owned);
        let statement = Statement {
            binds: binds.to_owned(),
            same_as,
            cited_by_code: Vec::new(),
            cited_by_test: Vec::new(),
            exception: None,
        };
        statements.insert(id.replacen("MQTT-", prefix, 1), statement);
    }
    Ok(())
}

fn load_exceptions(
    path: &Path,
    statements: &mut BTreeMap<String, Statement>,
) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    for line in read(path)?
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[id, kind, reason] = columns.as_slice() else {
            return Err(format!("{}: not three columns: {line}", path.display()));
        };
        if !["server", "transport", "application", "not-testable", "open"].contains(&kind) {
            faults.push(format!("{id}: unknown kind of exception: {kind}"));
        }
        match statements.get_mut(id) {
            Some(statement) => {
                statement.exception = Some(Exception {
                    kind: kind.to_owned(),
                    reason: reason.to_owned(),
                });
            }
            None => faults.push(format!(
                "{id}: an exception for a statement that does not exist"
            )),
        }
    }
    Ok(faults)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() && !path.ends_with("target") {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Notes the citations of one file. From a module of tests on that stands in it, a file is a test.
fn search(
    root: &Path,
    file: &Path,
    statements: &mut BTreeMap<String, Statement>,
    faults: &mut Vec<String>,
) -> Result<(), String> {
    let name = file
        .strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string();
    let mut in_test = name.contains("/tests/") || name.ends_with("tests.rs");
    let text = read(file)?;
    for (start, _) in text.match_indices("\"MQTT") {
        let id = text[start + 1..].split('"').next().unwrap_or_default();
        let looks_so = id.starts_with("MQTT-") || id.starts_with("MQTT3-");
        if looks_so && id.ends_with(|c: char| c.is_ascii_digit()) && !statements.contains_key(id) {
            faults.push(format!("{name}: no statement {id}"));
        }
    }
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let elsewhere = lines.peek().is_some_and(|(_, next)| next.ends_with(';'));
        in_test |= line.trim() == "#[cfg(test)]" && !elsewhere;
        for (start, _) in line.match_indices("[MQTT") {
            let Some(id) = line[start + 1..].split(']').next() else {
                continue;
            };
            // A reference link or a pattern, not a citation: `[MQTT-…` needs a number.
            if !id.contains(|character: char| character.is_ascii_digit()) {
                continue;
            }
            let place = format!("{name}:{}", number + 1);
            match statements.get_mut(id) {
                Some(statement) if in_test => statement.cited_by_test.push(place),
                Some(statement) if follows(&name) => statement.cited_by_code.push(place),
                Some(_) => {}
                None => faults.push(format!("{place}: no statement {id}")),
            }
        }
    }
    Ok(())
}

/// A statement of 3.1.1 that 5.0 repeats is covered by citations of the latter.
fn share_citations(statements: &mut BTreeMap<String, Statement>) {
    let shared: Vec<(String, String)> = statements
        .iter()
        .filter_map(|(id, s)| Some((id.clone(), s.same_as.clone()?)))
        .collect();
    for (id, same_as) in shared {
        let Some(other) = statements.get(&same_as) else {
            continue;
        };
        let (code, test) = (other.cited_by_code.clone(), other.cited_by_test.clone());
        let exception = other.exception.as_ref().map(|exception| Exception {
            kind: exception.kind.clone(),
            reason: exception.reason.clone(),
        });
        if let Some(statement) = statements.get_mut(&id) {
            statement.cited_by_code.extend(code);
            statement.cited_by_test.extend(test);
            statement.exception = statement.exception.take().or(exception);
        }
    }
}

fn judge(statements: &BTreeMap<String, Statement>) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, statement) in statements
        .iter()
        .filter(|(_, statement)| statement.applies())
    {
        match &statement.exception {
            Some(exception) if exception.kind == "open" && statement.binds_codec() => {
                faults.push(format!("{id}: a statement on the codec cannot stay open"));
            }
            Some(exception)
                if ["open", "not-testable"].contains(&exception.kind.as_str())
                    && !statement.cited_by_code.is_empty()
                    && !statement.cited_by_test.is_empty() =>
            {
                faults.push(format!(
                    "{id}: cited by code and test, and excepted all the same"
                ));
            }
            Some(_) => {}
            None => {
                if statement.cited_by_code.is_empty() {
                    faults.push(format!("{id}: no code cites it"));
                }
                if statement.cited_by_test.is_empty() {
                    faults.push(format!("{id}: no test cites it"));
                }
            }
        }
    }
    faults
}

fn print(statements: &BTreeMap<String, Statement>, verbose: bool) {
    for (version, prefix) in [("3.1.1", "MQTT3-"), ("5.0", "MQTT-")] {
        let of_version = statements.iter().filter(|(id, _)| id.starts_with(prefix));
        let (mut covered, mut excepted, mut open, mut server) = (0, 0, 0, 0);
        for (id, statement) in of_version {
            let state = match &statement.exception {
                _ if !statement.applies() => {
                    server += 1;
                    "a Server's".to_owned()
                }
                Some(exception) if exception.kind == "open" => {
                    open += 1;
                    format!("open: {}", exception.reason)
                }
                Some(exception) => {
                    excepted += 1;
                    format!("{}: {}", exception.kind, exception.reason)
                }
                None => {
                    covered += 1;
                    format!(
                        "{} · {}",
                        statement.cited_by_code.join(" "),
                        statement.cited_by_test.join(" ")
                    )
                }
            };
            if verbose {
                println!("{id}\t{state}");
            }
        }
        println!(
            "MQTT {version}: {covered} statements cited by code and test, {excepted} excepted, {open} open, {server} a Server's"
        );
    }
}
