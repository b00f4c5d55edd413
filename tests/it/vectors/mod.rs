//! Test vectors of others. Where they come from: `tests/vectors/README.md`.
//!
//! Every test counts what it ran, and fails if a vector was skipped.

mod bitcoin;
mod derivation;
mod eddsa;
mod rfc9591;
mod ristretto;

use serde_json::Value;

/// A file below `tests/vectors`.
fn text(name: &str) -> String {
    let path = format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// The bytes of a field in hex.
fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array32(value: &Value) -> [u8; 32] {
    bytes(value).try_into().unwrap()
}

/// Says how many were run, and that none is missing.
fn ran(what: &str, count: usize, expected: usize) {
    println!("{what}: {count} run");
    assert_eq!(count, expected, "{what}");
}
