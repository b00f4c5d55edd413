//! Burn logs: the library's, or the integrator's.

use std::ffi::c_void;
use std::sync::Arc;

use cosigil::PairId;
use cosigil::ecdsa::burn::{BurnLog, FileBurnLog, MemoryBurnLog, Peer, StoreError, Strikes};

use crate::callbacks::{Callbacks, open_callbacks};
use crate::handle::{self, Handle};

/// Where burns and strikes are recorded: one for an installation, shared by all its sessions. What is written is
/// durable before a call returns. Any number of threads may use it at once.
pub struct cosigil_burn_log(());

impl Handle for cosigil_burn_log {
    type Object = Arc<dyn BurnLog>;
}

/// Whom a strike is for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cosigil_peer {
    /// The key's name.
    pub key_id: [u8; 32],
    /// The party's public identity.
    pub identity: [u8; 32],
    /// The party's id.
    pub party: u16,
}

/// A burn log of the integrator's own. Each function returns 0 when it has done what it says, durably, and anything
/// else if it has not, or may not have; after that it must refuse everything. The library never calls two of them at
/// once for one log, but from any thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cosigil_burn_log_calls {
    /// sizeof(cosigil_burn_log_calls), by which the library knows which functions there are.
    pub size: usize,
    /// Handed to each call.
    pub context: *mut c_void,
    /// Burns a pair (32 bytes) for ever and counts a strike for its peer: both or neither. Burning it again changes
    /// nothing.
    pub burn: Option<unsafe extern "C" fn(context: *mut c_void, pair_id: *const u8, peer: *const cosigil_peer) -> i32>,
    /// Whether a pair was ever burned: `burned` gets 1 or 0.
    pub is_burned: Option<unsafe extern "C" fn(context: *mut c_void, pair_id: *const u8, burned: *mut u8) -> i32>,
    /// Counts a strike for a failed setup.
    pub strike: Option<unsafe extern "C" fn(context: *mut c_void, peer: *const cosigil_peer) -> i32>,
    /// What is counted for a peer, known by key and identity: all strikes ever, and how many of them are forgiven.
    pub strikes: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            peer: *const cosigil_peer,
            total: *mut u32,
            forgiven: *mut u32,
        ) -> i32,
    >,
    /// Forgives a peer all strikes so far.
    pub forgive: Option<unsafe extern "C" fn(context: *mut c_void, peer: *const cosigil_peer) -> i32>,
    /// Called once when nothing uses the log any more; may be NULL.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// The integrator's functions, all there.
struct Functions {
    burn: unsafe extern "C" fn(*mut c_void, *const u8, *const cosigil_peer) -> i32,
    is_burned: unsafe extern "C" fn(*mut c_void, *const u8, *mut u8) -> i32,
    strike: unsafe extern "C" fn(*mut c_void, *const cosigil_peer) -> i32,
    strikes: unsafe extern "C" fn(*mut c_void, *const cosigil_peer, *mut u32, *mut u32) -> i32,
    forgive: unsafe extern "C" fn(*mut c_void, *const cosigil_peer) -> i32,
}

/// A log that calls back.
struct CallbackLog(Callbacks<Functions>);

impl CallbackLog {
    fn new(calls: &cosigil_burn_log_calls) -> Option<Self> {
        let cosigil_burn_log_calls { size: _, context, burn, is_burned, strike, strikes, forgive, release } = *calls;
        let functions =
            Functions { burn: burn?, is_burned: is_burned?, strike: strike?, strikes: strikes?, forgive: forgive? };
        Some(Self(Callbacks::new(functions, context, release)))
    }

    fn ask(&self, ask: impl FnOnce(&Functions, *mut c_void) -> i32) -> core::result::Result<(), StoreError> {
        if self.0.ask(ask) == Some(0) { Ok(()) } else { Err(StoreError::Failed) }
    }
}

fn peer_of(peer: &Peer) -> cosigil_peer {
    cosigil_peer { key_id: *peer.key_id.as_bytes(), identity: peer.identity, party: peer.id.get() }
}

impl BurnLog for CallbackLog {
    fn burn(&self, pair: &PairId, peer: &Peer) -> core::result::Result<(), StoreError> {
        let peer = peer_of(peer);
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.burn)(context, pair.as_bytes().as_ptr(), &peer) })
    }

    fn is_burned(&self, pair: &PairId) -> core::result::Result<bool, StoreError> {
        let mut burned = 1;
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.is_burned)(context, pair.as_bytes().as_ptr(), &mut burned) })?;
        Ok(burned != 0)
    }

    fn strike(&self, peer: &Peer) -> core::result::Result<(), StoreError> {
        let peer = peer_of(peer);
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.strike)(context, &peer) })
    }

    fn strikes(&self, peer: &Peer) -> core::result::Result<Strikes, StoreError> {
        let (peer, mut strikes) = (peer_of(peer), Strikes { total: u32::MAX, forgiven: 0 });
        let Strikes { total, forgiven } = &mut strikes;
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.strikes)(context, &peer, total, forgiven) })?;
        Ok(strikes)
    }

    fn forgive(&self, peer: &Peer) -> core::result::Result<(), StoreError> {
        let peer = peer_of(peer);
        // SAFETY: the arguments are valid for the time of the call.
        self.ask(|calls, context| unsafe { (calls.forgive)(context, &peer) })
    }
}

/// Makes a new burn log in a file that does not exist yet; `path` is UTF-8. Never restore it from a backup and never
/// delete it while pair states of the installation exist.
///
/// Returns COSIGIL_OK; COSIGIL_ABSENT if there is such a file; COSIGIL_STORE_FAILED, COSIGIL_TEXT, COSIGIL_NULL,
/// COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_burn_log_create(
    log: *mut *mut cosigil_burn_log,
    path: *const u8,
    path_len: usize,
) -> i32 {
    // SAFETY: by contract `path` is null or `path_len` bytes, `log` an output.
    unsafe { handle::open_at(log, path, path_len, |path| Ok(Arc::new(FileBurnLog::create(path)?))) }
}

/// Opens a burn log that cosigil_burn_log_create has made.
///
/// Returns COSIGIL_OK; COSIGIL_ABSENT if there is no such file; COSIGIL_DAMAGED, COSIGIL_STORE_FAILED, COSIGIL_TEXT,
/// COSIGIL_NULL, COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_burn_log_open(
    log: *mut *mut cosigil_burn_log,
    path: *const u8,
    path_len: usize,
) -> i32 {
    // SAFETY: by contract `path` is null or `path_len` bytes, `log` an output.
    unsafe { handle::open_at(log, path, path_len, |path| Ok(Arc::new(FileBurnLog::open(path)?))) }
}

/// A burn log of the integrator's own, a table in a database for example. What `calls` points to is copied.
///
/// Returns COSIGIL_OK; COSIGIL_VALUE for a size that is less than this library's, COSIGIL_NULL also if one of the
/// functions is NULL: `release` is not called then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_burn_log_callbacks(
    log: *mut *mut cosigil_burn_log,
    calls: *const cosigil_burn_log_calls,
) -> i32 {
    // SAFETY: by contract `calls` is null or one such table, `log` an output.
    unsafe { open_callbacks(log, calls, |calls| Some(Arc::new(CallbackLog::new(calls)?))) }
}

/// A burn log that forgets everything with the process: for tests, and for parties whose pair states never leave
/// memory.
///
/// Returns COSIGIL_OK, COSIGIL_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_burn_log_memory(log: *mut *mut cosigil_burn_log) -> i32 {
    // SAFETY: by contract `log` is an output.
    unsafe { handle::open_new(log, || Ok(Arc::new(MemoryBurnLog::new()))) }
}

/// Frees a burn log. NULL is left alone. Sessions that use it go on.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_burn_log_free(log: *mut cosigil_burn_log) -> i32 {
    handle::close(log)
}
