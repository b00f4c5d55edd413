//! Distributed key generation and threshold signatures in pure Rust: any t of n parties sign, fewer learn
//! nothing, and no machine ever holds a whole key.
//!
//! - [`Keygen`] makes a key, in a [`Session`]: bytes in, bytes out, over a relay that nobody has to trust.
//! - [`keygen::record::KeyRecord`] keeps a party's share on a server over the years, in a [`key::store::FileKeyStore`]:
//!   refresh, reshare, restarts. Its attempts run [`Reshare`], which gives the key new shares; [`keygen::repair`] brings
//!   back a lost one.
//! - [`frost`] signs with it: Schnorr and EdDSA by RFC 9591, BIP-340 with Taproot, NEM's Ed25519.
//! - [`ecdsa`] signs with keys made for it: threshold ECDSA (DKLs23) on secp256k1 and P-256, [`ot`] and [`mul`] below it.
//! - [`key::derive`] makes child keys: BIP-32 and BIP32-Ed25519, by every party alone; both sign for them.
//! - [`key::backup`] keeps a party's share for the day its machine is gone.
//! - [`hazmat`] has what should not be needed: a trusted dealer, whole keys, nonces from given bytes.
//! - For researchers: [`curve`], [`sharing`], [`proof`], [`wire`] and [`round`] are the floors below, and every
//!   protocol's rounds are public structs, moved by value.
//!
//! # Example
//!
//! Three parties in one process; on three machines each runs one session.
//!
//! ```
//! use std::collections::VecDeque;
//!
//! use cosigil::frost::Ed25519Sha512;
//! use cosigil::{Identity, Keygen, Label, Parties, PartyId, Session, SessionParams, Threshold};
//! # use cosigil::Transcript;
//! # let mut rng = Transcript::new("an example, so not random").rng();
//!
//! let identities = [Identity::generate(&mut rng)?, Identity::generate(&mut rng)?, Identity::generate(&mut rng)?];
//! let ids = [PartyId::new(1)?, PartyId::new(2)?, PartyId::new(3)?];
//! let parties = Parties::new(ids.into_iter().zip(identities.iter().map(Identity::public)))?;
//!
//! let (mut sessions, mut queue) = (Vec::new(), VecDeque::new());
//! for (me, identity) in ids.into_iter().zip(&identities) {
//!     let params = SessionParams::new(Label::from_bytes([1; 32]), me, Threshold::new(2)?, parties.clone())?;
//!     let (session, first) = Session::<Keygen<Ed25519Sha512>>::start(params, identity, (), &mut rng)?;
//!     queue.extend(first.into_iter().map(|parcel| (me, parcel)));
//!     sessions.push((me, session));
//! }
//! let mut shares = Vec::new();
//! while let Some((from, parcel)) = queue.pop_front() {
//!     for (me, session) in sessions.iter_mut().filter(|(me, _)| *me != from) {
//!         if parcel.to.is_none_or(|to| to == *me) {
//!             let progress = session.receive(&parcel.bytes)?;
//!             queue.extend(progress.send.into_iter().map(|parcel| (*me, parcel)));
//!             shares.extend(progress.output);
//!         }
//!     }
//! }
//! assert_eq!(shares.len(), 3);
//! assert_eq!(shares[0].public(), shares[2].public());
//! # Ok::<(), cosigil::Error>(())
//! ```
//!
//! # Features
//! `std` (default): faster generator tables for secp256k1 and P-256, and stores in files; everything else is `alloc` alone ·
//! `serde`: the public and stored types, around their canonical bytes · `backup`: backups under a passphrase (those to a
//! public key are always there).
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod party;
mod secret;

pub mod curve;
pub mod mul;
pub mod ot;
pub mod round;
mod transcript;
pub mod wire;

mod commitment;
pub mod proof;
pub mod sharing;

mod record;

pub mod session;

pub mod ecdsa;
pub mod key;
pub mod keygen;

pub use key::{KeyShare, PublicKeyPackage};
pub use keygen::{Keygen, Plan, Reshare, ReshareInputs};
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

/// The README's code.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
