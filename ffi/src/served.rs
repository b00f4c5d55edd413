//! What each suite does behind the interface: its keys, signatures, children, in their customary bytes.

use std::sync::Arc;

use cosigil::curve::{Curve, encode_point};
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::{Child, EcdsaCurve, EcdsaScheme, P256Ecdsa, Prehash, SRule, Secp256k1Ecdsa, Signed};
use cosigil::frost::{
    Bip340, Ed25519Keccak512, Ed25519Sha512, Nonces, P256Sha256, Ristretto255Sha512, Secp256k1Sha256, SigningRequest,
    Suite, schnorr,
};
use cosigil::hazmat::ImportSecret;
use cosigil::key::{DerivationPath, ExtendedKey, Network, Scheme, Xpub};
use cosigil::keygen::record::KeyRecord;
use cosigil::{KeyShare, PublicKeyPackage, Usage};
use zeroize::Zeroizing;

use crate::each::*;
use crate::input::{array, secret};
use crate::status::*;
use crate::transfer::{COSIGIL_IMPORT_NEM, COSIGIL_IMPORT_RFC_8032, COSIGIL_IMPORT_SCALAR};

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
    /// A record of the suite among all.
    fn record(record: KeyRecord<Self>) -> AnyRecord;
    /// A whole key from elsewhere, in one of the forms of COSIGIL_IMPORT_….
    fn secret(form: u32, key: &[u8]) -> Result<ImportSecret<Self>> {
        scalar(form, key)
    }
    /// The record, if it is of this suite.
    fn record_mut(any: &mut AnyRecord) -> Option<&mut KeyRecord<Self>>;
    /// The key of a child, in its customary encoding.
    fn child_key(_: &PublicKeyPackage<Self>, _: &ChainCode, _: &DerivationPath) -> Result<Vec<u8>> {
        Err(Usage::NoDerivation.into())
    }
    /// The extended key at the end of a path as text.
    fn xpub(_: &KeyShare<Self>, _: Network, _: &DerivationPath) -> Result<Zeroizing<Vec<u8>>> {
        Err(Usage::NoDerivation.into())
    }
    /// The key of a child of an extended key, in its customary encoding.
    fn xpub_child_key(_: &str, _: &DerivationPath) -> Result<Vec<u8>> {
        Err(Usage::NoDerivation.into())
    }
}

/// An ECDSA suite, as this interface knows it.
pub(crate) trait ServedEcdsa: Served + EcdsaScheme {
    /// Pair states of the suite among all.
    fn pairs(states: PairStates<Self>) -> AnyPairs;
    /// r ‖ s.
    fn signature_bytes(signed: &Signed<Self>) -> Vec<u8>;
    /// The child at the end of a path.
    fn child(_: &KeyShare<Self>, _: &DerivationPath) -> Result<Child<Self>> {
        Err(Usage::NoDerivation.into())
    }
}

/// A FROST suite, as this interface knows it.
pub(crate) trait ServedFrost: Served + Suite {
    /// Nonces of the suite among all.
    fn nonces(nonces: Nonces<Self>) -> AnyNonces;
    /// The signature in its customary encoding.
    fn signature_bytes(signature: &Self::Signature) -> Vec<u8>;
    /// The same request for a child of the key.
    fn under(
        _: SigningRequest<Self>,
        _: &PublicKeyPackage<Self>,
        _: &ChainCode,
        _: &DerivationPath,
    ) -> Result<SigningRequest<Self>> {
        Err(Usage::NoDerivation.into())
    }
    /// A request of the suite, with the root of a script tree where it knows such a thing.
    fn request(message: &[u8], output: Output) -> Result<SigningRequest<Self>> {
        match output {
            Output::Ordinary => Ok(SigningRequest::new(message)),
            _ => Err(Failure::SUITE),
        }
    }
}

/// A scalar in the curve's customary order.
fn scalar<S: Served>(form: u32, key: &[u8]) -> Result<ImportSecret<S>> {
    if form == COSIGIL_IMPORT_SCALAR { Ok(ImportSecret::scalar(&secret(key)?)?) } else { Err(Failure::SUITE) }
}

macro_rules! served {
    ($($family:ident $place:ident $number:ident $scheme:ty { $($own:tt)* } { $($more:tt)* })+) => { $(
        impl Served for $scheme {
            const NUMBER: u32 = $number;
            fn share(share: Arc<KeyShare<Self>>) -> AnyShare {
                Each::$family($family::$place(share))
            }
            fn package(package: PublicKeyPackage<Self>) -> AnyPackage {
                Each::$family($family::$place(package))
            }
            fn record(record: KeyRecord<Self>) -> AnyRecord {
                Each::$family($family::$place(record))
            }
            fn record_mut(any: &mut AnyRecord) -> Option<&mut KeyRecord<Self>> {
                match any {
                    Each::$family($family::$place(record)) => Some(record),
                    _ => None,
                }
            }
            served!(@ $family);
            $($own)*
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

/// What keys with children have.
macro_rules! derives {
    (of $key:expr) => {
        fn child_key(package: &PublicKeyPackage<Self>, chain_code: &ChainCode, path: &DerivationPath) -> Result<Vec<u8>> {
            let key: fn(&ExtendedKey<Self>) -> Result<Vec<u8>> = $key;
            key(package.derive(chain_code, path)?.extended_key())
        }
    };
    (xpub $key:expr) => {
        derives!(of $key);
        fn xpub(share: &KeyShare<Self>, network: Network, path: &DerivationPath) -> Result<Zeroizing<Vec<u8>>> {
            let key = share.extended_key()?.derive(path)?;
            Ok(Zeroizing::new(Xpub::<Self>::new(network, key).to_string().into_bytes()))
        }
        fn xpub_child_key(xpub: &str, path: &DerivationPath) -> Result<Vec<u8>> {
            let key: fn(&ExtendedKey<Self>) -> Result<Vec<u8>> = $key;
            key(&xpub.parse::<Xpub<Self>>()?.into_key().derive(path)?)
        }
    };
    (under) => {
        fn under(
            request: SigningRequest<Self>,
            package: &PublicKeyPackage<Self>,
            chain_code: &ChainCode,
            path: &DerivationPath,
        ) -> Result<SigningRequest<Self>> {
            Ok(request.under(&package.derive(chain_code, path)?))
        }
    };
}

served! {
    Ecdsa Secp256k1 COSIGIL_ECDSA_SECP256K1 Secp256k1Ecdsa {
        derives!(xpub |key| Ok(key.as_bytes().to_vec()));
    } {
        fn child(share: &KeyShare<Self>, path: &DerivationPath) -> Result<Child<Self>> {
            Ok(Child::from(&share.derive(path)?))
        }
    }
    Ecdsa P256 COSIGIL_ECDSA_P256 P256Ecdsa {} {}
    Frost Ed25519 COSIGIL_FROST_ED25519 Ed25519Sha512 {
        derives!(of |key| Ok(key.verifying_key()?.encoded()));
        fn secret(form: u32, key: &[u8]) -> Result<ImportSecret<Self>> {
            if form == COSIGIL_IMPORT_RFC_8032 { Ok(ImportSecret::rfc_8032(&secret(key)?)?) } else { scalar(form, key) }
        }
    } {
        derives!(under);
    }
    Frost Keccak COSIGIL_FROST_ED25519_KECCAK Ed25519Keccak512 {
        fn secret(form: u32, key: &[u8]) -> Result<ImportSecret<Self>> {
            if form == COSIGIL_IMPORT_NEM { Ok(ImportSecret::nem(&secret(key)?)?) } else { scalar(form, key) }
        }
    } {}
    Frost Bip340 COSIGIL_FROST_BIP340 Bip340 {
        derives!(xpub |key| Ok(key.verifying_key()?.encoded()));
    } {
        derives!(under);
        fn request(message: &[u8], output: Output) -> Result<SigningRequest<Self>> {
            Ok(match output {
                Output::Ordinary => SigningRequest::new(message),
                Output::ScriptRoot(root) => SigningRequest::with_script_root(array(message)?, root),
                Output::Raw => cosigil::hazmat::raw_taproot_request(message),
            })
        }
    }
    Frost Secp256k1 COSIGIL_FROST_SECP256K1 Secp256k1Sha256 {} {}
    Frost P256 COSIGIL_FROST_P256 P256Sha256 {} {}
    Frost Ristretto255 COSIGIL_FROST_RISTRETTO255 Ristretto255Sha512 {} {}
}

/// A chain code.
pub(crate) type ChainCode = cosigil::Secret<[u8; 32]>;

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
