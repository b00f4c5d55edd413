//! Threshold ECDSA: signing, presigning, and signing with a presignature.

use std::sync::{Arc, Mutex};

use cosigil::ecdsa::burn::BurnLog;
use cosigil::ecdsa::pairs::PairStates;
use cosigil::ecdsa::presign::{self, Presign, Signer};
use cosigil::ecdsa::sign::{self, Sign};
use cosigil::ecdsa::{Presignature, PresignatureId, PresignatureStore, Signed, online};
use cosigil::wire::{Shape, Wire};
use cosigil::{Identity, KeyShare, Label, PartyId};

use crate::burn::cosigil_burn_log;
use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{Each, ServedEcdsa, with_ecdsa, with_two};
use crate::handle::{self, locked};
use crate::identity::cosigil_identity;
use crate::input::{array, crew, given, outs};
use crate::key::cosigil_key_share;
use crate::pairs::cosigil_pairs;
use crate::request::{Wish, cosigil_request, wish};
use crate::running::{Output, Presignatures, Running, Signature, taken};
use crate::session::cosigil_session;
use crate::status::*;
use crate::store::cosigil_store;

/// What all sessions over pair states are started with.
struct Common<'a> {
    identity: &'a Identity,
    label: Label,
    signers: &'a [PartyId],
    log: &'a Arc<dyn BurnLog>,
}

fn signed<S: ServedEcdsa>(signed: Signed<S>) -> Output {
    Output::Signature(Signature { bytes: S::signature_bytes(&signed), recovery_id: signed.recovery_id.to_byte() })
}

impl Common<'_> {
    fn sign<S: ServedEcdsa>(&self, share: &KeyShare<S>, pairs: &PairStates<S>, wish: &Wish) -> Result<Running> {
        let params = share.session_params(self.label, self.signers.iter().copied())?;
        let signer = Signer::new(&params, share, pairs, &**self.log, 1)?;
        let inputs = sign::Inputs::new(signer, wish.ecdsa(share)?, Arc::clone(self.log))?;
        Running::start::<Sign<S>>(params, self.identity, inputs, signed)
    }

    fn presign<S: ServedEcdsa>(&self, share: &KeyShare<S>, pairs: &PairStates<S>, batch: usize) -> Result<Running> {
        let params = share.session_params(self.label, self.signers.iter().copied())?;
        let signer = Signer::new(&params, share, pairs, &**self.log, batch)?;
        let inputs = presign::Inputs::new(signer, Arc::clone(self.log));
        let made = |list| Output::Presignatures(Box::new(Made::<S>(list)));
        Running::start::<Presign<S>>(params, self.identity, inputs, made)
    }
}

/// Presignatures of a suite.
struct Made<S: ServedEcdsa>(Vec<Presignature<S>>);

impl<S: ServedEcdsa> Presignatures for Made<S> {
    fn store(self: Box<Self>, store: &dyn PresignatureStore) -> Result<Vec<u8>> {
        let mut names = Vec::new();
        for presignature in self.0 {
            names.push(presignature.id());
            if let Err(refusal) = presignature.store(store) {
                // Nobody would know the names of those before. One that cannot be wiped either is nameless, and in a
                // store that has failed.
                for id in &names {
                    let _ = store.discard(id);
                }
                return Err(refusal.into());
            }
        }
        Ok(names.iter().flat_map(|id| *id.as_bytes()).collect())
    }
}

fn repeat<S: ServedEcdsa>(
    share: &KeyShare<S>,
    id: &PresignatureId,
    wish: &Wish,
    store: &dyn PresignatureStore,
) -> Result<Vec<u8>> {
    let said = online::repeat(id, &wish.ecdsa(share)?, store)?;
    Ok(said.encode(&Shape { threshold: 0, parties: 0, batch: 1 }))
}

fn start_online<S: ServedEcdsa>(
    share: &KeyShare<S>,
    identity: &Identity,
    label: Label,
    id: &PresignatureId,
    wish: &Wish,
    store: &Arc<dyn PresignatureStore>,
) -> Result<Running> {
    let presignature = Presignature::<S>::load(&**store, id)?;
    let params = share.session_params(label, presignature.signers().iter().copied())?;
    let (key, request, store) = (share.public().clone(), wish.ecdsa(share)?, Arc::clone(store));
    let inputs = online::Inputs { presignature, key, request, store };
    Running::start::<online::Online<S>>(params, identity, inputs, signed)
}

/// Starts signing with an ECDSA key: three rounds, without a presignature.
///
/// `label`, 32 bytes, names this session: the same at all signers, never used before. `signers` are at least t of the
/// key's parties, this one among them; with each of the others there must be a pair. The output is a signature. A
/// check that fails burns the pair, in `log` first.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key or a request that is none of ECDSA's, COSIGIL_SETUP_NEEDED,
/// COSIGIL_OPERATOR_NEEDED, COSIGIL_STORE_FAILED, COSIGIL_ZERO_DIGEST, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY,
/// COSIGIL_OTHER_SHARING, COSIGIL_PARTY_ID, COSIGIL_SIGNERS, COSIGIL_DUPLICATE_PARTY, COSIGIL_UNKNOWN_PARTY,
/// COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM, COSIGIL_REFRESH_FIRST, COSIGIL_DEAD; for a request with a path
/// COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_ecdsa_sign_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    share: *const cosigil_key_share,
    pairs: *const cosigil_pairs,
    log: *const cosigil_burn_log,
    request: *const cosigil_request,
    signers: *const u16,
    signers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, share, pairs) = (handle::get(identity)?, handle::get(share)?, handle::get(pairs)?);
        let (log, wish) = (handle::get(log)?, wish(request)?);
        // SAFETY: by contract null or `signers_len` ids; null or `label_len` bytes.
        let (signers, label) = unsafe { crew((signers, signers_len), (label, label_len)) }?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        let common = Common { identity: &identity, label, signers: &signers, log: &log };
        let running = locked(
            &pairs,
            |pairs| with_two!(ecdsa: share, &*pairs, (share, pairs) => common.sign(share, pairs, &wish)),
        )?;
        session.open(Mutex::new(running))
    })
}

/// Starts presigning with an ECDSA key: everything of `batch` signatures, 1 to 256, but the messages, ahead of time.
///
/// The other arguments are those of cosigil_ecdsa_sign_start. The output is presignatures: cosigil_presignatures_take.
///
/// Returns what cosigil_ecdsa_sign_start does, and COSIGIL_TOO_MANY for another batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_presign_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    share: *const cosigil_key_share,
    pairs: *const cosigil_pairs,
    log: *const cosigil_burn_log,
    batch: u32,
    signers: *const u16,
    signers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, share, pairs) = (handle::get(identity)?, handle::get(share)?, handle::get(pairs)?);
        let log = handle::get(log)?;
        // SAFETY: by contract null or `signers_len` ids; null or `label_len` bytes.
        let (signers, label) = unsafe { crew((signers, signers_len), (label, label_len)) }?;
        let batch = usize::try_from(batch).map_err(|_| cosigil::Usage::TooMany)?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        let common = Common { identity: &identity, label, signers: &signers, log: &log };
        let running = locked(
            &pairs,
            |pairs| with_two!(ecdsa: share, &*pairs, (share, pairs) => common.presign(share, pairs, batch)),
        )?;
        session.open(Mutex::new(running))
    })
}

/// Takes the presignatures that a session has made into a store. `names` gets 32 bytes for each, one after the other:
/// the same at all signers, in the same order. All are stored, or none: if the store refuses one, those before are
/// discarded, and all are lost: presign again.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_STORE_FAILED, COSIGIL_SPENT if the store says that it has one of them
/// already (COSIGIL_STORE_EXISTS, which does not happen with names that are random), COSIGIL_NULL, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_presignatures_take(
    store: *mut cosigil_store,
    names: *mut cosigil_bytes,
    session: *mut cosigil_session,
) -> i32 {
    call(|| {
        outs!(names);
        let store = handle::get(store)?;
        let made = taken!(session, Presignatures)?;
        names.lend(made.store(&*store.presignatures)?);
        Ok(())
    })
}

/// Starts signing with a presignature, named by its 32 bytes: one message from each of the signers that it was made
/// by, all of them. When this returns COSIGIL_OK the presignature is spent, durably: another request is refused for
/// ever.
///
/// `label`, 32 bytes, names this session: the same at all signers, never used before. The output is a signature.
///
/// Returns COSIGIL_OK, COSIGIL_SPENT, COSIGIL_UNKNOWN_PRESIGNATURE, COSIGIL_STORE_FAILED, COSIGIL_SUITE,
/// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_ZERO_DIGEST, COSIGIL_SIGNERS,
/// COSIGIL_UNKNOWN_PARTY, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM; for a request with a path
/// COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_online_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    share: *const cosigil_key_share,
    store: *mut cosigil_store,
    request: *const cosigil_request,
    id: *const u8,
    id_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, share, store) = (handle::get(identity)?, handle::get(share)?, handle::get(store)?);
        let wish = wish(request)?;
        // SAFETY: by contract null or `id_len` bytes.
        let id = PresignatureId::from_bytes(array(unsafe { given(id, id_len) }?)?);
        // SAFETY: by contract null or `label_len` bytes.
        let label = crate::input::label(unsafe { given(label, label_len) }?)?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        let start =
            with_ecdsa!(share, share => start_online(share, &identity, label, &id, &wish, &store.presignatures));
        session.open(Mutex::new(start?))
    })
}

/// What this party has said in signing this request with a presignature that is spent on it: 96 bytes, h ‖ u ‖ w, the
/// digest of the request and two numbers in the curve's customary order. They are public. The signature is s = Σ w / Σ u
/// over the signers: for an application that lost the session in a crash, and whose signers add up by themselves.
///
/// Returns COSIGIL_OK, COSIGIL_SPENT for another request than the one it was spent on, COSIGIL_UNKNOWN_PRESIGNATURE for
/// a presignature that is not spent, COSIGIL_STORE_FAILED, COSIGIL_SUITE, COSIGIL_ZERO_DIGEST, COSIGIL_NULL,
/// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE; for a request with a path COSIGIL_NO_DERIVATION,
/// COSIGIL_INVALID_CHILD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_online_repeat(
    share: *const cosigil_key_share,
    said: *mut cosigil_bytes,
    store: *const cosigil_store,
    request: *const cosigil_request,
    id: *const u8,
    id_len: usize,
) -> i32 {
    call(|| {
        outs!(said);
        let (share, store, wish) = (handle::get(share)?, handle::get(store)?, wish(request)?);
        // SAFETY: by contract null or `id_len` bytes.
        let id = PresignatureId::from_bytes(array(unsafe { given(id, id_len) }?)?);
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        said.lend(with_ecdsa!(share, share => repeat(share, &id, &wish, &*store.presignatures))?);
        Ok(())
    })
}
