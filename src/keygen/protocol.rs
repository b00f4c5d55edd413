//! Key generation as a session drives it: decodes what came in, encodes what goes out.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::certificate::{Certificate, Pending};
use super::deal::Terms;
use super::messages::Ack;
use super::round1::Round1;
use super::round2::Round2;
use super::round3::Round3;
use super::round4::Round4;
use super::{judge, mail, start};
use crate::curve::Curve;
use crate::error::{Fault, Usage};
use crate::key::{KeyShare, Scheme};
use crate::party::{PartyId, SessionParams, View};
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::session::Session;
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Wire;

/// Key generation, to be driven by a [`Session`](crate::session::Session).
///
/// The output is there after round 3, the session is finished after round 4: fund an address of the key
/// only then. After the confirm has left, keep [`Keygen::pending`] whatever happens.
#[derive(Debug)]
pub struct Keygen<S: Scheme>(Deal<S>);

/// The rounds of the inner protocol.
#[derive(Debug)]
enum Deal<S: Scheme> {
    Round1(Round1<S>),
    Round2(Round2<S>),
    Round3(Round3<S>),
    Round4(Round4<S>),
}

/// What the inner protocol does at the end of a round.
type Advance<S> = (Option<Deal<S>>, Outgoing, Option<KeyShare<S>>);

impl<S: Scheme> Keygen<S> {
    /// The pending share, from the confirm until the key share is there.
    pub fn pending(&self) -> Option<&Pending<S>> {
        match &self.0 {
            Deal::Round3(round) => Some(round.pending()),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(super) fn into_round2(self) -> Round2<S> {
        match self.0 {
            Deal::Round2(round) => round,
            other => panic!("{other:?}"),
        }
    }

    /// The key share once more, while acknowledgements are awaited: for a session that was taken up again.
    pub fn key_share(&self) -> Option<KeyShare<S>> {
        match &self.0 {
            Deal::Round4(round) => round.key_share(),
            _ => None,
        }
    }
}

impl<S: Scheme> Session<Keygen<S>> {
    /// The certificate, once the confirms of all are there: it makes any holder's pending share a key
    /// share. Give it to whoever asks.
    pub fn certificate(&self) -> Option<Certificate<S>> {
        Certificate::of_session(self, self.params().parties())
    }
}

impl<S: Scheme> Deal<S> {
    fn awaits(&self, from: PartyId) -> Parts {
        let (sends, parts) = match self {
            Self::Round1(round) => (round.terms().deals(from), Parts::BROADCAST),
            Self::Round2(round) => (round.terms().deals(from), Parts::BROADCAST_AND_SEALED),
            Self::Round3(round) => (round.terms().holders.contains(from), Parts::BROADCAST),
            Self::Round4(round) => (round.holds(from), Parts::BROADCAST),
        };
        if sends { parts } else { Parts::NONE }
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Advance<S>, Stop> {
        match self {
            Self::Round1(round) => first(round, context.view, inbox, rng),
            Self::Round2(round) => second(round, inbox, rng),
            Self::Round3(round) => third(round, inbox, rng),
            Self::Round4(round) => fourth(round, inbox),
        }
    }
}

fn first<S: Scheme>(
    round: Round1<S>,
    view: View,
    inbox: Inbox<Received>,
    rng: &mut TranscriptRng,
) -> Result<Advance<S>, Stop> {
    let greetings = mail::greetings(round.terms(), inbox)?;
    let shape = round.terms().shape();
    let (next, opening, shares) = round.open(view, greetings, rng);
    Ok((Some(Deal::Round2(next)), mail::deal_out(&opening, &shares, &shape), None))
}

fn second<S: Scheme>(round: Round2<S>, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Advance<S>, Stop> {
    let shape = round.terms().shape();
    let dealt = mail::dealt(round.terms(), inbox)?;
    let (next, confirm) = round.receive(dealt, rng)?;
    Ok((Some(Deal::Round3(next)), Outgoing::broadcast(confirm.encode(&shape)), None))
}

fn third<S: Scheme>(round: Round3<S>, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Advance<S>, Stop> {
    let confirms = mail::confirms(round.terms(), inbox)?;
    let (next, key, ack) = round.receive(confirms, rng)?;
    Ok((Some(Deal::Round4(next)), Outgoing::broadcast(ack.encode()), Some(key)))
}

fn fourth<S: Scheme>(round: Round4<S>, inbox: Inbox<Received>) -> Result<Advance<S>, Stop> {
    let inbox = mail::decode(inbox, |body, _| Ack::decode(body))?;
    round.receive(inbox)?;
    Ok((None, Outgoing::nothing(), None))
}

impl<S: Scheme> Protocol for Keygen<S> {
    const NAME: &'static str = "keygen";
    const CHANNELS: Channels = Channels::Accountable;
    const RESUMABLE: bool = true;
    type Inputs = ();
    type Output = KeyShare<S>;

    fn key((): &()) -> KeyRef {
        KeyRef::default()
    }

    fn absorb((): &(), base: Transcript) -> Transcript {
        base.field(S::NAME.as_bytes()).field(S::Curve::NAME.as_bytes())
    }

    fn hedge((): &(), seed: Transcript) -> Transcript {
        seed
    }

    fn start((): (), context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let (round, commit) = start(&context.params, context.base, context.hello.clone(), rng)?;
        let outgoing = Outgoing::broadcast(commit.commitment.to_vec());
        Ok((Self(Deal::Round1(round)), outgoing))
    }

    fn limits(params: &SessionParams, (): &()) -> Limits {
        mail::limits::<S::Curve>(params)
    }

    fn awaits(&self, _: &Context, from: PartyId) -> Parts {
        self.0.awaits(from)
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let (next, outgoing, output) = self.0.receive(context, inbox, rng)?;
        Ok(Step { next: next.map(Self), outgoing, output })
    }

    fn sealed_part_is_right(&self, from: PartyId, to: PartyId, opened: Option<&[u8]>) -> bool {
        match &self.0 {
            Deal::Round3(round) => round.sealed_part_is_right(from, to, opened),
            _ => false,
        }
    }

    fn judge(case: &Case<'_>, (): &()) -> Option<Fault> {
        judge::judge(case, &Terms::<S>::keygen(case.params, case.base))
    }

    fn judge_sealed_part(case: &Case<'_>, (): &(), way: (PartyId, PartyId), opened: Option<&[u8]>) -> Option<bool> {
        judge::judge_sealed_part(case, &Terms::<S>::keygen(case.params, case.base), way, opened)
    }

    fn has_promised(&self) -> bool {
        matches!(self.0, Deal::Round3(_) | Deal::Round4(_))
    }

    fn promise(&self) -> Option<Self> {
        match &self.0 {
            Deal::Round3(round) => Some(Self(Deal::Round3(round.duplicate()))),
            Deal::Round4(round) => Some(Self(Deal::Round4(round.duplicate()))),
            _ => None,
        }
    }

    fn record(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.0 {
            Deal::Round4(round) => Some(round.record()),
            _ => None,
        }
    }

    fn restore(record: &[u8]) -> Option<Self> {
        Round4::restore(record).map(|round| Self(Deal::Round4(round)))
    }
}
