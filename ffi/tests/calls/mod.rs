//! Calls of the C functions from Rust.
#![allow(dead_code, unused_macros, unused_imports, reason = "each test uses some of it")]

use cosigil_ffi::*;

/// Ends the test with what went wrong, if anything did.
pub fn ok(status: i32) {
    let (mut text, mut length) = ([0; 200], 0);
    if status != COSIGIL_OK {
        unsafe { cosigil_last_error(text.as_mut_ptr(), text.len(), &mut length) };
        let text: Vec<u8> = text.iter().map(|c| u8::try_from(*c).unwrap()).take(length).collect();
        panic!("{status}: {}", String::from_utf8_lossy(&text));
    }
}

/// The bytes of a buffer, which is freed.
pub fn take(mut bytes: cosigil_bytes) -> Vec<u8> {
    let copy = unsafe { std::slice::from_raw_parts(bytes.data, bytes.len) }.to_vec();
    ok(unsafe { cosigil_bytes_free(&mut bytes) });
    copy
}

/// A call with bytes that come out.
macro_rules! bytes {
    ($function:ident($handle:expr)) => {{
        let mut out = cosigil_bytes::default();
        ok(unsafe { $function($handle, &mut out) });
        take(out)
    }};
}
pub(crate) use bytes;
