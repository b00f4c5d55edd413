//! P-256 (secp256r1): SEC1 compressed points, big-endian scalars.

use alloc::vec::Vec;

use ff::FromUniformBytes;
use group::{Group, GroupEncoding};
use p256::elliptic_curve::BatchNormalize;
use p256::elliptic_curve::ops::LinearCombination;
use p256::{AffinePoint, CompressedPoint, ProjectivePoint};

use super::field::FieldP256;
use super::limbs::{Limbs, bit_length, subtract_limbs};
use super::weierstrass::{Part, Weierstrass};
use super::{Curve, PublicScalar, Scalar, horner, msm, sec1};

/// The curve P-256, also known as secp256r1 and prime256v1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct P256;

impl Curve for P256 {
    const NAME: &'static str = "p256";
    const POINT_LEN: usize = sec1::POINT_LEN;
    type Point = ProjectivePoint;

    fn decode(bytes: &[u8]) -> Option<ProjectivePoint> {
        sec1::decode::<Self>(bytes)
    }

    fn mul_base(scalar: &Scalar<Self>) -> ProjectivePoint {
        ProjectivePoint::mul_by_generator(scalar)
    }

    fn msm_vartime(terms: &[(PublicScalar<Self>, ProjectivePoint)]) -> ProjectivePoint {
        msm::msm_by_coordinates(terms).unwrap_or_else(|| {
            let terms: Vec<_> = terms.iter().map(|(scalar, point)| (*point, *scalar.value())).collect();
            ProjectivePoint::lincomb_vartime(terms.as_slice())
        })
    }

    fn evaluate_at_small_vartime(points: &[ProjectivePoint], x: u16) -> ProjectivePoint {
        horner::evaluate_by_coordinates::<Self>(points, x)
    }

    fn encode_points(points: &[ProjectivePoint]) -> Vec<CompressedPoint> {
        // In constant time: how a point was computed shows in its z.
        ProjectivePoint::batch_normalize(points).iter().map(AffinePoint::to_bytes).collect()
    }

    #[inline]
    fn scalar_limbs(scalar: &Scalar<Self>) -> [u64; 4] {
        sec1::limbs(scalar.into())
    }

    fn reduce_wide(wide: &[u64; 8]) -> Scalar<Self> {
        Scalar::<Self>::from_uniform_bytes(&sec1::wide_bytes(wide))
    }
}

/// The group order n.
const ORDER: Limbs = [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, u64::MAX, 0xffff_ffff_0000_0000];

impl Weierstrass for P256 {
    type Affine = AffinePoint;
    type Field = FieldP256;
    const A_IS_ZERO: bool = false;
    /// b of SP 800-186, section 3.2.1.3, in the field's form.
    const B: FieldP256 = FieldP256::B;
    const ENDOMORPHISM: Option<FieldP256> = None;

    /// The scalar, or its negative where that is shorter.
    fn split(scalar: &PublicScalar<Self>) -> [Part; 2] {
        let scalar = Self::scalar_limbs(scalar.value());
        let negated = subtract_limbs(&ORDER, &scalar);
        let shorter = if bit_length(&negated) < bit_length(&scalar) { (true, negated) } else { (false, scalar) };
        [shorter, (false, [0; 4])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order() {
        assert_eq!(P256::scalar_limbs(&-p256::Scalar::ONE), subtract_limbs(&ORDER, &[1, 0, 0, 0]));
    }
}
