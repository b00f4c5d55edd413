//! Every stored form that was ever written still loads, and none changes without a new version number.
//!
//! `tests/fixtures/README.md` says what to do when a test here fails.

mod forms;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use forms::{Form, forms};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The version that the bytes themselves name; 1 for those that name none.
fn version(bytes: &[u8]) -> u16 {
    let at = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    if let Some(rest) = bytes.strip_prefix(b"cosigil burn log ") {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        return std::str::from_utf8(&rest[..end]).unwrap().parse().unwrap();
    }
    match bytes {
        _ if bytes.starts_with(b"cosigil-backup") => at(14),
        _ if bytes.starts_with(b"cosigil") => at(8),
        _ => 1,
    }
}

/// All fixtures: the name of the form, the version, the bytes.
fn stored() -> Vec<(String, u16, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        if file == "README.md" {
            continue;
        }
        let (name, version) = file.rsplit_once(".v").unwrap_or_else(|| panic!("{file} has no version"));
        all.push((name.to_owned(), version.parse().unwrap(), fs::read(&path).unwrap()));
    }
    all.sort();
    all
}

/// Without the feature nothing can be made or read under a passphrase.
fn is_off(name: &str) -> bool {
    cfg!(not(feature = "backup")) && name.starts_with("backup-passphrase")
}

/// What was ever written loads; what is of the present version encodes to the same bytes.
#[test]
fn every_fixture_loads() {
    let forms = forms();
    let stored = stored();
    assert!(stored.len() > 50, "{} fixtures", stored.len());
    for (name, of, bytes) in stored.iter().filter(|(name, ..)| !is_off(name)) {
        let form = forms.iter().find(|form| form.name == *name).unwrap_or_else(|| panic!("nothing reads {name}"));
        assert_eq!(version(bytes), *of, "{name}");
        let again = (form.again)(bytes).unwrap_or_else(|error| panic!("{name}.v{of} does not load: {error:?}"));
        if version(&again) == *of {
            assert!(again == *bytes, "{name}.v{of} encodes to other bytes");
        } else {
            assert!(version(&again) > *of);
        }
    }
}

/// What is written now is what was written then, byte for byte, under the same version number.
#[test]
fn no_layout_changes_without_a_version() {
    let stored = stored();
    for Form { name, make, .. } in forms() {
        let made = make();
        let now = version(&made);
        let then = stored.iter().find(|(of, version, _)| (of, *version) == (&name, now));
        let (.., then) = then.unwrap_or_else(|| panic!("no fixture {name}.v{now}: see tests/fixtures/README.md"));
        assert!(made == *then, "{name} is not what version {now} was: see tests/fixtures/README.md");
    }
}

/// Every kind of record in `docs/formats.md` has a fixture.
#[test]
fn every_kind_has_a_fixture() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md")).unwrap();
    let mut kinds = BTreeSet::new();
    for cell in page.lines().filter_map(|row| row.strip_prefix("| ")?.split(" |").next()) {
        let mut ends = cell.split('–').map(str::parse::<u8>);
        if let Some(Ok(first)) = ends.next() {
            kinds.extend(first..=ends.next().map_or(first, |last| last.unwrap()));
        }
    }
    assert!(kinds.len() > 10, "{kinds:?}");
    let is_record = |bytes: &[u8]| bytes.starts_with(b"cosigil") && bytes[7] < b' ';
    let found = stored().iter().filter(|(.., bytes)| is_record(bytes)).map(|(.., bytes)| bytes[7]).collect();
    assert_eq!(kinds, found);
}

/// Writes the fixtures that are missing, and never touches one that is there:
/// `cargo test --all-features --test it -- --ignored write_missing_fixtures`.
#[test]
#[ignore = "writes to tests/fixtures"]
fn write_missing_fixtures() {
    for Form { name, make, .. } in forms() {
        let made = make();
        let path = folder().join(format!("{name}.v{}", version(&made)));
        if let Ok(mut file) = OpenOptions::new().write(true).create_new(true).open(&path) {
            file.write_all(&made).unwrap();
            println!("{}", path.display());
        }
    }
}
