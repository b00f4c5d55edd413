//! Identities, and who takes part.

use std::sync::Mutex;

use cosigil::{Identity, Parties, PartyId, PublicIdentity};
use zeroize::Zeroizing;

use crate::bytes::cosigil_bytes;
use crate::call::{call, entered};
use crate::handle::{self, Handle, locked};
use crate::input::{array, given, outs, secret};
use crate::random::random;
use crate::status::*;

/// A party's identity: the Ed25519 key that signs its messages. Any number of threads may use it at once.
pub struct cosigil_identity(());

impl Handle for cosigil_identity {
    type Object = Identity;
}

/// A list of parties and their public identities: the directory that the operators have agreed on. Any number of
/// threads may use it at once; a session takes what is in it when it starts.
pub struct cosigil_parties(());

impl Handle for cosigil_parties {
    type Object = Mutex<Vec<(PartyId, PublicIdentity)>>;
}

/// The set as it is now.
pub(crate) fn parties(handle: *const cosigil_parties) -> Result<Parties> {
    locked(&*handle::get(handle)?, |list| Ok(Parties::new(list.iter().copied())?))
}

/// Makes a new identity.
///
/// Store its seed (cosigil_identity_seed) where only this party can read it, and give its public half
/// (cosigil_identity_public) to the operators of the other parties, over a channel that they trust: everything else
/// rests on that. No key share can be computed from it.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_identity_generate(identity: *mut *mut cosigil_identity) -> i32 {
    // SAFETY: by contract `identity` is an output.
    unsafe { handle::open_new(identity, || Ok(Identity::generate(&mut random()?)?)) }
}

/// The identity with this seed of 32 bytes, as of RFC 8032.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_identity_from_seed(
    identity: *mut *mut cosigil_identity,
    seed: *const u8,
    seed_len: usize,
) -> i32 {
    call(|| {
        outs!(identity);
        entered()?;
        // SAFETY: by contract null or `seed_len` bytes.
        let seed = unsafe { given(seed, seed_len) }?;
        identity.open(Identity::from_seed(&secret(seed)?))
    })
}

/// The seed of an identity: 32 bytes, secret.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_identity_seed(identity: *const cosigil_identity, seed: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(seed);
        seed.lend(handle::get(identity)?.to_seed().expose().to_vec());
        Ok(())
    })
}

/// The public half of an identity: 32 bytes.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_identity_public(identity: *const cosigil_identity, key: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(key);
        key.lend(Zeroizing::new(handle::get(identity)?.public().as_bytes().to_vec()));
        Ok(())
    })
}

/// Frees an identity. NULL is left alone. The seed is wiped when no session uses it any more.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_identity_free(identity: *mut cosigil_identity) -> i32 {
    handle::close(identity)
}

/// Makes an empty list of parties.
///
/// Returns COSIGIL_OK, COSIGIL_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_parties_new(parties: *mut *mut cosigil_parties) -> i32 {
    // SAFETY: by contract `parties` is an output.
    unsafe { handle::open_new(parties, || Ok(Mutex::new(Vec::new()))) }
}

/// Adds a party: its id, from 1 to 65535, and its public identity of 32 bytes.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_PARTY_ID,
/// COSIGIL_INVALID_IDENTITY, COSIGIL_DUPLICATE_PARTY, COSIGIL_DUPLICATE_IDENTITY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_parties_add(
    parties: *mut cosigil_parties,
    party: u16,
    key: *const u8,
    key_len: usize,
) -> i32 {
    call(|| {
        let list = handle::get(parties)?;
        // SAFETY: by contract null or `key_len` bytes.
        let key = unsafe { given(key, key_len) }?;
        let entry = (PartyId::new(party)?, PublicIdentity::from_bytes(&array(key)?)?);
        locked(&list, |list| {
            Parties::new(list.iter().copied().chain([entry]))?;
            list.push(entry);
            Ok(())
        })
    })
}

/// Frees a list of parties. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_parties_free(parties: *mut cosigil_parties) -> i32 {
    handle::close(parties)
}
