//! Which key signs: the shared one, or a child of it.

use core::fmt;

use group::Group;

use crate::curve::{Curve, PublicScalar};
use crate::ecdsa::EcdsaScheme;
use crate::error::Usage;
use crate::key::{ChildKey, Derivable};

/// Which key signs: the one that is shared, or a child of it that lies δ further on.
///
/// # Examples
/// An address for customer 7, and a request for its signature: each party makes both alone.
/// ```
/// use cosigil::ecdsa::{self, Child, Prehash, Request, Secp256k1Ecdsa};
/// # use cosigil::{Parties, PartyId, Threshold, Transcript, curve, hazmat};
/// # let mut rng = Transcript::new("an example").rng();
/// # let parties = Parties::without_identities([PartyId::new(1)?, PartyId::new(2)?])?;
/// # let secret = curve::random_scalar::<curve::Secp256k1>(&mut rng);
/// # let shares = hazmat::split::<Secp256k1Ecdsa>(&secret, Threshold::new(2)?, &parties, &mut rng)?;
/// # let share = &shares[0];
///
/// let child = share.derive(&"m/0/7".parse()?)?;
/// let address_key: k256::ecdsa::VerifyingKey = child.extended_key().verifying_key()?;
/// let request = Request::<Secp256k1Ecdsa>::new(Prehash::new([7; 32]), Child::from(&child))?;
/// // Sign it with a presignature, or interactively; the signature verifies under the address's key.
/// let key = ecdsa::verifying_key(share.public(), request.child())?;
/// assert_eq!(k256::ecdsa::VerifyingKey::from_affine(key.to_affine()).ok(), Some(address_key));
/// # Ok::<(), cosigil::Error>(())
/// ```
/// P-256 has no children:
/// ```compile_fail,E0277
/// use cosigil::ecdsa::{Child, P256Ecdsa};
/// use cosigil::key::ChildKey;
///
/// fn child(of: &ChildKey<P256Ecdsa>) -> Child<P256Ecdsa> {
///     of.into()
/// }
/// ```
pub struct Child<S: EcdsaScheme> {
    delta: PublicScalar<S::Curve>,
    /// H(path); zeros where there is none.
    path: [u8; 32],
    /// X', where it is known.
    key: Option<<S::Curve as Curve>::Point>,
}

impl<S: EcdsaScheme> Child<S> {
    /// The shared key itself, δ = 0.
    pub const ITSELF: Self = Self { delta: PublicScalar::ZERO, path: [0; 32], key: None };

    /// The key X + δ·G, wherever δ comes from.
    pub(crate) fn at_offset(delta: PublicScalar<S::Curve>) -> Self {
        Self { delta, path: [0; 32], key: None }
    }

    /// δ.
    pub fn delta(&self) -> &PublicScalar<S::Curve> {
        &self.delta
    }

    /// H(path).
    pub(super) fn path_digest(&self) -> &[u8; 32] {
        &self.path
    }

    /// X' = X + δ·G. Step 5.1 of `docs/derivation.md`, where X' is known.
    ///
    /// # Errors
    /// [`Usage::InvalidTweak`] if it is the identity, [`Usage::OtherKey`] if the child is that of another key.
    pub fn key(&self, parent: &<S::Curve as Curve>::Point) -> Result<<S::Curve as Curve>::Point, Usage> {
        let shift = || *parent + S::Curve::mul_base(self.delta.value());
        let child = if self.delta.is_zero() { *parent } else { shift() };
        if bool::from(child.is_identity()) {
            return Err(Usage::InvalidTweak);
        }
        if self.key.is_none_or(|key| key == child) { Ok(child) } else { Err(Usage::OtherKey) }
    }
}

/// 5.3: the child at the end of a path, walked with the key's chain code; the path of no steps is the key itself.
impl<S: EcdsaScheme + Derivable> From<&ChildKey<S>> for Child<S> {
    fn from(child: &ChildKey<S>) -> Self {
        let (tweak, root) = (child.tweak(), child.path().is_root());
        let path = if root { [0; 32] } else { tweak.path_digest() };
        Self { delta: *tweak.delta(), path, key: Some(*tweak.element().point()) }
    }
}

impl<S: EcdsaScheme> Clone for Child<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: EcdsaScheme> Copy for Child<S> {}

impl<S: EcdsaScheme> fmt::Debug for Child<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Child({:?})", self.delta)
    }
}
