//! Pair states: what one installation has of the setups with its peers.
//!
//! A pair is the outcome of one setup, both directions of OT and a seed for shares of zero, named by its
//! [`PairId`]. It is *pending* until the peer is known to have it too, *active* from then on, *burned* for
//! ever after one failed check. A burn is of both directions, in every session that uses the pair: the
//! second direction hangs on the Δ of the first.

mod record;
#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use super::burn::{self, BurnLog, Peer};
use super::scheme::EcdsaScheme;
use crate::error::{Abort, Fault, Usage};
use crate::key::KeyShare;
use crate::mul::zero_share::ZeroSeed;
use crate::ot::pprf::{Leaves, PuncturedLeaves};
use crate::party::{KeyId, PairId, PartyId, Sharing};

/// How many signatures one setup serves; a member of a batch counts as one. Then a new setup is due.
pub const MAX_USES: u32 = 1 << 20;

/// How many setups with one peer wait for it at most: one more, and the oldest of them goes.
const MAX_PENDING: usize = 4;

/// Neither of the two: pending.
const PENDING: u8 = 0;
/// The peer is known to have the pair.
const ACTIVE: u8 = 1;
/// Never to be used again.
const BURNED: u8 = 2;

/// One setup of this party with one peer, both directions. Shared by all sessions that use it.
///
/// It has no `Clone`, no bytes of its own and prints no secret; [`PairStates`] stores it.
pub struct Pair {
    peer: Peer,
    sharing: Sharing,
    me: PartyId,
    zero_seed: ZeroSeed,
    sender: PuncturedLeaves,
    receiver: Leaves,
    /// One status for both directions: direction 2 hangs on the Δ of direction 1.
    status: AtomicU8,
    uses: AtomicU32,
}

impl Pair {
    /// What a setup has made, pending.
    pub(super) fn new(
        (peer, sharing, me): (Peer, Sharing, PartyId),
        zero_seed: ZeroSeed,
        sender: PuncturedLeaves,
        receiver: Leaves,
    ) -> Self {
        Self { peer, sharing, me, zero_seed, sender, receiver, status: AtomicU8::new(PENDING), uses: AtomicU32::new(0) }
    }

    /// Names the setup: both have the same.
    pub fn pair_id(&self) -> &PairId {
        self.zero_seed.pair()
    }

    /// The other party.
    pub fn peer(&self) -> PartyId {
        self.peer.id
    }

    /// The key it is for.
    pub fn key_id(&self) -> KeyId {
        self.peer.key_id
    }

    /// The sharing it is for.
    pub fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// This party's side of the extension in which it is the sender: Δ and all leaves but 32.
    pub fn sender(&self) -> &PuncturedLeaves {
        &self.sender
    }

    /// This party's side of the extension in which it is the receiver: all leaves.
    pub fn receiver(&self) -> &Leaves {
        &self.receiver
    }

    /// The seed of the pair's shares of zero.
    pub fn zero_seed(&self) -> &ZeroSeed {
        &self.zero_seed
    }

    /// Whether the pair may be used: it is not burned. Ask after a check has passed, and once more right
    /// before anything is released that a failed check would have held back.
    ///
    /// # Errors
    /// [`Fault::PairBurned`], naming nobody.
    pub fn check(&self) -> Result<(), Abort> {
        if self.is_burned() { Err(Abort::nobody(Fault::PairBurned)) } else { Ok(()) }
    }

    /// The same, and the log is asked too: other copies of the states, in this process or another, may have
    /// burned the pair. For the moment before anything is released that hangs on a check that passed.
    ///
    /// # Errors
    /// [`Fault::PairBurned`], [`Fault::LogFailed`], naming nobody.
    pub fn check_on_record(&self, log: &dyn BurnLog) -> Result<(), Abort> {
        self.check()?;
        if log.is_burned(self.pair_id()).map_err(|_| Abort::nobody(Fault::LogFailed))? {
            self.flag();
        }
        self.check()
    }

    /// Whether the pair is burned, in this process.
    pub fn is_burned(&self) -> bool {
        self.status.load(Ordering::SeqCst) & BURNED != 0
    }

    /// Whether the peer is known to have the pair too, or to have had it before it was burned.
    pub fn is_active(&self) -> bool {
        self.status.load(Ordering::SeqCst) & ACTIVE != 0
    }

    /// Burns the pair over a failed check: the flag first, for all sessions on it; then the log, which has
    /// it durably when this returns. The abort names the peer and says whether the log has it.
    ///
    /// If the log fails the flag stays: no session of this process uses the pair again.
    #[must_use = "the session must end with this"]
    pub fn burn(&self, fault: Fault, log: &dyn BurnLog) -> Abort {
        self.flag();
        Abort::burned(fault, [self.record(log)])
    }

    /// Counts `batch` signatures that are about to be prepared with the pair.
    ///
    /// # Errors
    /// [`Usage::SetupNeeded`] if there are no more: nothing is counted then.
    pub fn count_use(&self, batch: u32) -> Result<(), Usage> {
        let add = |uses: u32| uses.checked_add(batch).filter(|sum| *sum <= MAX_USES);
        let counted = self.uses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
        counted.map(|_| ()).map_err(|_| Usage::SetupNeeded(self.peer.id))
    }

    /// How many signatures have been prepared with it.
    pub fn uses(&self) -> u32 {
        self.uses.load(Ordering::SeqCst)
    }

    fn flag(&self) {
        self.status.fetch_or(BURNED, Ordering::SeqCst);
    }

    fn record(&self, log: &dyn BurnLog) -> (PartyId, PairId, bool) {
        (self.peer.id, *self.pair_id(), log.burn(self.pair_id(), &self.peer).is_ok())
    }

    /// The peer has it too: it takes the place of the former one. A burned pair stays burned.
    pub(super) fn activate(&self) {
        self.status.fetch_or(ACTIVE, Ordering::SeqCst);
    }

    /// The setup turned out not to be the peer's: nothing of it was used, nothing is recorded.
    pub(super) fn throw_away(&self) {
        self.flag();
    }

    fn is_usable(&self) -> bool {
        !self.is_burned() && self.uses() < MAX_USES
    }
}

/// Burns every pair whose check failed in one round, and names all their peers.
///
/// # Errors
/// The abort, unless `failed` is empty.
pub fn burn_all(fault: Fault, failed: &[&Pair], log: &dyn BurnLog) -> Result<(), Abort> {
    if failed.is_empty() {
        return Ok(());
    }
    failed.iter().for_each(|pair| pair.flag());
    Err(Abort::burned(fault, failed.iter().map(|pair| pair.record(log))))
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pair({:?} with {:?}, {:?})", self.me, self.peer.id, self.pair_id())
    }
}

/// The pair that a session uses with one peer, and newer ones that the peer may come with.
#[derive(Clone, Debug)]
pub struct SessionPair {
    pair: Arc<Pair>,
    pending: Vec<Arc<Pair>>,
    /// The slot's.
    astray: Arc<AtomicBool>,
}

impl SessionPair {
    /// Compares the pair id that the peer sent, before any check that hangs on the pair.
    ///
    /// The first use of a pending setup by the peer completes it, also when this session runs on another
    /// and ends here: the next session takes the new one. A setup that is not known here at all makes a new
    /// one due ([`PairStates::missing`]).
    ///
    /// # Errors
    /// [`Fault::OtherSetup`], naming nobody and burning nothing; [`Fault::PairBurned`].
    pub fn compare(&self, theirs: &PairId) -> Result<(), Abort> {
        if theirs == self.pair.pair_id() {
            self.pair.activate();
            self.astray.store(false, Ordering::SeqCst);
            return self.pair.check();
        }
        match self.pending.iter().find(|pending| theirs == pending.pair_id()) {
            Some(pending) => pending.activate(),
            None => self.astray.store(true, Ordering::SeqCst),
        }
        Err(Abort::nobody(Fault::OtherSetup))
    }

    /// The pair itself.
    pub fn pair(&self) -> &Arc<Pair> {
        &self.pair
    }
}

impl core::ops::Deref for SessionPair {
    type Target = Pair;
    fn deref(&self) -> &Pair {
        &self.pair
    }
}

/// The pairs with one peer: at most one in use, and those that the peer may not have, the newest last.
#[derive(Default)]
struct Slot {
    current: Option<Arc<Pair>>,
    /// At most [`MAX_PENDING`]. All are kept until one of them is completed: which of them the peer has
    /// hangs on which messages were lost.
    pending: Vec<Arc<Pair>>,
    /// The peer came with a setup that is none of these, and with one of these never since.
    astray: Arc<AtomicBool>,
}

impl Slot {
    fn pairs(&self) -> impl DoubleEndedIterator<Item = &Arc<Pair>> {
        self.current.iter().chain(&self.pending)
    }

    /// The newest pending pair that the peer is known to have.
    fn completed(&self) -> Option<usize> {
        self.pending.iter().rposition(|pair| pair.is_active())
    }

    /// A pending pair takes the current one's place once the peer is known to have it, and those before it
    /// go; what is burned goes.
    fn settle(&mut self) {
        if let Some(place) = self.completed() {
            self.current = self.pending.drain(..=place).next_back();
            self.astray.store(false, Ordering::SeqCst);
        }
        self.current.take_if(|pair| pair.is_burned());
        self.pending.retain(|pair| !pair.is_burned());
    }

    fn push(&mut self, pair: Arc<Pair>) {
        self.pending.push(pair);
        self.settle();
        let excess = self.pending.len().saturating_sub(MAX_PENDING);
        self.pending.drain(..excess);
    }

    /// What a session uses: the pair of the last completed setup; if there is none, or none of use, the
    /// oldest pending one, as the peer does.
    fn choose(&self) -> Option<SessionPair> {
        let (current, after) = match self.completed() {
            Some(place) => (self.pending.get(place), place + 1),
            None => (self.current.as_ref(), 0),
        };
        let usable = |pair: &&Arc<Pair>| pair.is_usable();
        let current = current.filter(usable);
        let mut pending = self.pending.iter().skip(after).filter(usable);
        let pair = Arc::clone(current.or_else(|| pending.next())?);
        Some(SessionPair { pair, pending: pending.cloned().collect(), astray: Arc::clone(&self.astray) })
    }

    /// Whether a new setup is due: no pair is of use, or the peer uses another and none was completed since.
    fn is_due(&self) -> bool {
        let astray = self.astray.load(Ordering::SeqCst) && self.completed().is_none();
        astray || self.choose().is_none()
    }
}

/// All pair states of one party for one sharing of one key.
///
/// They belong to one running installation. **Never put them in a backup or on a second machine**: a
/// copy takes burns back and uses one setup twice. A restored share starts without any.
pub struct PairStates<S: EcdsaScheme> {
    key_id: KeyId,
    sharing: Sharing,
    me: PartyId,
    generation: u64,
    slots: BTreeMap<PartyId, Slot>,
    scheme: PhantomData<S>,
}

impl<S: EcdsaScheme> PairStates<S> {
    /// No pair yet.
    pub fn new(share: &KeyShare<S>) -> Self {
        let public = share.public();
        Self {
            key_id: public.key_id(),
            sharing: public.sharing(),
            me: share.me(),
            generation: 0,
            slots: BTreeMap::new(),
            scheme: PhantomData,
        }
    }

    /// The pairs of this party with the others of `signers` (with or without itself), by ascending id.
    ///
    /// The log is asked about every one of them, and whether three strikes count against a peer.
    ///
    /// # Errors
    /// [`Usage::SetupNeeded`] with the first peer there is no usable pair with, [`Usage::OperatorNeeded`],
    /// [`Usage::UnknownParty`], [`Usage::StoreFailed`]; [`Usage::OtherKey`], [`Usage::OtherSharing`],
    /// [`Usage::OtherIdentity`] if the states are not of this share.
    pub fn session_pairs(
        &self,
        share: &KeyShare<S>,
        signers: &[PartyId],
        log: &dyn BurnLog,
    ) -> Result<Vec<SessionPair>, Usage> {
        self.belong_to(share)?;
        let mut peers: Vec<PartyId> = signers.iter().copied().filter(|id| *id != self.me).collect();
        peers.sort_unstable();
        peers.dedup();
        peers.into_iter().map(|peer| self.session_pair(share, peer, log)).collect()
    }

    fn session_pair(&self, share: &KeyShare<S>, peer: PartyId, log: &dyn BurnLog) -> Result<SessionPair, Usage> {
        burn::check_standing(share, peer, log)?;
        let slot = self.slots.get(&peer).ok_or(Usage::SetupNeeded(peer))?;
        // A pair that the log knows as burned is flagged, so each turn of the loop leaves one fewer.
        while let Some(chosen) = slot.choose() {
            if !log.is_burned(chosen.pair_id())? {
                return Ok(chosen);
            }
            chosen.flag();
        }
        Err(Usage::SetupNeeded(peer))
    }

    /// Whether the states are of this share: key, sharing, party.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], [`Usage::OtherSharing`], [`Usage::OtherIdentity`].
    pub fn belong_to(&self, share: &KeyShare<S>) -> Result<(), Usage> {
        self.check_place(share.public().key_id(), share.public().sharing(), share.me())
    }

    fn check_place(&self, key_id: KeyId, sharing: Sharing, me: PartyId) -> Result<(), Usage> {
        if key_id != self.key_id {
            return Err(Usage::OtherKey);
        }
        if sharing != self.sharing {
            return Err(Usage::OtherSharing { ours: self.sharing, theirs: sharing });
        }
        if me == self.me { Ok(()) } else { Err(Usage::OtherIdentity) }
    }

    /// Takes a pair that a setup has made. The one in use and up to three other pending ones stay until the
    /// peer is known to have the new one too.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], [`Usage::OtherSharing`], [`Usage::OtherIdentity`] if it is another party's.
    pub fn insert(&mut self, pair: Arc<Pair>) -> Result<(), Usage> {
        self.check_place(pair.key_id(), pair.sharing(), pair.me)?;
        let slot = self.slots.entry(pair.peer()).or_default();
        slot.settle();
        if slot.pairs().all(|known| known.pair_id() != pair.pair_id()) {
            slot.push(pair);
        }
        Ok(())
    }

    /// Drops all pairs with a peer: it has lost its side of them, or it is to be left out.
    pub fn forget(&mut self, peer: PartyId) {
        self.slots.remove(&peer);
    }

    /// The peers with whom a setup is due: no pair, or none that is not burned and not used up, or the peer
    /// came with a setup that is not known here and with a known one never since.
    pub fn missing(&self, share: &KeyShare<S>) -> Vec<PartyId> {
        let due = |id: &PartyId| self.slots.get(id).is_none_or(Slot::is_due);
        share.public().parties().peers(self.me).filter(due).collect()
    }

    /// The number of the last stored form: keep the newest somewhere that no restored file takes back.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

impl<S: EcdsaScheme> fmt::Debug for PairStates<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (me, peers) = (self.me, self.slots.keys());
        write!(f, "PairStates({} {} of {me:?} with {:?})", S::NAME, self.key_id, peers.collect::<Vec<_>>())
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::ot::pprf::Direction;
    use crate::ot::testing::seeds;
    use crate::party::View;
    use crate::secret::Secret;
    use crate::transcript::Transcript;

    /// The pair states of all these parties, by a trusted hand; active.
    pub(crate) fn all_pairs<S: EcdsaScheme>(shares: &[KeyShare<S>], seed: u64) -> Vec<PairStates<S>> {
        let mut states: Vec<_> = shares.iter().map(PairStates::new).collect();
        for (i, a) in shares.iter().enumerate() {
            for (j, b) in shares.iter().enumerate().skip(i + 1) {
                let [one, other] = pair(a, b, seed);
                states[i].insert(one).unwrap();
                states[j].insert(other).unwrap();
            }
        }
        states
    }

    /// One pair, each party's side of it; active. The first must have the lower id.
    pub(crate) fn pair<S: EcdsaScheme>(a: &KeyShare<S>, b: &KeyShare<S>, seed: u64) -> [Arc<Pair>; 2] {
        pair_with_seeds(a, b, seed, [8, 8])
    }

    /// The same with a seed of shares of zero of either side's own.
    pub(crate) fn pair_with_seeds<S: EcdsaScheme>(
        a: &KeyShare<S>,
        b: &KeyShare<S>,
        seed: u64,
        zeros: [u8; 2],
    ) -> [Arc<Pair>; 2] {
        let (lower, higher) = (a.me(), b.me());
        assert!(lower < higher);
        let label = Transcript::new("pair-test").number(seed).party(lower).party(higher);
        let pair_id = PairId::from_bytes(label.fork().field(b"id").digest());
        let mut rng = label.rng();
        let view = View::from_bytes([1; 32]);
        let mut direction = |sender, receiver| {
            let (received, sent) = seeds(&mut rng);
            let direction = Direction { view, sender, receiver };
            let (leaves, corrections) = Leaves::grow(&direction, sent);
            (PuncturedLeaves::grow(&direction, received, &corrections).unwrap(), leaves)
        };
        let (a_sends, b_receives) = direction(lower, higher);
        let (b_sends, a_receives) = direction(higher, lower);
        let seed = |zero| ZeroSeed::agree(&pair_id, &Secret::new([7; 32]), &Secret::new([zero; 32]));
        let place = |of: &KeyShare<S>, peer| (Peer::of(of, peer).unwrap(), of.public().sharing(), of.me());
        let one = Pair::new(place(a, higher), seed(zeros[0]), a_sends, a_receives);
        let other = Pair::new(place(b, lower), seed(zeros[1]), b_sends, b_receives);
        one.activate();
        other.activate();
        [Arc::new(one), Arc::new(other)]
    }
}
