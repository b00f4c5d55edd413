//! Refresh and reshare as a session drives them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::plan::Plan;
use super::rounds::{Leaver, Listener};
use crate::curve::Curve;
use crate::error::{Fault, Usage};
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::keygen::certificate::{Certificate, Pending};
use crate::keygen::deal::Terms;
use crate::keygen::round1::{Dealing, Round1};
use crate::keygen::round2::Round2;
use crate::keygen::round3::Round3;
use crate::keygen::{judge, mail};
use crate::party::{PartyId, SessionParams, Threshold};
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::secret::Secret;
use crate::session::Session;
use crate::sharing::lagrange_at_zero;
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Wire;

/// What a party brings to a refresh or reshare: the plan, and its share of the old sharing if it has one.
#[derive(Debug)]
pub struct ReshareInputs<S: Scheme> {
    plan: Plan<S>,
    share: Option<Arc<KeyShare<S>>>,
    /// Whether it takes part, or only looks on.
    takes_part: bool,
}

impl<S: Scheme> ReshareInputs<S> {
    /// The inputs of a party that holds a share: a dealer, or one who only receives.
    ///
    /// # Errors
    /// [`Usage::OtherKey`], [`Usage::OtherSharing`] if the plan is for another sharing than this share's.
    pub fn holder(plan: Plan<S>, share: impl Into<Arc<KeyShare<S>>>) -> Result<Self, Usage> {
        let share = share.into();
        plan.check_old(share.public())?;
        Ok(Self { plan, share: Some(share), takes_part: true })
    }

    /// The inputs of a party without a share: a newcomer, or one that lost its share. `expected` is the
    /// [digest](PublicKeyPackage::digest) of the package of the old sharing, **as its own operator knows it** from the
    /// operators of the others.
    ///
    /// # Security
    /// The plan, with the package in it, may come from anybody then; the digest never from a peer. It says who deals
    /// under which identity keys: whoever chooses it can play all dealers, of a key of its own.
    ///
    /// # Errors
    /// [`Usage::OtherKey`] if the plan is for another package.
    pub fn newcomer(plan: Plan<S>, expected: &[u8; 32]) -> Result<Self, Usage> {
        if plan.old().digest() != *expected {
            return Err(Usage::OtherKey);
        }
        Ok(Self::without_share(plan))
    }

    /// The inputs of a party without a share, whose operator's word for the plan was taken before.
    pub(crate) fn without_share(plan: Plan<S>) -> Self {
        Self { plan, share: None, takes_part: true }
    }

    /// What a judge of [`Evidence`](crate::session::Evidence) brings. No session starts with it.
    pub fn judge(plan: Plan<S>) -> Self {
        Self { plan, share: None, takes_part: false }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan<S> {
        &self.plan
    }
}

/// What a refresh or reshare ends in, for this party.
#[derive(Debug)]
pub enum Moved<S: Scheme> {
    /// It holds a share of the new sharing.
    Holder(Box<Certified<S>>),
    /// It dealt, and holds nothing of the new sharing, whose package this is. Its old share is still good, and
    /// is to be kept until the new holders have acknowledged.
    Left(Box<PublicKeyPackage<S>>),
    /// It dealt in an [export](crate::hazmat::export), whose recipient now has the whole key. **It keeps its share**, and
    /// so do all holders: nothing of an export retires a sharing. Note it with
    /// [`KeyRecord::mark_exported`](crate::keygen::record::KeyRecord::mark_exported). The package is the recipient's.
    Exported(Box<PublicKeyPackage<S>>),
}

/// A share of the new sharing, after all holders have confirmed.
///
/// Storing it and the certificate ([`Session::certificate`]) comes first; the old share is **not** to be
/// erased on its account, for others may not have the certificate yet (`docs/reshare.md` 6).
#[derive(Debug)]
pub struct Certified<S: Scheme> {
    pending: Pending<S>,
}

impl<S: Scheme> Certified<S> {
    /// The public package of the new sharing.
    pub fn public(&self) -> &PublicKeyPackage<S> {
        self.pending.public()
    }

    /// The share as it was pending.
    pub fn pending(&self) -> &Pending<S> {
        &self.pending
    }

    /// The share as pending, for a record of its own.
    pub fn into_pending(self) -> Pending<S> {
        self.pending
    }

    /// The share of the new sharing.
    pub fn into_key_share(self) -> KeyShare<S> {
        self.pending.into_key()
    }
}

/// Refresh and reshare, to be driven by a [`Session`] of all dealers and holders.
///
/// Three rounds: the dealers commit and all others greet; the dealers deal; the holders confirm. Store
/// [`Reshare::pending`] before the confirm leaves, and keep it whatever happens then: others may get the
/// certificate later than this party gives up. The session can be taken up again from its checkpoint.
#[derive(Debug)]
pub struct Reshare<S: Scheme>(State<S>);

#[derive(Debug)]
enum State<S: Scheme> {
    Committed(Round1<S>),
    Greeted(Listener<S>),
    Dealt(Round2<S>),
    Confirmed(Round3<S>),
    Leaving(Leaver<S>),
}

impl<S: Scheme> Reshare<S> {
    /// The pending share, from the confirm on.
    pub fn pending(&self) -> Option<&Pending<S>> {
        match &self.0 {
            State::Confirmed(round) => Some(round.pending()),
            _ => None,
        }
    }
}

impl<S: Scheme> Reshare<S> {
    pub(in crate::keygen) fn deal(
        terms: Terms<S>,
        dealing: Dealing<S::Curve>,
        context: &Context,
        rng: &mut TranscriptRng,
    ) -> (Self, Outgoing) {
        let (round, commit) = Round1::deal(terms, Some(dealing), &context.hello, rng);
        (Self(State::Committed(round)), Outgoing::broadcast(commit.commitment.to_vec()))
    }

    /// A dealer's terms and what it deals: for a test to change.
    #[cfg(test)]
    pub(in crate::keygen) fn prepare(
        plan: &Plan<S>,
        share: &KeyShare<S>,
        context: &Context,
    ) -> Result<(Terms<S>, Dealing<S::Curve>), Usage> {
        Ok((plan.terms(share.me(), context.base)?, part(plan, share)?))
    }
}

impl<S: Scheme> Session<Reshare<S>> {
    /// The certificate of this plan's session, once the confirms of all holders are there: it makes any
    /// holder's pending share a key share. Give it to whoever asks.
    pub fn certificate(&self, plan: &Plan<S>) -> Option<Certificate<S>> {
        Certificate::of_session(self, plan.holders())
    }
}

/// What the protocol does at the end of a round.
type Advance<S> = (Option<State<S>>, Outgoing, Option<Moved<S>>);

impl<S: Scheme> State<S> {
    fn awaits(&self, me: PartyId, from: PartyId) -> Parts {
        let (sends, parts) = match self {
            Self::Committed(_) | Self::Greeted(_) => (true, Parts::BROADCAST),
            Self::Dealt(round) => {
                let holds = round.terms().holders.contains(me);
                let parts = if holds { Parts::BROADCAST_AND_SEALED } else { Parts::BROADCAST };
                (round.terms().deals(from), parts)
            }
            Self::Confirmed(round) => (round.terms().holders.contains(from), Parts::BROADCAST),
            Self::Leaving(round) => (round.terms().holders.contains(from), Parts::BROADCAST),
        };
        if sends { parts } else { Parts::NONE }
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Advance<S>, Stop> {
        match self {
            // 3.1
            Self::Committed(round) => {
                let greetings = mail::greetings(round.terms(), inbox)?;
                let shape = round.terms().shape();
                let (next, opening, shares) = round.open(context.view, greetings, rng);
                Ok((Some(Self::Dealt(next)), mail::deal_out(&opening, &shares, &shape), None))
            }
            Self::Greeted(round) => {
                let greetings = mail::greetings(&round.terms, inbox)?;
                Ok((Some(Self::Dealt(round.receive(context.view, greetings))), Outgoing::nothing(), None))
            }
            Self::Dealt(round) => second(round, inbox, rng),
            // 4.1
            Self::Confirmed(round) => {
                let confirms = mail::confirms(round.terms(), inbox)?;
                let pending = round.certify(&confirms, rng)?;
                Ok((None, Outgoing::nothing(), Some(Moved::Holder(Box::new(Certified { pending })))))
            }
            // 4.2
            Self::Leaving(round) => {
                let confirms = mail::confirms(round.terms(), inbox)?;
                let public = Box::new(round.receive(&confirms, rng)?);
                let is_export = public.threshold() == Threshold::ONE;
                let moved = if is_export { Moved::Exported(public) } else { Moved::Left(public) };
                Ok((None, Outgoing::nothing(), Some(moved)))
            }
        }
    }
}

fn second<S: Scheme>(round: Round2<S>, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Advance<S>, Stop> {
    let shape = round.terms().shape();
    let dealt = mail::dealt(round.terms(), inbox)?;
    // 3.2, 3.4
    if !round.terms().holders.contains(round.terms().me) {
        return Ok((Some(State::Leaving(Leaver::new(round, dealt, rng)?)), Outgoing::nothing(), None));
    }
    // 3.3
    let (next, confirm) = round.receive(dealt, rng)?;
    Ok((Some(State::Confirmed(next)), Outgoing::broadcast(confirm.encode(&shape)), None))
}

/// 2.1: y_i = λ_i·s_i is what a dealer deals.
fn part<S: Scheme>(plan: &Plan<S>, share: &KeyShare<S>) -> Result<Dealing<S::Curve>, Usage> {
    let lambdas = lagrange_at_zero::<S::Curve>(plan.dealers()).ok_or(Usage::WrongNumberOfSigners)?;
    let mine = plan.dealers().iter().zip(&lambdas).find(|(id, _)| **id == share.me());
    let (_, lambda) = mine.ok_or(Usage::UnknownParty(share.me()))?;
    let constant = Secret::new(*lambda.value() * share.secret().expose());
    Ok(Dealing { constant, chain_code: Secret::new(*share.chain_code().expose()) })
}

/// The parameters are the plan's.
fn check_params<S: Scheme>(plan: &Plan<S>, params: &SessionParams) -> Result<(), Usage> {
    if params.threshold() != plan.threshold() {
        return Err(Usage::InvalidThreshold);
    }
    let planned = plan.parties()?;
    let unknown = params.parties().ids().find(|id| !planned.contains(*id));
    unknown.map_or(Ok(()), |id| Err(Usage::UnknownParty(id)))?;
    if *params.parties() == planned { Ok(()) } else { Err(Usage::OtherIdentity) }
}

impl<S: Scheme> Protocol for Reshare<S> {
    const NAME: &'static str = "reshare";
    const CHANNELS: Channels = Channels::Accountable;
    const RESUMABLE: bool = true;
    /// Newcomers say nothing in round 2, and nobody waits for them there.
    const AHEAD: u8 = 2;
    type Inputs = ReshareInputs<S>;
    type Output = Moved<S>;

    fn key(inputs: &Self::Inputs) -> KeyRef {
        super::key_of(&inputs.plan)
    }

    fn absorb(inputs: &Self::Inputs, base: Transcript) -> Transcript {
        inputs.plan.absorb(base.field(S::NAME.as_bytes()).field(S::Curve::NAME.as_bytes()))
    }

    fn hedge(inputs: &Self::Inputs, seed: Transcript) -> Transcript {
        match &inputs.share {
            Some(share) => seed.scalar::<S::Curve>(share.secret().expose()),
            None => seed,
        }
    }

    fn start(inputs: Self::Inputs, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let ReshareInputs { plan, share, takes_part } = inputs;
        if !takes_part {
            return Err(Usage::ShareNeeded);
        }
        check_params(&plan, &context.params)?;
        let me = context.params.me();
        let mut terms = plan.terms(me, context.base)?;
        if let Some(share) = share.as_ref() {
            if share.me() != me {
                return Err(Usage::UnknownParty(share.me()));
            }
            terms.strikes = share.all_strikes().filter(|(_, count)| *count > 0).collect();
        }
        // 2.2
        if !terms.deals(me) {
            return Ok((Self(State::Greeted(Listener { terms })), Outgoing::broadcast(Vec::new())));
        }
        let dealing = part(&plan, &*share.ok_or(Usage::ShareNeeded)?)?;
        Ok(Self::deal(terms, dealing, context, rng))
    }

    fn limits(params: &SessionParams, _: &Self::Inputs) -> Limits {
        mail::limits::<S::Curve>(params)
    }

    fn awaits(&self, context: &Context, from: PartyId) -> Parts {
        self.0.awaits(context.params.me(), from)
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let (next, outgoing, output) = self.0.receive(context, inbox, rng)?;
        Ok(Step { next: next.map(Self), outgoing, output })
    }

    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        match &self.0 {
            State::Confirmed(round) => round.sealed_part_is_right(from, to, opened),
            State::Leaving(round) => round.sealed_part_is_right(from, to, opened),
            _ => false,
        }
    }

    fn judge(case: &Case<'_>, inputs: &Self::Inputs) -> Option<Fault> {
        judge::judge(case, &inputs.plan.terms(case.params.me(), case.base).ok()?)
    }

    fn judge_sealed_part(
        case: &Case<'_>,
        inputs: &Self::Inputs,
        way: (PartyId, PartyId),
        opened: Option<&[u8]>,
    ) -> Option<bool> {
        judge::judge_sealed_part(case, &inputs.plan.terms(case.params.me(), case.base).ok()?, way, opened)
    }

    fn has_promised(&self) -> bool {
        matches!(self.0, State::Confirmed(_))
    }

    fn promise(&self) -> Option<Self> {
        match &self.0 {
            State::Confirmed(round) => Some(Self(State::Confirmed(round.duplicate()))),
            _ => None,
        }
    }
}
