//! What secp256k1 and P-256 share: SEC1 compressed points, big-endian scalars.

use k256::U256;

use super::limbs::{Limbs, little_endian_limbs};
use super::weierstrass::{Weierstrass, decompress};

/// The length of a compressed point.
pub(super) const POINT_LEN: usize = 33;

/// Decodes exactly 33 bytes that start with 02 or 03: no uncompressed, hybrid or identity form.
pub(super) fn decode<W: Weierstrass>(bytes: &[u8]) -> Option<W::Point> {
    let (prefix, x) = bytes.split_first()?;
    let x = x.try_into().ok()?;
    match prefix {
        2 => decompress::<W>(x, false),
        3 => decompress::<W>(x, true),
        _ => None,
    }
}

/// Four limbs, lowest first, whatever the words of the platform.
#[inline]
pub(super) fn limbs(integer: U256) -> Limbs {
    little_endian_limbs(&integer.to_le_bytes().into())
}

/// The 64 big-endian bytes of eight limbs, lowest first.
pub(super) fn wide_bytes(limbs: &[u64; 8]) -> [u8; 64] {
    let mut bytes = [0; 64];
    let (chunks, _) = bytes.as_chunks_mut::<8>();
    chunks.iter_mut().zip(limbs.iter().rev()).for_each(|(to, limb)| *to = limb.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use crate::curve::{Curve, P256, Secp256k1};

    /// G-04: prefixes, lengths, off-curve and too large x, the identity.
    fn refuses<C: Curve>() {
        let good = crate::curve::encode_point::<C>(&C::mul_base(&5u64.into()));
        assert!(C::decode(&good).is_some());
        for prefix in [0u8, 1, 4, 5, 6, 7] {
            let mut bytes = good.clone();
            bytes[0] = prefix;
            assert!(C::decode(&bytes).is_none());
        }
        let mut large_x = [0xffu8; 33];
        large_x[0] = 2;
        for bytes in [&good[..32], &[&good[..], &[0]].concat(), &[0], &[0; 33], &[0; 65], &[], &large_x] {
            assert!(C::decode(bytes).is_none());
        }
    }

    /// x from p - 1 up to p + 600 and 2^256 - 1: what is not below p is refused, whatever it is modulo p.
    fn refuses_large_x<C: Curve>(prime: &str) {
        let prime = hex::decode(prime).unwrap();
        for above in 0..600u16 {
            for prefix in [2, 3] {
                let mut bytes = [&[prefix], &prime[..]].concat();
                let mut carry = above;
                for byte in bytes.iter_mut().skip(1).rev() {
                    carry += u16::from(*byte);
                    *byte = (carry & 0xff) as u8;
                    carry >>= 8;
                }
                assert!(C::decode(&bytes).is_none());
            }
        }
    }

    #[test]
    fn g_04_x_below_p() {
        refuses_large_x::<Secp256k1>("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
        refuses_large_x::<P256>("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    }

    #[test]
    fn g_04_one_form_only() {
        refuses::<Secp256k1>();
        refuses::<P256>();
    }
}
