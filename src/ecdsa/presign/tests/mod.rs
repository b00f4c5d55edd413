//! Presigning and signing: teams of honest parties, and parties that cheat.

mod blame;
mod cheats;
mod fields;
mod honest;
mod probes;
mod setups;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use super::{Inputs, Signer};
use crate::curve::{Scalar, random_scalar};
use crate::ecdsa::burn::MemoryBurnLog;
use crate::ecdsa::online::{Child, Request};
use crate::ecdsa::pairs::{PairStates, testing::all_pairs};
use crate::ecdsa::sign;
use crate::ecdsa::signature::Prehash;
use crate::ecdsa::{EcdsaScheme, presignature::Presignature};
use crate::error::{Abort, Consequence, Error, Fault, Usage};
use crate::hazmat::split;
use crate::key::KeyShare;
use crate::party::{Label, Parcel, Parties, PartyId, SessionParams, Threshold};
use crate::round::{Channels, Context, Inbox, KeyRef, Outgoing, Parts, Protocol, Received, Step, Stop};
use crate::secret::Secret;
use crate::session::{Identity, Session};
use crate::transcript::{Transcript, TranscriptRng};

pub(crate) fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

pub(crate) fn identity(n: PartyId) -> Identity {
    let [high, low] = n.to_bytes();
    Identity::from_seed(&Secret::new([high ^ low.wrapping_mul(3); 32]))
}

/// The parties of a key made by a trusted dealer, with pairs made by a trusted hand.
pub(crate) struct Team<S: EcdsaScheme> {
    pub(crate) shares: BTreeMap<PartyId, KeyShare<S>>,
    pub(crate) states: BTreeMap<PartyId, PairStates<S>>,
    pub(crate) logs: BTreeMap<PartyId, Arc<MemoryBurnLog>>,
    pub(crate) secret: Scalar<S::Curve>,
}

impl<S: EcdsaScheme> Team<S> {
    pub(crate) fn new(t: u16, n: u16, seed: u64) -> Self {
        Self::of(t, &(1..=n).collect::<Vec<_>>(), seed)
    }

    pub(crate) fn of(t: u16, ids: &[u16], seed: u64) -> Self {
        let mut rng = Transcript::new("ecdsa-team-test").field(S::NAME.as_bytes()).number(seed).rng();
        let parties = Parties::new(ids.iter().map(|n| (id(*n), identity(id(*n)).public()))).unwrap();
        let secret = random_scalar::<S::Curve>(&mut rng);
        let shares = split::<S>(&secret, Threshold::new(t).unwrap(), &parties, &mut rng).unwrap();
        let states = all_pairs(&shares, seed);
        let states = shares.iter().map(KeyShare::me).zip(states).collect();
        let logs = shares.iter().map(|share| (share.me(), Arc::new(MemoryBurnLog::new()))).collect();
        let secret = *secret.expose();
        Self { shares: shares.into_iter().map(|share| (share.me(), share)).collect(), states, logs, secret }
    }

    pub(crate) fn first(&self) -> &KeyShare<S> {
        self.shares.values().next().unwrap()
    }

    pub(crate) fn params(&self, me: PartyId, signers: &[u16], label: u8) -> SessionParams {
        let public = self.first().public();
        let parties = public.parties().subset(signers.iter().map(|n| id(*n))).unwrap();
        SessionParams::new(Label::from_bytes([label; 32]), me, public.threshold(), parties).unwrap()
    }

    pub(crate) fn signer(&self, me: PartyId, signers: &[u16], batch: usize) -> Result<Signer<S>, Usage> {
        let params = self.params(me, signers, 0);
        Signer::new(&params, &self.shares[&me], &self.states[&me], &*self.logs[&me], batch)
    }

    pub(crate) fn sign_inputs(&self, me: PartyId, signers: &[u16], request: Request<S>) -> sign::Inputs<S> {
        sign::Inputs::new(self.signer(me, signers, 1).unwrap(), request, self.logs[&me].clone()).unwrap()
    }

    pub(crate) fn presign_inputs(&self, me: PartyId, signers: &[u16], batch: usize) -> Inputs<S> {
        Inputs::new(self.signer(me, signers, batch).unwrap(), self.logs[&me].clone())
    }

    /// A session of interactive signing; some of the parties may cheat.
    pub(crate) fn sign(&self, signers: &[u16], request: Request<S>, label: u8, cheats: Cheats) -> Net<sign::Sign<S>> {
        let inputs = signers.iter().map(|n| (id(*n), self.sign_inputs(id(*n), signers, request))).collect();
        Net::start(|me| self.params(me, signers, label), inputs, cheats)
    }

    /// A session of presigning; some of the parties may cheat.
    pub(crate) fn presign(&self, signers: &[u16], batch: usize, label: u8, cheats: Cheats) -> Net<super::Presign<S>> {
        let inputs = signers.iter().map(|n| (id(*n), self.presign_inputs(id(*n), signers, batch))).collect();
        Net::start(|me| self.params(me, signers, label), inputs, cheats)
    }

    /// Presignatures of honest signers: of each of them a list.
    pub(crate) fn presignatures(&self, signers: &[u16], batch: usize, label: u8) -> Vec<Vec<Presignature<S>>> {
        let net = self.presign(signers, batch, label, Cheats::new()).run();
        net.outcomes.into_values().map(|outcome| outcome.output.unwrap()).collect()
    }

    /// Whether nothing has been recorded about anybody.
    pub(crate) fn nothing_is_burned(&self) -> bool {
        use crate::ecdsa::burn::{BurnLog, Peer};
        let strikes =
            |share: &KeyShare<S>, of| self.logs[&share.me()].strikes(&Peer::of(share, of).unwrap()).unwrap().total;
        self.shares.values().all(|share| share.public().parties().peers(share.me()).all(|of| strikes(share, of) == 0))
    }
}

pub(crate) fn request<S: EcdsaScheme>(message: u64) -> Request<S> {
    Request::new(prehash(message), Child::ITSELF).unwrap()
}

pub(crate) fn prehash(message: u64) -> Prehash {
    Prehash::new(Transcript::new("ecdsa-message-test").number(message).digest())
}

/// What a cheat does to what it sends: the round, and everything that goes out.
pub(crate) type Tamper = Box<dyn Fn(u8, &mut Outgoing)>;
pub(crate) type Cheats = BTreeMap<PartyId, Tamper>;

pub(crate) fn cheat(n: u16, tamper: impl Fn(u8, &mut Outgoing) + 'static) -> Cheats {
    Cheats::from([(id(n), Box::new(tamper) as Tamper)])
}

/// A protocol whose messages are changed before they are signed and sealed.
pub(crate) struct Cheating<P> {
    inner: P,
    tamper: Option<Tamper>,
}

impl<P: Protocol> Protocol for Cheating<P> {
    const NAME: &'static str = P::NAME;
    const CHANNELS: Channels = P::CHANNELS;
    const RESUMABLE: bool = P::RESUMABLE;
    type Inputs = (P::Inputs, Option<Tamper>);
    type Output = P::Output;

    fn key((inputs, _): &Self::Inputs) -> KeyRef {
        P::key(inputs)
    }
    fn absorb((inputs, _): &Self::Inputs, base: Transcript) -> Transcript {
        P::absorb(inputs, base)
    }
    fn hedge((inputs, _): &Self::Inputs, seed: Transcript) -> Transcript {
        P::hedge(inputs, seed)
    }
    fn start(
        (inputs, tamper): Self::Inputs,
        context: &Context,
        rng: &mut TranscriptRng,
    ) -> Result<(Self, Outgoing), Usage> {
        let (inner, mut outgoing) = P::start(inputs, context, rng)?;
        if let Some(tamper) = &tamper {
            tamper(1, &mut outgoing);
        }
        Ok((Self { inner, tamper }, outgoing))
    }
    fn limits(params: &SessionParams, inputs: &Self::Inputs) -> crate::round::Limits {
        P::limits(params, &inputs.0)
    }
    fn awaits(&self, context: &Context, from: PartyId) -> Parts {
        self.inner.awaits(context, from)
    }
    fn receive(self, context: &Context, inbox: Inbox<Received>, rng: &mut TranscriptRng) -> Result<Step<Self>, Stop> {
        let mut step = self.inner.receive(context, inbox, rng)?;
        if let Some(tamper) = &self.tamper {
            tamper(context.round + 1, &mut step.outgoing);
        }
        let next = step.next.map(|inner| Self { inner, tamper: self.tamper });
        Ok(Step { next, outgoing: step.outgoing, output: step.output })
    }
}

/// What became of a session.
pub(crate) struct Outcome<T> {
    pub(crate) output: Option<T>,
    pub(crate) abort: Option<Abort>,
}

/// Sessions and the messages between them.
pub(crate) struct Net<P: Protocol> {
    pub(crate) sessions: BTreeMap<PartyId, Session<Cheating<P>>>,
    pub(crate) outcomes: BTreeMap<PartyId, Outcome<P::Output>>,
    pub(crate) queue: VecDeque<(PartyId, Vec<u8>)>,
    /// Everything that was ever under way: sender, recipient, bytes.
    pub(crate) log: Vec<(PartyId, PartyId, Vec<u8>)>,
}

impl<P: Protocol> Net<P> {
    pub(crate) fn start(
        params: impl Fn(PartyId) -> SessionParams,
        inputs: BTreeMap<PartyId, P::Inputs>,
        mut cheats: Cheats,
    ) -> Self {
        let mut net =
            Self { sessions: BTreeMap::new(), outcomes: BTreeMap::new(), queue: VecDeque::new(), log: Vec::new() };
        let mut first = Vec::new();
        for (me, inputs) in inputs {
            let params = params(me);
            // Fresh for every session: a label may repeat, a nonce does not.
            static SESSIONS: AtomicU64 = AtomicU64::new(0);
            let mut rng = Transcript::new("ecdsa-net-test").number(SESSIONS.fetch_add(1, Ordering::Relaxed)).rng();
            let (session, parcels) =
                Session::start(params, &identity(me), (inputs, cheats.remove(&me)), &mut rng).unwrap();
            net.sessions.insert(me, session);
            net.outcomes.insert(me, Outcome { output: None, abort: None });
            first.push((me, parcels));
        }
        first.into_iter().for_each(|(me, parcels)| net.post(me, parcels));
        net
    }

    pub(crate) fn post(&mut self, from: PartyId, parcels: Vec<Parcel>) {
        let all: Vec<PartyId> = self.sessions.keys().copied().collect();
        for parcel in parcels {
            for to in all.iter().filter(|to| **to != from && parcel.to.is_none_or(|only| only == **to)) {
                self.queue.push_back((*to, parcel.bytes.clone()));
                self.log.push((from, *to, parcel.bytes.clone()));
            }
        }
    }

    /// Delivers one message; what comes of it is posted and noted.
    pub(crate) fn deliver(&mut self, to: PartyId, bytes: &[u8]) {
        match self.sessions.get_mut(&to).unwrap().receive(bytes) {
            Ok(progress) => {
                if let Some(output) = progress.output {
                    self.outcomes.get_mut(&to).unwrap().output = Some(output);
                }
                self.post(to, progress.send);
            }
            Err(Error::Abort(abort)) => self.outcomes.get_mut(&to).unwrap().abort = Some(abort),
            Err(Error::Usage(_)) => {}
        }
    }

    pub(crate) fn run(self) -> Self {
        self.run_with(|_, bytes| alloc::vec![bytes.to_vec()])
    }

    /// Delivers until nothing is under way, after `change` had its way with each message.
    pub(crate) fn run_with(mut self, mut change: impl FnMut(PartyId, &[u8]) -> Vec<Vec<u8>>) -> Self {
        while let Some((to, bytes)) = self.queue.pop_front() {
            for bytes in change(to, &bytes) {
                self.deliver(to, &bytes);
            }
        }
        self
    }

    /// The abort of a party: fault, culprits, consequences.
    pub(crate) fn abort_of(&self, n: u16) -> Option<(Fault, Vec<PartyId>, Vec<Consequence>)> {
        let abort = self.outcomes[&id(n)].abort.as_ref()?;
        Some((abort.fault(), abort.culprits().to_vec(), abort.consequences().to_vec()))
    }
}

/// The round, kind (1 broadcast, 2 addressed, 3 sealed) and sender that an envelope names.
pub(crate) fn header(bytes: &[u8]) -> (u8, u8, PartyId) {
    (bytes[2], bytes[1], id(u16::from_be_bytes([bytes[3], bytes[4]])))
}
