//! RFC 9496: what decodes and what does not.

use cosigil::curve::{Curve, Ristretto255, encode_point};
use cosigil::frost::{Ristretto255Sha512, schnorr::VerifyingKey};

use super::{array32, bytes, json, ran};

/// p = 2^255 − 19, little-endian.
fn prime() -> [u8; 32] {
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    p
}

/// a − b modulo 2^256.
fn subtract(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut borrow = 0;
    core::array::from_fn(|k| {
        let difference = i16::from(a[k]) - i16::from(b[k]) - borrow;
        borrow = i16::from(difference < 0);
        difference.rem_euclid(256) as u8
    })
}

#[test]
fn g_03_rfc_9496() {
    let vectors = json("rfc9496/ristretto255.json");
    let mut count = 0;
    for (k, encoding) in (0u64..).zip(vectors["multiples_of_generator"].as_array().unwrap()) {
        let encoding = array32(encoding);
        assert_eq!(encode_point::<Ristretto255>(&Ristretto255::mul_base(&k.into())), encoding);
        // G-01: the identity has no place in a message.
        assert_eq!(Ristretto255::decode(&encoding).is_some(), k > 0);
        assert_eq!(VerifyingKey::<Ristretto255Sha512>::from_bytes(&encoding).is_ok(), k > 0);
        // The negative of s, and s + p, are no second encodings.
        let negative = subtract(&prime(), &encoding);
        let aliased = subtract(&prime(), &subtract(&[0; 32], &encoding));
        let aliased_negative = subtract(&prime(), &subtract(&[0; 32], &negative));
        for second in [negative, aliased, aliased_negative] {
            assert!(Ristretto255::decode(&second).is_none());
        }
        count += 1;
    }
    ran("RFC 9496: multiples", count, 16);
    let invalid = vectors["invalid_encodings"].as_array().unwrap();
    for case in invalid {
        assert!(Ristretto255::decode(&bytes(&case["encoding"])).is_none(), "{case}");
    }
    ran("RFC 9496: invalid encodings", invalid.len(), 29);
}
