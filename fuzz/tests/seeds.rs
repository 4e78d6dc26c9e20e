//! Every seed, and every find since, through its target.

use std::fs;
use std::path::Path;

fn run(target: &str, check: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
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
    run("decode", fuzz::decode::check);
}

#[test]
fn reader_split() {
    run("reader_split", fuzz::reader_split::check);
}

#[test]
fn session() {
    run("session", fuzz::session::check);
}
