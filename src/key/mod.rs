//! Keys: what a party stores, what everybody may know, what is kept in case it is lost.

pub mod backup;
pub(crate) mod dealer;
pub mod derive;
mod parties;
mod share;
pub mod store;
mod tweak;

pub use derive::{ChildIndex, ChildKey, ChildTweak, Derivable, DerivationPath, ExtendedKey, Network, Xpub};
pub(crate) use parties::{read_parties, write_parties};
pub(crate) use share::chain_code_digest;
pub use share::{KeyShare, PublicKeyPackage, Scheme};
pub use store::{KeyStore, Retire, StoreError};
pub use tweak::Tweak;
