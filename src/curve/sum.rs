//! Sums of products, and of chosen scalars, with one reduction at the end.
//!
//! The multiplication of DKLs23 takes inner products of some four hundred scalars with a constant
//! table, thousands of terms a signature, and two thirds of a scalar multiplication is its reduction.
//! So the terms are added up as integers, and reduced once.
//!
//! Everything here takes the same time whatever the values are; only how many there are shows.

use core::fmt;
use core::marker::PhantomData;

use subtle::Choice;
use zeroize::Zeroize;

use super::limbs::{Limbs, add_into, wide_product};
use super::{Curve, Scalar};

/// Σ a·b of scalars, reduced once, in constant time.
///
/// Products are added up as 576-bit integers: room for 2^64 of them.
pub struct SumOfProducts<C: Curve> {
    limbs: [u64; 9],
    curve: PhantomData<C>,
}

impl<C: Curve> SumOfProducts<C> {
    /// The empty sum.
    pub fn new() -> Self {
        Self { limbs: [0; 9], curve: PhantomData }
    }

    /// Adds a·b.
    #[inline]
    pub fn add(&mut self, a: &Scalar<C>, b: &Scalar<C>) {
        self.add_limbs(&C::scalar_limbs(a), &C::scalar_limbs(b));
    }

    /// Adds a·b, both as four 64-bit limbs, lowest first: what [`Curve::scalar_limbs`] gives, or any
    /// 256-bit numbers, reduced or not.
    #[inline]
    pub fn add_limbs(&mut self, a: &[u64; 4], b: &[u64; 4]) {
        add_into(&mut self.limbs, &wide_product(a, b));
    }

    /// Adds a·b for all pairs, up to the end of the shorter list.
    #[inline]
    pub fn add_all(&mut self, a: &[Limbs], b: &[Limbs]) {
        a.iter().zip(b).for_each(|(a, b)| self.add_limbs(a, b));
    }

    /// The sum, reduced.
    pub fn finish(self) -> Scalar<C> {
        let [l0, l1, l2, l3, l4, l5, l6, l7, top] = self.limbs;
        // 2^512·top = (2^256·top)·2^256, each factor reduced.
        let shift = C::reduce_wide(&[0, 0, 0, 0, 1, 0, 0, 0]);
        let high = C::reduce_wide(&[0, 0, 0, 0, top, 0, 0, 0]);
        C::reduce_wide(&[l0, l1, l2, l3, l4, l5, l6, l7]) + high * shift
    }
}

/// Σ of scalars, each one taken or left out by a secret bit, reduced once, in constant time.
///
/// For Σ β_j·g_j with bits β_j, which needs no multiplication. Holds a 320-bit integer: room for 2^64
/// scalars.
pub struct SumOfScalars<C: Curve> {
    limbs: [u64; 5],
    curve: PhantomData<C>,
}

impl<C: Curve> SumOfScalars<C> {
    /// The empty sum.
    pub fn new() -> Self {
        Self { limbs: [0; 5], curve: PhantomData }
    }

    /// Adds a scalar.
    #[inline]
    pub fn add(&mut self, scalar: &Scalar<C>) {
        self.add_limbs(&C::scalar_limbs(scalar));
    }

    /// Adds four 64-bit limbs, lowest first: a scalar, or any 256-bit number, reduced or not.
    #[inline]
    pub fn add_limbs(&mut self, limbs: &[u64; 4]) {
        add_into(&mut self.limbs, limbs);
    }

    /// Adds the limbs if the choice is 1.
    #[inline]
    pub fn add_if(&mut self, limbs: &[u64; 4], choice: Choice) {
        self.add_masked(limbs, u64::from(choice.unwrap_u8()).wrapping_neg());
    }

    /// Adds the limbs where the mask has ones: it is 0 or `u64::MAX`.
    #[inline]
    pub fn add_masked(&mut self, limbs: &[u64; 4], mask: u64) {
        self.add_limbs(&limbs.map(|limb| limb & mask));
    }

    /// The sum, reduced.
    pub fn finish(self) -> Scalar<C> {
        let [l0, l1, l2, l3, l4] = self.limbs;
        C::reduce_wide(&[l0, l1, l2, l3, l4, 0, 0, 0])
    }
}

/// What any accumulator of secrets has: an empty value, a wipe on drop, a silent `Debug`.
macro_rules! secret_accumulator {
    ($name:ident) => {
        impl<C: Curve> Default for $name<C> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<C: Curve> Drop for $name<C> {
            fn drop(&mut self) {
                self.limbs.zeroize();
            }
        }

        impl<C: Curve> fmt::Debug for $name<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret_accumulator!(SumOfProducts);
secret_accumulator!(SumOfScalars);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::tests::{for_each_curve, leaning_scalar};
    use alloc::vec::Vec;
    use ff::{Field, FromUniformBytes};
    use proptest::prelude::*;

    fn largest<C: Curve>() -> Scalar<C> {
        -Scalar::<C>::ONE
    }

    for_each_curve!(many_maximal_products, |C| {
        let mut sum = SumOfProducts::<C>::new();
        let mut plain = SumOfScalars::<C>::new();
        for _ in 0..1000 {
            sum.add(&largest::<C>(), &largest::<C>()); // (-1)·(-1) = 1
            plain.add(&largest::<C>());
        }
        assert_eq!(sum.finish(), Scalar::<C>::from(1000));
        assert_eq!(plain.finish(), -Scalar::<C>::from(1000));
        // Not even reduced: 2^256 - 1.
        let all_ones = [u64::MAX; 4];
        let (mut sum, mut plain) = (SumOfProducts::<C>::new(), SumOfScalars::<C>::new());
        for _ in 0..1000 {
            sum.add_limbs(&all_ones, &all_ones);
            plain.add_limbs(&all_ones);
        }
        let value = C::reduce_wide(&[u64::MAX, u64::MAX, u64::MAX, u64::MAX, 0, 0, 0, 0]);
        assert_eq!(sum.finish(), value * value * Scalar::<C>::from(1000));
        assert_eq!(plain.finish(), value * Scalar::<C>::from(1000));
    });

    // The ninth and the fifth limb at their fullest, which no test could reach by adding.
    for_each_curve!(the_top_limb_counts, |C| {
        let two_to_64 = C::reduce_wide(&[0, 1, 0, 0, 0, 0, 0, 0]);
        let two_to_256 = C::reduce_wide(&[0, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(two_to_256, two_to_64.pow_vartime([4]));
        let minus_one = -Scalar::<C>::ONE;
        let sum = SumOfProducts::<C> { limbs: [u64::MAX; 9], curve: PhantomData };
        assert_eq!(sum.finish(), two_to_64.pow_vartime([9]) + minus_one);
        let sum = SumOfScalars::<C> { limbs: [u64::MAX; 5], curve: PhantomData };
        assert_eq!(sum.finish(), two_to_64.pow_vartime([5]) + minus_one);
    });

    for_each_curve!(limbs_and_wide_reduction_agree_with_the_crate, |C| {
        proptest!(|(scalar in leaning_scalar::<C>(), wide: [u64; 8])| {
            let [l0, l1, l2, l3] = C::scalar_limbs(&scalar);
            prop_assert_eq!(C::reduce_wide(&[l0, l1, l2, l3, 0, 0, 0, 0]), scalar);
            let two_to_64 = Scalar::<C>::from(u64::MAX) + Scalar::<C>::ONE;
            let naive = wide.iter().rev().fold(Scalar::<C>::ZERO, |sum, limb| sum * two_to_64 + Scalar::<C>::from(*limb));
            prop_assert_eq!(C::reduce_wide(&wide), naive);
        });
        let _ = Scalar::<C>::from_uniform_bytes(&[0; 64]);
    });

    for_each_curve!(sums_equal_the_naive_ones, |C| {
        proptest!(|(pairs in proptest::collection::vec((leaning_scalar::<C>(), leaning_scalar::<C>(), any::<bool>()), 0..40))| {
            let (mut products, mut all, mut chosen) = (SumOfProducts::<C>::new(), SumOfScalars::<C>::new(), SumOfScalars::<C>::new());
            for (a, b, taken) in &pairs {
                products.add(a, b);
                all.add(a);
                chosen.add_if(&C::scalar_limbs(b), Choice::from(u8::from(*taken)));
            }
            let a: Vec<_> = pairs.iter().map(|(a, _, _)| C::scalar_limbs(a)).collect();
            let b: Vec<_> = pairs.iter().map(|(_, b, _)| C::scalar_limbs(b)).collect();
            let mut at_once = SumOfProducts::<C>::new();
            at_once.add_all(&a, &b);
            let naive: Scalar<C> = pairs.iter().map(|(a, b, _)| *a * b).sum();
            prop_assert_eq!(at_once.finish(), naive);
            prop_assert_eq!(products.finish(), naive);
            prop_assert_eq!(all.finish(), pairs.iter().map(|(a, _, _)| *a).sum::<Scalar<C>>());
            prop_assert_eq!(chosen.finish(), pairs.iter().filter(|p| p.2).map(|(_, b, _)| *b).sum::<Scalar<C>>());
        });
    });

    #[test]
    fn prints_nothing() {
        let mut sum = SumOfProducts::<crate::curve::P256>::new();
        sum.add_limbs(&[7; 4], &[7; 4]);
        assert_eq!(
            alloc::format!("{sum:?} {:?}", SumOfScalars::<crate::curve::P256>::new()),
            "SumOfProducts(..) SumOfScalars(..)"
        );
    }
}
