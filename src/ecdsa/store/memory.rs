//! A store that forgets everything with the process.

extern crate std;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::{Claim, PresignatureId, PresignatureStore, Refusal, Spent};
use crate::ecdsa::online::SHARE_LEN;
use crate::ecdsa::presignature;
use crate::key::{Retire, StoreError};
use crate::party::{KeyId, Sharing};

/// A presignature's place in a [`MemoryStore`].
#[derive(Debug)]
enum Place {
    Unspent(Zeroizing<Vec<u8>>),
    Claimed([u8; 32], [u8; SHARE_LEN]),
    Discarded,
}

/// Presignatures that live and die with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<PresignatureId, Place>>);

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
        let mut places = self.0.lock().map_err(|_| Refusal::Failed)?;
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

    fn claimed(&self, id: &PresignatureId) -> Result<Option<Spent>, Refusal> {
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

impl Retire for MemoryStore {
    fn retire(&self, key_id: &KeyId, sharing: &Sharing) -> Result<(), StoreError> {
        let mut places = self.0.lock().map_err(|_| StoreError::Failed)?;
        let is_of =
            |place: &Place| matches!(place, Place::Unspent(record) if presignature::is_of(record, key_id, sharing));
        places.values_mut().filter(|place| is_of(place)).for_each(|place| *place = Place::Discarded);
        Ok(())
    }
}
