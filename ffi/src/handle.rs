//! Handles: numbers that are looked up in one table, in the guise of pointers for the type checker of C.
//!
//! No number is ever given twice, so a handle that was freed stays unknown for ever; none is the address of anything,
//! so that following one faults at once. What a handle stands for is counted: freeing it during a call on another
//! thread frees it when that call is over.

use std::any::Any;
use std::collections::BTreeMap;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::call::{call, entered};
use crate::input::{given, outs, text};
use crate::status::*;

/// What a handle of this type stands for.
pub(crate) trait Handle: Sized {
    type Object: Any + Send + Sync;
}

struct Table {
    next: usize,
    objects: BTreeMap<usize, Arc<dyn Any + Send + Sync>>,
}

/// No address on any 64-bit machine; numbers go up from here, by 2.
#[cfg(target_pointer_width = "64")]
const FIRST: usize = 0xC051_6110_0000_0001;
#[cfg(not(target_pointer_width = "64"))]
const FIRST: usize = 1;

static TABLE: RwLock<Table> = RwLock::new(Table { next: FIRST, objects: BTreeMap::new() });

/// A handle for the object.
pub(crate) fn open<H: Handle>(object: H::Object) -> Result<*mut H> {
    let object: Arc<dyn Any + Send + Sync> = Arc::new(object);
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let number = table.next;
    table.next = number.checked_add(2).ok_or(Failure::new(COSIGIL_EXHAUSTED, "there are no more handles"))?;
    table.objects.insert(number, object);
    Ok(ptr::without_provenance_mut(number))
}

/// A handle for an object that is made from nothing, as an entry.
///
/// # Safety
/// `place` is an output.
pub(crate) unsafe fn open_new<H: Handle>(place: *mut *mut H, make: impl FnOnce() -> Result<H::Object>) -> i32 {
    call(|| {
        outs!(place);
        entered()?;
        place.open(make()?)
    })
}

/// A handle for what is in a file or folder, as an entry.
///
/// # Safety
/// `path` is null or `path_len` bytes that nobody writes during the call; `place` an output.
pub(crate) unsafe fn open_at<H: Handle>(
    place: *mut *mut H,
    path: *const u8,
    path_len: usize,
    read: impl FnOnce(&str) -> Result<H::Object>,
) -> i32 {
    let make = || {
        // SAFETY: the same contract.
        read(text(unsafe { given(path, path_len) }?)?)
    };
    // SAFETY: the same contract.
    unsafe { open_new(place, make) }
}

/// What the handle stands for.
pub(crate) fn get<H: Handle>(handle: *const H) -> Result<Arc<H::Object>> {
    entered()?;
    if handle.is_null() {
        return Err(Failure::NULL);
    }
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let object = table.objects.get(&handle.addr()).cloned().ok_or(Failure::NO_HANDLE)?;
    drop(table);
    object.downcast().map_err(|_| Failure::OTHER_HANDLE)
}

/// Forgets a handle. What it stands for goes when nobody uses it any more. In a callback too: a destructor may run
/// anywhere, and no lock is held here that a call under way holds.
pub(crate) fn close<H: Handle>(handle: *const H) -> i32 {
    call(|| {
        if handle.is_null() {
            return Ok(());
        }
        let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
        let object = table.objects.get(&handle.addr()).ok_or(Failure::NO_HANDLE)?;
        if !object.is::<H::Object>() {
            return Err(Failure::OTHER_HANDLE);
        }
        let object = table.objects.remove(&handle.addr());
        drop(table);
        drop(object); // the last user wipes it, without the table's lock
        Ok(())
    })
}

/// Works on what is behind a lock; waits for other threads.
pub(crate) fn locked<T, R>(mutex: &Mutex<T>, work: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
    work(&mut *mutex.lock().map_err(|_| Failure::DEAD)?)
}

/// How many handles and buffers are not freed, in the whole process: for tests, to find leaks.
///
/// Returns COSIGIL_OK, COSIGIL_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_live(handles: *mut usize, buffers: *mut usize) -> i32 {
    call(|| {
        outs!(handles, buffers);
        handles.put(TABLE.read().unwrap_or_else(PoisonError::into_inner).objects.len());
        buffers.put(crate::bytes::count());
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cell(());
    impl Handle for Cell {
        type Object = Mutex<u32>;
    }
    struct Other(());
    impl Handle for Other {
        type Object = String;
    }

    #[test]
    fn i_07_handles_are_used_once_and_told_apart() {
        let first = open::<Cell>(Mutex::new(7)).unwrap();
        assert_eq!(get::<Other>(first.cast()).err().map(|failure| failure.status), Some(COSIGIL_OTHER_HANDLE));
        assert_eq!(close::<Other>(first.cast()), COSIGIL_OTHER_HANDLE);
        let held = get(first).unwrap();
        assert_eq!(close(first), COSIGIL_OK);
        assert_eq!(locked(&held, |n| Ok(*n)).unwrap(), 7); // a call under way has it to its end
        assert_eq!(close(first), COSIGIL_NO_HANDLE);
        let second = open::<Cell>(Mutex::new(8)).unwrap();
        assert_ne!(first, second);
        assert_eq!(close(second), COSIGIL_OK);
        assert_eq!(get::<Cell>(ptr::null()).err().map(|failure| failure.status), Some(COSIGIL_NULL));
    }

    /// I-07: a panic gives a status, and what it happened on is dead from then on.
    #[test]
    fn i_07_panics_stop_at_the_border() {
        let handle = open::<Cell>(Mutex::new(7)).unwrap();
        let on = |work: fn(&mut u32) -> Result| call(|| locked(&*get(handle)?, work));
        assert_eq!(on(|_| panic!("a bug")), COSIGIL_PANIC);
        assert_eq!(on(|_| Ok(())), COSIGIL_DEAD);
        assert_eq!(close(handle), COSIGIL_OK);
    }
}
