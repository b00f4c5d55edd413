//! A public change of a key that every party makes alone: to a child key, to a Taproot output key.

use crate::curve::{Curve, PublicScalar, Scalar};
use crate::secret::Secret;

/// s ↦ ±s + offset, on secrets, shares and their images alike.
///
/// The constant polynomial shares the constant, so every party adds the whole offset to its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tweak<C: Curve> {
    negate: bool,
    offset: PublicScalar<C>,
}

impl<C: Curve> Tweak<C> {
    /// No change.
    pub const NONE: Self = Self { negate: false, offset: PublicScalar::ZERO };

    /// s ↦ s + offset.
    pub fn add(offset: PublicScalar<C>) -> Self {
        Self { negate: false, offset }
    }

    /// s ↦ −s.
    pub fn negate() -> Self {
        Self { negate: true, offset: PublicScalar::ZERO }
    }

    /// This change, then another.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let offset = if next.negate { -self.offset } else { self.offset };
        Self { negate: self.negate != next.negate, offset: offset + next.offset }
    }

    /// The changed secret or share. The tweak is public, the share's time is constant.
    pub fn secret(&self, share: &Secret<Scalar<C>>) -> Secret<Scalar<C>> {
        if self.negate {
            Secret::new(*self.offset.value() - share.expose())
        } else {
            Secret::new(*self.offset.value() + share.expose())
        }
    }

    /// What is added at the end.
    pub(crate) fn offset(&self) -> PublicScalar<C> {
        self.offset
    }

    /// ±value: what a factor of the secret becomes.
    pub(crate) fn signed(&self, value: PublicScalar<C>) -> PublicScalar<C> {
        if self.negate { -value } else { value }
    }

    /// The changed image of a secret or share.
    pub fn point(&self, image: &C::Point) -> C::Point {
        if self.offset.is_zero() {
            return if self.negate { -*image } else { *image };
        }
        let shift = C::mul_base(self.offset.value());
        if self.negate { shift - *image } else { shift + *image }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Secp256k1;

    #[test]
    fn secrets_and_images_go_together() {
        type C = Secp256k1;
        let secret = Secret::new(Scalar::<C>::from(77u64));
        let image = C::mul_base(secret.expose());
        let steps = [Tweak::add(PublicScalar::from(5)), Tweak::negate(), Tweak::add(PublicScalar::from(9))];
        let tweak = steps.into_iter().fold(Tweak::<C>::NONE, Tweak::then);
        assert_eq!(*tweak.secret(&secret).expose(), -(Scalar::<C>::from(77u64 + 5)) + Scalar::<C>::from(9u64));
        assert_eq!(tweak.point(&image), C::mul_base(tweak.secret(&secret).expose()));
        assert_eq!(Tweak::<C>::NONE.point(&image), image);
    }
}
