//! Interactive signing: three rounds, the message known from the start.
//!
//! The two rounds of presigning for one presignature, which never leaves the session, and the online message
//! as the third. What is signed is in the base: parties that were asked for something else are foreign to each
//! other, and learn nothing.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use super::EcdsaScheme;
use super::burn::BurnLog;
use super::online::{OnlineShare, Pending, Request, respond};
use super::presign::{self, Finish, Log, Round1, Round2, Round3, Signer};
use super::signature::Signed;
use crate::error::{Abort, Error, Fault, Usage};
use crate::key::PublicKeyPackage;
use crate::party::{PartyId, SessionParams};
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::{Shape, Wire};

/// What signing is started with.
pub struct Inputs<S: EcdsaScheme> {
    presign: presign::Inputs<S>,
    request: Request<S>,
}

impl<S: EcdsaScheme> Inputs<S> {
    /// The inputs of a signer, made for a batch of 1. Burns go to the log, durably, before the session says
    /// that it has failed.
    ///
    /// # Errors
    /// [`Usage::TooMany`] for a signer of a larger batch; [`Usage::InvalidTweak`] if the key that is to sign is
    /// the identity.
    pub fn new(signer: Signer<S>, request: Request<S>, log: Arc<dyn BurnLog>) -> Result<Self, Usage> {
        request.child().key(&signer.key().joint_point())?;
        let presign = presign::Inputs::new(signer, log);
        if presign.batch() == 1 { Ok(Self { presign, request }) } else { Err(Usage::TooMany) }
    }

    /// What of the inputs everybody knows: enough to judge evidence, not to take part.
    pub fn public(key: PublicKeyPackage<S>, request: Request<S>) -> Self {
        Self { presign: presign::Inputs::public(key, 1), request }
    }
}

impl<S: EcdsaScheme> fmt::Debug for Inputs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({:?}, {:?})", self.presign.package(), self.request)
    }
}

/// Interactive signing, to be driven by a [`Session`](crate::session::Session). It cannot be suspended.
#[derive(Debug)]
pub struct Sign<S: EcdsaScheme> {
    rounds: Rounds<S>,
    request: Request<S>,
    log: Log,
}

#[derive(Debug)]
enum Rounds<S: EcdsaScheme> {
    Round1(Round1<S>),
    Round2(Round2<S>),
    Blame(Box<Round3<S>>),
    Online(Pending<S>),
}

/// The third round: what a signer says when all checks have passed.
fn online<S: EcdsaScheme>(made: Finish<S>, request: &Request<S>) -> Result<(Rounds<S>, Outgoing), Abort> {
    let impossible = || Abort::nobody(Fault::BadSignature);
    match made {
        Finish::Blame(next, shares) => {
            let outgoing = Outgoing::broadcast(shares.encode(&next.shape()));
            Ok((Rounds::Blame(next), outgoing))
        }
        Finish::Done(made) => {
            let presignature = made.into_iter().next().ok_or_else(impossible)?;
            let (share, pending) = respond(presignature, request).map_err(|error| match error {
                Error::Abort(abort) => abort,
                Error::Usage(_) => impossible(),
            })?;
            let shape = Shape { threshold: 0, parties: 0, batch: 1 };
            Ok((Rounds::Online(pending), Outgoing::broadcast(share.encode(&shape))))
        }
    }
}

/// The end of the online round.
pub(super) fn combine<S: EcdsaScheme>(pending: Pending<S>, inbox: Inbox<Received>) -> Result<Signed<S>, Abort> {
    let shape = Shape { threshold: 0, parties: 0, batch: 1 };
    let shares = inbox.try_map(Fault::Malformed, |_, received| OnlineShare::decode(&received.broadcast?, &shape))?;
    pending.combine(&shares).map_err(|error| match error {
        Error::Abort(abort) => abort,
        Error::Usage(_) => Abort::nobody(Fault::BroadcastsDiffer),
    })
}

impl<S: EcdsaScheme> Protocol for Sign<S> {
    const NAME: &'static str = "ecdsa-sign";
    const CHANNELS: Channels = Channels::Sealed;
    const RESUMABLE: bool = false;
    type Inputs = Inputs<S>;
    type Output = Signed<S>;

    fn key(inputs: &Inputs<S>) -> KeyRef {
        inputs.presign.key_ref()
    }

    fn absorb(inputs: &Inputs<S>, base: Transcript) -> Transcript {
        inputs.request.absorb(inputs.presign.absorb(base), inputs.presign.package())
    }

    fn hedge(inputs: &Inputs<S>, seed: Transcript) -> Transcript {
        inputs.presign.hedge(seed)
    }

    fn start(inputs: Inputs<S>, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let Inputs { presign, request } = inputs;
        let (round, log, outgoing) = presign.start(context, rng)?;
        Ok((Self { rounds: Rounds::Round1(round), request, log }, outgoing))
    }

    fn limits(params: &SessionParams, _: &Inputs<S>) -> Limits {
        presign::limits::<S>(params.parties().len(), 1)
    }

    fn awaits(&self, _: &Context, _: PartyId) -> Parts {
        match &self.rounds {
            Rounds::Round1(_) => Parts::BROADCAST_AND_ADDRESSED,
            Rounds::Round2(_) => Parts::ALL,
            Rounds::Blame(_) | Rounds::Online(_) => Parts::BROADCAST,
        }
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let Self { rounds, request, log } = self;
        let (rounds, outgoing) = match rounds {
            Rounds::Round1(round) => {
                let (next, outgoing) = presign::first(round, context, inbox, &*log.0, rng)?;
                (Rounds::Round2(next), outgoing)
            }
            Rounds::Round2(round) => online(presign::second(round, context, inbox, &*log.0, rng)?, &request)?,
            Rounds::Blame(round) => return Err(presign::third(round, inbox).into()),
            Rounds::Online(pending) => {
                let signed = combine(pending, inbox)?;
                return Ok(Step { next: None, outgoing: Outgoing::nothing(), output: Some(signed) });
            }
        };
        Ok(Step { next: Some(Self { rounds, request, log }), outgoing, output: None })
    }

    fn judge(case: &Case<'_>, _: &Self::Inputs) -> Option<Fault> {
        presign::judge::<S::Curve>(case)
    }
}
