//! The library from outside, and its source.

#![allow(clippy::cast_possible_truncation, clippy::type_complexity)] // small numbers of tests

mod ecdsa;
mod floors;
mod frost;
mod keygen;
mod net;
mod records;
mod vectors;
