//! Which key a request names: the shared one, or, where the suite has derivation, a child of it.

use alloc::vec::Vec;
use core::fmt;

use crate::curve::Curve;
use crate::error::Usage;
use crate::key::{ChildKey, ChildTweak, Derivable, KeyShare, Scheme, Tweak};
use crate::wire::Reader;

/// Which key a request names. Its encoding begins with the number of steps of derivation.
pub trait Place<S: Scheme>: Clone + PartialEq + Eq + fmt::Debug + Default + Send + Sync {
    /// The change from the shared key to the one that is named.
    ///
    /// # Errors
    /// [`Usage::OtherKey`] for a child of another key, [`Usage::InvalidTweak`] for the identity.
    fn tweak(&self, key: &<S::Curve as Curve>::Point) -> Result<Tweak<S::Curve>, Usage>;

    /// Whether the path leads where it says, by this party's own chain code.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], and those of [`KeyShare::derive`].
    fn check(&self, key_share: &KeyShare<S>) -> Result<(), Usage>;

    /// The length of the encoding.
    fn size(&self) -> usize;

    /// Writes the encoding.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads it; `None` if it is not canonical, or if the suite has no derivation.
    fn read(input: &mut Reader<'_>) -> Option<Self>;
}

/// The shared key: the suite has no derivation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RootOnly;

impl<S: Scheme> Place<S> for RootOnly {
    fn tweak(&self, _: &<S::Curve as Curve>::Point) -> Result<Tweak<S::Curve>, Usage> {
        Ok(Tweak::NONE)
    }
    fn check(&self, _: &KeyShare<S>) -> Result<(), Usage> {
        Ok(())
    }
    fn size(&self) -> usize {
        1
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.push(0);
    }
    fn read(input: &mut Reader<'_>) -> Option<Self> {
        input.u8().filter(|steps| *steps == 0).map(|_| Self)
    }
}

/// The shared key or a child of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InTree<S: Derivable>(Option<ChildTweak<S>>);

impl<S: Derivable> InTree<S> {
    /// The shared key itself.
    pub const ROOT: Self = Self(None);

    /// The child; the path of no steps is the key itself.
    pub fn at(child: &ChildKey<S>) -> Self {
        Self(if child.path().is_root() { None } else { Some(child.tweak().clone()) })
    }

    /// The child; `None` for the key itself.
    pub fn child(&self) -> Option<&ChildTweak<S>> {
        self.0.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn for_test(child: ChildTweak<S>) -> Self {
        Self(Some(child))
    }
}

impl<S: Derivable> Place<S> for InTree<S> {
    fn tweak(&self, key: &<S::Curve as Curve>::Point) -> Result<Tweak<S::Curve>, Usage> {
        self.0.as_ref().map_or(Ok(Tweak::NONE), |child| child.tweak(key))
    }
    fn check(&self, key_share: &KeyShare<S>) -> Result<(), Usage> {
        self.0.as_ref().map_or(Ok(()), |child| child.check(key_share))
    }
    fn size(&self) -> usize {
        self.0.as_ref().map_or(1, ChildTweak::size)
    }
    fn write(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Some(child) => child.write(out),
            None => out.push(0),
        }
    }
    fn read(input: &mut Reader<'_>) -> Option<Self> {
        match input.u8()? {
            0 => Some(Self(None)),
            steps => ChildTweak::read(steps, input).map(|child| Self(Some(child))),
        }
    }
}
