//! Round 2: our opening and our shares are out, the others' are awaited.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ff::Field;
use rand_core::CryptoRng;

use super::certificate::Pending;
use super::deal::{
    Terms, chain_code, joint_commitment, opens, points, proof_holds, proof_transcript, transcript_digest,
};
use super::messages::{Confirm, Dealt, Greeting, Opening, Share};
use super::round3::Round3;
use crate::curve::{Curve, Scalar};
use crate::error::{Abort, Fault};
use crate::key::{KeyShare, Scheme, chain_code_digest};
use crate::party::{PartyId, View};
use crate::proof::{ProofBatch, Weights};
use crate::round::{Inbox, Stop};
use crate::secret::Secret;
use crate::sharing::Commitment;

pub(super) type Openings<S> = BTreeMap<PartyId, Opening<<S as Scheme>::Curve>>;
pub(super) type Shares<S> = BTreeMap<PartyId, Option<Share<<S as Scheme>::Curve>>>;

/// Second round: our opening and our shares are out, the others' are awaited.
#[derive(Debug)]
pub struct Round2<S: Scheme> {
    pub(super) terms: Terms<S>,
    pub(super) view: View,
    pub(super) greetings: BTreeMap<PartyId, Greeting>,
    /// `None` for a holder who does not deal.
    pub(super) mine: Option<Mine<S::Curve>>,
}

/// What we deal to ourselves.
#[derive(Debug)]
pub(super) struct Mine<C: Curve> {
    pub(super) opening: Opening<C>,
    pub(super) share: Share<C>,
}

impl<S: Scheme> Round2<S> {
    /// Checks what was dealt, and confirms.
    ///
    /// Sending the confirm is a promise: store [`Round3::pending`] before it leaves.
    ///
    /// # Errors
    /// [`Stop::Abort`], naming every dealer whose broadcast is wrong: [`Fault::Malformed`] for another
    /// number of coefficients than t, or none at all, [`Fault::BadOpening`],
    /// [`Fault::BadCoefficientProof`], [`Fault::BadConstant`]; naming nobody, [`Fault::IdentityKey`].
    /// [`Stop::Complain`] with every dealer whose private part is wrong.
    pub fn receive(
        mut self,
        dealt: Inbox<Dealt<S::Curve>>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Round3<S>, Confirm<S::Curve>), Stop> {
        let (openings, shares) = self.gather(dealt)?;
        let (transcript, joint) = self.check_broadcasts(&openings, rng)?;
        let key = self.take_share(&openings, &shares, joint, &transcript)?;
        // 3.9
        let pending = Pending::new(key, self.view, transcript, rng);
        let confirm = pending.confirm();
        Ok((Round3 { terms: self.terms, pending, openings }, confirm))
    }

    /// 3.2 to 3.5: what everybody sees of the dealing; T, and the joint commitment.
    pub(super) fn check_broadcasts(
        &self,
        openings: &Openings<S>,
        rng: &mut impl CryptoRng,
    ) -> Result<([u8; 32], Commitment<S::Curve>), Abort> {
        self.check_openings(openings)?;
        let transcript = transcript_digest(&self.view, openings, &self.terms.shape());
        self.check_proofs(openings, &transcript, rng)?;
        self.check_constants(openings)?;
        // 3.5
        let joint = joint_commitment(openings.values()).ok_or(Abort::nobody(Fault::IdentityKey))?;
        Ok((transcript, joint))
    }

    /// 3.1: one opening of each dealer, of t coefficients.
    pub(super) fn gather(&mut self, dealt: Inbox<Dealt<S::Curve>>) -> Result<(Openings<S>, Shares<S>), Abort> {
        let (mut openings, mut shares) = (BTreeMap::new(), BTreeMap::new());
        let mine =
            self.mine.take().map(|Mine { opening, share }| (self.terms.me, Dealt { opening, share: Some(share) }));
        let peers = dealt.into_iter().filter(|(id, _)| *id != self.terms.me);
        for (id, Dealt { opening, share }) in peers.chain(mine) {
            if self.terms.deals(id) && opening.coefficients.len() == usize::from(self.terms.threshold.get()) {
                openings.insert(id, opening);
                shares.insert(id, share);
            }
        }
        Abort::if_any(Fault::Malformed, self.terms.dealers.iter().copied().filter(|id| !openings.contains_key(id)))?;
        Ok((openings, shares))
    }

    fn peers<'a>(&'a self, openings: &'a Openings<S>) -> impl Iterator<Item = (PartyId, &'a Opening<S::Curve>)> {
        openings.iter().map(|(id, opening)| (*id, opening)).filter(|(id, _)| *id != self.terms.me)
    }

    /// 3.2: every opening fits its commitment.
    fn check_openings(&self, openings: &Openings<S>) -> Result<(), Abort> {
        let fits = |id: PartyId, opening: &Opening<S::Curve>| {
            self.greetings
                .get(&id)
                .is_some_and(|greeting| opens(&self.terms.base, id, &greeting.hello, &greeting.commit, opening))
        };
        let bad = self.peers(openings).filter(|(id, opening)| !fits(*id, opening)).map(|(id, _)| id);
        Abort::if_any(Fault::BadOpening, bad)
    }

    /// 3.3: every dealer knows its coefficients. All at once; only if that fails, one by one.
    fn check_proofs(
        &self,
        openings: &Openings<S>,
        transcript: &[u8; 32],
        rng: &mut impl CryptoRng,
    ) -> Result<(), Abort> {
        let mut weights = Weights::new(transcript, rng);
        let mut batch = ProofBatch::new();
        for (id, opening) in self.peers(openings) {
            let statement = proof_transcript(&self.view, id, &opening.coefficients);
            batch.add(weights.draw(), &opening.proof, &points(opening), statement);
        }
        if batch.verify() {
            return Ok(());
        }
        let bad = self.peers(openings).filter(|(id, opening)| !proof_holds(&self.view, *id, opening));
        Abort::if_any(Fault::BadCoefficientProof, bad.map(|(id, _)| id))
    }

    /// 3.4: where a key is dealt anew, every dealer deals its part of it.
    fn check_constants(&self, openings: &Openings<S>) -> Result<(), Abort> {
        let bad = openings.iter().filter(|(id, opening)| !self.terms.constant_is_right(**id, opening));
        Abort::if_any(Fault::BadConstant, bad.map(|(id, _)| *id))
    }

    /// 3.6 to 3.8: every private part is right; the share is their sum.
    fn take_share(
        &self,
        openings: &Openings<S>,
        shares: &Shares<S>,
        joint: Commitment<S::Curve>,
        transcript: &[u8; 32],
    ) -> Result<KeyShare<S>, Stop> {
        let of = |id: PartyId| shares.get(&id).and_then(Option::as_ref);
        // 3.6
        let right =
            |(id, opening): (&PartyId, _)| of(*id).filter(|share| self.terms.chain_code_is_right(*id, opening, share));
        let received: Vec<_> = openings.iter().filter_map(right).collect();
        if received.len() == openings.len()
            && let Some(key) = self.add_up(&received, joint, transcript)
        {
            return Ok(key);
        }
        // Each dealer by itself, to complain about all that are wrong.
        let is_right = |id, opening| self.terms.share_is_right(id, opening, self.terms.me, of(id));
        let wrong = openings.iter().filter(|(id, opening)| !is_right(**id, opening));
        Err(Stop::Complain(wrong.map(|(id, _)| *id).collect()))
    }

    /// 3.7: s_j = Σ_i f_i(j), which must fit the joint commitment. 3.8: the names.
    fn add_up(
        &self,
        received: &[&Share<S::Curve>],
        joint: Commitment<S::Curve>,
        transcript: &[u8; 32],
    ) -> Option<KeyShare<S>> {
        let mut sum = Secret::new(Scalar::<S::Curve>::ZERO);
        received.iter().for_each(|part| *sum.expose_mut() += part.share.0.expose());
        let parts = received.iter().map(|part| &part.chain_code.0);
        let chain_code = match self.terms.old {
            Some(_) => Secret::new(*parts.into_iter().next()?.expose()),
            None => chain_code(&self.view, parts),
        };
        let digest = chain_code_digest(&chain_code);
        let package = self.terms.package(transcript, joint, digest).ok()?;
        // The check is in here: s_j·G in constant time, against Σ_k j^k·A_k in public time.
        let mut key = KeyShare::new(package, self.terms.me, sum, chain_code).ok()?;
        key.carry_strikes(self.terms.strikes.iter().copied());
        Some(key)
    }

    pub(super) fn terms(&self) -> &Terms<S> {
        &self.terms
    }
}
