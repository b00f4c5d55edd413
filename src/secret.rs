//! Secrets: boxed, wiped when dropped, printed nowhere.

use alloc::boxed::Box;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroize;

use crate::error::Usage;

/// A secret, wiped when dropped.
///
/// It is boxed, so moving its owner moves a pointer and leaves no copy behind: protocol rounds are
/// moved by value, and an unboxed scalar in one would be copied at each move while only the last
/// copy is wiped. It has no `Clone`, no `PartialEq` and no serialization.
///
/// ```compile_fail,E0599
/// let secret = cosigil::Secret::new([7u8; 32]);
/// let copy = secret.clone();
/// ```
pub struct Secret<T: Zeroize>(Box<T>);

impl<T: Zeroize> Secret<T> {
    /// Boxes a secret. Give it the value directly, never through a variable that lives on.
    pub fn new(value: T) -> Self {
        Self(Box::new(value))
    }

    /// Lends the value. Use it in the line of arithmetic, do not bind a copy of it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// Lends the value for a change in place.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// 32 fresh bytes, from a generator that is looked at first.
///
/// # Errors
/// [`Usage::BrokenRng`] if it gives zeros, or the same 32 bytes twice in a row.
pub(crate) fn fresh(rng: &mut impl CryptoRng) -> Result<Secret<[u8; 32]>, Usage> {
    let (mut first, mut second) = (Secret::new([0; 32]), Secret::new([0; 32]));
    rng.fill_bytes(first.expose_mut());
    rng.fill_bytes(second.expose_mut());
    // Whether the generator is broken is no secret.
    if *first.expose() == [0; 32] || first.expose() == second.expose() { Err(Usage::BrokenRng) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_nothing() {
        let secret = Secret::new([0xabu8; 4]);
        assert_eq!(alloc::format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn is_wiped_when_dropped() {
        use core::cell::Cell;
        struct Probe<'a>(&'a Cell<bool>);
        impl Zeroize for Probe<'_> {
            fn zeroize(&mut self) {
                self.0.set(true);
            }
        }
        let wiped = Cell::new(false);
        drop(Secret::new(Probe(&wiped)));
        assert!(wiped.get());
    }
}
