//! The helpers' side: split the own part of the lost share, add up what the others sent.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use ff::Field;
use rand_core::CryptoRng;

use super::messages::{Confirm, Dealt, Delta, Row, Sum};
use super::rows::Rows;
use super::{Part, Plan};
use crate::curve::{Curve, Scalar, Uncleared, random_scalar};
use crate::error::{Abort, Fault};
use crate::key::{PublicKeyPackage, Scheme};
use crate::party::{PartyId, View};
use crate::round::{Inbox, Stop};
use crate::secret::Secret;
use crate::wire::{SecretBytes, SecretScalar, UnclearedElement};

/// First round of a helper: the others' fresh bytes are awaited.
///
/// ```compile_fail,E0382
/// # use cosigil::{View, keygen::repair::HelperRound1, key::Scheme, TranscriptRng};
/// fn twice<S: Scheme>(round: HelperRound1<S>, one: View, other: View, rng: &mut TranscriptRng) {
///     round.receive(one, rng);
///     round.receive(other, rng);
/// }
/// ```
pub struct HelperRound1<S: Scheme> {
    plan: Plan<S>,
    me: PartyId,
    part: Part<S::Curve>,
}

/// Second round of a helper: its row and its parts are out, the others' are awaited.
pub struct HelperRound2<S: Scheme> {
    plan: Plan<S>,
    me: PartyId,
    view: View,
    row: Row<S::Curve>,
    mine: Delta<S::Curve>,
    chain_code: Secret<[u8; 32]>,
}

/// Third and fourth round of a helper: its sum is out, and no secret is left. It waits until all helpers have
/// said that nothing is wrong, then for the recipient.
#[derive(Debug)]
pub struct HelperRound3<S: Scheme> {
    rows: Rows<S>,
}

/// A private part for each of the other helpers.
pub type ToEach<C> = Vec<(PartyId, Delta<C>)>;

impl<S: Scheme> HelperRound1<S> {
    pub(super) fn new(plan: Plan<S>, me: PartyId, part: Part<S::Curve>) -> Self {
        Self { plan, me, part }
    }

    pub(super) fn plan(&self) -> &Plan<S> {
        &self.plan
    }

    /// Splits this party's part of the lost share. The row is for all; each part is private: encrypted and
    /// authenticated.
    ///
    /// `view` is the digest of the base and of everybody's round 1 ([`crate::round::view`]): what is drawn here must
    /// never be drawn again.
    pub fn receive(self, view: View, rng: &mut impl CryptoRng) -> (HelperRound2<S>, Row<S::Curve>, ToEach<S::Curve>) {
        let Self { plan, me, part } = self;
        // 2.1
        let deltas = split::<S::Curve>(&part.weighted, plan.helpers().len(), rng);
        let image = |delta: &Secret<Scalar<S::Curve>>| UnclearedElement::new(Uncleared::mul_base(delta.expose()));
        // 2.2
        let images: Vec<_> = deltas.iter().map(image).collect();
        let mut mine = Delta { part: SecretScalar(Secret::new(Scalar::<S::Curve>::ZERO)) };
        let mut parts = Vec::with_capacity(deltas.len());
        // 2.3
        for (to, delta) in plan.helpers().zip(deltas) {
            let delta = Delta { part: SecretScalar(delta) };
            if to == me { mine = delta } else { parts.push((to, delta)) }
        }
        let row = Row { images: images.clone() };
        let chain_code = part.chain_code;
        (HelperRound2 { plan, me, view, row: Row { images }, mine, chain_code }, row, parts)
    }
}

/// Random parts, none of them 0, that add up to the whole.
fn split<C: Curve>(whole: &Secret<Scalar<C>>, count: usize, rng: &mut impl CryptoRng) -> Vec<Secret<Scalar<C>>> {
    loop {
        let mut parts = Vec::with_capacity(count);
        let mut rest = Secret::new(*whole.expose());
        for _ in 1..count {
            let part = random_scalar::<C>(rng);
            *rest.expose_mut() -= part.expose();
            parts.push(part);
        }
        // No identity has a place on the wire. Drawn again with a chance of 2^-252.
        if !bool::from(rest.expose().is_zero()) {
            parts.push(rest);
            return parts;
        }
    }
}

impl<S: Scheme> HelperRound2<S> {
    /// Checks what the other helpers dealt, and adds up. The sum is private, for the recipient: encrypted and
    /// authenticated.
    ///
    /// # Errors
    /// [`Stop::Abort`], naming every helper whose row is wrong: [`Fault::Malformed`], [`Fault::BadConstant`].
    /// [`Stop::Complain`] with every helper whose private part is wrong; then nothing may be sent to the recipient.
    pub fn receive(self, dealt: Inbox<Dealt<S::Curve>>) -> Result<(HelperRound3<S>, Sum<S::Curve>), Stop> {
        let Self { plan, me, view, row, mine, chain_code } = self;
        let (mut rows, mut parts) = (BTreeMap::new(), BTreeMap::new());
        let own = (me, Dealt { row, part: Some(mine) });
        for (id, Dealt { row, part }) in dealt.into_iter().filter(|(id, _)| *id != me).chain([own]) {
            rows.insert(id, row);
            parts.insert(id, part);
        }
        let rows = Rows::check(plan, view, rows)?;
        // 3.3
        let mut sum = Secret::new(Scalar::<S::Curve>::ZERO);
        let of = |id: PartyId| parts.get(&id).and_then(Option::as_ref);
        let complete = rows.plan().helpers().all(|id| of(id).is_some());
        parts.values().flatten().for_each(|delta| *sum.expose_mut() += delta.part.0.expose());
        if complete && Some(S::Curve::mul_base(sum.expose())) == rows.column(me) {
            let sum = Sum { sum: SecretScalar(sum), chain_code: SecretBytes(chain_code) };
            return Ok((HelperRound3 { rows }, sum));
        }
        let wrong = rows.plan().helpers().filter(|id| !rows.part_is_right(*id, me, of(*id)));
        Err(Stop::Complain(wrong.collect()))
    }

    pub(super) fn plan(&self) -> &Plan<S> {
        &self.plan
    }
}

impl<S: Scheme> HelperRound3<S> {
    /// Everything that all have seen.
    pub fn rows(&self) -> &Rows<S> {
        &self.rows
    }

    /// Checks that the recipient has its share. The package names its identity as supplied.
    ///
    /// # Errors
    /// [`Fault::TranscriptsDiffer`], naming nobody; [`Fault::BadConfirmProof`], naming the recipient.
    pub fn receive(self, confirm: &Confirm<S::Curve>) -> Result<PublicKeyPackage<S>, Abort> {
        // 5.1
        if confirm.transcript != self.rows.transcript() {
            return Err(Abort::nobody(Fault::TranscriptsDiffer));
        }
        if !self.rows.proof_holds(confirm) {
            return Err(Abort::of(Fault::BadConfirmProof, [self.rows.plan().lost]));
        }
        Ok(self.rows.plan().package.clone())
    }
}

impl<S: Scheme> fmt::Debug for HelperRound1<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HelperRound1({:?} in {:?})", self.me, self.plan)
    }
}

impl<S: Scheme> fmt::Debug for HelperRound2<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HelperRound2({:?} in {:?})", self.me, self.plan)
    }
}
