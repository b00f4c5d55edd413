//! secp256k1: SEC1 compressed points, big-endian scalars.

use ff::FromUniformBytes;
use k256::ProjectivePoint;
use k256::elliptic_curve::ops::LinearCombination;

use super::{Curve, PublicScalar, Scalar, sec1};

/// The curve of Bitcoin and Ethereum, secp256k1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secp256k1;

impl Curve for Secp256k1 {
    const NAME: &'static str = "secp256k1";
    const POINT_LEN: usize = sec1::POINT_LEN;
    type Point = ProjectivePoint;

    fn decode(bytes: &[u8]) -> Option<ProjectivePoint> {
        sec1::decode(bytes)
    }

    fn mul_base(scalar: &Scalar<Self>) -> ProjectivePoint {
        ProjectivePoint::mul_by_generator(scalar)
    }

    fn msm_vartime(terms: &[(PublicScalar<Self>, ProjectivePoint)]) -> ProjectivePoint {
        let terms: alloc::vec::Vec<_> = terms.iter().map(|(scalar, point)| (*point, *scalar.value())).collect();
        ProjectivePoint::lincomb_vartime(terms.as_slice())
    }

    #[inline]
    fn scalar_limbs(scalar: &Scalar<Self>) -> [u64; 4] {
        sec1::limbs(scalar.into())
    }

    fn reduce_wide(wide: &[u64; 8]) -> Scalar<Self> {
        Scalar::<Self>::from_uniform_bytes(&sec1::wide_bytes(wide))
    }
}
