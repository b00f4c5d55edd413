//! The side of the party that lost its share.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ff::Field;
use rand_core::CryptoRng;

use super::Plan;
use super::messages::{Confirm, Row, Sum};
use super::rows::{Rows, proof_transcript};
use crate::curve::Scalar;
use crate::error::{Abort, Fault};
use crate::key::{KeyShare, Scheme};
use crate::party::{PartyId, View};
use crate::proof::Proof;
use crate::round::{Inbox, Stop};
use crate::secret::Secret;

/// First round of the recipient: the helpers' fresh bytes are awaited.
#[derive(Debug)]
pub struct RecipientRound1<S: Scheme> {
    plan: Plan<S>,
}

/// Second round of the recipient: the rows are awaited.
#[derive(Debug)]
pub struct RecipientRound2<S: Scheme> {
    plan: Plan<S>,
    view: View,
}

/// Third round of the recipient: the sums are awaited.
#[derive(Debug)]
pub struct RecipientRound3<S: Scheme> {
    rows: Rows<S>,
}

impl<S: Scheme> RecipientRound1<S> {
    pub(super) fn new(plan: Plan<S>) -> Self {
        Self { plan }
    }

    pub(super) fn plan(&self) -> &Plan<S> {
        &self.plan
    }

    /// Takes the view: the digest of the base and of everybody's round 1 ([`crate::round::view`]).
    pub fn receive(self, view: View) -> RecipientRound2<S> {
        RecipientRound2 { plan: self.plan, view }
    }
}

impl<S: Scheme> RecipientRound2<S> {
    /// Checks the rows.
    ///
    /// # Errors
    /// Naming every helper whose row is wrong: [`Fault::Malformed`], [`Fault::BadConstant`].
    pub fn receive(self, rows: Inbox<Row<S::Curve>>) -> Result<RecipientRound3<S>, Abort> {
        Ok(RecipientRound3 { rows: Rows::check(self.plan, self.view, rows.into_iter().collect())? })
    }

    pub(super) fn plan(&self) -> &Plan<S> {
        &self.plan
    }
}

impl<S: Scheme> RecipientRound3<S> {
    /// Everything that all have seen.
    pub fn rows(&self) -> &Rows<S> {
        &self.rows
    }

    /// Adds up. The share is there: store it before the confirm leaves, which is for all.
    ///
    /// A message of `None` did not open or did not decode.
    ///
    /// # Errors
    /// [`Stop::Complain`] with every helper whose sum or chain code is wrong.
    pub fn receive(
        self,
        sums: Inbox<Option<Sum<S::Curve>>>,
        rng: &mut impl CryptoRng,
    ) -> Result<(KeyShare<S>, Confirm<S::Curve>), Stop> {
        let sums: BTreeMap<PartyId, Option<Sum<S::Curve>>> = sums.into_iter().collect();
        let plan = self.rows.plan();
        let of = |id: PartyId| sums.get(&id).and_then(Option::as_ref);
        // 4.2
        let right: Vec<_> = plan.helpers().filter_map(of).filter(|sum| self.rows.chain_code_is_right(sum)).collect();
        let share = (right.len() == plan.helpers().len()).then(|| self.add_up(&right)).flatten();
        let Some(share) = share else {
            let wrong: Vec<PartyId> = plan.helpers().filter(|id| !self.rows.sum_is_right(*id, of(*id))).collect();
            // Where every sum is right so is their sum, for the rows add up.
            return Err(if wrong.is_empty() { Abort::nobody(Fault::BadShare).into() } else { Stop::Complain(wrong) });
        };
        // 4.4
        let transcript = self.rows.transcript();
        let statement = proof_transcript(self.rows.view(), &transcript, plan.lost);
        let proof = Proof::prove(core::slice::from_ref(share.secret().expose()), statement, rng);
        Ok((share, Confirm { transcript, proof }))
    }

    /// s_r = Σ_j σ_j, if it is the share behind S_r.
    fn add_up(&self, sums: &[&Sum<S::Curve>]) -> Option<KeyShare<S>> {
        let mut share = Secret::new(Scalar::<S::Curve>::ZERO);
        sums.iter().for_each(|sum| *share.expose_mut() += sum.sum.0.expose());
        let chain_code = Secret::new(*sums.first()?.chain_code.0.expose());
        let plan = self.rows.plan();
        // The check is in here: s_r·G = S_r.
        KeyShare::new(plan.package.clone(), plan.lost, share, chain_code).ok()
    }
}
