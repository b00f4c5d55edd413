//! Where presignatures are kept, and where it is remembered that one is spent.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::online::SHARE_LEN;
use super::presignature::PresignatureId;
use crate::error::Usage;

#[cfg(feature = "std")]
mod file;
#[cfg(feature = "std")]
pub use file::FileStore;

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

/// What a claim brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The presignature was unspent and is spent now, on this request.
    Ours,
    /// It was spent on this very request before, with this reply.
    Repeated([u8; SHARE_LEN]),
}

/// Keeps presignatures, each for one request and no other.
///
/// # Security
/// This is what stands between a key and whoever asks for a second signature from one presignature. The rules:
/// - `claim` is durable before it returns `Ours`; if that is not certain, it fails.
/// - Of two claims at once for different requests, one wins.
/// - What is claimed or discarded is wiped, and never comes back: not by a restart, a crash, a second `insert`.
/// - A copy of the store (backup, disk or machine snapshot, replica) must not know unspent presignatures. A
///   store on a counter that only goes up can tell an old copy, and says so by [`Self::is_monotone`].
pub trait PresignatureStore {
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
    fn claimed(&self, id: &PresignatureId) -> Result<Option<([u8; 32], [u8; SHARE_LEN])>, Refusal>;

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

/// A presignature's place in a [`MemoryStore`].
#[derive(Debug)]
enum Place {
    Unspent(Zeroizing<Vec<u8>>),
    Claimed([u8; 32], [u8; SHARE_LEN]),
    Discarded,
}

/// Presignatures that live and die with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Guarded<BTreeMap<PresignatureId, Place>>);

/// A mutex, where there are threads.
#[cfg(feature = "std")]
type Guarded<T> = std::sync::Mutex<T>;
#[cfg(not(feature = "std"))]
type Guarded<T> = core::cell::RefCell<T>;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of all that are unspent.
    pub fn unspent(&self) -> Vec<PresignatureId> {
        let unspent = |places: &mut BTreeMap<PresignatureId, Place>| {
            places.iter().filter(|(_, place)| matches!(place, Place::Unspent(_))).map(|(id, _)| *id).collect()
        };
        self.with(|places| Ok(unspent(places))).unwrap_or_default()
    }

    fn with<T>(
        &self,
        act: impl FnOnce(&mut BTreeMap<PresignatureId, Place>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        #[cfg(feature = "std")]
        let mut places = self.0.lock().map_err(|_| Refusal::Failed)?;
        #[cfg(not(feature = "std"))]
        let mut places = self.0.try_borrow_mut().map_err(|_| Refusal::Failed)?;
        act(&mut places)
    }
}

impl PresignatureStore for MemoryStore {
    fn insert(&self, id: &PresignatureId, record: &[u8]) -> Result<(), Refusal> {
        self.with(|places| {
            if places.contains_key(id) {
                return Err(Refusal::Exists);
            }
            places.insert(*id, Place::Unspent(Zeroizing::new(record.to_vec())));
            Ok(())
        })
    }

    fn get(&self, id: &PresignatureId) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        self.with(|places| match places.get(id) {
            Some(Place::Unspent(record)) => Ok(record.clone()),
            Some(Place::Claimed(..) | Place::Discarded) => Err(Refusal::Spent),
            None => Err(Refusal::Unknown),
        })
    }

    fn claim(&self, id: &PresignatureId, request: &[u8; 32], reply: &[u8; SHARE_LEN]) -> Result<Claim, Refusal> {
        self.with(|places| {
            let place = places.get_mut(id).ok_or(Refusal::Unknown)?;
            match place {
                Place::Unspent(_) => {
                    *place = Place::Claimed(*request, *reply);
                    Ok(Claim::Ours)
                }
                Place::Claimed(before, reply) if before == request => Ok(Claim::Repeated(*reply)),
                Place::Claimed(..) | Place::Discarded => Err(Refusal::Spent),
            }
        })
    }

    fn claimed(&self, id: &PresignatureId) -> Result<Option<([u8; 32], [u8; SHARE_LEN])>, Refusal> {
        self.with(|places| match places.get(id) {
            Some(Place::Claimed(request, reply)) => Ok(Some((*request, *reply))),
            _ => Ok(None),
        })
    }

    fn discard(&self, id: &PresignatureId) -> Result<(), Refusal> {
        self.with(|places| match places.get_mut(id) {
            Some(place @ Place::Unspent(_)) => {
                *place = Place::Discarded;
                Ok(())
            }
            Some(_) => Err(Refusal::Spent),
            None => Err(Refusal::Unknown),
        })
    }
}
