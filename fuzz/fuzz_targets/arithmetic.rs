//! The core arithmetic against the plain way to compute it: decoders, multi-scalar products, sums of products, Lagrange
//! coefficients.
#![no_main]

use cosigil::PartyId;
use cosigil::curve::{
    Curve, Ed25519, P256, PublicScalar, Ristretto255, Scalar, Secp256k1, SumOfProducts, encode_point, encode_scalar,
    decode_scalar, msm_vartime,
};
use cosigil::sharing::{Commitment, lagrange_at_zero};
use libfuzzer_sys::fuzz_target;

fn check<C: Curve>(data: &[u8]) {
    if let Some(point) = data.get(..C::POINT_LEN).and_then(C::decode) {
        assert_eq!(encode_point::<C>(&point), data[..C::POINT_LEN]);
    }
    let scalars: Vec<Scalar<C>> = data.chunks_exact(32).filter_map(decode_scalar::<C>).take(40).collect();
    for (scalar, bytes) in scalars.iter().zip(data.chunks_exact(32).filter(|bytes| decode_scalar::<C>(bytes).is_some())) {
        assert_eq!(encode_scalar::<C>(scalar), bytes);
    }
    let public: Vec<PublicScalar<C>> = scalars.iter().filter_map(|s| PublicScalar::decode(&encode_scalar::<C>(s))).collect();
    let points: Vec<C::Point> = scalars.iter().rev().map(C::mul_base).collect();
    let terms: Vec<_> = public.iter().copied().zip(points.iter().copied()).collect();
    let mut sum = SumOfProducts::<C>::new();
    let plain = scalars.iter().zip(scalars.iter().rev()).map(|(a, b)| {
        sum.add(a, b);
        *a * b
    });
    let plain = plain.reduce(|a, b| a + b).unwrap_or_else(|| *PublicScalar::<C>::ZERO.value());
    assert_eq!(sum.finish(), plain);
    assert_eq!(msm_vartime::<C>(&terms), C::mul_base(&plain));
    let ids: Vec<PartyId> =
        data.chunks_exact(2).take(6).filter_map(|b| PartyId::new(u16::from_be_bytes([b[0], b[1]])).ok()).collect();
    if let (Some(lambdas), Some(commitment)) = (lagrange_at_zero::<C>(&ids), Commitment::<C>::new(points)) {
        if commitment.points().len() <= ids.len() {
            let terms: Vec<_> = lambdas.into_iter().zip(ids.iter().map(|id| commitment.evaluate(*id))).collect();
            assert_eq!(msm_vartime::<C>(&terms), commitment.constant());
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((curve, data)) = data.split_first() else { return };
    match curve % 4 {
        0 => check::<Ed25519>(data),
        1 => check::<Ristretto255>(data),
        2 => check::<Secp256k1>(data),
        _ => check::<P256>(data),
    }
});
