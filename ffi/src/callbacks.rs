//! An integrator's functions: their context, one call at a time, and the release.

use std::ffi::c_void;
use std::sync::Mutex;

use crate::call::{call, calling_back, entered};
use crate::handle::Handle;
use crate::input::{given, outs};
use crate::status::*;

/// Called once when nothing uses the functions any more.
pub(crate) type Release = Option<unsafe extern "C" fn(*mut c_void)>;

/// Functions of an integrator's, all there, with the context that each is handed.
pub(crate) struct Callbacks<F>(Mutex<Owned<F>>);

struct Owned<F> {
    functions: F,
    context: *mut c_void,
    release: Release,
}

// SAFETY: the integrator promises that the functions may be called from any thread.
unsafe impl<F: Send> Send for Owned<F> {}

impl<F> Drop for Owned<F> {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the integrator's function with the integrator's context, once.
            calling_back(|| unsafe { release(self.context) });
        }
    }
}

impl<F> Callbacks<F> {
    pub(crate) fn new(functions: F, context: *mut c_void, release: Release) -> Self {
        Self(Mutex::new(Owned { functions, context, release }))
    }

    /// What one of the functions answers; nothing after a call that panicked.
    pub(crate) fn ask(&self, ask: impl FnOnce(&F, *mut c_void) -> i32) -> Option<i32> {
        let owned = self.0.lock().ok()?;
        Some(calling_back(|| ask(&owned.functions, owned.context)))
    }
}

/// A handle for what is made of an integrator's table, which is `None` if one of the functions is NULL.
///
/// # Safety
/// `table` is null or one such table, at least as long as the size that it begins with says, which nobody writes during
/// the call; `place` an output.
pub(crate) unsafe fn open_callbacks<T, H: Handle>(
    place: *mut *mut H,
    table: *const T,
    make: impl FnOnce(&T) -> Option<H::Object>,
) -> i32 {
    call(|| {
        outs!(place);
        entered()?;
        // SAFETY: every table begins with its size.
        let size = unsafe { given(table.cast::<usize>(), 1) }?;
        if size.first().is_none_or(|size| *size < size_of::<T>()) {
            return Err(Failure::VALUE);
        }
        // SAFETY: the same contract; the table is as long as this library's.
        let table = unsafe { given(table, 1) }?;
        place.open(table.first().and_then(make).ok_or(Failure::NULL)?)
    })
}
