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

/// An argument of Rust as C declares it: its name, a space, its type, without spaces.
fn in_c(argument: &str) -> String {
    let (name, rust) = argument.split_once(": ").unwrap();
    let plain = |name: &str| match name {
        "u8" | "u16" | "u32" | "u64" | "i32" => format!("{}int{}_t", name[..1].replace('i', ""), &name[1..]),
        "usize" => "size_t".to_owned(),
        "c_char" => "char".to_owned(),
        "c_void" => "void".to_owned(),
        other => other.to_owned(),
    };
    let (mut rust, mut stars) = (rust, String::new());
    while let Some(inner) = rust.strip_prefix("*mut ") {
        (rust, stars) = (inner, stars + "*");
    }
    match rust.strip_prefix("*const ") {
        Some(inner) => format!("{name} const{}*{stars}", plain(inner)),
        None => format!("{name} {}{stars}", plain(rust)),
    }
}

/// The arguments between the brackets, each without needless spaces.
fn arguments(list: &str) -> Vec<String> {
    let one = |argument: &str| argument.split_whitespace().collect::<Vec<_>>().join(" ");
    list.split(',').map(one).filter(|argument| !argument.is_empty()).collect()
}

/// An argument of the header: its name, a space, its type, without spaces.
fn of_header(argument: &str) -> String {
    let name = argument.rsplit([' ', '*']).next().unwrap();
    let kind = argument.strip_suffix(name).unwrap().replace(' ', "");
    format!("{} {kind}", name.trim_end_matches('_')) // words of C++ get a `_`
}

/// What is commented before the line that starts here.
fn comment_before(text: &str, at: usize, mark: &str) -> Vec<String> {
    let lines: Vec<&str> = text[..at].lines().collect();
    let lines = lines.iter().rev().skip_while(|line| line.starts_with("#["));
    let mut found: Vec<_> =
        lines.map_while(|line| line.strip_prefix(mark)).map(|line| line.trim().to_owned()).collect();
    found.reverse();
    found
}

#[test]
fn the_header_is_made_from_the_source() {
    let (source, header) = (sources(), read("include/cosigil.h"));
    let mut found = 0;
    for (at, _) in source.match_indices("extern \"C\" fn cosigil_") {
        let start = source[..at].rfind('\n').unwrap() + 1;
        if !source[start..at].starts_with("pub ") {
            continue;
        }
        let (name, rest) = source[at + "extern \"C\" fn ".len()..].split_once('(').unwrap();
        assert!(source[..start].ends_with("#[unsafe(no_mangle)]\n"), "{name} is not exported");
        let declared = header.find(&format!("int32_t {name}("));
        let declared = declared.unwrap_or_else(|| panic!("{name} is not in the header: run cbindgen"));
        let list = header[declared..].split_once('(').unwrap().1.split_once(");").unwrap().0;
        let theirs: Vec<_> = arguments(list).iter().filter(|one| *one != "void").map(|one| of_header(one)).collect();
        let ours: Vec<_> = arguments(rest.split_once(')').unwrap().0).iter().map(|one| in_c(one)).collect();
        assert_eq!(theirs, ours, "{name} is another one in the header: run cbindgen");
        let line = header[..declared].rfind('\n').unwrap() + 1;
        let (docs, manual) = (comment_before(&source, start, "///"), comment_before(&header, line, "//"));
        assert_eq!(manual, docs, "the manual of {name} is another one: run cbindgen");
        found += 1;
    }
    let declared =
        header.lines().filter(|line| line.starts_with("int32_t cosigil_") || line.starts_with("uint32_t cosigil_"));
    assert_eq!(declared.count(), found);
    assert!(found > 90);
}

#[test]
fn the_header_has_every_constant() {
    let (source, header) = (sources(), read("include/cosigil.h"));
    let mut found = 0;
    for line in source.lines().filter(|line| line.starts_with("pub const COSIGIL_")) {
        let (name, rest) = line["pub const ".len()..].split_once(": ").unwrap();
        let number = rest.split_once(" = ").unwrap().1.trim_end_matches(';').replace('_', "");
        let number =
            number.strip_prefix("0x").map_or(number.clone(), |n| u32::from_str_radix(n, 16).unwrap().to_string());
        assert!(header.lines().any(|line| *line == format!("#define {name} {number}")), "{name}: run cbindgen");
        found += 1;
    }
    assert!(found > 100);
}

/// I-07: whatever an entry does it does inside [`call`], which catches panics.
#[test]
fn i_07_every_entry_catches_panics() {
    let source = sources();
    for body in source.split("extern \"C\" fn cosigil_").skip(1) {
        let name = body.split('(').next().unwrap();
        let Some((_, body)) = body.split_once(") -> i32 {\n") else { continue };
        let skipped = |line: &&str| *line == "unsafe {" || ["fn ", "// "].iter().any(|start| line.starts_with(start));
        let is_body = |line: &&str| !skipped(line) && !is_inner(body, line);
        let first = body.lines().map(str::trim).find(is_body).unwrap();
        let first = first.strip_prefix("unsafe { ").unwrap_or(first);
        // The last four are entries as well: they begin with `call`.
        let guards = ["call(||", "quietly(||", "handle::close(", "COSIGIL_ABI_VERSION"];
        let helpers = ["handle::open_new(", "handle::open_at(", "open_callbacks(", "list("];
        let guarded = guards.iter().chain(&helpers).any(|guard| first.starts_with(guard));
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
