//! What the crates for firmware export can be logged there: the feature `defmt` promises
//! `defmt::Format` for every public type, and no lint of the compiler's holds it.

use std::fs;
use std::path::Path;

#[test]
fn every_exported_type_has_defmt_format() {
    for name in ["mqtt-proto", "mqtt-session", "transport-embedded"] {
        let src = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(name)
            .join("src");
        let root = fs::read_to_string(src.join("lib.rs")).unwrap();
        let mut files = Vec::new();
        read(&src, &mut files);
        let exported = exported(&root);
        assert!(!exported.is_empty(), "{name} exports nothing");
        for item in exported {
            assert!(has_format(item, &files), "{name}: {item}");
        }
    }
}

/// The names of the `pub use` of a crate's root.
fn exported(root: &str) -> Vec<&str> {
    root.split("\npub use ")
        .skip(1)
        .filter_map(|rest| rest.split_once(';'))
        .flat_map(|(path, _)| path.rsplit("::").next().unwrap().split([',', '{', '}']))
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect()
}

/// Whether it is no type of its own, or derives `Format`, or is given it somewhere.
fn has_format(item: &str, files: &[String]) -> bool {
    let declares = |line: &str, kinds: &[&str]| {
        kinds.iter().any(|kind| {
            line.strip_prefix(kind)
                .and_then(|line| line.strip_prefix(item))
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
        })
    };
    for file in files {
        let lines: Vec<&str> = file.lines().map(str::trim).collect();
        if lines
            .iter()
            .any(|line| declares(line, &["pub trait ", "pub type "]))
        {
            return true;
        }
        let Some(at) = lines
            .iter()
            .position(|line| declares(line, &["pub struct ", "pub enum "]))
        else {
            continue;
        };
        let derived = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with(['#', '/']))
            .any(|line| line.contains("derive(defmt::Format)"));
        // By a macro that is given its name.
        let by_macro = file.contains("Format for $name")
            && [',', ')']
                .iter()
                .any(|end| file.contains(&format!("!({item}{end}")));
        return derived || by_macro || files.iter().any(|file| formats(file, item));
    }
    false
}

fn formats(file: &str, item: &str) -> bool {
    ["<", " "]
        .iter()
        .any(|end| file.contains(&format!("Format for {item}{end}")))
}

fn read(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn a_type_without_format_is_found() {
    let files = [
        "#[cfg_attr(feature = \"defmt\", derive(defmt::Format))]\npub struct A;\n".to_owned(),
        "#[derive(Debug)]\npub struct B<'a>(&'a u8);\npub trait C {}\n".to_owned(),
        "pub enum Bee {}\nimpl Format for Bee {}\n".to_owned(),
        "pub struct E;\npub struct F;\npub struct G;\nimpl Format for $name {}\nboth!(E, 1);\none!(G);\n".to_owned(),
    ];
    assert_eq!(
        exported("\npub use a::{A, C};\npub use b::Bee;\n"),
        ["A", "C", "Bee"]
    );
    for (item, has) in [
        ("A", true),
        ("B", false),
        ("C", true),
        ("Bee", true),
        ("D", false),
        ("E", true),
        ("F", false),
        ("G", true),
    ] {
        assert_eq!(has_format(item, &files), has, "{item}");
    }
}
