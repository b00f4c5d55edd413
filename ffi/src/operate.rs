//! What an operator sees of a record, and decides.

use cosigil::ecdsa::burn::{BurnLog, note_strikes};
use cosigil::keygen::record::{AttemptStatus, KeyRecord, News, Said, State};
use cosigil::{KeyShare, PartyId, Sharing, Usage};

use crate::burn::cosigil_burn_log;
use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{AnyRecord, Served, with_each};
use crate::handle;
use crate::input::{Ids, array, given, outs};
use crate::key::cosigil_key_share;
use crate::record::{cosigil_record, on};
use crate::repair::lost;
use crate::status::*;

/// The attempt is open: not all confirms are there.
pub const COSIGIL_ATTEMPT_PENDING: i32 = 1;
/// The share of the new sharing is active.
pub const COSIGIL_ATTEMPT_ACTIVE: i32 = 2;
/// All holders have acknowledged the new sharing.
pub const COSIGIL_ATTEMPT_DONE: i32 = 3;
/// The attempt is closed: discarded, or another one was taken.
pub const COSIGIL_ATTEMPT_CLOSED: i32 = 4;

/// Nothing has changed.
pub const COSIGIL_NEWS_NONE: i32 = 0;
/// The share of this sharing is active: it is the one in use. The share before it is kept.
pub const COSIGIL_NEWS_ACTIVE: i32 = 1;
/// All holders of this sharing have acknowledged it: what came before it is wiped.
pub const COSIGIL_NEWS_DONE: i32 = 2;
/// This sharing, in which this party has no part, is done: the share of the sharing before it is wiped.
pub const COSIGIL_NEWS_RETIRED: i32 = 3;
/// This party's signed words contradict each other: cosigil_record_contradiction.
pub const COSIGIL_NEWS_CONTRADICTION: i32 = 4;
/// Something that this version of the interface has no number for.
pub const COSIGIL_NEWS_OTHER: i32 = 255;

/// The list in a party's acknowledgement of one attempt lacks another that it confirmed.
pub const COSIGIL_SAID_FALSE_LIST: i32 = 1;
/// A party acknowledged two attempts, where one promises that there is no other.
pub const COSIGIL_SAID_TWO_ACKS: i32 = 2;

/// # Safety
/// Null, or so many bytes that nobody writes during the call.
unsafe fn sharing(bytes: *const u8, len: usize) -> Result<Sharing> {
    // SAFETY: the same contract.
    Ok(Sharing::from_bytes(array(unsafe { given(bytes, len) }?)?))
}

fn adopt<S: Served>(share: &KeyShare<S>, record: &mut AnyRecord) -> Result {
    let record = S::record_mut(record).ok_or(Usage::OtherSuite)?;
    Ok(record.adopt(KeyShare::from_bytes(&share.to_bytes())?)?)
}

fn note<S: Served>(record: &mut KeyRecord<S>, log: &dyn BurnLog) -> Result {
    let mut share = KeyShare::<S>::from_bytes(&record.key()?.to_bytes())?;
    note_strikes(&mut share, log)?;
    let peers = share.public().parties().peers(share.me());
    let strikes = peers.map(|id| Ok((id, share.strikes(id)?.into()))).collect::<Result<Vec<_>>>()?;
    Ok(record.note_strikes(strikes)?)
}

/// Takes a share out of a repair into the record, which keeps all that this party has signed: a new record would not know
/// of it. It is stored when this returns, and in use if no later sharing is. The handle of the share may go then.
///
/// Returns COSIGIL_OK, COSIGIL_RECORD_EXISTS if there is a share of that sharing, COSIGIL_RETIRED for one that is over,
/// or before the one in use, COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_IDENTITY, COSIGIL_TOO_MANY sharings,
/// COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_adopt(record: *mut cosigil_record, share: *const cosigil_key_share) -> i32 {
    call(|| {
        let share = handle::get(share)?;
        on(record, |place| with_each!(&*share, share => adopt(share, &mut place.record)))
    })
}

/// Takes another public identity, 32 bytes, for a party, as all parties do when it has come back by a repair under a new
/// one: on what this party's own operator says, never on a message. It is stored when this returns. For this party
/// itself it is the one that the record was opened with, before cosigil_record_adopt. An ECDSA key wants
/// cosigil_record_note_strikes before, and cosigil_pairs_forget with the peer.
///
/// Returns COSIGIL_OK; COSIGIL_ATTEMPT_UNDER_WAY if an attempt from the sharing in use is neither done nor discarded;
/// COSIGIL_UNKNOWN_PARTY, COSIGIL_DUPLICATE_IDENTITY, COSIGIL_INVALID_IDENTITY, COSIGIL_OTHER_IDENTITY,
/// COSIGIL_PARTY_ID, COSIGIL_NO_SHARE, COSIGIL_TOO_MANY changes, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_LENGTH,
/// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_set_identity(
    record: *mut cosigil_record,
    party: u16,
    key: *const u8,
    key_len: usize,
) -> i32 {
    call(|| {
        // SAFETY: by contract null or `key_len` bytes.
        let changed = lost(party, unsafe { given(key, key_len) }?)?;
        on(
            record,
            |place| with_each!(&mut place.record, record => Ok(record.set_identity(changed.id, changed.identity)?)),
        )
    })
}

/// Raises the strikes of peers, in the share that the record keeps, to what the burn log has counted; they never go down.
/// Do so whenever a session has ended in a strike or burn: it is what a backup of the record keeps of them.
///
/// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, and what cosigil_record_key does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_note_strikes(record: *mut cosigil_record, log: *const cosigil_burn_log) -> i32 {
    call(|| {
        let log = handle::get(log)?;
        on(record, |place| with_each!(&mut place.record, record => note(record, &**log)))
    })
}

/// Takes the next piece of news: what cosigil_record_learn, or a session of the record, has changed. Call it until `news`
/// is COSIGIL_NEWS_NONE.
///
/// `sharing` gets the 32 bytes of the sharing that it is about, NULL where it is about none; `party` is 0 unless the news
/// is COSIGIL_NEWS_CONTRADICTION. What was not taken is gone with the process: cosigil_record_attempt tells how things
/// stand.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_take_news(
    record: *mut cosigil_record,
    news: *mut i32,
    party: *mut u16,
    sharing: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(news, party, sharing);
        let Some(next) = on(record, |place| Ok(place.news.pop_front()))? else { return Ok(()) };
        let (number, about) = match next {
            News::Active(about) => (COSIGIL_NEWS_ACTIVE, Some(about)),
            News::Done(about) => (COSIGIL_NEWS_DONE, Some(about)),
            News::Retired(about) => (COSIGIL_NEWS_RETIRED, Some(about)),
            News::Contradiction(id) => {
                party.put(id.get());
                (COSIGIL_NEWS_CONTRADICTION, None)
            }
            _ => (COSIGIL_NEWS_OTHER, None),
        };
        news.put(number);
        if let Some(about) = about {
            sharing.lend(about.as_bytes().to_vec());
        }
        Ok(())
    })
}

/// What a party has signed about the attempts at hand that cannot both be, by number from 0: `party` has said it, `said` is
/// one of COSIGIL_SAID_…. An honest party is never among them. Count up until COSIGIL_NOT_THERE comes.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_contradiction(
    record: *const cosigil_record,
    party: *mut u16,
    said: *mut i32,
    number: usize,
) -> i32 {
    fn all<S: Served>(record: &KeyRecord<S>) -> Vec<(PartyId, Said)> {
        record.contradictions().iter().map(|found| (found.culprit(), found.said())).collect()
    }
    call(|| {
        outs!(party, said);
        let found = on(record, |place| with_each!(&place.record, record => Ok(all(record))))?;
        let (culprit, what) = found.get(number).ok_or(Failure::NOT_THERE)?;
        party.put(culprit.get());
        said.put(match what {
            Said::FalseList => COSIGIL_SAID_FALSE_LIST,
            Said::TwoAcks => COSIGIL_SAID_TWO_ACKS,
        });
        Ok(())
    })
}

/// How an attempt stands, by number from 0, the oldest first: the sharing it makes, one of COSIGIL_ATTEMPT_…, and who has
/// not acknowledged it. Of those it is not known whether they still use the old share.
///
/// `parties` gets at most `capacity` ids, `count` how many there are. Count up until COSIGIL_NOT_THERE comes.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_attempt(
    record: *const cosigil_record,
    sharing: *mut cosigil_bytes,
    state: *mut i32,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
    number: usize,
) -> i32 {
    call(|| {
        outs!(sharing, state, count);
        // SAFETY: by contract null or room for `capacity` ids.
        let ids = unsafe { Ids::of(parties, capacity) }?;
        let all: Vec<AttemptStatus> = on(record, |place| with_each!(&place.record, record => Ok(record.status())))?;
        let status = all.get(number).ok_or(Failure::NOT_THERE)?;
        state.put(match status.state {
            State::Active => COSIGIL_ATTEMPT_ACTIVE,
            State::Done => COSIGIL_ATTEMPT_DONE,
            State::Pending => COSIGIL_ATTEMPT_PENDING,
            State::Discarded => COSIGIL_ATTEMPT_CLOSED,
        });
        ids.put(count, status.missing.iter().copied())?;
        sharing.lend(status.to.as_bytes().to_vec());
        Ok(())
    })
}

/// Discards the pending share of the attempt at this sharing, 32 bytes. If the others finish it, only a repair helps.
///
/// Returns COSIGIL_OK, COSIGIL_UNKNOWN_ATTEMPT, COSIGIL_ACKNOWLEDGED, COSIGIL_STORE_FAILED, COSIGIL_NULL,
/// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_discard(
    record: *mut cosigil_record,
    sharing: *const u8,
    sharing_len: usize,
) -> i32 {
    call(|| {
        // SAFETY: by contract null or `sharing_len` bytes.
        let sharing = unsafe { self::sharing(sharing, sharing_len) }?;
        on(record, |place| with_each!(&mut place.record, record => Ok(record.discard(&sharing)?)))
    })
}

/// How often this sharing, 32 bytes, was gone back to (cosigil_record_reopen): 0 if never.
///
/// Returns COSIGIL_OK, COSIGIL_NO_SHARE for one that the record does not have, COSIGIL_NULL, COSIGIL_LENGTH,
/// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_era(
    record: *const cosigil_record,
    era: *mut u16,
    sharing: *const u8,
    sharing_len: usize,
) -> i32 {
    call(|| {
        outs!(era);
        // SAFETY: by contract null or `sharing_len` bytes.
        let sharing = unsafe { self::sharing(sharing, sharing_len) }?;
        era.put(on(record, |place| with_each!(&place.record, record => Ok(record.era(&sharing)?)))?);
        Ok(())
    })
}

/// Goes back to this sharing, 32 bytes, at all its parties, by an operator's decision after COSIGIL_SHARINGS_CONFLICT.
/// `era` is the number of this reopening, one more than cosigil_record_era gives: the same at all parties. Once it is
/// reached, doing it again changes nothing.
///
/// Returns what cosigil_record_discard does, and COSIGIL_RETIRED, COSIGIL_NO_SHARE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_record_reopen(
    record: *mut cosigil_record,
    era: u16,
    sharing: *const u8,
    sharing_len: usize,
) -> i32 {
    call(|| {
        // SAFETY: by contract null or `sharing_len` bytes.
        let sharing = unsafe { self::sharing(sharing, sharing_len) }?;
        on(record, |place| with_each!(&mut place.record, record => Ok(record.reopen(&sharing, era)?)))
    })
}
