//! The source itself: imports go down the floors only, every hash has a label of its own, every numbered
//! step of the docs is cited by the code.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each module at the top of `src/`.
const FLOORS: [(&str, u8); 20] = [
    ("error", 0),
    ("party", 0),
    ("secret", 0),
    ("curve", 1),
    ("transcript", 1),
    ("wire", 1),
    ("round", 1),
    ("record", 1),
    ("sharing", 2),
    ("commitment", 2),
    ("proof", 2),
    ("session", 3),
    ("ot", 3),
    ("mul", 4),
    ("key", 5),
    ("keygen", 6),
    ("frost", 7),
    ("ecdsa", 7),
    ("hazmat", 8),
    ("serde_impls", 8),
];

/// Floors whose files stand side by side and may use each other.
const GROUND: u8 = 1;

fn floor(module: &str) -> u8 {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .map_or_else(|| panic!("`{module}` has no floor"), |(_, floor)| *floor)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Every file of `src/` without its tests: path from `src/`, text.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    let is_test = |path: &str| path.contains("/tests") || path.ends_with("testing.rs");
    let mut files: Vec<(String, String)> = found
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(path).unwrap();
            let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
            (name, text[..end].to_owned())
        })
        .filter(|(name, _)| !is_test(name))
        .collect();
    files.sort();
    files
}

#[test]
fn imports_go_down_only() {
    let mut seen = 0;
    for (name, text) in files() {
        let own = name.split(['/', '.']).next().unwrap();
        if own == "lib" {
            continue;
        }
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for part in line.split("crate::").skip(1).filter(|_| !line.contains("$crate")) {
                let module: String =
                    part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_' || c.is_ascii_digit()).collect();
                if module.is_empty() || module == own {
                    continue;
                }
                seen += 1;
                let (from, to) = (floor(own), floor(&module));
                assert!(
                    to < from || to <= GROUND && from <= GROUND,
                    "{name} (floor {from}) uses {module} (floor {to})"
                );
            }
        }
    }
    assert!(seen > 100, "the check sees the imports");
}

/// S-10: no label stands for two things.
#[test]
fn s_10_every_label_is_used_in_one_place() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in files() {
        // The docs' examples are no code of the library.
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for part in code.join("\n").split("Transcript::new(").skip(1) {
            let Some(label) = part.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            places.entry(label.to_owned()).or_default().push(name.clone());
        }
    }
    assert!(places.len() > 20, "the check sees the labels");
    for (label, places) in places {
        assert_eq!(places.len(), 1, "label `{label}` in {places:?}");
    }
}

/// The numbers of the steps of a page: lines that begin with `- 1.2 ` or `1.2 `.
fn steps(page: &str) -> Vec<String> {
    let number = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches("**");
        let number: String = line.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let number = number.trim_end_matches('.').to_owned();
        (number.split('.').count() == 2 && number.split('.').all(|part| !part.is_empty())).then_some(number)
    };
    page.lines().filter_map(number).collect()
}

/// Whether a comment of the code cites the step.
fn cites(text: &str, step: &str) -> bool {
    let comments = text.lines().filter_map(|line| line.split_once("//").map(|(_, comment)| comment));
    let mut words = comments.flat_map(|comment| comment.split(|c: char| !c.is_ascii_digit() && c != '.'));
    words.any(|word| word.trim_end_matches('.') == step)
}

#[test]
fn every_step_is_cited() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let files = files();
    let mut pages = 0;
    for (page, folders) in [
        ("session", &["session/", "party"][..]),
        ("keygen", &["keygen/"]),
        ("record", &["keygen/record", "key/store"]),
        ("reshare", &["keygen/reshare/"]),
        ("repair", &["keygen/repair"]),
        ("frost", &["frost/"]),
        ("ecdsa", &["ecdsa/", "ot/", "mul/"]),
        ("derivation", &["key/derive", "frost/", "ecdsa/"]),
        ("backup", &["key/backup"]),
    ] {
        let Ok(text) = fs::read_to_string(docs.join(page).with_extension("md")) else { continue };
        let steps = steps(&text);
        assert!(!steps.is_empty(), "{page}.md has numbered steps");
        pages += 1;
        for step in steps {
            let cited =
                files.iter().any(|(name, text)| folders.iter().any(|f| name.starts_with(f)) && cites(text, &step));
            assert!(cited, "step {step} of {page}.md is cited nowhere");
        }
    }
    assert!(pages > 0);
}

/// The table of attacks names tests that are there, and leaves no row empty.
#[test]
fn attacks_are_answered() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    sources(&root.join("src"), &mut all);
    sources(&root.join("tests"), &mut all);
    sources(&root.join("ffi/tests"), &mut all);
    let text: String = all.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let page = fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let mut rows = 0;
    for row in page.lines().filter(|row| row.starts_with("| ") && !row.starts_with("| id")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let answer = cells[3];
        assert!(!answer.is_empty() && answer != "–", "{} has no answer", cells[1]);
        let id = cells[1].to_lowercase().replace('-', "_");
        for name in answer.split('`').skip(1).step_by(2).filter(|name| name.starts_with(&id)) {
            assert!(text.contains(name), "{} names `{name}`, which is gone", cells[1]);
        }
        rows += 1;
    }
    assert!(rows >= 76);
}
