//! FROST(Ed25519, SHA-512), RFC 9591 section 6.1: signatures are ordinary Ed25519 ones.

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::Sha512;

use super::{AsIs, Hash, InTree, Normal, Suite, Wide, sealed::Sealed};
use crate::curve::{Curve, Ed25519, PublicScalar};
use crate::key::derive::{Step, ed25519_bip32};
use crate::key::{ChildIndex, Derivable, Scheme};
use crate::secret::Secret;
use crate::wire::Element;

/// FROST(Ed25519, SHA-512) of RFC 9591: Solana, Stellar, XRP Ledger, Monero's kin, SSH.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ed25519Sha512;

impl Sealed for Ed25519Sha512 {}

impl Scheme for Ed25519Sha512 {
    type Curve = Ed25519;
    const NAME: &'static str = "frost-ed25519-sha512";
}

impl Derivable for Ed25519Sha512 {
    const DERIVATION: &'static str = ed25519_bip32::NAME;

    fn step(parent: &Element<Ed25519>, chain_code: &Secret<[u8; 32]>, index: ChildIndex) -> Option<Step<Ed25519>> {
        ed25519_bip32::step(parent.as_bytes(), chain_code, index)
    }
}

impl Suite for Ed25519Sha512 {
    const CONTEXT: &'static str = "FROST-ED25519-SHA512-v1";
    type Hash = Wide<Sha512>;
    type Place = InTree<Self>;
    type KeyUse = AsIs;
    type Signature = Signature;
    type VerifyingKey = VerifyingKey;

    /// H2 has no context here: it is the challenge of RFC 8032.
    fn h2(input: &[&[u8]]) -> PublicScalar<Ed25519> {
        PublicScalar::from_uniform_bytes(&Self::Hash::uniform("", "", input))
    }

    fn verifying_key(key: &Normal<Ed25519>) -> Option<VerifyingKey> {
        Some(VerifyingKey::from(*key.point()))
    }

    fn signature(nonce: &Normal<Ed25519>, response: &PublicScalar<Ed25519>) -> Option<Signature> {
        signature(nonce, response)
    }

    fn verify(key: &VerifyingKey, message: &[u8], signature: &Signature) -> bool {
        key.verify_strict(message, signature).is_ok()
    }

    fn decode_signature(bytes: &[u8]) -> Option<Signature> {
        decode_signature(bytes)
    }

    fn decode_key(bytes: &[u8]) -> Option<VerifyingKey> {
        decode_key(bytes)
    }
}

/// R ‖ z.
pub(super) fn signature(nonce: &Normal<Ed25519>, response: &PublicScalar<Ed25519>) -> Option<Signature> {
    let nonce = nonce.as_bytes().try_into().ok()?;
    Some(Signature::from_components(nonce, response.encode()))
}

/// 64 bytes with z below the group order; R is looked at by the verifier.
pub(super) fn decode_signature(bytes: &[u8]) -> Option<Signature> {
    let signature = Signature::from_slice(bytes).ok()?;
    PublicScalar::<Ed25519>::decode(signature.s_bytes())?;
    Some(signature)
}

/// A canonical key of the prime-order group.
pub(super) fn decode_key(bytes: &[u8]) -> Option<VerifyingKey> {
    Ed25519::decode(bytes).map(VerifyingKey::from)
}
