//! Backups of whole records, and back.

use std::sync::Arc;

use cosigil::key::KeyStore;
use cosigil::key::backup::passphrase::{self, Cost};
use cosigil::key::backup::{BackupKey, BackupSecretKey};
use cosigil::keygen::record::{KeyRecord, RecordCopy};
use cosigil::{Identity, PublicIdentity};

use crate::backup::{cosigil_backup_key, seal, seal_under};
use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{AnyRecord, Served, with_each, with_suite};
use crate::handle;
use crate::identity::cosigil_identity;
use crate::input::{array, given, outs};
use crate::keystore::cosigil_key_store;
use crate::record::{Kept, cosigil_record, on};
use crate::status::*;

/// Where a restored record goes.
struct Place<'a> {
    store: &'a Arc<dyn KeyStore>,
    identity: &'a Identity,
    is_new: bool,
}

fn flag(value: u8) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::VALUE),
    }
}

impl Place<'_> {
    fn restore<S: Served>(&self, copy: RecordCopy<S>) -> Result<AnyRecord> {
        let store = Arc::clone(self.store);
        let restored =
            if self.is_new { copy.restore_under(store, self.identity) } else { copy.restore(store, self.identity) };
        Ok(S::record(restored?))
    }

    fn under<S: Served>(&self, file: &[u8], phrase: &[u8]) -> Result<AnyRecord> {
        self.restore::<S>(passphrase::open(file, phrase)?)
    }

    fn with<S: Served>(&self, key: &BackupSecretKey, file: &[u8], maker: &PublicIdentity) -> Result<AnyRecord> {
        self.restore::<S>(key.open(file, maker)?)
    }
}

fn copy<S: Served>(record: &KeyRecord<S>) -> RecordCopy<S> {
    record.copy()
}

/// Seals a copy of a record, all sharings with their states, pending shares and strikes, under a passphrase, as
/// cosigil_backup_passphrase does a key share.
///
/// Returns what that does, and COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_backup_passphrase(
    record: *const cosigil_record,
    file: *mut cosigil_bytes,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    passphrase: *const u8,
    passphrase_len: usize,
) -> i32 {
    call(|| {
        outs!(file);
        // SAFETY: by contract null or `passphrase_len` bytes.
        let phrase = unsafe { given(passphrase, passphrase_len) }?;
        let cost = Cost::new(memory_kib, passes, lanes)?;
        let sealed = on(record, |place| with_each!(&place.record, record => seal_under(&copy(record), phrase, cost)))?;
        file.lend(sealed);
        Ok(())
    })
}

/// Seals a copy of a record to a public key for backups, signed with this party's identity, as cosigil_backup_seal does a
/// key share.
///
/// Returns what that does, and COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_backup_seal(
    record: *const cosigil_record,
    file: *mut cosigil_bytes,
    identity: *const cosigil_identity,
    to: *const u8,
    to_len: usize,
) -> i32 {
    call(|| {
        outs!(file);
        let identity = handle::get(identity)?;
        // SAFETY: by contract null or `to_len` bytes.
        let to = BackupKey::from_bytes(unsafe { given(to, to_len) }?)?;
        let sealed = on(record, |place| with_each!(&place.record, record => seal(&copy(record), &to, &identity)))?;
        file.lend(sealed);
        Ok(())
    })
}

/// Opens what cosigil_record_backup_passphrase sealed, of a key of this suite, and puts the record into an empty store.
///
/// It is as old as the backup, and this party must not contradict what it has signed since: **before it signs, or takes
/// part in an attempt, it learns from the others** (cosigil_record_exchange, cosigil_record_learn). If the key has moved
/// on, that or cosigil_record_key says so (COSIGIL_OTHER_SHARING), and a repair or an attempt brings a new share.
///
/// `new_identity` is 0 if `identity` is the one that the party had, and 1 if that is lost, since it is in no backup: then
/// all other parties follow by cosigil_record_set_identity.
///
/// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS, COSIGIL_OTHER_IDENTITY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_VALUE,
/// COSIGIL_STORE_FAILED, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, and what cosigil_backup_passphrase_open does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_restore_passphrase(
    identity: *const cosigil_identity,
    record: *mut *mut cosigil_record,
    store: *const cosigil_key_store,
    suite: u32,
    new_identity: u8,
    file: *const u8,
    file_len: usize,
    passphrase: *const u8,
    passphrase_len: usize,
) -> i32 {
    call(|| {
        outs!(record);
        let (identity, store) = (handle::get(identity)?, handle::get(store)?);
        // SAFETY: by contract null or `file_len` bytes.
        let file = unsafe { given(file, file_len) }?;
        // SAFETY: by contract null or `passphrase_len` bytes.
        let phrase = unsafe { given(passphrase, passphrase_len) }?;
        let place = Place { store: &store, identity: &identity, is_new: flag(new_identity)? };
        record.open(Kept::new(with_suite!(suite, S => place.under::<S>(file, phrase))?))
    })
}

/// Opens what cosigil_record_backup_seal sealed, of a key of this suite, by the party with the public identity `maker`,
/// and puts the record into an empty store. The rest is as with cosigil_record_restore_passphrase.
///
/// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_VALUE, COSIGIL_STORE_FAILED, and what
/// cosigil_backup_open does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_restore(
    key: *const cosigil_backup_key,
    record: *mut *mut cosigil_record,
    identity: *const cosigil_identity,
    store: *const cosigil_key_store,
    suite: u32,
    new_identity: u8,
    maker: *const u8,
    maker_len: usize,
    file: *const u8,
    file_len: usize,
) -> i32 {
    call(|| {
        outs!(record);
        let (key, identity, store) = (handle::get(key)?, handle::get(identity)?, handle::get(store)?);
        // SAFETY: by contract null or `maker_len` bytes.
        let maker = PublicIdentity::from_bytes(&array(unsafe { given(maker, maker_len) }?)?)?;
        // SAFETY: by contract null or `file_len` bytes.
        let file = unsafe { given(file, file_len) }?;
        let place = Place { store: &store, identity: &identity, is_new: flag(new_identity)? };
        record.open(Kept::new(with_suite!(suite, S => place.with::<S>(&key, file, &maker))?))
    })
}
