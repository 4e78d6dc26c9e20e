//! Every seed, and every find since, through its target.

use std::fs;
use std::path::Path;

/// `seeds` is what `.ci/run fuzz` gives to the target of the same name, too.
fn run(seeds: &str, check: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(seeds);
    let mut count = 0;
    for entry in fs::read_dir(&directory).expect("the target has seeds") {
        let path = entry.expect("the directory can be read").path();
        println!("{}", path.display()); // seen when the test fails
        check(&fs::read(&path).expect("the seed can be read"));
        count += 1;
    }
    assert!(count > 0, "no seeds in {}", directory.display());
}

#[test]
fn decode() {
    run("packets", fuzz::decode::check);
}

#[test]
fn differential() {
    run("packets", fuzz::differential::check);
}

#[test]
fn encode() {
    run("encode", fuzz::encode::check);
}

#[test]
fn reader_split() {
    run("reader_split", fuzz::reader_split::check);
}

#[test]
fn round_trip() {
    run("packets", fuzz::round_trip::check);
}

#[test]
fn session() {
    run("session", fuzz::session::check);
}

#[test]
fn topic_matching() {
    run("topic_matching", fuzz::topic_matching::check);
}
