//! Key shares, public key packages, and verification.

use std::sync::Arc;

use cosigil::{KeyShare, PublicKeyPackage, Usage};
use zeroize::Zeroizing;

use crate::burn::cosigil_burn_log;
use crate::bytes::cosigil_bytes;
use crate::call::{call, entered};
use crate::each::{AnyPackage, AnyShare, Served, with_each, with_suite};
use crate::handle::{self, Handle};
use crate::input::{Ids, given, outs};
use crate::status::*;

/// What one party holds of a key: secret. It never changes; any number of threads may use it at once.
pub struct cosigil_key_share(());

impl Handle for cosigil_key_share {
    type Object = AnyShare;
}

/// What everybody may know of a key: who holds it, how many must sign, and what is needed to check them. It never
/// changes; any number of threads may use it at once.
pub struct cosigil_package(());

impl Handle for cosigil_package {
    type Object = AnyPackage;
}

/// The numbers of all suites.
const SUITES: [u32; 8] = {
    use crate::each::*;
    [
        COSIGIL_ECDSA_SECP256K1,
        COSIGIL_ECDSA_P256,
        COSIGIL_FROST_ED25519,
        COSIGIL_FROST_ED25519_KECCAK,
        COSIGIL_FROST_BIP340,
        COSIGIL_FROST_SECP256K1,
        COSIGIL_FROST_P256,
        COSIGIL_FROST_RISTRETTO255,
    ]
};

/// Reads a record of whatever suite it says it is of.
pub(crate) fn of_any_suite<T>(read: impl Fn(u32) -> Result<T>) -> Result<T> {
    let is_other = |failure: &Failure| failure.status == COSIGIL_OTHER_SUITE;
    let mut tries = SUITES.iter().map(|number| read(*number));
    let found = tries.find(|one| !one.as_ref().is_err_and(is_other));
    found.unwrap_or_else(|| Err(Usage::OtherSuite.into()))
}

pub(crate) fn number_of<S: Served>(_: &PublicKeyPackage<S>) -> u32 {
    S::NUMBER
}

fn package_of<S: Served>(share: &KeyShare<S>) -> AnyPackage {
    S::package(share.public().clone())
}

fn key_of<S: Served>(package: &PublicKeyPackage<S>) -> Result<Vec<u8>> {
    S::key(package)
}

pub(crate) fn read_share(number: u32, bytes: &[u8]) -> Result<AnyShare> {
    with_suite!(number, S => Ok(S::share(Arc::new(KeyShare::<S>::from_bytes(bytes)?))))
}

/// The share's bytes, secret: all that this party needs to go on after a restart. Store them encrypted, where only this
/// party can read them. Any t of a key's shares are the key.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_to_bytes(share: *const cosigil_key_share, bytes: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(bytes);
        bytes.lend(with_each!(&*handle::get(share)?, share => share.to_bytes()));
        Ok(())
    })
}

/// Reads what cosigil_key_share_to_bytes wrote, of any suite, and checks it.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE,
/// COSIGIL_INVALID_SHARE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_from_bytes(
    share: *mut *mut cosigil_key_share,
    bytes: *const u8,
    bytes_len: usize,
) -> i32 {
    call(|| {
        outs!(share);
        entered()?;
        // SAFETY: by contract null or `bytes_len` bytes.
        let bytes = unsafe { given(bytes, bytes_len) }?;
        share.open(of_any_suite(|number| read_share(number, bytes))?)
    })
}

/// The id of the party that holds the share.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_me(share: *const cosigil_key_share, party: *mut u16) -> i32 {
    call(|| {
        outs!(party);
        party.put(with_each!(&*handle::get(share)?, share => share.me().get()));
        Ok(())
    })
}

/// What everybody may know of the share's key.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_package(
    share: *const cosigil_key_share,
    package: *mut *mut cosigil_package,
) -> i32 {
    call(|| {
        outs!(package);
        package.open(with_each!(&*handle::get(share)?, share => package_of(share)))
    })
}

/// The chain code of the key: 32 bytes. Who has it can link every address derived from the key.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_chain_code(
    share: *const cosigil_key_share,
    chain_code: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(chain_code);
        let share = handle::get(share)?;
        chain_code.lend(with_each!(&*share, share => Zeroizing::new(share.chain_code().expose().to_vec())));
        Ok(())
    })
}

/// How many strikes the share remembers of a peer. The burn log counts; this is what a backup of the share keeps.
///
/// Returns COSIGIL_OK, COSIGIL_PARTY_ID, COSIGIL_UNKNOWN_PARTY, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_strikes(
    share: *const cosigil_key_share,
    strikes: *mut u8,
    party: u16,
) -> i32 {
    call(|| {
        outs!(strikes);
        let share = handle::get(share)?;
        let party = cosigil::PartyId::new(party)?;
        strikes.put(with_each!(&*share, share => share.strikes(party))?);
        Ok(())
    })
}

/// The same share, with the strikes that the burn log has counted. Make it, and store it in the place of the old one,
/// whenever a session has ended in a strike or burn.
///
/// Returns COSIGIL_OK, COSIGIL_STORE_FAILED, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_with_strikes(
    share: *const cosigil_key_share,
    noted: *mut *mut cosigil_key_share,
    log: *const cosigil_burn_log,
) -> i32 {
    fn note<S: Served>(share: &KeyShare<S>, log: &dyn cosigil::ecdsa::burn::BurnLog) -> Result<AnyShare> {
        let mut copy = KeyShare::<S>::from_bytes(&share.to_bytes())?;
        cosigil::ecdsa::burn::note_strikes(&mut copy, log)?;
        Ok(S::share(Arc::new(copy)))
    }
    call(|| {
        outs!(noted);
        let (share, log) = (handle::get(share)?, handle::get(log)?);
        noted.open(with_each!(&*share, share => note(share, &**log))?)
    })
}

/// Frees a key share. NULL is left alone. It is wiped when no session uses it any more.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_key_share_free(share: *mut cosigil_key_share) -> i32 {
    handle::close(share)
}

/// The package's bytes, for everybody.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_to_bytes(package: *const cosigil_package, bytes: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(bytes);
        bytes.lend(with_each!(&*handle::get(package)?, package => Zeroizing::new(package.to_bytes())));
        Ok(())
    })
}

/// Reads what cosigil_package_to_bytes wrote, of any suite.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED, COSIGIL_VERSION, COSIGIL_OTHER_SUITE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_from_bytes(
    package: *mut *mut cosigil_package,
    bytes: *const u8,
    bytes_len: usize,
) -> i32 {
    call(|| {
        outs!(package);
        entered()?;
        // SAFETY: by contract null or `bytes_len` bytes.
        let bytes = unsafe { given(bytes, bytes_len) }?;
        let read = |number| with_suite!(number, S => Ok(S::package(PublicKeyPackage::<S>::from_bytes(bytes)?)));
        package.open(of_any_suite(read)?)
    })
}

/// The digest of the package, 32 bytes, identities included: what operators compare over a channel they trust.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_digest(package: *const cosigil_package, digest: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(digest);
        let found = with_each!(&*handle::get(package)?, package => package.digest());
        digest.lend(found.to_vec());
        Ok(())
    })
}

/// The suite of the key: COSIGIL_ECDSA_… or COSIGIL_FROST_….
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_suite(package: *const cosigil_package, suite: *mut u32) -> i32 {
    call(|| {
        outs!(suite);
        suite.put(with_each!(&*handle::get(package)?, package => number_of(package)));
        Ok(())
    })
}

/// The key that signatures verify under and addresses are made of: 33 bytes, compressed, on secp256k1 and P-256; 32
/// bytes for Ed25519, ristretto255 and BIP-340, where it is the x-coordinate of the Taproot output key that commits to
/// no script.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_verifying_key(
    package: *const cosigil_package,
    key: *mut cosigil_bytes,
) -> i32 {
    call(|| {
        outs!(key);
        key.lend(Zeroizing::new(with_each!(&*handle::get(package)?, package => key_of(package))?));
        Ok(())
    })
}

/// The name of the key, 32 bytes: the same for its whole life.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_key_id(package: *const cosigil_package, key_id: *mut cosigil_bytes) -> i32 {
    call(|| {
        outs!(key_id);
        let id = with_each!(&*handle::get(package)?, package => package.key_id());
        key_id.lend(id.as_bytes().to_vec());
        Ok(())
    })
}

/// The name of this sharing of the key, 32 bytes, and how many refreshes and reshares came before. A refresh makes
/// another sharing; shares of two sharings do not work together.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_sharing(
    package: *const cosigil_package,
    sharing: *mut cosigil_bytes,
    number: *mut u32,
) -> i32 {
    call(|| {
        outs!(sharing, number);
        let (name, count) = with_each!(&*handle::get(package)?, package => (package.sharing(), package.number()));
        number.put(count);
        sharing.lend(name.as_bytes().to_vec());
        Ok(())
    })
}

/// How many parties are needed to sign, and who holds a share.
///
/// `parties` gets at most `capacity` ids, `count` how many there are.
///
/// Returns COSIGIL_OK, COSIGIL_TOO_SMALL, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_parties(
    package: *const cosigil_package,
    threshold: *mut u16,
    parties: *mut u16,
    capacity: usize,
    count: *mut usize,
) -> i32 {
    call(|| {
        outs!(threshold, count);
        // SAFETY: by contract null or room for `capacity` ids.
        let ids = unsafe { Ids::of(parties, capacity) }?;
        with_each!(&*handle::get(package)?, package => {
            threshold.put(package.threshold().get());
            ids.put(count, package.parties().ids())
        })
    })
}

/// Frees a package. NULL is left alone.
///
/// Returns COSIGIL_OK, COSIGIL_NO_HANDLE, COSIGIL_OTHER_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_package_free(package: *mut cosigil_package) -> i32 {
    handle::close(package)
}

/// Verifies an ordinary signature: of a message or, for ECDSA, of a digest of 32 bytes; under a key and in a form as
/// this library gives them.
///
/// Returns COSIGIL_OK if it is one; COSIGIL_BAD_SIGNATURE if it is not; COSIGIL_MALFORMED for a key or signature that
/// is none; COSIGIL_SUITE, COSIGIL_NULL, COSIGIL_LENGTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_verify(
    suite: u32,
    key: *const u8,
    key_len: usize,
    message: *const u8,
    message_len: usize,
    signature: *const u8,
    signature_len: usize,
) -> i32 {
    call(|| {
        entered()?;
        // SAFETY: by contract null or `key_len` bytes.
        let key = unsafe { given(key, key_len) }?;
        // SAFETY: by contract null or `message_len` bytes.
        let message = unsafe { given(message, message_len) }?;
        // SAFETY: by contract null or `signature_len` bytes.
        let signature = unsafe { given(signature, signature_len) }?;
        let good = with_suite!(suite, S => <S as Served>::verifies(key, message, signature))?;
        if good { Ok(()) } else { Err(Failure::new(COSIGIL_BAD_SIGNATURE, "not a signature of this message")) }
    })
}

/// An ECDSA signature of 64 bytes in ASN.1 DER, as Bitcoin and X.509 carry it.
///
/// Returns COSIGIL_OK, COSIGIL_NULL, COSIGIL_LENGTH, COSIGIL_MALFORMED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cosigil_signature_der(
    der: *mut cosigil_bytes,
    signature: *const u8,
    signature_len: usize,
) -> i32 {
    call(|| {
        outs!(der);
        entered()?;
        // SAFETY: by contract null or `signature_len` bytes.
        let signature = unsafe { given(signature, signature_len) }?;
        // The form is that of two numbers below 2^256; which curve they are of does not matter.
        let read = |signature| p256::ecdsa::Signature::from_slice(signature).map(|s| s.to_der().as_bytes().to_vec());
        let other = |signature| k256::ecdsa::Signature::from_slice(signature).map(|s| s.to_der().as_bytes().to_vec());
        let bytes = read(signature).or_else(|_| other(signature)).map_err(|_| Usage::Malformed)?;
        der.lend(bytes);
        Ok(())
    })
}
