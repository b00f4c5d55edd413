//! Records of several parties over a network that loses, delays and changes messages, and stores that fail.

#![allow(clippy::cast_possible_truncation)] // small numbers

mod attempts;
mod crashes;
mod lies;
mod logs;
mod model;
mod returns;
mod schedules;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::*;
use crate::error::Error;
use crate::frost::{self, CommitmentList, Ed25519Sha512, SigningRequest};
use crate::hazmat;
use crate::key::StoreError;
use crate::key::store::MemoryKeyStore;
use crate::keygen::reshare::Plan;
use crate::party::{Label, Parties, Threshold};
use crate::transcript::{Transcript, TranscriptRng};

extern crate std;

pub(super) type S = Ed25519Sha512;

pub(super) fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

pub(super) fn identity(n: u16) -> Identity {
    Identity::from_seed(&Transcript::new("record-test-identity").number(n.into()).secret())
}

pub(super) fn parties(ids: &[u16]) -> Parties {
    Parties::new(ids.iter().map(|n| (id(*n), identity(*n).public()))).unwrap()
}

pub(super) fn rng(seed: u64, n: u16) -> TranscriptRng {
    Transcript::new("record-test").number(seed).number(n.into()).rng()
}

/// A key of these parties, from a dealer.
pub(super) fn shares(t: u16, ids: &[u16]) -> Vec<KeyShare<S>> {
    let secret = Transcript::new("record-test-key").secret_scalar::<crate::curve::Ed25519>();
    hazmat::split(&secret, Threshold::new(t).unwrap(), &parties(ids), &mut rng(0, 0)).unwrap()
}

/// Signs with these shares, and verifies.
pub(super) fn signs(shares: &[Arc<KeyShare<S>>]) {
    let (mut nonces, mut list) = (Vec::new(), Vec::new());
    for share in shares {
        let (secret, public) = frost::commit(share, &mut rng(9, share.me().get())).unwrap();
        nonces.push(secret);
        list.push((share.me(), public));
    }
    let list = CommitmentList::new(list).unwrap();
    let request = SigningRequest::<S>::new([7; 32]);
    let parts: Vec<_> = shares
        .iter()
        .zip(nonces)
        .map(|(share, nonces)| (share.me(), frost::sign(share, nonces, &request, &list).unwrap()))
        .collect();
    frost::aggregate(shares[0].public(), &request, &list, parts).unwrap();
}

/// When a store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Before anything is written.
    Before,
    /// When all is written, before anybody learns of it.
    After,
}

/// A store whose process dies at one of its writes.
#[derive(Default)]
pub(super) struct CrashStore {
    pub(super) inner: MemoryKeyStore,
    pub(super) writes: AtomicUsize,
    pub(super) cut: Mutex<Option<(usize, Cut)>>,
}

impl KeyStore for CrashStore {
    fn load(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.inner.load()
    }

    fn save(&self, generation: u64, record: &[u8]) -> Result<(), StoreError> {
        let readable = KeyRecord::<S>::from_bytes(record, Arc::new(MemoryKeyStore::new()), &identity(1));
        assert!(readable.is_ok(), "{readable:?}");
        let write = self.writes.fetch_add(1, Ordering::SeqCst);
        match *self.cut.lock().unwrap() {
            Some((at, Cut::Before)) if at == write => Err(StoreError::Failed),
            Some((at, Cut::After)) if at == write => {
                self.inner.save(generation, record)?;
                Err(StoreError::Failed)
            }
            _ => self.inner.save(generation, record),
        }
    }

    fn newest(&self) -> Result<u64, StoreError> {
        self.inner.newest()
    }
}

/// Remembers what it was told to forget.
#[derive(Default)]
pub(super) struct Dependent {
    pub(super) retired: Mutex<Vec<Sharing>>,
    pub(super) fails: Mutex<bool>,
}

impl Retire for Dependent {
    fn retire(&self, _: &KeyId, sharing: &Sharing) -> Result<(), StoreError> {
        if *self.fails.lock().unwrap() {
            return Err(StoreError::Failed);
        }
        self.retired.lock().unwrap().push(*sharing);
        Ok(())
    }
}

pub(super) struct Party {
    pub(super) n: u16,
    /// The number of its identity, which may become another.
    pub(super) identity: u16,
    pub(super) store: Arc<CrashStore>,
    pub(super) dependent: Arc<Dependent>,
    pub(super) record: KeyRecord<S>,
    pub(super) attempts: Vec<Attempt<S>>,
    pub(super) news: Vec<News>,
}

impl Party {
    /// The process dies and comes back with what is stored.
    pub(super) fn restart(&mut self) {
        self.attempts.clear();
        *self.store.cut.lock().unwrap() = None;
        let dependents: Vec<Arc<dyn Retire>> = alloc::vec![self.dependent.clone()];
        self.record = KeyRecord::open(self.store.clone(), &identity(self.identity), dependents).unwrap().unwrap();
    }

    /// What is to be done with a message; `None` if the process died over it.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Option<Vec<Parcel>> {
        let mut send = Vec::new();
        let mut taken = false;
        for attempt in &mut self.attempts {
            match attempt.receive(&mut self.record, bytes) {
                Ok(moved) => {
                    taken = true;
                    send.extend(moved.send);
                    self.news.extend(moved.news);
                }
                Err(Error::Usage(Usage::StoreFailed)) => return None,
                Err(Error::Abort(abort)) => send.extend(abort.to_send().iter().cloned()),
                Err(_) => {}
            }
        }
        if !taken {
            match self.record.learn(bytes) {
                Ok(moved) => {
                    send.extend(moved.send);
                    self.news.extend(moved.news);
                }
                Err(Usage::StoreFailed) => return None,
                Err(_) => {}
            }
        }
        Some(send)
    }
}

/// A message under way.
#[derive(Clone)]
pub(super) struct Mail {
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) bytes: Vec<u8>,
}

impl Mail {
    /// The round in the envelope; 0 of a bundle.
    pub(super) fn round(&self) -> u8 {
        if self.bytes[0] == 1 { self.bytes[2] } else { 0 }
    }
}

pub(super) struct World {
    pub(super) parties: BTreeMap<u16, Party>,
    pub(super) queue: VecDeque<Mail>,
    pub(super) delivered: usize,
    pub(super) seed: u64,
}

impl World {
    /// Holders 1 … of a key, and newcomers who know its package.
    pub(super) fn new(t: u16, holders: &[u16], newcomers: &[u16]) -> Self {
        let mut world = Self { parties: BTreeMap::new(), queue: VecDeque::new(), delivered: 0, seed: 1 };
        let shares = shares(t, holders);
        let public = shares[0].public().clone();
        for share in shares {
            let n = share.me().get();
            world.add(n, |store| KeyRecord::create(store, &identity(n), share));
        }
        for n in newcomers {
            world.add(*n, |store| KeyRecord::join(store, &identity(*n), id(*n), &public, &public.digest()));
        }
        world
    }

    fn add(&mut self, n: u16, record: impl FnOnce(Arc<dyn KeyStore>) -> Result<KeyRecord<S>, Usage>) {
        let (store, dependent) = (Arc::new(CrashStore::default()), Arc::new(Dependent::default()));
        let mut record = record(store.clone()).unwrap();
        record.add_dependent(dependent.clone()).unwrap();
        let party = Party { n, identity: n, store, dependent, record, attempts: Vec::new(), news: Vec::new() };
        self.parties.insert(n, party);
    }

    pub(super) fn party(&mut self, n: u16) -> &mut Party {
        self.parties.get_mut(&n).unwrap()
    }

    pub(super) fn record(&mut self, n: u16) -> &mut KeyRecord<S> {
        &mut self.party(n).record
    }

    pub(super) fn key(&self, n: u16) -> Arc<KeyShare<S>> {
        Arc::clone(self.parties[&n].record.key().unwrap())
    }

    pub(super) fn sharing(&self, n: u16) -> Sharing {
        self.parties[&n].record.current
    }

    pub(super) fn public(&self, n: u16) -> PublicKeyPackage<S> {
        self.parties[&n].record.public().unwrap().clone()
    }

    pub(super) fn post(&mut self, from: u16, parcels: Vec<Parcel>) {
        for parcel in parcels {
            for to in self.parties.keys().filter(|to| **to != from && parcel.to.is_none_or(|only| only.get() == **to)) {
                self.queue.push_back(Mail { from, to: *to, bytes: parcel.bytes.clone() });
            }
        }
    }

    /// All parties of the plan begin an attempt.
    pub(super) fn begin(&mut self, plan: &Plan<S>, label: u8) {
        let params = plan.params(Label::from_bytes([label; 32]), plan.dealers()[0]).unwrap();
        for n in params.parties().ids().map(PartyId::get).collect::<Vec<_>>() {
            self.begin_at(n, plan, label).unwrap();
        }
    }

    pub(super) fn begin_at(&mut self, n: u16, plan: &Plan<S>, label: u8) -> Result<(), Usage> {
        self.seed += 1;
        let mut rng = rng(self.seed, n);
        let party = self.party(n);
        let (attempt, first) = party.record.attempt(plan, Label::from_bytes([label; 32]), &mut rng)?;
        party.attempts.push(attempt);
        self.post(n, first);
        Ok(())
    }

    /// One message, or the death of its recipient over it.
    pub(super) fn deliver(&mut self, mail: &Mail) {
        self.delivered += 1;
        let party = self.parties.get_mut(&mail.to).unwrap();
        match party.receive(&mail.bytes) {
            Some(send) => self.post(mail.to, send),
            None => self.kill(mail.to),
        }
    }

    /// A party dies, with all that is under way to it, and comes back.
    pub(super) fn kill(&mut self, n: u16) {
        self.queue.retain(|mail| mail.to != n);
        self.party(n).restart();
    }

    /// Delivers everything that passes, in order.
    pub(super) fn run(&mut self, mut passes: impl FnMut(&mut Mail) -> bool) {
        while let Some(mut mail) = self.queue.pop_front() {
            if passes(&mut mail) {
                self.deliver(&mail);
            }
        }
    }

    /// Delivers everything but what is held back.
    pub(super) fn withhold(&mut self, mut held_back: impl FnMut(&Mail) -> bool) -> Vec<Mail> {
        let mut withheld = Vec::new();
        self.run(|mail| {
            let passes = !held_back(mail);
            withheld.extend((!passes).then(|| mail.clone()));
            passes
        });
        withheld
    }

    pub(super) fn run_all(&mut self) {
        self.run(|_| true);
    }

    /// One party shows another what it has.
    pub(super) fn show(&mut self, from: u16, to: u16) {
        let bytes = self.record(from).exchange().unwrap();
        self.deliver(&Mail { from, to, bytes });
    }

    /// These parties exchange what they have, until nothing is new.
    pub(super) fn exchange(&mut self, among: &[u16]) {
        for _ in 0..2 {
            for from in among {
                for to in among.iter().filter(|to| *to != from) {
                    self.show(*from, *to);
                }
            }
            self.run(|mail| among.contains(&mail.to));
        }
    }

    /// What a refresh plan of the sharing that party 1 uses is.
    pub(super) fn refresh(&self) -> Plan<S> {
        Plan::refresh(&self.public(1)).unwrap()
    }

    pub(super) fn reshare(&self, dealers: &[u16], holders: &[u16], t: u16) -> Plan<S> {
        let dealers = dealers.iter().map(|n| id(*n));
        Plan::reshare(&self.public(1), dealers, parties(holders), Threshold::new(t).unwrap()).unwrap()
    }

    /// All these parties use one sharing, and every t of them sign.
    pub(super) fn all_sign(&self, among: &[u16]) -> Sharing {
        let keys: Vec<_> = among.iter().map(|n| self.key(*n)).collect();
        assert!(keys.iter().all(|key| key.public() == keys[0].public()), "{keys:?}");
        let t = usize::from(keys[0].public().threshold().get());
        for skip in 0..=keys.len() - t {
            signs(&keys[skip..skip + t]);
        }
        keys[0].public().sharing()
    }
}
