//! Sharp tools: what only an operator can decide, whole keys in one place, keys without their protection.

use std::sync::Mutex;

use cosigil::curve::{decode_scalar, encode_scalar};
use cosigil::{KeyShare, PartyId, Secret, Threshold, Usage, hazmat};
use zeroize::Zeroizing;

use crate::burn::cosigil_burn_log;
use crate::bytes::cosigil_bytes;
use crate::call::call;
use crate::each::{Each, Output, Served, with_ecdsa, with_suite};
use crate::frost::cosigil_collection;
use crate::handle::{self, locked};
use crate::identity::{cosigil_parties, parties};
use crate::input::{given, outs};
use crate::key::{cosigil_key_share, of_any_suite};
use crate::random::random;
use crate::request::cosigil_request;
use crate::status::*;

type Shares = Vec<(PartyId, Zeroizing<Vec<u8>>)>;

fn split<S: Served>(secret: &[u8], threshold: Threshold, parties: &cosigil::Parties) -> Result<Shares> {
    let secret = Secret::new(decode_scalar::<S::Curve>(secret).ok_or(Usage::Malformed)?);
    let shares = hazmat::split::<S>(&secret, threshold, parties, &mut random()?)?;
    Ok(shares.iter().map(|share| (share.me(), share.to_bytes())).collect())
}

fn reconstruct<S: Served>(shares: &Shares) -> Result<Zeroizing<Vec<u8>>> {
    let read = |(_, bytes): &(PartyId, Zeroizing<Vec<u8>>)| Ok(KeyShare::<S>::from_bytes(bytes)?);
    let shares = shares.iter().map(read).collect::<Result<Vec<_>>>()?;
    let secret = hazmat::reconstruct::<S>(&shares)?;
    Ok(Zeroizing::new(encode_scalar::<S::Curve>(secret.expose()).to_vec()))
}

/// Forgives all strikes of one peer, whose id the operator has typed out: setups and sessions with it start again.
/// Each further strike may be the one that was guessed right. Burned pairs stay burned.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE for a FROST key, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_STORE_FAILED,
/// COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_forgive(
    log: *mut cosigil_burn_log,
    share: *const cosigil_key_share,
    peer: u16,
) -> i32 {
    call(|| {
        let (log, share) = (handle::get(log)?, handle::get(share)?);
        let peer = PartyId::new(peer)?;
        let Each::Ecdsa(share) = &*share else { return Err(Failure::SUITE) };
        Ok(with_ecdsa!(share, share => hazmat::forgive(&**log, share, peer))?)
    })
}

/// Splits a secret, 32 bytes in the curve's customary order, into key shares: `shares` gets the bytes of each party's
/// (cosigil_collection_get, cosigil_key_share_from_bytes). The machine that calls this holds the whole key; key
/// generation has no such machine.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_MALFORMED, COSIGIL_IDENTITY, COSIGIL_THRESHOLD, COSIGIL_NULL,
/// COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_RANDOM_FAILED, COSIGIL_BROKEN_RANDOM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_split(
    directory: *const cosigil_parties,
    shares: *mut *mut cosigil_collection,
    suite: u32,
    threshold: u16,
    secret: *const u8,
    secret_len: usize,
) -> i32 {
    call(|| {
        outs!(shares);
        let parties = parties(directory)?;
        // SAFETY: by contract null or `secret_len` bytes.
        let secret = unsafe { given(secret, secret_len) }?;
        let threshold = Threshold::new(threshold)?;
        shares.open(Mutex::new(with_suite!(suite, S => split::<S>(secret, threshold, &parties))?))
    })
}

/// Puts the whole key together from t shares, given as their bytes: 32 bytes in the curve's customary order.
/// Afterwards this machine holds the whole key.
///
/// Returns COSIGIL_OK, COSIGIL_SIGNERS for fewer than t, COSIGIL_DUPLICATE_PARTY, COSIGIL_MALFORMED, COSIGIL_VERSION,
/// COSIGIL_OTHER_SUITE, COSIGIL_OTHER_KEY, COSIGIL_OTHER_SHARING, COSIGIL_NULL, COSIGIL_NO_HANDLE,
/// COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_reconstruct(
    shares: *const cosigil_collection,
    secret: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(secret);
        let shares = handle::get(shares)?;
        let read = |entries: &mut Shares| of_any_suite(|number| with_suite!(number, S => reconstruct::<S>(entries)));
        let bytes = locked(&shares, read)?;
        secret.lend(bytes);
        Ok(())
    })
}

/// Asks for the shared key itself as Taproot output key, without any tweak. COSIGIL_FROST_BIP340 only. Whoever spoke
/// last in key generation may have hidden a script path in the key, and can spend alone by it.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_hazmat_request_raw(request: *mut cosigil_request) -> i32 {
    call(|| {
        let request = handle::get(request)?;
        locked(&request, |wish| {
            wish.output = Output::Raw;
            Ok(())
        })
    })
}
