//! Both stores alike; the file store through restarts, copies and crashes.

extern crate std;

use alloc::vec::Vec;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use super::{Claim, FileStore, MemoryStore, PresignatureId, PresignatureStore, Refusal};
use crate::key::Retire;
use crate::party::{KeyId, Sharing};
use crate::secret::Secret;
use crate::transcript::{Transcript, TranscriptRng};

const ONE: PresignatureId = PresignatureId::from_bytes([1; 32]);
const TWO: PresignatureId = PresignatureId::from_bytes([2; 32]);

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(alloc::format!("cosigil-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn rng(process: u64) -> TranscriptRng {
    Transcript::new("store-test").number(process).rng()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// E-01: insert, get, claim, repeat, discard.
fn behaves(store: &dyn PresignatureStore) {
    assert!(!store.is_monotone());
    assert_eq!(store.claim(&ONE, &[1; 32], &[1; 96]), Err(Refusal::Unknown));
    assert_eq!(store.discard(&ONE), Err(Refusal::Unknown));
    store.insert(&ONE, b"record").unwrap();
    assert_eq!(store.insert(&ONE, b"other"), Err(Refusal::Exists));
    assert_eq!(store.get(&ONE).unwrap().as_slice(), b"record");
    assert_eq!(store.get(&TWO), Err(Refusal::Unknown));
    assert_eq!(store.claimed(&ONE), Ok(None));
    assert_eq!(store.claim(&ONE, &[1; 32], &[1; 96]), Ok(Claim::Ours));
    assert_eq!(store.get(&ONE), Err(Refusal::Spent));
    assert_eq!(store.claim(&ONE, &[1; 32], &[2; 96]), Ok(Claim::Repeated([1; 96])));
    assert_eq!(store.claim(&ONE, &[2; 32], &[1; 96]), Err(Refusal::Spent));
    assert_eq!(store.claimed(&ONE), Ok(Some(([1; 32], [1; 96]))));
    assert_eq!(store.insert(&ONE, b"record"), Err(Refusal::Exists));
    assert_eq!(store.discard(&ONE), Err(Refusal::Spent));
    store.insert(&TWO, b"record").unwrap();
    store.discard(&TWO).unwrap();
    assert_eq!(store.get(&TWO), Err(Refusal::Spent));
    assert_eq!(store.claim(&TWO, &[1; 32], &[1; 96]), Err(Refusal::Spent));
    assert_eq!(store.claimed(&TWO), Ok(None));
    assert_eq!(store.insert(&TWO, b"record"), Err(Refusal::Exists));
}

#[test]
fn e_01_stores_remember_what_is_spent() {
    behaves(&MemoryStore::new());
    let folder = Folder::new("behaves");
    behaves(&FileStore::open(&folder.0, &mut rng(1)).unwrap());
}

/// E-01: of two claims at once for different requests one wins; for one request both get the same bytes.
fn races(store: &dyn PresignatureStore) {
    for (round, same) in (0u8..20).map(|k| (k, k % 2 == 0)) {
        let name = PresignatureId::from_bytes([100 + round; 32]);
        store.insert(&name, b"record").unwrap();
        let start = Barrier::new(2);
        let results: Vec<_> = thread::scope(|scope| {
            let claim = |k: u8| {
                let request = if same { [9; 32] } else { [k; 32] };
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    store.claim(&name, &request, &[9; 96])
                })
            };
            [claim(1), claim(2)].map(|thread| thread.join().unwrap()).into()
        });
        assert_eq!(results.iter().filter(|result| **result == Ok(Claim::Ours)).count(), 1);
        let other = if same { Ok(Claim::Repeated([9; 96])) } else { Err(Refusal::Spent) };
        assert!(results.contains(&other));
    }
}

#[test]
fn e_01_races() {
    races(&MemoryStore::new());
    let folder = Folder::new("races");
    races(&FileStore::open(&folder.0, &mut rng(1)).unwrap());
}

/// E-09: after a restart, of the folder or of a copy of it, what was unspent is refused, what was spent repeats.
#[test]
fn e_09_a_copied_folder_holds_no_presignature() {
    let (folder, backup) = (Folder::new("copied"), Folder::new("backup"));
    let store = FileStore::open(&folder.0, &mut rng(1)).unwrap();
    store.insert(&ONE, b"record").unwrap();
    store.insert(&TWO, b"record").unwrap();
    copy(&folder.0, &backup.0);
    store.claim(&ONE, &[1; 32], &[1; 96]).unwrap();
    drop(store);
    for path in [&folder.0, &backup.0] {
        let restarted = FileStore::open(path, &mut rng(2)).unwrap();
        assert_eq!(restarted.get(&TWO), Err(Refusal::Unknown));
        assert_eq!(restarted.claim(&TWO, &[2; 32], &[2; 96]), Err(Refusal::Unknown));
        assert_eq!(restarted.insert(&TWO, b"record"), Err(Refusal::Exists));
    }
    let restarted = FileStore::open(&backup.0, &mut rng(3)).unwrap();
    assert_eq!(restarted.claim(&ONE, &[2; 32], &[2; 96]), Err(Refusal::Unknown), "the copy, spent elsewhere since");
    let restarted = FileStore::open(&folder.0, &mut rng(3)).unwrap();
    assert_eq!(restarted.claim(&ONE, &[2; 32], &[2; 96]), Err(Refusal::Spent));
    assert_eq!(restarted.claim(&ONE, &[1; 32], &[2; 96]), Ok(Claim::Repeated([1; 96])));
    restarted.discard(&TWO).unwrap();
}

/// E-01: with a secret that is kept, presignatures and claims survive a restart.
#[test]
fn e_01_restarts_with_a_kept_secret() {
    let folder = Folder::new("kept");
    let open = || FileStore::open_with_secret(&folder.0, Secret::new([5; 32])).unwrap();
    open().insert(&ONE, b"record").unwrap();
    assert_eq!(open().get(&ONE).unwrap().as_slice(), b"record");
    assert_eq!(open().claim(&ONE, &[1; 32], &[1; 96]), Ok(Claim::Ours));
    assert_eq!(open().claim(&ONE, &[2; 32], &[1; 96]), Err(Refusal::Spent));
    assert_eq!(open().claim(&ONE, &[1; 32], &[2; 96]), Ok(Claim::Repeated([1; 96])));
}

/// E-01: a crash anywhere leaves a presignature that is whole or spent; files that were changed are refused.
#[test]
fn e_01_crashes_and_damage() {
    let folder = Folder::new("crash");
    let open = || FileStore::open_with_secret(&folder.0, Secret::new([5; 32])).unwrap();
    let file = |end: &str| {
        let name = |entry: fs::DirEntry| entry.path();
        let mut files = fs::read_dir(&folder.0).unwrap().map(|entry| name(entry.unwrap()));
        files.find(|path| path.extension().is_some_and(|e| e == end))
    };
    let store = open();
    store.insert(&ONE, b"record").unwrap();
    let record = file("presignature").unwrap();
    let whole = fs::read(&record).unwrap();
    assert!(!whole.windows(6).any(|part| part == b"record"), "encrypted");
    // While a record is being written.
    for length in 0..whole.len() {
        fs::write(&record, &whole[..length]).unwrap();
        assert_eq!(open().claim(&ONE, &[1; 32], &[1; 96]), Err(Refusal::Unknown));
    }
    fs::write(&record, &whole).unwrap();
    store.claim(&ONE, &[1; 32], &[1; 96]).unwrap();
    assert!(file("presignature").is_none(), "wiped");
    // While a claim is being written, and before the record was wiped.
    let spent = file("spent").unwrap();
    let content = fs::read(&spent).unwrap();
    for length in 0..content.len() {
        fs::write(&spent, &content[..length]).unwrap();
        fs::write(&record, &whole).unwrap();
        assert_eq!(open().get(&ONE), Err(Refusal::Spent));
        assert_eq!(open().claim(&ONE, &[1; 32], &[1; 96]), Err(Refusal::Spent));
        assert_eq!(open().claimed(&ONE), Ok(None));
    }
    for k in 0..content.len() {
        let mut wrong = content.clone();
        wrong[k] ^= 1;
        fs::write(&spent, &wrong).unwrap();
        assert_eq!(open().claim(&ONE, &[1; 32], &[1; 96]), Err(Refusal::Spent));
    }
}

/// E-01: the claim was written and could not be flushed: after a power cut it may be gone. The reply is given out
/// by no way before it has been written and flushed again.
#[test]
fn e_01_a_repeated_reply_is_on_the_disk() {
    fn fails(_: &fs::File) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Other.into())
    }
    fn folder_fails(file: &fs::File) -> std::io::Result<()> {
        if file.metadata()?.is_dir() { fails(file) } else { file.sync_all() }
    }
    for broken in [fails, folder_fails] {
        let folder = Folder::new("flush");
        let open = || FileStore::open_with_secret(&folder.0, Secret::new([5; 32])).unwrap();
        open().insert(&ONE, b"record").unwrap();
        let store = open().flushed_by(broken);
        assert_eq!(store.insert(&TWO, b"record"), Err(Refusal::Failed));
        for _ in 0..2 {
            assert_eq!(store.claim(&ONE, &[1; 32], &[1; 96]), Err(Refusal::Failed));
            assert_eq!(store.claimed(&ONE), Err(Refusal::Failed));
        }
        assert_eq!(store.get(&ONE), Err(Refusal::Spent));
        let store = open();
        assert_eq!(store.claim(&ONE, &[2; 32], &[1; 96]), Err(Refusal::Spent));
        assert_eq!(store.claim(&ONE, &[1; 32], &[2; 96]), Ok(Claim::Repeated([1; 96])));
        assert_eq!(store.claimed(&ONE), Ok(Some(([1; 32], [1; 96]))));
    }
}

/// E-01: if the folder is gone, so is everything: nothing is claimed.
#[test]
fn e_01_a_store_that_fails_refuses() {
    let folder = Folder::new("gone");
    let store = FileStore::open(&folder.0, &mut rng(1)).unwrap();
    store.insert(&ONE, b"record").unwrap();
    fs::remove_dir_all(&folder.0).unwrap();
    assert!(store.claim(&ONE, &[1; 32], &[1; 96]).is_err());
    assert!(store.insert(&TWO, b"record").is_err());
    assert!(FileStore::open(folder.0.join("x"), &mut rng(1)).is_ok());
    let blocked = folder.0.join("file");
    fs::write(&blocked, b"").unwrap();
    assert!(FileStore::open(blocked, &mut rng(1)).is_err());
}

/// A presignature's record as far as a store reads it.
fn presignature(key: u8, sharing: u8) -> Vec<u8> {
    let kind = crate::record::Kind { tag: 7, version: 1 };
    let body = [[key; 32], [sharing; 32], [9; 32]].concat();
    crate::record::write(kind, "any", body.len(), |out| out.extend_from_slice(&body)).to_vec()
}

/// the presignatures of one sharing go, the others stay; it may be asked again.
fn retires(store: &(impl PresignatureStore + Retire)) {
    let names = [1, 2, 3, 4].map(|n| PresignatureId::from_bytes([n; 32]));
    for (name, (key, sharing)) in names.iter().zip([(1, 1), (1, 2), (2, 1), (1, 1)]) {
        store.insert(name, &presignature(key, sharing)).unwrap();
    }
    store.claim(&names[3], &[1; 32], &[1; 96]).unwrap();
    for _ in 0..2 {
        store.retire(&KeyId::from_bytes([1; 32]), &Sharing::from_bytes([1; 32])).unwrap();
        assert_eq!(store.get(&names[0]), Err(Refusal::Spent));
        assert_eq!(store.claim(&names[0], &[2; 32], &[2; 96]), Err(Refusal::Spent));
        assert!(store.get(&names[1]).is_ok() && store.get(&names[2]).is_ok());
        assert_eq!(store.claimed(&names[3]), Ok(Some(([1; 32], [1; 96]))), "what was sent may be repeated");
    }
}

#[test]
fn r_07_presignatures_of_a_retired_sharing_go() {
    retires(&MemoryStore::new());
    let folder = Folder::new("retires");
    let store = FileStore::open(&folder.0, &mut rng(1)).unwrap();
    retires(&store);
    fs::write(folder.0.join("unrelated.presignature"), b"x").unwrap();
    store.retire(&KeyId::from_bytes([1; 32]), &Sharing::from_bytes([2; 32])).unwrap();
    assert_eq!(store.get(&TWO), Err(Refusal::Spent));
    // Records of a former life are nobody's.
    let store = FileStore::open(&folder.0, &mut rng(2)).unwrap();
    store.retire(&KeyId::from_bytes([2; 32]), &Sharing::from_bytes([1; 32])).unwrap();
}
