//! Key generation.

use cosigil::{KeyShare, Keygen, PartyId, Session, SessionParams, Threshold};
use std::sync::{Arc, Mutex};

use crate::call::call;
use crate::each::{Served, with_suite};
use crate::handle;
use crate::identity::{cosigil_identity, cosigil_parties, parties};
use crate::input::{given, outs};
use crate::running::{Output, Running};
use crate::session::cosigil_session;
use crate::status::*;

/// What a share becomes.
pub(crate) fn held<S: Served>(share: KeyShare<S>) -> Output {
    Output::KeyShare(S::share(Arc::new(share)))
}

fn resume<S: Served>(params: SessionParams, identity: &cosigil::Identity, checkpoint: &[u8]) -> Result<Running> {
    let (session, sent) = Session::<Keygen<S>>::resume(params, identity, (), checkpoint)?;
    let share = session.state().and_then(Keygen::key_share).map(held);
    Ok(Running::new(session, sent, held::<S>).with_output(share))
}

/// Starts key generation: n parties make a key that none of them ever has, and any `threshold` of them can use.
///
/// `suite` is one of COSIGIL_ECDSA_… and COSIGIL_FROST_…; `label`, 32 bytes, names this session: the same at all
/// parties, never used before; `me` is this party's id in `directory`; `threshold` is at least 2.
///
/// The output is a key share. The session can be taken up again (cosigil_keygen_resume), so COSIGIL_STORE is set at
/// once: cosigil_session_checkpoint, cosigil_session_stored, then cosigil_session_take_message. Once the output has
/// come the session goes on until COSIGIL_FINISHED: only then do all parties know that all have the key, and only then
/// may an address of it be funded.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_THRESHOLD, COSIGIL_OTHER_IDENTITY, COSIGIL_RANDOM_FAILED,
/// COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_keygen_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    directory: *const cosigil_parties,
    suite: u32,
    me: u16,
    threshold: u16,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let identity = handle::get(identity)?;
        // SAFETY: by contract null or `label_len` bytes.
        let label = crate::input::label(unsafe { given(label, label_len) }?)?;
        let params = SessionParams::new(label, PartyId::new(me)?, Threshold::new(threshold)?, parties(directory)?)?;
        let running = with_suite!(suite, S => Running::start::<Keygen<S>>(params, &identity, (), held))?;
        session.open(Mutex::new(running))
    })
}

/// Takes key generation up again from the last checkpoint that was stored. All other arguments are those that it was
/// started with.
///
/// Everything sent so far is in the queue once more. If the key share was there before, it is the output again.
///
/// Returns what cosigil_keygen_start does, and COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE;
/// COSIGIL_OTHER_KEY if the other arguments are not those of the checkpoint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_keygen_resume(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    directory: *const cosigil_parties,
    suite: u32,
    me: u16,
    threshold: u16,
    label: *const u8,
    label_len: usize,
    checkpoint: *const u8,
    checkpoint_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let identity = handle::get(identity)?;
        // SAFETY: by contract null or `label_len` bytes.
        let label = crate::input::label(unsafe { given(label, label_len) }?)?;
        // SAFETY: by contract null or `checkpoint_len` bytes.
        let checkpoint = unsafe { given(checkpoint, checkpoint_len) }?;
        let params = SessionParams::new(label, PartyId::new(me)?, Threshold::new(threshold)?, parties(directory)?)?;
        let running = with_suite!(suite, S => resume::<S>(params, &identity, checkpoint))?;
        session.open(Mutex::new(running))
    })
}
