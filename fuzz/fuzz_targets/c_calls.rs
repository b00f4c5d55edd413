//! The C interface with arbitrary sequences of calls: any handle (of the right kind, of another, freed, never given),
//! any bytes, any order. Nothing panics, nothing comes out of a call that fails, and at the end nothing is left.
#![no_main]

use core::ptr::without_provenance_mut;

use cosigil_ffi::*;
use libfuzzer_sys::fuzz_target;

/// The input, and the handles and buffers there are so far.
struct Caller<'a> {
    input: &'a [u8],
    handles: Vec<usize>,
    buffers: Vec<cosigil_bytes>,
}

impl Caller<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.input.split_first() else { return 0 };
        self.input = rest;
        *first
    }

    fn number(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()]) % 5
    }

    /// Two parties.
    fn crew(&mut self) -> [u16; 2] {
        [self.number(), self.number()]
    }

    /// Some handle, dressed as whatever is wanted.
    fn handle<T>(&mut self) -> *mut T {
        match self.byte() {
            255 => core::ptr::null_mut(),
            254 => without_provenance_mut(self.byte().into()),
            pick if self.handles.is_empty() => without_provenance_mut(pick.into()),
            pick => without_provenance_mut(self.handles[usize::from(pick) % self.handles.len()]),
        }
    }

    /// Some bytes: of the input, or what the library gave out before.
    fn bytes(&mut self) -> Vec<u8> {
        let pick = self.byte();
        if pick >= 128 && !self.buffers.is_empty() {
            let buffer = self.buffers[usize::from(pick) % self.buffers.len()];
            // SAFETY: the library gave it out, and it was not freed.
            let mut bytes = unsafe { core::slice::from_raw_parts(buffer.data, buffer.len) }.to_vec();
            if pick >= 224 {
                let at = usize::from(self.byte()) * bytes.len() / 256;
                bytes[at] ^= self.byte();
            }
            return bytes;
        }
        let length = if pick < 64 { 32 } else { usize::from(pick) - 64 };
        (0..length).map(|_| self.byte()).collect()
    }

    fn keep<T>(&mut self, status: i32, handle: *mut T) {
        assert_eq!(status == COSIGIL_OK, !handle.is_null(), "{status}");
        if status == COSIGIL_OK {
            self.handles.push(handle.addr());
        }
        self.check(status);
    }

    fn keep_bytes(&mut self, status: i32, bytes: cosigil_bytes) {
        assert!(status == COSIGIL_OK || bytes.data.is_null(), "{status}");
        if !bytes.data.is_null() {
            self.buffers.push(bytes);
        }
        self.check(status);
    }

    fn check(&self, status: i32) {
        assert!(![COSIGIL_PANIC, COSIGIL_DEAD, COSIGIL_MISALIGNED].contains(&status), "{status}");
    }
}

/// A call with a handle that comes out, or bytes.
macro_rules! call {
    ($caller:ident, open $function:ident($($before:expr),*; $($after:expr),*)) => {{
        let mut out = without_provenance_mut(8);
        // SAFETY: every argument is a live local, a buffer of the caller, or a handle, which may be anything.
        let status = unsafe { $function($($before,)* &mut out, $($after),*) };
        $caller.keep(status, out);
    }};
    ($caller:ident, lend $function:ident($($before:expr),*; $($after:expr),*)) => {{
        let mut out = cosigil_bytes::default();
        // SAFETY: as above.
        let status = unsafe { $function($($before,)* &mut out, $($after),*) };
        $caller.keep_bytes(status, out);
    }};
    ($caller:ident, $function:ident($($argument:expr),*)) => {{
        // SAFETY: as above.
        let status = unsafe { $function($($argument),*) };
        $caller.check(status);
    }};
}

const SUITES: [u32; 9] = [1, 2, 16, 17, 18, 19, 20, 21, 99];

fn step(c: &mut Caller<'_>) {
    let (mut a, mut b, mut n, mut flags, mut number, mut kind) = (0u16, [0u16; 4], 0usize, 0u32, 0u64, 0i32);
    match c.byte() % 56 {
        0 => {
            let s = c.bytes();
            call!(c, open cosigil_identity_from_seed(; s.as_ptr(), s.len()))
        }
        1 => call!(c, open cosigil_parties_new(;)),
        2 | 3 => {
            let (party, id) = (c.handle(), c.number());
            let key = c.bytes();
            call!(c, cosigil_parties_add(party, id, key.as_ptr(), key.len()))
        }
        4 => {
            let h = c.handle();
            call!(c, lend cosigil_identity_public(h as *const _;))
        }
        5 | 6 => {
            let (i, p, me, t) = (c.handle(), c.handle(), c.number(), c.number());
            let (suite, l) = (SUITES[usize::from(c.byte()) % 9], [c.byte(); 32]);
            call!(c, open cosigil_keygen_start(i as *const _; p as *const _, suite, me, t, l.as_ptr(), 32))
        }
        7 => {
            let (i, p, me, t) = (c.handle(), c.handle(), c.number(), c.number());
            let (suite, l, k) = (SUITES[usize::from(c.byte()) % 9], [c.byte(); 32], c.bytes());
            call!(c, open cosigil_keygen_resume(
                i as *const _; p as *const _, suite, me, t, l.as_ptr(), 32, k.as_ptr(), k.len()))
        }
        8..=13 => {
            let (s, m) = (c.handle(), c.bytes());
            call!(c, cosigil_session_receive(s, &mut flags, m.as_ptr(), m.len()))
        }
        14..=17 => {
            let s = c.handle();
            call!(c, lend cosigil_session_take_message(s, &mut a;))
        }
        18 => {
            let s = c.handle();
            call!(c, lend cosigil_session_checkpoint(s;))
        }
        19 | 20 => {
            let s = c.handle();
            call!(c, cosigil_session_stored(s))
        }
        21 => {
            let s = c.handle();
            call!(c, cosigil_session_send_again(s))
        }
        22 => {
            let s = c.handle();
            call!(c, cosigil_session_awaiting(s as *const _, b.as_mut_ptr(), 4, &mut n))
        }
        23 => {
            let s = c.handle();
            call!(c, cosigil_session_culprits(s as *const _, b.as_mut_ptr(), 4, &mut n))
        }
        24 => {
            let s = c.handle();
            call!(c, open cosigil_session_take_key_share(s;))
        }
        25 => {
            let (s, mut id, mut out) = (c.handle(), 0, cosigil_bytes::default());
            // SAFETY: live locals and a handle.
            let status = unsafe { cosigil_session_take_signature(s, &mut out, &mut id) };
            c.keep_bytes(status, out);
        }
        26 => {
            let (p, t) = (c.handle(), c.number());
            let (suite, secret) = (SUITES[usize::from(c.byte()) % 9], [c.byte() % 16; 32]);
            call!(c, open cosigil_hazmat_split(p as *const _; suite, t, secret.as_ptr(), 32))
        }
        27 => {
            let (h, id) = (c.handle(), c.number());
            call!(c, lend cosigil_collection_get(h as *const _; id))
        }
        28 => {
            let s = c.bytes();
            call!(c, open cosigil_key_share_from_bytes(; s.as_ptr(), s.len()))
        }
        29 => {
            let h = c.handle();
            call!(c, lend cosigil_key_share_to_bytes(h as *const _;))
        }
        30 => {
            let h = c.handle();
            call!(c, open cosigil_key_share_package(h as *const _;))
        }
        31 => {
            let h = c.handle();
            call!(c, lend cosigil_package_verifying_key(h as *const _;))
        }
        32 => {
            let s = c.bytes();
            call!(c, open cosigil_package_from_bytes(; s.as_ptr(), s.len()))
        }
        33 => {
            let s = c.bytes();
            call!(c, open cosigil_request_message(; s.as_ptr(), s.len()))
        }
        34 => {
            let s = c.bytes();
            call!(c, open cosigil_request_digest(; s.as_ptr(), s.len()))
        }
        35 => {
            let (i, s, r, l) = (c.handle(), c.handle(), c.handle(), [c.byte(); 32]);
            let signers = c.crew();
            call!(c, open cosigil_frost_sign_start(
                i as *const _; s as *const _, r as *const _, signers.as_ptr(), 2, l.as_ptr(), 32))
        }
        36 => {
            let (s, mut nonces, mut out) = (c.handle(), without_provenance_mut(8), cosigil_bytes::default());
            // SAFETY: live locals and a handle.
            let status = unsafe { cosigil_frost_commit(s as *const _, &mut nonces, &mut out) };
            c.keep(status, nonces);
            c.keep_bytes(status, out);
        }
        37 => call!(c, open cosigil_collection_new(;)),
        38 => {
            let (h, id, s) = (c.handle(), c.number(), c.bytes());
            call!(c, cosigil_collection_add(h, id, s.as_ptr(), s.len()))
        }
        39 => {
            let (p, h) = (c.handle(), c.handle());
            call!(c, lend cosigil_frost_list(p as *const _; h as *const _))
        }
        40 => {
            let (s, nonces, r, l) = (c.handle(), c.handle(), c.handle(), c.bytes());
            call!(c, lend cosigil_frost_sign(s as *const _; nonces, r as *const _, l.as_ptr(), l.len()))
        }
        41 => {
            let (p, r, h, l) = (c.handle(), c.handle(), c.handle(), c.bytes());
            call!(c, lend cosigil_frost_aggregate(p as *const _; r as *const _, h as *const _, l.as_ptr(), l.len()))
        }
        42 => {
            let (suite, k, m, s) = (SUITES[usize::from(c.byte()) % 9], c.bytes(), c.bytes(), c.bytes());
            call!(c, cosigil_verify(suite, k.as_ptr(), k.len(), m.as_ptr(), m.len(), s.as_ptr(), s.len()))
        }
        43 => {
            let s = c.handle();
            call!(c, open cosigil_pairs_new(s as *const _;))
        }
        44 => {
            let (p, mut out) = (c.handle(), cosigil_bytes::default());
            // SAFETY: live locals and a handle.
            let status = unsafe { cosigil_pairs_to_bytes(p, &mut out, &mut number) };
            c.keep_bytes(status, out);
        }
        45 => call!(c, open cosigil_burn_log_memory(;)),
        46 => {
            let (s, mut out) = (c.handle(), cosigil_bytes::default());
            // SAFETY: live locals and a handle.
            let status = unsafe { cosigil_session_consequence(s as *const _, &mut kind, &mut a, &mut out, 0) };
            c.keep_bytes(status, out);
        }
        47 => free(c),
        48 | 49 => records(c),
        50 | 51 => operators(c),
        52 | 53 => pairs(c),
        54 => repairs(c),
        _ => moves(c),
    }
}

/// A key split among the first parties there are, in a record each: what the calls below are about.
fn key(c: &mut Caller<'_>) {
    let (parties, suite, secret) = (without_provenance_mut(c.handles[0]), SUITES[usize::from(c.byte()) % 9], [7; 32]);
    let first = c.handles.len();
    call!(c, open cosigil_hazmat_split(parties as *const _; suite, 2, secret.as_ptr(), 32));
    let Some(dealt) = c.handles.get(first).copied() else { return };
    for me in 1..=3 {
        let given = c.buffers.len();
        call!(c, lend cosigil_collection_get(without_provenance_mut(dealt) as *const _; me));
        let Some(bytes) = c.buffers.get(given).copied() else { return };
        call!(c, open cosigil_key_share_from_bytes(; bytes.data, bytes.len));
        call!(c, open cosigil_key_store_memory(;));
        let Some([share, store]) = c.handles.last_chunk().copied() else { return };
        let identity = without_provenance_mut(c.handles[usize::from(me)]);
        call!(c, open cosigil_record_create(
            identity as *const _; without_provenance_mut(store) as *const _, without_provenance_mut(share) as *const _))
    }
}

/// Records and the attempts to move them on.
fn records(c: &mut Caller<'_>) {
    let mut a = 0;
    match c.byte() % 16 {
        0 => key(c),
        1 => call!(c, open cosigil_key_store_memory(;)),
        2 => {
            let (i, k, s) = (c.handle(), c.handle(), c.handle());
            call!(c, open cosigil_record_create(i as *const _; k as *const _, s as *const _))
        }
        3 => {
            let (i, k, p, me, e) = (c.handle(), c.handle(), c.handle(), c.number(), c.bytes());
            call!(c, open cosigil_record_join(i as *const _; k as *const _, p as *const _, me, e.as_ptr(), e.len()))
        }
        4 => {
            let (i, k) = (c.handle(), c.handle());
            call!(c, open cosigil_record_open(i as *const _; k as *const _))
        }
        5 => {
            let r = c.handle();
            call!(c, open cosigil_record_key(r as *const _;))
        }
        6 => {
            let r = c.handle();
            call!(c, open cosigil_record_package(r as *const _;))
        }
        7 | 8 => {
            let (r, l) = (c.handle(), [c.byte(); 32]);
            call!(c, open cosigil_refresh_start(r; l.as_ptr(), 32))
        }
        9 => {
            let (r, p, t, d, l) = (c.handle(), c.handle(), c.number(), c.crew(), [c.byte(); 32]);
            call!(c, open cosigil_reshare_start(r; p as *const _, t, d.as_ptr(), 2, l.as_ptr(), 32))
        }
        10 | 11 => {
            let r = c.handle();
            call!(c, lend cosigil_record_exchange(r;))
        }
        12 | 13 => {
            let (r, m) = (c.handle(), c.bytes());
            call!(c, cosigil_record_learn(r, m.as_ptr(), m.len()))
        }
        14 => {
            let r = c.handle();
            call!(c, lend cosigil_record_take_message(r, &mut a;))
        }
        _ => {
            let (r, mut kind, mut out) = (c.handle(), 0, cosigil_bytes::default());
            // SAFETY: live locals and a handle.
            let status = unsafe { cosigil_record_take_news(r, &mut kind, &mut a, &mut out) };
            c.keep_bytes(status, out);
        }
    }
}

/// What operators see of records, decide and back up.
fn operators(c: &mut Caller<'_>) {
    let (mut a, mut b, mut n, mut kind) = (0, [0; 4], 0, 0);
    match c.byte() % 13 {
        0 => {
            let (r, number, mut out) = (c.handle(), c.byte() % 3, cosigil_bytes::default());
            // SAFETY: live locals and a handle.
            let status = unsafe {
                cosigil_record_attempt(r as *const _, &mut out, &mut kind, b.as_mut_ptr(), 4, &mut n, number.into())
            };
            c.keep_bytes(status, out);
        }
        1 => {
            let (r, s) = (c.handle(), c.bytes());
            call!(c, cosigil_record_discard(r, s.as_ptr(), s.len()))
        }
        2 => {
            let (r, era, s) = (c.handle(), c.number(), c.bytes());
            call!(c, cosigil_record_reopen(r, era, s.as_ptr(), s.len()))
        }
        3 => {
            let (r, s) = (c.handle(), c.bytes());
            call!(c, cosigil_record_era(r as *const _, &mut a, s.as_ptr(), s.len()))
        }
        4 => {
            let (r, s) = (c.handle(), c.handle());
            call!(c, cosigil_record_adopt(r, s as *const _))
        }
        5 => {
            let (r, id, k) = (c.handle(), c.number(), c.bytes());
            call!(c, cosigil_record_set_identity(r, id, k.as_ptr(), k.len()))
        }
        6 => {
            let (r, l) = (c.handle(), c.handle());
            call!(c, cosigil_record_note_strikes(r, l as *const _))
        }
        7 => {
            let (r, number) = (c.handle(), c.byte() % 3);
            call!(c, cosigil_record_contradiction(r as *const _, &mut a, &mut kind, number.into()))
        }
        8 => {
            let (r, s) = (c.handle(), c.handle());
            call!(c, cosigil_record_depend(r, s as *const _))
        }
        9 => call!(c, open cosigil_backup_key_generate(;)),
        10 => {
            let k = c.handle();
            call!(c, lend cosigil_backup_key_public(k as *const _;))
        }
        11 => {
            let (r, i, to) = (c.handle(), c.handle(), c.bytes());
            call!(c, lend cosigil_record_backup_seal(r as *const _; i as *const _, to.as_ptr(), to.len()))
        }
        _ => {
            let (k, i, s, suite) = (c.handle(), c.handle(), c.handle(), SUITES[usize::from(c.byte()) % 9]);
            let (maker, f) = (c.bytes(), c.bytes());
            call!(c, open cosigil_record_restore(
                k as *const _; i as *const _, s as *const _, suite, c.byte() % 3, maker.as_ptr(), maker.len(), f.as_ptr(), f.len()))
        }
    }
}

/// Setups, and what is signed with pairs: at once, or ahead.
fn pairs(c: &mut Caller<'_>) {
    match c.byte() % 10 {
        0 | 1 => {
            let (i, s, log, peer, l) = (c.handle(), c.handle(), c.handle(), c.number(), [c.byte(); 32]);
            call!(c, open cosigil_setup_start(
                i as *const _; s as *const _, log as *const _, peer, l.as_ptr(), 32))
        }
        2 => {
            let (p, s) = (c.handle(), c.handle());
            call!(c, cosigil_pairs_take(p, s))
        }
        3 => {
            let (s, log, p) = (c.handle(), c.handle(), c.bytes());
            call!(c, open cosigil_pairs_from_bytes(s as *const _; log as *const _, 0, p.as_ptr(), p.len()))
        }
        4 => {
            let (i, s, p, log, r) = (c.handle(), c.handle(), c.handle(), c.handle(), c.handle());
            let (d, l) = (c.crew(), [c.byte(); 32]);
            call!(c, open cosigil_ecdsa_sign_start(
                i as *const _; s as *const _, p as *const _, log as *const _, r as *const _, d.as_ptr(), 2, l.as_ptr(), 32))
        }
        5 => {
            let (i, s, p, log, batch) = (c.handle(), c.handle(), c.handle(), c.handle(), c.number());
            let (d, l) = (c.crew(), [c.byte(); 32]);
            call!(c, open cosigil_presign_start(
                i as *const _; s as *const _, p as *const _, log as *const _, batch.into(), d.as_ptr(), 2, l.as_ptr(), 32))
        }
        6 => call!(c, open cosigil_store_memory(;)),
        7 => {
            let (store, s) = (c.handle(), c.handle());
            call!(c, lend cosigil_presignatures_take(store; s))
        }
        8 => {
            let (i, s, store, r, id, l) = (c.handle(), c.handle(), c.handle(), c.handle(), c.bytes(), [c.byte(); 32]);
            call!(c, open cosigil_online_start(
                i as *const _; s as *const _, store, r as *const _, id.as_ptr(), id.len(), l.as_ptr(), 32))
        }
        _ => {
            let (s, store, r, id) = (c.handle(), c.handle(), c.handle(), c.bytes());
            call!(c, lend cosigil_online_repeat(
                s as *const _; store as *const _, r as *const _, id.as_ptr(), id.len()))
        }
    }
}

/// A party that lost its share.
fn repairs(c: &mut Caller<'_>) {
    match c.byte() % 5 {
        0 => {
            let (i, s, lost, k) = (c.handle(), c.handle(), c.number(), c.bytes());
            let (d, l) = (c.crew(), [c.byte(); 32]);
            call!(c, open cosigil_repair_help_start(
                i as *const _; s as *const _, lost, k.as_ptr(), k.len(), d.as_ptr(), 2, l.as_ptr(), 32))
        }
        1 => {
            let (i, p, e, lost, k) = (c.handle(), c.handle(), c.bytes(), c.number(), c.bytes());
            let (d, l) = (c.crew(), [c.byte(); 32]);
            call!(c, open cosigil_repair_start(
                i as *const _; p as *const _, e.as_ptr(), e.len(), lost, k.as_ptr(), k.len(), d.as_ptr(), 2, l.as_ptr(), 32))
        }
        2 => {
            let s = c.handle();
            call!(c, open cosigil_session_take_package(s;))
        }
        3 => {
            let p = c.handle();
            call!(c, lend cosigil_package_digest(p as *const _;))
        }
        _ => {
            let (p, s, log, id, k) = (c.handle(), c.handle(), c.handle(), c.number(), c.bytes());
            call!(c, open cosigil_pairs_after_repair(p; s as *const _, log as *const _, id, k.as_ptr(), k.len()))
        }
    }
}

/// Whole keys, in and out.
fn moves(c: &mut Caller<'_>) {
    match c.byte() % 5 {
        0 => {
            let (i, p, suite) = (c.handle(), c.handle(), SUITES[usize::from(c.byte()) % 9]);
            let (form, me, t, k, l) = (c.number(), c.number(), c.number(), c.bytes(), [c.byte(); 32]);
            let (mut session, mut plan) = (without_provenance_mut(8), cosigil_bytes::default());
            // SAFETY: live locals, and handles, which may be anything.
            let status = unsafe {
                cosigil_hazmat_import_start(
                    i as *const _,
                    &mut session,
                    &mut plan,
                    p as *const _,
                    suite,
                    form.into(),
                    me,
                    t,
                    k.as_ptr(),
                    k.len(),
                    l.as_ptr(),
                    32,
                )
            };
            c.keep(status, session);
            c.keep_bytes(status, plan);
        }
        1 => {
            let (i, p, suite) = (c.handle(), c.handle(), SUITES[usize::from(c.byte()) % 9]);
            let (me, t, plan, k, l) = (c.number(), c.number(), c.bytes(), c.bytes(), [c.byte(); 32]);
            call!(c, open cosigil_hazmat_import_accept(
                i as *const _; p as *const _, suite, me, t, plan.as_ptr(), plan.len(), k.as_ptr(), k.len(), l.as_ptr(), 32))
        }
        2 => {
            let (i, s, id, k, d, l) = (c.handle(), c.handle(), c.number(), c.bytes(), c.crew(), [c.byte(); 32]);
            call!(c, open cosigil_hazmat_export_start(
                i as *const _; s as *const _, id, k.as_ptr(), k.len(), d.as_ptr(), 2, l.as_ptr(), 32))
        }
        3 => {
            let (i, p, me, e, d, l) = (c.handle(), c.handle(), c.number(), c.bytes(), c.crew(), [c.byte(); 32]);
            call!(c, open cosigil_hazmat_export_receive(
                i as *const _; p as *const _, me, e.as_ptr(), e.len(), d.as_ptr(), 2, l.as_ptr(), 32))
        }
        _ => {
            let s = c.handle();
            call!(c, lend cosigil_hazmat_take_secret(s;))
        }
    }
}

/// Frees some handle as some kind, right or wrong.
fn free(c: &mut Caller<'_>) {
    let what = c.byte();
    macro_rules! one_of {
        ($($number:literal $function:ident)+) => {
            match what % 14 {
                // SAFETY: a handle may be anything.
                $($number => { let h = c.handle(); unsafe { $function(h) } })+
                // SAFETY: a handle may be anything.
                _ => { let h = c.handle(); unsafe { cosigil_session_free(h) } }
            }
        };
    }
    let status = one_of! {
        0 cosigil_identity_free 1 cosigil_parties_free 2 cosigil_key_share_free 3 cosigil_package_free 4 cosigil_request_free
        5 cosigil_nonces_free 6 cosigil_collection_free 7 cosigil_burn_log_free 8 cosigil_pairs_free 9 cosigil_store_free
        10 cosigil_key_store_free 11 cosigil_record_free 12 cosigil_backup_key_free
    };
    c.check(status);
}

/// Frees everything that is left.
fn clean_up(c: &Caller<'_>) {
    for number in &c.handles {
        macro_rules! each {
            // SAFETY: a handle may be anything.
            ($($function:ident)+) => { $(unsafe { $function(without_provenance_mut(*number)) };)+ };
        }
        each! {
            cosigil_identity_free cosigil_parties_free cosigil_key_share_free cosigil_package_free cosigil_request_free
            cosigil_nonces_free cosigil_collection_free cosigil_burn_log_free cosigil_pairs_free cosigil_store_free
            cosigil_session_free cosigil_key_store_free cosigil_record_free cosigil_backup_key_free
        }
    }
    for buffer in &c.buffers {
        let mut buffer = *buffer;
        // SAFETY: one buffer of the library's.
        assert_eq!(unsafe { cosigil_bytes_free(&mut buffer) }, COSIGIL_OK);
    }
    let (mut handles, mut buffers) = (1, 1);
    // SAFETY: two live locals.
    assert_eq!(unsafe { cosigil_live(&mut handles, &mut buffers) }, COSIGIL_OK);
    assert_eq!((handles, buffers), (0, 0));
}

fuzz_target!(|data: &[u8]| {
    let mut caller = Caller { input: data, handles: Vec::new(), buffers: Vec::new() };
    // A start for the sequence: three identities, in a directory.
    call!(caller, open cosigil_parties_new(;));
    let parties = without_provenance_mut(caller.handles[0]);
    for (party, seed) in [(1, [1u8; 32]), (2, [2; 32]), (3, [3; 32])] {
        call!(caller, open cosigil_identity_from_seed(; seed.as_ptr(), 32));
        let identity: *mut cosigil_identity = without_provenance_mut(caller.handles[usize::from(party)]);
        call!(caller, lend cosigil_identity_public(identity as *const _;));
        let key = caller.buffers[usize::from(party) - 1];
        call!(caller, cosigil_parties_add(parties, party, key.data, key.len));
    }
    let mut steps = 0;
    while !caller.input.is_empty() && steps < 80 {
        step(&mut caller);
        steps += 1;
    }
    clean_up(&caller);
});
