//! Proofs, made non-interactive: knowledge of logarithms, equality of logarithms.
//!
//! The caller's transcript holds the session and the prover. A prover's nonce is drawn from fresh
//! bytes, the witness and the whole transcript before the challenge, so a repeated generator under
//! another statement or another session gives another nonce.

mod dleq;
mod dlog;

pub use dleq::EqualityProof;
pub use dlog::{Proof, ProofBatch};

use alloc::vec::Vec;

use ff::PrimeField;
use rand_core::CryptoRng;

use crate::curve::{Curve, PublicScalar, Scalar};
use crate::secret::Secret;
use crate::transcript::{Transcript, TranscriptRng};

/// A prover's nonce.
fn prover_nonce<C: Curve>(witness: &[Scalar<C>], before: &Transcript, rng: &mut impl CryptoRng) -> Secret<Scalar<C>> {
    let mut fresh = Secret::new([0; 32]);
    rng.fill_bytes(fresh.expose_mut());
    let hedged = Transcript::new("proof-nonce").field(&before.fork().digest()).field(fresh.expose());
    witness.iter().fold(hedged, |transcript, scalar| transcript.scalar::<C>(scalar)).secret_scalar::<C>()
}

/// Weights of 128 bits for a batched check, from fresh bytes and the digest of everything batched.
///
/// Without fresh bytes (a bad generator) they are still a hash of what is checked: 2^-128 per try.
#[derive(Debug)]
pub struct Weights(TranscriptRng);

impl Weights {
    /// Weights for a batch with this digest.
    pub fn new(digest: &[u8; 32], rng: &mut impl CryptoRng) -> Self {
        let mut fresh = [0; 32];
        rng.fill_bytes(&mut fresh);
        Self(Transcript::new("weights").field(&fresh).field(digest).rng())
    }

    /// The next weight.
    pub fn draw<C: Curve>(&mut self) -> PublicScalar<C> {
        use rand_core::Rng;
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        PublicScalar::reveal(Scalar::<C>::from_u128(u128::from_le_bytes(bytes)))
    }

    /// So many weights.
    pub fn take<C: Curve>(&mut self, count: usize) -> Vec<PublicScalar<C>> {
        (0..count).map(|_| self.draw()).collect()
    }
}
