//! Proof of knowledge of discrete logarithms, one or many at once (Schnorr, made non-interactive).
//!
//! Shows that the dealer of a Feldman commitment knows every coefficient, so that nobody can pick a
//! key share as a function of the others' ("rogue key"), and public shares can be simulated.
//!
//! Source: FROST (eprint 2020/852), Figure 1, round 1, steps 2 and 5. Where we differ:
//! - the challenge comes from our [`Transcript`], which already holds the session and the prover;
//! - one proof for all coefficients, with the powers of one challenge: (m+1)-special sound, error
//!   m/q. One response instead of m;
//! - the nonce point and the statement are [`Uncleared`]: every equation is multiplied by the cofactor.

use alloc::vec::Vec;

use group::Group;
use rand_core::CryptoRng;

use super::prover_nonce;
use crate::curve::{Curve, PublicScalar, Scalar, SumOfProducts, Uncleared};
use crate::transcript::Transcript;
use crate::wire::{UnclearedElement, message};

message! {
    /// A proof of knowledge of a_0, …, a_{m−1} for public A_k = a_k·G.
    pub struct Proof<C: Curve> |shape| {
        /// W = r·G
        nonce: UnclearedElement<C>,
        /// z = r + Σ_k e^{k+1}·a_k
        response: PublicScalar<C>,
    }
}

impl<C: Curve> Proof<C> {
    /// Proves knowledge of the secrets. The transcript must be the one the verifier will build: it
    /// holds the session, the prover and the statement.
    pub fn prove(secrets: &[Scalar<C>], transcript: Transcript, rng: &mut impl CryptoRng) -> Self {
        let r = prover_nonce::<C>(secrets, &transcript, rng);
        let nonce = UnclearedElement::new(Uncleared::mul_base(r.expose()));
        let e = challenge(transcript, &nonce);
        let mut sum = SumOfProducts::<C>::new();
        let mut power = e;
        for secret in secrets {
            sum.add(power.value(), secret);
            power = power * e;
        }
        Self { nonce, response: PublicScalar::reveal(*r.expose() + sum.finish()) }
    }

    /// The challenge e, for this transcript.
    pub fn challenge(&self, transcript: Transcript) -> PublicScalar<C> {
        challenge(transcript, &self.nonce)
    }

    /// Verifies the proof for the points A_k, of which there must be as many as secrets.
    #[must_use]
    pub fn verify(&self, statement: &[Uncleared<C>], transcript: Transcript) -> bool {
        let mut batch = ProofBatch::new();
        batch.add(PublicScalar::ONE, self, statement, transcript);
        !statement.is_empty() && batch.verify()
    }
}

fn challenge<C: Curve>(transcript: Transcript, nonce: &UnclearedElement<C>) -> PublicScalar<C> {
    transcript.field(nonce.as_bytes()).challenge()
}

/// Many equations z·G = W + Σ s_k·P_k, checked as one with random weights.
///
/// It says whether all hold. Names come from single checks only.
#[derive(Debug)]
pub struct ProofBatch<C: Curve> {
    response: PublicScalar<C>,
    terms: Vec<(PublicScalar<C>, Uncleared<C>)>,
}

impl<C: Curve> ProofBatch<C> {
    /// The empty batch, which holds.
    pub fn new() -> Self {
        Self { response: PublicScalar::ZERO, terms: Vec::new() }
    }

    /// Adds a proof with its weight.
    pub fn add(
        &mut self,
        weight: PublicScalar<C>,
        proof: &Proof<C>,
        statement: &[Uncleared<C>],
        transcript: Transcript,
    ) {
        let e = proof.challenge(transcript);
        self.add_response(weight, proof);
        let mut power = weight * e;
        for point in statement {
            self.terms.push((power, *point));
            power = power * e;
        }
    }

    /// Adds weight·(z·G − W) alone; the statement's part is to be added with [`Self::add_term`].
    pub fn add_response(&mut self, weight: PublicScalar<C>, proof: &Proof<C>) {
        self.response += weight * proof.response;
        self.terms.push((weight, *proof.nonce.point()));
    }

    /// Adds scalar·point to the right-hand side.
    pub fn add_term(&mut self, scalar: PublicScalar<C>, point: Uncleared<C>) {
        self.terms.push((scalar, point));
    }

    /// Whether the weighted sum of all equations holds.
    #[must_use]
    pub fn verify(&self) -> bool {
        let right = Uncleared::msm_vartime(&self.terms).clear();
        bool::from((C::mul_base(self.response.value()) - right).is_identity())
    }
}

impl<C: Curve> Default for ProofBatch<C> {
    fn default() -> Self {
        Self::new()
    }
}
