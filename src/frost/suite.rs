//! What makes one FROST of several: the curve, five hashes, and the forms of keys and signatures.
//!
//! Source: RFC 9591, section 6 (ciphersuites). The hashes of RFC 9591 come in two families, each
//! written once here: SHA-512 and its like, reduced from 64 bytes, and SHA-256 with `hash_to_field`.

/// The part of [`Suite`] that is the same wherever the ecosystem has no type of its own for the signatures:
/// R ‖ z, of [`schnorr`](super::schnorr).
macro_rules! plain_schnorr {
    () => {
        type Signature = crate::frost::schnorr::Signature<Self>;
        type VerifyingKey = crate::frost::schnorr::VerifyingKey<Self>;

        fn verifying_key(key: &super::Normal<Self::Curve>) -> Option<Self::VerifyingKey> {
            Some(Self::VerifyingKey::of(key))
        }

        fn signature(
            nonce: &super::Normal<Self::Curve>,
            response: &crate::curve::PublicScalar<Self::Curve>,
        ) -> Option<Self::Signature> {
            Some(Self::Signature::of(nonce, response))
        }

        fn verify(key: &Self::VerifyingKey, message: &[u8], signature: &Self::Signature) -> bool {
            key.verify(message, signature)
        }

        fn decode_signature(bytes: &[u8]) -> Option<Self::Signature> {
            Self::Signature::from_bytes(bytes).ok()
        }

        fn decode_key(bytes: &[u8]) -> Option<Self::VerifyingKey> {
            Self::VerifyingKey::from_bytes(bytes).ok()
        }
    };
}

mod bip340;
mod child;
mod ed25519;
mod ed25519_keccak;
mod p256;
mod ristretto255;
mod secp256k1;

use core::fmt;

use ff::FromUniformBytes;
use sha2::digest::consts::U64;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use self::bip340::{Bip340, TaprootOutput};
pub use self::child::{InTree, Place, RootOnly};
pub use self::ed25519::Ed25519Sha512;
pub use self::ed25519_keccak::Ed25519Keccak512;
pub use self::p256::P256Sha256;
pub use self::ristretto255::Ristretto255Sha512;
pub use self::secp256k1::Secp256k1Sha256;

use crate::curve::{Curve, PublicScalar, Scalar};
use crate::error::Usage;
use crate::key::{Scheme, Tweak};
use crate::secret::Secret;
use crate::wire::{Element, Reader, Shape, Wire};

/// A ciphersuite of FROST: everything that RFC 9591 leaves to its section 6.
///
/// Implemented by the six suites of [`crate::frost`] and by nothing else.
pub trait Suite: Scheme + sealed::Sealed {
    /// The context string, part of every hash of RFC 9591 but Ed25519's H2.
    const CONTEXT: &'static str;
    /// The family of hashes.
    type Hash: Hash;
    /// Which keys a request can name: the shared key only, or its children too.
    type Place: Place<Self>;
    /// What a request says of the key's use beside the message: for Taproot, the script tree.
    type KeyUse: KeyUse<Self::Curve>;
    /// The scheme's signature, in the type that the ecosystem knows it by.
    type Signature: Clone + PartialEq + fmt::Debug + Send + Sync;
    /// The key that signatures verify under, in the type that the ecosystem knows it by.
    type VerifyingKey: Clone + PartialEq + fmt::Debug + Send + Sync;

    /// H1: a binding factor.
    fn h1(input: &[&[u8]]) -> PublicScalar<Self::Curve> {
        PublicScalar::from_uniform_bytes(&Self::Hash::uniform(Self::CONTEXT, "rho", input))
    }

    /// H2: a challenge.
    fn h2(input: &[&[u8]]) -> PublicScalar<Self::Curve> {
        PublicScalar::from_uniform_bytes(&Self::Hash::uniform(Self::CONTEXT, "chal", input))
    }

    /// H3: a nonce.
    fn h3(input: &[&[u8]]) -> Secret<Scalar<Self::Curve>> {
        let wide = Self::Hash::uniform(Self::CONTEXT, "nonce", input);
        Secret::new(Scalar::<Self::Curve>::from_uniform_bytes(&wide))
    }

    /// H4: the digest of a message.
    fn h4(message: &[u8]) -> <Self::Hash as Hash>::Digest {
        Self::Hash::digest(Self::CONTEXT, "msg", message)
    }

    /// H5: the digest of a list of commitments.
    fn h5(list: &[u8]) -> <Self::Hash as Hash>::Digest {
        Self::Hash::digest(Self::CONTEXT, "com", list)
    }

    /// The form of a point that keys and signatures of this scheme hold: the point itself, or for
    /// BIP-340 that of ±P whose y is even. The point is not the identity.
    fn normalize(point: &<Self::Curve as Curve>::Point) -> Normal<Self::Curve> {
        Normal::kept(point)
    }

    /// The challenge c of the scheme's verification.
    fn challenge(nonce: &Normal<Self::Curve>, key: &Normal<Self::Curve>, message: &[u8]) -> PublicScalar<Self::Curve> {
        Self::h2(&[nonce.as_bytes(), key.as_bytes(), message])
    }

    /// The key in the ecosystem's type; `None` if that refuses it.
    fn verifying_key(key: &Normal<Self::Curve>) -> Option<Self::VerifyingKey>;

    /// The signature (R, z) in the ecosystem's type; `None` if that refuses it.
    fn signature(nonce: &Normal<Self::Curve>, response: &PublicScalar<Self::Curve>) -> Option<Self::Signature>;

    /// Whether the signature is one of the message under the key, by the ecosystem's ordinary verifier,
    /// the strictest where there are several.
    #[must_use]
    fn verify(key: &Self::VerifyingKey, message: &[u8], signature: &Self::Signature) -> bool;

    /// Decodes a signature as it is customary for the scheme; refuses what is not canonical.
    fn decode_signature(bytes: &[u8]) -> Option<Self::Signature>;

    /// Decodes a key as it is customary for the scheme; refuses what is not canonical.
    fn decode_key(bytes: &[u8]) -> Option<Self::VerifyingKey>;
}

mod sealed {
    /// Suites are made here: a wrong one gives keys away.
    pub trait Sealed {}
}

/// A point in the one form that a scheme knows it by, and whether it was negated to get there.
///
/// It is built once, by [`Suite::normalize`]; whatever goes with the point (nonces, shares) then takes
/// the same sign from it. So no step of the protocol asks for a parity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normal<C: Curve> {
    element: Element<C>,
    negated: bool,
}

impl<C: Curve> Normal<C> {
    /// A point that came in this form.
    pub(super) fn received(element: Element<C>) -> Self {
        Self { element, negated: false }
    }

    /// The point as it is.
    fn kept(point: &C::Point) -> Self {
        Self { element: Element::new(*point), negated: false }
    }

    /// −P.
    fn negated(point: &C::Point) -> Self {
        Self { element: Element::new(-*point), negated: true }
    }

    /// The point, after any negation.
    pub fn point(&self) -> &C::Point {
        self.element.point()
    }

    /// Its encoding.
    pub fn as_bytes(&self) -> &[u8] {
        self.element.as_bytes()
    }

    /// Whether it was negated.
    pub fn is_negated(&self) -> bool {
        self.negated
    }

    /// ±value, as the point was.
    pub(crate) fn signed(&self, value: PublicScalar<C>) -> PublicScalar<C> {
        if self.negated { -value } else { value }
    }
}

/// What a request says of the key beside the message.
pub trait KeyUse<C: Curve>: Clone + PartialEq + Eq + fmt::Debug + Default + Send + Sync + Wire {
    /// The change from the key, or child key, to the one that signatures verify under, up to its sign.
    ///
    /// # Errors
    /// [`Usage::InvalidTweak`] if there is none, which nobody can bring about (2^-128).
    fn tweak(&self, key: &C::Point) -> Result<Tweak<C>, Usage>;
}

/// The key is used as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsIs;

impl<C: Curve> KeyUse<C> for AsIs {
    fn tweak(&self, _: &C::Point) -> Result<Tweak<C>, Usage> {
        Ok(Tweak::NONE)
    }
}

impl Wire for AsIs {
    fn size(_: &Shape) -> usize {
        0
    }
    fn write(&self, _: &mut alloc::vec::Vec<u8>) {}
    fn read(_: &mut Reader<'_>, _: &Shape) -> Option<Self> {
        Some(Self)
    }
}

/// A family of hashes of RFC 9591.
pub trait Hash {
    /// The output of H4 and H5.
    type Digest: AsRef<[u8]>;

    /// H(context ‖ tag ‖ input).
    fn digest(context: &str, tag: &str, input: &[u8]) -> Self::Digest;

    /// 64 bytes that the curve's `from_uniform_bytes` reduces to the hash's scalar.
    fn uniform(context: &str, tag: &str, input: &[&[u8]]) -> Zeroizing<[u8; 64]>;
}

/// A hash of 64 bytes, such as SHA-512, reduced modulo the group order.
#[derive(Debug)]
pub struct Wide<D>(core::marker::PhantomData<D>);

impl<D: Digest<OutputSize = U64>> Hash for Wide<D> {
    type Digest = [u8; 64];

    fn digest(context: &str, tag: &str, input: &[u8]) -> [u8; 64] {
        *Self::uniform(context, tag, &[input])
    }

    fn uniform(context: &str, tag: &str, input: &[&[u8]]) -> Zeroizing<[u8; 64]> {
        let start = D::new().chain_update(context).chain_update(tag);
        Zeroizing::new(input.iter().fold(start, D::chain_update).finalize().into())
    }
}

/// SHA-256; scalars by `hash_to_field` with `expand_message_xmd` of RFC 9380, L = 48.
#[derive(Debug)]
pub struct Xmd;

impl Hash for Xmd {
    type Digest = [u8; 32];

    fn digest(context: &str, tag: &str, input: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(context).chain_update(tag).chain_update(input).finalize().into()
    }

    /// RFC 9380, section 5.3.1, for the one length that is needed: 48 bytes, two blocks. They stand
    /// behind 16 zeros, as a big-endian number of 64 bytes.
    fn uniform(context: &str, tag: &str, input: &[&[u8]]) -> Zeroizing<[u8; 64]> {
        const Z_PAD: [u8; 64] = [0; 64];
        let length = u8::try_from(context.len() + tag.len()).unwrap_or(u8::MAX);
        let end = |hash: Sha256| hash.chain_update(context).chain_update(tag).chain_update([length]).finalize();
        let b_0 = input.iter().fold(Sha256::new().chain_update(Z_PAD), Sha256::chain_update);
        let mut b_0 = end(b_0.chain_update(48u16.to_be_bytes()).chain_update([0]));
        let b_1 = end(Sha256::new().chain_update(b_0).chain_update([1]));
        b_0.iter_mut().zip(&b_1).for_each(|(to, from)| *to ^= from);
        let b_2 = end(Sha256::new().chain_update(b_0).chain_update([2]));
        let mut wide = Zeroizing::new([0; 64]);
        wide.iter_mut().skip(16).zip(b_1.iter().chain(&b_2)).for_each(|(to, from)| *to = *from);
        wide
    }
}
