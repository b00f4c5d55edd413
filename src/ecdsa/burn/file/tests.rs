//! The log in a file: what survives what.

use super::*;
use crate::ecdsa::burn::tests::peer;

/// A folder of its own, removed afterwards.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cosigil-burn-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn log(&self) -> std::path::PathBuf {
        self.0.join("burns")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn pair(n: u8) -> PairId {
    PairId::from_bytes([n; 32])
}

/// O-01(3), O-24, O-25: everything is there again after a restart.
#[test]
fn o_24_burns_and_strikes_survive_a_restart() {
    let folder = Folder::new("restart");
    let log = FileBurnLog::create(folder.log()).unwrap();
    log.burn(&pair(1), &peer(1, 2, 3)).unwrap();
    log.burn(&pair(1), &peer(1, 2, 3)).unwrap();
    log.strike(&peer(1, 2, 3)).unwrap();
    log.strike(&peer(1, 500, 4)).unwrap();
    log.forgive(&peer(1, 500, 4)).unwrap();
    for _ in 0..2 {
        let log = FileBurnLog::open(folder.log()).unwrap();
        assert!(log.is_burned(&pair(1)).unwrap() && !log.is_burned(&pair(2)).unwrap());
        assert_eq!(log.strikes(&peer(1, 2, 3)).unwrap(), Strikes { total: 2, forgiven: 0 });
        assert_eq!(log.strikes(&peer(1, 500, 4)).unwrap(), Strikes { total: 1, forgiven: 1 });
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1, "nothing else is left");
}

/// A log that is there is not replaced, one that is not is not made up.
#[test]
fn o_24_no_log_is_lost_unseen() {
    let folder = Folder::new("absent");
    assert_eq!(FileBurnLog::open(folder.log()).unwrap_err(), StoreError::Absent);
    drop(FileBurnLog::create(folder.log()).unwrap());
    assert_eq!(FileBurnLog::create(folder.log()).unwrap_err(), StoreError::Absent);
    fs::write(folder.log(), "").unwrap();
    assert_eq!(FileBurnLog::open(folder.log()).unwrap_err(), StoreError::Damaged);
    assert_eq!(FileBurnLog::cut_torn_end(folder.log()).unwrap_err(), StoreError::Damaged);
}

/// O-24: killed in the middle of a burn, at every byte: burned, or the log does not open.
#[test]
fn o_24_a_torn_burn_is_a_burn_or_nothing_opens() {
    let folder = Folder::new("torn");
    let log = FileBurnLog::create(folder.log()).unwrap();
    log.burn(&pair(1), &peer(1, 2, 3)).unwrap();
    let before = fs::read(folder.log()).unwrap();
    log.burn(&pair(2), &peer(1, 2, 3)).unwrap();
    let after = fs::read(folder.log()).unwrap();
    drop(log);
    let mut opened = 0;
    for end in before.len() + 1..after.len() {
        fs::write(folder.log(), &after[..end]).unwrap();
        match FileBurnLog::open(folder.log()) {
            Ok(log) => {
                opened += 1;
                assert!(log.is_burned(&pair(2)).unwrap());
                // It is whole again, and goes on.
                log.burn(&pair(3), &peer(1, 2, 3)).unwrap();
                let again = FileBurnLog::open(folder.log()).unwrap();
                assert!([1, 2, 3].iter().all(|n| again.is_burned(&pair(*n)).unwrap()));
            }
            Err(error) => {
                assert_eq!(error, StoreError::Damaged);
                assert!(end - before.len() < 5 + 64, "{end}");
                FileBurnLog::cut_torn_end(folder.log()).unwrap();
                assert_eq!(fs::read(folder.log()).unwrap(), before);
            }
        }
    }
    assert_eq!(opened, after.len() - before.len() - 69);
    // Blocks that were never written.
    fs::write(folder.log(), [before.as_slice(), &[0; 40]].concat()).unwrap();
    assert_eq!(FileBurnLog::open(folder.log()).unwrap_err(), StoreError::Damaged);
}

/// Killed in the middle of a strike or a pardon: neither counts, both fail to the safe side for a burn.
#[test]
fn o_24_a_torn_strike_or_pardon_is_none() {
    let folder = Folder::new("strike");
    for forgive in [false, true] {
        let _ = fs::remove_file(folder.log());
        let log = FileBurnLog::create(folder.log()).unwrap();
        log.strike(&peer(1, 2, 3)).unwrap();
        let before = fs::read(folder.log()).unwrap();
        if forgive { log.forgive(&peer(1, 2, 3)) } else { log.strike(&peer(1, 2, 3)) }.unwrap();
        let after = fs::read(folder.log()).unwrap();
        for end in before.len() + 1..after.len() {
            fs::write(folder.log(), &after[..end]).unwrap();
            let log = FileBurnLog::open(folder.log()).unwrap();
            assert_eq!(log.strikes(&peer(1, 2, 3)).unwrap(), Strikes { total: 1, forgiven: 0 });
            assert_eq!(fs::read(folder.log()).unwrap(), before);
        }
    }
}

/// A record that was whole once and is not any more: nothing opens.
#[test]
fn o_24_damage_is_seen() {
    let folder = Folder::new("damage");
    let log = FileBurnLog::create(folder.log()).unwrap();
    log.burn(&pair(1), &peer(1, 2, 3)).unwrap();
    log.strike(&peer(1, 2, 3)).unwrap();
    let good = fs::read(folder.log()).unwrap();
    for place in 0..good.len() - 1 {
        let mut bad = good.clone();
        bad[place] ^= 1;
        fs::write(folder.log(), &bad).unwrap();
        assert_eq!(FileBurnLog::open(folder.log()).unwrap_err(), StoreError::Damaged, "{place}");
    }
    let (burn, _) = (good.split(|byte| *byte == b'\n').nth(1).unwrap(), ());
    let half = [HEADER.as_bytes(), &burn[..100], b"\n"].concat();
    fs::write(folder.log(), half).unwrap();
    assert_eq!(FileBurnLog::open(folder.log()).unwrap_err(), StoreError::Damaged);
}

/// O-24: the disk is full: the call fails, and from then on all of them, reading too.
#[cfg(target_os = "linux")]
#[test]
fn o_24_after_a_failed_write_nothing_is_answered() {
    let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
    let log = FileBurnLog(Mutex::new(Inner { file, book: Book::default(), poisoned: false }));
    assert!(!log.is_burned(&pair(1)).unwrap());
    assert_eq!(log.burn(&pair(1), &peer(1, 2, 3)), Err(StoreError::Failed));
    assert_eq!(log.burn(&pair(1), &peer(1, 2, 3)), Err(StoreError::Failed));
    assert_eq!(log.is_burned(&pair(2)), Err(StoreError::Failed));
    assert_eq!(log.strikes(&peer(1, 2, 3)), Err(StoreError::Failed));
    assert_eq!(log.strike(&peer(1, 2, 3)), Err(StoreError::Failed));
    assert_eq!(log.forgive(&peer(1, 2, 3)), Err(StoreError::Failed));
}
