//! Randomness: the operating system's, or the integrator's.

use std::ffi::c_void;
use std::sync::{PoisonError, RwLock};

use cosigil::{Secret, Transcript, TranscriptRng};

use crate::call::{call, calling_back, entered};
use crate::status::*;

/// Fills `bytes` with `len` fresh random bytes; returns 0, or anything else if it cannot. It is called by whatever
/// thread calls this library, by several at once.
pub type cosigil_random = Option<unsafe extern "C" fn(context: *mut c_void, bytes: *mut u8, len: usize) -> i32>;

/// A source that the integrator brought.
struct Source {
    fill: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> i32,
    context: *mut c_void,
}

// SAFETY: the integrator promises that the source may be called by any thread.
unsafe impl Send for Source {}
// SAFETY: and by several at once.
unsafe impl Sync for Source {}

static SOURCE: RwLock<Option<Source>> = RwLock::new(None);

/// A generator with a fresh seed.
pub(crate) fn random() -> Result<TranscriptRng> {
    // Held until the source has answered: who sets another one waits, and may then do away with this one's context.
    let source = SOURCE.read().unwrap_or_else(PoisonError::into_inner);
    let mut seed = Secret::new([0; 64]);
    let bytes: &mut [u8; 64] = seed.expose_mut();
    let filled = match &*source {
        // SAFETY: the source fills as many bytes as it is told to; there are 64.
        Some(source) => calling_back(|| unsafe { (source.fill)(source.context, bytes.as_mut_ptr(), 64) }) == 0,
        None => getrandom::fill(bytes).is_ok(),
    };
    drop(source);
    if !filled {
        return Err(Failure::new(COSIGIL_RANDOM_FAILED, "the source of randomness failed"));
    }
    // Whether the source is broken is no secret.
    let (first, second) = bytes.split_at(32);
    if first == second || first.iter().all(|byte| *byte == 0) {
        return Err(Failure::new(COSIGIL_BROKEN_RANDOM, "the source of randomness is broken"));
    }
    Ok(Transcript::new("ffi-random").field(seed.expose()).rng())
}

/// Takes all randomness from `fill` from now on, in the place of the operating system's: a hardware module, for
/// example.
///
/// `context` is handed to each call. Both must stay valid until cosigil_random_use or cosigil_random_use_system has
/// returned once more: that waits for the calls under way. Each function that needs randomness asks for 64 bytes and
/// expands them. An answer that begins with 32 zeros, or whose two halves are the same, is refused. A source that gives
/// again what it gave before is not noticed, and can cost the key.
///
/// Set it before anything else is called: it holds for the whole process.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_IN_CALLBACK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_random_use(fill: cosigil_random, context: *mut c_void) -> i32 {
    call(|| {
        entered()?;
        let fill = fill.ok_or(Failure::NULL)?;
        *SOURCE.write().unwrap_or_else(PoisonError::into_inner) = Some(Source { fill, context });
        Ok(())
    })
}

/// Takes all randomness from the operating system again, as at the start. When it returns, the source that was in use is
/// not called any more.
///
/// Returns COSIGIL_OK, COSIGIL_IN_CALLBACK.
#[unsafe(no_mangle)]
pub extern "C" fn cosigil_random_use_system() -> i32 {
    call(|| {
        entered()?;
        *SOURCE.write().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    })
}
