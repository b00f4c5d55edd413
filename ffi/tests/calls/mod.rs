//! Calls of the C functions from Rust.
#![allow(dead_code, unused_macros, unused_imports, reason = "each test uses some of it")]

use cosigil::Transcript;
use cosigil_ffi::*;
use ed25519_dalek::{Signer, SigningKey};

/// The seeds of the identities of parties 1 to 3.
pub const SEEDS: [[u8; 32]; 3] = [[1; 32], [2; 32], [3; 32]];

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

/// The cheat's pen: a bit of a message of this party flipped, and signed by it.
pub fn forge(party: usize, bytes: &[u8], at: usize) -> Vec<u8> {
    let (header, rest) = bytes.split_at(8 + usize::from(bytes[7]) + 4 * 32);
    let mut body = rest[..rest.len() - 64].to_vec();
    body[at] ^= 1;
    let digest = Transcript::new("envelope").field(header).field(&body).digest();
    let signature = SigningKey::from_bytes(&SEEDS[party - 1]).sign(&digest);
    [header, &body, &signature.to_bytes()].concat()
}

/// The pen of party 2, for messages of this round and kind: 1 to all, 2 readable, 3 sealed.
pub fn flip(round: u8, kind: u8, at: usize) -> impl Fn(Vec<u8>) -> Vec<u8> {
    move |bytes| if (bytes[2], bytes[1]) == (round, kind) { forge(2, &bytes, at) } else { bytes }
}
