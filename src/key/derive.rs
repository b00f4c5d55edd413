//! Child keys: every party derives them alone, out of the public key and the chain code.
//!
//! A path of indices leads from the shared key X to X' = X + δ·G. The parties need to agree on the path and on
//! nothing else: each adds the public δ to its share, or to what it makes of it. Only what is not hardened can be
//! derived: hardened children are hashed from the secret key, which nobody has.
//!
//! - [`KeyShare::derive`](super::KeyShare::derive), [`PublicKeyPackage::derive`](super::PublicKeyPackage::derive): a [`ChildKey`], which signing takes.
//! - [`ExtendedKey`], [`Xpub`]: a key and its chain code, from which others derive public keys, to watch them.
//!
//! Which scheme it is hangs on what the key is made for ([`Derivable`]): BIP-32 for secp256k1 ECDSA and Taproot,
//! BIP32-Ed25519 (not SLIP-0010) for Ed25519 with SHA-512. The others have none, by type.
//!
//! # Security
//! - The chain code is no secret key, but whoever has it and the public key can compute, and so link, every child.
//!   It belongs to the parties and to those who watch the wallet.
//! - The *secret* key of one child together with the chain code gives the secret key of the root and so of all
//!   children: x = x' − δ. Here no child ever has a secret key in one place; do not make one.
//!
//! Source: BIP-32; Khovratovich, Law, "BIP32-Ed25519". Steps are those of `docs/derivation.md`.
//!
//! # Examples
//! ```
//! use cosigil::ecdsa::Secp256k1Ecdsa;
//! use cosigil::key::{DerivationPath, Network, Xpub};
//! # use cosigil::{Parties, PartyId, Threshold, Transcript, curve, hazmat};
//! # let mut rng = Transcript::new("an example").rng();
//! # let parties = Parties::without_identities([PartyId::new(1)?, PartyId::new(2)?])?;
//! # let secret = curve::random_scalar::<curve::Secp256k1>(&mut rng);
//! # let key_shares = hazmat::split::<Secp256k1Ecdsa>(&secret, Threshold::new(2)?, &parties, &mut rng)?;
//! # let (ours, theirs) = (&key_shares[0], &key_shares[1]);
//!
//! // Each party for itself, and a shop that only has the xpub: the same key.
//! let path: DerivationPath = "m/0/7".parse()?;
//! let child = ours.derive(&path)?;
//! let xpub = Xpub::new(Network::Mainnet, theirs.extended_key()?).to_string();
//! let watched: Xpub<Secp256k1Ecdsa> = xpub.parse()?;
//! assert_eq!(child.extended_key().verifying_key()?, watched.key().derive(&path)?.verifying_key()?);
//! # Ok::<(), cosigil::Usage>(())
//! ```

pub(crate) mod bip32;
mod child;
pub(crate) mod ed25519_bip32;
mod path;
#[cfg(test)]
mod tests;
mod xpub;

pub use self::child::{ChildKey, ChildTweak};
pub use self::path::{ChildIndex, DerivationPath};
pub use self::xpub::{Network, Xpub};

use core::fmt;
use core::marker::PhantomData;

use group::Group;
use hmac::{Hmac, KeyInit, Mac};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::share::Scheme;
use crate::curve::{Curve, PublicScalar};
use crate::error::Usage;
use crate::secret::Secret;
use crate::wire::{Element, Reader, Shape, Wire};

const NO_SHAPE: Shape = Shape { threshold: 0, parties: 0, batch: 0 };

/// A scheme whose keys have children.
///
/// ```compile_fail,E0277
/// use cosigil::ecdsa::P256Ecdsa;
/// use cosigil::key::{Derivable, ExtendedKey};
///
/// fn children<S: Derivable>() {}
/// children::<P256Ecdsa>(); // P-256 has no derivation here, nor has ristretto255 or NEM's Ed25519
/// ```
pub trait Derivable: Scheme {
    /// The name of the scheme of derivation.
    const DERIVATION: &'static str;

    /// One step: how far the child lies from its parent, and its chain code. `None` if the index has no child.
    fn step(
        parent: &Element<Self::Curve>,
        chain_code: &Secret<[u8; 32]>,
        index: ChildIndex,
    ) -> Option<Step<Self::Curve>>;
}

/// What one step of derivation gives.
#[derive(Debug)]
pub struct Step<C: Curve> {
    /// What is added to the parent's secret key.
    pub shift: PublicScalar<C>,
    /// The child's chain code.
    pub chain_code: Secret<[u8; 32]>,
}

/// HMAC-SHA512 under the chain code.
fn mac(chain_code: &Secret<[u8; 32]>, parts: &[&[u8]]) -> Zeroizing<[u8; 64]> {
    let mut key = Zeroizing::new([0; 128]); // a shorter key is filled up with zeros: RFC 2104
    key.iter_mut().zip(chain_code.expose()).for_each(|(to, from)| *to = *from);
    let mac = parts.iter().fold(Hmac::<Sha512>::new((&*key).into()), |mac, part| mac.chain_update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// 32 bytes as a secret, copied nowhere else.
fn secret_of(bytes: &[u8]) -> Option<Secret<[u8; 32]>> {
    let mut secret = Secret::new([0; 32]);
    if bytes.len() != 32 {
        return None;
    }
    secret.expose_mut().copy_from_slice(bytes);
    Some(secret)
}

/// Whether this is what stands for no chain code: zeros. That is no secret.
fn is_none(chain_code: &Secret<[u8; 32]>) -> bool {
    chain_code.expose().ct_eq(&[0; 32]).into()
}

/// Where in a tree an extended key says it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
    depth: u8,
    /// HASH160 of the parent's encoding, its first 4 bytes.
    fingerprint: [u8; 4],
    /// Of other software's keys, it may be that of a hardened step.
    index: u32,
}

impl Origin {
    const ROOT: Self = Self { depth: 0, fingerprint: [0; 4], index: 0 };
}

/// A public key and its chain code: all that it takes to derive public keys below it, alone.
///
/// # Security
/// It cannot sign, but who has it can link every child; and with the *secret* key of one child it gives that of
/// all. Give it to those who must watch the wallet. `Debug` shows the key alone.
pub struct ExtendedKey<S: Derivable> {
    origin: Origin,
    key: Element<S::Curve>,
    chain_code: Secret<[u8; 32]>,
    scheme: PhantomData<S>,
}

impl<S: Derivable> ExtendedKey<S> {
    /// A root, from its encoded key and its chain code.
    ///
    /// # Errors
    /// [`Usage::Malformed`] unless the key is a canonical encoding of a point of the prime-order group;
    /// [`Usage::NoDerivation`] for zeros, which stand for no chain code.
    pub fn root(key: &[u8], chain_code: Secret<[u8; 32]>) -> Result<Self, Usage> {
        let mut input = Reader::new(key);
        let element = Element::read(&mut input, &NO_SHAPE).ok_or(Usage::Malformed)?;
        input.finish().ok_or(Usage::Malformed)?;
        if is_none(&chain_code) { Err(Usage::NoDerivation) } else { Ok(Self::at(Origin::ROOT, element, chain_code)) }
    }

    fn at(origin: Origin, key: Element<S::Curve>, chain_code: Secret<[u8; 32]>) -> Self {
        Self { origin, key, chain_code, scheme: PhantomData }
    }

    /// The key's encoding, 32 or 33 bytes: for secp256k1 the full point with its parity.
    pub fn as_bytes(&self) -> &[u8] {
        self.key.as_bytes()
    }

    /// The key.
    pub(crate) fn point(&self) -> &<S::Curve as Curve>::Point {
        self.key.point()
    }

    /// The chain code.
    pub fn chain_code(&self) -> &Secret<[u8; 32]> {
        &self.chain_code
    }

    /// How many steps lie above.
    pub fn depth(&self) -> u8 {
        self.origin.depth
    }

    /// The fingerprint of the key itself, by which its children name their parent: 4 bytes.
    pub fn fingerprint(&self) -> [u8; 4] {
        let [a, b, c, d, ..]: [u8; 20] = Ripemd160::digest(Sha256::digest(self.key.as_bytes())).into();
        [a, b, c, d]
    }

    /// The extended key at the end of a path that begins here.
    ///
    /// # Errors
    /// [`Usage::InvalidChild`] for an index that has no child: take the next one (2^-127).
    /// [`Usage::PathTooLong`] below depth 255.
    pub fn derive(&self, path: &DerivationPath) -> Result<Self, Usage> {
        Ok(self.walk(path)?.0)
    }

    /// The child and δ, the sum of all steps.
    fn walk(&self, path: &DerivationPath) -> Result<(Self, PublicScalar<S::Curve>), Usage> {
        let here = Self::at(self.origin, self.key, Secret::new(*self.chain_code.expose()));
        path.steps().iter().try_fold((here, PublicScalar::ZERO), |(parent, delta), index| {
            let (child, shift) = parent.child(*index)?;
            Ok((child, delta + shift)) // 1.4
        })
    }

    fn child(&self, index: ChildIndex) -> Result<(Self, PublicScalar<S::Curve>), Usage> {
        let depth = self.origin.depth.checked_add(1).ok_or(Usage::PathTooLong)?; // 1.2
        let none = Usage::InvalidChild(index.get());
        let Step { shift, chain_code } = S::step(&self.key, &self.chain_code, index).ok_or(none)?;
        let child = *self.key.point() + S::Curve::mul_base(shift.value());
        if bool::from(child.is_identity()) {
            return Err(none); // 1.3
        }
        let origin = Origin { depth, fingerprint: self.fingerprint(), index: index.get() };
        Ok((Self::at(origin, Element::new(child), chain_code), shift))
    }
}

impl<S: Derivable> fmt::Debug for ExtendedKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtendedKey({}, {:?}, depth {})", S::NAME, self.key, self.origin.depth)
    }
}
