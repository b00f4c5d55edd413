//! FROST(secp256k1, SHA-256), RFC 9591 section 6.5.

use super::{AsIs, RootOnly, Suite, Xmd, sealed::Sealed};
use crate::curve::Secp256k1;
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
    type Place = RootOnly;
    type KeyUse = AsIs;

    plain_schnorr!();
}
