//! What a threshold ECDSA key is made for: the curve, the scheme's name, the parameters.

use super::signature::EcdsaCurve;
use crate::curve::{P256, Secp256k1};
use crate::key::derive::{Step, bip32};
use crate::key::{ChildIndex, Derivable, Scheme};
use crate::mul::rvole::{ParameterSet, Xi416};
use crate::secret::Secret;
use crate::wire::Element;

/// A curve with ECDSA signatures on it.
///
/// Implemented for [`Secp256k1Ecdsa`] and [`P256Ecdsa`]; the types of signatures and of their verifiers
/// belong to signing.
pub trait EcdsaScheme: Scheme<Curve: EcdsaCurve> {
    /// How many OTs a multiplication takes.
    type Parameters: ParameterSet;
    /// The name of the parameters, in every base: another choice is another protocol.
    const PARAMETERS: &'static str;
}

/// ECDSA on secp256k1, as Bitcoin and Ethereum use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secp256k1Ecdsa;

/// ECDSA on P-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct P256Ecdsa;

impl Scheme for Secp256k1Ecdsa {
    type Curve = Secp256k1;
    const NAME: &'static str = "ECDSA-secp256k1";
}

impl Derivable for Secp256k1Ecdsa {
    const DERIVATION: &'static str = bip32::NAME;

    fn step(parent: &Element<Secp256k1>, chain_code: &Secret<[u8; 32]>, index: ChildIndex) -> Option<Step<Secp256k1>> {
        bip32::step(parent.as_bytes(), chain_code, index)
    }
}

impl Scheme for P256Ecdsa {
    type Curve = P256;
    const NAME: &'static str = "ECDSA-P256";
}

impl EcdsaScheme for Secp256k1Ecdsa {
    type Parameters = Xi416;
    const PARAMETERS: &'static str = "k4/xi416/aes";
}

impl EcdsaScheme for P256Ecdsa {
    type Parameters = Xi416;
    const PARAMETERS: &'static str = "k4/xi416/aes";
}
