//! Backups of a party's share: under a passphrase, to a public key, and to a public key so that anyone can
//! check it.
//!
//! | form | who can open it | who can check it | size |
//! |---|---|---|---|
//! | `passphrase` (feature `backup`) | who knows the passphrase | the same | content + 117 |
//! | [`recipient`] | the holder of a [`BackupSecretKey`] | the same; the maker signs it | content + 218 |
//! | [`VerifiableBackup`] | the holder of a [`BackupSecretKey`] | everybody who has the package | about 3.7 kB |
//!
//! What can be backed up is a [`StoredKey`]: a key share, a [`Companion`], or the whole record of a key
//! ([`RecordCopy`](crate::keygen::record::RecordCopy)), which is the one to choose where keys are refreshed. Pair states, presignatures, nonces and sessions are none, by type: a
//! restored copy of them would take back a burn, or be used a second time.
//!
//! # Security
//! No file can prove that it is the newest. A restored share may be of an old sharing, and then is of no use with the
//! shares of the new one; a package says which sharing it is of. Old backups are as good as the old share: a refresh
//! protects from a thief only when the backups of the sharing before are gone too.
//!
//! The steps are those of `docs/backup.md`.

mod companion;
#[cfg(feature = "backup")]
pub mod passphrase;
pub mod recipient;
#[cfg(test)]
mod tests;
mod verifiable;

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand_core::{CryptoRng, Rng};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{KeyShare, Scheme};
use crate::error::Usage;
use crate::secret::{Secret, fresh};
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Reader;

pub use companion::{Companion, ShareBackup};
pub use recipient::{BackupKey, BackupSecretKey};
pub use verifiable::VerifiableBackup;

const MAGIC: &[u8] = b"cosigil-backup";
const VERSION: u16 = 1;
/// magic 14 ‖ version 2 ‖ form 1.
const START_LEN: usize = MAGIC.len() + 3;
/// nonce 24 ‖ commitment 32, in front of the ciphertext.
const NONCE_LEN: usize = 24;
const COMMITMENT_LEN: usize = 32;
/// The tag of the cipher.
const TAG_LEN: usize = 16;

pub(crate) mod sealed {
    /// What the library knows to be harmless when it comes back from the past.
    pub trait Harmless {}
}

/// A record that may be in a backup: what stays right when it is restored, or is seen to be old.
///
/// ```compile_fail,E0277
/// # use cosigil::ecdsa::{Secp256k1Ecdsa, pairs::PairStates};
/// # use cosigil::key::backup::{BackupKey, recipient};
/// # use cosigil::{Identity, Transcript};
/// fn backup(states: &PairStates<Secp256k1Ecdsa>, to: &BackupKey, me: &Identity) {
///     let mut rng = Transcript::new("").rng();
///     recipient::seal(states, to, me, &mut rng); // a restored copy would take a burn back
/// }
/// ```
pub trait StoredKey: Sized + sealed::Harmless {
    /// The record's bytes.
    fn to_record(&self) -> Zeroizing<Vec<u8>>;

    /// Reads the record.
    ///
    /// # Errors
    /// Those of the record.
    fn from_record(bytes: &[u8]) -> Result<Self, Usage>;
}

impl<S: Scheme> sealed::Harmless for KeyShare<S> {}

impl<S: Scheme> StoredKey for KeyShare<S> {
    fn to_record(&self) -> Zeroizing<Vec<u8>> {
        self.to_bytes()
    }

    fn from_record(bytes: &[u8]) -> Result<Self, Usage> {
        Self::from_bytes(bytes)
    }
}

/// The beginning of a file of this form, with room for `rest` bytes more.
fn start(form: u8, rest: usize) -> Vec<u8> {
    // 1.1
    let mut file = Vec::with_capacity(START_LEN + rest);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&VERSION.to_be_bytes());
    file.push(form);
    file
}

/// A reader of what follows the beginning.
fn read_start(file: &[u8], form: u8) -> Result<Reader<'_>, Usage> {
    let mut input = Reader::new(file);
    if input.take(MAGIC.len()) != Some(MAGIC) {
        return Err(Usage::Malformed);
    }
    if input.u16() != Some(VERSION) {
        return Err(Usage::UnknownVersion);
    }
    if input.u8() == Some(form) { Ok(input) } else { Err(Usage::Malformed) }
}

/// What a backup draws: from 32 fresh bytes and what it holds, so that a generator that comes back to an
/// old state gives no two files with one key and nonce.
fn draws(content: &[u8], rng: &mut impl CryptoRng) -> Result<TranscriptRng, Usage> {
    // 1.2
    let fresh = fresh(rng)?;
    Ok(Transcript::new("backup-draws").field(fresh.expose()).field(content).rng())
}

/// The two keys of a file: the cipher's and the one that the file is committed to.
struct Keys(Secret<[u8; 64]>);

impl Keys {
    fn halves(&self) -> (&[u8], &[u8]) {
        self.0.expose().split_at(32)
    }

    /// Appends nonce, commitment and ciphertext to what is there.
    fn seal(&self, file: &mut Vec<u8>, content: &[u8], draws: &mut TranscriptRng) -> Result<(), Usage> {
        let mut nonce = [0; NONCE_LEN];
        draws.fill_bytes(&mut nonce);
        file.extend_from_slice(&nonce);
        let commitment = self.commitment(file);
        file.extend_from_slice(&commitment);
        // 1.4
        let payload = Payload { msg: content, aad: file };
        let ciphertext = self.cipher()?.encrypt(&XNonce::from(nonce), payload).map_err(|_| Usage::TooMany)?;
        file.extend_from_slice(&ciphertext);
        Ok(())
    }

    /// Opens what is behind the header. One error, whatever is wrong.
    fn open(&self, file: &[u8], header: usize) -> Result<Zeroizing<Vec<u8>>, Usage> {
        let open = || {
            let (before, _) = file.split_at_checked(header + NONCE_LEN)?;
            let (associated, ciphertext) = file.split_at_checked(header + NONCE_LEN + COMMITMENT_LEN)?;
            let (_, commitment) = associated.split_at_checked(before.len())?;
            let nonce: [u8; NONCE_LEN] = before.get(header..)?.try_into().ok()?;
            if !bool::from(self.commitment(before).ct_eq(commitment)) {
                return None;
            }
            let payload = Payload { msg: ciphertext, aad: associated };
            self.cipher().ok()?.decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
        };
        open().ok_or(Usage::NotOpened)
    }

    /// What makes a file open under one key only.
    fn commitment(&self, before: &[u8]) -> [u8; COMMITMENT_LEN] {
        // 1.3
        let (_, committed) = self.halves();
        Transcript::new("backup-commit").field(committed).field(before).digest()
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, Usage> {
        let (encryption, _) = self.halves();
        let key = <&Key>::try_from(encryption).map_err(|_| Usage::Malformed)?;
        Ok(XChaCha20Poly1305::new(key))
    }
}
