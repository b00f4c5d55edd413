//! Pair setups: through real sessions over a relay that may do anything, and by hand around a table at
//! which the messages of either party can be changed, private parts too.

#![allow(clippy::cast_possible_truncation)] // small numbers

mod cheats;
mod delivery;
mod honest;

extern crate std;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::*;
use crate::curve::Curve;
use crate::ecdsa::burn::{MemoryBurnLog, Peer, StoreError, Strikes};
use crate::ecdsa::pairs::{Pair, PairStates};
use crate::ecdsa::scheme::Secp256k1Ecdsa;
use crate::error::{Abort, Consequence, Error, Fault};
use crate::key::Scheme;
use crate::key::dealer::split;
use crate::ot::extension::{self, Context as ExtensionContext, Rows};
use crate::party::{Base, PairId, Parties, SessionParams, Threshold, View};
use crate::round::{Context, Inbox, Outgoing, Protocol, Received, Stop, broadcasts_digest, view};
use crate::secret::Secret;
use crate::transcript::TranscriptRng;

pub(super) type Keys = KeyShare<Secp256k1Ecdsa>;
pub(super) type States = PairStates<Secp256k1Ecdsa>;

pub(super) fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

pub(super) fn identity(n: u16) -> Identity {
    Identity::from_seed(&Secret::new([n as u8; 32]))
}

pub(super) fn rng(seed: u64) -> TranscriptRng {
    Transcript::new("setup-test").number(seed).rng()
}

/// The shares of a key, from a trusted hand.
pub(super) fn keys<S: Scheme>(t: u16, ids: &[u16]) -> Vec<KeyShare<S>> {
    let parties = Parties::new(ids.iter().map(|n| (id(*n), identity(*n).public()))).unwrap();
    let secret = Transcript::new("setup-test-key").secret_scalar::<S::Curve>();
    split(&secret, Threshold::new(t).unwrap(), &parties, &mut rng(99)).unwrap()
}

/// A log whose writing can be made to fail.
#[derive(Default)]
pub(super) struct Fickle {
    pub(super) log: MemoryBurnLog,
    pub(super) fails: Mutex<bool>,
}

impl Fickle {
    pub(super) fn fail(&self, fails: bool) {
        *self.fails.lock().unwrap() = fails;
    }

    fn answer<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if *self.fails.lock().unwrap() { Err(StoreError::Failed) } else { answer }
    }
}

impl BurnLog for Fickle {
    fn burn(&self, pair: &PairId, peer: &Peer) -> Result<(), StoreError> {
        self.answer(Ok(()))?;
        self.log.burn(pair, peer)
    }
    fn is_burned(&self, pair: &PairId) -> Result<bool, StoreError> {
        self.answer(self.log.is_burned(pair))
    }
    fn strike(&self, peer: &Peer) -> Result<(), StoreError> {
        self.answer(Ok(()))?;
        self.log.strike(peer)
    }
    fn strikes(&self, peer: &Peer) -> Result<Strikes, StoreError> {
        self.answer(self.log.strikes(peer))
    }
    fn forgive(&self, peer: &Peer) -> Result<(), StoreError> {
        self.answer(Ok(()))?;
        self.log.forgive(peer)
    }
}

/// The two parties of a pair around a table: lower id first.
pub(super) struct Table {
    pub(super) shares: Vec<Keys>,
    pub(super) logs: [Arc<Fickle>; 2],
    pub(super) contexts: Vec<Context>,
    states: Vec<Option<Setup<Secp256k1Ecdsa>>>,
    outgoing: Vec<Outgoing>,
    pub(super) pairs: [Option<Arc<Pair>>; 2],
    pub(super) aborts: [Option<Abort>; 2],
    pub(super) finished: [bool; 2],
}

/// The message of one party in one round, to be changed. Flights 1 to 3 and both parts of 4 are rounds 1 to 5.
pub(super) struct Mail {
    pub(super) round: u8,
    /// 0: the lower id; 1: the higher.
    pub(super) from: usize,
    pub(super) broadcast: Vec<u8>,
    pub(super) sealed: Option<Vec<u8>>,
}

fn whole(context: &Context, body: &[u8]) -> Vec<u8> {
    if context.round == 0 { [&context.hello, body].concat() } else { body.to_vec() }
}

impl Table {
    /// Parties 2 and 5 of 2, 5, 9.
    pub(super) fn new(seed: u64) -> Self {
        Self::with_logs(seed, [Arc::default(), Arc::default()])
    }

    pub(super) fn with_logs(seed: u64, logs: [Arc<Fickle>; 2]) -> Self {
        let mut table = Self {
            shares: keys(2, &[2, 5, 9]),
            logs,
            contexts: Vec::new(),
            states: Vec::new(),
            outgoing: Vec::new(),
            pairs: [None, None],
            aborts: [None, None],
            finished: [false, false],
        };
        for (k, peer) in [(0, 5), (1, 2)] {
            let log: Arc<dyn BurnLog> = table.logs[k].clone();
            let inputs = Inputs::new(&table.shares[k], id(peer), log).unwrap();
            let params = inputs.params(&Label::from_bytes([seed as u8; 32])).unwrap();
            let base = Transcript::new("setup-test-base").number(seed);
            let base = Base::from_bytes(Setup::<Secp256k1Ecdsa>::absorb(&inputs, base).digest());
            let mut hello = alloc::vec![0; 64];
            Transcript::new("setup-test-hello").number(seed).number(k as u64).fill(&mut hello);
            let view = View::from_bytes([0; 32]);
            let context = Context { params, base, hello, round: 0, view, broadcasts: [0; 32] };
            let (state, outgoing) = Setup::start(inputs, &context, &mut rng(seed + 1000 * k as u64)).unwrap();
            table.contexts.push(context);
            table.states.push(Some(state));
            table.outgoing.push(outgoing);
        }
        table
    }

    /// Ends a round for both, with every message through `tamper`.
    fn round(&mut self, tamper: &mut dyn FnMut(&mut Mail)) {
        let round = self.contexts[0].round + 1;
        let mut mails = Vec::new();
        for (from, out) in self.outgoing.drain(..).enumerate() {
            let sealed = out.sealed.first().map(|(_, bytes)| bytes.to_vec());
            mails.push(out.broadcast.map(|broadcast| {
                let mut mail = Mail { round, from, broadcast, sealed };
                tamper(&mut mail);
                mail
            }));
        }
        let ids = [self.shares[0].me(), self.shares[1].me()];
        let bodies: Vec<_> = mails
            .iter()
            .flatten()
            .map(|mail| (ids[mail.from], whole(&self.contexts[mail.from], &mail.broadcast)))
            .collect();
        let all = || bodies.iter().map(|(id, body)| (*id, body.as_slice())).collect::<Vec<_>>().into_iter();
        let hellos = [self.contexts[0].hello.clone(), self.contexts[1].hello.clone()];
        for k in 0..2 {
            let context = &mut self.contexts[k];
            if round == 1 {
                context.view = view(&context.base, all());
            }
            context.round = round;
            context.broadcasts = broadcasts_digest(&context.view, round, all());
            self.outgoing.push(Outgoing::nothing());
            let Some(state) = self.states[k].take() else { continue };
            let mail = mails[1 - k].as_ref();
            let hello = if round == 1 { hellos[1 - k].clone() } else { Vec::new() };
            let had_sealed = state.awaits(&Context { round: round - 1, ..copy(context) }, ids[1 - k]).sealed;
            let received = Received {
                broadcast: mail.map(|mail| mail.broadcast.clone()),
                addressed: None,
                sealed: had_sealed.then(|| mail.and_then(|mail| mail.sealed.clone()).map(Zeroizing::new)),
                hello,
            };
            let due = state.awaits(&Context { round: round - 1, ..copy(context) }, ids[1 - k]).broadcast;
            if due && mail.is_none() {
                self.states[k] = None; // waits for ever
                continue;
            }
            let inbox = Inbox::new([ids[1 - k]], BTreeMap::from([(ids[1 - k], received)])).unwrap();
            let mut rng = Transcript::new("setup-test-later").number(k as u64).field(&context.broadcasts).rng();
            match state.receive(context, inbox, &mut rng) {
                Ok(step) => {
                    self.pairs[k] = step.output.or(self.pairs[k].take());
                    self.finished[k] = step.next.is_none();
                    self.states[k] = step.next;
                    self.outgoing[k] = step.outgoing;
                }
                Err(Stop::Abort(abort)) => self.aborts[k] = Some(abort),
                Err(Stop::Complain(_)) => panic!("no complaints here"),
            }
        }
    }

    /// Rounds to the end.
    pub(super) fn run(mut self, mut tamper: impl FnMut(&mut Mail)) -> Self {
        for _ in 0..5 {
            self.round(&mut tamper);
        }
        self
    }

    pub(super) fn strikes(&self, k: usize) -> u32 {
        let peer = Peer::of(&self.shares[k], self.shares[1 - k].me()).unwrap();
        self.logs[k].log.strikes(&peer).unwrap().total
    }

    pub(super) fn pair(&self, k: usize) -> &Arc<Pair> {
        self.pairs[k].as_ref().unwrap()
    }
}

fn copy(context: &Context) -> Context {
    Context { params: context.params.clone(), hello: context.hello.clone(), ..*context }
}

pub(super) fn honest(_: &mut Mail) {}

/// Both sides of a pair fit: OT in both directions, the zero seed.
pub(super) fn assert_fits(a: &Pair, b: &Pair) {
    assert_eq!(a.pair_id(), b.pair_id());
    let (base, rows) = (Base::from_bytes([3; 32]), Rows::new(416).unwrap());
    for (sender, receiver) in [(a, b), (b, a)] {
        let context = ExtensionContext::signing(&base, a.pair_id(), sender.peer(), receiver.peer(), &[4; 32]);
        let (received, message) = extension::receive(receiver.receiver(), &context, rows);
        let sent = extension::send(sender.sender(), &context, rows, &message).unwrap();
        let pairs = received.rows().flatten().zip(sent.rows().flatten()).zip(received.choices().iter());
        let fits = |((v, w), choice): ((&u128, &u128), subtle::Choice)| {
            v ^ w == if bool::from(choice) { *sent.delta() } else { 0 }
        };
        assert_eq!(pairs.filter(|row| fits(*row)).count(), 416);
    }
    let view = View::from_bytes([6; 32]);
    let share = |pair: &Pair| pair.zero_seed().share::<<Secp256k1Ecdsa as Scheme>::Curve>(&view, 3);
    assert!(share(a).expose() == share(b).expose());
}

/// Sessions of some parties, pair by pair, over one relay.
pub(super) struct Net {
    pub(super) keys: Vec<Keys>,
    pub(super) logs: BTreeMap<PartyId, Arc<Fickle>>,
    pub(super) states: BTreeMap<PartyId, States>,
    pub(super) sessions: BTreeMap<(PartyId, PartyId), Session<Setup<Secp256k1Ecdsa>>>,
    pub(super) aborts: BTreeMap<(PartyId, PartyId), Abort>,
    /// To whom, from whom, what.
    pub(super) queue: VecDeque<(PartyId, PartyId, Vec<u8>)>,
    /// Everything that was ever under way.
    pub(super) log: Vec<(PartyId, PartyId, Vec<u8>)>,
    seed: u64,
}

impl Net {
    pub(super) fn new(ids: &[u16]) -> Self {
        let keys = keys::<Secp256k1Ecdsa>(2, ids);
        Self {
            logs: ids.iter().map(|n| (id(*n), Arc::default())).collect(),
            states: keys.iter().map(|share| (share.me(), States::new(share))).collect(),
            keys,
            sessions: BTreeMap::new(),
            aborts: BTreeMap::new(),
            queue: VecDeque::new(),
            log: Vec::new(),
            seed: 0,
        }
    }

    pub(super) fn key(&self, me: PartyId) -> &Keys {
        self.keys.iter().find(|share| share.me() == me).unwrap()
    }

    pub(super) fn log_of(&self, me: PartyId) -> Arc<dyn BurnLog> {
        self.logs[&me].clone()
    }

    /// One party starts its setups.
    pub(super) fn start(&mut self, me: PartyId, peers: &[PartyId], label: u8) -> Result<(), Usage> {
        self.seed += 1;
        let label = Label::from_bytes([label; 32]);
        let (log, mut rng) = (self.log_of(me), rng(self.seed));
        let setups = all(self.key(me), peers, &identity(me.get()), &label, &log, &mut rng)?;
        for PeerSetup { peer, session, first } in setups {
            self.sessions.insert((me, peer), session);
            self.post(me, peer, first);
        }
        Ok(())
    }

    /// Everybody starts with everybody.
    pub(super) fn start_all(&mut self, label: u8) {
        self.sessions.clear();
        self.queue.clear();
        let ids: Vec<PartyId> = self.states.keys().copied().collect();
        for me in &ids {
            let peers: Vec<PartyId> = ids.iter().copied().filter(|id| id != me).collect();
            self.start(*me, &peers, label).unwrap();
        }
    }

    fn post(&mut self, from: PartyId, to: PartyId, parcels: Vec<Parcel>) {
        for parcel in parcels {
            self.queue.push_back((to, from, parcel.bytes.clone()));
            self.log.push((to, from, parcel.bytes));
        }
    }

    pub(super) fn deliver(&mut self, to: PartyId, from: PartyId, bytes: &[u8]) -> Result<(), Error> {
        let Some(session) = self.sessions.get_mut(&(to, from)) else { return Ok(()) };
        match session.receive(bytes) {
            Ok(progress) => {
                assert!(!progress.must_persist);
                if let Some(pair) = progress.output {
                    self.states.get_mut(&to).unwrap().insert(pair).unwrap();
                }
                self.post(to, from, progress.send);
                Ok(())
            }
            Err(Error::Abort(abort)) => {
                self.aborts.insert((to, from), abort.clone());
                Err(abort.into())
            }
            Err(usage) => Err(usage),
        }
    }

    pub(super) fn run(&mut self) {
        self.run_with(|_, _, bytes| alloc::vec![bytes]);
    }

    /// Delivers until nothing is under way, after `change` had its way with each message: to whom, from
    /// whom, what.
    pub(super) fn run_with(&mut self, mut change: impl FnMut(PartyId, PartyId, Vec<u8>) -> Vec<Vec<u8>>) {
        while let Some((to, from, bytes)) = self.queue.pop_front() {
            for bytes in change(to, from, bytes) {
                let _ = self.deliver(to, from, &bytes);
            }
        }
    }

    /// What a session of `me` with `peer` would use.
    pub(super) fn chosen(&self, me: u16, peer: u16) -> Result<Arc<Pair>, Usage> {
        let (me, peer) = (id(me), id(peer));
        let pairs = self.states[&me].session_pairs(self.key(me), &[peer], &*self.log_of(me))?;
        Ok(Arc::clone(pairs[0].pair()))
    }

    /// The parties start a signing session: each puts the id of its pair into round 1, and compares.
    pub(super) fn meet(&self, a: u16, b: u16) -> [Result<(), Fault>; 2] {
        [(a, b), (b, a)].map(|(me, peer)| {
            let theirs = self.chosen(peer, me).map_err(|_| Fault::PairBurned)?;
            let (me, peer) = (id(me), id(peer));
            let pairs = self.states[&me].session_pairs(self.key(me), &[peer], &*self.log_of(me));
            let pairs = pairs.map_err(|_| Fault::PairBurned)?;
            pairs[0].compare(theirs.pair_id()).map_err(|abort| abort.fault())
        })
    }

    pub(super) fn strikes(&self, me: u16, peer: u16) -> u32 {
        let who = Peer::of(self.key(id(me)), id(peer)).unwrap();
        self.logs[&id(me)].log.strikes(&who).unwrap().total
    }
}

/// The fixed parts of an envelope of this protocol: (round, kind), header, body.
pub(super) fn envelope(bytes: &[u8]) -> ((u8, u8), Vec<u8>, Vec<u8>) {
    let header = 8 + usize::from(bytes[7]) + 4 * 32;
    ((bytes[2], bytes[1]), bytes[..header].to_vec(), bytes[header..bytes.len() - 64].to_vec())
}

/// A cheat's pen: the message again with another body, signed by its sender.
pub(super) fn forge(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    use ed25519_dalek::{Signer, SigningKey};
    let (_, header, mut body) = envelope(bytes);
    change(&mut body);
    let sender = u16::from_be_bytes([bytes[3], bytes[4]]);
    let digest = Transcript::new("envelope").field(&header).field(&body).digest();
    let signature = SigningKey::from_bytes(&[sender as u8; 32]).sign(&digest);
    [header, body, signature.to_bytes().to_vec()].concat()
}
