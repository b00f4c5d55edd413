//! Proof that two points have one logarithm: log_B(X) = log_H(Y).
//!
//! Opens one Diffie–Hellman value for a complaint: that D = e·E_j for the e with E = e·B.
//!
//! Source: Chaum, Pedersen, "Wallet databases with observers" (1992), with the challenge from our
//! [`Transcript`], which holds the session, the prover and all four points.

use rand_core::CryptoRng;

use super::prover_nonce;
use crate::curve::{Curve, PublicScalar, Scalar, msm_vartime};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Element, message};

message! {
    /// A proof that X = x·G and Y = x·H for one x.
    pub struct EqualityProof<C: Curve> |shape| {
        /// W = r·G
        nonce: Element<C>,
        /// V = r·H
        nonce_at_base: Element<C>,
        /// z = r + c·x
        response: PublicScalar<C>,
    }
}

impl<C: Curve> EqualityProof<C> {
    /// Proves that `x` is the logarithm of x·G and of x·base.
    pub fn prove(x: &Secret<Scalar<C>>, base: &C::Point, transcript: Transcript, rng: &mut impl CryptoRng) -> Self {
        let transcript = statement::<C>(transcript, &C::mul_base(x.expose()), base, &(*base * x.expose()));
        let r = prover_nonce::<C>(core::slice::from_ref(x.expose()), &transcript, rng);
        let nonce = Element::new(C::mul_base(r.expose()));
        let nonce_at_base = Element::new(*base * r.expose());
        let c = challenge(transcript, &nonce, &nonce_at_base);
        Self { nonce, nonce_at_base, response: PublicScalar::reveal(*r.expose() + *c.value() * x.expose()) }
    }

    /// Verifies that `image` = x·G and `image_at_base` = x·base for one x.
    #[must_use]
    pub fn verify(&self, image: &C::Point, base: &C::Point, image_at_base: &C::Point, transcript: Transcript) -> bool {
        let transcript = statement::<C>(transcript, image, base, image_at_base);
        let c = challenge(transcript, &self.nonce, &self.nonce_at_base);
        let at_generator = msm_vartime::<C>(&[(c, *image), (PublicScalar::ONE, *self.nonce.point())]);
        let at_base = msm_vartime::<C>(&[(c, *image_at_base), (PublicScalar::ONE, *self.nonce_at_base.point())]);
        C::mul_base(self.response.value()) == at_generator && msm_vartime::<C>(&[(self.response, *base)]) == at_base
    }
}

fn statement<C: Curve>(
    transcript: Transcript,
    image: &C::Point,
    base: &C::Point,
    image_at_base: &C::Point,
) -> Transcript {
    transcript.point::<C>(image).point::<C>(base).point::<C>(image_at_base)
}

fn challenge<C: Curve>(transcript: Transcript, nonce: &Element<C>, at_base: &Element<C>) -> PublicScalar<C> {
    transcript.field(nonce.as_bytes()).field(at_base.as_bytes()).challenge()
}
