//! The record of a key at one party: refresh, reshare, and how parties that missed something catch up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use cosigil::key::KeyStore;
use cosigil::keygen::record::{KeyRecord, Moved, News};
use cosigil::{Identity, KeyShare, Parcel, PartyId, Plan, PublicKeyPackage, Threshold, Usage};

use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{AnyPackage, AnyRecord, AnyShare, Served, with_each, with_suite};
use crate::handle::{self, Handle, locked};
use crate::identity::{cosigil_identity, cosigil_parties, parties};
use crate::input::{array, given, ids, outs};
use crate::key::{cosigil_key_share, cosigil_package, of_any_suite};
use crate::keystore::cosigil_key_store;
use crate::moving::Moving;
use crate::random::random;
use crate::running::Running;
use crate::session::cosigil_session;
use crate::status::*;
use crate::store::cosigil_store;

/// One party's record of one key, and the attempts to move it on. Threads that use it at once wait for each other.
pub struct cosigil_record(());

impl Handle for cosigil_record {
    type Object = Kept;
}

/// The record, and what is to be sent and told of it.
pub(crate) struct Kept(Arc<Mutex<Place>>);

pub(crate) struct Place {
    pub(crate) record: AnyRecord,
    outbox: VecDeque<Parcel>,
    pub(crate) news: VecDeque<News>,
}

impl Kept {
    pub(crate) fn new(record: AnyRecord) -> Self {
        Self(Arc::new(Mutex::new(Place { record, outbox: VecDeque::new(), news: VecDeque::new() })))
    }
}

pub(crate) fn on<R>(record: *const cosigil_record, work: impl FnOnce(&mut Place) -> Result<R>) -> Result<R> {
    locked(&handle::get(record)?.0, work)
}

fn create<S: Served>(share: &KeyShare<S>, store: Arc<dyn KeyStore>, identity: &Identity) -> Result<AnyRecord> {
    let copy = KeyShare::<S>::from_bytes(&share.to_bytes())?;
    Ok(S::record(KeyRecord::create(store, identity, copy)?))
}

fn join<S: Served>(
    package: &PublicKeyPackage<S>,
    store: Arc<dyn KeyStore>,
    identity: &Identity,
    me: PartyId,
    expected: &[u8; 32],
) -> Result<AnyRecord> {
    Ok(S::record(KeyRecord::join(store, identity, me, package, expected)?))
}

fn key<S: Served>(record: &KeyRecord<S>) -> Result<AnyShare> {
    Ok(S::share(Arc::clone(record.key()?)))
}

fn public<S: Served>(record: &KeyRecord<S>) -> Result<AnyPackage> {
    Ok(S::package(record.public()?.clone()))
}

/// Begins an attempt by whatever plan the record's present sharing allows.
fn begin<S: Served>(
    kept: &Kept,
    record: &mut KeyRecord<S>,
    plan: impl FnOnce(&PublicKeyPackage<S>) -> core::result::Result<Plan<S>, Usage>,
    label: &[u8],
) -> Result<Running> {
    let plan = plan(record.public()?)?;
    let (attempt, first) = record.attempt(&plan, crate::input::label(label)?, &mut random()?)?;
    let stays = plan.holders().contains(record.me());
    let from = plan.old().sharing();
    Ok(Running::of(Moving::new(attempt, Arc::clone(&kept.0), from, stays), first))
}

/// Makes a new record of a key share, out of key generation or repair, in a store that has none. It is stored when
/// this returns; from then on the record is what keeps the share, through every refresh. **Delete the bytes of the share
/// that were stored before, and the checkpoints of its key generation**: a refresh makes an old share worthless only
/// if the parties have none of it left. Where there is a record already a repaired share goes into it
/// (cosigil_record_adopt).
///
/// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS, COSIGIL_OTHER_IDENTITY, COSIGIL_STORE_FAILED, COSIGIL_NULL,
/// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_create(
    identity: *const cosigil_identity,
    record: *mut *mut cosigil_record,
    store: *const cosigil_key_store,
    share: *const cosigil_key_share,
) -> i32 {
    call(|| {
        outs!(record);
        let (identity, store, share) = (handle::get(identity)?, handle::get(store)?, handle::get(share)?);
        let made = with_each!(&*share, share => create(share, Arc::clone(&store), &identity))?;
        record.open(Kept::new(made))
    })
}

/// Makes a new record of a party that has no share of the key, a newcomer or one that lost it; a reshare brings the share.
/// The package of the present sharing may come from anybody; `expected`, its digest (cosigil_package_digest), only from
/// this party's own operator.
///
/// Returns COSIGIL_OK, COSIGIL_OTHER_KEY for another package, COSIGIL_RECORD_EXISTS, COSIGIL_STORE_FAILED,
/// COSIGIL_PARTY_ID, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_join(
    identity: *const cosigil_identity,
    record: *mut *mut cosigil_record,
    store: *const cosigil_key_store,
    package: *const cosigil_package,
    me: u16,
    expected: *const u8,
    expected_len: usize,
) -> i32 {
    call(|| {
        outs!(record);
        let (identity, store, package) = (handle::get(identity)?, handle::get(store)?, handle::get(package)?);
        let me = PartyId::new(me)?;
        // SAFETY: by contract null or `expected_len` bytes.
        let expected = array(unsafe { given(expected, expected_len) }?)?;
        let made = with_each!(&*package, package => join(package, Arc::clone(&store), &identity, me, &expected))?;
        record.open(Kept::new(made))
    })
}

/// Opens the record that is in a store: at every start. Then add its dependents (cosigil_record_depend), and exchange
/// with the others (cosigil_record_exchange) before anything is signed.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE if there is none, COSIGIL_OLDER_GENERATION, COSIGIL_STORE_FAILED,
/// COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_open(
    identity: *const cosigil_identity,
    record: *mut *mut cosigil_record,
    store: *const cosigil_key_store,
) -> i32 {
    fn read<S: Served>(store: &Arc<dyn KeyStore>, identity: &Identity) -> Result<AnyRecord> {
        let found = KeyRecord::<S>::open(Arc::clone(store), identity, Vec::new())?;
        found.map(S::record).ok_or(Failure::NOT_THERE)
    }
    call(|| {
        outs!(record);
        let (identity, store) = (handle::get(identity)?, handle::get(store)?);
        record.open(Kept::new(of_any_suite(|number| with_suite!(number, S => read::<S>(&store, &identity)))?))
    })
}

/// The presignatures of this store are wiped when the sharing they are of is over, before that is told to anybody.
///
/// Of a store of callbacks its `retire` does it.
///
/// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_depend(record: *mut cosigil_record, store: *const cosigil_store) -> i32 {
    call(|| {
        let (kept, store) = (handle::get(record)?, handle::get(store)?);
        let retire = Arc::clone(&store.retire);
        locked(&kept.0, |place| with_each!(&mut place.record, record => Ok(record.add_dependent(retire)?)))
    })
}

/// The share to sign with now.
///
/// Returns COSIGIL_OK, COSIGIL_NO_SHARE while there is none yet, COSIGIL_RETIRED when the key has moved on without
/// this party, COSIGIL_OTHER_SHARING, COSIGIL_SHARINGS_CONFLICT when an operator has to decide
/// (cosigil_record_reopen), COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_key(record: *const cosigil_record, share: *mut *mut cosigil_key_share) -> i32 {
    call(|| {
        outs!(share);
        share.open(on(record, |place| with_each!(&place.record, record => key(record)))?)
    })
}

/// The package of the sharing in use. Returns what cosigil_record_key does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_package(
    record: *const cosigil_record,
    package: *mut *mut cosigil_package,
) -> i32 {
    call(|| {
        outs!(package);
        package.open(on(record, |place| with_each!(&place.record, record => public(record)))?)
    })
}

/// Starts a refresh: all parties of the key get new shares, the old ones become worthless. `label`, 32 bytes, names
/// this attempt: the same at all parties, never used before. One attempt at a time.
///
/// There is no output: what the session brings about is in the record, stored before it leaves. Free all handles of the
/// old share then, cosigil_record_key gives the new one, and see that no bytes of the old share are left anywhere.
/// COSIGIL_FINISHED comes when all have acknowledged. If it does not come, exchange (cosigil_record_exchange), now or
/// after a restart: nothing is lost.
///
/// Returns COSIGIL_OK, COSIGIL_ACKNOWLEDGED, COSIGIL_RETIRED, COSIGIL_NO_SHARE, COSIGIL_OTHER_SHARING,
/// COSIGIL_TOO_MANY attempts, COSIGIL_STORE_FAILED, COSIGIL_MISSING_IDENTITY, COSIGIL_OTHER_IDENTITY, COSIGIL_NULL,
/// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM,
/// COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_refresh_start(
    record: *mut cosigil_record,
    session: *mut *mut cosigil_session,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let kept = handle::get(record)?;
        // SAFETY: by contract null or `label_len` bytes.
        let label = unsafe { given(label, label_len) }?;
        let running = locked(
            &kept.0,
            |place| with_each!(&mut place.record, record => begin(&kept, record, Plan::refresh, label)),
        )?;
        session.open(Mutex::new(running))
    })
}

/// Starts a reshare: `dealers`, at least t of the parties, deal the key anew to `holders`, any `threshold` of whom can
/// use it afterwards. Who keeps its place keeps id and identity; a party that does not deal may come back with a new
/// identity. Dealers and holders take part, and must bring the same. The rest is as with cosigil_refresh_start; the
/// session of a party that leaves is finished when it has dealt.
///
/// Returns what cosigil_refresh_start does, and COSIGIL_SIGNERS for too few dealers, COSIGIL_UNKNOWN_PARTY,
/// COSIGIL_DUPLICATE_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_THRESHOLD, COSIGIL_PARTY_ID, COSIGIL_REFRESH_FIRST.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_reshare_start(
    record: *mut cosigil_record,
    session: *mut *mut cosigil_session,
    holders: *const cosigil_parties,
    threshold: u16,
    dealers: *const u16,
    dealers_len: usize,
    label: *const u8,
    label_len: usize,
) -> i32 {
    call(|| {
        outs!(session);
        let (kept, holders) = (handle::get(record)?, parties(holders)?);
        // SAFETY: by contract null or `dealers_len` ids.
        let dealers = ids(unsafe { given(dealers, dealers_len) }?)?;
        // SAFETY: by contract null or `label_len` bytes.
        let label = unsafe { given(label, label_len) }?;
        let threshold = Threshold::new(threshold)?;
        let running = locked(&kept.0, |place| {
            with_each!(&mut place.record, record => {
                let plan = |old: &_| Plan::reshare(old, dealers.iter().copied(), holders.clone(), threshold);
                begin(&kept, record, plan, label)
            })
        })?;
        session.open(Mutex::new(running))
    })
}

/// All that this party holds of attempts at its present sharing and the one before, for any other party, over any
/// channel. It holds no secret. Exchange at every start, after a break, and before each attempt.
///
/// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_exchange(record: *mut cosigil_record, bytes: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(bytes);
        let shown = on(record, |place| with_each!(&mut place.record, record => Ok(record.exchange()?)))?;
        bytes.lend(shown);
        Ok(())
    })
}

/// Takes what another party shows: the bytes of its cosigil_record_exchange, or a message of an attempt. Each piece is
/// checked, and it may come twice. Then send what cosigil_record_take_message gives, and see what has changed
/// (cosigil_record_take_news).
///
/// Returns COSIGIL_OK; COSIGIL_OTHER_SHARING if this party's copy of the record is too old to catch up: what it could
/// learn is kept all the same; COSIGIL_OTHER_KEY, COSIGIL_FOREIGN_MESSAGE, COSIGIL_MALFORMED, COSIGIL_VERSION,
/// COSIGIL_OTHER_SUITE, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_learn(record: *mut cosigil_record, bytes: *const u8, bytes_len: usize) -> i32 {
    call(|| {
        let kept = handle::get(record)?;
        // SAFETY: by contract null or `bytes_len` bytes.
        let bytes = unsafe { given(bytes, bytes_len) }?;
        locked(&kept.0, |place| {
            let moved: Moved = with_each!(&mut place.record, record => record.learn(bytes))?;
            place.outbox.extend(moved.send);
            place.news.extend(moved.news);
            Ok(())
        })
    })
}

/// Takes the next message that cosigil_record_learn has brought about, as cosigil_session_take_message does.
///
/// Returns COSIGIL_OK, also where there is none; COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_take_message(
    record: *mut cosigil_record,
    recipient: *mut u16,
    message: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(recipient, message);
        if let Some(parcel) = on(record, |place| Ok(place.outbox.pop_front()))? {
            recipient.put(parcel.to.map_or(0, |to| to.get()));
            message.lend(parcel.bytes);
        }
        Ok(())
    })
}

/// Frees a record. NULL is left alone. What is in its store stays; sessions of it go on.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_free(record: *mut cosigil_record) -> i32 {
    handle::close(record)
}
