//! A child of a shared key, as signing takes it: path, δ, X', chain code.

use alloc::vec::Vec;
use core::fmt;

use group::Group;

use super::{ChildIndex, Derivable, DerivationPath, ExtendedKey, NO_SHAPE, Origin, is_none};
use crate::curve::{Curve, PublicScalar};
use crate::error::Usage;
use crate::key::share::chain_code_digest;
use crate::key::{KeyShare, PublicKeyPackage, Scheme, Tweak};
use crate::secret::Secret;
use crate::transcript::Transcript;
use crate::wire::{Element, Reader, Wire};

/// The way from a key to one of its children: the path, δ, and the child X' = X + δ·G. A request holds it.
///
/// It is public, and links the two keys.
#[derive(Clone, PartialEq, Eq)]
pub struct ChildTweak<S: Scheme> {
    path: DerivationPath,
    delta: PublicScalar<S::Curve>,
    key: Element<S::Curve>,
}

impl<S: Scheme> ChildTweak<S> {
    #[cfg(test)]
    pub(crate) fn for_test(
        path: DerivationPath,
        delta: PublicScalar<S::Curve>,
        key: &<S::Curve as Curve>::Point,
    ) -> Self {
        Self { path, delta, key: Element::new(*key) }
    }

    /// The path from the root.
    pub fn path(&self) -> &DerivationPath {
        &self.path
    }

    /// δ.
    pub fn delta(&self) -> &PublicScalar<S::Curve> {
        &self.delta
    }

    /// The child's encoding: for secp256k1 the full point, before x-only and Taproot.
    pub fn key(&self) -> &[u8] {
        self.key.as_bytes()
    }

    /// X'.
    pub(crate) fn element(&self) -> &Element<S::Curve> {
        &self.key
    }

    /// H(path), for those that hold a path as 32 bytes.
    pub(crate) fn path_digest(&self) -> [u8; 32] {
        let steps = self.path.steps().iter().map(|step| step.get().to_be_bytes());
        Transcript::new("derivation-path").list(steps).digest()
    }

    /// 5.1: the change of the root's shares and images, after checking that it leads from this root to the child.
    ///
    /// # Errors
    /// [`Usage::InvalidTweak`] if it leads to the identity, [`Usage::OtherKey`] if it is of another key.
    pub(crate) fn tweak(&self, root: &<S::Curve as Curve>::Point) -> Result<Tweak<S::Curve>, Usage> {
        let tweak = Tweak::add(self.delta);
        let child = tweak.point(root);
        if bool::from(child.is_identity()) {
            return Err(Usage::InvalidTweak);
        }
        if child == *self.key.point() { Ok(tweak) } else { Err(Usage::OtherKey) }
    }

    pub(crate) fn size(&self) -> usize {
        1 + 4 * self.path.steps().len() + 32 + S::Curve::POINT_LEN
    }

    /// steps 1 ‖ steps × 4 ‖ δ 32 ‖ X'.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.path.steps().len()).unwrap_or(u8::MAX));
        self.path.steps().iter().for_each(|step| out.extend_from_slice(&step.get().to_be_bytes()));
        self.delta.write(out);
        self.key.write(out);
    }

    /// What follows the number of steps, which is not 0.
    pub(crate) fn read(steps: u8, input: &mut Reader<'_>) -> Option<Self> {
        let steps: Option<Vec<_>> = (0..steps).map(|_| ChildIndex::new(input.u32()?).ok()).collect();
        let path = DerivationPath::new(steps?).ok()?;
        Some(Self { path, delta: PublicScalar::read(input, &NO_SHAPE)?, key: Element::read(input, &NO_SHAPE)? })
    }
}

impl<S: Derivable> ChildTweak<S> {
    /// 5.2: that the path leads from this party's key to this child.
    ///
    /// # Errors
    /// [`Usage::OtherKey`] if it does not, and those of [`KeyShare::derive`].
    pub(crate) fn check(&self, key_share: &KeyShare<S>) -> Result<(), Usage> {
        if key_share.derive(&self.path)?.tweak == *self { Ok(()) } else { Err(Usage::OtherKey) }
    }
}

impl<S: Scheme> fmt::Debug for ChildTweak<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChildTweak({} {:?}, {:?})", S::NAME, self.path, self.key)
    }
}

/// A child of a shared key, which signing takes: (δ, X', chain code).
///
/// It comes from a key share or from a public package, whose chain code was compared with what the key's parties
/// agreed on.
pub struct ChildKey<S: Derivable> {
    tweak: ChildTweak<S>,
    extended: ExtendedKey<S>,
}

impl<S: Derivable> ChildKey<S> {
    fn of(root: &ExtendedKey<S>, path: &DerivationPath) -> Result<Self, Usage> {
        let (extended, delta) = root.walk(path)?;
        let tweak = ChildTweak { path: path.clone(), delta, key: extended.key };
        Ok(Self { tweak, extended })
    }

    /// The path from the root.
    pub fn path(&self) -> &DerivationPath {
        &self.tweak.path
    }

    /// Path, δ and key: what a request holds.
    pub fn tweak(&self) -> &ChildTweak<S> {
        &self.tweak
    }

    /// The key and its chain code: its address, its xpub.
    pub fn extended_key(&self) -> &ExtendedKey<S> {
        &self.extended
    }

    /// The key and its chain code, by value.
    pub fn into_extended_key(self) -> ExtendedKey<S> {
        self.extended
    }

    /// A child of this child.
    ///
    /// # Errors
    /// Those of [`ExtendedKey::derive`].
    pub fn derive(&self, path: &DerivationPath) -> Result<Self, Usage> {
        let (extended, shift) = self.extended.walk(path)?;
        let path = self.tweak.path.join(path)?;
        let tweak = ChildTweak { path, delta: self.tweak.delta + shift, key: extended.key };
        Ok(Self { tweak, extended })
    }
}

impl<S: Derivable> fmt::Debug for ChildKey<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChildKey({} {:?}, {:?})", S::NAME, self.tweak.path, self.tweak.key)
    }
}

impl<S: Derivable> PublicKeyPackage<S> {
    /// The shared key with its chain code: the root of all children.
    ///
    /// # Errors
    /// [`Usage::OtherChainCode`] if it is not the key's; [`Usage::NoDerivation`] if the key has none.
    pub fn extended_key(&self, chain_code: &Secret<[u8; 32]>) -> Result<ExtendedKey<S>, Usage> {
        if chain_code_digest(chain_code) != *self.chain_code_digest() {
            return Err(Usage::OtherChainCode); // 1.1
        }
        if is_none(chain_code) {
            return Err(Usage::NoDerivation);
        }
        let chain_code = Secret::new(*chain_code.expose());
        Ok(ExtendedKey::at(Origin::ROOT, Element::new(self.joint_point()), chain_code))
    }

    /// A child of the shared key, for a coordinator that was given the chain code.
    ///
    /// # Errors
    /// Those of [`Self::extended_key`] and of [`ExtendedKey::derive`].
    pub fn derive(&self, chain_code: &Secret<[u8; 32]>, path: &DerivationPath) -> Result<ChildKey<S>, Usage> {
        ChildKey::of(&self.extended_key(chain_code)?, path)
    }
}

impl<S: Derivable> KeyShare<S> {
    /// The shared key with its chain code: the root of all children, for an [`Xpub`](super::Xpub).
    ///
    /// # Errors
    /// [`Usage::NoDerivation`] if the key came without a chain code.
    pub fn extended_key(&self) -> Result<ExtendedKey<S>, Usage> {
        self.public().extended_key(self.chain_code())
    }

    /// A child of the shared key. All parties get the same one, each alone; nothing of the share changes.
    ///
    /// # Errors
    /// [`Usage::NoDerivation`], and those of [`ExtendedKey::derive`].
    pub fn derive(&self, path: &DerivationPath) -> Result<ChildKey<S>, Usage> {
        ChildKey::of(&self.extended_key()?, path)
    }
}
