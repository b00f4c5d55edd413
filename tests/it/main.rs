//! The library from outside, and its source.

mod floors;
mod frost;
mod net;
mod vectors;
