//! What is signed and what comes out: message digests, signatures with their recovery id, verification.
//!
//! Signatures are the ecosystem's types, made and checked by its crates. They leave with s in the lower
//! half of the scalars, on both curves, and verified.

use core::fmt;
use core::marker::PhantomData;

use ecdsa::RecoveryId;
use ecdsa::signature::hazmat::PrehashVerifier;
use group::GroupEncoding;
use sha2::Digest;
use sha2::digest::typenum::U32;

use super::{EcdsaScheme, P256Ecdsa, Secp256k1Ecdsa};
use crate::curve::{Curve, P256, PublicScalar, Secp256k1};
use crate::error::Usage;
use crate::key::{ExtendedKey, PublicKeyPackage};
use crate::mul::rvole::MulCurve;

/// A curve with an ordinary ECDSA beside ours.
pub trait EcdsaCurve: MulCurve {
    /// The signature type of the curve's crate: `k256::ecdsa::Signature`, `p256::ecdsa::Signature`.
    type Signature: Copy + PartialEq + Eq + fmt::Debug + Send + Sync + 'static;

    /// The signature (r, s); `None` if one of them is 0.
    fn signature(r: &PublicScalar<Self>, s: &PublicScalar<Self>) -> Option<Self::Signature>;

    /// Reads a signature in ASN.1 DER, as Bitcoin and X.509 carry it.
    fn from_der(bytes: &[u8]) -> Option<Self::Signature>;

    /// Reads a signature as r ‖ s, 64 bytes (IEEE P1363).
    fn from_p1363(bytes: &[u8]) -> Option<Self::Signature>;

    /// The same signature with s in the lower half.
    fn with_low_s(signature: &Self::Signature) -> Self::Signature;

    /// The curve's own verification of a signature with low s.
    fn verify(key: &Self::Point, digest: &[u8; 32], signature: &Self::Signature) -> bool;
}

/// What a curve's crate does for ECDSA.
macro_rules! ordinary_ecdsa {
    ($curve:ty, $krate:ident) => {
        impl EcdsaCurve for $curve {
            type Signature = $krate::ecdsa::Signature;

            fn signature(r: &PublicScalar<Self>, s: &PublicScalar<Self>) -> Option<Self::Signature> {
                $krate::ecdsa::Signature::from_scalars(r.encode(), s.encode()).ok()
            }

            fn from_der(bytes: &[u8]) -> Option<Self::Signature> {
                $krate::ecdsa::Signature::from_der(bytes).ok()
            }

            fn from_p1363(bytes: &[u8]) -> Option<Self::Signature> {
                $krate::ecdsa::Signature::from_slice(bytes).ok()
            }

            fn with_low_s(signature: &Self::Signature) -> Self::Signature {
                signature.normalize_s()
            }

            fn verify(key: &Self::Point, digest: &[u8; 32], signature: &Self::Signature) -> bool {
                let key = $krate::ecdsa::VerifyingKey::from_affine(key.to_affine());
                key.is_ok_and(|key| key.verify_prehash(digest, signature).is_ok())
            }
        }
    };
}

ordinary_ecdsa!(Secp256k1, k256);
ordinary_ecdsa!(P256, p256);

/// The key as the world knows it, for one scheme.
macro_rules! verifying_key {
    ($scheme:ty, $krate:ident) => {
        impl PublicKeyPackage<$scheme> {
            /// The key that the parties sign under, as the world knows it: what addresses are made of.
            ///
            /// # Errors
            /// [`Usage::Identity`], which nobody can bring about.
            pub fn verifying_key(&self) -> Result<$krate::ecdsa::VerifyingKey, Usage> {
                $krate::ecdsa::VerifyingKey::from_affine(self.joint_point().to_affine()).map_err(|_| Usage::Identity)
            }
        }
    };
}

verifying_key!(Secp256k1Ecdsa, k256);
verifying_key!(P256Ecdsa, p256);

impl ExtendedKey<Secp256k1Ecdsa> {
    /// The key as the world knows it, from public data alone: what addresses are made of, and what signatures under
    /// the child verify with.
    ///
    /// # Errors
    /// [`Usage::Identity`], which nobody can bring about.
    pub fn verifying_key(&self) -> Result<k256::ecdsa::VerifyingKey, Usage> {
        k256::ecdsa::VerifyingKey::from_affine(self.point().to_affine()).map_err(|_| Usage::Identity)
    }
}

/// Which values of s a verifier takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SRule {
    /// The lower half only: Bitcoin, Ethereum, and all that this library makes.
    Low,
    /// Any, as the standard has it: from each signature anybody can make another one.
    Any,
}

/// Verifies an ordinary signature over a digest, by the curve's crate.
///
/// The digest of 0 is verified by the curve's rule like any other, though nobody here signs it.
#[must_use]
pub fn verify<S: EcdsaScheme>(
    key: &<S::Curve as Curve>::Point,
    prehash: &Prehash,
    signature: &<S::Curve as EcdsaCurve>::Signature,
    rule: SRule,
) -> bool {
    let low = S::Curve::with_low_s(signature);
    (rule == SRule::Any || low == *signature) && S::Curve::verify(key, prehash.as_bytes(), &low)
}

/// The digest of a message: 32 bytes that *this* party hashed, or was given by somebody it trusts to.
///
/// Whoever chooses the digest of a message that nobody has seen makes the signature mean what it likes. With
/// the message at hand, use [`Message`].
///
/// A bare slice of bytes is not a digest:
///
/// ```compile_fail,E0308
/// use cosigil::ecdsa::Prehash;
/// let prehash: Prehash = b"pay 5 to Bob".as_slice();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prehash([u8; 32]);

impl Prehash {
    /// The digest made of these 32 bytes.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// m, the digest as a scalar: big-endian, reduced.
    pub(super) fn scalar<C: Curve>(&self) -> PublicScalar<C> {
        reduce(&self.0)
    }
}

/// A message, with the hash it is signed under in its type.
///
/// ```
/// use cosigil::ecdsa::{Message, Prehash};
/// let digest: Prehash = Message::<sha2::Sha256>::new(b"hello").into();
/// assert_eq!(digest.as_bytes()[..4], [0x2c, 0xf2, 0x4d, 0xba]);
/// let ethereum: Prehash = Message::<sha3::Keccak256>::new(b"hello").into();
/// assert_eq!(ethereum.as_bytes()[..4], [0x1c, 0x8a, 0xff, 0x95]);
/// ```
pub struct Message<'a, H> {
    bytes: &'a [u8],
    hash: PhantomData<H>,
}

impl<H> Clone for Message<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Message<'_, H> {}

impl<H> fmt::Debug for Message<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} bytes)", self.bytes.len())
    }
}

impl<'a, H: Digest<OutputSize = U32>> Message<'a, H> {
    /// A message to be hashed with `H`, a hash of 32 bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, hash: PhantomData }
    }
}

impl<H: Digest<OutputSize = U32>> From<Message<'_, H>> for Prehash {
    fn from(message: Message<'_, H>) -> Self {
        Self(H::digest(message.bytes).into())
    }
}

/// A signature, verified, with s in the lower half, and the id by which its key is recovered from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signed<S: EcdsaScheme> {
    /// The signature, of the curve's crate.
    pub signature: <S::Curve as EcdsaCurve>::Signature,
    /// Bit 0: y(R') is odd. Bit 1: x(R') ≥ q.
    pub recovery_id: RecoveryId,
}

impl<S: EcdsaScheme> fmt::Debug for Signed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({:?}, {})", self.signature, self.recovery_id.to_byte())
    }
}

/// r = x mod q of a nonce point, and the recovery id it gives. `None` for the identity and for r = 0.
pub(super) fn nonce_coordinate<C: Curve>(point: &C::Point) -> Option<(PublicScalar<C>, RecoveryId)> {
    coordinate_of(point.to_bytes().as_ref())
}

/// The same for a point in its encoding.
pub(super) fn coordinate_of<C: Curve>(encoding: &[u8]) -> Option<(PublicScalar<C>, RecoveryId)> {
    let (tag, x) = encoding.split_first()?;
    let x: &[u8; 32] = x.try_into().ok()?;
    let odd = match tag {
        2 => false,
        3 => true,
        _ => return None,
    };
    let r = reduce::<C>(x);
    let reduced = PublicScalar::<C>::decode(x).is_none();
    (!r.is_zero()).then_some((r, RecoveryId::new(odd, reduced)))
}

/// 32 big-endian bytes modulo q. In public time.
fn reduce<C: Curve>(bytes: &[u8; 32]) -> PublicScalar<C> {
    PublicScalar::decode(bytes).unwrap_or_else(|| {
        let mut wide = [0; 8];
        let (words, _) = bytes.as_chunks::<8>();
        wide.iter_mut().zip(words.iter().rev()).for_each(|(limb, word)| *limb = u64::from_be_bytes(*word));
        PublicScalar::reveal(C::reduce_wide(&wide))
    })
}

/// Lowers s, flips the recovery id with it, and verifies. `None`: not a signature under this key.
pub(super) fn finish<S: EcdsaScheme>(
    (r, recovery_id): (&PublicScalar<S::Curve>, RecoveryId),
    s: &PublicScalar<S::Curve>,
    key: &<S::Curve as Curve>::Point,
    prehash: &Prehash,
) -> Option<Signed<S>> {
    let raw = S::Curve::signature(r, s)?;
    let signature = S::Curve::with_low_s(&raw);
    let flipped = signature != raw;
    let recovery_id = RecoveryId::new(recovery_id.is_y_odd() != flipped, recovery_id.is_x_reduced());
    verify::<S>(key, prehash, &signature, SRule::Low).then_some(Signed { signature, recovery_id })
}

/// A digest that may be signed: one that is 0 as a scalar may not.
///
/// Anybody can make a signature on it (R' = a·X', s = r'/a), so one on it means nothing.
pub(super) fn signable<C: Curve>(prehash: &Prehash) -> Result<PublicScalar<C>, Usage> {
    let m = prehash.scalar::<C>();
    if m.is_zero() { Err(Usage::ZeroDigest) } else { Ok(m) }
}
