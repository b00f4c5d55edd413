//! Where the record of a key is kept: the library's stores, or the integrator's.

use std::ffi::c_void;
use std::sync::Arc;

use cosigil::key::KeyStore;
use cosigil::key::store::{FileKeyStore, MemoryKeyStore, StoreError};
use zeroize::Zeroizing;

use crate::callbacks::{Callbacks, open_callbacks};
use crate::handle::{self, Handle};

/// Where the one record of a key at a party is kept. Any number of threads may use it at once.
pub struct cosigil_key_store(());

impl Handle for cosigil_key_store {
    type Object = Arc<dyn KeyStore>;
}

/// A store of the integrator's own. Each function returns 0 when it has done what it says, and anything else if it has
/// not, or may not have; after that it must refuse everything. The library never calls two of them at once for one
/// store, but from any thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cosigil_key_store_calls {
    /// sizeof(cosigil_key_store_calls), by which the library knows which functions there are.
    pub size: usize,
    /// Handed to each call.
    pub context: *mut c_void,
    /// Gives the record saved last: at most `capacity` bytes of it, and in `record_len` its whole length; 0 if there
    /// is none.
    pub load: Option<
        unsafe extern "C" fn(context: *mut c_void, record: *mut u8, capacity: usize, record_len: *mut usize) -> i32,
    >,
    /// Puts this record, secret, of a generation that only goes up, in the place of the one before: whole or not at
    /// all, durable before it returns, and the one before is gone.
    pub save: Option<
        unsafe extern "C" fn(context: *mut c_void, generation: u64, record: *const u8, record_len: usize) -> i32,
    >,
    /// The newest generation that is known to have been saved; 0 where it cannot be known.
    pub newest: Option<unsafe extern "C" fn(context: *mut c_void, generation: *mut u64) -> i32>,
    /// Called once when nothing uses the store any more; may be NULL.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// The integrator's functions, all there.
struct Functions {
    load: unsafe extern "C" fn(*mut c_void, *mut u8, usize, *mut usize) -> i32,
    save: unsafe extern "C" fn(*mut c_void, u64, *const u8, usize) -> i32,
    newest: unsafe extern "C" fn(*mut c_void, *mut u64) -> i32,
}

/// A store that calls back.
struct CallbackKeyStore(Callbacks<Functions>);

/// Longer records are not believed.
const LONGEST_RECORD: usize = 1 << 28;

impl CallbackKeyStore {
    fn new(calls: &cosigil_key_store_calls) -> Option<Self> {
        let cosigil_key_store_calls { size: _, context, load, save, newest, release } = *calls;
        let functions = Functions { load: load?, save: save?, newest: newest? };
        Some(Self(Callbacks::new(functions, context, release)))
    }

    fn ask(&self, ask: impl FnOnce(&Functions, *mut c_void) -> i32) -> core::result::Result<(), StoreError> {
        if self.0.ask(ask) == Some(0) { Ok(()) } else { Err(StoreError::Failed) }
    }
}

impl KeyStore for CallbackKeyStore {
    fn load(&self) -> core::result::Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let mut record = Zeroizing::new(vec![0; 4096]);
        for _ in 0..2 {
            let (data, capacity, mut length) = (record.as_mut_ptr(), record.len(), 0);
            // SAFETY: the arguments are valid for the time of the call, `data` for `capacity` bytes.
            self.ask(|calls, context| unsafe { (calls.load)(context, data, capacity, &mut length) })?;
            if length <= capacity {
                record.truncate(length);
                return Ok((length > 0).then_some(record));
            }
            if length > LONGEST_RECORD {
                return Err(StoreError::Damaged);
            }
            record = Zeroizing::new(vec![0; length]);
        }
        Err(StoreError::Failed)
    }

    fn save(&self, generation: u64, record: &[u8]) -> core::result::Result<(), StoreError> {
        let (data, len) = (record.as_ptr(), record.len());
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.save)(context, generation, data, len) })
    }

    fn newest(&self) -> core::result::Result<u64, StoreError> {
        let mut generation = 0;
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.newest)(context, &mut generation) })?;
        Ok(generation)
    }
}

/// A store in a file, which need not exist yet, for one process; `path` is UTF-8. The record in it is not encrypted:
/// keep it where only this party can read.
///
/// Returns COSIGIL_OK, COSIGIL_STORE_LOCKED if another process has it open, COSIGIL_ABSENT, COSIGIL_STORE_FAILED,
/// COSIGIL_TEXT, COSIGIL_NULL, COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_store_file(
    store: *mut *mut cosigil_key_store,
    path: *const u8,
    path_len: usize,
) -> i32 {
    // SAFETY: by contract `path` is null or `path_len` bytes, `store` an output.
    unsafe { handle::open_at(store, path, path_len, |path| Ok(Arc::new(FileKeyStore::open(path)?))) }
}

/// A store of the integrator's own. What `calls` points to is copied.
///
/// Returns COSIGIL_OK; COSIGIL_VALUE for a size that is less than this library's, COSIGIL_NULL also if one of the
/// functions is NULL: `release` is not called then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_store_callbacks(
    store: *mut *mut cosigil_key_store,
    calls: *const cosigil_key_store_calls,
) -> i32 {
    // SAFETY: by contract `calls` is null or one such table, `store` an output.
    unsafe { open_callbacks(store, calls, |calls| Some(Arc::new(CallbackKeyStore::new(calls)?))) }
}

/// A store that forgets everything with the process: for tests.
///
/// Returns COSIGIL_OK, COSIGIL_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_store_memory(store: *mut *mut cosigil_key_store) -> i32 {
    // SAFETY: by contract `store` is an output.
    unsafe { handle::open_new(store, || Ok(Arc::new(MemoryKeyStore::new()))) }
}

/// Frees a store. NULL is left alone. Records in it go on.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_store_free(store: *mut cosigil_key_store) -> i32 {
    handle::close(store)
}
