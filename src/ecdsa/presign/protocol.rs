//! Presigning as a session drives it: decodes what came in, encodes what goes out.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::messages::{Commit, Dealt, Greeting, Invitation, Opening, Ties, ZeroShares, committed};
use super::round1::Round1;
use super::round2::{Finish, Round2};
use super::round3::Round3;
use super::signer::{Signer, check_parties};
use crate::commitment::HashCommitment;
use crate::curve::Curve;
use crate::ecdsa::EcdsaScheme;
use crate::ecdsa::burn::BurnLog;
use crate::ecdsa::presignature::Presignature;
use crate::error::{Abort, Fault, Usage};
use crate::key::{PublicKeyPackage, Scheme};
use crate::mul::rvole::{Batch, Request, Response};
use crate::party::{PartyId, SessionParams};
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::{Shape, Wire};

/// The most that a sealing adds.
const TAG_LEN: usize = 16;

/// What presigning is started with.
pub struct Inputs<S: EcdsaScheme> {
    key: PublicKeyPackage<S>,
    batch: usize,
    signer: Option<(Signer<S>, Arc<dyn BurnLog>)>,
}

impl<S: EcdsaScheme> Inputs<S> {
    /// The inputs of a signer. Burns go to the log, durably, before the session says that it has failed.
    pub fn new(signer: Signer<S>, log: Arc<dyn BurnLog>) -> Self {
        Self { key: signer.key.clone(), batch: signer.batch.get(), signer: Some((signer, log)) }
    }

    /// What of the inputs everybody knows: enough to judge evidence
    /// ([`Evidence::judge`](crate::session::Evidence::judge)), not to take part.
    pub fn public(key: PublicKeyPackage<S>, batch: usize) -> Self {
        Self { key, batch, signer: None }
    }

    pub(in crate::ecdsa) fn package(&self) -> &PublicKeyPackage<S> {
        &self.key
    }

    pub(in crate::ecdsa) fn key_ref(&self) -> KeyRef {
        KeyRef { key_id: Some(self.key.key_id()), sharing: Some(self.key.sharing()) }
    }

    pub(in crate::ecdsa) fn batch(&self) -> usize {
        self.batch
    }

    /// Suite, parameters, package, N.
    pub(in crate::ecdsa) fn absorb(&self, base: Transcript) -> Transcript {
        let batch = u64::try_from(self.batch).unwrap_or(u64::MAX);
        base.field(S::NAME.as_bytes()).field(S::PARAMETERS.as_bytes()).field(&self.key.digest()).number(batch)
    }

    pub(in crate::ecdsa) fn hedge(&self, seed: Transcript) -> Transcript {
        match &self.signer {
            Some((signer, _)) => signer.hedge(seed),
            None => seed,
        }
    }

    /// The first state and the parts of round 1.
    pub(in crate::ecdsa) fn start(
        self,
        context: &Context,
        rng: &mut TranscriptRng,
    ) -> Result<(Round1<S>, Log, Outgoing), Usage> {
        let (signer, log) = self.signer.ok_or(Usage::InvalidShare)?;
        if !signer.signers.iter().copied().eq(context.params.parties().ids()) || signer.me != context.params.me() {
            return Err(Usage::UnknownParty(context.params.me()));
        }
        check_parties(&context.params, &signer.key)?;
        if context.params.threshold() != signer.key.threshold() {
            return Err(Usage::InvalidThreshold);
        }
        let shape = signer.shape();
        let (round, commit, invitations) = Round1::start(signer, context.base, &context.hello, rng)?;
        let addressed = invitations.iter().map(|(id, invitation)| (*id, invitation.encode(&shape))).collect();
        let outgoing = Outgoing { broadcast: Some(commit.encode(&shape)), addressed, sealed: Vec::new() };
        Ok((round, Log(log), outgoing))
    }
}

impl<S: EcdsaScheme> fmt::Debug for Inputs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({:?}, {} at a time)", self.key, self.batch)
    }
}

/// The end of round 1.
pub(in crate::ecdsa) fn first<S: EcdsaScheme>(
    round: Round1<S>,
    context: &Context,
    inbox: Inbox<Received>,
    log: &dyn BurnLog,
    rng: &mut TranscriptRng,
) -> Result<(Round2<S>, Outgoing), Abort> {
    let shape = round.shape();
    let greetings = inbox.try_map(Fault::Malformed, |_, received| {
        let commit = Commit::decode(&received.broadcast?, &shape)?;
        let invitation = Invitation::decode(&received.addressed?, &shape)?;
        Some(Greeting { hello: received.hello, commit, invitation })
    })?;
    let (next, opening, answers) = round.receive(context.view, greetings, log, rng)?;
    let addressed = answers.iter().map(|(id, answer)| (*id, answer.ties.encode(&shape))).collect();
    let sealed = answers.iter().map(|(id, answer)| (*id, answer.response.encode_secret(&shape))).collect();
    Ok((next, Outgoing { broadcast: Some(opening.encode(&shape)), addressed, sealed }))
}

/// The end of round 2.
pub(in crate::ecdsa) fn second<S: EcdsaScheme>(
    round: Round2<S>,
    context: &Context,
    inbox: Inbox<Received>,
    log: &dyn BurnLog,
    rng: &mut TranscriptRng,
) -> Result<Finish<S>, Abort> {
    let shape = round.signer.shape();
    let dealt = inbox.try_map(Fault::Malformed, |_, received| {
        let opening = Opening::decode(&received.broadcast?, &shape)?;
        // The header has our view: a body that says otherwise is wrong by itself.
        let opening = Some(opening).filter(|opening| opening.view == *context.view.as_bytes())?;
        let ties = Ties::decode(&received.addressed?, &shape)?;
        let response = received.sealed.flatten().and_then(|bytes| Response::decode(&bytes, &shape));
        Some(Dealt { opening, ties, response })
    })?;
    round.receive(context.broadcasts, dealt, log, rng)
}

/// The end of round 3, after a wrong sum of key images.
pub(in crate::ecdsa) fn third<S: EcdsaScheme>(round: Box<Round3<S>>, inbox: Inbox<Received>) -> Abort {
    let shape = round.shape();
    let shares = inbox.try_map(Fault::Malformed, |_, received| ZeroShares::decode(&received.broadcast?, &shape));
    match shares {
        Ok(shares) => round.receive(&shares),
        Err(abort) => abort,
    }
}

/// What a party's broadcasts of rounds 1 and 2 convict it of, for those who were not there.
pub(in crate::ecdsa) fn judge<C: Curve>(case: &Case<'_>) -> Option<Fault> {
    let (hello, commit) = case.round1.get(&case.culprit)?;
    let shape = |batch| Shape { threshold: 0, parties: case.params.parties().len(), batch };
    let Some(commit) = Commit::decode(commit, &shape(1)) else { return Some(Fault::Malformed) };
    let body = case.broadcasts.get(&(2, case.culprit))?;
    let opening = opening_of::<C>(body, shape);
    let Some(opening) = opening.filter(|opening| opening.view == *case.view.as_bytes()) else {
        return Some(Fault::Malformed);
    };
    let value = committed(&case.base, case.culprit, hello, &opening.nonces);
    (!HashCommitment(commit.commitment).opens_to(value, &opening.blinding)).then_some(Fault::BadOpening)
}

/// An opening for as many indices as its length allows.
fn opening_of<C: Curve>(body: &[u8], shape: impl Fn(usize) -> Shape) -> Option<Opening<C>> {
    let batch = body.len().checked_sub(64)?.checked_div(2 * C::POINT_LEN)?;
    Opening::decode(body, &shape(Batch::new(batch)?.get()))
}

/// Presigning, to be driven by a [`Session`](crate::session::Session): up to 256 presignatures at once.
///
/// It cannot be suspended. After an abort nothing of it is left.
#[derive(Debug)]
pub struct Presign<S: EcdsaScheme> {
    rounds: Rounds<S>,
    log: Log,
}

#[derive(Debug)]
enum Rounds<S: EcdsaScheme> {
    Round1(Round1<S>),
    Round2(Round2<S>),
    Round3(Box<Round3<S>>),
}

/// The burn log of a session.
#[derive(Clone)]
pub(in crate::ecdsa) struct Log(pub(in crate::ecdsa) Arc<dyn BurnLog>);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log(..)")
    }
}

/// The longest bodies. Somewhat more is kept, so that who sends too much is named.
pub(in crate::ecdsa) fn limits<S: EcdsaScheme>(parties: usize, batch: usize) -> Limits {
    let shape = Shape { threshold: 0, parties, batch };
    let sealed = Response::<<S as Scheme>::Curve, S::Parameters>::size(&shape) + TAG_LEN;
    let invitation = Request::<S::Parameters>::size(&shape);
    Limits {
        broadcast: 1024 + batch * (66 + 32 * parties),
        addressed: 1024 + invitation + 98 * batch,
        sealed: sealed + 1024,
    }
}

impl<S: EcdsaScheme> Protocol for Presign<S> {
    const NAME: &'static str = "ecdsa-presign";
    const CHANNELS: Channels = Channels::Sealed;
    const RESUMABLE: bool = false;
    type Inputs = Inputs<S>;
    type Output = Vec<Presignature<S>>;

    fn key(inputs: &Inputs<S>) -> KeyRef {
        inputs.key_ref()
    }

    fn absorb(inputs: &Inputs<S>, base: Transcript) -> Transcript {
        inputs.absorb(base)
    }

    fn hedge(inputs: &Inputs<S>, seed: Transcript) -> Transcript {
        inputs.hedge(seed)
    }

    fn start(inputs: Inputs<S>, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let (round, log, outgoing) = inputs.start(context, rng)?;
        Ok((Self { rounds: Rounds::Round1(round), log }, outgoing))
    }

    /// An answer for 256 presignatures is 10 MB.
    fn limits(params: &SessionParams, inputs: &Inputs<S>) -> Limits {
        limits::<S>(params.parties().len(), inputs.batch())
    }

    fn awaits(&self, _: &Context, _: PartyId) -> Parts {
        match &self.rounds {
            Rounds::Round1(_) => Parts::BROADCAST_AND_ADDRESSED,
            Rounds::Round2(_) => Parts::ALL,
            Rounds::Round3(_) => Parts::BROADCAST,
        }
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let Self { rounds, log } = self;
        match rounds {
            Rounds::Round1(round) => {
                let (next, outgoing) = first(round, context, inbox, &*log.0, rng)?;
                Ok(Step { next: Some(Self { rounds: Rounds::Round2(next), log }), outgoing, output: None })
            }
            Rounds::Round2(round) => match second(round, context, inbox, &*log.0, rng)? {
                Finish::Done(made) => Ok(Step { next: None, outgoing: Outgoing::nothing(), output: Some(made) }),
                Finish::Blame(next, shares) => {
                    let outgoing = Outgoing::broadcast(shares.encode(&next.shape()));
                    Ok(Step { next: Some(Self { rounds: Rounds::Round3(next), log }), outgoing, output: None })
                }
            },
            Rounds::Round3(round) => Err(third(round, inbox).into()),
        }
    }

    fn judge(case: &Case<'_>, _: &Self::Inputs) -> Option<Fault> {
        judge::<S::Curve>(case)
    }
}
