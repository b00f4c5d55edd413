//! Stores of presignatures: the library's, or the integrator's.

use std::ffi::c_void;
use std::sync::Arc;

use cosigil::ecdsa::store::{Claim, FileStore, MemoryStore, Refusal, Spent};
use cosigil::ecdsa::{PresignatureId, PresignatureStore};
use cosigil::key::{Retire, StoreError};
use cosigil::{KeyId, Sharing};
use zeroize::Zeroizing;

use crate::call::call;
use crate::callbacks::{Callbacks, open_callbacks};
use crate::handle::{self, Handle};
use crate::input::{array, given};
use crate::random::random;

/// Where presignatures are kept, each for one request and no other. Any number of threads may use it at once.
pub struct cosigil_store(());

impl Handle for cosigil_store {
    type Object = Stored;
}

/// A store, and how it forgets a sharing.
pub(crate) struct Stored {
    pub(crate) presignatures: Arc<dyn PresignatureStore>,
    pub(crate) retire: Arc<dyn Retire>,
}

impl Stored {
    fn new<T: PresignatureStore + Retire + 'static>(store: T) -> Self {
        let store = Arc::new(store);
        Self { presignatures: store.clone(), retire: store }
    }
}

/// A callback of a store has done what it says, durably.
pub const COSIGIL_STORE_DONE: i32 = 0;
/// It has not, or may not have.
pub const COSIGIL_STORE_REFUSED: i32 = 1;
/// It never had this presignature.
pub const COSIGIL_STORE_UNKNOWN: i32 = 2;
/// The presignature is spent on another request, or discarded.
pub const COSIGIL_STORE_SPENT: i32 = 3;
/// It has this presignature already, or had it.
pub const COSIGIL_STORE_EXISTS: i32 = 4;

/// A store of the integrator's own. Names (`id`) and digests of requests have 32 bytes, replies 96. Each function
/// returns one of COSIGIL_STORE_…. **A copy of the store, from a backup or a replica, must not know unspent
/// presignatures: two signatures from one are the key.** The library never calls two of them at once for one store,
/// but from any thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cosigil_store_calls {
    /// sizeof(cosigil_store_calls), by which the library knows which functions there are.
    pub size: usize,
    /// Handed to each call.
    pub context: *mut c_void,
    /// Keeps a record, secret, under a name that was never used.
    pub insert:
        Option<unsafe extern "C" fn(context: *mut c_void, id: *const u8, record: *const u8, record_len: usize) -> i32>,
    /// Gives the record of an unspent presignature: at most `capacity` bytes of it, and in `record_len` its whole
    /// length.
    pub get: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            id: *const u8,
            record: *mut u8,
            capacity: usize,
            record_len: *mut usize,
        ) -> i32,
    >,
    /// Spends a presignature on a request, remembers the reply and wipes the record; durable before it returns. If it
    /// was spent on this very request before, `repeated` gets 1, and `reply` the reply that was remembered.
    pub claim: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            id: *const u8,
            request: *const u8,
            reply: *mut u8,
            repeated: *mut u8,
        ) -> i32,
    >,
    /// Tells what a presignature was spent on: `found` gets 1, or 0 if it is not spent or was discarded.
    pub claimed: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            id: *const u8,
            request: *mut u8,
            reply: *mut u8,
            found: *mut u8,
        ) -> i32,
    >,
    /// Wipes an unspent presignature for good.
    pub discard: Option<unsafe extern "C" fn(context: *mut c_void, id: *const u8) -> i32>,
    /// Wipes all unspent presignatures of this sharing of this key, 32 bytes each: the record that the store was given to
    /// by cosigil_record_depend has moved on. It may be asked again, also for what it never had. A store that does not
    /// know which they are wipes all that are unspent.
    pub retire: Option<unsafe extern "C" fn(context: *mut c_void, key_id: *const u8, sharing: *const u8) -> i32>,
    /// Called once when nothing uses the store any more; may be NULL.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// The integrator's functions, all there.
struct Functions {
    insert: unsafe extern "C" fn(*mut c_void, *const u8, *const u8, usize) -> i32,
    get: unsafe extern "C" fn(*mut c_void, *const u8, *mut u8, usize, *mut usize) -> i32,
    claim: unsafe extern "C" fn(*mut c_void, *const u8, *const u8, *mut u8, *mut u8) -> i32,
    claimed: unsafe extern "C" fn(*mut c_void, *const u8, *mut u8, *mut u8, *mut u8) -> i32,
    discard: unsafe extern "C" fn(*mut c_void, *const u8) -> i32,
    retire: unsafe extern "C" fn(*mut c_void, *const u8, *const u8) -> i32,
}

/// Room for the record of a presignature of a few signers.
const USUAL_RECORD: usize = 1024;
/// No record is longer: that of 65 535 signers.
const LONGEST_RECORD: usize = 1024 + 2 * 65_535;
const REPLY_LEN: usize = 96;

/// A store that calls back.
struct CallbackStore(Callbacks<Functions>);

impl CallbackStore {
    fn new(calls: &cosigil_store_calls) -> Option<Self> {
        let cosigil_store_calls { size: _, context, insert, get, claim, claimed, discard, retire, release } = *calls;
        let functions = Functions {
            insert: insert?,
            get: get?,
            claim: claim?,
            claimed: claimed?,
            discard: discard?,
            retire: retire?,
        };
        Some(Self(Callbacks::new(functions, context, release)))
    }

    fn ask(&self, ask: impl FnOnce(&Functions, *mut c_void) -> i32) -> core::result::Result<(), Refusal> {
        match self.0.ask(ask) {
            Some(COSIGIL_STORE_DONE) => Ok(()),
            Some(COSIGIL_STORE_UNKNOWN) => Err(Refusal::Unknown),
            Some(COSIGIL_STORE_SPENT) => Err(Refusal::Spent),
            Some(COSIGIL_STORE_EXISTS) => Err(Refusal::Exists),
            _ => Err(Refusal::Failed),
        }
    }

    /// The record, or how long it is.
    fn read(
        &self,
        id: &PresignatureId,
        capacity: usize,
    ) -> core::result::Result<core::result::Result<Zeroizing<Vec<u8>>, usize>, Refusal> {
        let mut record = Zeroizing::new(vec![0; capacity]);
        let (data, mut length) = (record.as_mut_ptr(), 0);
        // SAFETY: the arguments are valid for the time of the call, `data` for `capacity` bytes.
        self.ask(|calls, context| unsafe {
            (calls.get)(context, id.as_bytes().as_ptr(), data, capacity, &mut length)
        })?;
        if length > capacity {
            return Ok(Err(length));
        }
        record.truncate(length);
        Ok(Ok(record))
    }
}

impl PresignatureStore for CallbackStore {
    fn insert(&self, id: &PresignatureId, record: &[u8]) -> core::result::Result<(), Refusal> {
        let (data, len) = (record.as_ptr(), record.len());
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.insert)(context, id.as_bytes().as_ptr(), data, len) })
    }

    fn get(&self, id: &PresignatureId) -> core::result::Result<Zeroizing<Vec<u8>>, Refusal> {
        match self.read(id, USUAL_RECORD)? {
            Ok(record) => Ok(record),
            Err(length) if length <= LONGEST_RECORD => self.read(id, length)?.map_err(|_| Refusal::Failed),
            Err(_) => Err(Refusal::Failed),
        }
    }

    fn claim(
        &self,
        id: &PresignatureId,
        request: &[u8; 32],
        reply: &[u8; REPLY_LEN],
    ) -> core::result::Result<Claim, Refusal> {
        let (mut place, mut repeated) = (*reply, 0);
        let answer = place.as_mut_ptr();
        self.ask(|calls, context| {
            let (id, request) = (id.as_bytes().as_ptr(), request.as_ptr());
            // SAFETY: the arguments are valid for the time of the call.
            unsafe { (calls.claim)(context, id, request, answer, &mut repeated) }
        })?;
        Ok(if repeated == 0 { Claim::Ours } else { Claim::Repeated(place) })
    }

    fn claimed(&self, id: &PresignatureId) -> core::result::Result<Option<Spent>, Refusal> {
        let (mut request, mut reply, mut found) = ([0; 32], [0; REPLY_LEN], 0);
        self.ask(|calls, context| {
            let (id, request, reply) = (id.as_bytes().as_ptr(), request.as_mut_ptr(), reply.as_mut_ptr());
            // SAFETY: the arguments are valid for the time of the call.
            unsafe { (calls.claimed)(context, id, request, reply, &mut found) }
        })?;
        Ok((found != 0).then_some((request, reply)))
    }

    fn discard(&self, id: &PresignatureId) -> core::result::Result<(), Refusal> {
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.discard)(context, id.as_bytes().as_ptr()) })
    }
}

impl Retire for CallbackStore {
    fn retire(&self, key_id: &KeyId, sharing: &Sharing) -> core::result::Result<(), StoreError> {
        let (key_id, sharing) = (key_id.as_bytes().as_ptr(), sharing.as_bytes().as_ptr());
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.retire)(context, key_id, sharing) }).map_err(|_| StoreError::Failed)
    }
}

/// A store in a folder that belongs to this process alone; `path` is UTF-8, the folder is made if it is not there.
///
/// Unspent presignatures die with the process: they are encrypted under a secret that is in memory only, so no copy of
/// the folder is a second one.
///
/// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_TEXT, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_RANDOM_FAILED,
/// COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_store_folder(store: *mut *mut cosigil_store, path: *const u8, path_len: usize) -> i32 {
    // SAFETY: by contract `path` is null or `path_len` bytes, `store` an output.
    unsafe { handle::open_at(store, path, path_len, |path| Ok(Stored::new(FileStore::open(path, &mut random()?)?))) }
}

/// A store of the integrator's own. What `calls` points to is copied.
///
/// Returns COSIGIL_OK; COSIGIL_VALUE for a size that is less than this library's, COSIGIL_NULL also if one of the
/// functions is NULL: `release` is not called then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_store_callbacks(
    store: *mut *mut cosigil_store,
    calls: *const cosigil_store_calls,
) -> i32 {
    // SAFETY: by contract `calls` is null or one such table, `store` an output.
    unsafe { open_callbacks(store, calls, |calls| Some(Stored::new(CallbackStore::new(calls)?))) }
}

/// A store that forgets everything with the process.
///
/// Returns COSIGIL_OK, COSIGIL_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_store_memory(store: *mut *mut cosigil_store) -> i32 {
    // SAFETY: by contract `store` is an output.
    unsafe { handle::open_new(store, || Ok(Stored::new(MemoryStore::new()))) }
}

/// Wipes an unspent presignature, named by its 32 bytes, for good: after a refresh, for example.
///
/// Returns COSIGIL_OK, COSIGIL_SPENT, COSIGIL_UNKNOWN_PRESIGNATURE, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_LENGTH,
/// COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_store_discard(store: *mut cosigil_store, id: *const u8, id_len: usize) -> i32 {
    call(|| {
        let store = handle::get(store)?;
        // SAFETY: by contract null or `id_len` bytes.
        let id = PresignatureId::from_bytes(array(unsafe { given(id, id_len) }?)?);
        Ok(store.presignatures.discard(&id)?)
    })
}

/// Frees a store. NULL is left alone. Sessions that use it go on.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_store_free(store: *mut cosigil_store) -> i32 {
    handle::close(store)
}
