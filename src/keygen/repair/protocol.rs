//! Repair as a session drives it: decodes what came in, encodes what goes out.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::helper::{HelperRound1, HelperRound2, HelperRound3};
use super::messages::{Confirm, Dealt, Delta, Row, Sum};
use super::recipient::{RecipientRound1, RecipientRound2, RecipientRound3};
use super::{Inputs, Rounds, judge, start};
use crate::curve::Curve;
use crate::error::{Abort, Fault, Usage};
use crate::key::{KeyShare, PublicKeyPackage, Scheme};
use crate::party::{PartyId, SessionParams};
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Wire;

/// What a repair brought.
#[derive(Debug)]
pub enum Repaired<S: Scheme> {
    /// To the party that had lost it: its share, as it was. Store it before what came with it leaves.
    Share(Box<KeyShare<S>>),
    /// To a helper: that it worked. The package names the identity key of the other party as supplied; if that is
    /// a new one, [`KeyShare::set_identity`] makes the helper's own share follow.
    Helped(PublicKeyPackage<S>),
}

/// Repair of a lost share, to be driven by a [`Session`](crate::session::Session).
///
/// It cannot be resumed: after an abort or a crash it is run again, with the same or other helpers. Nothing of a
/// run is of any use in another one.
#[derive(Debug)]
pub struct Repair<S: Scheme>(State<S>);

#[derive(Debug)]
enum State<S: Scheme> {
    Helper1(HelperRound1<S>),
    Helper2(HelperRound2<S>),
    /// The other helpers have not said yet that nothing is wrong.
    Helper3(HelperRound3<S>),
    /// The recipient has not said yet that it has its share.
    Helper4(HelperRound3<S>),
    Recipient1(RecipientRound1<S>),
    Recipient2(RecipientRound2<S>),
    Recipient3(RecipientRound3<S>),
}

impl<S: Scheme> State<S> {
    fn lost(&self) -> PartyId {
        match self {
            Self::Helper1(round) => round.plan().lost,
            Self::Helper2(round) => round.plan().lost,
            Self::Helper3(round) | Self::Helper4(round) => round.rows().plan().lost,
            Self::Recipient1(round) => round.plan().lost,
            Self::Recipient2(round) => round.plan().lost,
            Self::Recipient3(round) => round.rows().plan().lost,
        }
    }

    /// The parts that helpers owe, and what the recipient does.
    fn awaits(&self) -> (Parts, Parts) {
        match self {
            Self::Helper1(_) | Self::Recipient1(_) => (Parts::BROADCAST, Parts::BROADCAST),
            Self::Helper2(_) => (Parts::BROADCAST_AND_SEALED, Parts::BROADCAST),
            Self::Recipient2(_) => (Parts::BROADCAST, Parts::NONE),
            Self::Helper3(_) => (Parts::BROADCAST, Parts::NONE),
            Self::Recipient3(_) => (Parts::BROADCAST_AND_SEALED, Parts::NONE),
            Self::Helper4(_) => (Parts::NONE, Parts::BROADCAST),
        }
    }
}

/// A broadcast that says nothing but that its sender is there.
fn present() -> Outgoing {
    Outgoing::broadcast(Vec::new())
}

/// Names all whose broadcast is not empty.
fn hear(inbox: Inbox<Received>, speaks: impl Fn(PartyId) -> bool) -> Result<Inbox<Received>, Stop> {
    let silent =
        |id: PartyId, received: &Received| !speaks(id) || received.broadcast.as_ref().is_some_and(Vec::is_empty);
    Ok(inbox.try_map(Fault::Malformed, |id, received| silent(id, &received).then_some(received))?)
}

impl<S: Scheme> Repair<S> {
    fn go_on(next: State<S>, outgoing: Outgoing) -> Step<Self> {
        Step { next: Some(Self(next)), outgoing, output: None }
    }

    /// 2: the helpers deal, the recipient says that it is there.
    fn first(
        state: Rounds<S>,
        context: &Context,
        inbox: Inbox<Received>,
        rng: &mut TranscriptRng,
    ) -> Result<Step<Self>, Stop> {
        hear(inbox, |_| true)?;
        match state {
            Rounds::Helper(round) => {
                let (next, row, parts) = round.receive(context.view, rng);
                let shape = next.plan().shape();
                let sealed = parts.iter().map(|(id, part)| (*id, part.encode_secret(&shape))).collect();
                let outgoing = Outgoing { sealed, ..Outgoing::broadcast(row.encode(&shape)) };
                Ok(Self::go_on(State::Helper2(next), outgoing))
            }
            Rounds::Recipient(round) => Ok(Self::go_on(State::Recipient2(round.receive(context.view)), present())),
        }
    }

    /// 3 at a helper.
    fn dealt(round: HelperRound2<S>, inbox: Inbox<Received>) -> Result<Step<Self>, Stop> {
        let (lost, shape) = (round.plan().lost, round.plan().shape());
        let inbox = hear(inbox, |id| id == lost)?;
        let dealt = inbox.only(|id| id != lost).try_map(Fault::Malformed, |_, received| {
            let part = received.sealed.flatten().and_then(|bytes| Delta::decode(&bytes, &shape));
            Some(Dealt { row: Row::decode(&received.broadcast?, &shape)?, part })
        })?;
        let (next, sum) = round.receive(dealt)?;
        // 3.5
        let outgoing = Outgoing { sealed: alloc::vec![(lost, sum.encode_secret(&shape))], ..present() };
        Ok(Self::go_on(State::Helper3(next), outgoing))
    }

    /// 3 at the recipient.
    fn shown(round: RecipientRound2<S>, inbox: Inbox<Received>) -> Result<Step<Self>, Stop> {
        let shape = round.plan().shape();
        let rows = inbox.try_map(Fault::Malformed, |_, received| Row::decode(&received.broadcast?, &shape))?;
        Ok(Self::go_on(State::Recipient3(round.receive(rows)?), Outgoing::nothing()))
    }

    /// 4 at the recipient.
    fn summed(round: RecipientRound3<S>, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        // 4.1
        let (inbox, shape) = (hear(inbox, |_| true)?, round.rows().plan().shape());
        let sum = |received: Received| received.sealed.flatten().and_then(|bytes| Sum::decode(&bytes, &shape));
        let sums = inbox.try_map(Fault::Malformed, |_, received| Some(sum(received)))?;
        let (share, confirm) = round.receive(sums, rng)?;
        let outgoing = Outgoing::broadcast(confirm.encode(&shape));
        Ok(Step { next: None, outgoing, output: Some(Repaired::Share(Box::new(share))) })
    }

    /// 5.
    fn confirmed(round: HelperRound3<S>, inbox: Inbox<Received>) -> Result<Step<Self>, Stop> {
        let (lost, shape) = (round.rows().plan().lost, round.rows().plan().shape());
        let from = |id, received: Received| {
            if id == lost { Confirm::decode(&received.broadcast?, &shape).map(Some) } else { Some(None) }
        };
        let confirms = inbox.try_map(Fault::Malformed, from)?;
        let confirm = confirms.into_iter().find_map(|(_, confirm)| confirm);
        let confirm = confirm.ok_or(Abort::of(Fault::Malformed, [lost]))?;
        let output = Some(Repaired::Helped(round.receive(&confirm)?));
        Ok(Step { next: None, outgoing: Outgoing::nothing(), output })
    }
}

impl<S: Scheme> Protocol for Repair<S> {
    const NAME: &'static str = "repair";
    const CHANNELS: Channels = Channels::Accountable;
    const RESUMABLE: bool = false;
    /// A sum is right if it fits what all helpers have shown.
    const JUDGED_BY_ALL: bool = true;
    type Inputs = Inputs<S>;
    type Output = Repaired<S>;

    fn key(inputs: &Inputs<S>) -> KeyRef {
        let package = inputs.plan.package();
        KeyRef { key_id: Some(package.key_id()), sharing: Some(package.sharing()) }
    }

    fn absorb(inputs: &Inputs<S>, base: Transcript) -> Transcript {
        let plan = &inputs.plan;
        // 1.3
        let helpers: Vec<_> = plan.helpers().map(PartyId::to_bytes).collect();
        base.field(S::NAME.as_bytes()).field(&plan.package().digest()).party(plan.lost()).list(helpers.into_iter())
    }

    fn hedge(inputs: &Inputs<S>, seed: Transcript) -> Transcript {
        match &inputs.part {
            Some(part) => seed.scalar::<S::Curve>(part.weighted.expose()),
            None => seed,
        }
    }

    fn start(inputs: Inputs<S>, context: &Context, _: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        check_params(&inputs, &context.params)?;
        let state = match start(inputs) {
            Rounds::Helper(round) => State::Helper1(round),
            Rounds::Recipient(round) => State::Recipient1(round),
        };
        Ok((Self(state), present()))
    }

    /// The largest broadcast is a row of p·h bytes, or the confirm.
    fn limits(_: &SessionParams, inputs: &Inputs<S>) -> Limits {
        let row = S::Curve::POINT_LEN * inputs.plan.helpers().len();
        // Somewhat more is kept, so that who sends too much is named.
        Limits { broadcast: 2 * row + 128, addressed: 0, sealed: 2 * (64 + 16) }
    }

    fn awaits(&self, _: &Context, from: PartyId) -> Parts {
        let (helpers, recipient) = self.0.awaits();
        if self.0.lost() == from { recipient } else { helpers }
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        match self.0 {
            State::Helper1(round) => Self::first(Rounds::Helper(round), context, inbox, rng),
            State::Recipient1(round) => Self::first(Rounds::Recipient(round), context, inbox, rng),
            State::Helper2(round) => Self::dealt(round, inbox),
            State::Recipient2(round) => Self::shown(round, inbox),
            State::Helper3(round) => {
                let lost = round.rows().plan().lost;
                hear(inbox, |id| id != lost)?;
                Ok(Self::go_on(State::Helper4(round), Outgoing::nothing()))
            }
            State::Recipient3(round) => Self::summed(round, inbox, rng),
            State::Helper4(round) => Self::confirmed(round, inbox),
        }
    }

    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        match &self.0 {
            State::Helper3(round) | State::Helper4(round) => round.rows().sealed_is_right(from, to, opened),
            State::Recipient3(round) => round.rows().sealed_is_right(from, to, opened),
            // Nothing sealed came before these.
            _ => true,
        }
    }

    /// A helper that has sent its sum hears what the others say, and judges it.
    fn draws_no_more(&self) -> bool {
        matches!(self.0, State::Helper3(_) | State::Helper4(_))
    }

    fn broadcasts(inputs: &Inputs<S>, round: u8, id: PartyId) -> bool {
        match round {
            3 => inputs.plan.helps(id),
            4 => id == inputs.plan.lost(),
            _ => true,
        }
    }

    fn judge(case: &Case<'_>, inputs: &Inputs<S>) -> Option<Fault> {
        judge::judge(case, &inputs.plan)
    }

    fn judge_sealed_part(
        case: &Case<'_>,
        inputs: &Inputs<S>,
        way: (PartyId, PartyId),
        opened: Option<&[u8]>,
    ) -> Option<bool> {
        judge::sealed_part(case, &inputs.plan, way, opened)
    }
}

/// The session's parties are helpers and recipient, with the identities of the plan.
fn check_params<S: Scheme>(inputs: &Inputs<S>, params: &SessionParams) -> Result<(), Usage> {
    let right = inputs.params(*params.label())?;
    if params.threshold() != right.threshold() {
        return Err(Usage::InvalidThreshold);
    }
    if params.me() != right.me() {
        return Err(Usage::UnknownParty(params.me()));
    }
    for (parties, others) in [(params.parties(), right.parties()), (right.parties(), params.parties())] {
        if let Some(id) = parties.ids().find(|id| !others.contains(*id)) {
            return Err(Usage::UnknownParty(id));
        }
    }
    if params.parties() == right.parties() { Ok(()) } else { Err(Usage::OtherIdentity) }
}
