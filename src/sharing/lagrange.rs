//! Lagrange coefficients: what a share is worth among others.

use alloc::vec::Vec;

use crate::curve::{Curve, PublicScalar, batch_invert_vartime, x_coordinate};
use crate::party::PartyId;

/// λ_i(0) for every id of a set, in its order: Π_{j≠i} j/(j − i).
///
/// `None` if an id is there twice, or the set is empty.
pub fn lagrange_at_zero<C: Curve>(ids: &[PartyId]) -> Option<Vec<PublicScalar<C>>> {
    lagrange_at(PublicScalar::ZERO, ids)
}

/// λ_i(x) for every id of a set, in its order: Π_{j≠i} (x − j)/(i − j), with one inversion for all.
///
/// `None` if an id is there twice, or the set is empty.
pub fn lagrange_at<C: Curve>(x: PublicScalar<C>, ids: &[PartyId]) -> Option<Vec<PublicScalar<C>>> {
    let nodes: Vec<PublicScalar<C>> = ids.iter().map(|id| x_coordinate(*id)).collect();
    let mut numerators = Vec::with_capacity(ids.len());
    let mut denominators = Vec::with_capacity(ids.len());
    for (i, xi) in nodes.iter().enumerate() {
        let others = || nodes.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, xj)| *xj);
        numerators.push(product(others().map(|xj| x - xj)));
        denominators.push(product(others().map(|xj| *xi - xj)));
    }
    if ids.is_empty() || !batch_invert_vartime(&mut denominators) {
        return None;
    }
    Some(numerators.iter().zip(&denominators).map(|(n, d)| *n * *d).collect())
}

fn product<C: Curve>(factors: impl Iterator<Item = PublicScalar<C>>) -> PublicScalar<C> {
    factors.fold(PublicScalar::ONE, |a, b| a * b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Ed25519, P256, Ristretto255, Secp256k1};
    use crate::sharing::Polynomial;
    use crate::transcript::Transcript;
    use ff::Field;
    use proptest::prelude::*;

    fn interpolates<C: Curve>(ids: &[PartyId], seed: u64) {
        let polynomial = Polynomial::<C>::random(ids.len(), &mut Transcript::new("lagrange-test").number(seed).rng());
        let lambdas = lagrange_at_zero::<C>(ids).unwrap();
        let sum = ids
            .iter()
            .zip(&lambdas)
            .map(|(id, lambda)| *polynomial.evaluate(*id).expose() * lambda.value())
            .fold(crate::curve::Scalar::<C>::ZERO, |a, b| a + b);
        assert_eq!(sum, polynomial.coefficients()[0]);
        let outside = PartyId::new(40_000).unwrap();
        let at = lagrange_at::<C>(x_coordinate(outside), ids).unwrap();
        let value = ids
            .iter()
            .zip(&at)
            .map(|(id, lambda)| *polynomial.evaluate(*id).expose() * lambda.value())
            .fold(crate::curve::Scalar::<C>::ZERO, |a, b| a + b);
        assert_eq!(value, *polynomial.evaluate(outside).expose());
    }

    proptest! {
        /// F-17: any set of ids, in any order.
        #[test]
        fn f_17_t_values_give_the_polynomial(
            ids in prop::collection::btree_set(1u16..=39_999, 1..8).prop_map(Vec::from_iter).prop_shuffle(),
            seed: u64,
        ) {
            let ids: Vec<_> = ids.into_iter().map(|id| PartyId::new(id).unwrap()).collect();
            interpolates::<Ed25519>(&ids, seed);
            interpolates::<Ristretto255>(&ids, seed);
            interpolates::<Secp256k1>(&ids, seed);
            interpolates::<P256>(&ids, seed);
        }
    }

    /// K-06: an id twice has no coefficients.
    #[test]
    fn k_06_no_coefficients_for_doubled_ids() {
        let id = |id| PartyId::new(id).unwrap();
        assert!(lagrange_at_zero::<Ed25519>(&[id(1), id(1)]).is_none());
        assert!(lagrange_at_zero::<Ed25519>(&[id(1), id(2), id(1)]).is_none());
        assert!(lagrange_at_zero::<Ed25519>(&[]).is_none());
    }
}
