//! ristretto255, RFC 9496.

use curve25519_dalek::RistrettoPoint;
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};

use super::{Curve, PublicScalar, Scalar};

/// The prime-order group ristretto255 of RFC 9496.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ristretto255;

impl Curve for Ristretto255 {
    const NAME: &'static str = "ristretto255";
    const POINT_LEN: usize = 32;
    type Point = RistrettoPoint;

    fn decode(bytes: &[u8]) -> Option<RistrettoPoint> {
        // Decompression refuses every second encoding (RFC 9496, section 4.3.1).
        let point = CompressedRistretto::from_slice(bytes).ok()?.decompress()?;
        (!point.is_identity()).then_some(point)
    }

    fn mul_base(scalar: &Scalar<Self>) -> RistrettoPoint {
        RistrettoPoint::mul_base(scalar)
    }

    fn msm_vartime(terms: &[(PublicScalar<Self>, RistrettoPoint)]) -> RistrettoPoint {
        RistrettoPoint::vartime_multiscalar_mul(terms.iter().map(|(s, _)| s.value()), terms.iter().map(|(_, p)| p))
    }

    #[inline]
    fn scalar_limbs(scalar: &Scalar<Self>) -> [u64; 4] {
        super::ed25519::limbs(scalar)
    }

    fn reduce_wide(wide: &[u64; 8]) -> Scalar<Self> {
        super::ed25519::reduce(wide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::Scalar as Scalar25519;

    /// G-03: p - s, 2p - s and p + s for valid s, and s at and above p.
    #[test]
    fn g_03_no_second_encoding() {
        let subtract = |a: [u8; 32], b: [u8; 32]| {
            let mut borrow = 0i16;
            let mut difference = [0; 32];
            for ((to, a), b) in difference.iter_mut().zip(a).zip(b) {
                let digit = i16::from(a) - i16::from(b) - borrow;
                borrow = i16::from(digit < 0);
                *to = (digit & 0xff) as u8;
            }
            difference
        };
        let mut prime = [0xff; 32];
        (prime[0], prime[31]) = (0xed, 0x7f);
        let mut twice_prime = [0xff; 32];
        twice_prime[0] = 0xda;
        for k in 1..200u64 {
            let valid = RistrettoPoint::mul_base(&Scalar25519::from(k)).compress().to_bytes();
            assert!(Ristretto255::decode(&valid).is_some());
            let negative = subtract(prime, valid);
            assert!(Ristretto255::decode(&negative).is_none());
            assert!(Ristretto255::decode(&subtract(twice_prime, valid)).is_none());
            assert!(Ristretto255::decode(&subtract(twice_prime, negative)).is_none()); // p + s
            let mut high_bit = valid;
            high_bit[31] |= 0x80;
            assert!(Ristretto255::decode(&high_bit).is_none());
        }
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                let mut bytes = [0xff; 32];
                (bytes[0], bytes[31]) = (low, high);
                assert!(Ristretto255::decode(&bytes).is_none());
            }
        }
    }
}
