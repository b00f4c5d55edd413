//! FROST(secp256k1, SHA-256), RFC 9591 section 6.5.

use super::{AsIs, Normal, Suite, Xmd, sealed::Sealed};
use crate::curve::{PublicScalar, Secp256k1};
use crate::frost::schnorr::{Signature, VerifyingKey};
use crate::key::Scheme;

/// FROST(secp256k1, SHA-256) of RFC 9591. Signatures are R ‖ z, 65 bytes: neither BIP-340 nor ECDSA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secp256k1Sha256;

impl Sealed for Secp256k1Sha256 {}

impl Scheme for Secp256k1Sha256 {
    type Curve = Secp256k1;
    const NAME: &'static str = "frost-secp256k1-sha256";
}

impl Suite for Secp256k1Sha256 {
    const CONTEXT: &'static str = "FROST-secp256k1-SHA256-v1";
    type Hash = Xmd;
    type KeyUse = AsIs;
    type Signature = Signature<Self>;
    type VerifyingKey = VerifyingKey<Self>;

    fn verifying_key(key: &Normal<Secp256k1>) -> Option<VerifyingKey<Self>> {
        Some(VerifyingKey::of(key))
    }

    fn signature(nonce: &Normal<Secp256k1>, response: &PublicScalar<Secp256k1>) -> Option<Signature<Self>> {
        Some(Signature::of(nonce, response))
    }

    fn verify(key: &VerifyingKey<Self>, message: &[u8], signature: &Signature<Self>) -> bool {
        key.verify(message, signature)
    }

    fn decode_signature(bytes: &[u8]) -> Option<Signature<Self>> {
        Signature::from_bytes(bytes).ok()
    }

    fn decode_key(bytes: &[u8]) -> Option<VerifyingKey<Self>> {
        VerifyingKey::from_bytes(bytes).ok()
    }
}
