//! The burn log: what must be on record before anybody sees that a check of pair states failed.
//!
//! A failed check of an OT extension tells the peer one wrong guess of Δ, a passed one a right guess;
//! 128 tries on one Δ are the key. So after the first failure that pair is dead for ever, in both
//! directions, and that must survive a crash, a restart and a restored file. The peer gets a strike, and
//! so it does for a failed setup, where it can guess in the same way; after three an operator decides.

#[cfg(any(test, feature = "std"))]
mod file;
#[cfg(any(test, feature = "std"))]
mod memory;
#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "std"))]
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::error::Usage;
use crate::key::{KeyShare, Scheme};
use crate::party::{KeyId, PairId, PartyId, PublicIdentity};

#[cfg(any(test, feature = "std"))]
pub use file::FileBurnLog;
#[cfg(any(test, feature = "std"))]
pub use memory::MemoryBurnLog;

pub use crate::key::StoreError;

/// How many strikes a peer may have before an operator has to decide.
pub const STRIKES: u32 = 3;

/// Whom a strike is for: a party of a key, known by its identity key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// The key.
    pub key_id: KeyId,
    /// The party's id.
    pub id: PartyId,
    /// Its identity key; zeros where channels of one's own know no identities.
    pub identity: [u8; 32],
}

impl Peer {
    /// A party of a key.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`].
    pub fn of<S: Scheme>(share: &KeyShare<S>, id: PartyId) -> Result<Self, Usage> {
        let parties = share.public().parties();
        if !parties.contains(id) {
            return Err(Usage::UnknownParty(id));
        }
        let identity = parties.identity(id).map_or([0; 32], |identity| *PublicIdentity::as_bytes(identity));
        Ok(Self { key_id: share.public().key_id(), id, identity })
    }
}

/// What a log has counted for a peer. Neither number ever goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strikes {
    /// All strikes ever.
    pub total: u32,
    /// How many of them an operator has forgiven.
    pub forgiven: u32,
}

impl Strikes {
    /// Those that count.
    pub fn open(self) -> u32 {
        self.total.saturating_sub(self.forgiven)
    }
}

/// Where burns and strikes are recorded. One log for an installation, shared by all its sessions.
///
/// Whatever is written must be durable when the call returns. An implementation that cannot be sure of
/// that returns an error, and from then on refuses to write *and to read*: that stops every session.
pub trait BurnLog: Send + Sync {
    /// Burns a pair for ever and counts one strike for the peer; both or neither.
    ///
    /// Burning a pair again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] unless it is durable.
    fn burn(&self, pair: &PairId, peer: &Peer) -> Result<(), StoreError>;

    /// Whether the pair was ever burned.
    ///
    /// # Errors
    /// [`StoreError`].
    fn is_burned(&self, pair: &PairId) -> Result<bool, StoreError>;

    /// Counts a strike for a failed setup.
    ///
    /// # Errors
    /// [`StoreError`] unless it is durable.
    fn strike(&self, peer: &Peer) -> Result<(), StoreError>;

    /// What is counted for a peer.
    ///
    /// # Errors
    /// [`StoreError`].
    fn strikes(&self, peer: &Peer) -> Result<Strikes, StoreError>;

    /// Forgives a peer all strikes so far. For an operator: see [`crate::hazmat::forgive`].
    ///
    /// # Errors
    /// [`StoreError`] unless it is durable.
    fn forgive(&self, peer: &Peer) -> Result<(), StoreError>;
}

/// Whether a peer may be dealt with: fewer than three strikes count.
///
/// What a restored share remembers, and the log does not, is put into the log first.
///
/// # Errors
/// [`Usage::OperatorNeeded`], [`Usage::UnknownParty`], [`Usage::StoreFailed`].
pub fn check_standing<S: Scheme>(share: &KeyShare<S>, peer: PartyId, log: &dyn BurnLog) -> Result<(), Usage> {
    let remembered = u32::from(share.strikes(peer)?);
    let who = Peer::of(share, peer)?;
    for _ in log.strikes(&who)?.total..remembered {
        log.strike(&who)?;
    }
    if log.strikes(&who)?.open() < STRIKES { Ok(()) } else { Err(Usage::OperatorNeeded(peer)) }
}

/// Copies the log's strikes into the share, so that the share's backup has them.
///
/// Call it before [`KeyShare::to_bytes`] whenever a session has ended in a strike or burn.
///
/// # Errors
/// [`Usage::StoreFailed`].
pub fn note_strikes<S: Scheme>(share: &mut KeyShare<S>, log: &dyn BurnLog) -> Result<(), Usage> {
    let peers: Vec<PartyId> = share.public().parties().peers(share.me()).collect();
    for peer in peers {
        let strikes = log.strikes(&Peer::of(share, peer)?)?;
        share.raise_strikes(peer, strikes.total);
    }
    Ok(())
}

/// What an operator decides, knowing more than the library does.
pub(crate) mod hazmat {
    use super::{BurnLog, Peer};
    use crate::error::Usage;
    use crate::key::{KeyShare, Scheme};
    use crate::party::PartyId;

    /// Forgives all strikes of one peer, typed out by the operator: setups and sessions with it start again.
    ///
    /// # Security
    /// A strike of an honest peer means a broken machine or a stolen identity; of a dishonest one, a guess
    /// at this party's secrets. Each further strike may be the one that was guessed right. Burned pairs
    /// stay burned.
    ///
    /// # Errors
    /// [`Usage::UnknownParty`], [`Usage::StoreFailed`].
    pub fn forgive<S: Scheme>(log: &dyn BurnLog, share: &KeyShare<S>, peer: PartyId) -> Result<(), Usage> {
        log.forgive(&Peer::of(share, peer)?)?;
        Ok(())
    }
}

/// What a log knows.
#[cfg(any(test, feature = "std"))]
#[derive(Debug, Default)]
struct Book {
    burned: BTreeSet<PairId>,
    strikes: BTreeMap<(KeyId, [u8; 32], Option<PartyId>), Strikes>,
}

#[cfg(any(test, feature = "std"))]
impl Book {
    /// What strikes are counted under: the identity key, whatever the party's id; the id if there is none.
    fn name(peer: &Peer) -> (KeyId, [u8; 32], Option<PartyId>) {
        (peer.key_id, peer.identity, (peer.identity == [0; 32]).then_some(peer.id))
    }

    fn burn(&mut self, pair: PairId, peer: &Peer) {
        if self.burned.insert(pair) {
            self.strike(peer);
        }
    }

    fn strike(&mut self, peer: &Peer) {
        let strikes = self.strikes.entry(Self::name(peer)).or_default();
        strikes.total = strikes.total.saturating_add(1);
    }

    fn forgive(&mut self, peer: &Peer) {
        let strikes = self.strikes.entry(Self::name(peer)).or_default();
        strikes.forgiven = strikes.total;
    }

    fn strikes(&self, peer: &Peer) -> Strikes {
        self.strikes.get(&Self::name(peer)).copied().unwrap_or_default()
    }
}
