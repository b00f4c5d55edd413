//! BIP-32, public derivation: secp256k1 keys of ECDSA and of Taproot.
//!
//! Source: BIP-32, "Public parent key → public child key". Nothing differs.

use super::{ChildIndex, Step, mac, secret_of};
use crate::curve::{PublicScalar, Secp256k1};
use crate::secret::Secret;

/// The name of the scheme.
pub(crate) const NAME: &str = "BIP-32";

/// Section 2 of `docs/derivation.md`: one child of the key with this 33-byte encoding, which has the true parity.
pub(crate) fn step(parent: &[u8], chain_code: &Secret<[u8; 32]>, index: ChildIndex) -> Option<Step<Secp256k1>> {
    split(&mac(chain_code, &[parent, &index.get().to_be_bytes()])) // 2.1
}

/// 2.2: I_L as a scalar; it is refused, never reduced, if it is the group order or more. 2.3: I_R.
pub(super) fn split(mac: &[u8; 64]) -> Option<Step<Secp256k1>> {
    let (left, right) = mac.split_at(32);
    Some(Step { shift: PublicScalar::decode(left)?, chain_code: secret_of(right)? })
}
