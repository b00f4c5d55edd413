//! Presignatures in a folder.
//!
//! ```text
//! <id>.presignature   the record, encrypted under the store's secret
//! <id>.spent          request 32 ‖ reply 96 ‖ checksum 16; anything else: spent, reply unknown
//! ```
//! What decides is that `<id>.spent` is created, which the file system lets happen once. It is written and
//! flushed, and so is the folder, before a claim succeeds; then the record is overwritten and removed. A crash
//! in between leaves a presignature that is spent. Before a reply is given out once more the same bytes are
//! written and flushed once more: that they can be read does not say that they are on the disk, and after a
//! flush that failed another one alone proves nothing.

extern crate std;

use alloc::format;
use alloc::vec::Vec;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{Claim, PresignatureId, PresignatureStore, Refusal, Spent};
use crate::ecdsa::online::SHARE_LEN;
use crate::ecdsa::presignature;
use crate::error::Usage;
use crate::key::store::disk;
use crate::key::{Retire, StoreError};
use crate::party::{KeyId, Sharing};
use crate::secret::{Secret, fresh};
use crate::transcript::Transcript;

const CHECKSUM_LEN: usize = 16;
const SPENT_LEN: usize = 32 + SHARE_LEN + CHECKSUM_LEN;

/// Presignatures in a folder that belongs to one running process.
///
/// Records are encrypted under a secret that by default is drawn when the store is opened and kept in memory
/// alone. So unspent presignatures die with the process, and **a copy of the folder holds none**: whoever
/// restores it, on purpose or not, can repeat spent requests and nothing else. That costs a new presigning
/// after a restart, and buys that no backup is a second copy of the key.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    secret: Secret<[u8; 32]>,
    /// One writer at a time within the process; between processes the file system decides.
    writer: Mutex<()>,
    flush: disk::Flush,
}

impl FileStore {
    /// Opens or makes a folder, with a secret of this process.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`], [`Usage::BrokenRng`].
    pub fn open(folder: impl AsRef<Path>, rng: &mut impl CryptoRng) -> Result<Self, Usage> {
        Self::open_with_secret(folder, fresh(rng)?)
    }

    /// Opens or makes a folder whose presignatures survive a restart, for those who keep a secret for it.
    ///
    /// # Security
    /// Whoever restores a copy of folder *and* secret has presignatures again that were spent since: with
    /// them, the key. Keep the secret where no copy of the machine takes it along, and change it when in doubt.
    ///
    /// # Errors
    /// [`Usage::StoreFailed`].
    pub fn open_with_secret(folder: impl AsRef<Path>, secret: Secret<[u8; 32]>) -> Result<Self, Usage> {
        let folder = folder.as_ref().to_path_buf();
        let made = fs::create_dir_all(&folder).and_then(|()| disk::sync(&folder, File::sync_all));
        made.map_err(|_| Usage::StoreFailed)?;
        Ok(Self { folder, secret, writer: Mutex::new(()), flush: File::sync_all })
    }

    fn path(&self, id: &PresignatureId, kind: &str) -> PathBuf {
        let name = id.as_bytes().iter().fold(alloc::string::String::new(), |name, byte| name + &format!("{byte:02x}"));
        self.folder.join(name).with_extension(kind)
    }

    fn record(&self, id: &PresignatureId) -> PathBuf {
        self.path(id, "presignature")
    }

    fn spent(&self, id: &PresignatureId) -> PathBuf {
        self.path(id, "spent")
    }

    /// One key for each record, so the nonce can be zeros.
    fn cipher(&self, id: &PresignatureId) -> ChaCha20Poly1305 {
        let key = Transcript::new("ecdsa-file-store").field(self.secret.expose()).field(id.as_bytes()).secret();
        ChaCha20Poly1305::new(&Key::from(*key.expose()))
    }

    /// The record, if there is one that this store has written.
    fn open_record(&self, id: &PresignatureId) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let sealed = read(&self.record(id))?.ok_or(Refusal::Unknown)?;
        let payload = Payload { msg: &sealed, aad: id.as_bytes() };
        let record = self.cipher(id).decrypt(&Nonce::default(), payload);
        record.map(Zeroizing::new).map_err(|_| Refusal::Unknown)
    }

    /// Writes `<id>.spent`, if it is not there, and wipes the record.
    fn spend(&self, id: &PresignatureId, content: &[u8]) -> Result<(), Refusal> {
        self.create(&self.spent(id), content).map_err(|error| match error {
            Refusal::Exists => Refusal::Spent,
            other => other,
        })?;
        // From here on it is spent; that the record is gone as well is for good measure.
        let _ = self.wipe(id);
        Ok(())
    }

    /// Makes a file that is not there yet: its content, its name and the folder are on the disk afterwards.
    fn create(&self, path: &Path, content: &[u8]) -> Result<(), Refusal> {
        let made = disk::create(path, content, self.flush).and_then(|()| disk::sync(&self.folder, self.flush));
        made.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Refusal::Exists,
            _ => Refusal::Failed,
        })
    }

    /// What a presignature was spent on, if it can be read; on the disk, whoever wrote it.
    fn spent_on(&self, id: &PresignatureId, content: &[u8]) -> Result<Option<Spent>, Refusal> {
        let Some(spent) = read_spent(id, content) else { return Ok(None) };
        let flushed = OpenOptions::new()
            .write(true)
            .open(self.spent(id))
            .and_then(|mut file| disk::write(&mut file, content, self.flush))
            .and_then(|()| disk::sync(&self.folder, self.flush));
        flushed.map_err(|_| Refusal::Failed)?;
        let _ = self.wipe(id);
        Ok(Some(spent))
    }

    fn wipe(&self, id: &PresignatureId) -> std::io::Result<()> {
        let path = self.record(id);
        disk::wipe(&mut OpenOptions::new().write(true).open(&path)?).map_err(std::io::Error::other)?;
        fs::remove_file(&path)
    }
}

impl Retire for FileStore {
    /// Records of a former life cannot be read, by nobody, and stay.
    fn retire(&self, key_id: &KeyId, sharing: &Sharing) -> Result<(), StoreError> {
        let failed = |_: Refusal| StoreError::Failed;
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|stem| disk::unhex(stem.to_str()?));
            let Some(name) = name.filter(|_| path.extension().is_some_and(|end| end == "presignature")) else {
                continue;
            };
            let id = PresignatureId::from_bytes(name);
            match self.open_record(&id) {
                Ok(record) if presignature::is_of(&record, key_id, sharing) => {}
                Err(Refusal::Failed) => return Err(StoreError::Failed),
                _ => continue,
            }
            match self.discard(&id) {
                Ok(()) => {}
                // Its record was to be wiped and is still there.
                Err(Refusal::Spent) => self.wipe(&id).map_err(StoreError::from)?,
                Err(refusal) => return Err(failed(refusal)),
            }
        }
        Ok(())
    }
}

/// The content of a file; `None` if there is none.
fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Refusal> {
    Ok(disk::read(path)?)
}

fn spent_content(id: &PresignatureId, request: &[u8; 32], reply: &[u8; SHARE_LEN]) -> [u8; SPENT_LEN] {
    let mut content = [0; SPENT_LEN];
    let mut sum = [0; CHECKSUM_LEN];
    Transcript::new("ecdsa-file-store-spent").field(id.as_bytes()).field(request).field(reply).fill(&mut sum);
    content.iter_mut().zip(request.iter().chain(reply).chain(&sum)).for_each(|(to, from)| *to = *from);
    content
}

/// Request and reply, if the content is whole.
fn read_spent(id: &PresignatureId, content: &[u8]) -> Option<Spent> {
    let (request, rest) = content.split_first_chunk::<32>()?;
    let (reply, _) = rest.split_first_chunk::<SHARE_LEN>()?;
    (spent_content(id, request, reply) == *content).then_some((*request, *reply))
}

#[cfg(test)]
impl FileStore {
    /// The store with another way to flush.
    pub(super) fn flushed_by(mut self, flush: disk::Flush) -> Self {
        self.flush = flush;
        self
    }
}

impl PresignatureStore for FileStore {
    fn insert(&self, id: &PresignatureId, record: &[u8]) -> Result<(), Refusal> {
        let _writer = self.writer.lock().map_err(|_| Refusal::Failed)?;
        if read(&self.spent(id))?.is_some() {
            return Err(Refusal::Exists);
        }
        let payload = Payload { msg: record, aad: id.as_bytes() };
        let sealed = self.cipher(id).encrypt(&Nonce::default(), payload).map_err(|_| Refusal::Failed)?;
        self.create(&self.record(id), &sealed)
    }

    fn get(&self, id: &PresignatureId) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        if read(&self.spent(id))?.is_some() { Err(Refusal::Spent) } else { self.open_record(id) }
    }

    fn claim(&self, id: &PresignatureId, request: &[u8; 32], reply: &[u8; SHARE_LEN]) -> Result<Claim, Refusal> {
        let _writer = self.writer.lock().map_err(|_| Refusal::Failed)?;
        if let Some(content) = read(&self.spent(id))? {
            return match self.spent_on(id, &content)? {
                Some((before, reply)) if before == *request => Ok(Claim::Repeated(reply)),
                _ => Err(Refusal::Spent),
            };
        }
        self.open_record(id)?;
        self.spend(id, &spent_content(id, request, reply))?;
        Ok(Claim::Ours)
    }

    fn claimed(&self, id: &PresignatureId) -> Result<Option<Spent>, Refusal> {
        let _writer = self.writer.lock().map_err(|_| Refusal::Failed)?;
        read(&self.spent(id))?.map_or(Ok(None), |content| self.spent_on(id, &content))
    }

    fn discard(&self, id: &PresignatureId) -> Result<(), Refusal> {
        let _writer = self.writer.lock().map_err(|_| Refusal::Failed)?;
        if read(&self.spent(id))?.is_some() {
            return Err(Refusal::Spent);
        }
        if read(&self.record(id))?.is_none() {
            return Err(Refusal::Unknown);
        }
        self.spend(id, &[])
    }
}
