//! Key generation by hand: a table around which the parties sit, at which any message can be changed on
//! its way. The table plays the session but does not sign, seal or compare.

mod cheating;
mod honest;
mod mutations;
mod promises;
mod reshare;
mod sessions;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::*;
use crate::commitment::HashCommitment;
use crate::curve::{Curve, Ed25519, P256, Ristretto255, Scalar, Secp256k1, Uncleared, decode_scalar, encode_scalar};
use crate::error::{Abort, Fault};
use crate::key::{KeyShare, PublicKeyPackage};
use crate::keygen::reshare::Moved;
use crate::party::{Label, Parties, PartyId, Threshold, View};
use crate::proof::Proof;
use crate::round::{Context, Inbox, Outgoing, Protocol, Received, Stop, broadcasts_digest, view};
use crate::secret::Secret;
use crate::session::Identity;
use crate::transcript::TranscriptRng;
use crate::wire::{Field, Shape, UnclearedElement, Wire};

/// A scheme that does nothing but have a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plain<C>(core::marker::PhantomData<C>);

impl<C: Curve> Scheme for Plain<C> {
    type Curve = C;
    const NAME: &'static str = "plain";
}

pub(super) fn id(id: u16) -> PartyId {
    PartyId::new(id).unwrap()
}

/// One party's message of one round on its way to another, to be changed.
pub(super) struct Mail {
    pub(super) round: u8,
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) broadcast: Vec<u8>,
    pub(super) sealed: Option<Vec<u8>>,
}

/// How it ended for a party.
#[derive(Debug)]
pub(super) enum End<C: Curve> {
    Key(Box<KeyShare<Plain<C>>>),
    Left(Box<PublicKeyPackage<Plain<C>>>),
    Abort(Abort),
    Complaint(Vec<PartyId>),
}

impl<C: Curve> End<C> {
    pub(super) fn key(&self) -> &KeyShare<Plain<C>> {
        match self {
            End::Key(key) => key,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn abort(&self) -> (Fault, Vec<u16>) {
        match self {
            End::Abort(abort) => (abort.fault(), abort.culprits().iter().map(|id| id.get()).collect()),
            other => panic!("{other:?}"),
        }
    }
}

/// A protocol over the dealing, with what the tests ask of it.
pub(super) trait Dealing<C: Curve>: Protocol {
    fn end(output: Self::Output) -> End<C>;
    /// The layouts of the broadcasts of each round.
    fn layouts(shape: &Shape) -> Vec<Vec<Field>>;
}

impl<C: Curve> Dealing<C> for Keygen<Plain<C>> {
    fn end(output: Self::Output) -> End<C> {
        End::Key(Box::new(output))
    }
    fn layouts(shape: &Shape) -> Vec<Vec<Field>> {
        alloc::vec![Commit::layout(shape), Opening::<C>::layout(shape), Confirm::<C>::layout(shape), Ack::layout(shape)]
    }
}

impl<C: Curve> Dealing<C> for Reshare<Plain<C>> {
    fn end(output: Self::Output) -> End<C> {
        match output {
            Moved::Holder(certified) => End::Key(Box::new(certified.into_key_share())),
            Moved::Left(public) | Moved::Exported(public) => End::Left(public),
        }
    }
    fn layouts(shape: &Shape) -> Vec<Vec<Field>> {
        alloc::vec![Commit::layout(shape), Opening::<C>::layout(shape), Confirm::<C>::layout(shape)]
    }
}

/// Everybody's state between two rounds.
pub(super) struct Table<C: Curve, P: Dealing<C> = Keygen<Plain<C>>> {
    pub(super) contexts: BTreeMap<PartyId, Context>,
    pub(super) states: BTreeMap<PartyId, P>,
    /// What a judge brings.
    pub(super) judge: P::Inputs,
    pub(super) outgoing: BTreeMap<PartyId, Outgoing>,
    pub(super) ends: BTreeMap<PartyId, End<C>>,
    /// All broadcasts as sent, by round.
    pub(super) sent: Vec<BTreeMap<PartyId, Vec<u8>>>,
    pub(super) seed: u64,
    pub(super) finished: usize,
    /// Whose messages go on, made up by the test, when their own state is gone.
    pub(super) corrupt: Vec<PartyId>,
}

pub(super) fn rng(seed: u64, me: PartyId, context: &Context) -> TranscriptRng {
    let transcript = Transcript::new("keygen-test").number(seed).party(me).number(context.round.into());
    transcript.field(context.view.as_bytes()).field(&context.broadcasts).rng()
}

pub(super) fn params(me: u16, t: u16, ids: &[u16]) -> SessionParams {
    SessionParams::new(Label::from_bytes([9; 32]), id(me), Threshold::new(t).unwrap(), parties(ids)).unwrap()
}

pub(super) fn parties(ids: &[u16]) -> Parties {
    let identity = |n: u16| Identity::from_seed(&Transcript::new("keygen-test-identity").number(n.into()).secret());
    Parties::new(ids.iter().map(|n| (id(*n), identity(*n).public()))).unwrap()
}

/// What stands before a party's round 1.
fn hello(seed: u64, me: PartyId) -> Vec<u8> {
    let mut hello = alloc::vec![0; 128];
    Transcript::new("keygen-test-hello").number(seed).party(me).fill(&mut hello);
    hello
}

pub(super) fn base<C: Curve>(t: u16, ids: &[u16], label: u64) -> Base {
    let head = Transcript::new("keygen-test-base").number(label).number(t.into());
    let ids: Vec<[u8; 2]> = ids.iter().map(|id| id.to_be_bytes()).collect();
    Base::from_bytes(Keygen::<Plain<C>>::absorb(&(), head.list(ids.into_iter())).digest())
}

impl<C: Curve> Table<C> {
    pub(super) fn new(seed: u64, t: u16, ids: &[u16]) -> Self {
        Self::labelled(seed, t, ids, 0)
    }

    pub(super) fn labelled(seed: u64, t: u16, ids: &[u16], label: u64) -> Self {
        let base = base::<C>(t, ids, label);
        Self::seated(seed, ids.iter().map(|n| (params(*n, t, ids), ())), base, ())
    }
}

/// Who holds which share.
pub(super) type Shares<C> = BTreeMap<u16, Arc<KeyShare<Plain<C>>>>;

impl<C: Curve> Table<C, Reshare<Plain<C>>> {
    /// Everybody at a reshare of this plan: those with a share hold it.
    pub(super) fn anew(seed: u64, plan: &Plan<Plain<C>>, shares: &Shares<C>) -> Self {
        let head = Transcript::new("keygen-test-reshare-base");
        let judge = ReshareInputs::judge(plan.clone());
        let base = Base::from_bytes(Reshare::absorb(&judge, head).digest());
        let label = Label::from_bytes([9; 32]);
        let inputs = |me: PartyId| match shares.get(&me.get()) {
            Some(share) => ReshareInputs::holder(plan.clone(), Arc::clone(share)).unwrap(),
            None => ReshareInputs::newcomer(plan.clone(), &plan.old().digest()).unwrap(),
        };
        let parties = plan.parties().unwrap();
        Self::seated(seed, parties.ids().map(|me| (plan.params(label, me).unwrap(), inputs(me))), base, judge)
    }
}

impl<C: Curve, P: Dealing<C>> Table<C, P> {
    fn seated(
        seed: u64,
        all: impl IntoIterator<Item = (SessionParams, P::Inputs)>,
        base: Base,
        judge: P::Inputs,
    ) -> Self {
        let (mut contexts, mut states, mut outgoing) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (params, inputs) in all {
            let me = params.me();
            let (view, broadcasts) = (View::from_bytes([0; 32]), [0; 32]);
            let context = Context { params, base, hello: hello(seed, me), round: 0, view, broadcasts };
            let (state, out) = P::start(inputs, &context, &mut rng(seed, me, &context)).unwrap();
            contexts.insert(me, context);
            states.insert(me, state);
            outgoing.insert(me, out);
        }
        Self {
            contexts,
            states,
            judge,
            outgoing,
            ends: BTreeMap::new(),
            sent: Vec::new(),
            seed,
            finished: 0,
            corrupt: Vec::new(),
        }
    }

    pub(super) fn corrupt(mut self, ids: &[u16]) -> Self {
        self.corrupt = ids.iter().map(|n| id(*n)).collect();
        self
    }

    pub(super) fn shape(&self) -> Shape {
        let params = &self.contexts.values().next().unwrap().params;
        Shape { threshold: params.threshold().get().into(), parties: params.parties().len(), batch: 1 }
    }

    pub(super) fn base(&self) -> Base {
        self.contexts.values().next().unwrap().base
    }

    pub(super) fn hello(&self, n: u16) -> Vec<u8> {
        self.contexts[&id(n)].hello.clone()
    }

    pub(super) fn view(&self) -> View {
        self.contexts.values().next().unwrap().view
    }

    /// What a party gets: the parts that it awaits, as a session gives them to it.
    fn mail_to(&self, to: PartyId, state: &P, tamper: &mut dyn FnMut(&mut Mail)) -> BTreeMap<PartyId, Received> {
        let context = &self.contexts[&to];
        let round = context.round + 1;
        let mut inbox = BTreeMap::new();
        for (from, out) in self.outgoing.iter().filter(|(from, _)| **from != to) {
            let parts = state.awaits(context, *from);
            let sealed = out.sealed.iter().find(|(id, _)| *id == to).map(|(_, bytes)| bytes.to_vec());
            let broadcast = out.broadcast.clone().unwrap_or_default();
            let mut mail = Mail { round, from: from.get(), to: to.get(), broadcast, sealed };
            tamper(&mut mail);
            let hello = if round == 1 { self.contexts[from].hello.clone() } else { Vec::new() };
            let sealed = parts.sealed.then(|| mail.sealed.map(Zeroizing::new));
            let broadcast = parts.broadcast.then_some(mail.broadcast);
            inbox.insert(*from, Received { broadcast, addressed: None, sealed, hello });
        }
        inbox
    }

    /// Ends a round for everybody, with every message through `tamper`.
    pub(super) fn round(&mut self, tamper: &mut dyn FnMut(&mut Mail)) {
        let mut next = BTreeMap::new();
        let sent = self.outgoing.iter().filter_map(|(id, out)| Some((*id, out.broadcast.clone()?)));
        self.sent.push(sent.collect());
        for me in self.outgoing.keys().copied().collect::<Vec<_>>() {
            let Some(state) = self.states.remove(&me) else { continue };
            let inbox = self.mail_to(me, &state, tamper);
            let mut bodies: BTreeMap<_, _> =
                inbox.iter().filter_map(|(id, received)| Some((*id, received.broadcast.clone()?))).collect();
            bodies.extend(self.outgoing[&me].broadcast.clone().map(|own| (me, own)));
            let context = self.contexts.get_mut(&me).unwrap();
            context.round += 1;
            if context.round == 1 {
                for (from, body) in &mut bodies {
                    *body = [hello(self.seed, *from), body.clone()].concat();
                }
                context.view = view(&context.base, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
            }
            let all = bodies.iter().map(|(id, body)| (*id, body.as_slice()));
            context.broadcasts = broadcasts_digest(&context.view, context.round, all);
            let inbox = Inbox::new(inbox.keys().copied().collect::<Vec<_>>(), inbox).unwrap();
            match state.receive(context, inbox, &mut rng(self.seed, me, context)) {
                Ok(step) => {
                    if let Some(output) = step.output {
                        self.ends.insert(me, P::end(output));
                    }
                    match step.next {
                        Some(state) => {
                            self.states.insert(me, state);
                            next.insert(me, step.outgoing);
                        }
                        None => self.finished += 1,
                    }
                }
                Err(Stop::Abort(abort)) => {
                    self.ends.insert(me, End::Abort(abort));
                }
                Err(Stop::Complain(accused)) => {
                    self.ends.insert(me, End::Complaint(accused));
                }
            }
        }
        for id in &self.corrupt {
            next.entry(*id).or_insert_with(|| Outgoing::broadcast(Vec::new()));
        }
        self.outgoing = next;
    }

    /// Rounds to the end, or until somebody stops.
    pub(super) fn run(mut self, mut tamper: impl FnMut(&mut Mail)) -> Self {
        let everybody = self.contexts.len();
        while self.outgoing.len() == everybody && self.states.keys().any(|id| !self.corrupt.contains(id)) {
            self.round(&mut tamper);
        }
        self
    }

    /// Everybody's share, to go on with.
    pub(super) fn shares(self) -> Shares<C> {
        let share = |(id, end): (PartyId, End<C>)| match end {
            End::Key(key) => Some((id.get(), Arc::new(*key))),
            _ => None,
        };
        self.ends.into_iter().filter_map(share).collect()
    }

    pub(super) fn keys(&self) -> Vec<&KeyShare<Plain<C>>> {
        assert_eq!(self.ends.len(), self.contexts.len());
        self.ends.values().map(End::key).collect()
    }

    /// All who are not corrupt ended with this abort.
    pub(super) fn expect(&self, fault: Fault, culprits: &[u16]) {
        for id in self.contexts.keys().filter(|id| !self.corrupt.contains(id)) {
            let end = self.ends.get(id).unwrap_or_else(|| panic!("{id:?} goes on"));
            assert_eq!(end.abort(), (fault, culprits.to_vec()), "{id:?}");
        }
    }
}

pub(super) fn honest(_: &mut Mail) {}

/// A dealer whose messages the test makes: right ones, to begin with.
pub(super) struct Forger<C: Curve> {
    pub(super) n: u16,
    pub(super) base: Base,
    pub(super) hello: Vec<u8>,
    pub(super) scalars: Vec<Scalar<C>>,
    pub(super) coefficients: Vec<UnclearedElement<C>>,
    pub(super) chain_code: [u8; 32],
    pub(super) blinding: [u8; 32],
}

impl<C: Curve> Forger<C> {
    pub(super) fn new<P: Dealing<C>>(table: &Table<C, P>, n: u16, scalars: Vec<Scalar<C>>) -> Self {
        let coefficients = scalars.iter().map(|a| UnclearedElement::new(Uncleared::mul_base(a))).collect();
        let (base, hello) = (table.base(), table.hello(n));
        Self { n, base, hello, scalars, coefficients, chain_code: [3; 32], blinding: [4; 32] }
    }

    fn k(&self) -> [u8; 32] {
        deal::chain_code_commitment(&self.base, id(self.n), &Secret::new(self.chain_code))
    }

    pub(super) fn commit(&self) -> Vec<u8> {
        let value = deal::committed(&self.base, id(self.n), &self.hello, &self.coefficients, &self.k());
        HashCommitment::to(value, &self.blinding).0.to_vec()
    }

    pub(super) fn prove(&self, view: &View) -> Proof<C> {
        let transcript = deal::proof_transcript(view, id(self.n), &self.coefficients);
        Proof::prove(&self.scalars, transcript, &mut Transcript::new("keygen-forger").number(self.n.into()).rng())
    }

    pub(super) fn opening(&self, proof: Proof<C>) -> Vec<u8> {
        let (coefficients, blinding, chain_code) = (self.coefficients.clone(), self.blinding, self.k());
        let shape = Shape { threshold: coefficients.len(), parties: 0, batch: 1 };
        Opening { coefficients, blinding, proof, chain_code }.encode(&shape)
    }

    pub(super) fn share(&self, to: u16) -> Vec<u8> {
        let x = Scalar::<C>::from(u64::from(to));
        let value = self.scalars.iter().rev().fold(Scalar::<C>::from(0u64), |sum, a| sum * x + a);
        [&encode_scalar::<C>(&value)[..], &self.chain_code].concat()
    }

    /// The same dealer's mail of the first two rounds.
    pub(super) fn send(&self, mail: &mut Mail, opening: &[u8]) {
        if mail.from == self.n && mail.round == 1 {
            mail.broadcast = self.commit();
        }
        if mail.from == self.n && mail.round == 2 {
            mail.broadcast = opening.to_vec();
            mail.sealed = Some(self.share(mail.to));
        }
    }
}

/// Runs round 1 with the forger's commitment, then the rest with its opening, proved by `prove`.
pub(super) fn run_with<C: Curve, P: Dealing<C>>(
    table: Table<C, P>,
    forger: &Forger<C>,
    prove: impl Fn(&View) -> Proof<C>,
) -> Table<C, P> {
    let mut table = table.corrupt(&[forger.n]);
    table.round(&mut |mail| forger.send(mail, &[]));
    let opening = forger.opening(prove(&table.view()));
    table.run(|mail| forger.send(mail, &opening))
}

/// Adds a small number to a scalar in some bytes.
pub(super) fn add_at<C: Curve>(bytes: &mut [u8], at: usize, number: i64) {
    let shift = Scalar::<C>::from(number.unsigned_abs());
    let scalar = decode_scalar::<C>(&bytes[at..at + 32]).unwrap();
    let sum = if number < 0 { scalar - shift } else { scalar + shift };
    bytes[at..at + 32].copy_from_slice(&encode_scalar::<C>(&sum));
}

/// Runs a generic test on all four curves.
macro_rules! on_every_curve {
    ($($(#[$doc:meta])* $name:ident => $test:ident $args:tt;)*) => { $(
        $(#[$doc])*
        #[test]
        fn $name() {
            $test::<Ed25519> $args;
            $test::<Ristretto255> $args;
            $test::<Secp256k1> $args;
            $test::<P256> $args;
        }
    )* };
}
pub(super) use on_every_curve;
