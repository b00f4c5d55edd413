//! Sessions alone, on a coin toss: any delivery, any bytes, any cheat with a signing key.

mod cheats;
mod coin;
mod delivery;
mod repair;
mod robust;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use self::coin::Coin;
use super::driver::Session;
use super::envelope::{self, Header, Longest, Message};
use super::identity::Identity;
use crate::error::{Abort, Error};
use crate::party::{Label, Parcel, Parties, PartyId, SessionParams, Threshold};
use crate::secret::Secret;
use crate::transcript::Transcript;

pub(super) fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

pub(super) fn identity(n: u16) -> Identity {
    Identity::from_seed(&Secret::new([u8::try_from(n).unwrap(); 32]))
}

pub(super) fn params(me: u16, n: u16, label: u8) -> SessionParams {
    let parties = Parties::new((1..=n).map(|k| (id(k), identity(k).public()))).unwrap();
    SessionParams::new(Label::from_bytes([label; 32]), id(me), Threshold::new(2).unwrap(), parties).unwrap()
}

pub(super) fn start(me: u16, n: u16, label: u8, seed: u64) -> (Session<Coin>, Vec<Parcel>) {
    let mut rng = Transcript::new("session-test").number(seed).number(me.into()).rng();
    Session::start(params(me, n, label), &identity(me), 0, &mut rng).unwrap()
}

/// What became of a session.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) output: Option<[u8; 32]>,
    pub(super) abort: Option<Abort>,
}

/// Sessions and the messages between them.
pub(super) struct Net {
    pub(super) sessions: BTreeMap<PartyId, Session<Coin>>,
    pub(super) outcomes: BTreeMap<PartyId, Outcome>,
    pub(super) queue: VecDeque<(PartyId, Vec<u8>)>,
    /// Everything that was ever under way: recipient, bytes.
    pub(super) log: Vec<(PartyId, Vec<u8>)>,
}

impl Net {
    /// n parties that have started.
    pub(super) fn new(n: u16, label: u8, seed: u64) -> Self {
        let mut net =
            Self { sessions: BTreeMap::new(), outcomes: BTreeMap::new(), queue: VecDeque::new(), log: Vec::new() };
        let all: Vec<PartyId> = (1..=n).map(id).collect();
        for me in 1..=n {
            let (session, parcels) = start(me, n, label, seed);
            net.sessions.insert(id(me), session);
            net.outcomes.insert(id(me), Outcome::default());
            net.post_to(&all, id(me), parcels);
        }
        net
    }

    pub(super) fn post(&mut self, from: PartyId, parcels: Vec<Parcel>) {
        let all: Vec<PartyId> = self.sessions.keys().copied().collect();
        self.post_to(&all, from, parcels);
    }

    fn post_to(&mut self, all: &[PartyId], from: PartyId, parcels: Vec<Parcel>) {
        for parcel in parcels {
            for to in all.iter().filter(|to| **to != from && parcel.to.is_none_or(|only| only == **to)) {
                self.queue.push_back((*to, parcel.bytes.clone()));
                self.log.push((*to, parcel.bytes.clone()));
            }
        }
    }

    /// Delivers one message; what comes of it is posted and noted.
    pub(super) fn deliver(&mut self, to: PartyId, bytes: &[u8]) -> Result<(), Error> {
        let result = self.sessions.get_mut(&to).unwrap().receive(bytes);
        match result {
            Ok(progress) => {
                if let Some(output) = progress.output {
                    self.outcomes.get_mut(&to).unwrap().output = Some(output);
                }
                if progress.abort.is_some() {
                    self.outcomes.get_mut(&to).unwrap().abort = progress.abort;
                }
                self.post(to, progress.send);
                Ok(())
            }
            Err(Error::Abort(abort)) => {
                self.post(to, abort.to_send().to_vec());
                self.outcomes.get_mut(&to).unwrap().abort = Some(abort.clone());
                Err(abort.into())
            }
            Err(usage) => Err(usage),
        }
    }

    /// Delivers until nothing is under way, after `change` had its way with each message.
    pub(super) fn run_with(&mut self, mut change: impl FnMut(PartyId, &[u8]) -> Vec<Vec<u8>>) {
        while let Some((to, bytes)) = self.queue.pop_front() {
            for bytes in change(to, &bytes) {
                let _ = self.deliver(to, &bytes);
            }
        }
    }

    pub(super) fn run(&mut self) {
        self.run_with(|_, bytes| alloc::vec![bytes.to_vec()]);
    }

    /// The one output all have.
    pub(super) fn coin(&self) -> [u8; 32] {
        let first = self.outcomes[&id(1)].output.unwrap();
        assert!(self.outcomes.values().all(|outcome| outcome.output == Some(first) && outcome.abort.is_none()));
        first
    }

    pub(super) fn abort_of(&self, n: u16) -> &Abort {
        self.outcomes[&id(n)].abort.as_ref().unwrap()
    }
}

/// Opens an envelope of the test parties.
pub(super) fn open(bytes: &[u8]) -> Message {
    envelope::open(bytes, params(1, 9, 0).parties(), &Longest::any()).unwrap()
}

/// A cheat's pen: the message again, with another header or body, signed by its sender.
pub(super) fn forge(bytes: &[u8], change: impl FnOnce(&mut Header, &mut Vec<u8>)) -> Vec<u8> {
    let mut message = open(bytes);
    let signer = identity(message.header.sender.get());
    change(&mut message.header, &mut message.body);
    envelope::seal_up(&signer, &message.header, &message.body)
}
