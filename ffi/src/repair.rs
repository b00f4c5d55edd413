//! Repair of a lost share, and what the others do afterwards.

use std::sync::{Arc, Mutex};

use cosigil::ecdsa::burn::BurnLog;
use cosigil::ecdsa::pairs::PairStates;
use cosigil::keygen::repair::{Inputs, Lost, Repair, Repaired};
use cosigil::{Identity, KeyShare, Label, PartyId, PublicIdentity, PublicKeyPackage};

use crate::burn::cosigil_burn_log;
use crate::call::call;
use crate::each::{AnyShare, Each, Served, ServedEcdsa, with_each, with_two};
use crate::handle::{self, locked};
use crate::identity::cosigil_identity;
use crate::input::{array, crew, given, outs};
use crate::key::{cosigil_key_share, cosigil_package};
use crate::keygen::held;
use crate::pairs::cosigil_pairs;
use crate::running::{Output, Running};
use crate::session::cosigil_session;
use crate::status::*;

fn repaired<S: Served>(repaired: Repaired<S>) -> Output {
    match repaired {
        Repaired::Share(share) => held(*share),
        Repaired::Helped(package) => Output::Package(Box::new(S::package(package))),
    }
}

fn start<S: Served>(inputs: Inputs<S>, identity: &Identity, label: Label) -> Result<Running> {
    Running::start::<Repair<S>>(inputs.params(label)?, identity, inputs, repaired)
}

fn help<S: Served>(
    share: &KeyShare<S>,
    lost: Lost,
    helpers: &[PartyId],
    identity: &Identity,
    label: Label,
) -> Result<Running> {
    start(Inputs::helper(share, lost, helpers)?, identity, label)
}

fn recover<S: Served>(
    package: &PublicKeyPackage<S>,
    expected: &[u8; 32],
    lost: Lost,
    helpers: &[PartyId],
    identity: &Identity,
    label: Label,
) -> Result<Running> {
    start(Inputs::recipient(package, expected, lost, helpers)?, identity, label)
}

pub(crate) fn lost(party: u16, key: &[u8]) -> Result<Lost> {
    Ok(Lost { id: PartyId::new(party)?, identity: PublicIdentity::from_bytes(&array(key)?)? })
}

/// Starts helping a party that lost its share. `lost` is its id and `lost_key` its public identity, 32 bytes, the one
/// it had or a new one, as this party's own operator knows them; `helpers` are at least t other parties, this one
/// among them. All must bring the same.
///
/// The output is a package (cosigil_session_take_package), in which the repaired party has that identity.
///
/// Returns COSIGIL_OK, COSIGIL_TOO_FEW_HELPERS, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_PARTY,
/// COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID, COSIGIL_INVALID_IDENTITY, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL,
/// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_repair_help_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    share: *const cosigil_key_share,
    lost: u16,
    lost_key: *const u8,
    lost_key_len: usize,
    helpers: *const u16,
    helpers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, share) = (handle::get(identity)?, handle::get(share)?);
        // SAFETY: by contract null or `lost_key_len` bytes.
        let lost = self::lost(lost, unsafe { given(lost_key, lost_key_len) }?)?;
        // SAFETY: by contract null or `helpers_len` ids; null or `label_len` bytes.
        let (helpers, label) = unsafe { crew((helpers, helpers_len), (label, label_len)) }?;
        session.open(Mutex::new(with_each!(&*share, share => help(share, lost, &helpers, &identity, label))?))
    })
}

/// Starts the repair at the party that lost its share. The package may come from anybody, a helper too; `expected`, its
/// digest (cosigil_package_digest), only from this party's own operator. The other arguments are those of
/// cosigil_repair_help_start; `lost` is this party, `lost_key` the public half of `identity`.
///
/// The output is the key share, as it was.
///
/// Returns what cosigil_repair_help_start does, and COSIGIL_OTHER_KEY for another package.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_repair_start(
    identity: *const cosigil_identity,
    session: *mut *mut cosigil_session,
    package: *const cosigil_package,
    expected: *const u8,
    expected_len: usize,
    lost: u16,
    lost_key: *const u8,
    lost_key_len: usize,
    helpers: *const u16,
    helpers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (identity, package) = (handle::get(identity)?, handle::get(package)?);
        // SAFETY: by contract null or `expected_len` bytes.
        let expected = array(unsafe { given(expected, expected_len) }?)?;
        // SAFETY: by contract null or `lost_key_len` bytes.
        let lost = self::lost(lost, unsafe { given(lost_key, lost_key_len) }?)?;
        // SAFETY: by contract null or `helpers_len` ids; null or `label_len` bytes.
        let (helpers, label) = unsafe { crew((helpers, helpers_len), (label, label_len)) }?;
        session.open(Mutex::new(
            with_each!(&*package, package => recover(package, &expected, lost, &helpers, &identity, label))?,
        ))
    })
}

/// The same share, with another public identity of a party: after a repair in which that got a new one. Store it in
/// the place of the old one. With a record use cosigil_record_set_identity.
///
/// Returns COSIGIL_OK, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID, COSIGIL_INVALID_IDENTITY,
/// COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_with_identity(
    share: *const cosigil_key_share,
    changed: *mut *mut cosigil_key_share,
    party: u16,
    key: *const u8,
    key_len: usize,
) -> i32 {
    fn change<S: Served>(share: &KeyShare<S>, lost: Lost) -> Result<AnyShare> {
        let mut copy = KeyShare::<S>::from_bytes(&share.to_bytes())?;
        copy.set_identity(lost.id, lost.identity)?;
        Ok(S::share(Arc::new(copy)))
    }
    call(|| {
        outs!(changed);
        let share = handle::get(share)?;
        // SAFETY: by contract null or `key_len` bytes.
        let lost = lost(party, unsafe { given(key, key_len) }?)?;
        changed.open(with_each!(&*share, share => change(share, lost))?)
    })
}

/// Takes note that a peer of an ECDSA key lost its share and has it back: `changed` is the share with its identity and
/// the strikes against it, and the pairs with it are gone. Store the share, then the pair states; then run a setup
/// with the peer, and discard presignatures whose signers it is among.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_STORE_FAILED, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY,
/// COSIGIL_OTHER_SHARING, COSIGIL_OTHER_IDENTITY, COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_PARTY_ID,
/// COSIGIL_INVALID_IDENTITY, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_pairs_after_repair(
    pairs: *mut cosigil_pairs,
    changed: *mut *mut cosigil_key_share,
    share: *const cosigil_key_share,
    log: *const cosigil_burn_log,
    party: u16,
    key: *const u8,
    key_len: usize,
) -> i32 {
    fn after<S: ServedEcdsa>(
        share: &KeyShare<S>,
        states: &mut PairStates<S>,
        log: &dyn BurnLog,
        lost: Lost,
    ) -> Result<AnyShare> {
        let mut copy = KeyShare::<S>::from_bytes(&share.to_bytes())?;
        cosigil::ecdsa::after_repair(&mut copy, states, log, lost)?;
        Ok(S::share(Arc::new(copy)))
    }
    call(|| {
        outs!(changed);
        let (pairs, share, log) = (handle::get(pairs)?, handle::get(share)?, handle::get(log)?);
        // SAFETY: by contract null or `key_len` bytes.
        let lost = lost(party, unsafe { given(key, key_len) }?)?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        let share = locked(
            &pairs,
            |states| with_two!(ecdsa: share, states, (share, states) => after(share, states, &**log, lost)),
        )?;
        changed.open(share)
    })
}
