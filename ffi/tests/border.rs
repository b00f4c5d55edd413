//! The border's own files, compiled alone: their tests need none of the protocols behind it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(dead_code, non_camel_case_types, reason = "a part of the library")]

#[path = "../src/bytes.rs"]
mod bytes;
#[path = "../src/call.rs"]
mod call;
#[path = "../src/faults.rs"]
mod faults;
#[path = "../src/handle.rs"]
mod handle;
#[path = "../src/input.rs"]
mod input;
#[path = "../src/status.rs"]
mod status;
