//! Keys: what a party stores, what everybody may know.

pub(crate) mod dealer;
mod share;
pub mod store;
mod tweak;

pub use share::{KeyShare, PublicKeyPackage, Scheme};
pub(crate) use share::{chain_code_digest, read_parties, write_parties};
pub use store::{KeyStore, Retire, StoreError};
pub use tweak::Tweak;
