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
    /// The library's number for this buffer: leave it as it is.
    pub serial: u64,
}

impl Default for cosigil_bytes {
    fn default() -> Self {
        Self { data: std::ptr::null_mut(), len: 0, serial: 0 }
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

/// Buffers that are out, by serial number. No number is given twice, so a buffer that came back stays unknown, whatever
/// lives at its address by then.
struct Registry {
    last: u64,
    buffers: BTreeMap<u64, Lent>,
}

static LENT: Mutex<Registry> = Mutex::new(Registry { last: 0, buffers: BTreeMap::new() });

fn lent() -> MutexGuard<'static, Registry> {
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
    let mut registry = lent();
    registry.last = registry.last.wrapping_add(1); // 2^64 buffers are never given out
    let serial = registry.last;
    registry.buffers.insert(serial, Lent { data, len, capacity });
    cosigil_bytes { data, len, serial }
}

/// Takes the bytes back and wipes them.
pub(crate) fn free(bytes: cosigil_bytes) -> Result {
    if bytes.data.is_null() {
        return Ok(());
    }
    let unknown = Failure::new(COSIGIL_NO_BUFFER, "no buffer of this library's, or it was freed");
    let mut registry = lent();
    let is_it = |lent: &Lent| lent.data.addr() == bytes.data.addr() && lent.len == bytes.len;
    if !registry.buffers.get(&bytes.serial).is_some_and(is_it) {
        return Err(unknown);
    }
    let Lent { data, len, capacity } = registry.buffers.remove(&bytes.serial).ok_or(unknown)?;
    drop(registry);
    // SAFETY: these are the parts of a vector that `lend` has taken apart, and nobody else has them: they were in the
    // registry.
    let mut vector = unsafe { Vec::from_raw_parts(data, len, capacity) };
    vector.zeroize();
    Ok(())
}

/// How many buffers are out.
pub(crate) fn count() -> usize {
    lent().buffers.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I-07: a buffer that was freed stays unknown, also when another one has come to lie at its address.
    #[test]
    fn i_07_a_stale_buffer_frees_nothing() {
        let stale = lend(Zeroizing::new(vec![7; 32]));
        free(stale).unwrap();
        let status = |bytes| free(bytes).err().map(|failure| failure.status);
        let mut here = lend(Zeroizing::new(vec![8; 32]));
        // Whether the allocator gives the same address is its own affair; here it does.
        let at_its_address = cosigil_bytes { data: here.data, ..stale };
        assert_eq!(status(stale), Some(COSIGIL_NO_BUFFER));
        assert_eq!(status(at_its_address), Some(COSIGIL_NO_BUFFER));
        here.len -= 1;
        assert_eq!(status(here), Some(COSIGIL_NO_BUFFER));
        here.len += 1;
        free(here).unwrap();
    }
}
