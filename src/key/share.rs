//! The records of a key: [`KeyShare`], which one party stores, and [`PublicKeyPackage`], which everybody
//! may know.

use alloc::vec::Vec;

use crate::curve::{Curve, PublicScalar, Scalar};
use crate::error::Usage;
use crate::party::{KeyId, Parties, PartyId, Sharing, Threshold};
use crate::secret::Secret;
use crate::sharing::Commitment;

/// What a key is made for: a signature scheme on a curve. A key of one scheme is of no other type's use.
pub trait Scheme: Copy + core::fmt::Debug + Default + PartialEq + Eq + Send + Sync + 'static {
    /// The curve.
    type Curve: Curve;
    /// The scheme's name in records and hashes, of at most 32 bytes, never changed.
    const NAME: &'static str;
}
