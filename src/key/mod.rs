//! Keys: what a party stores, what everybody may know, what is kept in case it is lost.

pub mod backup;
pub(crate) mod dealer;
mod share;
mod tweak;

pub(crate) use share::chain_code_digest;
pub use share::{KeyShare, PublicKeyPackage, Scheme};
pub use tweak::Tweak;
