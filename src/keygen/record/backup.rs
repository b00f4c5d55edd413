//! The record in a backup, and back.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use zeroize::Zeroizing;

use super::KeyRecord;
use super::bytes::RECORD;
use crate::error::Usage;
use crate::key::backup::{StoredKey, sealed};
use crate::key::{KeyStore, Scheme};
use crate::record;
use crate::session::Identity;

/// A copy of a [`KeyRecord`] for a backup: all sharings with their states, pending shares and strikes among them.
///
/// It goes into every sealed form ([`StoredKey`]). [`VerifiableBackup`](crate::key::backup::VerifiableBackup) holds a
/// share alone: that of [`KeyRecord::key`].
///
/// # Security
/// It is as old as the backup. What was signed since is not in it, and a party that acts by an old record can contradict
/// itself: so a restored record learns from the others ([`KeyRecord::exchange`], [`KeyRecord::learn`]) **before**
/// it signs, or begins or takes part in an attempt. If the key has moved on, learning or then [`KeyRecord::key`] says so
/// ([`Usage::OtherSharing`]), and a repair or an attempt brings a new share.
///
/// The identity is not in it: keep [`Identity::to_seed`] apart. Without it there is [`Self::restore_under`].
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use cosigil::frost::Ed25519Sha512;
/// use cosigil::key::backup::{BackupSecretKey, recipient};
/// use cosigil::key::store::MemoryKeyStore;
/// use cosigil::keygen::record::{KeyRecord, RecordCopy};
/// # use cosigil::{Identity, Parties, PartyId, Threshold, Transcript, curve, hazmat};
/// # let mut rng = Transcript::new("an example, so not random").rng();
/// # let identities = [Identity::generate(&mut rng)?, Identity::generate(&mut rng)?];
/// # let ids = [PartyId::new(1)?, PartyId::new(2)?];
/// # let parties = Parties::new(ids.into_iter().zip(identities.iter().map(Identity::public)))?;
/// # let secret = curve::random_scalar::<curve::Ed25519>(&mut rng);
/// # let shares = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(2)?, &parties, &mut rng)?;
/// # let mut records = Vec::new();
/// # for (share, identity) in shares.into_iter().zip(&identities) {
/// #     records.push(KeyRecord::create(Arc::new(MemoryKeyStore::new()), identity, share)?);
/// # }
/// # let [record, mut peer] = <[_; 2]>::try_from(records).unwrap();
/// # let identity = &identities[0];
/// let vault = BackupSecretKey::generate(&mut rng)?;
/// let file = recipient::seal(&record.copy(), &vault.public(), identity, &mut rng)?;
///
/// let copy: RecordCopy<Ed25519Sha512> = vault.open(&file, &identity.public())?;
/// let mut restored = copy.restore(Arc::new(MemoryKeyStore::new()), identity)?;
/// let moved = restored.learn(&peer.exchange()?)?; // before anything else
/// # drop(moved);
/// assert_eq!(restored.key()?.public(), record.key()?.public());
/// # Ok::<(), cosigil::Error>(())
/// ```
pub struct RecordCopy<S: Scheme> {
    bytes: Zeroizing<Vec<u8>>,
    scheme: PhantomData<S>,
}

impl<S: Scheme> RecordCopy<S> {
    /// Puts the record into an empty store. It is stored when this returns; learn from the others then.
    ///
    /// # Errors
    /// [`Usage::RecordExists`] if the store has one; [`Usage::OtherIdentity`] if the identity is not this party's;
    /// [`Usage::Malformed`] and the like for a record that is damaged; [`Usage::StoreFailed`].
    pub fn restore(self, store: Arc<dyn KeyStore>, identity: &Identity) -> Result<KeyRecord<S>, Usage> {
        let mut record = self.open(store, identity)?;
        let named = record.public()?.parties().identity(record.me());
        if named.is_some_and(|named| *named != identity.public()) {
            return Err(Usage::OtherIdentity);
        }
        record.save()?;
        Ok(record)
    }

    /// The same under a new identity key, where the former is lost: it is in no backup. All other parties follow by
    /// [`KeyRecord::set_identity`], each on what its own operator says; where t of them are left, a repair does as well.
    ///
    /// # Errors
    /// Those of [`Self::restore`] and [`KeyRecord::set_identity`].
    pub fn restore_under(self, store: Arc<dyn KeyStore>, identity: &Identity) -> Result<KeyRecord<S>, Usage> {
        let mut record = self.open(store, identity)?;
        let (me, current) = (record.me(), record.current);
        let step = record.step_mut(&current).ok_or(Usage::NoShare)?;
        if step.old.parties().contains(me) {
            step.set_identity(me, identity.public())?;
        }
        record.save()?;
        Ok(record)
    }

    /// The record, over an empty store.
    fn open(self, store: Arc<dyn KeyStore>, identity: &Identity) -> Result<KeyRecord<S>, Usage> {
        if store.load()?.is_some() {
            return Err(Usage::RecordExists);
        }
        let newest = store.newest()?;
        let mut record = KeyRecord::from_bytes(&self.bytes, store, identity)?;
        record.generation = record.generation.max(newest);
        Ok(record)
    }
}

impl<S: Scheme> KeyRecord<S> {
    /// A copy for a backup.
    pub fn copy(&self) -> RecordCopy<S> {
        RecordCopy { bytes: self.to_bytes(), scheme: PhantomData }
    }
}

impl<S: Scheme> sealed::Harmless for RecordCopy<S> {}

impl<S: Scheme> StoredKey for RecordCopy<S> {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        self.bytes.clone()
    }

    /// That it is a record of this suite; what is in it is read by [`RecordCopy::restore`].
    fn from_record(bytes: &[u8]) -> Result<Self, Usage> {
        record::read(bytes, RECORD, S::NAME)?;
        Ok(Self { bytes: Zeroizing::new(bytes.to_vec()), scheme: PhantomData })
    }
}

impl<S: Scheme> fmt::Debug for RecordCopy<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordCopy({}, {} bytes)", S::NAME, self.bytes.len())
    }
}
