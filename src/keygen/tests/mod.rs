//! Key generation by hand: a table around which the parties sit, at which any message can be changed on
//! its way. The table plays the session but does not sign, seal or compare.

mod honest;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::*;
use crate::curve::{Curve, Ed25519, P256, Ristretto255, Secp256k1};
use crate::error::{Abort, Fault};
use crate::key::KeyShare;
use crate::party::{Label, Parties, PartyId, Threshold, View};
use crate::round::{Context, Inbox, Outgoing, Protocol, Received, Stop, broadcasts_digest, view};
use crate::transcript::TranscriptRng;
use crate::wire::{Shape, Wire};

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

/// Everybody's state between two rounds.
pub(super) struct Table<C: Curve> {
    pub(super) contexts: BTreeMap<PartyId, Context>,
    pub(super) states: BTreeMap<PartyId, Keygen<Plain<C>>>,
    pub(super) outgoing: BTreeMap<PartyId, Outgoing>,
    pub(super) ends: BTreeMap<PartyId, End<C>>,
    /// All broadcasts as sent, by round.
    pub(super) sent: Vec<BTreeMap<PartyId, Vec<u8>>>,
    pub(super) seed: u64,
    pub(super) finished: usize,
}

pub(super) fn rng(seed: u64, me: PartyId, context: &Context) -> TranscriptRng {
    let transcript = Transcript::new("keygen-test").number(seed).party(me).number(context.round.into());
    transcript.field(context.view.as_bytes()).field(&context.broadcasts).rng()
}

pub(super) fn params(me: u16, t: u16, ids: &[u16]) -> SessionParams {
    let parties = Parties::without_identities(ids.iter().map(|n| id(*n))).unwrap();
    SessionParams::new(Label::from_bytes([9; 32]), id(me), Threshold::new(t).unwrap(), parties).unwrap()
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
        let (mut contexts, mut states, mut outgoing) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for n in ids {
            let me = id(*n);
            let mut hello = alloc::vec![0; 128];
            Transcript::new("keygen-test-hello").number(seed).party(me).fill(&mut hello);
            let (view, broadcasts) = (View::from_bytes([0; 32]), [0; 32]);
            let params = params(*n, t, ids);
            let context = Context { params, base: base::<C>(t, ids, label), hello, round: 0, view, broadcasts };
            let (state, out) = Keygen::start((), &context, &mut rng(seed, me, &context)).unwrap();
            contexts.insert(me, context);
            states.insert(me, state);
            outgoing.insert(me, out);
        }
        Self { contexts, states, outgoing, ends: BTreeMap::new(), sent: Vec::new(), seed, finished: 0 }
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

    fn mail_to(&self, to: PartyId, tamper: &mut dyn FnMut(&mut Mail)) -> BTreeMap<PartyId, Received> {
        let round = self.contexts[&to].round + 1;
        let mut inbox = BTreeMap::new();
        for (from, out) in self.outgoing.iter().filter(|(from, _)| **from != to) {
            let sealed = out.sealed.iter().find(|(id, _)| *id == to).map(|(_, bytes)| bytes.to_vec());
            let broadcast = out.broadcast.clone().unwrap();
            let mut mail = Mail { round, from: from.get(), to: to.get(), broadcast, sealed };
            let had_sealed = mail.sealed.is_some();
            tamper(&mut mail);
            let hello = if round == 1 { self.contexts[from].hello.clone() } else { Vec::new() };
            let sealed = had_sealed.then(|| mail.sealed.map(Zeroizing::new));
            inbox.insert(*from, Received { broadcast: Some(mail.broadcast), addressed: None, sealed, hello });
        }
        inbox
    }

    /// Ends a round for everybody, with every message through `tamper`.
    pub(super) fn round(&mut self, tamper: &mut dyn FnMut(&mut Mail)) {
        let mut next = BTreeMap::new();
        self.sent.push(self.outgoing.iter().map(|(id, out)| (*id, out.broadcast.clone().unwrap())).collect());
        for me in self.outgoing.keys().copied().collect::<Vec<_>>() {
            let inbox = self.mail_to(me, tamper);
            let Some(state) = self.states.remove(&me) else { continue };
            let own = self.outgoing[&me].broadcast.clone().unwrap();
            let mut bodies: BTreeMap<_, _> =
                inbox.iter().map(|(id, received)| (*id, received.broadcast.clone().unwrap())).collect();
            bodies.insert(me, own);
            let context = self.contexts.get_mut(&me).unwrap();
            context.round += 1;
            if context.round == 1 {
                for (from, body) in &mut bodies {
                    let mut whole = alloc::vec![0; 128];
                    Transcript::new("keygen-test-hello").number(self.seed).party(*from).fill(&mut whole);
                    whole.append(body);
                    *body = whole;
                }
                context.view = view(&context.base, bodies.iter().map(|(id, body)| (*id, body.as_slice())));
            }
            let all = bodies.iter().map(|(id, body)| (*id, body.as_slice()));
            context.broadcasts = broadcasts_digest(&context.view, context.round, all);
            let inbox = Inbox::new(inbox.keys().copied().collect::<Vec<_>>(), inbox).unwrap();
            match state.receive(context, inbox, &mut rng(self.seed, me, context)) {
                Ok(step) => {
                    if let Some(key) = step.output {
                        self.ends.insert(me, End::Key(Box::new(key)));
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
        self.outgoing = next;
    }

    /// Rounds to the end, or until somebody stops.
    pub(super) fn run(mut self, mut tamper: impl FnMut(&mut Mail)) -> Self {
        let everybody = self.contexts.len();
        while self.outgoing.len() == everybody {
            self.round(&mut tamper);
        }
        self
    }

    pub(super) fn keys(&self) -> Vec<&KeyShare<Plain<C>>> {
        assert_eq!(self.ends.len(), self.contexts.len());
        self.ends.values().map(End::key).collect()
    }

    /// All but these parties ended with this abort.
    pub(super) fn expect(&self, fault: Fault, culprits: &[u16], but: &[u16]) {
        for n in self.contexts.keys().map(|id| id.get()).filter(|n| !but.contains(n)) {
            let end = self.ends.get(&id(n)).unwrap_or_else(|| panic!("party {n} goes on"));
            assert_eq!(end.abort(), (fault, culprits.to_vec()), "party {n}");
        }
    }
}

pub(super) fn honest(_: &mut Mail) {}

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
