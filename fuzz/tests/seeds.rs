//! Every seed, and every find since, through its target.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What `.ci/run fuzz` gives to the target of the same name, too.
fn seeds(name: &str) -> impl Iterator<Item = Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(name);
    fs::read_dir(directory)
        .expect("the target has seeds")
        .map(|entry| {
            let path = entry.expect("the directory can be read").path();
            println!("{}", path.display()); // seen when the test fails
            fs::read(path).expect("the seed can be read")
        })
}

fn run(name: &str, check: fn(&[u8])) {
    let count = seeds(name).map(|seed| check(&seed)).count();
    assert!(count > 0, "no seeds of {name}");
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

/// None of them excuses what no longer happens.
#[test]
fn every_known_difference_is_shown_by_a_seed() {
    let mut unseen: BTreeMap<usize, String> = fuzz::differential::known().enumerate().collect();
    for data in seeds("packets") {
        for place in fuzz::differential::shown(&data) {
            unseen.remove(&place);
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
}
