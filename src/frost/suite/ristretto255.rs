//! FROST(ristretto255, SHA-512), RFC 9591 section 6.2.

use sha2::Sha512;

use super::{AsIs, RootOnly, Suite, Wide, sealed::Sealed};
use crate::curve::Ristretto255;
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
    type Place = RootOnly;
    type KeyUse = AsIs;

    plain_schnorr!();
}
