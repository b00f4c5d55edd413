//! The library from outside, and its source.

mod floors;
mod frost;
mod keygen;
mod net;
mod vectors;
