//! FROST without a coordinator: every signer gets the signature, in a session that protects the lists.
//!
//! Two rounds, one broadcast each. The second is sent under the view of the first, so nobody signs, or is
//! blamed, under a list that others did not see. The nonces are bound to the session's base, which holds
//! the key, the request and the signers.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::NO_SHAPE;
use super::aggregate::finish;
use super::combined::Combined;
use super::list::{CommitmentList, check_signers};
use super::nonces::{NonceCommitments, Nonces, commit_in_session};
use super::request::{SigningRequest, Target};
use super::sign::{SignatureShare, respond};
use super::suite::Suite;
use crate::curve::encode_scalar;
use crate::error::{Abort, Fault, Usage};
use crate::key::KeyShare;
use crate::party::SessionParams;
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Wire;

/// What a signer brings to a signing session.
pub struct SigningInputs<S: Suite> {
    /// Its share of the key.
    pub key_share: Arc<KeyShare<S>>,
    /// What its own application has approved. All signers must bring the same.
    pub request: SigningRequest<S>,
}

impl<S: Suite> fmt::Debug for SigningInputs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningInputs").field("key_share", &self.key_share).field("request", &self.request).finish()
    }
}

/// First round: our commitments are out, the others' are awaited.
///
/// ```compile_fail,E0382
/// use cosigil::frost::{Ed25519Sha512, NonceCommitments, Round1};
/// use cosigil::round::Inbox;
///
/// type S = Ed25519Sha512;
/// fn twice(round: Round1<S>, one: Inbox<NonceCommitments<S>>, other: Inbox<NonceCommitments<S>>) {
///     let _ = round.receive(one);
///     let _ = round.receive(other);
/// }
/// ```
pub struct Round1<S: Suite> {
    inputs: SigningInputs<S>,
    target: Target<S>,
    nonces: Nonces<S>,
}

/// Second round: our signature share is out, the others' are awaited.
pub struct Round2<S: Suite> {
    inputs: SigningInputs<S>,
    combined: Combined<S>,
    list: CommitmentList<S>,
    share: SignatureShare<S>,
}

impl<S: Suite> Round1<S> {
    /// Step 5.1: check who signs with what, draw nonces. The commitments are to be broadcast.
    ///
    /// # Errors
    /// [`Usage`] if key, parameters and parties do not fit; [`Usage::BrokenRng`].
    pub fn start(
        inputs: SigningInputs<S>,
        context: &Context,
        rng: &mut impl rand_core::CryptoRng,
    ) -> Result<(Self, NonceCommitments<S>), Usage> {
        check_params(&inputs.key_share, &context.params)?;
        inputs.request.check(&inputs.key_share)?;
        let target = Target::new(inputs.key_share.public(), &inputs.request)?;
        let nonces = commit_in_session(&inputs.key_share, &context.base, rng)?;
        let commitments = *nonces.commitments();
        Ok((Self { inputs, target, nonces }, commitments))
    }

    /// Step 5.2: everybody's commitments are there; sign. The share is to be broadcast.
    ///
    /// # Errors
    /// [`Fault::IdentityNonce`], naming nobody.
    pub fn receive(self, commitments: Inbox<NonceCommitments<S>>) -> Result<(Round2<S>, SignatureShare<S>), Abort> {
        let key_share = &self.inputs.key_share;
        let mut list: BTreeMap<_, _> = commitments.into_iter().collect();
        list.insert(key_share.me(), *self.nonces.commitments());
        let list = CommitmentList::from_map(list);
        let combined = Combined::new(self.target, self.inputs.request.message(), &list)?;
        let share = respond(key_share, self.nonces, &combined, &list);
        Ok((Round2 { inputs: self.inputs, combined, list, share }, share))
    }
}

impl<S: Suite> Round2<S> {
    /// Step 5.3: everybody's shares are there; add up, verify.
    ///
    /// # Errors
    /// [`Fault::BadSignatureShare`], naming everybody whose share is wrong.
    pub fn receive(self, shares: Inbox<SignatureShare<S>>) -> Result<S::Signature, Abort> {
        let mut shares: BTreeMap<_, _> = shares.into_iter().collect();
        shares.insert(self.inputs.key_share.me(), self.share);
        let shares: Vec<_> = shares.into_values().collect();
        let public = self.inputs.key_share.public();
        finish(public, &self.combined, self.inputs.request.message(), &self.list, &shares)
    }
}

/// The signers are holders of shares, with the identities that the key knows; t is the key's.
fn check_params<S: Suite>(key_share: &KeyShare<S>, params: &SessionParams) -> Result<(), Usage> {
    let public = key_share.public();
    if params.threshold() != public.threshold() {
        return Err(Usage::InvalidThreshold);
    }
    if params.me() != key_share.me() {
        return Err(Usage::UnknownParty(params.me()));
    }
    check_signers(public, params.parties().len(), params.parties().ids())?;
    let other = params.parties().iter().any(|(id, identity)| public.parties().identity(id) != identity.as_ref());
    if other { Err(Usage::OtherIdentity) } else { Ok(()) }
}

impl<S: Suite> fmt::Debug for Round1<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Round1").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl<S: Suite> fmt::Debug for Round2<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Round2").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

/// Signing as a protocol that a [`Session`](crate::session::Session) drives.
///
/// The session's parties are the signers, at least t of the key's: [`KeyShare::session_params`] makes the parameters,
/// [`SigningInputs`] are the inputs. It has no bytes and cannot be resumed: a signer that restarts lets the session die,
/// and a new one is started.
#[derive(Debug)]
pub enum Signing<S: Suite> {
    /// Commitments are awaited.
    Round1(Round1<S>),
    /// Signature shares are awaited.
    Round2(Round2<S>),
}

impl<S: Suite> Protocol for Signing<S> {
    const NAME: &'static str = "frost-sign";
    const CHANNELS: Channels = Channels::Open;
    const RESUMABLE: bool = false;
    type Inputs = SigningInputs<S>;
    type Output = S::Signature;

    fn key(inputs: &Self::Inputs) -> KeyRef {
        let public = inputs.key_share.public();
        KeyRef { key_id: Some(public.key_id()), sharing: Some(public.sharing()) }
    }

    fn absorb(inputs: &Self::Inputs, base: Transcript) -> Transcript {
        let package = inputs.key_share.public().digest();
        base.field(S::NAME.as_bytes()).field(&package).field(&inputs.request.to_bytes())
    }

    fn hedge(inputs: &Self::Inputs, seed: Transcript) -> Transcript {
        let share = zeroize::Zeroizing::new(encode_scalar::<S::Curve>(inputs.key_share.secret().expose()));
        seed.field(&*share)
    }

    fn start(inputs: Self::Inputs, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let (round, commitments) = Round1::start(inputs, context, rng)?;
        Ok((Self::Round1(round), Outgoing::broadcast(commitments.encode(&NO_SHAPE))))
    }

    fn awaits(&self, _: &Context, _: crate::party::PartyId) -> Parts {
        Parts::BROADCAST
    }

    fn receive(self, _: &Context, inbox: Inbox<Received>, _: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        match self {
            Self::Round1(round) => {
                let (round, share) = round.receive(decode(inbox)?)?;
                let outgoing = Outgoing::broadcast(share.encode(&NO_SHAPE));
                Ok(Step { next: Some(Self::Round2(round)), outgoing, output: None })
            }
            Self::Round2(round) => {
                let signature = round.receive(decode(inbox)?)?;
                Ok(Step { next: None, outgoing: Outgoing::nothing(), output: Some(signature) })
            }
        }
    }

    fn judge(case: &Case<'_>, _: &Self::Inputs) -> Option<Fault> {
        let commitments = case.round1.get(&case.culprit);
        let share = case.broadcasts.get(&(2, case.culprit));
        let malformed = commitments.is_some_and(|(_, body)| NonceCommitments::<S>::decode(body, &NO_SHAPE).is_none())
            || share.is_some_and(|body| SignatureShare::<S>::decode(body, &NO_SHAPE).is_none());
        malformed.then_some(Fault::Malformed)
    }
}

/// Decodes everybody's broadcast; names all whose does not decode.
fn decode<M: Wire>(inbox: Inbox<Received>) -> Result<Inbox<M>, Abort> {
    inbox.try_map(Fault::Malformed, |_, received| M::decode(&received.broadcast?, &NO_SHAPE))
}
