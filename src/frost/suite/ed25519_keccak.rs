//! Ed25519 with Keccak-512 in the place of SHA-512, as the NEM blockchain has it.
//!
//! Not in RFC 9591; it is its Ed25519 suite with the other hash throughout, so the challenge is NEM's.
//! Keccak-512 is the original one, with the padding before FIPS 202: not SHA3-512.

use ed25519_dalek::{Signature, VerifyingKey, hazmat::raw_verify};
use sha3::Keccak512;

use super::{AsIs, Hash, Normal, RootOnly, Suite, Wide, ed25519, sealed::Sealed};
use crate::curve::{Ed25519, PublicScalar};
use crate::key::Scheme;

/// FROST for NEM (NIS1): Ed25519 with Keccak-512.
///
/// The key has the type of an Ed25519 key, but an ordinary Ed25519 verifier uses the other hash: verify
/// with [`Suite::verify`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ed25519Keccak512;

impl Sealed for Ed25519Keccak512 {}

impl Scheme for Ed25519Keccak512 {
    type Curve = Ed25519;
    const NAME: &'static str = "frost-ed25519-keccak512";
}

impl Suite for Ed25519Keccak512 {
    const CONTEXT: &'static str = "FROST-ED25519-KECCAK512-v1";
    type Hash = Wide<Keccak512>;
    type Place = RootOnly;
    type KeyUse = AsIs;
    type Signature = Signature;
    type VerifyingKey = VerifyingKey;

    /// H2 has no context here: it is NEM's challenge.
    fn h2(input: &[&[u8]]) -> PublicScalar<Ed25519> {
        PublicScalar::from_uniform_bytes(&Self::Hash::uniform("", "", input))
    }

    fn verifying_key(key: &Normal<Ed25519>) -> Option<VerifyingKey> {
        Some(VerifyingKey::from(*key.point()))
    }

    fn signature(nonce: &Normal<Ed25519>, response: &PublicScalar<Ed25519>) -> Option<Signature> {
        ed25519::signature(nonce, response)
    }

    /// As strict as `verify_strict`, which knows SHA-512 alone: R decodes, neither R nor the key is of
    /// small order; `raw_verify` compares R's bytes and wants z reduced.
    fn verify(key: &VerifyingKey, message: &[u8], signature: &Signature) -> bool {
        let nonce = curve25519_dalek::edwards::CompressedEdwardsY(*signature.r_bytes()).decompress();
        nonce.is_some_and(|nonce| !nonce.is_small_order())
            && !key.is_weak()
            && raw_verify::<Keccak512>(key, message, signature).is_ok()
    }

    fn decode_signature(bytes: &[u8]) -> Option<Signature> {
        ed25519::decode_signature(bytes)
    }

    fn decode_key(bytes: &[u8]) -> Option<VerifyingKey> {
        ed25519::decode_key(bytes)
    }
}
