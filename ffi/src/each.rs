//! Suites: which there are, and how a call gets from a handle to the code of its suite. The one place that lists them.

use std::sync::Arc;

use cosigil::curve::{Curve, encode_point};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::{Child, EcdsaCurve, EcdsaScheme, P256Ecdsa, Prehash, SRule, Secp256k1Ecdsa, Signed};
use cosigil::frost::{
    Bip340, Ed25519Keccak512, Ed25519Sha512, Nonces, P256Sha256, Ristretto255Sha512, Secp256k1Sha256, SigningRequest,
    Suite, schnorr,
};
use cosigil::key::Scheme;
use cosigil::{KeyShare, PublicKeyPackage, Usage};

use crate::input::array;
use crate::status::*;

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

/// A suite, as this interface knows it.
pub(crate) trait Served: Scheme {
    /// Its number.
    const NUMBER: u32;
    /// A share of the suite among all.
    fn share(share: Arc<KeyShare<Self>>) -> AnyShare;
    /// A package of the suite among all.
    fn package(package: PublicKeyPackage<Self>) -> AnyPackage;
    /// The key that signatures verify under, in its customary encoding.
    fn key(public: &PublicKeyPackage<Self>) -> Result<Vec<u8>>;
    /// Whether a signature is one of the message, or of the digest, under the key.
    fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> Result<bool>;
}

/// An ECDSA suite, as this interface knows it.
pub(crate) trait ServedEcdsa: Served + EcdsaScheme {
    /// Pair states of the suite among all.
    fn pairs(states: PairStates<Self>) -> AnyPairs;
    /// r ‖ s.
    fn signature_bytes(signed: &Signed<Self>) -> Vec<u8>;
}

/// A FROST suite, as this interface knows it.
pub(crate) trait ServedFrost: Served + Suite {
    /// Nonces of the suite among all.
    fn nonces(nonces: Nonces<Self>) -> AnyNonces;
    /// The signature in its customary encoding.
    fn signature_bytes(signature: &Self::Signature) -> Vec<u8>;
    /// A request of the suite, with the root of a script tree where it knows such a thing.
    fn request(message: &[u8], output: Output) -> Result<SigningRequest<Self>> {
        match output {
            Output::Ordinary => Ok(SigningRequest::new(message)),
            _ => Err(Failure::SUITE),
        }
    }
}

macro_rules! served {
    ($($family:ident $place:ident $number:ident $scheme:ty { $($more:tt)* })+) => { $(
        impl Served for $scheme {
            const NUMBER: u32 = $number;
            fn share(share: Arc<KeyShare<Self>>) -> AnyShare {
                Each::$family($family::$place(share))
            }
            fn package(package: PublicKeyPackage<Self>) -> AnyPackage {
                Each::$family($family::$place(package))
            }
            served!(@ $family);
        }
        served!(@ $family $place $scheme { $($more)* });
    )+ };
    (@ Ecdsa) => {
        fn key(public: &PublicKeyPackage<Self>) -> Result<Vec<u8>> {
            let point = cosigil::ecdsa::verifying_key(public, &Child::ITSELF)?;
            Ok(encode_point::<<Self as Scheme>::Curve>(&point))
        }
        fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> Result<bool> {
            let key = <<Self as Scheme>::Curve as Curve>::decode(key).ok_or(Usage::Malformed)?;
            let prehash = Prehash::new(array(message)?);
            let signature = <<Self as Scheme>::Curve as EcdsaCurve>::from_p1363(signature).ok_or(Usage::Malformed)?;
            Ok(cosigil::ecdsa::verify::<Self>(&key, &prehash, &signature, SRule::Low))
        }
    };
    (@ Frost) => {
        fn key(public: &PublicKeyPackage<Self>) -> Result<Vec<u8>> {
            Ok(public.verifying_key()?.encoded())
        }
        fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> Result<bool> {
            let key = Self::decode_key(key).ok_or(Usage::Malformed)?;
            let signature = Self::decode_signature(signature).ok_or(Usage::Malformed)?;
            Ok(Self::verify(&key, message, &signature))
        }
    };
    (@ Ecdsa $place:ident $scheme:ty { $($more:tt)* }) => {
        impl ServedEcdsa for $scheme {
            fn pairs(states: PairStates<Self>) -> AnyPairs {
                Ecdsa::$place(states)
            }
            fn signature_bytes(signed: &Signed<Self>) -> Vec<u8> {
                signed.signature.encoded()
            }
            $($more)*
        }
    };
    (@ Frost $place:ident $scheme:ty { $($more:tt)* }) => {
        impl ServedFrost for $scheme {
            fn nonces(nonces: Nonces<Self>) -> AnyNonces {
                Frost::$place(nonces)
            }
            fn signature_bytes(signature: &Self::Signature) -> Vec<u8> {
                signature.encoded()
            }
            $($more)*
        }
    };
}

served! {
    Ecdsa Secp256k1 COSIGIL_ECDSA_SECP256K1 Secp256k1Ecdsa {}
    Ecdsa P256 COSIGIL_ECDSA_P256 P256Ecdsa {}
    Frost Ed25519 COSIGIL_FROST_ED25519 Ed25519Sha512 {}
    Frost Keccak COSIGIL_FROST_ED25519_KECCAK Ed25519Keccak512 {}
    Frost Bip340 COSIGIL_FROST_BIP340 Bip340 {
        fn request(message: &[u8], output: Output) -> Result<SigningRequest<Self>> {
            Ok(match output {
                Output::Ordinary => SigningRequest::new(message),
                Output::ScriptRoot(root) => SigningRequest::with_script_root(array(message)?, root),
                Output::Raw => cosigil::hazmat::raw_taproot_request(message),
            })
        }
    }
    Frost Secp256k1 COSIGIL_FROST_SECP256K1 Secp256k1Sha256 {}
    Frost P256 COSIGIL_FROST_P256 P256Sha256 {}
    Frost Ristretto255 COSIGIL_FROST_RISTRETTO255 Ristretto255Sha512 {}
}

/// Which output key of Taproot is signed for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Output {
    /// The one without scripts; for other suites the key itself.
    #[default]
    Ordinary,
    /// The one that the scripts under this root can spend too.
    ScriptRoot([u8; 32]),
    /// The key itself.
    Raw,
}

/// The customary bytes of keys and signatures.
trait Encoded {
    fn encoded(&self) -> Vec<u8>;
}

macro_rules! encoded {
    ($($of:ty),+) => { $(
        impl Encoded for $of {
            fn encoded(&self) -> Vec<u8> {
                self.to_bytes().to_vec()
            }
        }
    )+ };
}

encoded!(k256::ecdsa::Signature, p256::ecdsa::Signature, k256::schnorr::Signature, k256::schnorr::VerifyingKey);
encoded!(ed25519_dalek::Signature, ed25519_dalek::VerifyingKey);

impl<S: Suite> Encoded for schnorr::Signature<S> {
    fn encoded(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

impl<S: Suite> Encoded for schnorr::VerifyingKey<S> {
    fn encoded(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}
