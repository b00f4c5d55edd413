//! The prime-order subgroup of edwards25519, with RFC 8032's encoding.

use alloc::vec::Vec;

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use curve25519_dalek::{EdwardsPoint, Scalar as Scalar25519};

use super::limbs::{Limbs, little_endian_limbs, subtract, subtract_limbs};
use super::{Curve, PublicScalar, Scalar, Uncleared};

/// The prime-order subgroup of edwards25519.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ed25519;

/// 1/8 modulo the group order.
const INVERSE_OF_8: [u8; 32] = [
    0x79, 0x2f, 0xdc, 0xe2, 0x29, 0xe5, 0x06, 0x61, 0xd0, 0xda, 0x1c, 0x7d, 0xb3, 0x9d, 0xd3, 0x07, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06,
];

/// The field's prime p = 2^255 - 19.
const PRIME: Limbs = [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, u64::MAX >> 1];

/// Whether bytes are the one encoding of what they decode to: y below p, and no sign on x = 0, which is
/// at y = 1 and y = -1. The crate's decompression checks neither.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [l0, l1, l2, l3] = little_endian_limbs(bytes);
    let (y, sign) = ([l0, l1, l2, l3 & (u64::MAX >> 1)], l3 >> 63);
    let x_is_zero = y == [1, 0, 0, 0] || y == subtract_limbs(&PRIME, &[1, 0, 0, 0]);
    subtract(&y, &PRIME).1 == 1 && !(x_is_zero && sign == 1)
}

/// A canonical encoding of a point on the curve, torsion or not.
fn decode_canonical(bytes: &[u8]) -> Option<EdwardsPoint> {
    let bytes: &[u8; 32] = bytes.try_into().ok()?;
    if is_canonical(bytes) { CompressedEdwardsY(*bytes).decompress() } else { None }
}

/// Whether the order of the point divides the prime L, in variable time: (L - 1)·P = -P. The product is
/// that of the integer L - 1, whatever the order of P. A quarter faster than the crate's constant-time check.
fn is_torsion_free(point: &EdwardsPoint) -> bool {
    EdwardsPoint::vartime_multiscalar_mul([-Scalar25519::ONE], [point]) == -point
}

impl Curve for Ed25519 {
    const NAME: &'static str = "ed25519";
    const POINT_LEN: usize = 32;
    type Point = EdwardsPoint;

    fn decode(bytes: &[u8]) -> Option<EdwardsPoint> {
        let point = decode_canonical(bytes)?;
        (!point.is_identity() && is_torsion_free(&point)).then_some(point)
    }

    fn decode_uncleared(bytes: &[u8]) -> Option<Uncleared<Self>> {
        let point = decode_canonical(bytes)?;
        (!point.is_small_order()).then_some(Uncleared(point))
    }

    fn multiply_by_cofactor(point: &EdwardsPoint) -> EdwardsPoint {
        point.mul_by_cofactor()
    }

    fn divide_by_cofactor(point: &EdwardsPoint) -> EdwardsPoint {
        point * Self::cofactor_inverse()
    }

    fn cofactor_inverse() -> Scalar<Self> {
        Scalar25519::from_bytes_mod_order(INVERSE_OF_8)
    }

    fn mul_base(scalar: &Scalar<Self>) -> EdwardsPoint {
        EdwardsPoint::mul_base(scalar)
    }

    fn msm_vartime(terms: &[(PublicScalar<Self>, EdwardsPoint)]) -> EdwardsPoint {
        EdwardsPoint::vartime_multiscalar_mul(terms.iter().map(|(s, _)| s.value()), terms.iter().map(|(_, p)| p))
    }

    fn encode_points(points: &[EdwardsPoint]) -> Vec<[u8; 32]> {
        EdwardsPoint::compress_batch_alloc(points).iter().map(CompressedEdwardsY::to_bytes).collect()
    }

    #[inline]
    fn scalar_limbs(scalar: &Scalar<Self>) -> [u64; 4] {
        limbs(scalar)
    }

    fn reduce_wide(wide: &[u64; 8]) -> Scalar<Self> {
        reduce(wide)
    }
}

/// The limbs of a scalar modulo the order of the group, which ristretto255 shares.
#[inline]
pub(super) fn limbs(scalar: &Scalar25519) -> [u64; 4] {
    little_endian_limbs(scalar.as_bytes())
}

/// The residue of a 512-bit number.
pub(super) fn reduce(wide: &[u64; 8]) -> Scalar25519 {
    let mut bytes = [0; 64];
    let (chunks, _) = bytes.as_chunks_mut::<8>();
    chunks.iter_mut().zip(wide).for_each(|(to, limb)| *to = limb.to_le_bytes());
    Scalar25519::from_bytes_mod_order_wide(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};

    #[test]
    fn the_inverse_of_8_is_one() {
        assert_eq!(Ed25519::cofactor_inverse() * Scalar25519::from(8u64), Scalar25519::ONE);
    }

    /// Every byte string that could be a second encoding of anything: y from p - 20 up to 2^255 - 1, and
    /// small y, with either sign.
    #[test]
    fn canonical_is_what_re_encodes() {
        let bytes_of = |low: u8, rest: u8, last: u8| {
            let mut bytes = [rest; 32];
            (bytes[0], bytes[31]) = (low, last);
            bytes
        };
        for low in 0..=255 {
            for (rest, last) in [(0xff, 0x7f), (0xff, 0xff), (0, 0), (0, 0x80), (0xff, 0x3f), (0, 0x40), (0xff, 0xbf)] {
                let bytes = bytes_of(low, rest, last);
                let expected = CompressedEdwardsY(bytes).decompress().filter(|point| point.compress().0 == bytes);
                assert_eq!(decode_canonical(&bytes), expected);
            }
        }
    }

    #[test]
    fn torsion_is_found() {
        for scalar in [1u64, 2, 3, 1 << 40] {
            let point = EdwardsPoint::mul_base(&Scalar25519::from(scalar));
            for torsion in EIGHT_TORSION {
                assert_eq!(is_torsion_free(&(point + torsion)), (point + torsion).is_torsion_free());
                assert_eq!(is_torsion_free(&torsion), torsion.is_torsion_free());
            }
        }
    }

    /// G-02: small order, mixed order, non-canonical y, negative zero.
    #[test]
    fn g_02_no_decoder_accepts_torsion_or_second_encodings() {
        for (k, torsion) in EIGHT_TORSION.iter().enumerate() {
            let small = torsion.compress();
            assert!(Ed25519::decode(small.as_bytes()).is_none());
            assert!(Ed25519::decode_uncleared(small.as_bytes()).is_none());
            let mixed = (ED25519_BASEPOINT_POINT + torsion).compress();
            assert_eq!(Ed25519::decode(mixed.as_bytes()).is_some(), k == 0);
            let cleared = Ed25519::decode_uncleared(mixed.as_bytes()).map(|point| point.clear());
            assert_eq!(cleared, Some(ED25519_BASEPOINT_POINT * Scalar25519::from(8u64)));
        }
        // y in p ..= p + 18, with either sign bit, and x = 0 with the sign bit set.
        for low in 0xedu8..=0xff {
            for high in [0x7f, 0xff] {
                let mut bytes = [0xff; 32];
                bytes[0] = low;
                bytes[31] = high;
                assert!(Ed25519::decode(&bytes).is_none());
                assert!(Ed25519::decode_uncleared(&bytes).is_none());
            }
        }
        for (first, rest, last) in [(1, 0, 0x80), (0xec, 0xff, 0xff)] {
            let mut bytes = [rest; 32];
            bytes[0] = first;
            bytes[31] = last;
            assert!(Ed25519::decode_uncleared(&bytes).is_none());
        }
    }
}
