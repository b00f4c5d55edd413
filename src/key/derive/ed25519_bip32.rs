//! BIP32-Ed25519, soft derivation of the second version ("V2"): Ed25519 keys, as Cardano has them.
//!
//! It is not SLIP-0010, whose Ed25519 keys have hardened children only.
//!
//! Source: Khovratovich, Law, "BIP32-Ed25519: Hierarchical Deterministic Keys over a Non-linear Keyspace", with
//! the little-endian index and the chain code of V2. Where we differ:
//! - the secret key is a scalar modulo the group order, shared, without the bits that clamping sets; the public
//!   key, the chain code and every signature's verification are the same;
//! - the right half k_R of an extended secret key is not derived: FROST draws its nonces otherwise.

use super::{ChildIndex, Step, mac, secret_of};
use crate::curve::{Ed25519, PublicScalar};
use crate::secret::Secret;

/// The name of the scheme.
pub(crate) const NAME: &str = "BIP32-Ed25519 V2";

/// Section 3 of `docs/derivation.md`: one child of the key with this 32-byte encoding.
pub(crate) fn step(parent: &[u8], chain_code: &Secret<[u8; 32]>, index: ChildIndex) -> Option<Step<Ed25519>> {
    let index = index.get().to_le_bytes();
    let z = mac(chain_code, &[&[0x02], parent, &index]); // 3.1
    let code = mac(chain_code, &[&[0x03], parent, &index]); // 3.3
    let (_, right) = code.split_at(32);
    Some(Step { shift: eight_times(z.get(..28)?)?, chain_code: secret_of(right)? })
}

/// 3.2: 8·z for the little-endian z of 28 bytes: at most 2^227, so nothing is reduced.
fn eight_times(z: &[u8]) -> Option<PublicScalar<Ed25519>> {
    let mut shifted = [0; 32];
    let mut carry = 0;
    for (to, from) in shifted.iter_mut().zip(z.iter().chain(&[0])) {
        *to = from << 3 | carry;
        carry = from >> 5;
    }
    PublicScalar::decode(&shifted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_times_is_eight_times() {
        let mut z = [0u8; 28];
        for k in 0..28 {
            z[k] = u8::try_from((37 * k + 201) % 256).unwrap();
            let mut wide = [0; 64];
            wide[..28].copy_from_slice(&z);
            let plain = PublicScalar::from_uniform_bytes(&wide);
            assert_eq!(eight_times(&z), Some(plain * PublicScalar::from(8)));
        }
        let mut top = [0; 64];
        top[..28].copy_from_slice(&[0xff; 28]);
        assert_eq!(eight_times(&[0xff; 28]), Some(PublicScalar::from_uniform_bytes(&top) * PublicScalar::from(8)));
    }
}
