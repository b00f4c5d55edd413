//! Backups of key shares: under a passphrase, to a public key, verifiable. Pair states and presignatures are never in
//! one.

use std::sync::Arc;

use cosigil::key::backup::passphrase::{self, Cost};
use cosigil::key::backup::{BackupKey, BackupSecretKey, ShareBackup, StoredKey, VerifiableBackup, recipient};
use cosigil::{Identity, KeyShare, PartyId, PublicIdentity, PublicKeyPackage};

use crate::bytes::cosigil_bytes;
use crate::call::{call, entered};
use crate::each::{Served, with_each, with_suite};
use crate::handle::{self, Handle};
use crate::identity::cosigil_identity;
use crate::input::{array, given, outs};
use crate::key::{cosigil_key_share, cosigil_package};
use crate::random::random;
use crate::status::*;

/// The secret key that opens backups. It belongs where no party of a key lives. It never changes; any number of
/// threads may use it at once.
pub struct cosigil_backup_key(());

impl Handle for cosigil_backup_key {
    type Object = BackupSecretKey;
}

/// What a guess of a passphrase costs by default: memory in KiB.
pub const COSIGIL_BACKUP_MEMORY_KIB: u32 = 65536;
/// By default: passes over the memory.
pub const COSIGIL_BACKUP_PASSES: u32 = 3;
/// By default: lanes.
pub const COSIGIL_BACKUP_LANES: u32 = 4;

pub(crate) fn seal_under(key: &impl StoredKey, passphrase: &[u8], cost: Cost) -> Result<Vec<u8>> {
    Ok(passphrase::seal(key, passphrase, cost, &mut random()?)?)
}

pub(crate) fn seal(key: &impl StoredKey, to: &BackupKey, maker: &Identity) -> Result<Vec<u8>> {
    Ok(recipient::seal(key, to, maker, &mut random()?)?)
}

fn make<S: Served>(share: &KeyShare<S>, to: &BackupKey, maker: &Identity) -> Result<(Vec<u8>, Vec<u8>)> {
    let made = ShareBackup::make(share, to, maker, &mut random()?)?;
    Ok((made.share.to_bytes(), made.beside))
}

fn verify<S: Served>(package: &PublicKeyPackage<S>, party: PartyId, to: &BackupKey, backup: &[u8]) -> Result {
    Ok(VerifiableBackup::<S>::from_bytes(backup)?.verify(package, party, to)?)
}

/// Makes a new key for backups.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_key_generate(key: *mut *mut cosigil_backup_key) -> i32 {
    call(|| {
        outs!(key);
        entered()?;
        key.open(BackupSecretKey::generate(&mut random()?)?)
    })
}

/// The key's bytes, secret.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_key_to_bytes(key: *const cosigil_backup_key, bytes: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(bytes);
        bytes.lend(handle::get(key)?.to_bytes());
        Ok(())
    })
}

/// Reads what cosigil_backup_key_to_bytes wrote.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_key_from_bytes(
    key: *mut *mut cosigil_backup_key,
    bytes: *const u8,
    bytes_len: usize,
) -> i32 {
    call(|| {
        outs!(key);
        entered()?;
        // SAFETY: by contract null or `bytes_len` bytes.
        let bytes = unsafe { given(bytes, bytes_len) }?;
        key.open(BackupSecretKey::from_bytes(bytes)?)
    })
}

/// What the makers of backups must know, with a checksum. Compare it over a channel that you trust.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_key_public(key: *const cosigil_backup_key, public: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(public);
        public.lend(handle::get(key)?.public().to_bytes());
        Ok(())
    })
}

/// Frees a key for backups. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_key_free(key: *mut cosigil_backup_key) -> i32 {
    handle::close(key)
}

/// Seals a key share under a passphrase. A guess costs `memory_kib` KiB, `passes` passes over them and `lanes` lanes
/// of Argon2id: take COSIGIL_BACKUP_MEMORY_KIB, COSIGIL_BACKUP_PASSES, COSIGIL_BACKUP_LANES or more. The file is as
/// good as the passphrase.
///
/// Returns COSIGIL_OK, COSIGIL_MALFORMED for a cost that Argon2 does not know, COSIGIL_TOO_COSTLY if the memory cannot
/// be had, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED,
/// COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_passphrase(
    share: *const cosigil_key_share,
    file: *mut cosigil_bytes,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    passphrase: *const u8,
    passphrase_len: usize,
) -> i32 {
    call(|| {
        outs!(file);
        let share = handle::get(share)?;
        // SAFETY: by contract null or `passphrase_len` bytes.
        let passphrase = unsafe { given(passphrase, passphrase_len) }?;
        let cost = Cost::new(memory_kib, passes, lanes)?;
        file.lend(with_each!(&*share, share => seal_under(&**share, passphrase, cost))?);
        Ok(())
    })
}

/// Opens what cosigil_backup_passphrase sealed: a share of a key of this suite.
///
/// Returns COSIGIL_OK; COSIGIL_NOT_OPENED for a wrong passphrase and for an altered file alike; COSIGIL_TOO_COSTLY for
/// a file that asks for more than 1 GiB; COSIGIL_SUITE, COSIGIL_OTHER_SUITE, COSIGIL_MALFORMED, COSIGIL_VERSION,
/// COSIGIL_NULL, COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_passphrase_open(
    share: *mut *mut cosigil_key_share,
    suite: u32,
    file: *const u8,
    file_len: usize,
    passphrase: *const u8,
    passphrase_len: usize,
) -> i32 {
    call(|| {
        outs!(share);
        entered()?;
        // SAFETY: by contract null or `file_len` bytes.
        let file = unsafe { given(file, file_len) }?;
        // SAFETY: by contract null or `passphrase_len` bytes.
        let passphrase = unsafe { given(passphrase, passphrase_len) }?;
        let open = with_suite!(suite, S => Ok(S::share(Arc::new(passphrase::open::<KeyShare<S>>(file, passphrase)?))));
        share.open(open?)
    })
}

/// Seals a key share to a public key for backups, signed with this party's identity.
///
/// Returns COSIGIL_OK, COSIGIL_MALFORMED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_seal(
    share: *const cosigil_key_share,
    file: *mut cosigil_bytes,
    identity: *const cosigil_identity,
    to: *const u8,
    to_len: usize,
) -> i32 {
    call(|| {
        outs!(file);
        let (share, identity) = (handle::get(share)?, handle::get(identity)?);
        // SAFETY: by contract null or `to_len` bytes.
        let to = BackupKey::from_bytes(unsafe { given(to, to_len) }?)?;
        file.lend(with_each!(&*share, share => seal(&**share, &to, &identity))?);
        Ok(())
    })
}

/// Opens what cosigil_backup_seal sealed: a share of a key of this suite, sealed by the party with the public identity
/// `maker`.
///
/// Returns COSIGIL_OK; COSIGIL_OTHER_IDENTITY for another's; COSIGIL_NOT_OPENED for an altered file, or one for
/// another key; COSIGIL_SUITE, COSIGIL_OTHER_SUITE, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_INVALID_IDENTITY,
/// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_open(
    key: *const cosigil_backup_key,
    share: *mut *mut cosigil_key_share,
    suite: u32,
    maker: *const u8,
    maker_len: usize,
    file: *const u8,
    file_len: usize,
) -> i32 {
    call(|| {
        outs!(share);
        let key = handle::get(key)?;
        // SAFETY: by contract null or `maker_len` bytes.
        let maker = PublicIdentity::from_bytes(&array(unsafe { given(maker, maker_len) }?)?)?;
        // SAFETY: by contract null or `file_len` bytes.
        let file = unsafe { given(file, file_len) }?;
        share.open(with_suite!(suite, S => Ok(S::share(Arc::new(key.open::<KeyShare<S>>(file, &maker)?))))?)
    })
}

/// Makes a backup of a key share of which anybody can see, by cosigil_backup_verify, that it opens to this party's
/// share; and `beside`, sealed, what else it takes to use it. Both go to the holder of the key for backups.
///
/// Returns COSIGIL_OK, COSIGIL_MALFORMED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_verifiable(
    share: *const cosigil_key_share,
    backup: *mut cosigil_bytes,
    beside: *mut cosigil_bytes,
    identity: *const cosigil_identity,
    to: *const u8,
    to_len: usize,
) -> i32 {
    call(|| {
        outs!(backup, beside);
        let (share, identity) = (handle::get(share)?, handle::get(identity)?);
        // SAFETY: by contract null or `to_len` bytes.
        let to = BackupKey::from_bytes(unsafe { given(to, to_len) }?)?;
        let (made, rest) = with_each!(&*share, share => make(share, &to, &identity))?;
        backup.lend(made);
        beside.lend(rest);
        Ok(())
    })
}

/// Checks, with public data alone, that a verifiable backup opens to the share of `party` with the secret of `to`.
///
/// Returns COSIGIL_OK if it does, COSIGIL_INVALID_BACKUP if not; COSIGIL_MALFORMED, COSIGIL_VERSION,
/// COSIGIL_OTHER_SUITE, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_verify(
    package: *const cosigil_package,
    party: u16,
    to: *const u8,
    to_len: usize,
    backup: *const u8,
    backup_len: usize,
) -> i32 {
    call(|| {
        let package = handle::get(package)?;
        // SAFETY: by contract null or `to_len` bytes.
        let to = BackupKey::from_bytes(unsafe { given(to, to_len) }?)?;
        // SAFETY: by contract null or `backup_len` bytes.
        let backup = unsafe { given(backup, backup_len) }?;
        let party = PartyId::new(party)?;
        with_each!(&*package, package => verify(package, party, &to, backup))
    })
}

/// Opens both parts of what cosigil_backup_verifiable made.
///
/// Returns what cosigil_backup_open does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_backup_restore(
    key: *const cosigil_backup_key,
    share: *mut *mut cosigil_key_share,
    suite: u32,
    maker: *const u8,
    maker_len: usize,
    backup: *const u8,
    backup_len: usize,
    beside: *const u8,
    beside_len: usize,
) -> i32 {
    fn restore<S: Served>(
        key: &BackupSecretKey,
        maker: &PublicIdentity,
        backup: &[u8],
        beside: &[u8],
    ) -> Result<crate::each::AnyShare> {
        let both = ShareBackup::<S> { share: VerifiableBackup::from_bytes(backup)?, beside: beside.to_vec() };
        Ok(S::share(Arc::new(both.restore(key, maker)?)))
    }
    call(|| {
        outs!(share);
        let key = handle::get(key)?;
        // SAFETY: by contract null or `maker_len` bytes.
        let maker = PublicIdentity::from_bytes(&array(unsafe { given(maker, maker_len) }?)?)?;
        // SAFETY: by contract null or `backup_len` bytes.
        let backup = unsafe { given(backup, backup_len) }?;
        // SAFETY: by contract null or `beside_len` bytes.
        let beside = unsafe { given(beside, beside_len) }?;
        share.open(with_suite!(suite, S => restore::<S>(&key, &maker, backup, beside))?)
    })
}
