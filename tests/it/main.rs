//! The library from outside, and its source.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::unimplemented,
    clippy::type_complexity
)] // tests

mod backup;
mod chains;
mod crashes;
mod derive;
mod ecdsa;
mod ecdsa_many;
mod fixtures;
mod floors;
mod frost;
mod keygen;
mod net;
mod records;
mod repair;
mod reshare;
mod transfer;
mod vectors;
mod wrong;
