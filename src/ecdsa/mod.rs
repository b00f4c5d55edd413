//! Threshold ECDSA: t of n parties sign with a key that none of them has.
//!
//! Before the first signature every two parties run a pair [`setup`]; what it leaves with each of them
//! are its [`pairs`]. A failed check of such state is recorded in a [`burn`] log before anybody learns of
//! it.

pub mod burn;
pub mod pairs;
pub mod scheme;
pub mod setup;
