//! Keys: what a party stores, what everybody may know.

pub(crate) mod dealer;
mod share;
mod tweak;

pub use share::{KeyShare, PublicKeyPackage, Scheme};
pub(crate) use share::{chain_code_digest, read_parties, write_parties};
pub use tweak::Tweak;
