//! Key generation: n parties make a key that none of them ever has, and any t of them can use.
//!
//! Each party deals a random secret to all; the key is their sum. Four rounds: commit, open and deal,
//! confirm, acknowledge. `docs/keygen.md` numbers the steps that the code cites, and says what holds
//! at a crash at each of them.
//!
//! Source: Pedersen, "A threshold cryptosystem without a trusted party" (1991), as in FROST (eprint
//! 2020/852), Figure 1. Where we differ:
//! - everybody commits before anybody opens, so that the last to speak cannot choose the key;
//! - the proof of knowledge is of all coefficients, so that every public share can be simulated;
//! - every hash holds the view: all inputs, and everybody's round 1;
//! - shares are checked in their sum, and one by one only if that fails;
//! - a wrong share ends in a complaint that anybody can judge;
//! - two rounds more: the key is there when all have confirmed one transcript, and done when all know.
//!
//! [`Keygen`] is for a [`Session`](crate::session::Session). The rounds are public for those who read the
//! papers, or have channels of their own: [`start`], then [`Round1`] to [`Round4`].
//!
//! There is one inner protocol: who deals, who holds, with which threshold, which key. Key generation is
//! the case in which every holder deals a random secret and there is no old sharing.

pub mod certificate;
mod deal;
pub mod judge;
mod mail;
mod messages;
mod protocol;
pub mod record;
pub mod repair;
pub mod reshare;
mod round1;
mod round2;
mod round3;
mod round4;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use rand_core::CryptoRng;

pub use self::certificate::{Certificate, Pending};
pub use self::messages::{Ack, Commit, Confirm, Dealt, Greeting, Opening, Share};
pub use self::protocol::Keygen;
pub use self::reshare::{Plan, Reshare, ReshareInputs};
pub use self::round1::{Round1, ToEach};
pub use self::round2::Round2;
pub use self::round3::Round3;
pub use self::round4::{Done, Round4};

use self::deal::Terms;
use crate::error::Usage;
use crate::key::Scheme;
use crate::party::{Base, SessionParams, Threshold};
use crate::secret::fresh;
use crate::transcript::Transcript;

/// Starts key generation by hand: the commitment is for all.
///
/// `base` is a digest of everything that the parties must agree on beforehand, and `hello` starts with
/// 32 fresh bytes. A [`Session`](crate::session::Session) sees to both, signs, seals and compares what
/// everybody got; without it that is on the caller.
///
/// # Errors
/// [`Usage::Malformed`] for a shorter `hello`, [`Usage::InvalidThreshold`] for a threshold of 1, [`Usage::BrokenRng`].
pub fn start<S: Scheme>(
    params: &SessionParams,
    base: Base,
    hello: Vec<u8>,
    rng: &mut impl CryptoRng,
) -> Result<(Round1<S>, Commit), Usage> {
    if hello.len() < 32 {
        return Err(Usage::Malformed);
    }
    // With one coefficient a dealer would hand out all it has.
    if params.threshold() == Threshold::ONE {
        return Err(Usage::InvalidThreshold);
    }
    let mut draws = Transcript::new("keygen-draws").field(fresh(rng)?.expose()).field(base.as_bytes()).rng();
    Ok(Round1::deal(Terms::keygen(params, base), None, &hello, &mut draws))
}
