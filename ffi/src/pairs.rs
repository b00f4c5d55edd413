//! Pair states of threshold ECDSA, and the setups that make them.

use std::sync::{Arc, Mutex};

use cosigil::ecdsa::burn::BurnLog;
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::setup::{Inputs, Setup};
use cosigil::{Identity, KeyShare, Label, PartyId};

use crate::burn::cosigil_burn_log;
use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{AnyPairs, Each, ServedEcdsa, with_ecdsa, with_two};
use crate::handle::{self, Handle, locked};
use crate::identity::cosigil_identity;
use crate::input::{Ids, given, outs};
use crate::key::cosigil_key_share;
use crate::running::{Output, Running};
use crate::session::cosigil_session;
use crate::status::*;

/// What one installation has of the setups with its peers: secret, and never in a backup or on a second machine. Any
/// number of threads may use it at once. Load it once in a process.
pub struct cosigil_pairs(());

impl Handle for cosigil_pairs {
    type Object = Mutex<AnyPairs>;
}

fn start<S: ServedEcdsa>(
    share: &KeyShare<S>,
    identity: &Identity,
    label: &Label,
    peer: PartyId,
    log: &Arc<dyn BurnLog>,
) -> Result<Running> {
    let inputs = Inputs::new(share, peer, Arc::clone(log))?;
    Running::start::<Setup<S>>(inputs.params(label)?, identity, inputs, Output::Pair)
}

fn none<S: ServedEcdsa>(share: &KeyShare<S>) -> AnyPairs {
    S::pairs(PairStates::new(share))
}

/// Starts the setup of an ECDSA key with one peer: once for every pair of parties after key generation, and again for
/// those of cosigil_pairs_missing.
///
/// `label`, 32 bytes, names this setup: the same at both, never used before; one label serves all pairs. The output is
/// a pair: cosigil_pairs_take, then store the bytes of the pair states, then cosigil_session_stored, before any
/// message is sent; and store them once more when the session is COSIGIL_FINISHED.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_OPERATOR_NEEDED if the peer has three strikes,
/// COSIGIL_STORE_FAILED, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_PARTY for a setup with oneself, COSIGIL_PARTY_ID,
/// COSIGIL_OTHER_IDENTITY, COSIGIL_MISSING_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_setup_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    share: *const cosigil_key_share,
    log: *const cosigil_burn_log,
    peer: u16,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, share, log) = (handle::get(identity)?, handle::get(share)?, handle::get(log)?);
        // SAFETY: by contract null or `label_len` bytes.
        let label = crate::input::label(unsafe { given(label, label_len) }?)?;
        let peer = PartyId::new(peer)?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        session.open(Mutex::new(with_ecdsa!(share, share => start(share, &identity, &label, peer, &log))?))
    })
}

/// The pair states of an ECDSA key before the first setup.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_new(share: *const cosigil_key_share, pairs: *mut *mut cosigil_pairs) -> i32 {
    call(|| {
        outs!(pairs);
        let share = handle::get(share)?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        pairs.open(Mutex::new(with_ecdsa!(share, share => none(share))))
    })
}

/// Takes the pair that a setup has made into the pair states. The old pair stays in use until the peer is known to
/// have the new one too.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_OTHER_IDENTITY,
/// COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD. Unless it is COSIGIL_OK the pair is still in
/// the session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_take(pairs: *mut cosigil_pairs, session: *mut cosigil_session) -> i32 {
    call(|| {
        let (pairs, session) = (handle::get(pairs)?, handle::get(session)?);
        locked(&session, |running| {
            let Some(Output::Pair(pair)) = running.output() else { return Err(Failure::NOT_THERE) };
            let pair = Arc::clone(pair);
            locked(&pairs, |states| with_ecdsa!(states, states => Ok(states.insert(pair)?)))?;
            running.take_output(|_| Ok(()))
        })
    })
}

/// The peers with whom a setup is due: none yet, burned, or used up.
///
/// `parties` gets at most `capacity` ids, `count` how many there are.
///
/// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING,
/// COSIGIL_OTHER_IDENTITY, COSIGIL_SUITE, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_missing(
    pairs: *const cosigil_pairs,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
    share: *const cosigil_key_share,
) -> i32 {
    fn missing<S: ServedEcdsa>(states: &PairStates<S>, share: &KeyShare<S>) -> Result<Vec<PartyId>> {
        states.belong_to(share)?;
        Ok(states.missing(share))
    }
    call(|| {
        outs!(count);
        // SAFETY: by contract null or room for `capacity` ids.
        let ids = unsafe { Ids::of(parties, capacity) }?;
        let (pairs, share) = (handle::get(pairs)?, handle::get(share)?);
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        let due =
            locked(&pairs, |states| with_two!(ecdsa: &*states, share, (states, share) => missing(states, share)))?;
        ids.put(count, due)
    })
}

/// Drops all pairs with a peer: it has lost its side of them.
///
/// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_forget(pairs: *mut cosigil_pairs, peer: u16) -> i32 {
    call(|| {
        let pairs = handle::get(pairs)?;
        let peer = PartyId::new(peer)?;
        locked(&pairs, |states| {
            with_ecdsa!(states, states => states.forget(peer));
            Ok(())
        })
    })
}

/// The pair states' bytes, secret, and their generation, which goes up with each call: keep the newest number where no
/// restored file takes it back. They belong to this installation: never into a backup, never on a second machine.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_to_bytes(
    pairs: *mut cosigil_pairs,
    bytes: *mut cosigil_bytes,
    generation: *mut u64,
) -> i32 {
    call(|| {
        outs!(bytes, generation);
        let pairs = handle::get(pairs)?;
        let write = |states: &mut AnyPairs| with_ecdsa!(states, states => Ok((states.to_bytes(), states.generation())));
        let (record, number) = locked(&pairs, write)?;
        generation.put(number);
        bytes.lend(record);
        Ok(())
    })
}

/// Reads what cosigil_pairs_to_bytes wrote, of the suite of `share`; burned pairs are left out.
///
/// `newest` is the newest generation that this installation is known to have had, 0 if that is not known.
///
/// Returns COSIGIL_OK, COSIGIL_OLDER_GENERATION, COSIGIL_STORE_FAILED, COSIGIL_MALFORMED, COSIGIL_VERSION,
/// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_OTHER_IDENTITY, COSIGIL_SUITE, COSIGIL_NULL,
/// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_from_bytes(
    share: *const cosigil_key_share,
    pairs: *mut *mut cosigil_pairs,
    log: *const cosigil_burn_log,
    newest: u64,
    bytes: *const u8,
    bytes_len: usize,
) -> i32 {
    fn read<S: ServedEcdsa>(share: &KeyShare<S>, bytes: &[u8], log: &dyn BurnLog, newest: u64) -> Result<AnyPairs> {
        let states = PairStates::<S>::from_bytes(bytes, log, newest)?;
        states.belong_to(share)?;
        Ok(S::pairs(states))
    }
    call(|| {
        outs!(pairs);
        let (share, log) = (handle::get(share)?, handle::get(log)?);
        // SAFETY: by contract null or `bytes_len` bytes.
        let bytes = unsafe { given(bytes, bytes_len) }?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        pairs.open(Mutex::new(with_ecdsa!(share, share => read(share, bytes, &**log, newest))?))
    })
}

/// Frees pair states and wipes them. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_free(pairs: *mut cosigil_pairs) -> i32 {
    handle::close(pairs)
}
