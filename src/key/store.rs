//! Where the record of a key is kept, and who else must forget a sharing when it is over.

#[cfg(any(test, feature = "std"))]
pub(crate) mod disk;
#[cfg(any(test, feature = "std"))]
mod file;
#[cfg(any(test, feature = "std"))]
mod memory;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::error::Usage;
use crate::party::{KeyId, Sharing};

#[cfg(any(test, feature = "std"))]
pub use file::{FileKeyStore, SharingFile};
#[cfg(any(test, feature = "std"))]
pub use memory::MemoryKeyStore;

/// A store that could not do what was asked, or cannot be sure that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// Reading or writing failed, now or before: after a failed write a store must refuse everything.
    Failed,
    /// What is stored is damaged: something that was recorded cannot be read any more.
    Damaged,
    /// There is nothing where something should be, or something where nothing should be.
    Absent,
    /// Another process uses the store.
    Locked,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreError::Failed => "the store failed",
            StoreError::Damaged => "what is stored is damaged",
            StoreError::Absent => "there is no such store, or there is one already",
            StoreError::Locked => "another process uses the store",
        })
    }
}

impl core::error::Error for StoreError {}

impl From<StoreError> for Usage {
    fn from(_: StoreError) -> Self {
        Usage::StoreFailed
    }
}

/// Keeps the one record of a key at a party: all its sharings with their states.
///
/// One store for one key of one party, used by one process. What it keeps is as secret as the key share.
///
/// # Security
/// The rules, on which it rests that no key is lost and no old share comes back:
/// - a `save` replaces the record whole or not at all, whatever is cut off in the middle;
/// - it is durable when it returns; if that is not certain it fails, and so does everything afterwards,
///   until the store is opened again;
/// - the record before it is gone, as far as the medium lets it be.
pub trait KeyStore: Send + Sync {
    /// The record saved last; `None` if there never was one.
    ///
    /// # Errors
    /// [`StoreError`].
    fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError>;

    /// Puts this record in the place of the one before. A generation only goes up: one that is not above the last is of
    /// a second object on the same store, which knows less, and is refused.
    ///
    /// # Errors
    /// [`StoreError`] unless it is durable; [`StoreError::Failed`] for such a generation, which changes nothing.
    fn save(&self, generation: u64, record: &[u8]) -> Result<(), StoreError>;

    /// The newest generation that this store knows to have been saved: a record of an older one is a copy that
    /// somebody put back, and is refused. 0 where it cannot be known.
    ///
    /// # Errors
    /// [`StoreError`].
    fn newest(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Something that hangs on one sharing of a key and must go when another takes its place: presignatures,
/// states of pairs.
pub trait Retire: Send + Sync {
    /// Wipes, durably, all that it keeps for this sharing. It may be asked again, also for what it never had.
    ///
    /// # Errors
    /// [`StoreError`] unless it is certain that nothing is left.
    fn retire(&self, key_id: &KeyId, sharing: &Sharing) -> Result<(), StoreError>;
}
