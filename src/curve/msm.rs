//! Sums of products: of public scalars with points, and of scalars with one reduction.

use group::Group;
use zeroize::Zeroize;

use super::{Curve, PublicScalar, Scalar};

/// Σ scalars·points, in time that depends on both: public data only, by type.
pub fn msm_vartime<C: Curve>(terms: &[(PublicScalar<C>, C::Point)]) -> C::Point {
    C::msm_vartime(terms)
}

/// factor·point for a small public factor, by double and add.
pub fn multiply_by_small_vartime<P: Group>(point: &P, factor: u16) -> P {
    let Some(top) = factor.checked_ilog2() else { return P::identity() };
    (0..top).rev().fold(*point, |sum, bit| {
        let doubled = sum.double();
        if factor >> bit & 1 == 1 { doubled + point } else { doubled }
    })
}

/// Σ a·b of scalars with one reduction at the end, in constant time.
///
/// Products are added up as 576-bit integers: room for 2^64 of them.
pub struct SumOfProducts<C: Curve> {
    limbs: [u64; 9],
    curve: core::marker::PhantomData<C>,
}

impl<C: Curve> SumOfProducts<C> {
    /// The empty sum.
    pub fn new() -> Self {
        Self { limbs: [0; 9], curve: core::marker::PhantomData }
    }

    /// Adds a·b.
    #[inline]
    pub fn add(&mut self, a: &Scalar<C>, b: &Scalar<C>) {
        self.add_limbs(&C::scalar_limbs(a), &C::scalar_limbs(b));
    }

    /// Adds a·b, both given as limbs.
    #[inline]
    #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation)] // constant indices below 9; the low half
    pub fn add_limbs(&mut self, a: &[u64; 4], b: &[u64; 4]) {
        for i in 0..4 {
            let mut carry = 0u128;
            for j in 0..4 {
                carry += u128::from(a[i]) * u128::from(b[j]) + u128::from(self.limbs[i + j]);
                self.limbs[i + j] = carry as u64;
                carry >>= 64;
            }
            for k in i + 4..9 {
                carry += u128::from(self.limbs[k]);
                self.limbs[k] = carry as u64;
                carry >>= 64;
            }
        }
    }

    /// The sum, reduced.
    pub fn finish(mut self) -> Scalar<C> {
        let [l0, l1, l2, l3, l4, l5, l6, l7, top] = self.limbs;
        self.limbs.zeroize();
        // 2^512·top = (2^256·top)·2^256, each factor reduced.
        let shift = C::reduce_wide(&[0, 0, 0, 0, 1, 0, 0, 0]);
        let high = C::reduce_wide(&[0, 0, 0, 0, top, 0, 0, 0]);
        C::reduce_wide(&[l0, l1, l2, l3, l4, l5, l6, l7]) + high * shift
    }
}

impl<C: Curve> Default for SumOfProducts<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Curve> Drop for SumOfProducts<C> {
    fn drop(&mut self) {
        self.limbs.zeroize();
    }
}

impl<C: Curve> core::fmt::Debug for SumOfProducts<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SumOfProducts(..)")
    }
}
