//! Pair setup as a session drives it: decodes what came in, encodes what goes out.

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;

use super::higher::{HigherRound1, HigherRound2, HigherRound3};
use super::lower::{LowerRound1, LowerRound2, LowerRound3};
use super::messages::{Confirm, FromHigher, FromLower, Greeting, Points, SHAPE, ZeroPart};
use super::terms::Terms;
use super::{Rounds, start};
use crate::ecdsa::burn::{self, BurnLog, Peer};
use crate::ecdsa::pairs::Pair;
use crate::ecdsa::scheme::EcdsaScheme;
use crate::error::{Abort, Fault, Usage};
use crate::key::KeyShare;
use crate::ot::base::MESSAGE_LEN;
use crate::party::{KeyId, Label, Parties, PartyId, SessionParams, Sharing, Threshold};
use crate::round::{Case, Channels, Context, Inbox, KeyRef, Limits, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::secret::Secret;
use crate::transcript::{Transcript, TranscriptRng};
use crate::wire::Wire;

/// What a setup is started with: the key, the peer, the log.
pub struct Inputs<S: EcdsaScheme> {
    me: PartyId,
    peer: Peer,
    key_id: KeyId,
    sharing: Sharing,
    package: [u8; 32],
    pair: Parties,
    /// A hash of the share, against a bad generator.
    hedge: Secret<[u8; 32]>,
    log: Arc<dyn BurnLog>,
    scheme: PhantomData<S>,
}

impl<S: EcdsaScheme> Inputs<S> {
    /// The setup of this share's party with a peer.
    ///
    /// # Errors
    /// [`Usage::OperatorNeeded`] if three strikes count against the peer, [`Usage::StoreFailed`],
    /// [`Usage::UnknownParty`], [`Usage::DuplicateParty`] for a setup with oneself, [`Usage::RefreshFirst`].
    pub fn new(share: &KeyShare<S>, peer: PartyId, log: Arc<dyn BurnLog>) -> Result<Self, Usage> {
        let (public, me) = (share.public(), share.me());
        public.check_refreshed()?;
        let pair = public.parties().subset([me, peer])?;
        burn::check_standing(share, peer, &*log)?;
        let hedge = Transcript::new("setup-hedge").scalar::<S::Curve>(share.secret().expose()).secret();
        Ok(Self {
            me,
            peer: Peer::of(share, peer)?,
            key_id: public.key_id(),
            sharing: public.sharing(),
            package: public.digest(),
            pair,
            hedge,
            log,
            scheme: PhantomData,
        })
    }

    /// The parameters of the session: exactly the two parties, and a label made from the caller's.
    ///
    /// # Errors
    /// None that a valid key can cause.
    pub fn params(&self, label: &Label) -> Result<SessionParams, Usage> {
        let (lower, higher) = (self.me.min(self.peer.id), self.me.max(self.peer.id));
        let label = Transcript::new("setup-label").field(label.as_bytes()).party(lower).party(higher).digest();
        SessionParams::new(Label::from_bytes(label), self.me, Threshold::new(2)?, self.pair.clone())
    }
}

impl<S: EcdsaScheme> fmt::Debug for Inputs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inputs({} {}, {:?} with {:?})", S::NAME, self.key_id, self.me, self.peer.id)
    }
}

/// Pair setup, to be driven by a [`Session`](crate::session::Session) of the two parties.
///
/// The output is the pair, pending: store it before what came with it leaves. It becomes active by itself
/// when the session is finished.
#[derive(Debug)]
pub struct Setup<S: EcdsaScheme>(State, PhantomData<S>);

#[derive(Debug)]
enum State {
    Lower1(LowerRound1),
    Lower2(LowerRound2),
    Lower3(LowerRound3),
    Higher1(HigherRound1),
    Higher2(HigherRound2),
    Higher3(HigherRound3),
}

/// What the protocol does at the end of a round.
type Advance = (Option<State>, Outgoing, Option<Arc<Pair>>);

impl State {
    /// The round whose end it waits for. In the rounds before that the peer sends nothing.
    fn due(&self) -> u8 {
        match self {
            Self::Lower1(_) | Self::Higher1(_) => 1,
            Self::Lower2(_) => 2,
            Self::Higher2(_) => 3,
            Self::Lower3(_) => 4,
            Self::Higher3(_) => 5,
        }
    }

    fn parts(&self) -> Parts {
        match self {
            Self::Lower2(_) | Self::Higher2(_) => Parts::BROADCAST_AND_SEALED,
            _ => Parts::BROADCAST,
        }
    }

    fn receive(self, context: &Context, peer: PartyId, mail: &Mail, rng: &mut TranscriptRng) -> Result<Advance, Abort> {
        let malformed = || Abort::of(Fault::Malformed, [peer]);
        let zero = || ZeroPart::decode(mail.sealed?, &SHAPE);
        match self {
            Self::Lower1(round) => {
                let next = round.receive(context.view, &mail.greeting().ok_or_else(malformed)?);
                Ok((Some(Self::Lower2(next)), Outgoing::nothing(), None))
            }
            Self::Higher1(round) => {
                let greeting = mail.greeting().ok_or_else(malformed)?;
                let (next, flight, zero) = round.receive(context.view, &greeting, rng)?;
                Ok((Some(Self::Higher2(next)), with_zero(peer, &flight, &zero), None))
            }
            Self::Lower2(round) => {
                let flight = FromHigher::decode(mail.broadcast, &SHAPE).ok_or_else(malformed)?;
                let (next, flight, to_peer) = round.receive(flight, zero(), rng)?;
                let pair = Arc::clone(next.pair());
                Ok((Some(Self::Lower3(next)), with_zero(peer, &flight, &to_peer), Some(pair)))
            }
            Self::Higher2(round) => {
                let flight = FromLower::decode(mail.broadcast, &SHAPE).ok_or_else(malformed)?;
                let (next, confirm) = round.receive(&flight, zero())?;
                let pair = Arc::clone(next.pair());
                Ok((Some(Self::Higher3(next)), Outgoing::broadcast(confirm.encode(&SHAPE)), Some(pair)))
            }
            Self::Lower3(round) => {
                let confirm = Confirm::decode(mail.broadcast, &SHAPE).ok_or_else(malformed)?;
                let (_, confirm) = round.receive(&confirm)?;
                Ok((None, Outgoing::broadcast(confirm.encode(&SHAPE)), None))
            }
            Self::Higher3(round) => {
                let confirm = Confirm::decode(mail.broadcast, &SHAPE).ok_or_else(malformed)?;
                round.receive(&confirm)?;
                Ok((None, Outgoing::nothing(), None))
            }
        }
    }
}

/// A broadcast with a private part for the peer.
fn with_zero(peer: PartyId, flight: &impl Wire, zero: &ZeroPart) -> Outgoing {
    let sealed = alloc::vec![(peer, zero.encode_secret(&SHAPE))];
    Outgoing { broadcast: Some(flight.encode(&SHAPE)), sealed, ..Outgoing::default() }
}

/// What the peer sent in one round, as bytes.
struct Mail<'a> {
    hello: &'a [u8],
    broadcast: &'a [u8],
    sealed: Option<&'a [u8]>,
}

impl Mail<'_> {
    fn greeting(&self) -> Option<Greeting> {
        Some(Greeting { nonce: nonce(self.hello)?, points: Points::decode(self.broadcast, &SHAPE)? })
    }
}

/// The nonce that a session puts first.
fn nonce(hello: &[u8]) -> Option<[u8; 32]> {
    hello.first_chunk().copied()
}

impl<S: EcdsaScheme> Protocol for Setup<S> {
    const NAME: &'static str = "ecdsa-setup";
    const CHANNELS: Channels = Channels::Sealed;
    const RESUMABLE: bool = false;
    type Inputs = Inputs<S>;
    type Output = Arc<Pair>;

    fn key(inputs: &Inputs<S>) -> KeyRef {
        KeyRef { key_id: Some(inputs.key_id), sharing: Some(inputs.sharing) }
    }

    fn absorb(inputs: &Inputs<S>, base: Transcript) -> Transcript {
        base.field(S::NAME.as_bytes()).field(S::PARAMETERS.as_bytes()).field(&inputs.package)
    }

    fn hedge(inputs: &Inputs<S>, seed: Transcript) -> Transcript {
        seed.field(inputs.hedge.expose())
    }

    fn start(inputs: Inputs<S>, context: &Context, rng: &mut TranscriptRng) -> Result<(Self, Outgoing), Usage> {
        if context.params.me() != inputs.me || *context.params.parties() != inputs.pair {
            return Err(Usage::OtherIdentity);
        }
        let Inputs { me, peer, sharing, log, .. } = inputs;
        let terms = Terms { me, peer, sharing, base: context.base, log };
        let nonce = nonce(&context.hello).ok_or(Usage::Malformed)?;
        let (rounds, points) = start(terms, nonce, rng)?;
        let state = match rounds {
            Rounds::Lower(round) => State::Lower1(round),
            Rounds::Higher(round) => State::Higher1(round),
        };
        Ok((Self(state, PhantomData), Outgoing::broadcast(points.encode(&SHAPE))))
    }

    /// The longest is flight 1, 8256 bytes.
    fn limits(_: &SessionParams, _: &Inputs<S>) -> Limits {
        Limits { broadcast: MESSAGE_LEN + 1024, addressed: 0, sealed: 1024 }
    }

    fn awaits(&self, context: &Context, _: PartyId) -> Parts {
        if context.round.saturating_add(1) == self.0.due() { self.0.parts() } else { Parts::NONE }
    }

    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        if context.round < self.0.due() {
            return Ok(Step { next: Some(self), outgoing: Outgoing::nothing(), output: None });
        }
        let Some((peer, received)) = inbox.iter().next() else {
            return Err(Abort::nobody(Fault::Malformed).into());
        };
        let mail = Mail {
            hello: &received.hello,
            broadcast: received.broadcast.as_deref().unwrap_or_default(),
            sealed: received.sealed.as_ref().and_then(|sealed| sealed.as_ref()).map(|bytes| bytes.as_slice()),
        };
        let (next, outgoing, output) = self.0.receive(context, peer, &mail, rng)?;
        Ok(Step { next: next.map(|state| Self(state, PhantomData)), outgoing, output })
    }

    fn judge(case: &Case<'_>, _: &Self::Inputs) -> Option<Fault> {
        let lower = case.params.parties().ids().next() == Some(case.culprit);
        let greets = case.round1.get(&case.culprit).is_none_or(|(_, body)| Points::decode(body, &SHAPE).is_some());
        let decodes = |round: u8, test: fn(&[u8]) -> bool| {
            case.broadcasts.get(&(round, case.culprit)).is_none_or(|body| test(body))
        };
        let confirms = |body: &[u8]| Confirm::decode(body, &SHAPE).is_some();
        let rest = if lower {
            decodes(3, |body| FromLower::decode(body, &SHAPE).is_some()) && decodes(5, confirms)
        } else {
            decodes(2, |body| FromHigher::decode(body, &SHAPE).is_some()) && decodes(4, confirms)
        };
        (!(greets && rest)).then_some(Fault::Malformed)
    }
}
