//! The border: every entry catches panics, gives a status, remembers what went wrong.

use std::cell::{Cell, RefCell};
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bytes::cosigil_bytes;
use crate::faults::fault_number;
use crate::input::{Ids, Out, outs};
use crate::status::*;

/// The version of this interface: the major number in the upper 16 bits, the minor in the lower. A program made for
/// another major version must not go on; a larger minor version only adds.
pub const COSIGIL_ABI_VERSION: u32 = 0x0001_0000;

thread_local! {
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Runs the body of an entry.
pub(crate) fn call(body: impl FnOnce() -> Result) -> i32 {
    let panicked = || Failure::new(COSIGIL_PANIC, "a bug in this library: please report it");
    // A handle in the middle of a call that panicked is dead: its lock says so.
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(panicked()));
    match outcome {
        Ok(()) => COSIGIL_OK,
        Err(failure) => {
            let status = failure.status;
            // A thread that is being torn down has no last error any more.
            let _ = LAST.try_with(|last| last.replace(Some(failure)));
            status
        }
    }
}

/// Refuses calls from inside a callback: they would wait for a lock that their own thread holds.
pub(crate) fn entered() -> Result {
    if IN_CALLBACK.try_with(Cell::get).unwrap_or(false) {
        return Err(Failure::new(COSIGIL_IN_CALLBACK, "called from a callback"));
    }
    Ok(())
}

/// Runs one of the caller's callbacks.
pub(crate) fn calling_back<T>(callback: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            let _ = IN_CALLBACK.try_with(|flag| flag.set(self.0));
        }
    }
    let _back = Back(IN_CALLBACK.try_with(|flag| flag.replace(true)).unwrap_or(true));
    callback()
}

/// A failure of a query about the last failure: it does not take its place.
fn quietly(body: impl FnOnce() -> Result) -> i32 {
    catch_unwind(AssertUnwindSafe(body))
        .map_or(COSIGIL_PANIC, |outcome| outcome.map_or_else(|f| f.status, |()| COSIGIL_OK))
}

/// The version of the interface that the library has: COSIGIL_ABI_VERSION of its header. Compare the upper 16 bits
/// with those that the program was made with before anything else is called.
#[unsafe(no_mangle)]
pub extern "C" fn cosigil_abi_version() -> u32 {
    COSIGIL_ABI_VERSION
}

/// Copies out, in words, why the last call on this thread that failed has failed.
///
/// `text` gets at most `capacity` bytes, the last of them 0; `length` the length of the whole text without the 0. The
/// text is empty if no call has failed on this thread. A text holds no secret.
///
/// Returns COSIGIL_OK, also where the text was cut; COSIGIL_NULL, COSIGIL_LENGTH for a capacity of 0. It leaves the
/// last error as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_last_error(text: *mut c_char, capacity: usize, length: *mut usize) -> i32 {
    quietly(|| {
        outs!(length);
        // SAFETY: by contract `text` is null or has room for `capacity` bytes.
        let room = unsafe { crate::input::room(text.cast::<u8>(), capacity) }?;
        let message = LAST.try_with(|last| last.borrow().as_ref().map(|failure| failure.text.to_string()));
        let message = message.ok().flatten().unwrap_or_default();
        let content = message.bytes().take(capacity.saturating_sub(1));
        room.iter_mut().zip(content.chain([0])).for_each(|(to, from)| *to = from);
        length.put(message.len());
        Ok(())
    })
}

/// The fault, one of COSIGIL_FAULT_…, behind the last failure on this thread, and the parties it names.
///
/// `parties` gets at most `capacity` ids, `count` how many there are. For sessions cosigil_session_fault tells more.
///
/// Returns COSIGIL_OK; COSIGIL_NOT_THERE if the last failure was no abort; COSIGIL_TOO_SMALL, COSIGIL_NULL,
/// COSIGIL_LENGTH. It leaves the last error as it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_last_fault(
    fault: *mut i32,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
) -> i32 {
    quietly(|| {
        outs!(fault, count);
        // SAFETY: by contract `parties` is null or has room for `capacity` ids.
        let ids = unsafe { Ids::of(parties, capacity) }?;
        let abort = LAST.try_with(|last| last.borrow().as_ref().and_then(|failure| failure.abort.clone()));
        let abort = abort.ok().flatten().ok_or(Failure::NOT_THERE)?;
        fault.put(fault_number(abort.fault()));
        ids.put(count, abort.culprits().iter().copied())
    })
}

/// Wipes and frees a buffer that a function of this library gave out, and sets it to {NULL, 0, 0}.
///
/// An empty one is left as it is. Any thread may free any buffer, once.
///
/// Returns COSIGIL_OK; COSIGIL_NO_BUFFER, harmlessly, for a buffer that is not this library's, was changed, or was
/// freed (through a copy of the struct), also when another one has come to lie at the same address; COSIGIL_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_bytes_free(bytes: *mut cosigil_bytes) -> i32 {
    call(|| {
        // SAFETY: by contract null or one buffer's place, ours during the call.
        let held = unsafe { Out::read(bytes) }?;
        outs!(bytes);
        let _ = bytes;
        crate::bytes::free(held)
    })
}
