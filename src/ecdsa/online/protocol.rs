//! Online signing as a session drives it: one broadcast.

use alloc::sync::Arc;
use core::fmt;

use super::{OnlineShare, Pending, Request, sign};
use crate::ecdsa::EcdsaScheme;
use crate::ecdsa::presign::check_parties;
use crate::ecdsa::presignature::Presignature;
use crate::ecdsa::sign::combine;
use crate::ecdsa::signature::Signed;
use crate::ecdsa::store::PresignatureStore;
use crate::error::{Error, Usage};
use crate::key::PublicKeyPackage;
use crate::party::PartyId;
use crate::round::{Channels, Context, Inbox, KeyRef, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::{Shape, Wire};

/// What online signing is started with. The presignature is spent when the session has started.
pub struct Inputs<S: EcdsaScheme> {
    /// The presignature. Its signers are the parties of the session, all of them.
    pub presignature: Presignature<S>,
    /// The package of the sharing that this party now holds.
    pub key: PublicKeyPackage<S>,
    /// What to sign.
    pub request: Request<S>,
    /// Where it is remembered that the presignature is spent.
    pub store: Arc<dyn PresignatureStore>,
}

impl<S: EcdsaScheme> fmt::Debug for Inputs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({:?}, {:?}, {:?})", self.presignature.id(), self.key, self.request)
    }
}

/// Online signing, to be driven by a [`Session`](crate::session::Session): one message from each signer.
///
/// Signers that were asked for different signatures have different bases and are foreign to each other:
/// the session waits, lists them by [`conflicts`](crate::session::Session::conflicts), and the presignature is
/// spent.
#[derive(Debug)]
pub struct Online<S: EcdsaScheme>(Pending<S>);

impl<S: EcdsaScheme> Protocol for Online<S> {
    const NAME: &'static str = "ecdsa-online";
    const CHANNELS: Channels = Channels::Open;
    const RESUMABLE: bool = false;
    type Inputs = Inputs<S>;
    type Output = Signed<S>;

    fn key(inputs: &Inputs<S>) -> KeyRef {
        KeyRef { key_id: Some(inputs.key.key_id()), sharing: Some(inputs.key.sharing()) }
    }

    fn absorb(inputs: &Inputs<S>, base: Transcript) -> Transcript {
        let base = base.field(S::NAME.as_bytes()).field(&inputs.key.digest());
        inputs.request.absorb(base.field(inputs.presignature.id().as_bytes()), &inputs.key)
    }

    fn hedge(_: &Inputs<S>, seed: Transcript) -> Transcript {
        seed
    }

    fn start(inputs: Inputs<S>, context: &Context, _: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        let Inputs { presignature, key, request, store } = inputs;
        let params = &context.params;
        if !presignature.signers().iter().copied().eq(params.parties().ids()) {
            return Err(Usage::WrongNumberOfSigners);
        }
        if presignature.me() != params.me() {
            return Err(Usage::UnknownParty(params.me()));
        }
        check_parties(params, &key)?;
        let (share, pending) = sign(presignature, &key, &request, &*store).map_err(|error| match error {
            Error::Usage(usage) => usage,
            Error::Abort(_) => Usage::Identity,
        })?;
        let shape = Shape { threshold: 0, parties: 0, batch: 1 };
        Ok((Self(pending), Outgoing::broadcast(OnlineShare::encode(&share, &shape))))
    }

    fn awaits(&self, _: &Context, _: PartyId) -> Parts {
        Parts::BROADCAST
    }

    fn receive(self, _: &Context, inbox: Inbox<Received>, _: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let signed = combine(self.0, inbox)?;
        Ok(Step { next: None, outgoing: Outgoing::nothing(), output: Some(signed) })
    }
}
