//! The library from outside, and its source.

mod floors;
mod keygen;
mod net;
