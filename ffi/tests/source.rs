//! The source of the interface: every function is in the header, every error of the library has a status of its own,
//! every entry catches panics.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn sources() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The variants of an enum of `src/error.rs`.
fn variants(of: &str) -> Vec<String> {
    let text = read("../src/error.rs");
    let body = text.split_once(&format!("pub enum {of} {{")).unwrap().1.split_once("\n}\n").unwrap().0;
    let lines = body.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     "));
    let name = |line: &str| line.trim().split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
    lines.map(name).filter(|name| name.chars().next().is_some_and(char::is_uppercase)).collect()
}

#[test]
fn every_error_has_a_number() {
    let (status, faults) = (read("src/status.rs"), read("src/faults.rs"));
    let (usages, all) = (variants("Usage"), variants("Fault"));
    assert!(usages.len() > 30 && all.len() > 28, "{usages:?} {all:?}");
    let missing = |text: &str, kind: &str, names: &[String]| -> Vec<String> {
        names.iter().filter(|name| !text.contains(&format!("{kind}::{name}"))).cloned().collect()
    };
    assert_eq!(missing(&status, "Usage", &usages), Vec::<String>::new());
    assert_eq!(missing(&faults, "Fault", &all), Vec::<String>::new());
}

/// The constants whose names begin so, with their numbers.
fn constants(text: &str, prefix: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("pub const ")).filter(|line| line.starts_with(prefix));
    let parts = |line: &str| {
        let (name, rest) = line.split_once(": i32 = ")?;
        Some((name.to_owned(), rest.trim_end_matches(';').to_owned()))
    };
    lines.filter_map(parts).collect()
}

#[test]
fn no_number_is_given_twice() {
    for (text, prefix) in [(read("src/status.rs"), "COSIGIL_"), (read("src/faults.rs"), "COSIGIL_FAULT_")] {
        let all = constants(&text, prefix);
        let numbers: BTreeSet<&String> = all.iter().map(|(_, number)| number).collect();
        assert!(all.len() > 29 && numbers.len() == all.len(), "{all:?}");
    }
}

#[test]
fn the_header_has_every_function() {
    let (source, header) = (sources(), read("include/cosigil.h"));
    let mut found = 0;
    for (k, line) in source.lines().enumerate() {
        let Some(rest) = line.strip_prefix("pub ") else { continue };
        let Some((_, name)) = rest.split_once("extern \"C\" fn ") else { continue };
        let name = name.split('(').next().unwrap();
        assert!(header.contains(&format!(" {name}(")), "{name} is not in the header: run cbindgen");
        assert_eq!(source.lines().nth(k - 1), Some("#[unsafe(no_mangle)]"), "{name} is not exported");
        found += 1;
    }
    let declared =
        header.lines().filter(|line| line.starts_with("int32_t cosigil_") || line.starts_with("uint32_t cosigil_"));
    assert_eq!(declared.count(), found);
    assert!(found > 90);
}

/// I-07: whatever an entry does it does inside [`call`], which catches panics.
#[test]
fn i_07_every_entry_catches_panics() {
    let source = sources();
    for body in source.split("extern \"C\" fn cosigil_").skip(1) {
        let name = body.split('(').next().unwrap();
        let Some((_, body)) = body.split_once(") -> i32 {\n") else { continue };
        let first = body.lines().map(str::trim).find(|line| !line.starts_with("fn ") && !is_inner(body, line)).unwrap();
        let guarded = ["call(||", "quietly(||", "handle::close(", "COSIGIL_ABI_VERSION"]
            .iter()
            .any(|guard| first.starts_with(guard));
        assert!(guarded, "cosigil_{name} begins with {first}");
    }
}

/// Whether the line belongs to a function that is defined inside the entry, before its body.
fn is_inner(body: &str, line: &str) -> bool {
    let Some(start) = body.find("    fn ") else { return false };
    let Some(end) = body.find("\n    }\n") else { return false };
    let at = line.as_ptr().addr() - body.as_ptr().addr();
    start < end && (start..end + 6).contains(&at)
}
