//! The stored form of pair states: a record of its own, never part of a key share's.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use zeroize::Zeroizing;

use super::{ACTIVE, BURNED, MAX_PENDING, MAX_USES, PENDING, Pair, PairStates, Slot};
use crate::ecdsa::burn::{BurnLog, Peer};
use crate::ecdsa::scheme::EcdsaScheme;
use crate::error::Usage;
use crate::mul::zero_share::ZeroSeed;
use crate::ot::pprf::{LEAVES_LEN, Leaves, PUNCTURED_LEN, PuncturedLeaves};
use crate::party::{KeyId, PartyId, Sharing};
use crate::record::{self, Kind};
use crate::wire::Reader;

const PAIR_STATES: Kind = Kind { tag: 6, version: 1 };

/// key id 32 ‖ sharing 32 ‖ me 2 ‖ generation 8 ‖ number of pairs 4.
const HEAD_LEN: usize = 78;
/// The length of one stored pair in bytes.
///
/// Peer 2 ‖ identity key 32 ‖ status 1 ‖ uses 4 ‖ pair id 32, zero seed 32 ‖ Δ and punctured leaves 7696 ‖
/// leaves 8192.
pub const PAIR_LEN: usize = 2 + 32 + 1 + 4 + ZeroSeed::LEN + PUNCTURED_LEN + LEAVES_LEN;

impl<S: EcdsaScheme> PairStates<S> {
    /// The stored form, secret, 15991 bytes a pair; each call makes a new generation. Burned pairs are not
    /// in it. Wiped when dropped.
    ///
    /// Store it when a setup has given a pair and before what the session sends then leaves, and at the end
    /// of the setup. It belongs to this installation: never into a backup, never on a second machine.
    pub fn to_bytes(&mut self) -> Zeroizing<Vec<u8>> {
        self.generation += 1;
        self.slots.values_mut().for_each(Slot::settle);
        let pairs: Vec<(&Arc<Pair>, u8)> = self.slots.values().flat_map(Slot::snapshot).collect();
        record::write(PAIR_STATES, S::NAME, HEAD_LEN + pairs.len() * PAIR_LEN, |out| {
            out.extend_from_slice(self.key_id.as_bytes());
            out.extend_from_slice(self.sharing.as_bytes());
            out.extend_from_slice(&self.me.to_bytes());
            out.extend_from_slice(&self.generation.to_be_bytes());
            out.extend_from_slice(&u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_be_bytes());
            pairs.iter().for_each(|(pair, status)| pair.write(*status, out));
        })
    }

    /// Reads the stored form. `newest` is the newest generation this installation is known to have had, 0
    /// if that is not known. The log is asked about every pair; burned ones are left out.
    ///
    /// Load it once in a process and share what comes out. Sessions see each other's burns at once through one
    /// set of states; through two they see them in the log, when they start, before they let anything out that
    /// hangs on the pair, and before they end. But two sets count uses and complete setups each for itself.
    ///
    /// # Errors
    /// [`Usage::OlderGeneration`], [`Usage::StoreFailed`], [`Usage::Malformed`], [`Usage::UnknownVersion`],
    /// [`Usage::OtherSuite`].
    pub fn from_bytes(bytes: &[u8], log: &dyn BurnLog, newest: u64) -> Result<Self, Usage> {
        let mut input = record::read(bytes, PAIR_STATES, S::NAME)?;
        let mut states = Self::read_head(&mut input).ok_or(Usage::Malformed)?;
        if states.generation < newest {
            return Err(Usage::OlderGeneration { found: states.generation, newest });
        }
        let count = input.u32().ok_or(Usage::Malformed)?;
        let body = input.rest();
        if usize::try_from(count).ok().and_then(|count| count.checked_mul(PAIR_LEN)) != Some(body.len()) {
            return Err(Usage::Malformed);
        }
        for bytes in body.chunks(PAIR_LEN) {
            let pair = states.read_pair(bytes).ok_or(Usage::Malformed)?;
            if states.slots.range(pair.peer()..).any(|(id, slot)| *id > pair.peer() || !slot.takes(&pair)) {
                return Err(Usage::Malformed);
            }
            let burned = log.is_burned(pair.pair_id())?;
            let slot = states.slots.entry(pair.peer()).or_default();
            if !burned {
                slot.push(Arc::new(pair));
            }
        }
        Ok(states)
    }

    fn read_head(input: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            key_id: KeyId::from_bytes(input.array()?),
            sharing: Sharing::from_bytes(input.array()?),
            me: PartyId::new(input.u16()?).ok()?,
            generation: u64::from_be_bytes(input.array()?),
            slots: BTreeMap::new(),
            scheme: PhantomData,
        })
    }

    fn read_pair(&self, bytes: &[u8]) -> Option<Pair> {
        let mut input = Reader::new(bytes);
        let id = PartyId::new(input.u16()?).ok().filter(|id| *id != self.me)?;
        let peer = Peer { key_id: self.key_id, id, identity: input.array()? };
        let status = input.u8().filter(|status| [PENDING, ACTIVE].contains(status))?;
        let uses = input.u32().filter(|uses| *uses <= MAX_USES)?;
        let pair = Pair {
            peer,
            sharing: self.sharing,
            me: self.me,
            zero_seed: ZeroSeed::from_bytes(input.take(ZeroSeed::LEN)?)?,
            sender: PuncturedLeaves::from_bytes(input.take(PUNCTURED_LEN)?)?,
            receiver: Leaves::from_bytes(input.take(LEAVES_LEN)?)?,
            status: AtomicU8::new(status),
            uses: AtomicU32::new(uses),
        };
        input.finish()?;
        Some(pair)
    }
}

impl Slot {
    /// What is to be stored, with the status of each pair as it was when it was asked for, once: sessions may
    /// complete or burn pairs meanwhile. What came before the newest completed pair is not in it.
    fn snapshot(&self) -> impl Iterator<Item = (&Arc<Pair>, u8)> {
        let pairs: Vec<_> = self.pairs().map(|pair| (pair, pair.status.load(Ordering::SeqCst))).collect();
        let completed = pairs.iter().rposition(|(_, status)| status & ACTIVE != 0).unwrap_or(0);
        pairs.into_iter().skip(completed).filter(|(_, status)| status & BURNED == 0)
    }

    /// Whether there is room for it: with one that is completed all before it go.
    fn takes(&self, pair: &Pair) -> bool {
        pair.is_active() || self.pending.len() < MAX_PENDING
    }
}

impl Pair {
    fn write(&self, status: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.peer.id.to_bytes());
        out.extend_from_slice(&self.peer.identity);
        out.push(status); // pending or active: a burn is in the log
        out.extend_from_slice(&self.uses().to_be_bytes());
        out.extend_from_slice(&*self.zero_seed.to_bytes());
        out.extend_from_slice(&self.sender.to_bytes());
        out.extend_from_slice(&self.receiver.to_bytes());
    }
}
