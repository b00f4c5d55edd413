//! Keys: what a party stores, what everybody may know.

pub(crate) mod dealer;
mod share;
mod tweak;

#[cfg(test)]
pub(crate) use dealer::reconstruct;
pub(crate) use share::chain_code_digest;
pub use share::{KeyShare, PublicKeyPackage, Scheme};
pub use tweak::Tweak;
