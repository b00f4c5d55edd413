//! Multiples by small public factors, and committed polynomials at a party's place.
//!
//! A party's id has 16 bits: double and add with the factor's non-adjacent form, in variable time, where a
//! full multiplication would cost twenty to fifty times as much.

use alloc::vec::Vec;

use group::Group;

use super::msm::signed_windows;
use super::weierstrass::{Jacobian, Weierstrass, coordinates};

/// factor·point for a small public factor.
pub fn multiply_by_small_vartime<P: Group>(point: &P, factor: u16) -> P {
    multiply_by_digits(point, &digits_of_small(factor))
}

/// Σ x^k·P_k at a small public x: a committed polynomial at a party's place. Horner's rule.
///
/// For a curve's points [`Curve::evaluate_at_small_vartime`](super::Curve::evaluate_at_small_vartime) may be faster.
pub fn evaluate_at_small_vartime<P: Group>(points: &[P], x: u16) -> P {
    let digits = digits_of_small(x);
    let Some((last, rest)) = points.split_last() else { return P::identity() };
    rest.iter().rev().fold(*last, |sum, point| multiply_by_digits(&sum, &digits) + point)
}

/// digits·point, highest digit first.
fn multiply_by_digits<P: Group>(point: &P, digits: &[i8]) -> P {
    let Some((_, rest)) = digits.split_first() else { return P::identity() };
    rest.iter().fold(*point, |sum, digit| match digit {
        0 => sum.double(),
        1.. => sum.double() + point,
        ..=-1 => sum.double() - point,
    })
}

/// The non-adjacent form of a small factor, highest digit (a 1) first; empty for 0.
fn digits_of_small(factor: u16) -> Vec<i8> {
    let mut digits = Vec::with_capacity(17);
    signed_windows(&[u64::from(factor), 0, 0, 0], 2, &mut digits);
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits.reverse();
    digits
}

/// Σ x^k·P_k over coordinates.
pub(super) fn evaluate_by_coordinates<W: Weierstrass>(points: &[W::Point], x: u16) -> W::Point {
    let digits = digits_of_small(x);
    let evaluated = coordinates::<W>(points).iter().rev().fold(Jacobian::<W>::IDENTITY, |sum, point| {
        let mut product = Jacobian::<W>::IDENTITY;
        let negated = sum.negate();
        for digit in &digits {
            product = match digit {
                0 => product.double(),
                1.. => product.double().add(&sum),
                ..=-1 => product.double().add(&negated),
            };
        }
        product.add_affine(point)
    });
    evaluated.to_point().unwrap_or_else(|| evaluate_at_small_vartime(points, x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Scalar;
    use crate::curve::msm::tests::terms;
    use crate::curve::tests::for_each_curve;
    use ff::Field;
    use proptest::prelude::*;

    for_each_curve!(horner_equals_the_naive_sum, |C| {
        proptest!(ProptestConfig::with_cases(24), |(terms in terms::<C>(0..8), x in prop_oneof![0u16..4, any::<u16>(), Just(u16::MAX)])| {
            let points: Vec<_> = terms.iter().map(|(_, point)| *point).collect();
            let x_scalar = Scalar::<C>::from(u64::from(x));
            let powers = core::iter::successors(Some(Scalar::<C>::ONE), |power| Some(*power * x_scalar));
            let naive = points.iter().zip(powers).fold(C::Point::identity(), |sum, (point, power)| sum + *point * power);
            prop_assert_eq!(evaluate_at_small_vartime(&points, x), naive);
            prop_assert_eq!(C::evaluate_at_small_vartime(&points, x), naive);
        });
    });

    for_each_curve!(small_multiples, |C| {
        let point = C::mul_base(&Scalar::<C>::from(11));
        let mut expected = C::Point::identity();
        for factor in 0..300 {
            assert_eq!(multiply_by_small_vartime(&point, factor), expected);
            expected += point;
        }
        for factor in [0x7fff, 0x8000, 0xaaaa, 0x5555, 0xfffe, u16::MAX] {
            assert_eq!(multiply_by_small_vartime(&point, factor), point * Scalar::<C>::from(u64::from(factor)));
        }
    });
}
