//! Keys: what a party stores, what everybody may know.

pub(crate) mod dealer;
mod parties;
mod share;
pub mod store;
mod tweak;

pub(crate) use parties::{read_parties, write_parties};
pub(crate) use share::chain_code_digest;
pub use share::{KeyShare, PublicKeyPackage, Scheme};
pub use store::{KeyStore, Retire, StoreError};
pub use tweak::Tweak;
