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
