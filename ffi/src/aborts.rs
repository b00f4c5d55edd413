//! What went wrong in a session, who it was, and what is on record of it.

use cosigil::Consequence;

use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::faults::fault_number;
use crate::input::outs;
use crate::running::{Aborts, Running};
use crate::session::{cosigil_session, list, on};
use crate::status::*;

/// A failed check of pair states in a setup: thrown away, counted.
pub const COSIGIL_CONSEQUENCE_STRIKE: i32 = 1;
/// A pair is dead for ever, and its peer has a strike.
pub const COSIGIL_CONSEQUENCE_BURNED: i32 = 2;
/// Wrong by itself, provable: never to be chosen again for this key.
pub const COSIGIL_CONSEQUENCE_BANNED: i32 = 3;
/// A strike or burn that the log failed to record.
pub const COSIGIL_CONSEQUENCE_NOT_RECORDED: i32 = 4;

fn aborts(running: &Running) -> Result<&Aborts> {
    running.aborts.as_ref().ok_or(Failure::NOT_THERE)
}

/// What the last abort of the session was about: one of COSIGIL_FAULT_….
///
/// Returns COSIGIL_OK; COSIGIL_NOT_THERE if there was none; COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_fault(session: *const cosigil_session, fault: *mut i32) -> i32 {
    call(|| {
        outs!(fault);
        fault.put(fault_number(on(session, |running| Ok(aborts(running)?.fault))?));
        Ok(())
    })
}

/// The parties that this party saw deviating, in whatever aborts there were; none if it cannot be told. An honest party
/// is never among them.
///
/// `parties` gets at most `capacity` ids, `count` how many there are.
///
/// Returns COSIGIL_OK; COSIGIL_NOT_THERE if there was no abort; COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH,
/// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_culprits(
    session: *const cosigil_session,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: by contract `parties` is null or room for `capacity` ids, `count` an output.
    unsafe {
        list(session, parties, capacity, count, |running| Ok(aborts(running)?.culprits.iter().copied().collect()))
    }
}

/// What followed from the aborts of the session, durably, by number from 0.
///
/// `kind` is one of COSIGIL_CONSEQUENCE_…, `party` whom it is about, `pair` the 32 bytes by which the burn log knows the
/// pair that was burned, NULL for all other kinds. Count up until COSIGIL_NOT_THERE comes.
///
/// Returns COSIGIL_OK, COSIGIL_NOT_THERE, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_DEAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_session_consequence(
    session: *const cosigil_session,
    kind: *mut i32,
    party: *mut u16,
    pair: *mut cosigil_bytes,
    number: usize,
) -> i32 {
    call(|| {
        outs!(kind, party, pair);
        let nth = |running: &mut Running| aborts(running)?.consequences.get(number).copied().ok_or(Failure::NOT_THERE);
        let (number, id, burned) = match on(session, nth)? {
            Consequence::Strike(id) => (COSIGIL_CONSEQUENCE_STRIKE, id, None),
            Consequence::Burned(id, pair) => (COSIGIL_CONSEQUENCE_BURNED, id, Some(pair)),
            Consequence::Banned(id) => (COSIGIL_CONSEQUENCE_BANNED, id, None),
            Consequence::NotRecorded(id) => (COSIGIL_CONSEQUENCE_NOT_RECORDED, id, None),
        };
        kind.put(number);
        party.put(id.get());
        if let Some(burned) = burned {
            pair.lend(burned.as_bytes().to_vec());
        }
        Ok(())
    })
}
