//! A log that forgets everything with the process: for tests, and for trying things out.

extern crate std;

use core::fmt;
use std::sync::{Mutex, MutexGuard};

use super::{Book, BurnLog, Peer, StoreError, Strikes};
use crate::party::PairId;

/// A log in memory. **Not for money**: after a restart every burn is gone.
#[derive(Default)]
pub struct MemoryBurnLog(Mutex<Book>);

impl MemoryBurnLog {
    /// A log in which nothing has happened.
    pub fn new() -> Self {
        Self::default()
    }

    fn book(&self) -> Result<MutexGuard<'_, Book>, StoreError> {
        self.0.lock().map_err(|_| StoreError::Failed)
    }
}

impl BurnLog for MemoryBurnLog {
    fn burn(&self, pair: &PairId, peer: &Peer) -> Result<(), StoreError> {
        self.book()?.burn(*pair, peer);
        Ok(())
    }

    fn is_burned(&self, pair: &PairId) -> Result<bool, StoreError> {
        Ok(self.book()?.burned.contains(pair))
    }

    fn strike(&self, peer: &Peer) -> Result<(), StoreError> {
        self.book()?.strike(peer);
        Ok(())
    }

    fn strikes(&self, peer: &Peer) -> Result<Strikes, StoreError> {
        Ok(self.book()?.strikes(peer))
    }

    fn forgive(&self, peer: &Peer) -> Result<(), StoreError> {
        self.book()?.forgive(peer);
        Ok(())
    }
}

impl fmt::Debug for MemoryBurnLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryBurnLog")
    }
}
