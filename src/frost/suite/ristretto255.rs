//! FROST(ristretto255, SHA-512), RFC 9591 section 6.2.

use sha2::Sha512;

use super::{AsIs, Normal, Suite, Wide, sealed::Sealed};
use crate::curve::{PublicScalar, Ristretto255};
use crate::frost::schnorr::{Signature, VerifyingKey};
use crate::key::Scheme;

/// FROST(ristretto255, SHA-512) of RFC 9591. Signatures are R ‖ z, 64 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ristretto255Sha512;

impl Sealed for Ristretto255Sha512 {}

impl Scheme for Ristretto255Sha512 {
    type Curve = Ristretto255;
    const NAME: &'static str = "frost-ristretto255-sha512";
}

impl Suite for Ristretto255Sha512 {
    const CONTEXT: &'static str = "FROST-RISTRETTO255-SHA512-v1";
    type Hash = Wide<Sha512>;
    type KeyUse = AsIs;
    type Signature = Signature<Self>;
    type VerifyingKey = VerifyingKey<Self>;

    fn verifying_key(key: &Normal<Ristretto255>) -> Option<VerifyingKey<Self>> {
        Some(VerifyingKey::of(key))
    }

    fn signature(nonce: &Normal<Ristretto255>, response: &PublicScalar<Ristretto255>) -> Option<Signature<Self>> {
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
