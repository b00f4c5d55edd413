//! Shamir sharing over a curve's scalars, with Feldman commitments.

mod feldman;
mod lagrange;
mod polynomial;

pub use feldman::Commitment;
pub use lagrange::{lagrange_at, lagrange_at_zero};
pub use polynomial::Polynomial;
