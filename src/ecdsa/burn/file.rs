//! A log in a file: one line a record, appended and synced before the call returns.
//!
//! ```text
//! cosigil burn log 1
//! burn <pair id> <key id> <party> <identity key> <sum>
//! strike <key id> <party> <identity key> <sum>
//! forgive <key id> <party> <identity key> <sum>
//! ```
//! Names in hex, `sum` 16 hex digits of a hash of what stands before it in the line. Lines are never
//! changed or removed.

extern crate std;

use alloc::format;
use alloc::string::String;
use core::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use super::{Book, BurnLog, Peer, StoreError, Strikes};
use crate::key::store::disk::{self, hex, unhex};
use crate::party::{KeyId, PairId, PartyId};
use crate::transcript::Transcript;

const HEADER: &str = "cosigil burn log 1\n";

/// A log in a file that belongs to one running installation and one process.
///
/// Every record is synced to the disk before the call returns. After a write that failed the log refuses
/// everything until it is opened again. **Never restore it from a backup and never delete it** while pair
/// states of its installation exist: both take burns back.
pub struct FileBurnLog(Mutex<Inner>);

struct Inner {
    file: File,
    book: Book,
    /// A write failed: what the file holds is not known.
    poisoned: bool,
}

impl FileBurnLog {
    /// Makes a new log. The file must not exist.
    ///
    /// # Errors
    /// [`StoreError::Absent`] if there is a file already, [`StoreError::Failed`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if path.exists() {
            return Err(StoreError::Absent);
        }
        // Complete before it has its name, so that no crash leaves half a header; a link, not a rename,
        // so that a log made meanwhile is not replaced.
        let draft = disk::write_draft(path, HEADER.as_bytes())?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        linked?;
        disk::sync_folder(path)?;
        Self::open(path)
    }

    /// Opens a log that exists.
    ///
    /// A burn whose line was cut short by a crash counts if it names its pair; a strike or a pardon that
    /// was cut short does not. If it cannot be told what the last line was to be, the log does not open:
    /// all pair states of the installation have to go before [`Self::cut_torn_end`].
    ///
    /// # Errors
    /// [`StoreError::Absent`], [`StoreError::Damaged`], [`StoreError::Failed`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let text = fs::read(path)?;
        let (whole, torn) = split(&text)?;
        let mut book = Book::default();
        for line in whole.lines() {
            Record::parse(line).ok_or(StoreError::Damaged)?.enter(&mut book);
        }
        if !torn.is_empty() {
            let repaired = Record::guess(torn).ok_or(StoreError::Damaged)?;
            repaired.iter().for_each(|record| record.enter(&mut book));
            let end = repaired.map_or_else(String::new, |record| record.line());
            disk::replace(path, format!("{HEADER}{whole}{end}").as_bytes())?;
        }
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self(Mutex::new(Inner { file, book, poisoned: false })))
    }

    /// Cuts off a last line that is not whole, so that the log opens again.
    ///
    /// # Security
    /// What is cut off may have been a burn. **Delete all pair states of this installation first**, and run
    /// new setups afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cut_torn_end(path: impl AsRef<Path>) -> Result<(), StoreError> {
        let text = fs::read(path.as_ref())?;
        let (whole, _) = split(&text)?;
        disk::replace(path.as_ref(), format!("{HEADER}{whole}").as_bytes())
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let inner = self.0.lock().map_err(|_| StoreError::Failed)?;
        if inner.poisoned { Err(StoreError::Failed) } else { Ok(inner) }
    }

    fn record(&self, record: &Record) -> Result<(), StoreError> {
        self.lock()?.append(record)
    }
}

impl Inner {
    fn append(&mut self, record: &Record) -> Result<(), StoreError> {
        self.poisoned = true;
        self.file.write_all(record.line().as_bytes())?;
        self.file.sync_all()?;
        self.poisoned = false;
        record.enter(&mut self.book);
        Ok(())
    }
}

impl BurnLog for FileBurnLog {
    fn burn(&self, pair: &PairId, peer: &Peer) -> Result<(), StoreError> {
        let mut inner = self.lock()?;
        if inner.book.burned.contains(pair) {
            return Ok(());
        }
        inner.append(&Record::Burn(*pair, *peer))
    }

    fn is_burned(&self, pair: &PairId) -> Result<bool, StoreError> {
        Ok(self.lock()?.book.burned.contains(pair))
    }

    fn strike(&self, peer: &Peer) -> Result<(), StoreError> {
        self.record(&Record::Strike(*peer))
    }

    fn strikes(&self, peer: &Peer) -> Result<Strikes, StoreError> {
        Ok(self.lock()?.book.strikes(peer))
    }

    fn forgive(&self, peer: &Peer) -> Result<(), StoreError> {
        self.record(&Record::Forgive(*peer))
    }
}

impl fmt::Debug for FileBurnLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileBurnLog")
    }
}

/// One line of the file.
enum Record {
    Burn(PairId, Peer),
    Strike(Peer),
    Forgive(Peer),
}

impl Record {
    fn enter(&self, book: &mut Book) {
        match self {
            Record::Burn(pair, peer) => book.burn(*pair, peer),
            Record::Strike(peer) => book.strike(peer),
            Record::Forgive(peer) => book.forgive(peer),
        }
    }

    fn line(&self) -> String {
        let (what, peer) = match self {
            Record::Burn(pair, peer) => (format!("burn {}", hex(pair.as_bytes())), peer),
            Record::Strike(peer) => (String::from("strike"), peer),
            Record::Forgive(peer) => (String::from("forgive"), peer),
        };
        let content = format!("{what} {} {} {}", hex(peer.key_id.as_bytes()), peer.id, hex(&peer.identity));
        format!("{content} {}\n", sum(&content))
    }

    fn parse(line: &str) -> Option<Self> {
        let (content, check) = line.rsplit_once(' ')?;
        if sum(content) != check {
            return None;
        }
        let mut words = content.split(' ');
        let record = match words.next()? {
            "burn" => Record::Burn(PairId::from_bytes(unhex(words.next()?)?), peer(&mut words)?),
            "strike" => Record::Strike(peer(&mut words)?),
            "forgive" => Record::Forgive(peer(&mut words)?),
            _ => return None,
        };
        words.next().is_none().then_some(record)
    }

    /// What the beginning of a line stands for: `Some(None)` if nothing is to be done; `None` if it may
    /// have been a burn and does not say of what.
    fn guess(torn: &[u8]) -> Option<Option<Self>> {
        let begins = |word: &str| torn.first() == word.as_bytes().first() && word.as_bytes().starts_with(torn);
        if torn.starts_with(b"strike ") || torn.starts_with(b"forgive ") || begins("strike ") || begins("forgive ") {
            return Some(None);
        }
        let name = core::str::from_utf8(torn.strip_prefix(b"burn ")?.get(..64)?).ok()?;
        let nobody = Peer { key_id: KeyId::from_bytes([0; 32]), id: PartyId::new(1).ok()?, identity: [0; 32] };
        Some(Some(Record::Burn(PairId::from_bytes(unhex(name)?), nobody)))
    }
}

fn peer<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Peer> {
    let key_id = KeyId::from_bytes(unhex(words.next()?)?);
    let id = PartyId::new(words.next()?.parse().ok()?).ok()?;
    Some(Peer { key_id, id, identity: unhex(words.next()?)? })
}

/// The records of the file, whole lines without the header, and what comes after the last of them.
fn split(text: &[u8]) -> Result<(&str, &[u8]), StoreError> {
    let records = text.strip_prefix(HEADER.as_bytes()).ok_or(StoreError::Damaged)?;
    let end = records.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let (whole, torn) = records.split_at_checked(end).ok_or(StoreError::Damaged)?;
    Ok((core::str::from_utf8(whole).map_err(|_| StoreError::Damaged)?, torn))
}

fn sum(content: &str) -> String {
    let mut sum = [0; 8];
    Transcript::new("burn-record").field(content.as_bytes()).fill(&mut sum);
    hex(&sum)
}

#[cfg(test)]
mod tests;
