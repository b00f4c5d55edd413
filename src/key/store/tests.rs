//! Both stores alike; the file store through restarts, cuts and copies.

extern crate std;

use std::fs;
use std::path::PathBuf;

use super::{FileKeyStore, KeyStore, MemoryKeyStore, Retire, SharingFile, StoreError, disk};
use crate::party::{KeyId, Sharing};

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(alloc::format!("cosigil-key-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("key")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn behaves(store: &dyn KeyStore) {
    assert_eq!((store.load(), store.newest()), (Ok(None), Ok(0)));
    for (generation, record) in [(1, &b"first"[..]), (2, b"the second one"), (3, b"x")] {
        store.save(generation, record).unwrap();
        assert_eq!(store.load().unwrap().unwrap().as_slice(), record);
        assert_eq!(store.newest(), Ok(generation));
    }
    // Of two objects on one store, one knows less.
    for generation in [2, 3] {
        assert_eq!(store.save(generation, b"less"), Err(StoreError::Failed));
        assert_eq!(store.load().unwrap().unwrap().as_slice(), b"x");
    }
}

#[test]
fn r_01_key_stores_keep_the_last_record() {
    behaves(&MemoryKeyStore::new());
    let folder = Folder::new("behaves");
    behaves(&FileKeyStore::open(folder.file()).unwrap());
    // A restart.
    let store = FileKeyStore::open(folder.file()).unwrap();
    assert_eq!(store.load().unwrap().unwrap().as_slice(), b"x");
    assert_eq!(store.newest(), Ok(3));
}

/// one process at a time.
#[test]
fn r_01_a_key_store_is_locked() {
    let folder = Folder::new("locked");
    let store = FileKeyStore::open(folder.file()).unwrap();
    assert_eq!(FileKeyStore::open(folder.file()).err(), Some(StoreError::Locked));
    drop(store);
    assert!(FileKeyStore::open(folder.file()).is_ok());
    assert_eq!(FileKeyStore::open(folder.0.join("gone").join("key")).err(), Some(StoreError::Absent));
}

/// a crash in the middle of a save leaves the record before it or the new one.
#[test]
fn r_01_a_cut_save_leaves_a_whole_record() {
    let folder = Folder::new("cut");
    let draft = disk::beside(&folder.file(), ".draft");
    FileKeyStore::open(folder.file()).unwrap().save(1, b"before").unwrap();
    for length in 0..5 {
        // While the draft is written.
        fs::write(&draft, &b"after"[..length]).unwrap();
        let store = FileKeyStore::open(folder.file()).unwrap();
        assert_eq!(store.load().unwrap().unwrap().as_slice(), b"before");
        assert!(!draft.exists(), "what was left may hold a share");
    }
    // After the record has its name, and before its generation is noted.
    fs::write(folder.file(), b"after").unwrap();
    let store = FileKeyStore::open(folder.file()).unwrap();
    assert_eq!((store.load().unwrap().unwrap().as_slice(), store.newest()), (&b"after"[..], Ok(1)));
}

/// after a save that failed everything is refused, until the store is opened again.
#[test]
fn r_01_a_store_that_failed_refuses() {
    let folder = Folder::new("failed");
    let store = FileKeyStore::open(folder.file()).unwrap();
    store.save(1, b"before").unwrap();
    let draft = disk::beside(&folder.file(), ".draft");
    fs::create_dir(&draft).unwrap();
    assert!(store.save(2, b"after").is_err());
    fs::remove_dir(&draft).unwrap();
    assert_eq!(store.save(2, b"after"), Err(StoreError::Failed));
    assert_eq!((store.load(), store.newest()), (Err(StoreError::Failed), Err(StoreError::Failed)));
    drop(store);
    let store = FileKeyStore::open(folder.file()).unwrap();
    assert_eq!(store.load().unwrap().unwrap().as_slice(), b"before");
    fs::write(disk::beside(&folder.file(), ".newest"), b"1x").unwrap();
    assert_eq!(store.newest(), Err(StoreError::Damaged));
}

/// the record before is written over, also where somebody still has its file open.
#[test]
fn r_07_the_record_before_is_wiped() {
    use std::io::{Read, Seek};
    let folder = Folder::new("wiped");
    let store = FileKeyStore::open(folder.file()).unwrap();
    store.save(1, b"an old share").unwrap();
    let mut held = fs::File::open(folder.file()).unwrap();
    store.save(2, b"a new share").unwrap();
    let mut content = alloc::vec::Vec::new();
    held.rewind().unwrap();
    held.read_to_end(&mut content).unwrap();
    assert_eq!(content, [0; 12]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// a draft that is there already, or a link in its place, does not get the share.
#[cfg(unix)]
#[test]
fn r_07_a_draft_is_a_new_file() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new("draft");
    let (draft, elsewhere) = (disk::beside(&folder.file(), ".draft"), folder.0.join("elsewhere"));
    fs::write(&elsewhere, b"of somebody else").unwrap();
    let store = FileKeyStore::open(folder.file()).unwrap();
    fs::write(&draft, b"").unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o666)).unwrap();
    store.save(1, b"a share").unwrap();
    symlink(&elsewhere, &draft).unwrap();
    store.save(2, b"a share").unwrap();
    symlink(&elsewhere, &draft).unwrap();
    assert_eq!(store.load().unwrap().unwrap().as_slice(), b"a share");
    let file = fs::symlink_metadata(folder.file()).unwrap();
    assert!(file.is_file() && file.permissions().mode() & 0o777 == 0o600);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"of somebody else");
}

/// a file of one sharing goes with it, and with no other.
#[test]
fn r_07_the_file_of_a_sharing_goes() {
    let folder = Folder::new("sharing");
    let (key, sharing) = (KeyId::from_bytes([1; 32]), Sharing::from_bytes([2; 32]));
    let file = SharingFile::new(folder.file(), key, sharing);
    fs::write(folder.file(), b"pairs").unwrap();
    file.retire(&key, &Sharing::from_bytes([3; 32])).unwrap();
    file.retire(&KeyId::from_bytes([3; 32]), &sharing).unwrap();
    assert!(folder.file().exists());
    for _ in 0..2 {
        file.retire(&key, &sharing).unwrap();
        assert!(!folder.file().exists());
    }
    fs::create_dir(folder.file()).unwrap();
    assert_eq!(file.retire(&key, &sharing), Err(StoreError::Failed));
}
