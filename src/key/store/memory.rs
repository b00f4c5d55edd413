//! A key store that forgets everything with the process: for tests, and for trying things out.

extern crate std;

use alloc::vec::Vec;
use core::fmt;
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::{KeyStore, StoreError};

/// A record in memory. **Not for money**: after a restart the share is gone.
#[derive(Default)]
pub struct MemoryKeyStore(Mutex<Option<(u64, Zeroizing<Vec<u8>>)>>);

impl MemoryKeyStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl KeyStore for MemoryKeyStore {
    fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let stored = self.0.lock().map_err(|_| StoreError::Failed)?;
        Ok(stored.as_ref().map(|(_, record)| record.clone()))
    }

    fn save(&self, generation: u64, record: &[u8]) -> Result<(), StoreError> {
        let mut stored = self.0.lock().map_err(|_| StoreError::Failed)?;
        if stored.as_ref().is_some_and(|(newest, _)| generation <= *newest) {
            return Err(StoreError::Failed);
        }
        *stored = Some((generation, Zeroizing::new(record.to_vec())));
        Ok(())
    }

    fn newest(&self) -> Result<u64, StoreError> {
        let stored = self.0.lock().map_err(|_| StoreError::Failed)?;
        Ok(stored.as_ref().map_or(0, |(generation, _)| *generation))
    }
}

impl fmt::Debug for MemoryKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryKeyStore")
    }
}
