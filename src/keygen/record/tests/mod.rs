//! The record of a key.

mod model;
