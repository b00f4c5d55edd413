//! Where presignatures are kept, and where it is remembered that one is spent.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::online::SHARE_LEN;
use super::presignature::PresignatureId;
use crate::error::Usage;
use crate::key::StoreError;

#[cfg(any(test, feature = "std"))]
mod file;
#[cfg(any(test, feature = "std"))]
mod memory;
#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "std"))]
pub use file::FileStore;
#[cfg(any(test, feature = "std"))]
pub use memory::MemoryStore;

/// Why a store refuses. Whatever it is, nothing may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not certain that what was asked for is durable.
    Failed,
    /// It never had this presignature, or had it in a former life.
    Unknown,
    /// The presignature is spent on another request, or discarded.
    Spent,
    /// It has this presignature already, or had it.
    Exists,
}

impl From<Refusal> for Usage {
    fn from(error: Refusal) -> Self {
        match error {
            Refusal::Failed => Usage::StoreFailed,
            Refusal::Unknown => Usage::UnknownPresignature,
            Refusal::Spent | Refusal::Exists => Usage::Spent,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(_: StoreError) -> Self {
        Refusal::Failed
    }
}

/// What a claim brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The presignature was unspent and is spent now, on this request.
    Ours,
    /// It was spent on this very request before, with this reply.
    Repeated([u8; SHARE_LEN]),
}

/// What a presignature was spent on: the digest of the request, and the reply.
pub type Spent = ([u8; 32], [u8; SHARE_LEN]);

/// Keeps presignatures, each for one request and no other.
///
/// # Security
/// This is what stands between a key and whoever asks for a second signature from one presignature. The rules:
/// - `claim` is durable before it returns `Ours` or `Repeated`, and what `claimed` returns is; if that is not
///   certain, they fail.
/// - Of two claims at once for different requests, one wins.
/// - What is claimed or discarded is wiped, and never comes back: not by a restart, a crash, a second `insert`.
/// - A copy of the store (backup, disk or machine snapshot, replica) must not know unspent presignatures. A
///   store on a counter that only goes up can tell an old copy, and says so by [`Self::is_monotone`].
pub trait PresignatureStore: Send + Sync {
    /// Keeps a record under a name that was never used.
    ///
    /// # Errors
    /// [`Refusal::Exists`], [`Refusal::Failed`].
    fn insert(&self, id: &PresignatureId, record: &[u8]) -> Result<(), Refusal>;

    /// The record of an unspent presignature.
    ///
    /// # Errors
    /// [`Refusal::Spent`], [`Refusal::Unknown`], [`Refusal::Failed`].
    fn get(&self, id: &PresignatureId) -> Result<Zeroizing<Vec<u8>>, Refusal>;

    /// Spends a presignature on the request with this digest, remembers the reply and wipes the record.
    ///
    /// # Errors
    /// [`Refusal::Spent`], [`Refusal::Unknown`], [`Refusal::Failed`].
    fn claim(&self, id: &PresignatureId, request: &[u8; 32], reply: &[u8; SHARE_LEN]) -> Result<Claim, Refusal>;

    /// The request that a presignature was spent on, and the reply; `None` if it is not spent or was discarded.
    ///
    /// # Errors
    /// [`Refusal::Failed`].
    fn claimed(&self, id: &PresignatureId) -> Result<Option<Spent>, Refusal>;

    /// Wipes an unspent presignature for good: after a refresh, for example.
    ///
    /// # Errors
    /// [`Refusal::Spent`], [`Refusal::Unknown`], [`Refusal::Failed`].
    fn discard(&self, id: &PresignatureId) -> Result<(), Refusal>;

    /// Whether a copy of an earlier state of the store would be noticed, by a counter that only goes up.
    ///
    /// By default it would not.
    fn is_monotone(&self) -> bool {
        false
    }
}
