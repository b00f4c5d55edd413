//! Children of a key: addresses, extended keys, and requests to sign for them.

use cosigil::key::{DerivationPath, Network};
use cosigil::{KeyShare, PublicKeyPackage};
use zeroize::Zeroizing;

use crate::bytes::cosigil_bytes;
use crate::call::{call, entered};
use crate::each::{ChainCode, Served, with_each, with_suite};
use crate::handle::{self, locked};
use crate::input::{given, outs, secret, text};
use crate::key::{cosigil_key_share, cosigil_package};
use crate::request::cosigil_request;
use crate::status::*;

/// Bitcoin's main network: xpub….
pub const COSIGIL_MAINNET: u32 = 0;
/// Test networks: tpub….
pub const COSIGIL_TESTNET: u32 = 1;

fn path(bytes: &[u8]) -> Result<DerivationPath> {
    Ok(text(bytes)?.parse()?)
}

fn child_key<S: Served>(
    package: &PublicKeyPackage<S>,
    chain_code: &ChainCode,
    path: &DerivationPath,
) -> Result<Vec<u8>> {
    S::child_key(package, chain_code, path)
}

fn xpub<S: Served>(share: &KeyShare<S>, network: Network, path: &DerivationPath) -> Result<Zeroizing<Vec<u8>>> {
    S::xpub(share, network, path)
}

/// Asks for a signature under a child of the key, at the end of a path such as "m/0/7": for COSIGIL_ECDSA_SECP256K1,
/// COSIGIL_FROST_BIP340 (of which then the Taproot output key is made) and COSIGIL_FROST_ED25519. Signers need to
/// agree on nothing but the path; those with another one are in conflict.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_TEXT, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE,
/// COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_request_path(request: *mut cosigil_request, path: *const u8, path_len: usize) -> i32 {
    call(|| {
        let request = handle::get(request)?;
        // SAFETY: by contract null or `path_len` bytes.
        let path = self::path(unsafe { given(path, path_len) }?)?;
        locked(&request, |wish| {
            wish.path = Some(path);
            Ok(())
        })
    })
}

/// Gives a request with a path the key's chain code of 32 bytes: for cosigil_frost_aggregate, which has no share to
/// take it from.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_request_chain_code(
    request: *mut cosigil_request,
    chain_code: *const u8,
    chain_code_len: usize,
) -> i32 {
    call(|| {
        let request = handle::get(request)?;
        // SAFETY: by contract null or `chain_code_len` bytes.
        let chain_code = secret(unsafe { given(chain_code, chain_code_len) }?)?;
        locked(&request, |wish| {
            wish.chain_code = Some(std::sync::Arc::new(chain_code));
            Ok(())
        })
    })
}

/// The key of a child, at the end of a path such as "m/0/7", as cosigil_package_verifying_key gives keys: an address
/// is made of it. `chain_code` is the key's (cosigil_key_share_chain_code).
///
/// Returns COSIGIL_OK, COSIGIL_NO_DERIVATION for a suite without children, COSIGIL_OTHER_CHAIN_CODE,
/// COSIGIL_INVALID_CHILD for an index that has no child (2^-127: take the next), COSIGIL_NULL, COSIGIL_LENGTH,
/// COSIGIL_TEXT, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_child_key(
    package: *const cosigil_package,
    key: *mut cosigil_bytes,
    chain_code: *const u8,
    chain_code_len: usize,
    path: *const u8,
    path_len: usize,
) -> i32 {
    call(|| {
        outs!(key);
        let package = handle::get(package)?;
        // SAFETY: by contract null or `chain_code_len` bytes.
        let chain_code = secret(unsafe { given(chain_code, chain_code_len) }?)?;
        // SAFETY: by contract null or `path_len` bytes.
        let path = self::path(unsafe { given(path, path_len) }?)?;
        key.lend(with_each!(&*package, package => child_key(package, &chain_code, &path))?);
        Ok(())
    })
}

/// The extended public key at the end of a path ("m" for the root), as text, for watch-only wallets:
/// COSIGIL_ECDSA_SECP256K1 and COSIGIL_FROST_BIP340. `network` is COSIGIL_MAINNET or COSIGIL_TESTNET. Who has it can
/// link every child.
///
/// Returns COSIGIL_OK, COSIGIL_NO_DERIVATION, COSIGIL_VALUE, COSIGIL_INVALID_CHILD, COSIGIL_NULL, COSIGIL_LENGTH,
/// COSIGIL_TEXT, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE, COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_xpub(
    share: *const cosigil_key_share,
    xpub: *mut cosigil_bytes,
    network: u32,
    path: *const u8,
    path_len: usize,
) -> i32 {
    call(|| {
        outs!(xpub);
        let share = handle::get(share)?;
        // SAFETY: by contract null or `path_len` bytes.
        let path = self::path(unsafe { given(path, path_len) }?)?;
        let network = match network {
            COSIGIL_MAINNET => Network::Mainnet,
            COSIGIL_TESTNET => Network::Testnet,
            _ => return Err(Failure::VALUE),
        };
        xpub.lend(with_each!(&*share, share => self::xpub(share, network, &path))?);
        Ok(())
    })
}

/// The key of a child of an extended public key: what a watch-only wallet makes addresses of.
///
/// Returns COSIGIL_OK, COSIGIL_SUITE, COSIGIL_NO_DERIVATION, COSIGIL_INVALID_CHILD, COSIGIL_NULL, COSIGIL_LENGTH,
/// COSIGIL_TEXT, COSIGIL_MALFORMED, COSIGIL_HARDENED, COSIGIL_PATH_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_xpub_child_key(
    key: *mut cosigil_bytes,
    suite: u32,
    xpub: *const u8,
    xpub_len: usize,
    path: *const u8,
    path_len: usize,
) -> i32 {
    call(|| {
        outs!(key);
        entered()?;
        // SAFETY: by contract null or `xpub_len` bytes.
        let xpub = text(unsafe { given(xpub, xpub_len) }?)?;
        // SAFETY: by contract null or `path_len` bytes.
        let path = self::path(unsafe { given(path, path_len) }?)?;
        key.lend(with_suite!(suite, S => <S as Served>::xpub_child_key(xpub, &path))?);
        Ok(())
    })
}
