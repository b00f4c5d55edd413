//! The library from outside, and its source.

mod ecdsa;
mod floors;
