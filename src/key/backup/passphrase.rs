//! Backups under a passphrase: Argon2id, XChaCha20-Poly1305, committing.
//!
//! Sources: RFC 9106 (Argon2id and its second recommended option), draft-irtf-cfrg-xchacha-03. The commitment keeps a
//! file from opening under more than one passphrase ("partitioning oracles", Len, Grubbs and Ristenpart, eprint
//! 2020/1491).

use alloc::vec::Vec;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rand_core::{CryptoRng, Rng};
use zeroize::Zeroize;

use super::{COMMITMENT_LEN, Keys, NONCE_LEN, START_LEN, StoredKey, TAG_LEN, draws, read_start, start};
use crate::error::Usage;
use crate::secret::Secret;

const FORM: u8 = 1;
const SALT_LEN: usize = 16;
/// memory 4 ‖ passes 4 ‖ lanes 4 ‖ salt 16, after the beginning.
const HEADER_LEN: usize = START_LEN + 12 + SALT_LEN;

/// What one guess of a passphrase costs: the parameters of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 64 MiB, 3 passes, 4 lanes: the second recommended option of RFC 9106.
    pub const DEFAULT: Self = Self { memory_kib: 64 << 10, passes: 3, lanes: 4 };

    /// 1 GiB, 16 passes, 8 lanes: what [`open`] spends at most on a file that somebody may have altered. A file that was
    /// made at a higher cost opens with [`open_within`] alone.
    pub const LIMIT: Self = Self { memory_kib: 1 << 20, passes: 16, lanes: 8 };

    /// Other parameters: memory in KiB, passes over it, lanes.
    ///
    /// # Errors
    /// [`Usage::Malformed`] for what Argon2 does not define: no pass, no lane, less than 8 KiB a lane.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, Usage> {
        let cost = Self { memory_kib, passes, lanes };
        cost.params().map(|_| cost)
    }

    fn params(self) -> Result<Params, Usage> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(64)).map_err(|_| Usage::Malformed)
    }

    fn within(self, limit: Self) -> bool {
        self.memory_kib <= limit.memory_kib && self.passes <= limit.passes && self.lanes <= limit.lanes
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Seals a key under a passphrase: 117 bytes more than its record.
///
/// # Security
/// The file is as good as the passphrase: whoever has the file can try passphrases at [`Cost`] each, for ever. The
/// bytes are taken as they are; text should be normalised first (NFKC), or the same words typed elsewhere may not open
/// it.
///
/// # Errors
/// [`Usage::BrokenRng`]; [`Usage::TooCostly`] if the memory cannot be had.
///
/// # Examples
/// ```
/// use cosigil::frost::Ed25519Sha512;
/// use cosigil::key::backup::passphrase::{self, Cost};
/// use cosigil::{KeyShare, Parties, PartyId, Threshold, hazmat};
/// # let mut rng = cosigil::Transcript::new("an example, so not random").rng();
/// # let parties = Parties::without_identities([PartyId::new(1)?, PartyId::new(2)?])?;
/// # let secret = cosigil::curve::random_scalar::<cosigil::curve::Ed25519>(&mut rng);
/// # let share = hazmat::split::<Ed25519Sha512>(&secret, Threshold::new(2)?, &parties, &mut rng)?.remove(0);
///
/// let file = passphrase::seal(&share, b"eleven random words", Cost::DEFAULT, &mut rng)?;
/// let restored: KeyShare<Ed25519Sha512> = passphrase::open(&file, b"eleven random words")?;
/// assert_eq!(restored.public(), share.public());
/// # Ok::<(), cosigil::Error>(())
/// ```
pub fn seal<K: StoredKey>(key: &K, passphrase: &[u8], cost: Cost, rng: &mut impl CryptoRng) -> Result<Vec<u8>, Usage> {
    let content = key.to_record();
    let mut draws = draws(&content, rng)?;
    // 2.1
    let rest = HEADER_LEN - START_LEN + NONCE_LEN + COMMITMENT_LEN + content.len() + TAG_LEN;
    let mut file = start(FORM, rest);
    for number in [cost.memory_kib, cost.passes, cost.lanes] {
        file.extend_from_slice(&number.to_be_bytes());
    }
    let mut salt = [0; SALT_LEN];
    draws.fill_bytes(&mut salt);
    file.extend_from_slice(&salt);
    stretch(passphrase, &salt, cost)?.seal(&mut file, &content, &mut draws)?;
    Ok(file)
}

/// Opens a backup with its passphrase, if that takes no more than [`Cost::LIMIT`].
///
/// # Errors
/// [`Usage::NotOpened`] for a wrong passphrase and for an altered file alike; [`Usage::Malformed`] or
/// [`Usage::UnknownVersion`] for what is no such backup; [`Usage::TooCostly`]; those of the record.
pub fn open<K: StoredKey>(file: &[u8], passphrase: &[u8]) -> Result<K, Usage> {
    open_within(file, passphrase, Cost::LIMIT)
}

/// Opens a backup with its passphrase, if that takes no more than this.
///
/// # Errors
/// As [`open`].
pub fn open_within<K: StoredKey>(file: &[u8], passphrase: &[u8], limit: Cost) -> Result<K, Usage> {
    let mut input = read_start(file, FORM)?;
    let mut number = || input.u32().ok_or(Usage::Malformed);
    let cost = Cost { memory_kib: number()?, passes: number()?, lanes: number()? };
    let salt = input.array().ok_or(Usage::Malformed)?;
    // 2.3: before any memory is taken.
    if !cost.within(limit) {
        return Err(Usage::TooCostly);
    }
    let content = stretch(passphrase, &salt, cost)?.open(file, HEADER_LEN)?;
    K::from_record(&content)
}

#[cfg(test)]
extern crate std;

#[cfg(test)]
std::thread_local! {
    static TAKEN: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// How many blocks this thread has asked for so far.
#[cfg(test)]
pub(super) fn blocks_taken() -> usize {
    TAKEN.get()
}

/// The memory of Argon2, wiped when dropped: it can be worked back from.
struct Memory(Vec<Block>);

impl Memory {
    fn of(blocks: usize) -> Result<Self, Usage> {
        #[cfg(test)]
        TAKEN.set(TAKEN.get() + blocks);
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| Usage::TooCostly)?;
        memory.resize(blocks, Block::new());
        Ok(Self(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// The keys behind a passphrase.
fn stretch(passphrase: &[u8], salt: &[u8; SALT_LEN], cost: Cost) -> Result<Keys, Usage> {
    // 2.2
    let params = cost.params()?;
    let mut memory = Memory::of(params.block_count())?;
    let mut keys = Secret::new([0; 64]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase, salt, keys.expose_mut(), memory.0.as_mut_slice())
        .map_err(|_| Usage::Malformed)?;
    Ok(Keys(keys))
}
