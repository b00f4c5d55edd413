//! A secret polynomial over the scalars of a curve: its constant term is shared by its values.
//!
//! Source: Shamir, "How to share a secret" (1979). Coefficients of 0 are drawn again, at every degree,
//! since no identity point has an encoding on the wire: a bias of 2^-252.

use alloc::vec::Vec;

use ff::Field;
use rand_core::CryptoRng;

use crate::curve::{Curve, Scalar, random_scalar, x_coordinate};
use crate::party::PartyId;
use crate::secret::Secret;

/// f(Z) = Σ a_k·Z^k with t secret coefficients.
#[derive(Debug)]
pub struct Polynomial<C: Curve>(Secret<Vec<Scalar<C>>>);

impl<C: Curve> Polynomial<C> {
    /// A random polynomial with `coefficients` coefficients, none of them 0.
    pub fn random(coefficients: usize, rng: &mut impl CryptoRng) -> Self {
        let mut values = Vec::with_capacity(coefficients);
        values.extend((0..coefficients).map(|_| *random_scalar::<C>(rng).expose()));
        Self(Secret::new(values))
    }

    /// A polynomial with this constant term, and the others random and not 0.
    pub fn with_constant(constant: &Secret<Scalar<C>>, coefficients: usize, rng: &mut impl CryptoRng) -> Self {
        let mut values = Vec::with_capacity(coefficients);
        values.push(*constant.expose());
        values.extend((1..coefficients).map(|_| *random_scalar::<C>(rng).expose()));
        Self(Secret::new(values))
    }

    /// f(id): constant time in the coefficients, public time in the id.
    pub fn evaluate(&self, id: PartyId) -> Secret<Scalar<C>> {
        let x = x_coordinate::<C>(id);
        let mut sum = Secret::new(Scalar::<C>::ZERO);
        for coefficient in self.0.expose().iter().rev() {
            let next = *sum.expose() * x.value() + coefficient;
            *sum.expose_mut() = next;
        }
        sum
    }

    /// The coefficients, a_0 first.
    pub fn coefficients(&self) -> &[Scalar<C>] {
        self.0.expose()
    }
}
