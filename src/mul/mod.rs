//! Two-party multiplication over OT, and pairwise shares of zero.
//!
//! [`rvole`] turns the choice bits and pads of an extension into shares of products: the receiver gets
//! a random b and d, the sender puts in a and gets c, and c + d = a·b. [`zero_share`] gives the parties
//! of a session shares that add up to zero.
//!
//! As on the floor below, nothing here names a culprit.

mod field;
mod message;
mod parameters;
pub mod rvole;
pub mod zero_share;
