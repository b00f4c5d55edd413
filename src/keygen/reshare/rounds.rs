//! The rounds of those who do not deal, and of those who leave. All others take keygen's.

use alloc::collections::BTreeMap;

use rand_core::CryptoRng;

use crate::error::{Abort, Fault};
use crate::key::{PublicKeyPackage, Scheme};
use crate::keygen::certificate::check_confirms;
use crate::keygen::deal::Terms;
use crate::keygen::messages::{Confirm, Dealt, Greeting, Opening, Share};
use crate::keygen::round2::{Openings, Round2};
use crate::party::{PartyId, View};
use crate::round::{Inbox, Stop};
use crate::wire::Wire;

/// First round of a holder who does not deal: a newcomer, or one without its share.
#[derive(Debug)]
pub(super) struct Listener<S: Scheme> {
    pub(super) terms: Terms<S>,
}

impl<S: Scheme> Listener<S> {
    /// Keeps the commitments of all dealers.
    pub(super) fn receive(self, view: View, greetings: BTreeMap<PartyId, Greeting>) -> Round2<S> {
        Round2 { terms: self.terms, view, greetings, mine: None }
    }
}

/// Third round of a dealer who leaves: the confirms of all holders are awaited, none is sent.
#[derive(Debug)]
pub(super) struct Leaver<S: Scheme> {
    terms: Terms<S>,
    view: View,
    transcript: [u8; 32],
    public: PublicKeyPackage<S>,
    openings: Openings<S>,
}

impl<S: Scheme> Leaver<S> {
    /// Checks what all see of the dealing; a share is not among it.
    pub(super) fn new(
        mut round: Round2<S>,
        dealt: Inbox<Dealt<S::Curve>>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Stop> {
        let (openings, _) = round.gather(dealt)?;
        let (transcript, joint) = round.check_broadcasts(&openings, rng)?;
        let Round2 { terms, view, .. } = round;
        let digest = terms.old.as_ref().map(|old| old.chain_code_digest).unwrap_or_default();
        let public = terms.package(&transcript, joint, digest).map_err(|_| Abort::nobody(Fault::IdentityKey))?;
        Ok(Self { terms, view, transcript, public, openings })
    }

    /// Checks the confirms of all: the public package of the new sharing.
    pub(super) fn receive(
        self,
        confirms: &Inbox<Confirm<S::Curve>>,
        rng: &mut impl CryptoRng,
    ) -> Result<PublicKeyPackage<S>, Abort> {
        let missing = self.terms.holders.ids().filter(|id| confirms.get(*id).is_none());
        Abort::if_any(Fault::Malformed, missing)?;
        check_confirms((&self.view, &self.transcript), self.public.commitment(), confirms.iter(), rng)?;
        Ok(self.public)
    }

    /// Judges a complaint, as [`Round3::sealed_part_is_right`](crate::keygen::Round3::sealed_part_is_right).
    pub(super) fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        let share = opened.and_then(|bytes| Share::decode(bytes, &self.terms.shape()));
        let opening: Option<&Opening<S::Curve>> = self.openings.get(&from);
        opening.is_some_and(|opening| self.terms.share_is_right(from, opening, to, share.as_ref()))
    }

    pub(super) fn terms(&self) -> &Terms<S> {
        &self.terms
    }
}
