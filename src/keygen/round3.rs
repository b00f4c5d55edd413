//! Round 3: our confirm is out, and our share pending; the others' confirms are awaited.

use alloc::collections::BTreeMap;

use rand_core::CryptoRng;

use super::certificate::{Pending, check};
use super::deal::Terms;
use super::messages::{Ack, Confirm, Opening, Share};
use super::round4::Round4;
use crate::error::{Abort, Fault};
use crate::key::{KeyShare, Scheme};
use crate::party::PartyId;
use crate::round::Inbox;
use crate::wire::Wire;

/// Third round: our confirm is out, the others' are awaited. The share is pending.
#[derive(Debug)]
pub struct Round3<S: Scheme> {
    pub(super) terms: Terms<S>,
    pub(super) pending: Pending<S>,
    pub(super) openings: BTreeMap<PartyId, Opening<S::Curve>>,
}

impl<S: Scheme> Round3<S> {
    /// The pending share, to be stored before the confirm leaves. No abort makes it worthless: with the
    /// confirms of all it is the key share.
    pub fn pending(&self) -> &Pending<S> {
        &self.pending
    }

    /// Checks the confirms of all. The key exists; fund an address only when done, a round later.
    ///
    /// # Errors
    /// Naming nobody, [`Fault::TranscriptsDiffer`]; naming all culprits, [`Fault::BadConfirmProof`], and
    /// [`Fault::Malformed`] for one that is missing. The pending share that was stored stays good.
    pub fn receive(
        self,
        confirms: Inbox<Confirm<S::Curve>>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Round4<S>, KeyShare<S>, Ack), Abort> {
        self.check(&confirms, rng)?;
        // 4.3
        let ack = Ack { transcript: *self.pending.transcript(), attempts: alloc::vec::Vec::new() };
        let key = self.pending.into_key();
        Ok((Round4::new(ack.transcript, &key), key, ack))
    }

    /// [`Self::receive`] where nothing is acknowledged: the pending share, with the confirms of all seen.
    pub(super) fn certify(
        self,
        confirms: &Inbox<Confirm<S::Curve>>,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending<S>, Abort> {
        self.check(confirms, rng)?;
        Ok(self.pending)
    }

    fn check(&self, confirms: &Inbox<Confirm<S::Curve>>, rng: &mut impl CryptoRng) -> Result<(), Abort> {
        let me = self.terms.me;
        let missing = self.terms.holders.peers(me).filter(|id| confirms.get(*id).is_none());
        Abort::if_any(Fault::Malformed, missing)?;
        // 4.1, 4.2
        let peers = confirms.iter().filter(|(id, _)| *id != me && self.terms.holders.contains(*id));
        check(&self.pending, peers, rng)
    }

    /// Judges a complaint: whether what `from` sent to `to` in private is right.
    pub fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        let share = opened.and_then(|bytes| Share::decode(bytes, &self.terms.shape()));
        self.openings.get(&from).is_some_and(|opening| self.terms.share_is_right(from, opening, to, share.as_ref()))
    }

    pub(super) fn duplicate(&self) -> Self {
        let openings = self.openings.iter().map(|(id, opening)| (*id, opening.copy())).collect();
        Self { terms: self.terms.clone(), pending: self.pending.duplicate(), openings }
    }

    pub(super) fn terms(&self) -> &Terms<S> {
        &self.terms
    }
}
