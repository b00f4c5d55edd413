//! FROST: signing in a session, or in three calls with a coordinator.

use std::sync::{Arc, Mutex};

use cosigil::frost::{
    self, CommitmentList, NonceCommitments, Nonces, SignatureShare, Signing, SigningInputs, SigningRequest,
};
use cosigil::{Identity, KeyShare, Label, PartyId, PublicKeyPackage, Usage};
use zeroize::Zeroizing;

use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{AnyNonces, Each, Frost, ServedFrost, with_frost, with_two};
use crate::handle::{self, Handle, locked};
use crate::identity::cosigil_identity;
use crate::input::{crew, given, outs};
use crate::key::{cosigil_key_share, cosigil_package};
use crate::random::random;
use crate::request::{Wish, cosigil_request, wish};
use crate::running::{Output, Running, Signature};
use crate::session::cosigil_session;
use crate::status::*;

/// The secret nonces of one signature: used up by it. Any number of threads may try; one of them signs.
pub struct cosigil_nonces(());

impl Handle for cosigil_nonces {
    type Object = Mutex<Option<AnyNonces>>;
}

/// What several parties have sent, by party: commitments, or signature shares. Any number of threads may use it at
/// once.
pub struct cosigil_collection(());

impl Handle for cosigil_collection {
    type Object = Mutex<Vec<(PartyId, Zeroizing<Vec<u8>>)>>;
}

/// No recovery id.
const NO_RECOVERY_ID: u8 = 255;

fn start<S: ServedFrost>(
    key_share: &Arc<KeyShare<S>>,
    identity: &Identity,
    label: Label,
    signers: &[PartyId],
    wish: &Wish,
) -> Result<Running> {
    let params = key_share.session_params(label, signers.iter().copied())?;
    let inputs = SigningInputs { key_share: Arc::clone(key_share), request: wish.frost(key_share)? };
    let signed =
        |signature| Output::Signature(Signature { bytes: S::signature_bytes(&signature), recovery_id: NO_RECOVERY_ID });
    Running::start::<Signing<S>>(params, identity, inputs, signed)
}

fn commit<S: ServedFrost>(share: &KeyShare<S>) -> Result<(AnyNonces, Vec<u8>)> {
    let (nonces, commitments) = frost::commit(share, &mut random()?)?;
    Ok((S::nonces(nonces), commitments.to_bytes()))
}

fn make_list<S: ServedFrost>(_: &PublicKeyPackage<S>, entries: &[(PartyId, Zeroizing<Vec<u8>>)]) -> Result<Vec<u8>> {
    let decode = |(id, bytes): &(PartyId, Zeroizing<Vec<u8>>)| Ok((*id, NonceCommitments::<S>::from_bytes(bytes)?));
    let entries = entries.iter().map(decode).collect::<Result<Vec<_>>>()?;
    Ok(CommitmentList::new(entries)?.to_bytes())
}

/// Why signing failed, and the nonces where they are still good.
type Refused<S> = Box<(Failure, Option<Nonces<S>>)>;

/// Signs. Nonces of another key come back.
fn sign<S: ServedFrost>(
    share: &KeyShare<S>,
    nonces: Nonces<S>,
    request: &SigningRequest<S>,
    list: &[u8],
) -> core::result::Result<Vec<u8>, Refused<S>> {
    let list = match CommitmentList::from_bytes_for_signer(list, share, &nonces) {
        Ok(list) => list,
        Err(usage) => return Err(Box::new((usage.into(), Some(nonces)))),
    };
    match frost::sign(share, nonces, request, &list) {
        Ok(signature_share) => Ok(signature_share.to_bytes()),
        Err(error) => Err(Box::new((error.error().clone().into(), error.into_nonces()))),
    }
}

fn aggregate<S: ServedFrost>(
    package: &PublicKeyPackage<S>,
    wish: &Wish,
    list: &[u8],
    entries: &[(PartyId, Zeroizing<Vec<u8>>)],
) -> Result<Vec<u8>> {
    let list = CommitmentList::from_bytes(list, package)?;
    let decode = |(id, bytes): &(PartyId, Zeroizing<Vec<u8>>)| Ok((*id, SignatureShare::<S>::from_bytes(bytes)?));
    let shares = entries.iter().map(decode).collect::<Result<Vec<_>>>()?;
    Ok(S::signature_bytes(&frost::aggregate(package, &wish.frost_with(package, None)?, &list, shares)?))
}

/// Starts signing with a FROST suite in a session, without a coordinator: every signer gets the signature.
///
/// `label`, 32 bytes, names this session: the same at all signers, never used before. `signers` are at least t of the
/// key's parties, this one among them. The output is a signature.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for an ECDSA key or a request that is none of this suite's, COSIGIL_NULL,
/// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_PARTY_ID, COSIGIL_SIGNERS, COSIGIL_DUPLICATE_PARTY,
/// COSIGIL_UNKNOWN_PARTY, COSIGIL_OTHER_IDENTITY, COSIGIL_REFRESH_FIRST, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM;
/// for a request with a path COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_frost_sign_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    share: *const cosigil_key_share,
    request: *const cosigil_request,
    signers: *const u16,
    signers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, share, wish) = (handle::get(identity)?, handle::get(share)?, wish(request)?);
        // SAFETY: by contract null or `signers_len` ids; null or `label_len` bytes.
        let (signers, label) = unsafe { crew((signers, signers_len), (label, label_len)) }?;
        let Each::Frost(share) = &*share else { return Err(Failure::SUITE) };
        session.open(Mutex::new(with_frost!(share, share => start(share, &identity, label, &signers, &wish))?))
    })
}

/// Draws nonces for one signature: step one of signing with a coordinator, which can be done ahead of time.
///
/// The nonces stay here; `commitments` go to the coordinator.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for an ECDSA key, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_frost_commit(
    share: *const cosigil_key_share,
    nonces: *mut *mut cosigil_nonces,
    commitments: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(nonces, commitments);
        let share = handle::get(share)?;
        let Each::Frost(share) = &*share else { return Err(Failure::SUITE) };
        let (drawn, bytes) = with_frost!(share, share => commit(share))?;
        nonces.open(Mutex::new(Some(drawn)))?;
        commitments.lend(bytes);
        Ok(())
    })
}

/// The list of all signers' commitments, for the signers: what the coordinator sends them.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for an ECDSA key, COSIGIL_MALFORMED, COSIGIL_OTHER_SUITE, COSIGIL_NULL,
/// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_frost_list(
    package: *const cosigil_package,
    list: *mut cosigil_bytes,
    commitments: *const cosigil_collection,
) -> i32 {
    call(|| {
        outs!(list);
        let (package, commitments) = (handle::get(package)?, handle::get(commitments)?);
        let Each::Frost(package) = &*package else { return Err(Failure::SUITE) };
        let bytes = locked(&commitments, |entries| with_frost!(package, package => make_list(package, entries)))?;
        list.lend(bytes);
        Ok(())
    })
}

/// Makes this signer's part of the signature that *its own application* asks for: step two. The nonces are used up, also
/// when it is refused with COSIGIL_SIGNERS, COSIGIL_UNKNOWN_PARTY, COSIGIL_REFRESH_FIRST, or COSIGIL_ABORTED. They are not
/// if the nonces are of another key, the request is none of this suite's, or the list cannot be read.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_USED_UP for nonces that were used before, COSIGIL_MALFORMED,
/// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_UNKNOWN_NONCE, COSIGIL_SIGNERS,
/// COSIGIL_UNKNOWN_PARTY, COSIGIL_REFRESH_FIRST, COSIGIL_ABORTED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD; for a request with a path COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_frost_sign(
    share: *const cosigil_key_share,
    signature_share: *mut cosigil_bytes,
    nonces: *mut cosigil_nonces,
    request: *const cosigil_request,
    list: *const u8,
    list_len: usize,
) -> i32 {
    call(|| {
        outs!(signature_share);
        let (share, nonces, wish) = (handle::get(share)?, handle::get(nonces)?, wish(request)?);
        // SAFETY: by contract null or `list_len` bytes.
        let list = unsafe { given(list, list_len) }?;
        let Each::Frost(share) = &*share else { return Err(Failure::SUITE) };
        let bytes = locked(&nonces, |held| spend(share, held, &wish, list))?;
        signature_share.lend(bytes);
        Ok(())
    })
}

fn spend(
    share: &Frost<crate::each::Shares>,
    held: &mut Option<AnyNonces>,
    wish: &Wish,
    list: &[u8],
) -> Result<Vec<u8>> {
    fn one<S: ServedFrost>(
        share: &KeyShare<S>,
        nonces: Nonces<S>,
        wish: &Wish,
        list: &[u8],
        held: &mut Option<AnyNonces>,
    ) -> Result<Vec<u8>> {
        let request = match wish.frost(share) {
            Ok(request) => request,
            Err(failure) => {
                *held = Some(S::nonces(nonces));
                return Err(failure);
            }
        };
        sign(share, nonces, &request, list).map_err(|refused| {
            let (failure, nonces) = *refused;
            *held = nonces.map(S::nonces);
            failure
        })
    }
    let nonces = held.take().ok_or(Failure::USED_UP)?;
    if !is_same_suite(share, &nonces) {
        *held = Some(nonces);
        return Err(Usage::OtherSuite.into());
    }
    with_two!(frost: share, nonces, (share, nonces) => one(share, nonces, wish, list, held))
}

fn is_same_suite(share: &Frost<crate::each::Shares>, nonces: &AnyNonces) -> bool {
    let same: Result = with_two!(frost: share, nonces, (_share, _nonces) => Ok(()));
    same.is_ok()
}

/// Adds the parts of all signers up to a signature, verified: step three, by the coordinator.
///
/// Returns COSIGIL_OK; COSIGIL_CHEATED, and cosigil_last_fault names all whose part is wrong, as the coordinator sees
/// it: a signer that was served another list is among them; COSIGIL_SUITE, COSIGIL_MALFORMED, COSIGIL_OTHER_SUITE,
/// COSIGIL_WRONG_INBOX, COSIGIL_DUPLICATE_PARTY, COSIGIL_SIGNERS, COSIGIL_UNKNOWN_PARTY, COSIGIL_ABORTED,
/// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE; for a request with a path COSIGIL_NOT_THERE if
/// it lacks the chain code (cosigil_request_chain_code), COSIGIL_OTHER_CHAIN_CODE, COSIGIL_NO_DERIVATION,
/// COSIGIL_INVALID_CHILD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_frost_aggregate(
    package: *const cosigil_package,
    signature: *mut cosigil_bytes,
    request: *const cosigil_request,
    signature_shares: *const cosigil_collection,
    list: *const u8,
    list_len: usize,
) -> i32 {
    call(|| {
        outs!(signature);
        let (package, wish, shares) = (handle::get(package)?, wish(request)?, handle::get(signature_shares)?);
        // SAFETY: by contract null or `list_len` bytes.
        let list = unsafe { given(list, list_len) }?;
        let Each::Frost(package) = &*package else { return Err(Failure::SUITE) };
        let sum = |entries: &mut Vec<_>| with_frost!(package, package => aggregate(package, &wish, list, entries));
        let bytes = locked(&shares, sum)?;
        signature.lend(bytes);
        Ok(())
    })
}

/// Frees nonces, used or not. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_nonces_free(nonces: *mut cosigil_nonces) -> i32 {
    handle::close(nonces)
}

/// Makes an empty collection.
///
/// Returns COSIGIL_OK, COSIGIL_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_collection_new(collection: *mut *mut cosigil_collection) -> i32 {
    // SAFETY: by contract `collection` is an output.
    unsafe { handle::open_new(collection, || Ok(Mutex::new(Vec::new()))) }
}

/// Adds what a party has sent.
///
/// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_DUPLICATE_PARTY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_collection_add(
    collection: *mut cosigil_collection,
    party: u16,
    bytes: *const u8,
    bytes_len: usize,
) -> i32 {
    call(|| {
        let collection = handle::get(collection)?;
        // SAFETY: by contract null or `bytes_len` bytes.
        let bytes = unsafe { given(bytes, bytes_len) }?;
        let party = PartyId::new(party)?;
        locked(&collection, |entries| {
            if entries.iter().any(|(id, _)| *id == party) {
                return Err(Usage::DuplicateParty(party).into());
            }
            entries.push((party, Zeroizing::new(bytes.to_vec())));
            Ok(())
        })
    })
}

/// What is in a collection of a party.
///
/// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_collection_get(
    collection: *const cosigil_collection,
    bytes: *mut cosigil_bytes,
    party: u16,
) -> i32 {
    call(|| {
        outs!(bytes);
        let collection = handle::get(collection)?;
        let party = PartyId::new(party)?;
        let found = locked(&collection, |entries| {
            let entry = entries.iter().find(|(id, _)| *id == party);
            Ok(entry.ok_or(Usage::UnknownParty(party))?.1.clone())
        })?;
        bytes.lend(found);
        Ok(())
    })
}

/// Frees a collection. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_collection_free(collection: *mut cosigil_collection) -> i32 {
    handle::close(collection)
}
