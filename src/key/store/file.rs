//! A key's record in a file.
//!
//! ```text
//! <name>          the record
//! <name>.draft    the next one while it is written; after a crash it may be left, and is written over
//! <name>.newest   the newest generation, in decimal digits: written after the record
//! <name>.lock     held while a process uses the store
//! ```

extern crate std;

use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use fs4::{FileExt, TryLockError};
use zeroize::Zeroizing;

use super::{KeyStore, Retire, StoreError, disk};
use crate::party::{KeyId, Sharing};

/// The record of a key in a file that belongs to one process.
///
/// A save writes a draft, flushes it, gives it the record's name, flushes the folder, and writes zeros over
/// the record before. After a save that failed, the store refuses everything until it is opened again.
///
/// # Security
/// The record is not encrypted: keep it where only this party can read (the file is made for its user alone), on
/// a medium of its own if the old shares must be gone for certain, for file systems and disks may keep
/// copies of what was written over. A whole folder that is put back from a copy cannot be told from the newest;
/// the record alone can. Restored copies learn from their peers that they are old: `KeyRecord::exchange`.
pub struct FileKeyStore(Mutex<Inner>);

struct Inner {
    path: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
    /// A save failed: what the file holds is not known.
    poisoned: bool,
}

impl FileKeyStore {
    /// Opens the store in this file, which need not exist yet; its folder must.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process, or this one, has it open; [`StoreError::Failed`],
    /// [`StoreError::Absent`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        let lock = disk::options().create(true).truncate(false).open(disk::beside(&path, ".lock"))?;
        FileExt::try_lock(&lock).map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Locked,
            TryLockError::Error(_) => StoreError::Failed,
        })?;
        Ok(Self(Mutex::new(Inner { path, _lock: lock, poisoned: false })))
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let inner = self.0.lock().map_err(|_| StoreError::Failed)?;
        if inner.poisoned { Err(StoreError::Failed) } else { Ok(inner) }
    }
}

impl Inner {
    /// The generation that is noted; `None` if there is none.
    fn newest(&self) -> Result<Option<u64>, StoreError> {
        let content = disk::read(&disk::beside(&self.path, ".newest"))?;
        let Some(content) = content else { return Ok(None) };
        let digits = core::str::from_utf8(&content).map_err(|_| StoreError::Damaged)?;
        digits.parse().map(Some).map_err(|_| StoreError::Damaged)
    }

    fn save(&mut self, generation: u64, record: &[u8]) -> Result<(), StoreError> {
        self.poisoned = true;
        let before = OpenOptions::new().write(true).open(&self.path).ok();
        disk::replace(&self.path, record)?;
        // It has no name any more; that its bytes go is for good measure.
        if let Some(mut before) = before {
            let _ = disk::wipe(&mut before);
        }
        disk::replace(&disk::beside(&self.path, ".newest"), format!("{generation}").as_bytes())?;
        self.poisoned = false;
        Ok(())
    }
}

impl KeyStore for FileKeyStore {
    fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let inner = self.lock()?;
        // A draft that a crash has left may hold a share.
        let draft = disk::beside(&inner.path, ".draft");
        if fs::symlink_metadata(&draft).is_ok_and(|left| left.is_symlink()) {
            fs::remove_file(&draft)?;
        }
        if let Ok(mut left) = OpenOptions::new().write(true).open(&draft) {
            disk::wipe(&mut left)?;
            fs::remove_file(&draft)?;
        }
        disk::read(&inner.path)
    }

    fn save(&self, generation: u64, record: &[u8]) -> Result<(), StoreError> {
        let mut inner = self.lock()?;
        if inner.newest()?.is_some_and(|newest| generation <= newest) {
            return Err(StoreError::Failed);
        }
        inner.save(generation, record)
    }

    fn newest(&self) -> Result<u64, StoreError> {
        Ok(self.lock()?.newest()?.unwrap_or(0))
    }
}

impl fmt::Debug for FileKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKeyStore")
    }
}

/// A file that belongs to one sharing, the pair states of `ecdsa` for example: it goes when the sharing is over.
#[derive(Debug)]
pub struct SharingFile {
    path: PathBuf,
    key_id: KeyId,
    sharing: Sharing,
}

impl SharingFile {
    /// The file at this path, which need not exist, and the sharing that it belongs to.
    pub fn new(path: impl AsRef<Path>, key_id: KeyId, sharing: Sharing) -> Self {
        Self { path: path.as_ref().to_path_buf(), key_id, sharing }
    }
}

impl Retire for SharingFile {
    fn retire(&self, key_id: &KeyId, sharing: &Sharing) -> Result<(), StoreError> {
        if (*key_id, *sharing) != (self.key_id, self.sharing) {
            return Ok(());
        }
        match OpenOptions::new().write(true).open(&self.path) {
            Ok(mut file) => {
                disk::wipe(&mut file)?;
                fs::remove_file(&self.path)?;
                disk::sync_folder(&self.path)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(_) => Err(StoreError::Failed),
        }
    }
}
