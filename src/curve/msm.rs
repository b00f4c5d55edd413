//! Sums of products of public scalars with points, in variable time.

use group::Group;

use super::{Curve, PublicScalar};

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
