//! Distributed key generation and threshold signatures: no machine ever holds a whole key.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod error;
mod party;
mod secret;

pub mod curve;
pub mod round;
mod transcript;
pub mod wire;

mod commitment;
pub mod proof;
pub mod sharing;

mod record;

pub mod session;

pub mod key;
pub mod keygen;

pub use key::{KeyShare, PublicKeyPackage};
pub use keygen::Keygen;
pub use session::{Identity, Progress, Session};

pub mod frost;

pub mod hazmat;

#[cfg(feature = "serde")]
mod serde_impls;

pub use error::{Abort, Consequence, Error, Fault, Usage};
pub use party::{
    Base, KeyId, Label, PairId, Parcel, Parties, PartyId, PublicIdentity, SessionParams, Sharing, Threshold, View,
};
pub use secret::Secret;
pub use transcript::{Transcript, TranscriptRng};
