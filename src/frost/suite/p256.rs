//! FROST(P-256, SHA-256), RFC 9591 section 6.4.

use super::{AsIs, Normal, Suite, Xmd, sealed::Sealed};
use crate::curve::{P256, PublicScalar};
use crate::frost::schnorr::{Signature, VerifyingKey};
use crate::key::Scheme;

/// FROST(P-256, SHA-256) of RFC 9591. Signatures are R ‖ z, 65 bytes: neither ECDSA nor anything else that
/// is older than FROST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct P256Sha256;

impl Sealed for P256Sha256 {}

impl Scheme for P256Sha256 {
    type Curve = P256;
    const NAME: &'static str = "frost-p256-sha256";
}

impl Suite for P256Sha256 {
    const CONTEXT: &'static str = "FROST-P256-SHA256-v1";
    type Hash = Xmd;
    type KeyUse = AsIs;
    type Signature = Signature<Self>;
    type VerifyingKey = VerifyingKey<Self>;

    fn verifying_key(key: &Normal<P256>) -> Option<VerifyingKey<Self>> {
        Some(VerifyingKey::of(key))
    }

    fn signature(nonce: &Normal<P256>, response: &PublicScalar<P256>) -> Option<Signature<Self>> {
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
