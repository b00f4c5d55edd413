//! secp256k1: SEC1 compressed points, big-endian scalars, and its endomorphism.

use alloc::vec::Vec;

use ff::FromUniformBytes;
use group::GroupEncoding;
use k256::elliptic_curve::BatchNormalize;
use k256::elliptic_curve::ops::LinearCombination;
use k256::{AffinePoint, CompressedPoint, ProjectivePoint};

use super::field::FieldK256;
use super::limbs::{Limbs, add_limbs, bit_length, subtract_limbs, wide_product};
use super::weierstrass::{Part, Weierstrass};
use super::{Curve, PublicScalar, Scalar, horner, msm, sec1};

/// The curve of Bitcoin and Ethereum, secp256k1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secp256k1;

impl Curve for Secp256k1 {
    const NAME: &'static str = "secp256k1";
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
const ORDER: Limbs = [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, u64::MAX];

// λ³ = 1 mod n, λ·(x, y) = (β·x, y); (a_1, b_1) and (a_2, b_2) are the short vectors with a + b·λ = 0 mod n
// that the extended Euclidean algorithm gives; b_1 < 0 and b_2 = a_1. "Guide to Elliptic Curve
// Cryptography" (Hankerson, Menezes, Vanstone), algorithm 3.74.
const A1: Limbs = [0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd, 0, 0];
const MINUS_B1: Limbs = [0x6f54_7fa9_0abf_e4c3, 0xe443_7ed6_010e_8828, 0, 0];
const A2: Limbs = [0x57c1_108d_9d44_cfd8, 0x14ca_50f7_a8e2_f3f6, 1, 0];
/// 2^384·b_2/n, rounded.
const G1: Limbs = [0xe893_209a_45db_b031, 0x3daa_8a14_71e8_ca7f, 0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd];
/// -2^384·b_1/n, rounded.
const G2: Limbs = [0x1571_b4ae_8ac4_7f71, 0x2212_08ac_9df5_06c6, 0x6f54_7fa9_0abf_e4c4, 0xe443_7ed6_010e_8828];
const BETA: Limbs = [0xc139_6c28_7195_01ee, 0x9cf0_4975_12f5_8995, 0x6e64_479e_ac34_34e9, 0x7ae9_6a2b_657c_0710];

/// The number with its sign, out of two's complement.
fn signed(limbs: &Limbs) -> Part {
    if bit_length(limbs) == 256 { (true, subtract_limbs(&[0; 4], limbs)) } else { (false, *limbs) }
}

/// a·b/2^384, rounded.
fn multiply_shift(a: &Limbs, b: &Limbs) -> Limbs {
    let [_, _, _, _, _, below, low, high] = wide_product(a, b);
    add_limbs(&[low, high, 0, 0], &[below >> 63, 0, 0, 0])
}

/// a·b mod 2^256.
fn multiply(a: &Limbs, b: &Limbs) -> Limbs {
    let [r0, r1, r2, r3, ..] = wide_product(a, b);
    [r0, r1, r2, r3]
}

impl Weierstrass for Secp256k1 {
    type Affine = AffinePoint;
    type Field = FieldK256;
    const A_IS_ZERO: bool = true;
    const B: FieldK256 = FieldK256::from_limbs([7, 0, 0, 0]);
    const ENDOMORPHISM: Option<FieldK256> = Some(FieldK256::from_limbs(BETA));

    /// Short scalars and short ones negated stay whole; the others become two of at most 128 bits.
    fn split(scalar: &PublicScalar<Self>) -> [Part; 2] {
        let scalar = Self::scalar_limbs(scalar.value());
        let negated = subtract_limbs(&ORDER, &scalar);
        let none = (false, [0; 4]);
        if bit_length(&scalar) <= 128 {
            return [(false, scalar), none];
        }
        if bit_length(&negated) <= 128 {
            return [(true, negated), none];
        }
        let (c1, c2) = (multiply_shift(&scalar, &G1), multiply_shift(&scalar, &G2));
        let k1 = subtract_limbs(&subtract_limbs(&scalar, &multiply(&c1, &A1)), &multiply(&c2, &A2));
        let k2 = subtract_limbs(&multiply(&c1, &MINUS_B1), &multiply(&c2, &A1));
        [signed(&k1), signed(&k2)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::tests::leaning_scalar;
    use ff::Field;
    use proptest::prelude::*;

    fn value((negative, magnitude): Part) -> k256::Scalar {
        let [l0, l1, l2, l3] = magnitude;
        let value = Secp256k1::reduce_wide(&[l0, l1, l2, l3, 0, 0, 0, 0]);
        if negative { -value } else { value }
    }

    /// λ, found through what it does.
    fn lambda() -> k256::Scalar {
        let seventh = k256::Scalar::from(7u64).pow_vartime(minus_one_third());
        let image = ProjectivePoint::GENERATOR.endomorphism();
        [seventh, seventh.square()].into_iter().find(|root| ProjectivePoint::GENERATOR * root == image).unwrap()
    }

    /// (n - 1)/3
    fn minus_one_third() -> [u64; 4] {
        Secp256k1::scalar_limbs(&(-k256::Scalar::ONE * k256::Scalar::from(3u64).invert().unwrap()))
    }

    #[test]
    fn the_constants() {
        assert_eq!(Secp256k1::scalar_limbs(&-k256::Scalar::ONE), subtract_limbs(&ORDER, &[1, 0, 0, 0]));
        let lambda = lambda();
        let number = |limbs| value((false, limbs));
        assert_eq!(number(A1), number(MINUS_B1) * lambda);
        assert_eq!(number(A2) + number(A1) * lambda, k256::Scalar::ZERO);
    }

    proptest! {
        #[test]
        fn parts_are_short_and_make_the_scalar(scalar in leaning_scalar::<Secp256k1>()) {
            let [first, second] = Secp256k1::split(&PublicScalar::reveal(scalar));
            prop_assert!(bit_length(&first.1) <= 128 && bit_length(&second.1) <= 128);
            prop_assert_eq!(value(first) + value(second) * lambda(), scalar);
        }
    }
}
