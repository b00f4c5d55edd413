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
    match c.byte() % 48 {
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
            let signers = [c.number(), c.number()];
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
        _ => free(c),
    }
}

/// Frees some handle as some kind, right or wrong.
fn free(c: &mut Caller<'_>) {
    let what = c.byte();
    macro_rules! one_of {
        ($($number:literal $function:ident)+) => {
            match what % 11 {
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
            cosigil_session_free
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
