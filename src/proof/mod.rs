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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Ed25519, P256, Ristretto255, Secp256k1, Uncleared, random_scalar};
    use crate::wire::{Shape, Wire};

    const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

    fn transcript(place: u64) -> Transcript {
        Transcript::new("proof-test").number(place)
    }

    /// S-11: change any public input of a valid proof and it is none; the proof carries no statement.
    fn binds_its_statement<C: Curve>() {
        let mut rng = Transcript::new("proof-test-rng").rng();
        let secrets: Vec<Scalar<C>> = (0..3).map(|_| *random_scalar::<C>(&mut rng).expose()).collect();
        let points: Vec<Uncleared<C>> = secrets.iter().map(Uncleared::mul_base).collect();
        let proof = Proof::<C>::prove(&secrets, transcript(1), &mut rng);
        assert!(proof.verify(&points, transcript(1)));
        assert!(!proof.verify(&points, transcript(2)));
        assert!(!proof.verify(&points[..2], transcript(1)));
        assert!(!proof.verify(&[], transcript(1)));
        assert!(!proof.verify(&[points[1], points[0], points[2]], transcript(1)));
        assert!(!proof.verify(&[points[0], points[1], points[2], points[0]], transcript(1)));
        let mut bytes = proof.encode(&NO_SHAPE);
        for k in 0..bytes.len() {
            bytes[k] ^= 1;
            assert!(!Proof::<C>::decode(&bytes, &NO_SHAPE).is_some_and(|proof| proof.verify(&points, transcript(1))));
            bytes[k] ^= 1;
        }
    }

    fn equality_binds_its_statement<C: Curve>() {
        let mut rng = Transcript::new("proof-test-rng-2").rng();
        let x = random_scalar::<C>(&mut rng);
        let base = C::mul_base(random_scalar::<C>(&mut rng).expose());
        let (image, at_base) = (C::mul_base(x.expose()), base * x.expose());
        let proof = EqualityProof::<C>::prove(&x, &base, transcript(1), &mut rng);
        assert!(proof.verify(&image, &base, &at_base, transcript(1)));
        assert!(!proof.verify(&image, &base, &at_base, transcript(2)));
        for (i, b, a) in [(base, base, at_base), (image, image, at_base), (image, base, image), (at_base, base, image)]
        {
            assert!(!proof.verify(&i, &b, &a, transcript(1)));
        }
        let mut bytes = proof.encode(&NO_SHAPE);
        for k in 0..bytes.len() {
            bytes[k] ^= 1;
            let changed = EqualityProof::<C>::decode(&bytes, &NO_SHAPE);
            assert!(!changed.is_some_and(|proof| proof.verify(&image, &base, &at_base, transcript(1))));
            bytes[k] ^= 1;
        }
    }

    #[test]
    fn s_11_proofs_bind_their_statements() {
        binds_its_statement::<Ed25519>();
        binds_its_statement::<Ristretto255>();
        binds_its_statement::<Secp256k1>();
        binds_its_statement::<P256>();
        equality_binds_its_statement::<Ristretto255>();
        equality_binds_its_statement::<Secp256k1>();
    }

    /// S-13: one witness in two places under a generator that repeats: two nonces.
    #[test]
    fn s_13_nonces_hang_on_the_whole_transcript() {
        type C = Secp256k1;
        let rng = || Transcript::new("proof-test-rng-3").rng();
        let x = random_scalar::<C>(&mut rng());
        let secrets = core::slice::from_ref(x.expose());
        let prove = |place| Proof::<C>::prove(secrets, transcript(place), &mut rng()).encode(&NO_SHAPE);
        assert_eq!(prove(1), prove(1));
        assert_ne!(prove(1)[..33], prove(2)[..33]);
        let base = |k: u64| C::mul_base(&k.into());
        let equal = |k| EqualityProof::<C>::prove(&x, &base(k), transcript(1), &mut rng()).encode(&NO_SHAPE);
        assert_ne!(equal(2)[..33], equal(3)[..33]);
        let other = random_scalar::<C>(&mut Transcript::new("proof-test-rng-4").rng());
        let others = Proof::<C>::prove(core::slice::from_ref(other.expose()), transcript(1), &mut rng());
        assert_ne!(others.encode(&NO_SHAPE)[..33], prove(1)[..33]);
    }
}
