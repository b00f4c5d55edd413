//! Suites: which there are, and how a call gets from a handle to the code of its suite.

use std::sync::Arc;

use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
use cosigil::frost::{
    Bip340, Ed25519Keccak512, Ed25519Sha512, Nonces, P256Sha256, Ristretto255Sha512, Secp256k1Sha256, Suite,
};
use cosigil::keygen::record::KeyRecord;
use cosigil::{KeyShare, PublicKeyPackage};

pub(crate) use crate::served::{ChainCode, Output, Served, ServedEcdsa, ServedFrost};

/// Threshold ECDSA on secp256k1: Bitcoin, Ethereum.
pub const COSIGIL_ECDSA_SECP256K1: u32 = 1;
/// Threshold ECDSA on P-256.
pub const COSIGIL_ECDSA_P256: u32 = 2;
/// FROST with Ed25519: signatures are ordinary Ed25519 ones.
pub const COSIGIL_FROST_ED25519: u32 = 16;
/// FROST with Ed25519 and Keccak-512: NEM.
pub const COSIGIL_FROST_ED25519_KECCAK: u32 = 17;
/// FROST for BIP-340: Bitcoin's Taproot.
pub const COSIGIL_FROST_BIP340: u32 = 18;
/// FROST(secp256k1, SHA-256) of RFC 9591.
pub const COSIGIL_FROST_SECP256K1: u32 = 19;
/// FROST(P-256, SHA-256) of RFC 9591.
pub const COSIGIL_FROST_P256: u32 = 20;
/// FROST(ristretto255, SHA-512) of RFC 9591.
pub const COSIGIL_FROST_RISTRETTO255: u32 = 21;

/// What there is of one kind for each ECDSA suite.
pub(crate) trait EcdsaFamily {
    type Of<S: EcdsaScheme>;
}

/// What there is of one kind for each FROST suite.
pub(crate) trait FrostFamily {
    type Of<S: Suite>;
}

/// One of a family.
pub(crate) enum Ecdsa<F: EcdsaFamily> {
    Secp256k1(F::Of<Secp256k1Ecdsa>),
    P256(F::Of<P256Ecdsa>),
}

/// One of a family.
pub(crate) enum Frost<F: FrostFamily> {
    Ed25519(F::Of<Ed25519Sha512>),
    Keccak(F::Of<Ed25519Keccak512>),
    Bip340(F::Of<Bip340>),
    Secp256k1(F::Of<Secp256k1Sha256>),
    P256(F::Of<P256Sha256>),
    Ristretto255(F::Of<Ristretto255Sha512>),
}

/// One of any suite.
pub(crate) enum Each<F: EcdsaFamily + FrostFamily> {
    Ecdsa(Ecdsa<F>),
    Frost(Frost<F>),
}

/// Key shares.
pub(crate) enum Shares {}
/// Records of keys.
pub(crate) enum Records {}
/// Pair states.
pub(crate) enum States {}
/// Nonces of FROST.
pub(crate) enum NonceKind {}
/// Public key packages.
pub(crate) enum Packages {}

impl EcdsaFamily for Shares {
    type Of<S: EcdsaScheme> = Arc<KeyShare<S>>;
}
impl FrostFamily for Shares {
    type Of<S: Suite> = Arc<KeyShare<S>>;
}
impl EcdsaFamily for Records {
    type Of<S: EcdsaScheme> = KeyRecord<S>;
}
impl FrostFamily for Records {
    type Of<S: Suite> = KeyRecord<S>;
}
impl EcdsaFamily for States {
    type Of<S: EcdsaScheme> = PairStates<S>;
}
impl FrostFamily for NonceKind {
    type Of<S: Suite> = Nonces<S>;
}
impl EcdsaFamily for Packages {
    type Of<S: EcdsaScheme> = PublicKeyPackage<S>;
}
impl FrostFamily for Packages {
    type Of<S: Suite> = PublicKeyPackage<S>;
}

pub(crate) type AnyShare = Each<Shares>;
pub(crate) type AnyPackage = Each<Packages>;
pub(crate) type AnyRecord = Each<Records>;
pub(crate) type AnyPairs = Ecdsa<States>;
pub(crate) type AnyNonces = Frost<NonceKind>;

/// Runs the body with what is in an [`Ecdsa`].
macro_rules! with_ecdsa {
    ($one:expr, $name:ident => $body:expr) => {
        match $one {
            crate::each::Ecdsa::Secp256k1($name) => $body,
            crate::each::Ecdsa::P256($name) => $body,
        }
    };
}

/// Runs the body with what is in a [`Frost`].
macro_rules! with_frost {
    ($one:expr, $name:ident => $body:expr) => {
        match $one {
            crate::each::Frost::Ed25519($name) => $body,
            crate::each::Frost::Keccak($name) => $body,
            crate::each::Frost::Bip340($name) => $body,
            crate::each::Frost::Secp256k1($name) => $body,
            crate::each::Frost::P256($name) => $body,
            crate::each::Frost::Ristretto255($name) => $body,
        }
    };
}

/// Runs the body with what is in an [`Each`].
macro_rules! with_each {
    ($one:expr, $name:ident => $body:expr) => {
        match $one {
            crate::each::Each::Ecdsa(one) => crate::each::with_ecdsa!(one, $name => $body),
            crate::each::Each::Frost(one) => crate::each::with_frost!(one, $name => $body),
        }
    };
}

/// Runs the body with what is in two [`Ecdsa`], or in two [`Frost`], of one suite.
macro_rules! with_two {
    ($family:ident: $one:expr, $other:expr, ($a:ident, $b:ident) => $body:expr) => {
        crate::each::with_two!(@ $family $one, $other, $a, $b, $body)
    };
    (@ ecdsa $one:expr, $other:expr, $a:ident, $b:ident, $body:expr) => {
        crate::each::with_two!(@@ Ecdsa [Secp256k1 P256] $one, $other, $a, $b, $body)
    };
    (@ frost $one:expr, $other:expr, $a:ident, $b:ident, $body:expr) => {
        crate::each::with_two!(
            @@ Frost [Ed25519 Keccak Bip340 Secp256k1 P256 Ristretto255] $one, $other, $a, $b, $body
        )
    };
    (@@ $of:ident [$($suite:ident)+] $one:expr, $other:expr, $a:ident, $b:ident, $body:expr) => {
        match ($one, $other) {
            $((crate::each::$of::$suite($a), crate::each::$of::$suite($b)) => $body,)+
            _ => Err(cosigil::Usage::OtherSuite.into()),
        }
    };
}

/// Runs the body with the type of the suite that a number stands for.
macro_rules! with_suite {
    ($number:expr, $suite:ident => $body:expr) => {
        crate::each::with_suite!(@ $number, $suite, $body,
            COSIGIL_ECDSA_SECP256K1 = cosigil::ecdsa::Secp256k1Ecdsa,
            COSIGIL_ECDSA_P256 = cosigil::ecdsa::P256Ecdsa,
            COSIGIL_FROST_ED25519 = cosigil::frost::Ed25519Sha512,
            COSIGIL_FROST_ED25519_KECCAK = cosigil::frost::Ed25519Keccak512,
            COSIGIL_FROST_BIP340 = cosigil::frost::Bip340,
            COSIGIL_FROST_SECP256K1 = cosigil::frost::Secp256k1Sha256,
            COSIGIL_FROST_P256 = cosigil::frost::P256Sha256,
            COSIGIL_FROST_RISTRETTO255 = cosigil::frost::Ristretto255Sha512)
    };
    (@ $number:expr, $suite:ident, $body:expr, $($constant:ident = $scheme:ty),+) => {
        match $number {
            $(crate::each::$constant => { type $suite = $scheme; $body })+
            _ => Err(crate::status::Failure::SUITE),
        }
    };
}

pub(crate) use {with_each, with_ecdsa, with_frost, with_suite, with_two};
