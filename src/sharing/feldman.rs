//! The public image of a polynomial: A_k = a_k·G. Whoever has it can check any share.
//!
//! Source: Feldman, "A practical scheme for non-interactive verifiable secret sharing" (1987).

use alloc::vec::Vec;

use group::Group;

use crate::curve::{Curve, Scalar};
use crate::party::PartyId;
use crate::secret::Secret;
use crate::sharing::Polynomial;

/// A_k = a_k·G for each coefficient of a polynomial, A_0 first; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment<C: Curve>(Vec<C::Point>);

impl<C: Curve> Commitment<C> {
    /// The commitment made of these points; `None` if there is none.
    pub fn new(points: Vec<C::Point>) -> Option<Self> {
        (!points.is_empty()).then_some(Self(points))
    }

    /// Commits to a polynomial, in constant time.
    pub fn to(polynomial: &Polynomial<C>) -> Self {
        Self(polynomial.coefficients().iter().map(C::mul_base).collect())
    }

    /// The points, A_0 first.
    pub fn points(&self) -> &[C::Point] {
        &self.0
    }

    /// A_0, the image of the shared secret.
    pub fn constant(&self) -> C::Point {
        self.0.first().copied().unwrap_or_else(C::Point::identity)
    }

    /// The image of a party's share, Σ id^k·A_k: by Horner with the small id, in public time.
    pub fn evaluate(&self, id: PartyId) -> C::Point {
        C::evaluate_at_small_vartime(&self.0, id.get())
    }

    /// Whether this is the share of that party. The share is multiplied in constant time.
    #[must_use]
    pub fn has_share(&self, id: PartyId, share: &Secret<Scalar<C>>) -> bool {
        C::mul_base(share.expose()) == self.evaluate(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Ed25519, Secp256k1};
    use crate::transcript::Transcript;
    use ff::Field;

    fn accepts_shares_only<C: Curve>() {
        let polynomial = Polynomial::<C>::random(3, &mut Transcript::new("feldman-test").rng());
        let commitment = Commitment::to(&polynomial);
        for id in [1, 2, 255, 256, 257, 65535].map(|id| PartyId::new(id).unwrap()) {
            let mut share = polynomial.evaluate(id);
            assert!(commitment.has_share(id, &share));
            *share.expose_mut() += Scalar::<C>::ONE;
            assert!(!commitment.has_share(id, &share));
        }
    }

    #[test]
    fn a_commitment_accepts_its_shares_only() {
        accepts_shares_only::<Ed25519>();
        accepts_shares_only::<Secp256k1>();
    }
}
