//! Parties and the messages between them, for any protocol, through the public API alone.

use std::collections::{BTreeMap, VecDeque};

use cosigil::round::Protocol;
use cosigil::{
    Abort, Error, Identity, Label, Parcel, Parties, PartyId, Session, SessionParams, Threshold, Transcript,
    TranscriptRng, Usage,
};

pub fn id(n: u16) -> PartyId {
    PartyId::new(n).unwrap()
}

/// A generator for tests: the same bytes for the same seed.
pub fn rng(seed: u64) -> TranscriptRng {
    Transcript::new("it-rng").number(seed).rng()
}

pub fn identity(n: u16) -> Identity {
    let seed = Transcript::new("it-identity").number(n.into()).secret();
    Identity::from_seed(&seed)
}

pub fn parties(ids: &[u16]) -> Parties {
    Parties::new(ids.iter().map(|n| (id(*n), identity(*n).public()))).unwrap()
}

pub fn params(me: u16, ids: &[u16], t: u16, label: u8) -> SessionParams {
    SessionParams::new(Label::from_bytes([label; 32]), id(me), Threshold::new(t).unwrap(), parties(ids)).unwrap()
}

/// What came of a session.
#[derive(Debug)]
pub struct End<O> {
    pub output: Option<O>,
    pub abort: Option<Abort>,
    /// How many messages and bytes it sent.
    pub sent: (usize, usize),
}

/// Sessions of one protocol, and what is under way between them.
pub struct Net<P: Protocol> {
    pub sessions: BTreeMap<PartyId, Session<P>>,
    pub ends: BTreeMap<PartyId, End<P::Output>>,
    pub queue: VecDeque<(PartyId, Vec<u8>)>,
}

impl<P: Protocol> Net<P> {
    /// Starts a session for each of the parties, with the inputs of each.
    pub fn start(
        all: impl IntoIterator<Item = SessionParams>,
        mut inputs: impl FnMut(PartyId) -> P::Inputs,
        seed: u64,
    ) -> Result<Self, Usage> {
        let mut net = Self { sessions: BTreeMap::new(), ends: BTreeMap::new(), queue: VecDeque::new() };
        let mut first = Vec::new();
        for params in all {
            let me = params.me();
            let mut rng = rng(seed << 16 | u64::from(me.get()));
            let (session, parcels) = Session::start(params, &identity(me.get()), inputs(me), &mut rng)?;
            net.add(me, session);
            first.push((me, parcels));
        }
        for (from, parcels) in first {
            net.post(from, parcels);
        }
        Ok(net)
    }

    pub fn add(&mut self, me: PartyId, session: Session<P>) {
        self.sessions.insert(me, session);
        self.ends.insert(me, End { output: None, abort: None, sent: (0, 0) });
    }

    pub fn post(&mut self, from: PartyId, parcels: Vec<Parcel>) {
        for parcel in parcels {
            for to in self.sessions.keys().filter(|to| **to != from && parcel.to.is_none_or(|only| only == **to)) {
                let sent = &mut self.ends.get_mut(&from).unwrap().sent;
                *sent = (sent.0 + 1, sent.1 + parcel.bytes.len());
                self.queue.push_back((*to, parcel.bytes.clone()));
            }
        }
    }

    pub fn deliver(&mut self, to: PartyId, bytes: &[u8]) -> Result<(), Error> {
        match self.sessions.get_mut(&to).unwrap().receive(bytes) {
            Ok(progress) => {
                if progress.output.is_some() {
                    self.ends.get_mut(&to).unwrap().output = progress.output;
                }
                if progress.abort.is_some() {
                    self.ends.get_mut(&to).unwrap().abort = progress.abort;
                }
                self.post(to, progress.send);
                Ok(())
            }
            Err(Error::Abort(abort)) => {
                self.post(to, abort.to_send().to_vec());
                self.ends.get_mut(&to).unwrap().abort = Some(abort.clone());
                Err(abort.into())
            }
            Err(usage) => Err(usage),
        }
    }

    /// Delivers everything, with a chance to change each message on its way.
    pub fn run_with(&mut self, mut change: impl FnMut(PartyId, Vec<u8>) -> Vec<Vec<u8>>) {
        while let Some((to, bytes)) = self.queue.pop_front() {
            for bytes in change(to, bytes) {
                let _ = self.deliver(to, &bytes);
            }
        }
    }

    pub fn run(&mut self) {
        self.run_with(|_, bytes| vec![bytes]);
    }

    /// Runs to the end, and gives everybody's output, by id.
    pub fn outputs(mut self) -> Vec<P::Output> {
        self.run();
        let ends = self.ends.into_iter();
        ends.map(|(id, end)| end.output.unwrap_or_else(|| panic!("{id} has no output: {:?}", end.abort))).collect()
    }
}
