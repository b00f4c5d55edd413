//! FROST(P-256, SHA-256), RFC 9591 section 6.4.

use super::{AsIs, RootOnly, Suite, Xmd, sealed::Sealed};
use crate::curve::P256;
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
    type Place = RootOnly;
    type KeyUse = AsIs;

    plain_schnorr!();
}
