//! One session type for every protocol.

use std::sync::Mutex;

use cosigil::PartyId;
use zeroize::Zeroizing;

use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::handle::{self, Handle, locked};
use crate::input::{Ids, given, outs};
use crate::key::{cosigil_key_share, cosigil_package};
use crate::running::{Output, Running, taken};
use crate::status::*;

/// A protocol that this party runs with others: key generation, setup, signing, and the rest. Bytes in, bytes out. Any
/// number of threads may use it at once: they wait for each other.
pub struct cosigil_session(());

impl Handle for cosigil_session {
    type Object = Mutex<Running>;
}

/// There are messages to send: cosigil_session_take_message.
pub const COSIGIL_SEND: u32 = 1;
/// Something must be stored before messages are given out: cosigil_session_stored.
pub const COSIGIL_STORE: u32 = 2;
/// What the session was run for is there: cosigil_session_output.
pub const COSIGIL_OUTPUT: u32 = 4;
/// The session has come to its end: all is well, and it needs no more messages. Never after an abort that ended it.
pub const COSIGIL_FINISHED: u32 = 8;
/// The session has ended without success, by an abort or a failure of storage: it takes no more messages.
pub const COSIGIL_ENDED: u32 = 16;
/// The checkpoint must be deleted before messages are given out: cosigil_session_stored.
pub const COSIGIL_DELETE: u32 = 32;

/// No output.
pub const COSIGIL_OUTPUT_NONE: i32 = 0;
/// A key share: cosigil_session_take_key_share.
pub const COSIGIL_OUTPUT_KEY_SHARE: i32 = 1;
/// A pair: cosigil_pairs_take.
pub const COSIGIL_OUTPUT_PAIR: i32 = 2;
/// A signature: cosigil_session_take_signature.
pub const COSIGIL_OUTPUT_SIGNATURE: i32 = 3;
/// Presignatures: cosigil_presignatures_take.
pub const COSIGIL_OUTPUT_PRESIGNATURES: i32 = 4;
/// A package, at those who helped in a repair, or dealt and hold nothing new: cosigil_session_take_package.
pub const COSIGIL_OUTPUT_PACKAGE: i32 = 5;
/// A whole key, at the recipient of an export: cosigil_hazmat_take_secret.
pub const COSIGIL_OUTPUT_SECRET: i32 = 6;

pub(crate) fn on<R>(session: *const cosigil_session, work: impl FnOnce(&mut Running) -> Result<R>) -> Result<R> {
    locked(&*handle::get(session)?, work)
}

/// Parties of a session, as an entry.
///
/// # Safety
/// `parties` is null or room for `capacity` ids that nobody else touches during the call; `count` an output.
pub(crate) unsafe fn list(
    session: *const cosigil_session,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
    of: impl FnOnce(&Running) -> Result<Vec<PartyId>>,
) -> i32 {
    call(|| {
        outs!(count);
        // SAFETY: the same contract.
        let ids = unsafe { Ids::of(parties, capacity) }?;
        ids.put(count, on(session, |running| of(running))?)
    })
}

fn flags(running: &Running) -> u32 {
    let (messages, must_store, must_delete) = running.waits();
    let flag = |is: bool, flag: u32| if is { flag } else { 0 };
    flag(messages, COSIGIL_SEND)
        | flag(must_store, COSIGIL_STORE)
        | flag(running.output().is_some(), COSIGIL_OUTPUT)
        | flag(running.is_finished(), COSIGIL_FINISHED)
        | flag(running.is_ended(), COSIGIL_ENDED)
        | flag(must_delete, COSIGIL_DELETE)
}

/// Gives a session a message off the wire: any bytes, from anywhere, in any order.
///
/// `progress` gets what is to be done now: COSIGIL_SEND | COSIGIL_STORE | COSIGIL_OUTPUT | COSIGIL_FINISHED |
/// COSIGIL_ENDED | COSIGIL_DELETE. Store first, then delete, then send; fund an address of a new key only when its key
/// generation is COSIGIL_FINISHED. It is 0 unless COSIGIL_OK is returned: ask cosigil_session_progress then.
///
/// Returns COSIGIL_OK. A status from 100 to 299, COSIGIL_FOREIGN_MESSAGE for example, is about these bytes alone, also
/// where there are none (COSIGIL_LENGTH): the session is unharmed; throw them away. From 300 to 699 there was an abort,
/// or storage failed: ask cosigil_session_fault, cosigil_session_culprits and cosigil_session_consequence, and send what
/// cosigil_session_take_message still gives, that the others can tell too. Whether it has ended the session,
/// COSIGIL_ENDED of cosigil_session_progress says: a session that has promised something to its peers lives on. After
/// that it is COSIGIL_OVER. COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_receive(
    session: *mut cosigil_session,
    progress: *mut u32,
    bytes: *const u8,
    bytes_len: usize,
) -> i32 {
    call(|| {
        outs!(progress);
        let object = handle::get(session)?;
        // SAFETY: by contract null or `bytes_len` bytes.
        let bytes = unsafe { given(bytes, bytes_len) }?;
        locked(&object, |running| {
            running.receive(bytes)?;
            progress.put(flags(running));
            Ok(())
        })
    })
}

/// What is to be done now, as cosigil_session_receive says it: after a start, and after an abort.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_progress(session: *const cosigil_session, progress: *mut u32) -> i32 {
    call(|| {
        outs!(progress);
        progress.put(on(session, |running| Ok(flags(running)))?);
        Ok(())
    })
}

/// Takes the next message to send. Call it until `message` comes back with NULL.
///
/// `recipient` is the id of the one party it is for; 0: the same bytes for all the others. Send it over any channel;
/// nobody but the recipient can read what is secret in it. Free it with cosigil_bytes_free.
///
/// Returns COSIGIL_OK, also where there is none; COSIGIL_STORE_FIRST, COSIGIL_NULL, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_take_message(
    session: *mut cosigil_session,
    recipient: *mut u16,
    message: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(recipient, message);
        if let Some(parcel) = on(session, Running::take_message)? {
            recipient.put(parcel.to.map_or(0, |to| to.get()));
            message.lend(Zeroizing::new(parcel.bytes));
        }
        Ok(())
    })
}

/// Puts everything that this party has sent into the queue once more, for peers that may have missed it. Who has it
/// drops it.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_send_again(session: *mut cosigil_session) -> i32 {
    call(|| {
        on(session, |running| {
            running.send_again();
            Ok(())
        })
    })
}

/// The session as bytes, secret, to be taken up again by the `…_resume` function of its protocol.
///
/// Store them where only this party can read them, durably, then call cosigil_session_stored.
///
/// Returns COSIGIL_OK; COSIGIL_NOT_RESUMABLE for everything that signs, sets up or repairs: a copy of that would do it
/// twice; COSIGIL_OVER, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_checkpoint(
    session: *mut cosigil_session,
    checkpoint: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(checkpoint);
        checkpoint.lend(on(session, Running::checkpoint)?);
        Ok(())
    })
}

/// Says that what COSIGIL_STORE asks for is stored, durably, and what COSIGIL_DELETE asks for is deleted: messages are
/// given out again.
///
/// To be stored are, where the session can be resumed and is not over, what cosigil_session_checkpoint gave; and what
/// came out of it, where that is a key share or a pair. To be deleted, when a session that can be resumed is over, are
/// all its checkpoints, after the output is stored: a session that was taken up again from one would not know what it
/// has said since, a complaint for example.
///
/// Returns COSIGIL_OK; COSIGIL_STORE_FIRST if that was not even asked for; COSIGIL_NULL, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_stored(session: *mut cosigil_session) -> i32 {
    call(|| on(session, Running::stored))
}

/// Who still owes a message in the round now awaited. Nobody is to blame for being late: ask it to send again, or go on
/// without it in a new session.
///
/// `parties` gets at most `capacity` ids, `count` how many there are.
///
/// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_awaiting(
    session: *const cosigil_session,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: by contract `parties` is null or room for `capacity` ids, `count` an output.
    unsafe { list(session, parties, capacity, count, |running| Ok(running.awaiting())) }
}

/// The parties that run the session with other inputs (another threshold, message, set of parties, label), or of whom
/// somebody replays old messages. Their messages are dropped; it is no fault.
///
/// `parties` gets at most `capacity` ids, `count` how many there are.
///
/// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_conflicts(
    session: *const cosigil_session,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: by contract `parties` is null or room for `capacity` ids, `count` an output.
    unsafe { list(session, parties, capacity, count, |running| Ok(running.run().conflicts())) }
}

/// The round whose messages are awaited, from 1.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_round(session: *const cosigil_session, round: *mut u8) -> i32 {
    call(|| {
        outs!(round);
        round.put(on(session, |running| Ok(running.run().round()))?);
        Ok(())
    })
}

/// Which output waits to be taken: one of COSIGIL_OUTPUT_….
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_output(session: *const cosigil_session, output: *mut i32) -> i32 {
    call(|| {
        outs!(output);
        let kind = on(session, |running| {
            Ok(match running.output() {
                None => COSIGIL_OUTPUT_NONE,
                Some(Output::KeyShare(_)) => COSIGIL_OUTPUT_KEY_SHARE,
                Some(Output::Pair(_)) => COSIGIL_OUTPUT_PAIR,
                Some(Output::Signature(_)) => COSIGIL_OUTPUT_SIGNATURE,
                Some(Output::Presignatures(_)) => COSIGIL_OUTPUT_PRESIGNATURES,
                Some(Output::Package(_)) => COSIGIL_OUTPUT_PACKAGE,
                Some(Output::Secret(_)) => COSIGIL_OUTPUT_SECRET,
            })
        })?;
        output.put(kind);
        Ok(())
    })
}

/// Takes the key share that the session was run for. Store its bytes (cosigil_key_share_to_bytes), then call
/// cosigil_session_stored, before any message is sent.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_take_key_share(
    session: *mut cosigil_session,
    share: *mut *mut cosigil_key_share,
) -> i32 {
    call(|| {
        outs!(share);
        let taken = taken!(session, KeyShare)?;
        share.open(taken)
    })
}

/// Takes the package that a repair ends in at those who helped.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_take_package(
    session: *mut cosigil_session,
    package: *mut *mut cosigil_package,
) -> i32 {
    call(|| {
        outs!(package);
        let taken = taken!(session, Package)?;
        package.open(*taken)
    })
}

/// Takes the signature that the session was run for: verified, 64 bytes (65 with the FROST suites on secp256k1 and
/// P-256 that are not BIP-340's), as the scheme's verifiers want it; of ECDSA r and s, 32 bytes each, s in the lower
/// half.
///
/// `recovery_id` is that of ECDSA, 0 to 3; 255 for all others. For ASN.1 see cosigil_signature_der.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_take_signature(
    session: *mut cosigil_session,
    signature: *mut cosigil_bytes,
    recovery_id: *mut u8,
) -> i32 {
    call(|| {
        outs!(signature, recovery_id);
        let taken = taken!(session, Signature)?;
        recovery_id.put(taken.recovery_id);
        signature.lend(Zeroizing::new(taken.bytes));
        Ok(())
    })
}

/// Ends a session and wipes what it holds. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_free(session: *mut cosigil_session) -> i32 {
    handle::close(session)
}
