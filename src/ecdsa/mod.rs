//! Threshold ECDSA: t of n parties sign with a key that none of them has.
//!
//! Before the first signature every two parties run a pair [`setup`]; what it leaves with each of them
//! are its [`pairs`]. A failed check of such state is recorded in a [`burn`] log before anybody learns of
//! it.

pub mod burn;
pub mod online;
pub mod pairs;
pub mod presign;
mod presignature;
mod repaired;
pub mod scheme;
pub mod setup;
pub mod sign;
mod signature;
pub mod store;

pub use ecdsa::RecoveryId;
pub use online::{Child, Request, verifying_key};
pub use presignature::{Presignature, PresignatureId};
pub use repaired::after_repair;
pub use scheme::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
pub use signature::{EcdsaCurve, Message, Prehash, SRule, Signed, verify};
pub use store::PresignatureStore;
