//! Buffers that are handed out: registered, wiped when they come back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::{Zeroize, Zeroizing};

use crate::status::*;

/// Bytes that this library gave out. Free them, once, with cosigil_bytes_free: it wipes them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cosigil_bytes {
    /// The first byte; NULL if there are none.
    pub data: *mut u8,
    /// How many there are.
    pub len: usize,
}

impl Default for cosigil_bytes {
    fn default() -> Self {
        Self { data: std::ptr::null_mut(), len: 0 }
    }
}

/// The parts of a vector that is at the caller's.
struct Lent {
    data: *mut u8,
    len: usize,
    capacity: usize,
}

// SAFETY: the vector it stands for belongs to the registry alone, which is behind a lock.
unsafe impl Send for Lent {}

static LENT: Mutex<BTreeMap<usize, Lent>> = Mutex::new(BTreeMap::new());

fn lent() -> MutexGuard<'static, BTreeMap<usize, Lent>> {
    // Nothing in here can panic halfway.
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives out the bytes.
pub(crate) fn lend(mut bytes: Zeroizing<Vec<u8>>) -> cosigil_bytes {
    let mut vector = std::mem::ManuallyDrop::new(std::mem::take(&mut *bytes));
    if vector.capacity() == 0 {
        return cosigil_bytes::default();
    }
    let (data, len, capacity) = (vector.as_mut_ptr(), vector.len(), vector.capacity());
    lent().insert(data.addr(), Lent { data, len, capacity });
    cosigil_bytes { data, len }
}

/// Takes the bytes back and wipes them.
pub(crate) fn free(bytes: cosigil_bytes) -> Result {
    if bytes.data.is_null() {
        return Ok(());
    }
    let unknown = Failure::new(COSIGIL_NO_BUFFER, "no buffer of this library's, or it was freed");
    let Lent { data, len, capacity } = lent().remove(&bytes.data.addr()).ok_or(unknown)?;
    // SAFETY: these are the parts of a vector that `lend` has taken apart, and nobody else has them: they were in the
    // registry.
    let mut vector = unsafe { Vec::from_raw_parts(data, len, capacity) };
    vector.zeroize();
    Ok(())
}

/// How many buffers are out.
pub(crate) fn count() -> usize {
    lent().len()
}
